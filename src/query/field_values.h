// query/field_values.h
//
// The values that a field of the filter language has, for completion.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "query/scope.h"

namespace pitot {

struct FieldValuesRequest {
  Scope scope;          // Spans that ended within its window.
  std::string field;    // A name of query/filter/fields.h; attr.KEY, tag.KEY.
  std::string prefix;   // In any case; empty: all.
  uint32_t limit = 50;  // >= 1
};

// {"values":[{"value":"gpt-4o","count":12}, ...]}, most frequent first, without null.
// kNotFound: no such field. kInvalidArgument: a field of numbers, times or ids.
absl::StatusOr<std::string> ReadFieldValues(const QueryContext& context,
                                            const FieldValuesRequest& request);

// {"fields":[...],"operators":[...],"units":[...]}: the whole table.
std::string FieldsJson();

}  // namespace pitot
