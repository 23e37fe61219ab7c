#include "sdk/export/langfuse_attributes.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "pitot/model/usage.h"
#include "sdk/export/value_text.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr std::string_view kMetadata = "langfuse.observation.metadata.";
constexpr std::string_view kInput = "langfuse.observation.input";
constexpr std::string_view kOutput = "langfuse.observation.output";
constexpr std::string_view kPromptName = "gen_ai.prompt.name";
constexpr std::string_view kPromptVersion = "gen_ai.prompt.version";
constexpr std::string_view kUsagePrefix = "pitot.usage.";
constexpr std::string_view kUsageSums = "gen_ai.usage.";
constexpr std::string_view kOurs = "pitot.";
constexpr std::string_view kCost = "pitot.cost_nano_usd";

// Langfuse has no word for rerankers.
constexpr std::array<std::string_view, static_cast<size_t>(Kind::kEnd)> kTypes = {
    "span",      "agent", "generation", "tool",      "retriever",
    "embedding", "span",  "guardrail",  "evaluator", "chain"};

struct Rename {
  std::string_view from;
  std::string_view to;
};
// The first of each target that the span has.
constexpr Rename kRenames[] = {
    {"gen_ai.input.messages", kInput},
    {"gen_ai.tool.call.arguments", kInput},
    {"input", kInput},
    {"input.value", kInput},
    {"gen_ai.output.messages", kOutput},
    {"gen_ai.tool.call.result", kOutput},
    {"output", kOutput},
    {"output.value", kOutput},
};

// Usage types by the names that Langfuse's own prices use, in the order of UsageBucket.
constexpr std::array<std::string_view, kUsageBuckets> kUsageTypes = {
    "input",
    "input_cache_read",
    "input_cache_creation_5m",
    "input_cache_creation_1h",
    "input_audio_tokens",
    "input_image_tokens",
    "output",
    "output_reasoning_tokens",
    "output_audio_tokens",
    "output_image_tokens",
};

bool StaysAsItIs(std::string_view key) {
  return key.starts_with("gen_ai.") || key.starts_with("langfuse.") || key == "user.id" ||
         key == "session.id";
}

bool IsWholeNumber(std::string_view text) {
  int version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::optional<double> Number(const AttributeValue* value) {
  if (value == nullptr) return std::nullopt;
  if (value->type() == AttributeValue::Type::kInt) return static_cast<double>(value->integer());
  if (value->type() == AttributeValue::Type::kDouble) return value->number();
  return std::nullopt;
}

}  // namespace

const std::vector<Attribute>& LangfuseAttributes::Of(const SpanData& span) {
  list_.clear();
  used_ = 0;
  given_ = &wire_.Of(span);
  const AttributeValue* exact = Given("pitot.usage.exact");
  exact_usage_ = exact != nullptr && exact->boolean();
  for (const std::string_view target : {kInput, kOutput}) {
    const AttributeValue* value = FirstOf(target);
    if (value != nullptr) Add(target, *value);
  }
  AddObservation(span);
  AddTrace(span);
  AddUsage();
  AddPrompt();
  for (const Attribute& attribute : *given_) Translate(attribute);
  return list_;
}

// The value that becomes `target`; null: the span has none.
const AttributeValue* LangfuseAttributes::FirstOf(std::string_view target) const {
  for (const Rename& rename : kRenames) {
    const AttributeValue* value = rename.to == target ? Given(rename.from) : nullptr;
    if (value != nullptr) return value;
  }
  return nullptr;
}

// What is not said by the attributes that were derived.
void LangfuseAttributes::Translate(const Attribute& attribute) {
  const std::string_view key = attribute.key;
  for (const Rename& rename : kRenames) {
    // Unless something else became the input or output: then this is told beside it.
    const bool became = Given(rename.to) == nullptr && &attribute.value == FirstOf(rename.to);
    if (rename.from == key && became) return;
  }
  if (key == kPromptName || key == kPromptVersion || key == kCost) return;
  if (key.starts_with(kUsagePrefix) || (exact_usage_ && key.starts_with(kUsageSums))) return;
  if (StaysAsItIs(key)) return Add(key, attribute.value);
  std::string& metadata = NewText();
  metadata = kMetadata;
  const std::string_view short_key = key.starts_with(kOurs) ? key.substr(kOurs.size()) : key;
  metadata += short_key != key && Given(short_key) == nullptr ? short_key : key;
  Add(metadata, attribute.value);
}

void LangfuseAttributes::AddObservation(const SpanData& span) {
  Add("langfuse.observation.type", kTypes[static_cast<size_t>(span.kind)]);
  for (const std::string_view key : {"gen_ai.response.model", "gen_ai.request.model"}) {
    const AttributeValue* model = Given(key);
    if (model != nullptr) Add("langfuse.observation.model.name", *model);
  }
  const std::optional<double> ttft_s = Number(Given("gen_ai.response.time_to_first_chunk"));
  constexpr double kLongest = 1e9;
  if (ttft_s && *ttft_s >= 0 && *ttft_s < kLongest) {
    std::string& time = NewText();
    AppendRfc3339(span.start_ns + std::llround(*ttft_s * 1e9), 6, time);
    Add("langfuse.observation.completion_start_time", time);
  }
  const AttributeValue* finish = Given("pitot.finish_reason");
  if (span.status == SpanStatus::kError) {
    Add("langfuse.observation.level", "ERROR");
    if (!span.status_message.empty()) {
      Add("langfuse.observation.status_message", span.status_message);
    }
  } else if (finish != nullptr && finish->text() == Name(FinishReason::kLength)) {
    Add("langfuse.observation.level", "WARNING");
    Add("langfuse.observation.status_message", "cut off at max_tokens");
  }
  const AttributeValue* cost = Given(kCost);
  if (cost != nullptr && cost->type() == AttributeValue::Type::kInt) {
    std::string& details = NewText();
    details = "{\"total\":";
    AppendScaled(cost->integer(), 9, details);
    details += '}';
    Add("langfuse.observation.cost_details", details);
  }
}

// A trace has the name and the metadata of what its root is for.
void LangfuseAttributes::AddTrace(const SpanData& span) {
  if (!span.parent_span_id.empty()) return;
  const AttributeValue* feature = Given("pitot.feature");
  const AttributeValue* workflow = Given("pitot.workflow");
  if (feature != nullptr) {
    Add("langfuse.trace.name", *feature);
    Add("langfuse.trace.metadata.feature", *feature);
  }
  if (workflow != nullptr) {
    Add("langfuse.trace.name", *workflow);
    Add("langfuse.trace.metadata.workflow", *workflow);
  }
  Add("langfuse.trace.name", span.name);
}

void LangfuseAttributes::AddUsage() {
  if (!exact_usage_) return;  // Langfuse reads gen_ai.usage.* by itself.
  std::string& details = NewText();
  details += '{';
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    const AttributeValue* tokens = nullptr;
    for (const Attribute& attribute : *given_) {
      if (attribute.key.starts_with(kUsagePrefix) &&
          attribute.key.substr(kUsagePrefix.size()) == kUsageBucketNames[i]) {
        tokens = &attribute.value;
      }
    }
    if (tokens == nullptr || tokens->type() != AttributeValue::Type::kInt) continue;
    if (details.size() > 1) details += ',';
    details += '"';
    details += kUsageTypes[i];
    details += "\":";
    AppendInteger(tokens->integer(), details);
  }
  details += '}';
  Add("langfuse.observation.usage_details", details);
}

// A prompt of Langfuse's has a number as its version, and is linked by name and version or not at all.
// Sent as gen_ai.prompt.*, the two would be taken for the model's input.
void LangfuseAttributes::AddPrompt() {
  const AttributeValue* name = Given(kPromptName);
  const AttributeValue* version = Given(kPromptVersion);
  if (name != nullptr && version != nullptr) {
    std::string& number = NewText();
    AppendPlain(*version, number);
    if (IsWholeNumber(number)) {
      int64_t value = 0;
      std::from_chars(number.data(), number.data() + number.size(), value);
      Add("langfuse.observation.prompt.name", *name);
      Add("langfuse.observation.prompt.version", value);
      return;
    }
  }
  if (name != nullptr) Add("langfuse.observation.metadata.prompt_name", *name);
  if (version != nullptr) Add("langfuse.observation.metadata.prompt_version", *version);
}

// What the program said under Langfuse's own name stands.
void LangfuseAttributes::Add(std::string_view key, AttributeValue value) {
  if (Has(key)) return;
  if (key.starts_with("langfuse.")) {
    const AttributeValue* own = Given(key);
    if (own != nullptr) value = *own;
  }
  list_.push_back({key, value});
}

bool LangfuseAttributes::Has(std::string_view key) const { return Find(list_, key) != nullptr; }

const AttributeValue* LangfuseAttributes::Given(std::string_view key) const {
  return Find(*given_, key);
}

std::string& LangfuseAttributes::NewText() {
  if (used_ == texts_.size()) texts_.emplace_back();
  texts_[used_].clear();
  return texts_[used_++];
}

std::vector<Attribute> LangfuseResource(const ExportResource& resource) {
  std::vector<Attribute> list = ResourceAttributes(resource);
  if (!resource.environment.empty()) {
    list.push_back({"langfuse.environment", resource.environment});
  }
  if (!resource.release.empty()) list.push_back({"langfuse.release", resource.release});
  return list;
}

}  // namespace sdk
}  // namespace pitot
