#include "pitot/json_schema.h"

#include <optional>
#include <stdexcept>

#include "measure/json_schema/schema.h"

namespace pitot {
inline namespace sdk {

struct JsonSchema::Compiled {
  Schema schema;
};

std::string SchemaViolation::to_string() const {
  return (path.empty() ? std::string() : path + ": ") + "expected " + expected + ", got " + actual;
}

JsonSchema::JsonSchema() : JsonSchema("true") {}

JsonSchema::JsonSchema(std::string_view schema) {
  std::string error;
  std::optional<Schema> parsed = Schema::Parse(schema, &error);
  if (!parsed) throw std::invalid_argument("JSON Schema: " + error);
  compiled_ = std::make_shared<const Compiled>(Compiled{*std::move(parsed)});
}

std::vector<SchemaViolation> JsonSchema::validate(std::string_view json,
                                                  size_t violations_max) const {
  std::vector<SchemaViolation> violations;
  for (SchemaMismatch& mismatch : compiled_->schema.Check(json, violations_max)) {
    violations.push_back(
        {std::move(mismatch.path), std::move(mismatch.expected), std::move(mismatch.actual)});
  }
  return violations;
}

bool JsonSchema::accepts(std::string_view json) const {
  return compiled_->schema.Check(json, 1).empty();
}

const std::string& JsonSchema::text() const { return compiled_->schema.text(); }

}  // namespace sdk
}  // namespace pitot
