// alert/dispatch/routes.h
//
// Which groups an alert belongs to. The first route that matches takes it; one that says `continue`
// lets those after it have it too; the default receiver takes what none took. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "alert/options.h"

namespace pitot {

// One way that alerts go.
struct Route {
  Matchers match;  // Empty: everything.
  std::string receiver;
  std::string name;                   // `{}/{severity="page"}`; the default one: `{}`.
  std::vector<std::string> group_by;  // "...": every label.
  bool goes_on = false;
  int64_t group_wait_ns = 0;
  int64_t group_interval_ns = 0;
  int64_t repeat_interval_ns = 0;
  // While something of severity `page` fires in the group.
  int64_t page_group_wait_ns = 0;
  int64_t page_repeat_interval_ns = 0;
};

class Routes {
 public:
  explicit Routes(const AlertOptions& options);

  // In order; no receiver twice for one group. REQUIRES: the answer does not outlive this.
  std::vector<const Route*> Of(const Labels& labels) const;

  // Of an alert in a route: `name` of the labels that it is grouped by, those it has.
  static Labels GroupLabels(const Route& route, const Labels& labels);
  // `{}/{severity="page"}:{alertname="X"}`
  static std::string GroupKey(const Route& route, const Labels& group_labels);

 private:
  std::vector<Route> routes_;  // The default one last.
};

}  // namespace pitot
