// What holds of every story, whatever the run.
#include "query/story/story.h"

#include <gtest/gtest.h>

#include <random>

#include "query/story/context.h"
#include "query/story/story_test_util.h"

namespace pitot {
namespace {

namespace json = boost::json;

std::string Letter(std::mt19937& random) {
  return "u " + std::string(1 + random() % 300, static_cast<char>('a' + random() % 26)) +
         std::to_string(random());
}

json::value Llm(size_t id, const json::array& input) {
  return {{"id", id}, {"kind", "llm"}, {"agent", "a"}, {"input", input}};
}

TEST(Story, NewMessagesOfAnAppendOnlyConversationAreItsLastContext) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    json::array context;
    json::array spans;
    const size_t calls = 1 + random() % 20;
    for (size_t call = 1; call <= calls; ++call) {
      for (size_t i = random() % 4; i > 0; --i) context.emplace_back(Letter(random));
      spans.push_back(Llm(call, context));
    }
    MemoryStory story(json::object{{"spans", spans}});
    story.options().text_bytes = 1 << 20;
    const json::value steps = json::parse("[" + story.Tell().steps + "]");
    json::array told;
    for (const json::value& step : steps.as_array()) {
      EXPECT_FALSE(step.at("compacted").as_bool()) << "seed " << seed << ": " << step;
      EXPECT_EQ(step.at("new_messages").as_int64(),
                static_cast<int64_t>(step.at("new").as_array().size()));
      for (const json::value& message : step.at("new").as_array()) {
        told.push_back(message.at("parts").at(0).at("content"));
      }
    }
    json::array sent;
    for (const json::value& message : context) {
      sent.emplace_back(std::string(message.as_string()).substr(2));
    }
    EXPECT_EQ(told, sent) << "seed " << seed;
  }
}

TEST(Story, PagesAreTheWholeCutUp) {
  std::mt19937 random(7);
  json::array context;
  json::array spans;
  for (size_t call = 1; call <= 300; ++call) {
    if (random() % 40 == 0) context.resize(random() % 3, "u summary");
    context.emplace_back(Letter(random));
    spans.push_back(Llm(call, context));
  }
  MemoryStory whole(json::object{{"spans", spans}});
  const std::string all = whole.Tell().steps;
  for (const size_t size : {1u, 7u, 64u, 65u, 299u, 300u}) {
    MemoryStory paged(json::object{{"spans", spans}});
    paged.options().steps_max = size;
    std::string together;
    for (;;) {
      const StoryPage page = paged.Tell();
      if (!together.empty()) together += ",\n";
      together += page.steps;
      if (page.next == 0) break;
      ASSERT_EQ(page.next, paged.options().first_step + size);
      paged.options().first_step = page.next;
    }
    EXPECT_EQ(together, all) << "pages of " << size;
  }
  MemoryStory small(json::object{{"spans", spans}});
  small.options().page_bytes = 10'000;
  const StoryPage page = small.Tell();
  EXPECT_GT(page.next, 0u) << "a page ends when it is large";
  EXPECT_LT(page.steps.size(), 20'000u);
}

TEST(Story, OnlyWhatIsShownIsLoaded) {
  json::array context;
  json::array spans;
  for (size_t call = 1; call <= 200; ++call) {
    context.emplace_back("u " + std::string(200, 'x') + std::to_string(call));
    spans.push_back(Llm(call, context));
  }
  MemoryStory story(json::object{{"spans", spans}});
  story.Tell();
  EXPECT_EQ(story.payloads_loaded, 200u) << "each message once, however often it was resent";
  EXPECT_EQ(story.contents_loaded, 200u);
}

TEST(Story, SurvivesStrangeTrees) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    json::array spans;
    const size_t count = 1 + random() % 30;
    for (size_t i = 1; i <= count; ++i) {
      spans.push_back(
          {{"id", i},
           {"parent", random() % (count + 3)},
           {"kind", kKindNames[random() % kKindNames.size()]},
           {"tool", random() % 2 == 0 ? "t" : ""},
           {"call", random() % 2 == 0 ? "c1" : ""},
           {"input", json::array{"u hi"}},
           {"output", json::array{json::object{
                          {"role", "assistant"},
                          {"parts", json::array{json::object{
                                        {"type", "tool_call"}, {"id", "c1"}, {"name", "t"}}}}}}}});
    }
    MemoryStory story(json::object{{"spans", spans}});
    const StoryPage page = story.Tell();
    boost::system::error_code error;
    json::parse("[" + page.steps + "]", error);
    EXPECT_FALSE(error) << page.steps;
  }
}

TEST(Story, DeepTracesNeedNoStack) {
  json::array spans;
  constexpr size_t kDeep = 50'000;
  for (size_t i = 1; i <= kDeep; ++i) {
    spans.push_back({{"id", i}, {"parent", i - 1}, {"kind", i == kDeep ? "llm" : "agent"}});
  }
  MemoryStory story(json::object{{"spans", spans}});
  EXPECT_EQ(OutlineStory(story.spans()).steps.at(0).depth, kDeep - 2);
}

TEST(CompareContexts, Cases) {
  const auto check = [](const char* why, std::vector<std::string_view> now,
                        std::vector<std::vector<std::string_view>> before, size_t known,
                        bool compacted) {
    std::vector<StoryContext> contexts;
    for (auto& input : before) contexts.push_back({.input = std::move(input), .system = {"=s"}});
    std::vector<const StoryContext*> pointers;
    for (const StoryContext& context : contexts) pointers.push_back(&context);
    const ContextChange change =
        CompareContexts({.input = std::move(now), .system = {"=s"}}, pointers);
    EXPECT_EQ(change.known, known) << why;
    EXPECT_EQ(change.compacted, compacted) << why;
  };
  check("first call", {"a"}, {}, 0, false);
  check("continued", {"a", "b", "c"}, {{"a"}}, 1, false);
  check("the same again", {"a", "b"}, {{"a", "b"}}, 2, false);
  check("compacted to a summary", {"z"}, {{"a", "b", "c"}}, 0, true);
  check("compacted behind the beginning", {"a", "z"}, {{"a", "b", "c"}}, 0, true);
  check("another question of equal length", {"a", "z"}, {{"a", "b"}}, 1, false);
  check("the conversation before the last", {"a", "b", "c"}, {{"t"}, {"a", "b"}}, 2, false);
  check("no contents", {}, {{"a", "b"}}, 0, false);
  StoryContext other{.input = {"a", "b", "c"}, .system = {"=another prompt"}};
  EXPECT_FALSE(CompareContexts({.input = {"z"}, .system = {"=s"}}, {&other}).compacted)
      << "another system prompt is another conversation";
}

}  // namespace
}  // namespace pitot
