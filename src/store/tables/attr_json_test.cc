#include "store/tables/attr_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace pitot {
namespace {

std::string Json(const AttrValue& value) {
  std::string out;
  AppendAttrJson(value, out);
  return out;
}

TEST(AttrJson, Values) {
  const auto is = [](const char* why, const AttrValue& value, std::string_view json) {
    EXPECT_EQ(Json(value), json) << why;
  };
  is("absent", {}, "null");
  is("text", {.type = AttrType::kString, .text = "a\"b\\c\n\t\r\x01"},
     "\"a\\\"b\\\\c\\n\\t\\r\\u0001\"");
  is("UTF-8 stays", {.type = AttrType::kString, .text = "žluťoučký 🐎"}, "\"žluťoučký 🐎\"");
  is("embedded NUL", {.type = AttrType::kString, .text = std::string_view("a\0b", 3)},
     "\"a\\u0000b\"");
  is("true", {.type = AttrType::kBool, .boolean = true}, "true");
  is("false", {.type = AttrType::kBool}, "false");
  is("the least integer", {.type = AttrType::kInt, .integer = std::numeric_limits<int64_t>::min()},
     "-9223372036854775808");
  is("a whole double stays a double", {.type = AttrType::kDouble, .number = 1}, "1.0");
  is("shortest double", {.type = AttrType::kDouble, .number = 0.1}, "0.1");
  is("large double", {.type = AttrType::kDouble, .number = 1e300}, "1e+300");
  is("NaN", {.type = AttrType::kDouble, .number = std::numeric_limits<double>::quiet_NaN()},
     "\"NaN\"");
  is("infinity", {.type = AttrType::kDouble, .number = -std::numeric_limits<double>::infinity()},
     "\"-Infinity\"");
  is("no bytes", {.type = AttrType::kBytes}, "\"\"");
  is("1 byte", {.type = AttrType::kBytes, .text = "f"}, "\"Zg==\"");
  is("2 bytes", {.type = AttrType::kBytes, .text = "fo"}, "\"Zm8=\"");
  is("3 bytes", {.type = AttrType::kBytes, .text = "foo"}, "\"Zm9v\"");
  is("4 bytes", {.type = AttrType::kBytes, .text = "\xff\xfe\xfd\xfc"}, "\"//79/A==\"");
  is("JSON as it is", {.type = AttrType::kJson, .text = "[1,{}]"}, "[1,{}]");
}

TEST(AttrJson, EventsAndLinks) {
  const JsonAttr attributes[] = {{"k", "1"}, {"q\"", "\"v\""}};
  const SpanEvent events[] = {{.time_ns = -1, .name = "first", .attributes = attributes},
                              {.time_ns = 2, .name = ""}};
  std::string out;
  AppendEventsJson(events, out);
  EXPECT_EQ(out, R"([{"time_ns":-1,"name":"first","attributes":{"k":1,"q\"":"v"}},)"
                 R"({"time_ns":2,"name":"","attributes":{}}])");

  SpanLink link;
  link.trace_id.bytes.fill(0xab);
  link.span_id.bytes.fill(1);
  out.clear();
  AppendLinksJson({&link, 1}, out);
  EXPECT_EQ(out, R"([{"trace_id":"abababababababababababababababab","span_id":"0101010101010101",)"
                 R"("attributes":{}}])");

  out.clear();
  AppendEventsJson({}, out);
  AppendLinksJson({}, out);
  EXPECT_EQ(out, "") << "none is the empty text";
}

}  // namespace
}  // namespace pitot
