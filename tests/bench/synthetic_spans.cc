#include "tests/bench/synthetic_spans.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/hash.h"

namespace pitot {
namespace {

struct ModelName {
  std::string_view model;
  std::string_view provider;
};
constexpr ModelName kModels[] = {{"gpt-4o", "openai"},
                                 {"gpt-4o-mini", "openai"},
                                 {"claude-sonnet-4-5", "anthropic"},
                                 {"claude-haiku-4-5", "anthropic"},
                                 {"gemini-2.5-flash", "google"}};

template <size_t N>
Id<N> RandomId(std::mt19937_64& random) {
  Id<N> id;
  for (size_t i = 0; i < N; i += 8) {
    const uint64_t word = random();
    std::memcpy(id.bytes.data() + i, &word, 8);
  }
  return id;
}

}  // namespace

SyntheticSpans::SyntheticSpans(uint64_t seed, int64_t base_ns, int64_t step_ns)
    : random_(seed), time_ns_(base_ns), step_ns_(step_ns) {
  std::mt19937 letters(5);
  for (int i = 0; i < 4000; ++i) {
    std::string word(2 + letters() % 9, ' ');
    for (char& c : word) c = static_cast<char>('a' + letters() % 26);
    words_.push_back(word);
  }
}

SyntheticBatch SyntheticSpans::Next(size_t count) {
  SyntheticBatch batch;
  batch.spans.reserve(count);
  for (size_t i = 0; i < count; ++i) batch.spans.push_back(NextSpan(batch));
  return batch;
}

// Words of a skewed distribution, as in prose.
std::string SyntheticSpans::Text(size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    const uint64_t x = random_();
    text += words_[(x % 4000) * (x >> 32 & 0xfff) / 4096];
    text += ' ';
  }
  return text;
}

void SyntheticSpans::StartTrace() {
  trace_id_ = RandomId<16>(random_);
  parent_ = {};
  left_ = 5 + random_() % 30;
  user_ = fmt::format("user-{}", random_() % 20'000);
  session_ = fmt::format("sess-{}", random_() % 100'000);
  feature_ = fmt::format("feature-{}", random_() % 25);
  workflow_ = fmt::format("workflow-{}", random_() % 15);
  service_ = fmt::format("agent-svc-{}", random_() % 12);
}

Span SyntheticSpans::NextSpan(SyntheticBatch& batch) {
  if (left_ == 0) StartTrace();
  --left_;
  time_ns_ += static_cast<int64_t>(random_() % static_cast<uint64_t>(2 * step_ns_));
  Arena& arena = batch.arena;
  Span span;
  span.trace_id = trace_id_;
  span.span_id = RandomId<8>(random_);
  span.parent_span_id = parent_;
  span.start_ns = time_ns_;
  span.end_ns = time_ns_ + 1'000'000 + static_cast<int64_t>(random_() % 9'000'000'000ULL);
  span.service = arena.Copy(service_);
  span.environment = "prod";
  span.feature = {arena.Copy(feature_), true};
  span.workflow = arena.Copy(workflow_);
  span.user_id = arena.Copy(user_);
  span.session_id = arena.Copy(session_);
  span.scope = "agent-instrumentation";
  span.scope_version = "1.2.0";
  span.emitter = "otel_genai";
  static constexpr JsonAttr kLanguage[] = {{"telemetry.sdk.language", "\"python\""}};
  span.attributes = kLanguage;

  const uint64_t dice = random_() % 10;
  if (parent_.empty()) {
    span.kind = Kind::kAgent;
    span.name = "invoke_agent planner";
    span.op = "invoke_agent";
    span.agent = "planner";
  } else if (dice < 3) {
    FillModelCall(span, batch);
  } else if (dice < 6) {
    FillToolCall(span, batch);
  } else {
    span.name = arena.Copy(fmt::format("step-{}", random_() % 60));
  }
  if (random_() % 30 == 0) {
    span.status = SpanStatus::kError;
    span.status_message = "upstream failed";
    const bool timeout = random_() % 2 == 0;
    span.error_type = timeout ? "timeout" : "rate_limit_error";
    span.error_category = timeout ? ErrorCategory::kTimeout : ErrorCategory::kRateLimit;
  }
  if (parent_.empty() || random_() % 4 == 0) parent_ = span.span_id;
  return span;
}

void SyntheticSpans::FillModelCall(Span& span, SyntheticBatch& batch) {
  const ModelName& name = kModels[random_() % 5];
  span.kind = Kind::kLlm;
  span.op = "chat";
  span.name = batch.arena.Copy(fmt::format("chat {}", name.model));
  span.provider = name.provider;
  span.model = span.model_requested = name.model;
  span.finish_reason = random_() % 2 == 0 ? FinishReason::kStop : FinishReason::kToolUse;
  span.finish_raw = span.finish_reason == FinishReason::kStop ? "stop" : "tool_calls";
  span.has_usage = true;
  span.usage_convention = UsageConvention::kExact;
  const int64_t input = 50 + static_cast<int64_t>(random_() % 8000);
  const int64_t output = 1 + static_cast<int64_t>(random_() % 1500);
  span.usage[UsageBucket::kInput] = input;
  span.usage[UsageBucket::kOutput] = output;
  span.raw_input_tokens = input;
  span.raw_output_tokens = output;
  span.cost = NanoUsd{input * 2500 + output * 10'000};
  span.cost_by_bucket[static_cast<size_t>(UsageBucket::kInput)] = input * 2500;
  span.cost_by_bucket[static_cast<size_t>(UsageBucket::kOutput)] = output * 10'000;
  span.price_source = PriceSource::kCatalogue;
  span.price_confidence = PriceConfidence::kExact;
  span.price_version = "2026-11-01";
  span.price_rule = name.model;
  span.input = OnePiece(R"({"role":"user","parts":[{"type":"text","content":")" +
                            Text(600 + random_() % 1500) + "\"}]}",
                        span.start_ns, batch);
  span.output = OnePiece(R"({"role":"assistant","parts":[{"type":"text","content":")" +
                             Text(200 + random_() % 800) + R"("}],"finish_reason":"stop"})",
                         span.start_ns, batch);
}

void SyntheticSpans::FillToolCall(Span& span, SyntheticBatch& batch) {
  span.kind = Kind::kTool;
  span.op = "execute_tool";
  span.tool_name = batch.arena.Copy(fmt::format("tool_{}", random_() % 40));
  span.name = batch.arena.Copy(fmt::format("execute_tool {}", span.tool_name));
  span.tool_status = ToolStatus::kSuccess;
  span.input = OnePiece("{\"q\":\"" + Text(60) + "\"}", span.start_ns, batch);
  span.output = OnePiece(Text(100 + random_() % 800), span.start_ns, batch);
}

std::span<Piece> SyntheticSpans::OnePiece(const std::string& content, int64_t start_ns,
                                          SyntheticBatch& batch) {
  const std::span<Piece> pieces = batch.arena.NewArray<Piece>(1);
  pieces[0].text = batch.arena.Copy(content);
  if (content.size() > kInlinePieceBytes) {
    pieces[0].hash.bytes = Sha128(content);
    batch.payloads.push_back({pieces[0].hash, pieces[0].text, start_ns});
  }
  return pieces;
}

FactRow SyntheticFact(const Span& span, uint64_t rev) {
  FactRow row;
  row.is_call = span.kind == Kind::kLlm;
  row.end_ns = span.end_ns;
  row.trace_id = span.trace_id;
  row.span_id = span.span_id;
  row.rev = rev;
  row.start_ns = span.start_ns;
  row.kind = span.kind;
  row.is_root = span.parent_span_id.empty();
  row.status = span.status;
  row.name = span.name;
  row.service = span.service;
  row.environment = span.environment;
  row.feature = span.feature.name;
  row.workflow = span.workflow;
  row.user_id = span.user_id;
  row.session_id = span.session_id;
  row.agent = "planner";
  row.provider = span.provider;
  row.model = span.model;
  row.finish_reason = span.finish_reason;
  row.role = row.is_call ? UsageRole::kLeaf : UsageRole::kNone;
  row.counted = row.is_call;
  row.counted_reason = row.is_call ? "leaf" : "";
  row.usage = span.usage;
  row.cost = span.cost;
  row.price_confidence = span.price_confidence;
  row.tool_name = span.tool_name;
  row.tool_status = span.tool_status;
  row.error_category = span.error_category;
  return row;
}

std::vector<TraceRow> SyntheticTraces(const std::vector<Span>& spans, uint64_t rev) {
  std::vector<TraceRow> rows;
  std::unordered_map<TraceId, size_t, IdHash<16>> index;
  for (const Span& span : spans) {
    const auto [at, is_new] = index.try_emplace(span.trace_id, rows.size());
    if (is_new) {
      TraceRow& row = rows.emplace_back();
      row.trace_id = span.trace_id;
      row.rev = rev;
      row.start_ns = span.start_ns;
      row.root_name = span.name;
      row.service = span.service;
      row.environment = span.environment;
      row.feature = span.feature.name;
      row.workflow = span.workflow;
      row.user_id = span.user_id;
      row.session_id = span.session_id;
      row.agent = "planner";
    }
    TraceRow& row = rows[at->second];
    row.end_ns = std::max(row.end_ns, span.end_ns);
    row.spans += 1;
    row.errors += span.status == SpanStatus::kError;
    row.llm_calls += span.kind == Kind::kLlm;
    row.tool_calls += span.kind == Kind::kTool;
    row.input_tokens += span.usage.input_total();
    row.output_tokens += span.usage.output_total();
    row.cost.value += span.cost.value_or(NanoUsd{}).value;
    if (!span.model.empty() && !std::ranges::count(row.models, span.model)) {
      row.models.push_back(span.model);
      std::ranges::sort(row.models);
    }
  }
  return rows;
}

}  // namespace pitot
