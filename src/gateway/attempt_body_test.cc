#include "gateway/attempt_body.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

TEST(WithModelTest, ChangesTheTopLevelModelAndNothingElse) {
  EXPECT_EQ(WithModel("{ \"messages\":[{\"model\":\"x\"}],\n \"model\" : \"gpt-4o\" , \"n\":1.0}",
                      "gpt-5"),
            "{ \"messages\":[{\"model\":\"x\"}],\n \"model\" : \"gpt-5\" , \"n\":1.0}");
  EXPECT_EQ(WithModel(R"({"model":"a\"b"})", "c\"d"), R"({"model":"c\"d"})");
  EXPECT_EQ(WithModel(R"({"messages":[]})", "x"), std::nullopt);
  EXPECT_EQ(WithModel("not json", "x"), std::nullopt);
}

TEST(WithModelInPathTest, ChangesGeminisPath) {
  EXPECT_EQ(WithModelInPath("/v1beta/models/a-1:streamGenerateContent?alt=sse", "b 2"),
            "/v1beta/models/b%202:streamGenerateContent?alt=sse");
  EXPECT_EQ(WithModelInPath("/v1beta/models", "b"), std::nullopt);
}

}  // namespace
}  // namespace pitot
