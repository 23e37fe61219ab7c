#include "query/story/step.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.h"
#include "base/text.h"
#include "http/message.h"

namespace pitot {
namespace {

std::string_view OutcomeOf(const StorySpan& call, bool chose) {
  if (call.status == SpanStatus::kRunning) return "running";
  if (call.status == SpanStatus::kError || call.status == SpanStatus::kUnfinished) return "error";
  switch (call.finish_reason) {
    case FinishReason::kLength:
      return "cut_off";
    case FinishReason::kRefusal:
      return "refused";
    case FinishReason::kContentFilter:
      return "filtered";
    case FinishReason::kError:
    case FinishReason::kCancelled:
      return "error";
    case FinishReason::kToolUse:
      return "tool_use";
    default:
      return chose ? "tool_use" : "answer";
  }
}

std::string Millis(int64_t ns) { return fmt::to_string(static_cast<double>(ns) / 1e6); }

template <typename Items, typename Append>
std::string List(const Items& items, Append append) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += append(item);
  }
  return out + ']';
}

// An object without the members that have nothing to say.
class Object {
 public:
  Object& Raw(std::string_view name, std::string_view json) {
    out_ += out_.size() == 1 ? "\"" : ",\"";
    out_ += name;
    out_ += "\":";
    out_ += json;
    return *this;
  }
  Object& Text(std::string_view name, std::string_view text) {
    return text.empty() ? *this : Raw(name, QuoteJson(text));
  }
  Object& Cut(std::string_view name, std::string_view text, size_t bytes_max) {
    return text.empty() ? *this : Raw(name, CutText(text, text.size(), bytes_max));
  }
  Object& Number(std::string_view name, int64_t value) { return Raw(name, fmt::to_string(value)); }
  std::string End() { return std::move(out_) + '}'; }

 private:
  std::string out_ = "{";
};

std::string ToolOutcomeJson(const StorySpan& tool, const StoryChoice& choice,
                            const ToolContents& contents, size_t bytes_max) {
  const auto repeats = static_cast<int64_t>(choice.attempts > 1 ? choice.attempts - 1 : 0);
  Object object;
  object.Text("span_id", ToHex(tool.span_id.view()));
  object.Text("status", Name(tool.status)).Text("tool_status", Name(tool.tool_status));
  if (tool.status != SpanStatus::kRunning) object.Raw("duration_ms", Millis(tool.duration_ns));
  object.Number("retry_count", std::max(tool.retry_count, repeats));
  if (contents.result) object.Raw("result", ValueJson(*contents.result, bytes_max));
  if (tool.status == SpanStatus::kError) {
    object.Cut("error", tool.status_message.empty() ? tool.error_type : tool.status_message,
               bytes_max);
  }
  return object.End();
}

std::string ChoiceJson(std::span<const StorySpan> spans, const StoryOutline& outline,
                       const StoryChoice& choice, const ToolContents& contents, size_t bytes_max) {
  const std::string& arguments = choice.call.arguments;
  Object object;
  object.Raw("tool", QuoteJson(choice.call.name)).Text("tool_call_id", choice.call.id);
  if (!arguments.empty()) {
    object.Raw("arguments", ValueJson({arguments, arguments.size(), {}}, bytes_max));
  } else if (contents.arguments) {
    object.Raw("arguments", ValueJson(*contents.arguments, bytes_max));
  }
  object.Raw("outcome", choice.span == kNoSpan
                            ? "null"
                            : ToolOutcomeJson(spans[choice.span], choice, contents, bytes_max));
  const auto agent = outline.delegates.find(choice.span);
  if (agent == outline.delegates.end()) return object.Raw("delegated_to", "null").End();
  const StorySpan& span = spans[agent->second];
  return object.Raw("delegated_to", QuoteJson(span.agent.empty() ? span.name : span.agent)).End();
}

std::string ReasoningJson(const StepParts& parts, size_t bytes_max) {
  std::vector<std::string> texts;
  for (const StoryPiece& piece : parts.reasoning) {
    texts.push_back(piece.missing.empty() ? CutText(piece.text, piece.bytes, bytes_max)
                                          : ValueJson(piece, bytes_max));
  }
  for (const std::string& text : parts.answer.reasoning) {
    texts.push_back(CutText(text, text.size(), bytes_max));
  }
  // Emitters give it as an attribute and within the answer.
  std::vector<std::string> once;
  for (std::string& text : texts) {
    if (std::ranges::find(once, text) == once.end()) once.push_back(std::move(text));
  }
  return List(once, [](const std::string& text) { return text; });
}

std::string SaidOf(const Answer& answer) {
  std::string said;
  for (const std::string& text : answer.texts) {
    if (!said.empty()) said += '\n';
    said += text;
  }
  return said;
}

}  // namespace

std::vector<StoryChoice> MatchChoices(std::span<const StorySpan> spans, const StoryOutline& outline,
                                      const StoryStep& step, const Answer& answer) {
  std::vector<StoryChoice> choices;
  std::vector<uint32_t> taken;
  if (answer.calls.empty()) {
    const FinishReason finish = spans[step.span].finish_reason;
    if (answer.any && finish != FinishReason::kToolUse) return choices;
    for (const uint32_t tool : step.tools) {
      choices.push_back(
          {.call = {std::string(spans[tool].tool_call_id),
                    std::string(spans[tool].tool_name.empty() ? spans[tool].name
                                                              : spans[tool].tool_name),
                    ""},
           .span = tool,
           .attempts = 1});
    }
    return choices;
  }
  for (const ToolCallPart& call : answer.calls) {
    StoryChoice choice{.call = call};
    const auto found = outline.tools_by_call_id.find(call.id);
    if (!call.id.empty() && found != outline.tools_by_call_id.end()) {
      for (const uint32_t tool : found->second) {
        if (spans[tool].start_ns < spans[step.span].start_ns) continue;
        choice.span = tool;
        ++choice.attempts;
        taken.push_back(tool);
      }
    }
    choices.push_back(std::move(choice));
  }
  for (StoryChoice& choice : choices) {
    if (choice.span != kNoSpan) continue;
    for (const uint32_t tool : step.tools) {
      const StorySpan& span = spans[tool];
      const bool other_call = !choice.call.id.empty() && !span.tool_call_id.empty();
      if (other_call || span.tool_name != choice.call.name ||
          std::ranges::find(taken, tool) != taken.end()) {
        continue;
      }
      choice.span = tool;
      choice.attempts = 1;
      taken.push_back(tool);
      break;
    }
  }
  return choices;
}

std::string StepJson(std::span<const StorySpan> spans, const StoryOutline& outline,
                     const StoryStep& step, const StepParts& parts, size_t text_bytes) {
  const StorySpan& call = spans[step.span];
  Object object;
  object.Number("n", static_cast<int64_t>(parts.number)).Text("kind", "llm");
  object.Text("span_id", ToHex(call.span_id.view()));
  if (!call.parent_span_id.empty()) {
    object.Text("parent_span_id", ToHex(call.parent_span_id.view()));
  }
  object.Text("agent", step.agent).Number("depth", step.depth);
  object.Text("started_at", FormatTimeNanos(call.start_ns));
  object.Raw("offset_ms", Millis(call.start_ns - parts.trace_start_ns));
  if (call.status != SpanStatus::kRunning) object.Raw("duration_ms", Millis(call.duration_ns));
  object.Text("status", Name(call.status)).Cut("status_message", call.status_message, text_bytes);
  object.Text("model", call.model).Text("finish_reason", Name(call.finish_reason));
  object.Number("input_tokens", call.input_tokens).Number("output_tokens", call.output_tokens);
  object.Raw("cost_usd",
             call.cost ? fmt::to_string(static_cast<double>(*call.cost) / 1e9) : "null");

  object.Number("context_messages", static_cast<int64_t>(parts.context_messages));
  object.Number("new_messages", static_cast<int64_t>(parts.new_messages.size()));
  object.Number("echoed_messages", static_cast<int64_t>(parts.change.echoed));
  object.Raw("compacted", parts.change.compacted ? "true" : "false");
  object.Raw("new", List(parts.new_messages, [&](const StoryPiece& piece) {
               return "\n  " + MessageJson(piece, text_bytes);
             }));
  object.Raw("reasoning", ReasoningJson(parts, text_bytes));
  const std::string said = SaidOf(parts.answer);
  object.Raw("said", said.empty() ? "null" : CutText(said, said.size(), text_bytes));
  size_t i = 0;
  object.Raw("chose", List(parts.choices, [&](const StoryChoice& choice) {
               return "\n  " + ChoiceJson(spans, outline, choice, parts.tools[i++], text_bytes);
             }));
  object.Text("outcome", OutcomeOf(call, !parts.choices.empty()));
  return object.End();
}

}  // namespace pitot
