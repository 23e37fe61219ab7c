// alert/runbook/status_pages.h
//
// What providers say of themselves: their status pages, by Statuspage's API (Anthropic) and incident.io's
// variant of it (OpenAI). Off by default: asking is an outbound call. Pages lag behind; what our own
// calls see comes first, a page corroborates.
//
// Sources: Atlassian Statuspage, "Status API" v2 (summary.json, incidents.json); recorded answers in
// tests/golden/status_pages. What cannot be read is kUnknown, never kOk.
//
// Thread-safe. Asking happens on a thread of its own; the rest never waits.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "alert/options.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace pitot {

enum class PageState : uint8_t { kUnknown, kOk, kMaintenance, kDegraded, kOutage, kEnd };
inline constexpr std::array<std::string_view, static_cast<size_t>(PageState::kEnd)>
    kPageStateNames = {"unknown", "ok", "maintenance", "degraded", "outage"};
inline std::string_view Name(PageState v) { return kPageStateNames[static_cast<size_t>(v)]; }

struct PageComponent {
  std::string name;
  std::string status;  // The page's word: "degraded_performance".
};

struct PageIncident {
  std::string name;
  std::string impact;  // none, minor, major, critical
  std::string status;  // investigating, identified, monitoring
  std::string url;
  UnixNanos started_at = 0;
  std::string last_update;  // Its newest text, shortened.
};

// What one page said.
struct PageReport {
  PageState state = PageState::kUnknown;
  std::string description;                // "Partially Degraded Service"
  std::vector<PageComponent> components;  // Those that are watched and not operational.
  std::vector<PageIncident> incidents;    // Open ones, newest first.
};

// Reads summary.json, and incidents.json where the former has none ("" : not asked). `components`: names
// of those that matter; empty: all. A body that is no such document, or names none of the components,
// is kUnknown, with the reason as description.
PageReport ParseStatusPage(std::string_view summary_json, std::string_view incidents_json,
                           const std::vector<std::string>& components);
// Whether a summary says so little of incidents that incidents.json is needed.
bool NeedsIncidents(std::string_view summary_json);

// The page of a provider that catalog/status_pages.json knows, with the components that are its API.
std::optional<StatusPageOptions> KnownStatusPage(std::string_view provider);

struct StatusPage {
  std::string provider;
  std::string url;
  PageReport report;         // As of fetched_at.
  UnixNanos fetched_at = 0;  // 0: never yet.
  bool stale = false;        // Older than StatusPages::kStaleNs: what it says is not to be trusted.
  std::string error;         // Of the last attempt; empty: it went well.
};

class StatusPages {
 public:
  static constexpr int64_t kEveryNs = 5 * kNanosPerMinute;
  static constexpr int64_t kEveryFiringNs = kNanosPerMinute;
  static constexpr int64_t kStaleNs = 15 * kNanosPerMinute;

  struct Reply {
    int status = 0;
    std::string body;
    std::string etag;
    std::string location;  // Of a redirect.
  };
  // Asks for a URL, with If-None-Match unless `etag` is empty.
  using Fetch =
      std::function<absl::StatusOr<Reply>(const std::string& url, const std::string& etag)>;

  // A page without a URL is the one that is known of its provider, components too; one that is not known
  // is left out. `fetch` none: HTTP, 15 s, 4 MiB, redirects to https followed. No `pages`: nothing is ever asked.
  StatusPages(std::vector<StatusPageOptions> pages, const Clock& clock, Fetch fetch = nullptr);
  ~StatusPages();  // Stops.

  void Start();
  void Stop();  // Safe to call twice.
  // While something fires, pages are asked each minute.
  void SetFiring(bool firing);

  // Asks the pages that are due; what the thread does. Waits for their answers.
  void Poll(UnixNanos now);

  std::vector<StatusPage> List(UnixNanos now) const;
  // Of a provider as spans name it; nothing: none is configured for it.
  std::optional<StatusPage> Of(std::string_view provider, UnixNanos now) const;

 private:
  struct Page;
  void Run();
  void Ask(Page& page, UnixNanos now);
  absl::StatusOr<Reply> Get(std::string url, const std::string& etag);

  const Clock& clock_;
  Fetch fetch_;
  mutable Mutex mutex_;
  CondVar changed_;  // stopping_ or firing_.
  std::vector<std::unique_ptr<Page>> pages_ ABSL_GUARDED_BY(mutex_);
  bool firing_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
