#include <algorithm>
#include <charconv>

#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {

absl::StatusOr<Filter> ReadFilter(const ApiCall& call) {
  const Limits& limits = call.context.deps.limits;
  return ParseFilter(call.request.Param("q"),
                     FilterLimits{.bytes = static_cast<size_t>(limits.filter_bytes),
                                  .terms = static_cast<size_t>(limits.filter_terms),
                                  .depth = static_cast<size_t>(limits.filter_depth),
                                  .regex_bytes = static_cast<size_t>(limits.filter_regex_bytes)});
}

absl::StatusOr<Scope> ReadScope(const ApiCall& call, UnixNanos now, int64_t default_since_ns) {
  Scope scope;
  scope.project = call.Project();
  ASSIGN_OR_RETURN(scope.window, ParseWindow(call.request.Param("since"),
                                             call.request.Param("until"), default_since_ns, now));
  ASSIGN_OR_RETURN(scope.filter, ReadFilter(call));
  return scope;
}

absl::StatusOr<int64_t> ReadInt(const ApiCall& call, std::string_view name, int64_t by_default,
                                int64_t min, int64_t max) {
  const std::string_view text = call.request.Param(name);
  if (text.empty()) return by_default;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return InvalidArgument("{} \"{}\" is not a whole number from {} to {}", name, text, min, max);
  }
  return value;
}

absl::StatusOr<uint32_t> ReadLimit(const ApiCall& call, uint32_t by_default) {
  ASSIGN_OR_RETURN(const int64_t limit,
                   ReadInt(call, "limit", by_default, 1, call.context.deps.limits.list_rows));
  return static_cast<uint32_t>(limit);
}

absl::StatusOr<bool> ReadBool(const ApiCall& call, std::string_view name, bool by_default) {
  const std::string_view text = call.request.Param(name);
  if (text.empty()) return by_default;
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return InvalidArgument("{} \"{}\" is neither true nor false", name, text);
}

absl::StatusOr<std::vector<std::string>> ReadList(const ApiCall& call, std::string_view name,
                                                  std::string_view by_default) {
  const auto& query = call.request.query;
  const bool given =
      std::ranges::any_of(query, [&](const auto& param) { return param.first == name; });
  std::vector<std::string> items;
  for (std::string_view item : SplitText(given ? call.request.Param(name) : by_default, ',')) {
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item.empty()) continue;
    if (std::ranges::find(items, item) != items.end()) {
      return InvalidArgument("{} names \"{}\" twice", name, item);
    }
    items.emplace_back(item);
  }
  return items;
}

}  // namespace pitot
