#include "query/figures/call_kind.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "base/status.h"
#include "base/text.h"
#include "model/span.h"
#include "query/scope.h"

namespace pitot {

absl::StatusOr<CallKind> ParseCallKind(std::string_view kind) {
  if (kind == "any") return CallKind{"f.status != 'running'", "spans"};
  if (kind == Name(Kind::kTool)) return CallKind{std::string(kIsToolCallSql), "tool calls"};
  if (kind == Name(Kind::kLlm)) return CallKind{std::string(kIsLlmCallSql), "llm calls", true};
  // Names of the table only: no text of the request becomes SQL.
  const auto known = std::ranges::find(kKindNames, kind);
  if (known == kKindNames.end()) {
    std::vector<std::string_view> names(kKindNames.begin(), kKindNames.end());
    names.push_back("any");
    return InvalidArgument("kind \"{}\" is none{}; kinds are {}", kind, DidYouMean(kind, names),
                           fmt::join(names, ", "));
  }
  const std::string sql = fmt::format("f.kind = '{}' AND ", *known);
  if (kind == Name(Kind::kEmbedding) || kind == Name(Kind::kReranker)) {
    return CallKind{sql + std::string(kIsCallSql), fmt::format("{} calls", *known), true};
  }
  return CallKind{sql + "f.status != 'running'", fmt::format("{} spans", *known)};
}

}  // namespace pitot
