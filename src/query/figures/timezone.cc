#include "query/figures/timezone.h"

#include <vector>

#include "base/status.h"
#include "base/text.h"
#include "query/figures/answer.h"

namespace pitot {

absl::Status CheckTimezone(const QueryContext& context, std::string_view timezone) {
  if (timezone == "UTC") return absl::OkStatus();
  // A name longer than any: not worth a comparison with each.
  constexpr size_t kNameBytesMax = 64;
  if (timezone.size() > kNameBytesMax) {
    return InvalidArgument("timezone has {} bytes, which is no name of a time zone",
                           timezone.size());
  }
  ASSIGN_OR_RETURN(
      const Table table,
      ReadTable(context, "SELECT time_zone FROM system.time_zones ORDER BY time_zone", {}, 1));
  std::vector<std::string_view> names;
  for (const auto& row : table.rows) {
    names.push_back(TextAt(row.get_array(), 0));
    if (names.back() == timezone) return absl::OkStatus();
  }
  for (const std::string_view name : names) {
    if (EqualsIgnoreCase(name, timezone)) {
      return InvalidArgument("timezone \"{}\" is unknown (did you mean \"{}\"?)", timezone, name);
    }
  }
  return InvalidArgument("timezone \"{}\" is unknown{}; write an IANA name as Europe/Berlin",
                         timezone, DidYouMean(timezone, names));
}

}  // namespace pitot
