// measure/json_schema/schema.h
//
// A JSON Schema, read once, to check any number of JSON texts against.
//
// Source: JSON Schema draft 2020-12, core and validation. Understood: type, enum, const; properties,
// required, additionalProperties, patternProperties, propertyNames, min/maxProperties,
// dependentRequired, dependentSchemas; items, prefixItems, contains, min/maxContains, min/maxItems,
// uniqueItems; min/maxLength, pattern (pattern.h); minimum, maximum, exclusiveMinimum/Maximum,
// multipleOf; allOf, anyOf, oneOf, not, if/then/else; $ref within the schema, $defs, $anchor. Of older
// drafts and OpenAPI: definitions, dependencies, items as an array with additionalItems, a boolean
// exclusiveMinimum/Maximum, nullable. format, title and what else describes are not checked; unknown
// words are ignored. What would change the meaning and is not understood is refused: unevaluated*,
// $dynamicRef, $recursiveRef, references elsewhere, an $id inside.
//
// Numbers are compared as written, exactly. Time and memory are bounded: kDepthMax, kStepsMax and the
// limits of JsonTree and Pattern.
//
// Pure. Thread-safety: a schema is immutable: any threads may use it at once; copies share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

// Appends a key as a token of a JSON Pointer (RFC 6901): '~' as "~0", '/' as "~1".
void AppendPointerToken(std::string_view key, std::string& out);

struct SchemaMismatch {
  std::string path;      // JSON Pointer into what was checked; empty: the whole.
  std::string expected;  // "a string of at most 20 characters"
  std::string actual;    // "a string of 31", "12"

  bool operator==(const SchemaMismatch&) const = default;
};

class Schema {
 public:
  static constexpr size_t kSchemasMax = 20'000;     // Schemas within the schema.
  static constexpr int kDepthMax = 1'000;           // Schemas one within the other, when checked.
  static constexpr int64_t kStepsMax = 10'000'000;  // Of one check.

  // Nothing when it cannot be used; `error` then says what and where: "/properties/a/type: ...".
  static std::optional<Schema> Parse(std::string_view text, std::string* error);

  // The first `mismatches_max` mismatches; empty: `json` fits. A text that is no JSON, or that would
  // take beyond the limits to check, does not fit.
  std::vector<SchemaMismatch> Check(std::string_view json, size_t mismatches_max = 8) const;

  const std::string& text() const;

 private:
  friend class SchemaReader;
  friend class SchemaChecker;

  struct Rules;
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace pitot
