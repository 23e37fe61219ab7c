// The fields of a canonical span, from the selection of sources.
#include <algorithm>
#include <cmath>

#include "normalize/kind.h"
#include "normalize/normalize_impl.h"
#include "normalize/pitot_sdk.h"
#include "normalize/usage_split.h"
#include "normalize/value.h"
#include "normalize/words.h"

namespace pitot {
namespace {

double NanosPer(Unit unit) {
  switch (unit) {
    case Unit::kSeconds:
      return 1e9;
    case Unit::kMillis:
      return 1e6;
    default:
      return 1;
  }
}

std::optional<NanoUsd> MoneyOf(const Candidate* candidate) {
  constexpr double kNanoUsdMax = 9e18;
  if (candidate == nullptr) return std::nullopt;
  const double nanos = candidate->number * (candidate->rule->unit == Unit::kMicroUsd ? 1e3 : 1e9);
  if (nanos > kNanoUsdMax) return std::nullopt;
  return NanoUsd{std::llround(nanos)};
}

// The place of one of our own words; nothing for another.
template <typename Enum, size_t N>
std::optional<Enum> OwnWord(const std::array<std::string_view, N>& names, std::string_view word) {
  const auto found = std::ranges::find(names, word);
  if (word.empty() || found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

constexpr Field kUsageFields[] = {
    Field::kInputTokens, Field::kOutputTokens, Field::kTotalTokens,     Field::kUncachedTokens,
    Field::kCacheRead,   Field::kCacheWrite,   Field::kCacheWrite5m,    Field::kCacheWrite1h,
    Field::kInputAudio,  Field::kInputImage,   Field::kCachedAudio,     Field::kCachedImage,
    Field::kOutputAudio, Field::kOutputImage,  Field::kReasoningTokens, Field::kWebSearches,
    Field::kFileSearches};

}  // namespace

void Normalizer::Impl::FillIdentity(const RawSpan& raw, Span* out) {
  out->trace_id = raw.trace_id;
  out->span_id = raw.span_id;
  out->parent_span_id = raw.parent_span_id;
  out->name = raw.name;
  out->start_ns = raw.start_ns;
  out->end_ns = raw.end_ns;
  out->status_message = raw.status_message;
  const Candidate* const running = selection_.Get(Field::kRunning);
  if (raw.running || (running != nullptr && running->boolean)) {
    out->status = SpanStatus::kRunning;
    out->end_ns = raw.start_ns;
  } else if (raw.status_code == 2) {
    out->status = SpanStatus::kError;
  } else if (raw.status_code == 1) {
    out->status = SpanStatus::kOk;
  }
  if (raw.scope < batch_.scopes.size()) {
    out->scope = batch_.scopes[raw.scope].name;
    out->scope_version = batch_.scopes[raw.scope].version;
  }
  out->emitter = Name(emitter_);
  const bool from_sdk = emitter_ == Emitter::kPitotSdk && source_ == Source::kOtlp;
  out->source = from_sdk ? Source::kSdk : source_;
}

void Normalizer::Impl::FillAttribution(Span* out) {
  out->service = selection_.Text(Field::kService);
  out->environment = selection_.Text(Field::kEnvironment);
  out->release = selection_.Text(Field::kRelease);
  out->workflow = selection_.Text(Field::kWorkflow);
  out->user_id = selection_.Text(Field::kUserId);
  out->session_id = selection_.Text(Field::kSessionId);
  out->agent = selection_.Text(Field::kAgent);
  out->agent_id = selection_.Text(Field::kAgentId);
  out->prompt_name = selection_.Text(Field::kPromptName);
  out->prompt_version = selection_.Text(Field::kPromptVersion);
  if (selection_.Has(Field::kFeature)) {
    out->feature = {selection_.Text(Field::kFeature), true};
  } else {
    out->feature = {selection_.Text(Field::kFeatureFallback), false};
  }
}

void Normalizer::Impl::FillModel(Span* out) {
  out->model_requested = selection_.Text(Field::kModelRequested);
  const std::string_view responded = selection_.Text(Field::kModelResponded);
  out->model = responded.empty() ? out->model_requested : responded;
  if (selection_.Has(Field::kProvider)) {
    const std::string_view word = selection_.Text(Field::kProvider);
    out->provider = CanonicalProvider(word, arena_);
    keep_[static_cast<size_t>(Field::kProvider)] = out->provider != word;
  } else {
    out->provider = ProviderOfModel(out->model);
  }
  out->response_id = selection_.Text(Field::kResponseId);
  out->service_tier = selection_.Text(Field::kServiceTier);
  out->max_tokens = selection_.Count(Field::kMaxTokens);
  if (const Candidate* c = selection_.Get(Field::kTemperature)) out->temperature = c->number;
  if (const Candidate* c = selection_.Get(Field::kStreaming)) out->streaming = c->boolean;
  if (const Candidate* c = selection_.Get(Field::kTtft)) {
    constexpr double kNanosMax = 9e18;
    const double nanos = c->number * NanosPer(c->rule->unit);
    if (nanos <= kNanosMax) out->ttft_ns = std::llround(nanos);
  }
}

void Normalizer::Impl::FillUsage(Span* out) {
  bool any = false;
  for (const Field field : kUsageFields) {
    const std::optional<int64_t> count = selection_.Count(field);
    if (!count) continue;
    any = true;
    if (*count > limits_.usage_tokens) {
      out->usage_flags = kUsageAbsurd;
      drops_.Add(Drop::kUsageAbsurd);
      return;
    }
  }
  if (FillExactUsage(out) || !any) return;
  const auto count = [this](Field field) { return selection_.Count(field).value_or(0); };
  ReportedUsage reported;
  reported.input = selection_.Count(Field::kInputTokens);
  reported.output = selection_.Count(Field::kOutputTokens);
  reported.total = selection_.Count(Field::kTotalTokens);
  reported.uncached = selection_.Count(Field::kUncachedTokens);
  reported.cache_read = count(Field::kCacheRead);
  reported.cache_write = count(Field::kCacheWrite);
  reported.cache_write_5m = selection_.Count(Field::kCacheWrite5m);
  reported.cache_write_1h = selection_.Count(Field::kCacheWrite1h);
  reported.reasoning = count(Field::kReasoningTokens);
  reported.input_audio = count(Field::kInputAudio);
  reported.input_image = count(Field::kInputImage);
  reported.cached_audio = count(Field::kCachedAudio);
  reported.cached_image = count(Field::kCachedImage);
  reported.output_audio = count(Field::kOutputAudio);
  reported.output_image = count(Field::kOutputImage);
  reported.convention = KnownConvention(emitter_, out->provider);
  reported.reasoning_outside_output = emitter_ == Emitter::kAdk || emitter_ == Emitter::kGeminiCli;
  reported.is_embedding = out->kind == Kind::kEmbedding;
  const SplitUsage split = Split(reported);

  out->has_usage = true;
  out->usage = split.usage;
  out->usage.web_searches = count(Field::kWebSearches);
  out->usage.file_searches = count(Field::kFileSearches);
  out->usage_convention = split.convention;
  out->usage_flags = split.flags;
  if ((split.flags & kUsageInconsistent) != 0) drops_.Add(Drop::kUsageInconsistent);
  out->raw_input_tokens = reported.input;
  out->raw_output_tokens = reported.output;
  out->raw_total_tokens = reported.total;
  out->usage_rollup = std::ranges::any_of(kUsageFields, [this](Field field) {
    const Candidate* const c = selection_.Get(field);
    return c != nullptr && c->rule->rollup;
  });
}

// False: the span does not have its usage in our buckets.
bool Normalizer::Impl::FillExactUsage(Span* out) {
  const std::optional<Usage> usage = ReadExactUsage(attrs_, drops_);
  if (!usage) return false;
  const auto absurd = [this](int64_t count) { return count > limits_.usage_tokens; };
  if (std::ranges::any_of(usage->tokens, absurd) || absurd(usage->web_searches) ||
      absurd(usage->file_searches)) {
    out->usage_flags = kUsageAbsurd;
    drops_.Add(Drop::kUsageAbsurd);
    return true;
  }
  out->has_usage = true;
  out->usage = *usage;
  out->usage_convention = UsageConvention::kExact;
  out->raw_input_tokens = selection_.Count(Field::kInputTokens);
  out->raw_output_tokens = selection_.Count(Field::kOutputTokens);
  out->raw_total_tokens = selection_.Count(Field::kTotalTokens);
  return true;
}

void Normalizer::Impl::FillMoney(Span* out) {
  out->cost_reported = MoneyOf(selection_.Get(Field::kCost));
  if (out->cost_reported) return;
  const std::optional<NanoUsd> input = MoneyOf(selection_.Get(Field::kCostInput));
  const std::optional<NanoUsd> output = MoneyOf(selection_.Get(Field::kCostOutput));
  constexpr int64_t kHalf = INT64_MAX / 2;
  if (input && output && input->value < kHalf && output->value < kHalf) {
    out->cost_reported = NanoUsd{input->value + output->value};
  }
}

void Normalizer::Impl::FillKind(const RawSpan& raw, Span* out) {
  const Candidate* const word = selection_.Get(Field::kKindWord);
  KindClues clues;
  clues.kind_word = Lower(raw.kind_word, arena_);
  if (word != nullptr) clues.word = word->kind;
  clues.mcp_method = selection_.Text(Field::kMcpMethod);
  clues.db_system = selection_.Text(Field::kDbSystem);
  clues.has_tool = selection_.Has(Field::kToolName) || selection_.Has(Field::kToolCallId) ||
                   selection_.Has(Field::kToolArguments);
  clues.has_usage = out->has_usage || (out->usage_flags & kUsageAbsurd) != 0;
  clues.has_model = !out->model.empty();
  clues.has_messages =
      selection_.Has(Field::kInputMessages) || selection_.Has(Field::kOutputMessages) ||
      std::ranges::any_of(raw.events, [](const RawEvent& event) {
        const EventRule* const rule = FindEvent(event.name);
        return rule != nullptr &&
               (rule->event_role == EventRole::kMessage || rule->event_role == EventRole::kChoice);
      });
  clues.has_vector_attribute = marks_.vector;
  clues.has_guard_attribute = marks_.guard;
  out->kind = DetectKind(clues);

  if (selection_.Has(Field::kOperation)) {
    out->op = Lower(selection_.Text(Field::kOperation), arena_);
  } else if (!clues.kind_word.empty()) {
    out->op = clues.kind_word;
  } else if (word != nullptr) {
    out->op = word->text;
  } else {
    out->op = Lower(clues.mcp_method, arena_);
  }
}

void Normalizer::Impl::FillErrors(const RawSpan& raw, Span* out) {
  const std::string_view exception = selection_.Text(Field::kExceptionType);
  const std::string_view message = selection_.Text(Field::kExceptionMessage);
  const bool failed = out->status == SpanStatus::kError;
  const Candidate* const http = selection_.Get(Field::kHttpStatus);
  out->error_type = selection_.Text(Field::kErrorType);
  // An exception that was recorded and handled leaves the span's status alone: no error.
  if (!failed && out->error_type.empty()) return;
  if (out->error_type.empty()) out->error_type = exception;
  if (out->error_type.empty() && http != nullptr && http->count >= 400) {
    out->error_type = AsText(http->attr->value, arena_);
  }
  if (out->status_message.empty()) out->status_message = message;
  ErrorClues clues;
  clues.error_type = out->error_type;
  clues.exception_type = exception;
  clues.http_status = http != nullptr ? http->count : 0;
  clues.message = raw.status_message.empty() ? message : raw.status_message;
  out->error_category = ErrorCategoryOf(clues);
  if (const auto said =
          OwnWord<ErrorCategory>(kErrorCategoryNames, selection_.Text(Field::kErrorCategory))) {
    out->error_category = *said;
  }
  if (out->error_category == ErrorCategory::kUnknown && out->kind == Kind::kTool) {
    out->error_category = ErrorCategory::kTool;
  }
}

void Normalizer::Impl::FillTool(Span* out) {
  out->tool_name = selection_.Text(Field::kToolName);
  out->tool_call_id = selection_.Text(Field::kToolCallId);
  out->mcp_server = selection_.Text(Field::kMcpServer);
  if (const Candidate* c = selection_.Get(Field::kRetryCount)) {
    out->retry_count =
        c->rule->unit == Unit::kAttempts ? std::max<int64_t>(c->count - 1, 0) : c->count;
  }
  if (out->kind != Kind::kTool) return;
  if (const std::optional<ToolStatus> said = ToolStatusOf(selection_.Text(Field::kToolStatus))) {
    out->tool_status = *said;
    return;
  }
  const Candidate* const success = selection_.Get(Field::kToolSuccess);
  const bool failed =
      success != nullptr ? !success->boolean : out->error_category != ErrorCategory::kNone;
  if (failed) {
    out->tool_status = ToolStatusOfError(out->error_category);
  } else if (out->status != SpanStatus::kRunning) {
    // Success leaves an OpenTelemetry status unset.
    out->tool_status = ToolStatus::kSuccess;
  }
}

void Normalizer::Impl::FillFinish(Span* out) {
  if (const Candidate* const finish = selection_.Get(Field::kFinish)) {
    list_.clear();
    AppendList(finish->attr->value, arena_, list_);
    // Of several choices the first stands for the span; the attribute keeps them all.
    keep_[static_cast<size_t>(Field::kFinish)] = list_.size() != 1;
    if (!list_.empty()) out->finish_raw = list_[0];
  }
  if (out->finish_raw.empty()) out->finish_raw = finish_;
  out->finish_reason =
      OwnWord<FinishReason>(kFinishReasonNames, selection_.Text(Field::kFinishWord))
          .value_or(FinishReasonOf(out->finish_raw));
}

void Normalizer::Impl::FillTags(Span* out) {
  constexpr std::string_view kPrefix = "tag.";
  for (size_t i = 0; i < attrs_.size(); ++i) {
    const Attr& attr = attrs_[i];
    if (entries_[i] != nullptr || !attr.key.starts_with(kPrefix)) continue;
    tags_.push_back({attr.key.substr(kPrefix.size()), AsText(attr.value, arena_)});
  }
  if (const Candidate* const tags = selection_.Get(Field::kTags)) {
    list_.clear();
    AppendList(tags->attr->value, arena_, list_);
    for (const std::string_view tag : list_) tags_.push_back({tag, {}});
  }
  out->tags = arena_.CopyArray(tags_);
}

std::span<Piece> Normalizer::Impl::TakePieces(std::vector<Piece>& pieces) {
  const std::span<Piece> taken = arena_.CopyArray(pieces);
  pieces.clear();
  return taken;
}

void Normalizer::Impl::FillContent(const RawSpan& raw, Span* out) {
  input_from_events_ = output_from_events_ = false;
  input_.clear();
  output_.clear();
  other_.clear();
  if (out->kind == Kind::kTool) FillToolContent(raw, out);

  // A source of messages in attributes beats per-message events, but these beat the oldest form.
  constexpr uint16_t kEventsRank = 700;
  const Candidate* const input = selection_.Get(Field::kInputMessages);
  const Candidate* const output = selection_.Get(Field::kOutputMessages);
  const auto events_first = [this](Field field) {
    const uint16_t rank = selection_.RankOf(field);
    return rank % kRankSource > kEventsRank || !selection_.Has(field);
  };
  if (!raw.events.empty()) {
    ReadMessageEvents(raw, out->input.empty() && events_first(Field::kInputMessages),
                      out->output.empty() && events_first(Field::kOutputMessages));
  }
  if (input != nullptr && input_.empty() && out->input.empty()) {
    messages_.ReadMessages(input->attr->value, "user", input_, nullptr);
  } else if (input != nullptr) {
    keep_[static_cast<size_t>(Field::kInputMessages)] = true;
  }
  if (output != nullptr && output_.empty() && out->output.empty()) {
    messages_.ReadMessages(output->attr->value, "assistant", output_, &finish_);
  } else if (output != nullptr) {
    keep_[static_cast<size_t>(Field::kOutputMessages)] = true;
  }
  if (!input_.empty()) out->input = TakePieces(input_);
  if (!output_.empty()) out->output = TakePieces(output_);

  if (const Candidate* c = selection_.Get(Field::kSystem)) {
    messages_.ReadParts(c->attr->value, "system", other_);
    out->system = TakePieces(other_);
  }
  if (const Candidate* c = selection_.Get(Field::kToolDefinitions)) {
    messages_.ReadValue(c->attr->value, other_);
    out->tool_definitions = TakePieces(other_);
  }
  if (const Candidate* c = selection_.Get(Field::kReasoning)) {
    messages_.ReadValue(c->attr->value, other_);
    out->reasoning = TakePieces(other_);
  }
  if (out->kind != Kind::kTool) {
    // No place of their own on other kinds.
    keep_[static_cast<size_t>(Field::kToolArguments)] = true;
    keep_[static_cast<size_t>(Field::kToolResult)] = true;
  }
}

void Normalizer::Impl::FillToolContent(const RawSpan& raw, Span* out) {
  if (const Candidate* c = selection_.Get(Field::kToolArguments)) {
    messages_.ReadValue(c->attr->value, other_);
    out->input = TakePieces(other_);
  }
  if (const Candidate* c = selection_.Get(Field::kToolResult)) {
    messages_.ReadValue(c->attr->value, other_);
    out->output = TakePieces(other_);
  }
  // Events of a tool span: its message is what went in, its choice what came out.
  const bool inputs = out->input.empty();
  const bool outputs = out->output.empty();
  for (const RawEvent& event : raw.events) {
    const EventRule* const rule = FindEvent(event.name);
    if (rule == nullptr) continue;
    const bool message = rule->event_role == EventRole::kMessage && inputs;
    const bool choice = rule->event_role == EventRole::kChoice && outputs;
    if (!message && !choice) continue;
    for (const Attr& attr : event.attributes) {
      if (attr.key != "content" && attr.key != "message") continue;
      messages_.ReadValue(attr.value, message ? input_ : output_);
      (message ? input_from_events_ : output_from_events_) = true;
    }
  }
  if (!input_.empty()) out->input = TakePieces(input_);
  if (!output_.empty()) out->output = TakePieces(output_);
}

void Normalizer::Impl::ReadMessageEvents(const RawSpan& raw, bool inputs, bool outputs) {
  for (const RawEvent& event : raw.events) {
    const EventRule* const rule = FindEvent(event.name);
    if (rule == nullptr) continue;
    if (rule->event_role == EventRole::kMessage && inputs) {
      messages_.ReadEvent(event.attributes, rule->role, input_, nullptr);
      input_from_events_ = true;
    } else if (rule->event_role == EventRole::kChoice && outputs) {
      messages_.ReadEvent(event.attributes, rule->role, output_, &finish_);
      output_from_events_ = true;
    }
  }
}

}  // namespace pitot
