// Gemini generateContent: whole answers and streams, whose elements have the same shape. Sources: the
// types of @google/genai.
#include <algorithm>

#include "wire/answer.h"
#include "wire/json_read.h"
#include "wire/usage_reader.h"

namespace pitot {
namespace {

class GeminiAnswer final : public AnswerReader {
 public:
  explicit GeminiAnswer(AnswerState& state) : state_(state), result_(state.result) {}

  void TakeFrame(std::string_view, std::string_view data) override {
    VisitObject(data, [this](std::string_view key, std::string_view value) { Take(key, value); });
    EndFrame();
  }
  void TakeMember(std::string_view key, std::string_view raw, bool cut) override {
    if (!cut) {
      Take(key, raw);
      EndFrame();
    } else if (key == "candidates") {
      result_.output_bytes += static_cast<int64_t>(raw.size());
      result_.capture_cut = true;
    }
  }
  void Finish() override;

 private:
  void Take(std::string_view key, std::string_view raw);
  void EndFrame();
  void ReadCandidate(std::string_view raw);
  void ReadPart(std::string_view raw);
  void ReadCall(std::string_view raw);
  void ReadGrounding(std::string_view raw);
  void FlushText();

  AnswerState& state_;
  WireResult& result_;
  GeminiUsage usage_;
  std::string role_ = "model";
  std::string parts_;  // Of candidate 0, comma-separated, but for the text that is being collected:
  std::string text_;   // escaped text of parts that follow each other,
  bool text_is_thought_ = false;
  std::string signature_;  // and the thoughtSignature that came with one of them.
  bool has_calls_ = false;
};

void GeminiAnswer::Take(std::string_view key, std::string_view raw) {
  if (key == "candidates") {
    VisitArray(raw, [this](std::string_view candidate) { ReadCandidate(candidate); });
  } else if (key == "usageMetadata" && IsObject(raw)) {
    usage_.Read(raw);
    usage_.Write(result_);
    result_.usage_json = raw;
  } else if (key == "modelVersion" && IsString(raw)) {
    result_.model = Text(raw);
  } else if (key == "responseId" && IsString(raw)) {
    result_.response_id = Text(raw);
  } else if (key == "promptFeedback") {
    const std::string_view reason = Member(raw, "blockReason");
    if (!IsString(reason)) return;
    result_.finish_raw = Text(reason);
    result_.finish = FinishReason::kContentFilter;
    result_.terminal = true;
  } else if (key == "error" && !IsNull(raw)) {
    ReadError(Dialect::kGemini, 200, raw, result_.error);
  }
}

// Usage may stand before or after the candidate that ends the answer.
void GeminiAnswer::EndFrame() {
  if (!result_.terminal) return;
  result_.usage_final = result_.has_usage;
  state_.meaningful = true;
}

void GeminiAnswer::ReadCandidate(std::string_view raw) {
  std::string_view content;
  std::string_view finish;
  std::string_view grounding;
  int64_t index = 0;
  VisitObject(raw, [&](std::string_view key, std::string_view value) {
    if (key == "content") content = value;
    if (key == "finishReason") finish = value;
    if (key == "index") index = Whole(value).value_or(0);
    if (key == "groundingMetadata") grounding = value;
  });
  if (IsObject(grounding)) ReadGrounding(grounding);
  VisitObject(content, [&](std::string_view key, std::string_view value) {
    if (key == "role" && IsString(value) && index == 0) role_ = Text(value);
    if (key != "parts") return;
    VisitArray(value, [&](std::string_view part) {
      if (index == 0) {
        ReadPart(part);
      } else {
        state_.Add(Inside(Member(part, "text")), nullptr);
      }
    });
  });
  if (!IsString(finish) || index != 0) return;
  result_.finish_raw = Text(finish);
  result_.finish = FinishOf(WireApi::kGeminiGenerate, result_.finish_raw);
  // The word for tool calls is STOP.
  if (has_calls_ && result_.finish == FinishReason::kStop) result_.finish = FinishReason::kToolUse;
  result_.terminal = true;
}

// Searches are billed by the query from Gemini 3 on, before by the prompt that was grounded.
void GeminiAnswer::ReadGrounding(std::string_view raw) {
  int64_t queries = 0;
  VisitArray(Member(raw, "webSearchQueries"), [&queries](std::string_view query) {
    if (!Inside(query).empty()) ++queries;
  });
  const std::string_view model = result_.model;
  const bool by_prompt = model.starts_with("gemini-1") || model.starts_with("gemini-2");
  if (by_prompt) queries = std::min<int64_t>(queries, 1);
  // Chunks repeat it.
  result_.usage.web_searches = std::max(result_.usage.web_searches, queries);
}

void GeminiAnswer::FlushText() {
  if (text_.empty() && signature_.empty()) return;
  std::string part = "{";
  AppendKey("text", part);
  part += '"' + text_ + '"';
  if (text_is_thought_) part += R"(,"thought":true)";
  if (!signature_.empty()) {
    AppendKey("thoughtSignature", part);
    part += signature_;
  }
  if (!parts_.empty()) parts_ += ',';
  parts_ += part + '}';
  text_.clear();
  signature_.clear();
}

void GeminiAnswer::ReadPart(std::string_view raw) {
  std::string_view text;
  std::string_view signature;
  std::string_view call;
  bool thought = false;
  bool other = false;
  VisitObject(raw, [&](std::string_view key, std::string_view value) {
    if (key == "text") {
      text = value;
    } else if (key == "thought") {
      thought = value == "true";
    } else if (key == "thoughtSignature") {
      signature = value;
    } else if (key == "functionCall") {
      call = value;
    } else {
      other = true;
    }
  });
  if (IsObject(call)) ReadCall(call);
  if (IsString(text) && !other && call.empty()) {
    if (thought != text_is_thought_ || !signature_.empty()) FlushText();
    text_is_thought_ = thought;
    state_.Add(Inside(text), &text_);
    if (IsString(signature)) state_.Keep(signature, &signature_);
    return;
  }
  state_.Add(Inside(Member(Member(raw, "executableCode"), "code")), nullptr);
  FlushText();
  std::string kept = parts_.empty() ? "" : ",";
  if (state_.Keep(raw, &kept)) parts_ += kept;
}

void GeminiAnswer::ReadCall(std::string_view raw) {
  has_calls_ = true;
  std::string_view arguments = Member(raw, "args");
  if (arguments.empty()) arguments = Member(raw, "partialArgs");
  result_.output_bytes += static_cast<int64_t>(arguments.size());
  state_.meaningful = true;
  WireToolCall call = {Text(Member(raw, "id")), Text(Member(raw, "name")), ""};
  if (!state_.Keep(arguments, &call.arguments)) return;
  // Arguments that come in pieces follow under no name.
  if (call.name.empty() && !result_.tool_calls.empty()) {
    result_.tool_calls.back().arguments += call.arguments;
  } else {
    result_.tool_calls.push_back(std::move(call));
  }
}

void GeminiAnswer::Finish() {
  if (!state_.want_content) return;
  FlushText();
  if (parts_.empty()) return;
  const std::string parts = '[' + parts_ + ']';
  VisitArray(parts, [this](std::string_view part) {
    const std::string_view text = Member(part, "text");
    std::string& out = Member(part, "thought") == "true" ? result_.reasoning : result_.text;
    out += Text(text);
  });
  result_.message_json = R"({"role":")" + role_ + R"(","parts":)" + parts + '}';
}

}  // namespace

std::unique_ptr<AnswerReader> NewGeminiAnswer(AnswerState& state) {
  return std::make_unique<GeminiAnswer>(state);
}

}  // namespace pitot
