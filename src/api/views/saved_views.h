// api/views/saved_views.h
//
// Views that people saved: a page of the web UI with its filter, window and columns, under a name.
// Whoever may read a project sees its views and may add some; a view is changed and removed by the
// key that made it, by admins, and, where no key is needed, by everybody.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "gateway/keys/authorizer.h"

namespace pitot {

class StateLog;
struct StateEvent;

struct SavedView {
  std::string id;
  std::string project;
  std::string name;
  std::string page;                           // A path: "/traces".
  std::map<std::string, std::string> search;  // The query of the page's address.
  std::string owner;                          // Of the key that made it; empty: nobody said who.
  std::string created_by;                     // That key's name.
  UnixNanos created_at = 0;
  UnixNanos changed_at = 0;

  bool MayChange(const Caller& caller) const;
};

// What a caller sends.
struct ViewRequest {
  std::string id;  // Empty: a new one.
  std::string name;
  std::string page;
  std::map<std::string, std::string> search;

  // A JSON object of these. kInvalidArgument names what is wrong and the limit.
  static absl::StatusOr<ViewRequest> Parse(std::string_view body);
};

inline constexpr size_t kViewNameCharsMax = 100;
inline constexpr size_t kViewPageBytesMax = 200;
inline constexpr size_t kViewSearchMax = 32;
inline constexpr size_t kViewSearchBytesMax = 16 << 10;

// Thread-safe. Borrows the log (kind `view`), which knows what holds: nothing is kept here.
class SavedViews {
 public:
  // `state` null: nothing can be saved. `per_project_max`: limits.views.
  SavedViews(StateLog* state, size_t per_project_max);

  // Of a project, by page, then name, then id.
  std::vector<SavedView> List(std::string_view project) const;

  // Durable on return. kNotFound: no view of the project has that id; kPermissionDenied: it is
  // another key's; kResourceExhausted: per_project_max; kUnavailable: the disk refuses it.
  absl::StatusOr<SavedView> Save(std::string_view project, ViewRequest request,
                                 const Caller& caller);
  // kNotFound, kPermissionDenied, kUnavailable: as Save.
  absl::Status Remove(std::string_view project, std::string_view id, const Caller& caller);

 private:
  absl::StatusOr<SavedView> Own(std::string_view project, std::string_view id,
                                const Caller& caller) const;

  StateLog* const state_;
  const size_t per_project_max_;
  Mutex mutex_;  // Held while one is written, so that the limit holds.
};

}  // namespace pitot
