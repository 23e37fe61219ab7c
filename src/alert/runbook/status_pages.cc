#include "alert/runbook/status_pages.h"

#include <algorithm>

#include "base/log.h"
#include "base/status.h"
#include "http/client.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kTimeout(15'000);
constexpr int64_t kBytesMax = 4 << 20;
constexpr int kRedirectsMax = 3;
constexpr std::string_view kSummary = "/api/v2/summary.json";
constexpr std::string_view kIncidents = "/api/v2/incidents.json";

StatusPages::Fetch HttpFetch() {
  auto client = std::make_shared<HttpClient>(HttpClientOptions{.user_agent = "pitot"});
  return [client](const std::string& url,
                  const std::string& etag) -> absl::StatusOr<StatusPages::Reply> {
    HttpCall call;
    call.url = url;
    call.timeout = kTimeout;
    call.reply_bytes_max = kBytesMax;
    call.headers.Set("Accept", "application/json");
    if (!etag.empty()) call.headers.Set("If-None-Match", etag);
    ASSIGN_OR_RETURN(HttpReply reply, client->Call(call));
    return StatusPages::Reply{.status = reply.status,
                              .body = std::move(reply.body),
                              .etag = std::string(reply.headers.Get("etag")),
                              .location = std::string(reply.headers.Get("location"))};
  };
}

std::string WithoutSlash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

// Where a redirect leads. Only to https, or within the host it comes from.
absl::StatusOr<std::string> Redirected(const std::string& from, const std::string& location) {
  if (location.starts_with("https://")) return location;
  if (location.starts_with('/')) {
    const size_t host = from.find("://");
    const size_t path = host == std::string::npos ? host : from.find('/', host + 3);
    return from.substr(0, path) + location;
  }
  return Unavailable("a redirect leads to \"{}\", which is not https", location);
}

}  // namespace

struct StatusPages::Page {
  StatusPageOptions options;
  StatusPage shown;
  UnixNanos asked_at = 0;
  std::string etag;
  std::string summary;  // The last one, for when it has not changed.
};

StatusPages::StatusPages(std::vector<StatusPageOptions> pages, const Clock& clock, Fetch fetch)
    : clock_(clock), fetch_(fetch ? std::move(fetch) : HttpFetch()) {
  MutexLock lock(&mutex_);
  for (StatusPageOptions& options : pages) {
    if (options.url.empty()) {
      auto known = KnownStatusPage(options.provider);
      if (!known) {
        LogWarning("alerts.status_pages: no status page of \"{}\" is known; give its url",
                   options.provider);
        continue;
      }
      if (!options.components.empty()) known->components = std::move(options.components);
      options = *std::move(known);
    }
    auto page = std::make_unique<Page>();
    page->shown.provider = options.provider;
    page->shown.url = WithoutSlash(options.url);
    page->options = std::move(options);
    pages_.push_back(std::move(page));
  }
}

StatusPages::~StatusPages() { Stop(); }

void StatusPages::Start() {
  MutexLock lock(&mutex_);
  if (!pages_.empty() && !thread_.joinable()) thread_ = std::jthread([this] { Run(); });
}

void StatusPages::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void StatusPages::SetFiring(bool firing) {
  MutexLock lock(&mutex_);
  if (firing_ == firing) return;
  firing_ = firing;
  changed_.NotifyAll();
}

void StatusPages::Run() {
  for (;;) {
    Poll(clock_.Now());
    MutexLock lock(&mutex_);
    if (stopping_) return;
    // Often enough for either interval; SetFiring and Stop do not wait for it.
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::nanoseconds(kEveryFiringNs / 4);
    changed_.WaitUntil(mutex_, until);
    if (stopping_) return;
  }
}

absl::StatusOr<StatusPages::Reply> StatusPages::Get(std::string url, const std::string& etag) {
  for (int redirects = 0;; ++redirects) {
    ASSIGN_OR_RETURN(Reply reply, fetch_(url, etag));
    const bool moved = reply.status >= 301 && reply.status <= 308 && reply.status != 304;
    if (!moved) return reply;
    if (redirects == kRedirectsMax) return Unavailable("{}: too many redirects", url);
    ASSIGN_OR_RETURN(url, Redirected(url, reply.location));
  }
}

void StatusPages::Poll(UnixNanos now) {
  std::vector<Page*> due;
  {
    MutexLock lock(&mutex_);
    const int64_t every = firing_ ? kEveryFiringNs : kEveryNs;
    for (const auto& page : pages_) {
      if (page->asked_at != 0 && now - page->asked_at < every && now >= page->asked_at) continue;
      page->asked_at = now;
      due.push_back(page.get());
    }
  }
  // Pages are never removed: they may be asked without the lock.
  for (Page* page : due) {
    {
      MutexLock lock(&mutex_);
      if (stopping_) return;
    }
    Ask(*page, now);
  }
}

void StatusPages::Ask(Page& page, UnixNanos now) {
  std::string etag;
  std::string summary;
  std::string url;
  {
    MutexLock lock(&mutex_);
    etag = page.etag;
    summary = page.summary;
    url = page.shown.url;
  }
  const auto fail = [&](std::string why) {
    MutexLock lock(&mutex_);
    page.shown.error = std::move(why);
  };
  absl::StatusOr<Reply> reply = Get(url + std::string(kSummary), etag);
  if (!reply.ok()) return fail(std::string(Message(reply.status())));
  if (reply->status == 200) {
    summary = std::move(reply->body);
    etag = std::move(reply->etag);
  } else if (reply->status != 304 || summary.empty()) {
    return fail(fmt::format("{} answered {}", url, reply->status));
  }
  std::string incidents;
  if (NeedsIncidents(summary)) {
    // Without them, components and the page's own word still say something.
    absl::StatusOr<Reply> more = Get(url + std::string(kIncidents), "");
    if (more.ok() && more->status == 200) incidents = std::move(more->body);
  }
  PageReport report = ParseStatusPage(summary, incidents, page.options.components);
  MutexLock lock(&mutex_);
  page.etag = std::move(etag);
  page.summary = std::move(summary);
  page.shown.report = std::move(report);
  page.shown.fetched_at = now;
  page.shown.error.clear();
}

std::vector<StatusPage> StatusPages::List(UnixNanos now) const {
  MutexLock lock(&mutex_);
  std::vector<StatusPage> out;
  for (const auto& page : pages_) {
    out.push_back(page->shown);
    out.back().stale = page->shown.fetched_at == 0 || now - page->shown.fetched_at > kStaleNs;
  }
  return out;
}

std::optional<StatusPage> StatusPages::Of(std::string_view provider, UnixNanos now) const {
  for (StatusPage& page : List(now)) {
    if (page.provider == provider) return std::move(page);
  }
  return std::nullopt;
}

}  // namespace pitot
