// api/router.h
//
// Which route answers a method and a path. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

// "/api/v1/traces/{trace_id}/spans/{span_id}": a part in braces matches one non-empty part of a path.
struct RoutePattern {
  std::string_view method;
  std::string_view path;
};

struct RouteMatch {
  enum class Result { kFound, kNoPath, kNoMethod };
  Result result = Result::kNoPath;
  size_t route = 0;               // Index, when found.
  std::vector<std::string> args;  // What the parts in braces matched, in order.
  std::string allow;              // kNoMethod: "GET, HEAD".
  std::string nearest;            // kNoPath: the pattern that was probably meant, or empty.
};

// HEAD is answered by the route of GET. A trailing slash does not matter.
RouteMatch MatchRoute(std::span<const RoutePattern> routes, std::string_view method,
                      std::string_view path);

}  // namespace pitot
