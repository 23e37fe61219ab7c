#include "sdk/llm/stream_pieces.h"

#include "wire/json_read.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr size_t kEventBytesMax = size_t{16} << 20;

}  // namespace

StreamPieces::StreamPieces(WireApi api, const StreamHandlers* handlers)
    : api_(api), handlers_(handlers), splitter_(kEventBytesMax) {}

void StreamPieces::Put(std::string_view bytes) {
  if (handlers_ == nullptr) return;
  // Not every server that was asked for a stream sends one.
  if (form_ == Form::kUnknown) {
    const size_t begin = bytes.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return;
    form_ = bytes[begin] == '{' ? Form::kWhole : Form::kEvents;
  }
  if (form_ == Form::kWhole) return;
  splitter_.Put(bytes,
                [this](std::string_view event, std::string_view data) { TakeEvent(event, data); });
}

void StreamPieces::Finish() {
  if (form_ != Form::kEvents) return;
  splitter_.Finish([this](std::string_view event, std::string_view data) {
    if (IsJson(data)) TakeEvent(event, data);
  });
}

void StreamPieces::GiveWhole(std::string_view text, std::string_view reasoning) {
  if (form_ != Form::kWhole) return;
  if (handlers_->on_reasoning && !reasoning.empty()) handlers_->on_reasoning(reasoning);
  if (handlers_->on_text && !text.empty()) handlers_->on_text(text);
}

void StreamPieces::TakeEvent(std::string_view event, std::string_view data) {
  if (handlers_->on_event) {
    delivered_ = true;
    handlers_->on_event(event, data);
  }
  if (!handlers_->on_text && !handlers_->on_reasoning) return;
  if (api_ == WireApi::kAnthropicMessages) {
    TakeAnthropic(data);
  } else if (api_ == WireApi::kOpenAiResponses) {
    TakeResponses(data);
  } else {
    TakeChat(data);
  }
}

void StreamPieces::TakeAnthropic(std::string_view data) {
  const std::string_view type = Inside(Member(data, "type"));
  if (type == "content_block_start") {
    // Empty as a rule; some compatible servers begin with text.
    const std::string_view block = Member(data, "content_block");
    GiveReasoning(Member(block, "thinking"));
    GiveText(Member(block, "text"));
  } else if (type == "content_block_delta") {
    const std::string_view delta = Member(data, "delta");
    GiveReasoning(Member(delta, "thinking"));
    GiveText(Member(delta, "text"));
  }
}

void StreamPieces::TakeChat(std::string_view data) {
  VisitArray(Member(data, "choices"), [this](std::string_view choice) {
    if (Whole(Member(choice, "index")).value_or(0) != 0) return;
    const std::string_view delta = Member(choice, "delta");
    const std::string_view reasoning = Member(delta, "reasoning_content");
    GiveReasoning(IsString(reasoning) ? reasoning : Member(delta, "reasoning"));
    GiveText(Member(delta, "content"));
  });
}

void StreamPieces::TakeResponses(std::string_view data) {
  const std::string_view type = Inside(Member(data, "type"));
  if (type == "response.output_text.delta") {
    GiveText(Member(data, "delta"));
  } else if (type == "response.reasoning_summary_text.delta" ||
             type == "response.reasoning_text.delta") {
    GiveReasoning(Member(data, "delta"));
  }
}

void StreamPieces::GiveText(std::string_view raw) {
  if (!handlers_->on_text || raw.size() <= 2 || !IsString(raw)) return;
  delivered_ = true;
  handlers_->on_text(Text(raw));
}

void StreamPieces::GiveReasoning(std::string_view raw) {
  if (!handlers_->on_reasoning || raw.size() <= 2 || !IsString(raw)) return;
  delivered_ = true;
  handlers_->on_reasoning(Text(raw));
}

}  // namespace sdk
}  // namespace pitot
