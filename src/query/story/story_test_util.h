// query/story/story_test_util.h
//
// For tests: a run written as JSON, told from memory.
//
//   {"options": {"text_bytes": 40, "steps_max": 2, "first_step": 0},
//    "spans": [{"id": 2, "parent": 1, "kind": "llm", "start_ms": 10, "ms": 5, "agent": "a",
//               "input": ["u hello", "a {\"text\":...}"], ...}]}
//
// A message is a role letter (s, u, a, t) and a text, or JSON parts as a list. Other contents are
// text. What is longer than 128 bytes is a payload.
#pragma once

#include <absl/strings/string_view.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <deque>
#include <string>
#include <vector>

#include "query/story/story.h"

namespace pitot {

class MemoryStory final : public StorySource {
 public:
  explicit MemoryStory(const boost::json::value& run) {
    for (const auto& value : run.at("spans").as_array()) AddSpan(value.as_object());
    if (const auto* options = run.as_object().if_contains("options")) {
      const auto& object = options->as_object();
      options_.text_bytes = Number(object, "text_bytes", 4000);
      options_.steps_max = Number(object, "steps_max", 1000);
      options_.page_bytes = Number(object, "page_bytes", 8 << 20);
      options_.first_step = Number(object, "first_step", 0);
    }
  }

  const std::vector<StorySpan>& spans() const { return spans_; }
  StoryOptions& options() { return options_; }

  StoryPage Tell() {
    const StoryOutline outline = OutlineStory(spans_);
    auto page = TellSteps(spans_, outline, *this, options_);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *std::move(page) : StoryPage{};
  }

  absl::StatusOr<absl::flat_hash_map<SpanId, StoryContents, IdHash<8>>> Contents(
      const std::vector<SpanId>& ids) override {
    absl::flat_hash_map<SpanId, StoryContents, IdHash<8>> found;
    for (const SpanId& id : ids) {
      if (const auto it = contents_.find(id); it != contents_.end()) found[id] = it->second;
    }
    contents_loaded += ids.size();
    return found;
  }
  absl::StatusOr<StoryPayloads> Payloads(const std::vector<StoryPayloadKey>& keys) override {
    StoryPayloads found;
    for (const auto& key : keys) {
      if (const auto it = payloads_.find(key); it != payloads_.end()) found[key] = it->second;
    }
    payloads_loaded += keys.size();
    return found;
  }

  size_t contents_loaded = 0;
  size_t payloads_loaded = 0;

 private:
  static size_t Number(const boost::json::object& object, const char* name, size_t by_default) {
    const auto* value = object.if_contains(name);
    return value == nullptr ? by_default : value->to_number<size_t>();
  }
  std::string_view Text(const boost::json::object& span, const char* name) {
    const auto* value = span.if_contains(name);
    return value == nullptr ? std::string_view() : Keep(std::string(value->as_string()));
  }
  std::string_view Keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  template <typename E, size_t N>
  static E ByName(const std::array<std::string_view, N>& names, std::string_view name) {
    for (size_t i = 0; i < N; ++i) {
      if (names[i] == name) return static_cast<E>(i);
    }
    ADD_FAILURE() << "no such name: " << name;
    return E{};
  }

  static SpanId IdOf(uint64_t n) {
    SpanId id;
    for (int i = 7; i >= 0; --i, n >>= 8) id.bytes[static_cast<size_t>(i)] = n & 0xff;
    return id;
  }

  std::string_view Piece(std::string text) {
    if (text.size() <= kInlinePieceBytes) return Keep("=" + text);
    std::string hash(16, '\0');
    const size_t sum = std::hash<std::string>()(text);
    std::memcpy(hash.data(), &sum, sizeof sum);
    if (text.find("(lost)") == std::string::npos) {
      payloads_[{7, hash}] = {.first = text, .bytes = text.size()};
    }
    return Keep("#" + hash);
  }

  static std::string Message(const boost::json::value& value) {
    if (value.is_object()) return boost::json::serialize(value);
    const std::string text(value.as_string());
    const std::string role = text[0] == 's'   ? "system"
                             : text[0] == 'u' ? "user"
                             : text[0] == 'a' ? "assistant"
                                              : "tool";
    return R"({"role":")" + role + R"(","parts":[{"type":"text","content":)" +
           boost::json::serialize(boost::json::value(text.substr(2))) + "}]}";
  }

  void AddSpan(const boost::json::object& from) {
    StorySpan span;
    span.span_id = IdOf(Number(from, "id", 0));
    span.parent_span_id = IdOf(Number(from, "parent", 0));
    span.kind = ByName<Kind>(kKindNames, Text(from, "kind"));
    span.name = Text(from, "name");
    if (span.name.empty()) span.name = Name(span.kind);
    if (from.contains("status")) {
      span.status = ByName<SpanStatus>(kSpanStatusNames, Text(from, "status"));
    }
    span.status_message = Text(from, "status_message");
    span.start_ns = 1'795'000'000'000'000'000 +
                    static_cast<int64_t>(Number(from, "start_ms", spans_.size() * 10)) * 1'000'000;
    span.duration_ns = static_cast<int64_t>(Number(from, "ms", 5)) * 1'000'000;
    span.agent = Text(from, "agent");
    span.model = Text(from, "model");
    span.finish_reason = ByName<FinishReason>(kFinishReasonNames, Text(from, "finish"));
    span.role = ByName<UsageRole>(kUsageRoleNames, Text(from, "role"));
    span.input_tokens = static_cast<int64_t>(Number(from, "in", 0));
    span.output_tokens = static_cast<int64_t>(Number(from, "out", 0));
    if (from.contains("cost")) span.cost = static_cast<int64_t>(Number(from, "cost", 0));
    span.tool_name = Text(from, "tool");
    span.tool_call_id = Text(from, "call");
    span.tool_status = ByName<ToolStatus>(kToolStatusNames, Text(from, "tool_status"));
    span.retry_count = static_cast<int64_t>(Number(from, "retries", 0));
    span.error_type = Text(from, "error_type");
    StoryContents contents;
    contents.day = 7;
    const bool messages = span.kind == Kind::kLlm;
    const auto read = [&](const char* name, bool is_message,
                          std::vector<std::string_view>& pieces) {
      const auto* list = from.if_contains(name);
      if (list == nullptr) return;
      for (const auto& value : list->as_array()) {
        pieces.push_back(Piece(is_message          ? Message(value)
                               : value.is_string() ? std::string(value.as_string())
                                                   : boost::json::serialize(value)));
      }
    };
    read("input", messages, contents.input);
    read("output", messages, contents.output);
    read("system", false, contents.system);
    read("reasoning", false, contents.reasoning);
    span.has_input = !contents.input.empty();
    span.has_output = !contents.output.empty();
    contents_[span.span_id] = std::move(contents);
    spans_.push_back(span);
  }

  std::deque<std::string> texts_;
  std::vector<StorySpan> spans_;
  StoryOptions options_;
  absl::flat_hash_map<SpanId, StoryContents, IdHash<8>> contents_;
  StoryPayloads payloads_;
};

}  // namespace pitot
