// store/tables/attr_json.h
//
// Attributes as JSON text, for columns that keep values with their type.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/attr.h"
#include "model/span.h"

namespace pitot {

// Appends "text" quoted and escaped. Bytes that are not UTF-8 stay as they are: the store keeps
// bytes, and whoever shows them decides.
void AppendJsonString(std::string_view text, std::string& out);

// Appends the JSON of a value. Doubles keep a point or an exponent, so that 1.0 does not come back
// as an integer; NaN and infinities are the strings "NaN", "Infinity" and "-Infinity", and bytes a
// base64 string, as in protobuf's JSON mapping. Absent is null.
void AppendAttrJson(const AttrValue& value, std::string& out);

// {"key":value,...} of attributes whose values are JSON already.
void AppendJsonObject(std::span<const JsonAttr> attributes, std::string& out);

// What the columns `events` and `links` hold; nothing for none.
void AppendEventsJson(std::span<const SpanEvent> events, std::string& out);
void AppendLinksJson(std::span<const SpanLink> links, std::string& out);

}  // namespace pitot
