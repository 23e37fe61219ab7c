#include "api/router.h"

#include <algorithm>

#include "base/text.h"

namespace pitot {
namespace {

bool IsArg(std::string_view part) { return part.starts_with('{'); }

bool MatchPath(std::string_view pattern, std::string_view path, std::vector<std::string>& args) {
  const std::vector<std::string_view> wanted = SplitText(pattern, '/');
  const std::vector<std::string_view> parts = SplitText(path, '/');
  if (wanted.size() != parts.size()) return false;
  args.clear();
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!IsArg(wanted[i])) {
      if (wanted[i] != parts[i]) return false;
    } else {
      if (parts[i].empty()) return false;
      args.emplace_back(parts[i]);
    }
  }
  return true;
}

std::string Nearest(std::span<const RoutePattern> routes, std::string_view path) {
  std::vector<std::string_view> paths;
  for (const RoutePattern& route : routes) paths.push_back(route.path);
  if (const std::string_view near = NearestName(path, paths); !near.empty()) {
    return std::string(near);
  }
  // Ids make paths differ by more than a slip: compare what stands before them.
  for (const std::string_view pattern : paths) {
    const std::string_view fixed = pattern.substr(0, pattern.find('{'));
    if (fixed != pattern && path.starts_with(fixed)) return std::string(pattern);
  }
  return "";
}

}  // namespace

RouteMatch MatchRoute(std::span<const RoutePattern> routes, std::string_view method,
                      std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  RouteMatch match;
  for (size_t i = 0; i < routes.size(); ++i) {
    if (!MatchPath(routes[i].path, path, match.args)) continue;
    if (routes[i].method == wanted) {
      match.result = RouteMatch::Result::kFound;
      match.route = i;
      return match;
    }
    match.result = RouteMatch::Result::kNoMethod;
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += routes[i].method;
    if (routes[i].method == "GET") match.allow += ", HEAD";
  }
  if (match.result == RouteMatch::Result::kNoPath) match.nearest = Nearest(routes, path);
  return match;
}

}  // namespace pitot
