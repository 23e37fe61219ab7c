// Any schema (the first line) and any text (the rest): reading and checking end soon and say why not,
// "not" turns the answer round, white space and the number of mismatches asked for change nothing.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "measure/json_schema/schema.h"

namespace {

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

bool IsJsonAndInLimits(const std::vector<pitot::SchemaMismatch>& mismatches) {
  return mismatches.empty() ||
         (mismatches[0].expected != "JSON" &&
          mismatches[0].expected != "a text that can be checked within the limits");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t cut = input.find('\n');
  const std::string_view text = input.substr(0, cut);
  const std::string_view json = cut == std::string_view::npos ? "null" : input.substr(cut + 1);
  std::string error;
  const std::optional<pitot::Schema> schema = pitot::Schema::Parse(text, &error);
  Check(schema.has_value() == error.empty());
  if (!schema) return 0;

  const std::vector<pitot::SchemaMismatch> mismatches = schema->Check(json);
  Check(mismatches.size() <= 8);
  for (const pitot::SchemaMismatch& mismatch : mismatches) {
    Check(!mismatch.expected.empty() && !mismatch.actual.empty());
    Check(mismatch.path.empty() || mismatch.path[0] == '/');
  }
  const std::vector<pitot::SchemaMismatch> first = schema->Check(json, 1);
  if (!IsJsonAndInLimits(mismatches) || !IsJsonAndInLimits(first)) return 0;
  Check(first.size() == (mismatches.empty() ? 0u : 1u));
  if (!first.empty()) Check(first[0] == mismatches[0]);
  Check(schema->Check(" \t" + std::string(json) + "\r\n ") == mismatches);

  // Where names of the schema are found from its root, it cannot be moved.
  if (text.find('#') != std::string_view::npos || text.find("$id") != std::string_view::npos)
    return 0;
  const std::optional<pitot::Schema> negated =
      pitot::Schema::Parse("{\"not\":" + std::string(text) + "}", &error);
  if (!negated) return 0;  // One level deeper than is allowed.
  const std::vector<pitot::SchemaMismatch> opposite = negated->Check(json);
  if (IsJsonAndInLimits(opposite)) Check(opposite.empty() != mismatches.empty());
  return 0;
}
