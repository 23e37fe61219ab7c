// Anthropic Messages: whole answers and streams. Sources: the types of @anthropic-ai/sdk.
#include <algorithm>
#include <vector>

#include "wire/answer.h"
#include "wire/blocks.h"
#include "wire/json_read.h"
#include "wire/usage_reader.h"

namespace pitot {
namespace {

constexpr size_t kBlocksMax = 10'000;  // More than any answer has; beyond, texts may run together.

// A content block as its events tell it. Texts are escaped, without quotes.
struct Block {
  int64_t index = 0;
  std::string type;
  std::string start;  // The block as content_block_start has it.
  std::string text;   // Deltas: of text, thinking or compaction; for tools of their input.
  std::string signature;
  std::string citations;  // Elements, comma-separated.
};

// What the deltas of a block make up, by its type.
std::string_view TextMember(std::string_view type) {
  if (type == "text") return "text";
  if (type == "thinking") return "thinking";
  if (type == "compaction") return "content";
  return {};
}

class AnthropicAnswer final : public AnswerReader {
 public:
  explicit AnthropicAnswer(AnswerState& state) : state_(state), result_(state.result) {}

  void TakeFrame(std::string_view event, std::string_view data) override;
  void TakeMember(std::string_view key, std::string_view raw, bool cut) override;
  void Finish() override;

 private:
  struct Frame {
    std::string_view type, index, delta, block, message, usage;
  };

  void ReadUsage(std::string_view raw, bool final);
  void ReadStart(std::string_view message);
  void ReadDelta(const Frame& frame);
  void ReadBlockStart(const Frame& frame);
  void ReadBlockDelta(const Frame& frame);
  void ReadStop(std::string_view reason);
  Block& BlockAt(std::string_view index);
  std::string Assemble();
  static void AppendBlock(const Block& block, std::string& out);
  bool ReadContent(std::string_view content);

  AnswerState& state_;
  WireResult& result_;
  AnthropicUsage usage_;
  std::vector<Block> blocks_;
  std::string content_;  // Of a whole answer.
};

void AnthropicAnswer::TakeFrame(std::string_view, std::string_view data) {
  Frame frame;
  VisitObject(data, [&frame](std::string_view key, std::string_view value) {
    if (key == "type") frame.type = Inside(value);
    if (key == "index") frame.index = value;
    if (key == "delta") frame.delta = value;
    if (key == "content_block") frame.block = value;
    if (key == "message") frame.message = value;
    if (key == "usage") frame.usage = value;
  });
  if (frame.type == "content_block_delta") {
    ReadBlockDelta(frame);
  } else if (frame.type == "content_block_start") {
    ReadBlockStart(frame);
  } else if (frame.type == "message_start") {
    ReadStart(frame.message);
  } else if (frame.type == "message_delta") {
    ReadDelta(frame);
  } else if (frame.type == "message_stop") {
    result_.terminal = true;
    result_.usage_final = result_.has_usage;
    state_.meaningful = true;
  } else if (frame.type == "error") {
    ReadError(Dialect::kAnthropic, 200, data, result_.error);
  }
}

void AnthropicAnswer::TakeMember(std::string_view key, std::string_view raw, bool cut) {
  if (key == "content") {
    if (cut) {
      result_.output_bytes += static_cast<int64_t>(raw.size());
      result_.capture_cut = true;
      return;
    }
    if (ReadContent(raw) && content_.empty()) state_.Keep(raw, &content_);
  } else if (cut) {
    return;
  } else if (key == "id") {
    result_.response_id = Text(raw);
  } else if (key == "model") {
    result_.model = Text(raw);
  } else if (key == "stop_reason") {
    ReadStop(raw);
  } else if (key == "usage" && IsObject(raw)) {
    ReadUsage(raw, true);
  } else if (key == "error" && !IsNull(raw)) {
    ReadError(Dialect::kAnthropic, 200, raw, result_.error);
  }
}

void AnthropicAnswer::ReadUsage(std::string_view raw, bool final) {
  usage_.Read(raw);
  usage_.Write(state_.cache_ttl, result_);
  result_.usage_json = raw;
  if (final) result_.usage_final = result_.has_usage;
}

void AnthropicAnswer::ReadStop(std::string_view reason) {
  if (!IsString(reason)) return;
  result_.finish_raw = Text(reason);
  result_.finish = FinishOf(WireApi::kAnthropicMessages, result_.finish_raw);
}

void AnthropicAnswer::ReadStart(std::string_view message) {
  VisitObject(message, [this](std::string_view key, std::string_view value) {
    if (key == "id") result_.response_id = Text(value);
    if (key == "model") result_.model = Text(value);
    if (key == "usage" && IsObject(value)) ReadUsage(value, false);
  });
}

void AnthropicAnswer::ReadDelta(const Frame& frame) {
  ReadStop(Member(frame.delta, "stop_reason"));
  if (IsObject(frame.usage)) ReadUsage(frame.usage, !result_.finish_raw.empty());
}

Block& AnthropicAnswer::BlockAt(std::string_view index) {
  const int64_t wanted = Whole(index).value_or(0);
  // The last one, but for blocks that overlap.
  const auto found = std::ranges::find(blocks_.rbegin(), blocks_.rend(), wanted, &Block::index);
  if (found != blocks_.rend()) return *found;
  if (blocks_.size() == kBlocksMax) return blocks_.back();
  blocks_.push_back({.index = wanted});
  return blocks_.back();
}

void AnthropicAnswer::ReadBlockStart(const Frame& frame) {
  const std::string type = Text(Member(frame.block, "type"));
  for (const char* const key : {"text", "thinking"}) {
    if (const auto text = Inside(Member(frame.block, key)); !text.empty()) {
      state_.Add(text, nullptr);
    }
  }
  std::string start;
  if (!state_.Keep(frame.block, &start)) return;
  Block& block = BlockAt(frame.index);
  block.type = type;
  block.start = std::move(start);
}

void AnthropicAnswer::ReadBlockDelta(const Frame& frame) {
  std::string_view text;
  std::string_view signature;
  std::string_view citation;
  VisitObject(frame.delta, [&](std::string_view key, std::string_view value) {
    if (key == "text" || key == "partial_json" || key == "thinking" || key == "content") {
      text = Inside(value);
    }
    if (key == "signature") signature = Inside(value);
    if (key == "citation") citation = value;
  });
  if (!state_.want_content) {
    state_.Add(text, nullptr);
    return;
  }
  // A block whose beginning was not kept has no type: what follows of it is counted, not kept.
  Block& block = BlockAt(frame.index);
  state_.Add(text, &block.text);
  if (!signature.empty()) state_.Keep(signature, &block.signature);
  if (IsObject(citation)) {
    std::string kept = block.citations.empty() ? "" : ",";
    if (state_.Keep(citation, &kept)) block.citations += kept;
  }
}

void AnthropicAnswer::AppendBlock(const Block& block, std::string& out) {
  const std::string_view text_member = TextMember(block.type);
  const bool has_input = block.type.ends_with("tool_use") && !block.text.empty();
  std::string begun;
  std::string own = "{";  // The block as it began, but for what deltas filled.
  VisitObject(block.start, [&](std::string_view key, std::string_view value) {
    if (!text_member.empty() && key == text_member) {
      begun = Inside(value);
    } else if ((key == "signature" && !block.signature.empty()) ||
               (key == "citations" && !block.citations.empty()) || (key == "input" && has_input)) {
      return;
    } else {
      AppendKey(key, own);
      own += value;
    }
  });
  if (!text_member.empty()) {
    AppendKey(text_member, own);
    own += '"' + begun + block.text + '"';
  }
  if (has_input) {
    AppendKey("input", own);
    const std::string input = Unescape(block.text);
    // Cut off in the middle it is text, for it is no JSON.
    own += IsJson(input) ? input : '"' + block.text + '"';
  }
  if (!block.signature.empty()) {
    AppendKey("signature", own);
    own += '"' + block.signature + '"';
  }
  if (!block.citations.empty()) {
    AppendKey("citations", own);
    own += '[' + block.citations + ']';
  }
  out += own + '}';
}

std::string AnthropicAnswer::Assemble() {
  std::string content = "[";
  for (const Block& block : blocks_) {
    if (block.type.empty()) continue;
    if (content.size() > 1) content += ',';
    AppendBlock(block, content);
  }
  content += ']';
  return content;
}

// The figures of content that came whole. False: it is no list.
bool AnthropicAnswer::ReadContent(std::string_view content) {
  return VisitArray(content, [this](std::string_view raw) {
    AnthropicBlock block;
    block.Read(raw);
    state_.Add(Inside(block.text), nullptr);
    if (block.is_call() && !IsNull(block.input) && block.input != "{}") {
      result_.output_bytes += static_cast<int64_t>(block.input.size());
      state_.meaningful = true;
    }
  });
}

void AnthropicAnswer::Finish() {
  if (!state_.want_content || (content_.empty() && blocks_.empty())) return;
  if (content_.empty()) content_ = Assemble();
  VisitArray(content_, [this](std::string_view raw) {
    AnthropicBlock block;
    block.Read(raw);
    if (block.type == "text") result_.text += Text(block.text);
    if (block.type == "thinking") result_.reasoning += Text(block.text);
    if (block.is_call()) result_.tool_calls.push_back(block.Call());
  });
  result_.message_json = R"({"role":"assistant","content":)" + content_ + "}";
}

}  // namespace

std::unique_ptr<AnswerReader> NewAnthropicAnswer(AnswerState& state) {
  return std::make_unique<AnthropicAnswer>(state);
}

}  // namespace pitot
