// measure/json_schema/schema_rules.h
//
// The inside of Schema: what each schema within it asks for, as read by schema_reader.cc and checked by
// schema_checker.cc.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "measure/json_schema/decimal.h"
#include "measure/json_schema/json_tree.h"
#include "measure/json_schema/pattern.h"
#include "measure/json_schema/schema.h"

namespace pitot {

// Bits of types that a schema allows. A whole number is a number, too.
enum SchemaType : uint8_t {
  kSchemaNull = 1,
  kSchemaBool = 2,
  kSchemaObject = 4,
  kSchemaArray = 8,
  kSchemaNumber = 16,
  kSchemaString = 32,
  kSchemaInteger = 64,
};

using SchemaId = uint32_t;  // Index into Schema::Compiled::schemas.

struct Schema::Rules {
  using Ids = std::vector<SchemaId>;

  bool never = false;  // The schema `false`.

  // Any type.
  uint8_t types = 0;  // SchemaType bits; 0: any.
  bool nullable = false;
  std::optional<std::span<const JsonNode>> values;  // enum. In the schema's tree.
  const JsonNode* value = nullptr;                  // const.
  std::optional<SchemaId> ref;
  Ids all_of;
  Ids any_of;
  Ids one_of;
  std::optional<SchemaId> not_;
  std::optional<SchemaId> if_;
  std::optional<SchemaId> then_;
  std::optional<SchemaId> else_;

  // Objects.
  std::vector<std::pair<std::string_view, SchemaId>> properties;  // Sorted by name.
  std::vector<std::pair<Pattern, SchemaId>> pattern_properties;
  std::optional<SchemaId> additional_properties;
  std::optional<SchemaId> property_names;
  std::vector<std::string_view> required;
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> dependent_required;
  std::vector<std::pair<std::string_view, SchemaId>> dependent_schemas;
  std::optional<uint64_t> properties_min;
  std::optional<uint64_t> properties_max;

  // Arrays.
  Ids prefix_items;
  std::optional<SchemaId> items;  // Behind the prefix.
  std::optional<SchemaId> contains;
  uint64_t contains_min = 1;
  std::optional<uint64_t> contains_max;
  std::optional<uint64_t> items_min;
  std::optional<uint64_t> items_max;
  bool unique_items = false;

  // Strings.
  std::optional<uint64_t> length_min;
  std::optional<uint64_t> length_max;
  std::optional<Pattern> pattern;

  // Numbers, with the bound as written for messages.
  struct Bound {
    Decimal value;
    std::string_view text;
  };
  std::optional<Bound> minimum;
  std::optional<Bound> maximum;
  std::optional<Bound> exclusive_minimum;
  std::optional<Bound> exclusive_maximum;
  std::optional<Bound> multiple_of;
};

struct Schema::Compiled {
  std::string text;
  JsonTree tree;               // Of text.
  std::vector<Rules> schemas;  // The first is the whole.
};

}  // namespace pitot
