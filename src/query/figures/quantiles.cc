#include "query/figures/quantiles.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pitot {

std::string QuantileColumns(std::string_view name, std::string_view value,
                            std::string_view condition, std::span<const int> permille) {
  // Written out for each level; the engine computes equal expressions once.
  const std::string sorted =
      fmt::format("arraySort(groupArrayIf({})({}, {}))", kQuantilesExactMax, value, condition);
  std::vector<std::string> exact;
  std::vector<double> levels;
  for (const int level : permille) {
    // Ranks in whole numbers: 0.07 * 100 is more than 7 in binary fractions. Index 0 is refused, so
    // that groups without values ask for the first one, too.
    exact.push_back(fmt::format("toFloat64({}[greatest(1, intDiv({} * {}_n + 999, 1000))])", sorted,
                                level, name));
    levels.push_back(level / 1000.0);
  }
  return fmt::format(
      "countIf({condition}) AS {name}_n, "
      "multiIf({name}_n = 0, emptyArrayFloat64(), "
      "{name}_n <= {exact_max}, [{exact}], quantilesDDIf(0.01, {levels})({value}, {condition})) AS "
      "{name}_q",
      fmt::arg("name", name), fmt::arg("value", value), fmt::arg("condition", condition),
      fmt::arg("exact_max", kQuantilesExactMax), fmt::arg("exact", fmt::join(exact, ", ")),
      fmt::arg("levels", fmt::join(levels, ", ")));
}

Quantiles ReadQuantiles(const boost::json::array& row, size_t at) {
  Quantiles quantiles;
  quantiles.count = row.at(at).to_number<uint64_t>();
  for (const boost::json::value& value : row.at(at + 1).as_array()) {
    quantiles.values.push_back(value.to_number<double>());
  }
  return quantiles;
}

}  // namespace pitot
