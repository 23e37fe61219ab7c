// store/tables/telemetry_columns.h
//
// What the writers of `logs` and `metric_points` share: the columns every record has, and the hash
// that names a record by its content. For those writers' .cc files only.
#pragma once

#include <string>
#include <string_view>

#include "model/raw.h"
#include "store/tables/column_types.h"

namespace pitot {

// attributes and resource. The resource column holds the resource's attributes under their keys,
// the scope's under "scope." + key, and the scope's version under "scope.version".
struct AttributeColumns {
  explicit AttributeColumns(NativeBlock& block)
      : attributes(block, "attributes"), resource(block, "resource") {}

  void Append(std::span<const Attr> record, const RawResource& raw_resource, const RawScope& scope);

  Field<TextMap> attributes;
  Field<TextMap> resource;

 private:
  std::string scratch_;
};

// The attribute service.name, "" when absent or not a string.
std::string_view ServiceName(const RawResource& resource);

// Content of a record as unambiguous bytes (numbers raw, texts with their length), to be hashed: a
// record delivered or replayed again then meets its own key.
class RecordHasher {
 public:
  void Start() { bytes_.clear(); }
  template <typename T>
  void AddNumber(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void AddText(std::string_view text) {
    AddNumber<uint64_t>(text.size());
    bytes_ += text;
  }
  void AddAttributes(std::span<const Attr> attributes);
  void AddValue(const AttrValue& value);
  void AddOrigin(const RawResource& resource, const RawScope& scope);

  Hash128 Finish() const;

 private:
  std::string bytes_;
};

}  // namespace pitot
