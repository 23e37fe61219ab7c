// OpenAI chat and completions, and those who speak like them: whole answers and streams. Sources: the
// types of the openai SDK; deviations of others are named where they are read.
#include <algorithm>
#include <vector>

#include "wire/answer.h"
#include "wire/blocks.h"
#include "wire/json_read.h"
#include "wire/usage_reader.h"

namespace pitot {
namespace {

constexpr size_t kToolsMax = 10'000;   // More than any answer has.
constexpr int64_t kChoicesMax = 1024;  // OpenAI allows 128.

constexpr int64_t kFunctionCall = -1;  // Index of the one call of the older function_call.

constexpr std::string_view kFunctionCallIndex = "-1";

// A tool call as its deltas tell it; escaped, without quotes.
struct Tool {
  int64_t index = 0;
  bool custom = false;
  std::string id;
  std::string name;
  std::string arguments;
};

class ChatAnswer final : public AnswerReader {
 public:
  explicit ChatAnswer(AnswerState& state) : state_(state), result_(state.result) {}

  void TakeFrame(std::string_view event, std::string_view data) override;
  void TakeMember(std::string_view key, std::string_view raw, bool cut) override;
  void Finish() override;

 private:
  void Take(std::string_view key, std::string_view raw);
  void ReadUsage(std::string_view raw);
  void ReadChoice(std::string_view raw);
  void ReadDelta(std::string_view delta, bool first);
  void ReadText(std::string_view raw, bool first, std::string* out);
  void ReadTool(std::string_view raw, bool first);
  Tool* ToolOf(const ChatToolCall& call);
  bool AllFinished() const { return seen_ > 0 && finished_ >= seen_; }
  std::string Assemble() const;

  AnswerState& state_;
  WireResult& result_;
  int64_t seen_ = 0;      // Choices.
  int64_t finished_ = 0;  // Choices with a finish_reason:
  std::vector<bool> ended_;
  bool is_stream_ = false;
  bool refused_ = false;
  // Of choice 0.
  std::string text_;
  std::string refusal_;
  std::string reasoning_;
  std::string reasoning_member_;
  std::vector<Tool> tools_;
  std::string message_;  // Of a whole answer.
};

void ChatAnswer::TakeFrame(std::string_view, std::string_view data) {
  is_stream_ = true;
  if (data.starts_with("[DONE]")) {
    result_.terminal = true;
    result_.usage_final = result_.has_usage;
    state_.meaningful = true;
    return;
  }
  std::string_view usage;
  VisitObject(data, [&](std::string_view key, std::string_view value) {
    if (key == "usage") {
      usage = value;  // Last: whether it is final depends on the choices beside it.
    } else if (key == "x_groq") {
      if (const auto groq = Member(value, "usage"); !groq.empty()) usage = groq;
    } else {
      Take(key, value);
    }
  });
  if (IsObject(usage)) ReadUsage(usage);
}

void ChatAnswer::TakeMember(std::string_view key, std::string_view raw, bool cut) {
  if (cut && key == "choices") {
    result_.output_bytes += static_cast<int64_t>(raw.size());
    result_.capture_cut = true;
  } else if (!cut && key == "usage") {
    if (IsObject(raw)) ReadUsage(raw);
    result_.usage_final = result_.has_usage;
  } else if (!cut) {
    Take(key, raw);
  }
}

void ChatAnswer::Take(std::string_view key, std::string_view raw) {
  if (key == "choices") {
    VisitArray(raw, [this](std::string_view choice) { ReadChoice(choice); });
  } else if (key == "id") {
    if (result_.response_id.empty()) result_.response_id = Text(raw);
  } else if (key == "model") {
    if (result_.model.empty()) result_.model = Text(raw);
  } else if (key == "service_tier") {
    if (IsString(raw)) result_.service_tier = Text(raw);
  } else if (key == "error" && !IsNull(raw)) {
    ReadError(Dialect::kOpenAi, 200, raw, result_.error);
  }
}

void ChatAnswer::ReadUsage(std::string_view raw) {
  ReadOpenAiUsage(raw, result_);
  // Some send what was used so far with every chunk: it is all once every choice has ended.
  if (result_.has_usage && is_stream_ && AllFinished()) {
    result_.usage_final = true;
    result_.terminal = true;
  }
  // Search models search once a call, which no count says.
  if (result_.model.starts_with("gpt-") && result_.model.find("-search") != std::string::npos) {
    result_.usage.web_searches = 1;
  }
}

void ChatAnswer::ReadChoice(std::string_view raw) {
  int64_t index = 0;
  std::string_view delta;
  std::string_view message;
  std::string_view text;
  std::string_view finish;
  VisitObject(raw, [&](std::string_view key, std::string_view value) {
    if (key == "index") index = Whole(value).value_or(0);
    if (key == "delta") delta = value;
    if (key == "message") message = value;
    if (key == "text") text = value;
    if (key == "finish_reason") finish = value;
  });
  if (index < 0 || index >= kChoicesMax) return;
  seen_ = std::max(seen_, index + 1);
  const bool first = index == 0;
  if (IsObject(delta)) ReadDelta(delta, first);
  if (IsObject(message)) {
    ReadDelta(message, first);
    if (first && message_.empty()) state_.Keep(message, &message_);
  }
  if (IsString(text)) ReadText(text, first, &text_);
  if (!IsString(finish) || Inside(finish).empty()) return;
  const auto at = static_cast<size_t>(index);
  if (at >= ended_.size()) ended_.resize(at + 1);
  finished_ += ended_[at] ? 0 : 1;  // Some say it twice.
  ended_[at] = true;
  if (first) {
    result_.finish_raw = Text(finish);
    result_.finish = FinishOf(WireApi::kOpenAiChat, result_.finish_raw);
  }
}

// Mistral gives the content of its thinking models as parts.
void ChatAnswer::ReadText(std::string_view raw, bool first, std::string* out) {
  if (!IsArray(raw)) {
    state_.Add(Inside(raw), first ? out : nullptr);
    return;
  }
  VisitArray(raw, [&](std::string_view part) {
    VisitArray(Member(part, "thinking"), [&](std::string_view thought) {
      state_.Add(Inside(Member(thought, "text")), first ? &reasoning_ : nullptr);
    });
    state_.Add(Inside(Member(part, "text")), first ? out : nullptr);
  });
}

void ChatAnswer::ReadDelta(std::string_view delta, bool first) {
  VisitObject(delta, [&](std::string_view key, std::string_view value) {
    if (key == "content") {
      ReadText(value, first, &text_);
    } else if (key == "reasoning_content" || key == "reasoning") {
      // DeepSeek and vLLM; OpenRouter. Some send both: the first counts.
      if (Inside(value).empty() || (!reasoning_member_.empty() && key != reasoning_member_)) return;
      reasoning_member_ = key;
      state_.Add(Inside(value), first ? &reasoning_ : nullptr);
    } else if (key == "refusal") {
      refused_ |= first && !Inside(value).empty();
      state_.Add(Inside(value), first ? &refusal_ : nullptr);
    } else if (key == "tool_calls") {
      VisitArray(value, [&](std::string_view tool) { ReadTool(tool, first); });
    } else if (key == "function_call" && IsObject(value)) {
      ChatToolCall call;
      call.name = Member(value, "name");
      call.arguments = Member(value, "arguments");
      call.index = kFunctionCallIndex;
      Tool* const tool = first ? ToolOf(call) : nullptr;
      state_.Add(Inside(call.arguments), tool == nullptr ? nullptr : &tool->arguments);
    } else if (key == "audio" && IsObject(value)) {
      state_.Add(Inside(Member(value, "transcript")), nullptr);
    }
  });
}

void ChatAnswer::ReadTool(std::string_view raw, bool first) {
  ChatToolCall call;
  call.Read(raw);
  Tool* const tool = first ? ToolOf(call) : nullptr;
  state_.Add(Inside(call.arguments), tool == nullptr ? nullptr : &tool->arguments);
}

// The call that a delta belongs to: by its index, which some leave out or give to every call alike;
// then a new id begins a new call. Null: there is no room for it.
Tool* ChatAnswer::ToolOf(const ChatToolCall& call) {
  if (!state_.want_content) return nullptr;
  const std::string_view id = Inside(call.id);
  const std::optional<int64_t> index = Whole(call.index);
  const auto continues = [&](const Tool& tool) {
    return (!index || tool.index == *index) && (id.empty() || tool.id.empty() || tool.id == id);
  };
  auto tool = std::ranges::find_if(tools_.rbegin(), tools_.rend(), continues);
  if (tool == tools_.rend() || (!index && !id.empty() && tool->id.empty())) {
    if (tools_.size() == kToolsMax) {
      result_.capture_cut = true;
      return nullptr;
    }
    tools_.push_back({.index = index.value_or(static_cast<int64_t>(tools_.size()))});
    tool = tools_.rbegin();
  }
  if (tool->id.empty()) state_.Keep(id, &tool->id);
  if (tool->name.empty()) state_.Keep(Inside(call.name), &tool->name);
  tool->custom |= call.type == "custom";
  return &*tool;
}

std::string ChatAnswer::Assemble() const {
  std::string out = R"({"role":"assistant","content":)";
  out += text_.empty() ? "null" : '"' + text_ + '"';
  if (!reasoning_.empty()) {
    AppendKey(reasoning_member_.empty() ? "reasoning_content" : reasoning_member_, out);
    out += '"' + reasoning_ + '"';
  }
  if (!refusal_.empty()) {
    AppendKey("refusal", out);
    out += '"' + refusal_ + '"';
  }
  std::string calls;
  for (const Tool& tool : tools_) {
    const std::string_view type = tool.custom ? "custom" : "function";
    const std::string_view arguments = tool.custom ? "input" : "arguments";
    std::string inner = R"({"name":")" + tool.name + '"';
    AppendKey(arguments, inner);
    inner += '"' + tool.arguments + R"("})";
    if (tool.index == kFunctionCall) {
      AppendKey("function_call", out);
      out += inner;
      continue;
    }
    calls += calls.empty() ? "{" : ",{";
    AppendKey("id", calls);
    calls += '"' + tool.id + '"';
    AppendKey("type", calls);
    calls += '"';
    calls += type;
    calls += '"';
    AppendKey(type, calls);
    calls += inner + '}';
  }
  if (!calls.empty()) {
    AppendKey("tool_calls", out);
    out += '[' + calls + ']';
  }
  return out + '}';
}

void ChatAnswer::Finish() {
  // Some end without [DONE].
  if (is_stream_ && AllFinished() && !result_.error.any()) result_.terminal = true;
  if (refused_ && result_.finish == FinishReason::kStop) result_.finish = FinishReason::kRefusal;
  if (!state_.want_content || seen_ == 0) return;
  result_.text = Unescape(text_);
  result_.reasoning = Unescape(reasoning_);
  for (const Tool& tool : tools_) {
    result_.tool_calls.push_back(
        {Unescape(tool.id), Unescape(tool.name), Unescape(tool.arguments)});
  }
  result_.message_json = message_.empty() ? Assemble() : std::move(message_);
}

}  // namespace

std::unique_ptr<AnswerReader> NewChatAnswer(AnswerState& state) {
  return std::make_unique<ChatAnswer>(state);
}

}  // namespace pitot
