#include "alert/dispatch/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pitot {
namespace {

constexpr std::string_view kAllLabels = "...";

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string NameOf(const Matchers& matchers) {
  std::string name = "{}/{";
  for (size_t i = 0; i < matchers.size(); ++i) {
    if (i > 0) name += ',';
    name += matchers[i].Text();
  }
  return name + '}';
}

}  // namespace

Routes::Routes(const AlertOptions& options) {
  Route otherwise;
  otherwise.receiver = options.default_receiver;
  otherwise.name = "{}";
  otherwise.group_by = options.group_by;
  otherwise.group_wait_ns = options.group_wait_ns;
  otherwise.group_interval_ns = options.group_interval_ns;
  otherwise.repeat_interval_ns = options.repeat_interval_ns;
  otherwise.page_group_wait_ns = options.page_group_wait_ns;
  otherwise.page_repeat_interval_ns = options.page_repeat_interval_ns;
  for (const RouteRule& rule : options.routes) {
    Route& route = routes_.emplace_back(otherwise);
    route.match = rule.match;
    route.receiver = rule.receiver;
    route.name = NameOf(rule.match);
    route.goes_on = rule.goes_on;
    if (!rule.group_by.empty()) route.group_by = rule.group_by;
    route.group_interval_ns = rule.group_interval_ns.value_or(route.group_interval_ns);
    // What a route says holds for pages too: it is as particular about them as about the rest.
    if (rule.group_wait_ns) {
      route.group_wait_ns = *rule.group_wait_ns;
      route.page_group_wait_ns = std::min(route.page_group_wait_ns, *rule.group_wait_ns);
    }
    if (rule.repeat_interval_ns) {
      route.repeat_interval_ns = route.page_repeat_interval_ns = *rule.repeat_interval_ns;
    }
  }
  routes_.push_back(std::move(otherwise));
}

std::vector<const Route*> Routes::Of(const Labels& labels) const {
  std::vector<const Route*> taken;
  for (const Route& route : routes_) {
    // The default route takes only what no other took.
    const bool is_default = &route == &routes_.back();
    if ((is_default && !taken.empty()) || !MatchAll(route.match, labels)) continue;
    const bool is_known = std::ranges::any_of(taken, [&](const Route* other) {
      return other->receiver == route.receiver && other->name == route.name;
    });
    if (!is_known) taken.push_back(&route);
    if (!route.goes_on) break;
  }
  return taken;
}

Labels Routes::GroupLabels(const Route& route, const Labels& labels) {
  if (std::ranges::find(route.group_by, kAllLabels) != route.group_by.end()) return labels;
  Labels chosen;
  for (const std::string& name : route.group_by) {
    const auto found = labels.find(name);
    if (found != labels.end()) chosen.insert(*found);
  }
  return chosen;
}

std::string Routes::GroupKey(const Route& route, const Labels& group_labels) {
  std::string key = route.name + ":{";
  bool first = true;
  for (const auto& [name, value] : group_labels) {
    if (!std::exchange(first, false)) key += ", ";
    key += fmt::format("{}={}", name, Quoted(value));
  }
  return key + '}';
}

}  // namespace pitot
