#include "cmd/view/json_slice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pitot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(JsonSlice, ValuesAreAsWritten) {
  constexpr std::string_view kText =
      R"( {"price": 39.90 ,"big":12345678901234567890123,"list":[1e3, -0.0,"a,]\"}",{"x":[ ]},null],)"
      R"("text":"l\u00edne\n", "na\u006de":true,"price":1})";
  EXPECT_EQ(JsonMember(kText, "price"), "39.90");
  EXPECT_EQ(JsonMember(kText, "big"), "12345678901234567890123");
  EXPECT_EQ(JsonMember(kText, "name"), "true") << "a key written with an escape";
  EXPECT_EQ(JsonMember(kText, "x"), "") << "members of members are not its own";
  EXPECT_THAT(JsonElements(JsonMember(kText, "list")),
              ElementsAre("1e3", "-0.0", R"("a,]\"}")", R"({"x":[ ]})", "null"));
  EXPECT_EQ(JsonAsText(JsonMember(kText, "text")), "líne\n");
  EXPECT_EQ(JsonAsText("[1.50]"), "[1.50]");
}

TEST(JsonSlice, OtherTypesHoldNothing) {
  EXPECT_EQ(JsonMember("[1]", "0"), "");
  EXPECT_EQ(JsonMember("\"text\"", "t"), "");
  EXPECT_THAT(JsonElements("{}"), IsEmpty());
  EXPECT_THAT(JsonElements("[ ]"), IsEmpty());
  EXPECT_THAT(JsonElements(""), IsEmpty());
}

TEST(JsonSlice, CutTextIsReadNoFurther) {
  const std::string whole = R"({"a":[1,"two\\",{"b":[]}],"c":"d\"","e":{"f":1.0}})";
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    const std::string text = whole.substr(0, cut);
    JsonElements(JsonMember(text, "a"));
    JsonAsText(JsonMember(text, "c"));
    EXPECT_EQ(JsonMember(text, "missing"), "") << "cut at " << cut;
  }
  for (const char* text : {"}", "[}", "{]", "[,]", "{:", "{\"a\"", "[]]", "[1}]"}) {
    JsonElements(text);
    EXPECT_EQ(JsonMember(text, "missing"), "") << text;
  }
}

}  // namespace
}  // namespace pitot
