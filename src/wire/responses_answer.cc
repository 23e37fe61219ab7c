// OpenAI Responses: whole answers, streams and answers fetched later. Sources: the types of the openai
// SDK.
#include <algorithm>
#include <map>
#include <utility>

#include "wire/answer.h"
#include "wire/blocks.h"
#include "wire/json_read.h"
#include "wire/usage_reader.h"

namespace pitot {
namespace {

constexpr size_t kItemsMax = 10'000;  // More than any answer has.

// An output item as its events tell it.
struct Item {
  std::string begun;  // As response.output_item.added has it.
  std::string done;   // As response.output_item.done has it.
  std::string text;   // Deltas, escaped: of text, summary or arguments.
};

// Events whose `delta` the model wrote.
struct DeltaRow {
  std::string_view event;
  bool captured;  // Kept to rebuild the item of a stream that was cut.
};
constexpr DeltaRow kDeltas[] = {
    {"response.output_text.delta", true},
    {"response.refusal.delta", true},
    {"response.function_call_arguments.delta", true},
    {"response.custom_tool_call_input.delta", true},
    {"response.mcp_call_arguments.delta", true},
    {"response.code_interpreter_call_code.delta", true},
    {"response.reasoning_text.delta", true},
    {"response.reasoning_summary_text.delta", true},
    {"response.audio.transcript.delta", false},
};

class ResponsesAnswer final : public AnswerReader {
 public:
  explicit ResponsesAnswer(AnswerState& state) : state_(state), result_(state.result) {}

  void TakeFrame(std::string_view event, std::string_view data) override;
  void TakeMember(std::string_view key, std::string_view raw, bool cut) override;
  void Finish() override;

 private:
  void ReadResponse(std::string_view raw, bool ended);
  void ReadDelta(std::string_view data, bool captured);
  void ReadItem(std::string_view data, bool done);
  void ReadOutput(std::string_view output);
  void ReadItemContent(const ResponsesItem& item);
  void CountFees(const ResponsesItem& item);
  void EndState();
  Item* ItemAt(std::string_view output_index);
  static void AppendItem(const Item& item, std::string& out);

  AnswerState& state_;
  WireResult& result_;
  std::string status_;
  std::string incomplete_;
  bool has_calls_ = false;
  bool refused_ = false;
  bool is_stream_ = false;
  std::map<int64_t, Item> items_;
  std::string output_;  // The final one.
  // Counted twice: as items end, for streams that are cut, and in the final output.
  int64_t web_searches_ = 0;
  int64_t file_searches_ = 0;
};

void ResponsesAnswer::TakeFrame(std::string_view, std::string_view data) {
  is_stream_ = true;
  if (data.starts_with("[DONE]")) return;
  const std::string type = Text(Member(data, "type"));
  if (type.ends_with(".delta")) {
    const auto* const row = std::ranges::find(kDeltas, std::string_view(type), &DeltaRow::event);
    if (row != std::end(kDeltas)) ReadDelta(data, row->captured);
  } else if (type == "response.output_item.added") {
    ReadItem(data, false);
  } else if (type == "response.output_item.done") {
    ReadItem(data, true);
  } else if (type == "response.created" || type == "response.in_progress" ||
             type == "response.queued") {
    ReadResponse(Member(data, "response"), false);
  } else if (type == "response.completed" || type == "response.incomplete" ||
             type == "response.failed" || type == "response.cancelled") {
    ReadResponse(Member(data, "response"), true);
    result_.terminal = true;
    result_.usage_final = result_.has_usage;
    state_.meaningful = true;
  } else if (type == "error") {
    ReadError(Dialect::kOpenAi, 200, data, result_.error);
  }
}

void ResponsesAnswer::TakeMember(std::string_view key, std::string_view raw, bool cut) {
  if (key == "output") {
    if (cut) {
      result_.output_bytes += static_cast<int64_t>(raw.size());
      result_.capture_cut = true;
      return;
    }
    ReadOutput(raw);
  } else if (cut) {
    return;
  } else if (key == "id") {
    result_.response_id = Text(raw);
  } else if (key == "model" && IsString(raw)) {
    result_.model = Text(raw);
  } else if (key == "service_tier" && IsString(raw)) {
    result_.service_tier = Text(raw);
  } else if (key == "status") {
    status_ = Text(raw);
  } else if (key == "incomplete_details") {
    incomplete_ = Text(Member(raw, "reason"));
  } else if (key == "usage" && IsObject(raw)) {
    ReadOpenAiUsage(raw, result_);
    result_.usage_final = result_.has_usage;
  } else if (key == "error" && IsObject(raw)) {
    ReadError(Dialect::kOpenAi, 200, raw, result_.error);
  }
  EndState();
}

void ResponsesAnswer::ReadResponse(std::string_view raw, bool ended) {
  const int64_t seen = result_.output_bytes;
  VisitObject(raw, [&](std::string_view key, std::string_view value) {
    // What a response that has just begun says of its output and usage is nothing.
    if (!ended && (key == "output" || key == "usage")) return;
    TakeMember(key, value, false);
  });
  // The final output repeats what the deltas said.
  if (ended) result_.output_bytes = std::max(seen, result_.output_bytes - seen);
}

// The reason comes from the status and, for lack of a word, from the items.
void ResponsesAnswer::EndState() {
  if (status_.empty() || status_ == "queued" || status_ == "in_progress") return;
  result_.finish_raw = incomplete_.empty() ? status_ : incomplete_;
  result_.finish = FinishOf(WireApi::kOpenAiResponses, result_.finish_raw);
  if (result_.finish != FinishReason::kStop) return;
  if (has_calls_) result_.finish = FinishReason::kToolUse;
  if (refused_) result_.finish = FinishReason::kRefusal;
}

Item* ResponsesAnswer::ItemAt(std::string_view output_index) {
  if (!state_.want_content) return nullptr;
  const int64_t index = Whole(output_index).value_or(0);
  if (const auto found = items_.find(index); found != items_.end()) return &found->second;
  return items_.size() < kItemsMax ? &items_[index] : nullptr;
}

void ResponsesAnswer::ReadDelta(std::string_view data, bool captured) {
  std::string_view delta;
  std::string_view index;
  VisitObject(data, [&](std::string_view key, std::string_view value) {
    if (key == "delta") delta = Inside(value);
    if (key == "output_index") index = value;
  });
  Item* const item = captured ? ItemAt(index) : nullptr;
  state_.Add(delta, item == nullptr ? nullptr : &item->text);
}

void ResponsesAnswer::ReadItem(std::string_view data, bool done) {
  std::string_view raw;
  std::string_view index;
  VisitObject(data, [&](std::string_view key, std::string_view value) {
    if (key == "item") raw = value;
    if (key == "output_index") index = value;
  });
  if (done) {
    ResponsesItem item;
    item.Read(raw);
    CountFees(item);
  }
  Item* const item = ItemAt(index);
  if (item == nullptr || !IsObject(raw)) return;
  std::string& kept = done ? item->done : item->begun;
  state_.captured -= static_cast<int64_t>(kept.size());
  kept.clear();
  if (!state_.Keep(raw, &kept) || !done) return;
  state_.captured -= static_cast<int64_t>(item->text.size());  // It is in the item.
  item->text.clear();
}

void ResponsesAnswer::CountFees(const ResponsesItem& item) {
  if (Inside(item.status) == "failed") return;
  if (item.type == "file_search_call") ++file_searches_;
  if (item.type == "web_search_call") {
    // Opening a page that a search found is part of the search's price.
    const std::string_view action = Inside(Member(Member(item.raw, "action"), "type"));
    if (action.empty() || action == "search") ++web_searches_;
  }
  result_.usage.web_searches = web_searches_;
  result_.usage.file_searches = file_searches_;
}

// The whole output: figures at once, content for Finish.
void ResponsesAnswer::ReadOutput(std::string_view output) {
  web_searches_ = file_searches_ = 0;
  const bool is_list = VisitArray(output, [this](std::string_view raw) {
    ResponsesItem item;
    item.Read(raw);
    CountFees(item);
    if (item.is_call() && !item.is_hosted_call()) has_calls_ = true;
    if (item.type == "message") {
      VisitArray(item.content, [this](std::string_view part) {
        if (Inside(Member(part, "type")) == "refusal") refused_ = true;
        for (const char* const key : {"text", "refusal"}) {
          state_.Add(Inside(Member(part, key)), nullptr);
        }
      });
    } else if (item.type == "reasoning") {
      for (const char* const key : {"summary", "content"}) {
        VisitArray(Member(raw, key), [this](std::string_view part) {
          state_.Add(Inside(Member(part, "text")), nullptr);
        });
      }
    } else if (item.is_call()) {
      result_.output_bytes += static_cast<int64_t>(item.Call().arguments.size());
      state_.meaningful = true;
    }
  });
  if (!is_list) return;
  // The items before were of this same output: their room is free again.
  const int64_t captured = std::exchange(state_.captured, 0);
  output_.clear();
  if (state_.Keep(output, &output_)) {
    items_.clear();
  } else {
    state_.captured = captured;
  }
}

// An item of a stream that was cut: as it began, with what had come of its text.
void ResponsesAnswer::AppendItem(const Item& item, std::string& out) {
  if (!item.done.empty()) {
    out += item.done;
    return;
  }
  ResponsesItem begun;
  begun.Read(item.begun);
  std::string_view member;
  std::string filled;
  if (begun.type == "message") {
    member = "content";
    filled = R"([{"type":"output_text","text":")" + item.text + "\"}]";
  } else if (begun.type == "reasoning") {
    member = "summary";
    filled = R"([{"type":"summary_text","text":")" + item.text + "\"}]";
  } else if (begun.type == "custom_tool_call") {
    member = "input";
  } else if (begun.type == "code_interpreter_call") {
    member = "code";
  } else {
    member = "arguments";
  }
  if (filled.empty()) filled = '"' + item.text + '"';
  std::string own = "{";
  VisitObject(item.begun, [&](std::string_view key, std::string_view value) {
    if (key == member && !item.text.empty()) return;
    AppendKey(key, own);
    own += value;
  });
  if (!item.text.empty()) {
    AppendKey(member, own);
    own += filled;
  }
  out += own + '}';
}

void ResponsesAnswer::ReadItemContent(const ResponsesItem& item) {
  if (item.type == "message") {
    VisitArray(item.content, [this](std::string_view part) {
      result_.text += Text(Member(part, "text"));
      result_.text += Text(Member(part, "refusal"));
    });
  } else if (item.type == "reasoning") {
    for (const char* const key : {"summary", "content"}) {
      VisitArray(Member(item.raw, key), [this](std::string_view part) {
        result_.reasoning += Text(Member(part, "text"));
      });
    }
  } else if (item.is_call()) {
    result_.tool_calls.push_back(item.Call());
  }
}

void ResponsesAnswer::Finish() {
  if (!state_.want_content) return;
  if (output_.empty()) {
    for (const auto& [index, item] : items_) {
      if (item.begun.empty() && item.done.empty()) continue;
      output_ += output_.empty() ? '[' : ',';
      AppendItem(item, output_);
    }
    if (output_.empty()) return;
    output_ += ']';
  }
  VisitArray(output_, [this](std::string_view raw) {
    ResponsesItem item;
    item.Read(raw);
    ReadItemContent(item);
  });
  result_.message_json = std::move(output_);
}

}  // namespace

std::unique_ptr<AnswerReader> NewResponsesAnswer(AnswerState& state) {
  return std::make_unique<ResponsesAnswer>(state);
}

}  // namespace pitot
