// pitot/json_schema.h
//
// Whether a JSON text is what a JSON Schema says: the arguments a model wrote for a tool, an answer that
// was to be structured. The same rules as the server's evaluators.
//
// Source: JSON Schema, draft 2020-12, of which all that the schemas of tools use; also the older words
// that still occur (definitions, dependencies, an array of items, nullable, a boolean
// exclusiveMinimum). format, title and other annotations are not checked; unknown words are ignored. What
// would change the meaning and is not understood is refused when the schema is read: unevaluated*,
// $dynamicRef, references to other documents, patterns with look-ahead or back-references.
//
// Thread-safety: a schema is immutable: copies are cheap and any thread may use them at once.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {
inline namespace sdk {

struct SchemaViolation {
  std::string path;      // JSON Pointer into the text; empty: the whole.
  std::string expected;  // "a string of at most 20 characters"
  std::string actual;    // "31 characters", a piece of the text

  std::string to_string() const;  // "/city: expected a string, got 12"
};

class JsonSchema {
 public:
  // Accepts everything.
  JsonSchema();
  // Throws std::invalid_argument, with the place in the schema: "/properties/city/pattern: ...".
  explicit JsonSchema(std::string_view schema);

  // The first violations; empty: it fits. A text that is no JSON is a violation; so is one whose check
  // would take beyond all measure (deeper than 256, or more than some ten million steps).
  std::vector<SchemaViolation> validate(std::string_view json, size_t violations_max = 8) const;
  bool accepts(std::string_view json) const;

  // As it was given; `true` for the one that accepts everything.
  const std::string& text() const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace sdk
}  // namespace pitot
