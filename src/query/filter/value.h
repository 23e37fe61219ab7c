// query/filter/value.h
//
// A value as written becomes what its field's type compares.
#pragma once

#include <absl/status/statusor.h>

#include <string_view>

#include "query/filter/ast.h"
#include "query/filter/lexer.h"

namespace pitot {

// kInvalidArgument with the token's position: not of the type, no such enum value (with the nearest),
// too large for its unit.
absl::StatusOr<FilterValue> ReadFilterValue(const FilterField& field, const FilterToken& token,
                                            const FilterText& text);

// AND, OR, NOT, IN, NULL in any case.
bool IsFilterKeyword(std::string_view word);

}  // namespace pitot
