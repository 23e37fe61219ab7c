#include <gtest/gtest.h>

#include "alert/runbook/changes.h"

namespace pitot {
namespace {

constexpr std::string_view kOpenAi =
    R"([{"type":"function","function":{"name":"other"}},{"type":"function","function":)"
    R"({"name":"search_orders","parameters":{"type":"object","properties":{"customer":)"
    R"({"type":"string"},"limit":{"type":"integer"}},"required":["customer"]}}}])";

TEST(DefinitionOfTest, FindsAToolInEveryForm) {
  struct Case {
    const char* why;
    std::string_view content;
    bool found;
  };
  const Case kCases[] = {
      {"OpenAI's list", kOpenAi, true},
      {"one of OpenAI's", R"({"type":"function","function":{"name":"search_orders"}})", true},
      {"Anthropic's", R"({"name":"search_orders","input_schema":{}})", true},
      {"Gemini's", R"([{"functionDeclarations":[{"name":"search_orders"}]}])", true},
      {"MCP's", R"({"tools":[{"name":"search_orders","inputSchema":{}}]})", true},
      {"another tool", R"({"name":"search"})", false},
      {"not JSON", "search_orders", false},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(!DefinitionOf(c.content, "search_orders").empty(), c.found) << c.why;
  }
  EXPECT_EQ(DefinitionOf(R"({"b":1,"name":"t","a":{"d":1,"c":2}})", "t"),
            DefinitionOf(R"({"name":"t","a":{"c":2,"d":1},"b":1})", "t"))
      << "the order of members means nothing";
}

TEST(DiffDefinitionsTest, SaysWhatACallerMustDoOtherwise) {
  const std::string before = DefinitionOf(kOpenAi, "search_orders");
  struct Case {
    const char* why;
    std::string_view parameters;
    std::string words;
  };
  const Case kCases[] = {
      {"the same",
       R"({"properties":{"customer":{"type":"string"},"limit":{"type":"integer"}},)"
       R"("required":["customer"]})",
       ""},
      {"renamed",
       R"({"properties":{"customer_id":{"type":"string"},"limit":{"type":"integer"}},)"
       R"("required":["customer_id"]})",
       "customer_id is new and required, customer is gone"},
      {"required",
       R"({"properties":{"customer":{"type":"string"},"limit":{"type":"integer"}},)"
       R"("required":["customer","limit"]})",
       "limit is required now"},
      {"another type",
       R"({"properties":{"customer":{"type":"integer"},"limit":{"type":"integer"}},)"
       R"("required":["customer"]})",
       "customer is integer instead of string"},
      {"one more",
       R"({"properties":{"customer":{"type":"string"},"limit":{"type":"integer"},)"
       R"("page":{"type":"integer"}},"required":["customer"]})",
       "page is new"},
  };
  for (const Case& c : kCases) {
    const std::string after =
        R"({"name":"search_orders","input_schema":)" + std::string(c.parameters) + "}";
    EXPECT_EQ(DiffDefinitions(before, after), c.words) << c.why;
  }
}

}  // namespace
}  // namespace pitot
