#include "store/tables/telemetry_columns.h"

#include "base/hash.h"
#include "store/tables/attr_json.h"

namespace pitot {
namespace {

constexpr std::string_view kScopePrefix = "scope.";

void AppendTo(TextMap& map, std::string_view key, const AttrValue& value, std::string& scratch) {
  scratch.clear();
  AppendAttrJson(value, scratch);
  map.keys.Append(key);
  map.values.Append(scratch);
}

}  // namespace

void AttributeColumns::Append(std::span<const Attr> record, const RawResource& raw_resource,
                              const RawScope& scope) {
  for (const Attr& attr : record) AppendTo(attributes, attr.key, attr.value, scratch_);
  attributes.CloseRow();

  for (const Attr& attr : raw_resource.attributes) {
    AppendTo(resource, attr.key, attr.value, scratch_);
  }
  std::string key(kScopePrefix);
  for (const Attr& attr : scope.attributes) {
    key.replace(kScopePrefix.size(), std::string::npos, attr.key);
    AppendTo(resource, key, attr.value, scratch_);
  }
  if (!scope.version.empty()) {
    key.replace(kScopePrefix.size(), std::string::npos, "version");
    AppendTo(resource, key, AttrValue{.type = AttrType::kString, .text = scope.version}, scratch_);
  }
  resource.CloseRow();
}

std::string_view ServiceName(const RawResource& resource) {
  for (const Attr& attr : resource.attributes) {
    if (attr.key == "service.name" && attr.value.type == AttrType::kString) return attr.value.text;
  }
  return {};
}

void RecordHasher::AddValue(const AttrValue& value) {
  AddNumber(static_cast<uint8_t>(value.type));
  AddNumber(static_cast<uint8_t>(value.boolean));
  AddNumber(value.integer);
  AddNumber(value.number);
  AddText(value.text);
}

void RecordHasher::AddAttributes(std::span<const Attr> attributes) {
  AddNumber<uint64_t>(attributes.size());
  for (const Attr& attr : attributes) {
    AddText(attr.key);
    AddValue(attr.value);
  }
}

void RecordHasher::AddOrigin(const RawResource& resource, const RawScope& scope) {
  AddAttributes(resource.attributes);
  AddText(scope.name);
  AddText(scope.version);
  AddAttributes(scope.attributes);
}

Hash128 RecordHasher::Finish() const {
  Hash128 hash;
  hash.bytes = Sha128(bytes_);
  return hash;
}

}  // namespace pitot
