#include "query/filter/fields.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/facts.h"
#include "query/filter/json_scalar.h"

namespace pitot {
namespace {

using Values = FieldValues;

void AddText(std::string_view text, Values& out) {
  if (!text.empty()) out.values.emplace_back(text);
}
template <typename T>
void AddMaybe(const std::optional<T>& value, Values& out) {
  if (value) out.values.emplace_back(*value);
}
template <size_t N>
void AddId(const Id<N>& id, Values& out) {
  if (!id.empty()) out.values.emplace_back(id.view());
}

template <std::string_view Span::*member>
void Text(const Span& span, std::string_view, Values& out) {
  AddText(span.*member, out);
}
template <auto member>
void Enum(const Span& span, std::string_view, Values& out) {
  AddText(Name(span.*member), out);
}
template <size_t bucket>
void Tokens(const Span& span, std::string_view, Values& out) {
  out.values.emplace_back(span.usage.tokens[bucket]);
}

void TokensPerSecond(const Span& span, Values& out) {
  const int64_t tokens = span.usage[UsageBucket::kOutput] + span.usage[UsageBucket::kReasoning];
  int64_t ns = span.end_ns - span.start_ns;
  constexpr int64_t kLeast = 50'000'000;
  if (tokens == 0 || ns <= 0) return;
  if (span.streaming.value_or(false) && span.ttft_ns && ns - *span.ttft_ns >= kLeast) {
    ns -= *span.ttft_ns;
  }
  out.values.emplace_back(static_cast<double>(tokens) * 1e9 / static_cast<double>(ns));
}

void Tag(const Span& span, std::string_view key, Values& out) {
  for (const JsonAttr& tag : span.tags) {
    if (tag.key == key) return (void)out.values.emplace_back(tag.json);
  }
}

void Attribute(const Span& span, std::string_view key, Values& out) {
  for (const JsonAttr& attribute : span.attributes) {
    if (attribute.key != key) continue;
    return AddText(JsonScalarText(attribute.json, out.storage), out);
  }
}

// Readers of single fields.
void DurationOf(const Span& span, std::string_view, Values& out) {
  out.values.emplace_back(span.end_ns - span.start_ns);
}

void StartOf(const Span& span, std::string_view, Values& out) {
  out.values.emplace_back(span.start_ns);
}

void EndOf(const Span& span, std::string_view, Values& out) {
  out.values.emplace_back(span.end_ns);
}

void TraceIdOf(const Span& span, std::string_view, Values& out) { AddId(span.trace_id, out); }

void SpanIdOf(const Span& span, std::string_view, Values& out) { AddId(span.span_id, out); }

void ParentSpanIdOf(const Span& span, std::string_view, Values& out) {
  AddId(span.parent_span_id, out);
}

void IsRootOf(const Span& span, std::string_view, Values& out) {
  out.values.emplace_back(int64_t{span.parent_span_id.empty()});
}

void FeatureOf(const Span& span, std::string_view, Values& out) { AddText(span.feature.name, out); }

void TagsOf(const Span& span, std::string_view, Values& out) {
  for (const JsonAttr& tag : span.tags) out.values.emplace_back(tag.key);
}

void TtftOf(const Span& span, std::string_view, Values& out) { AddMaybe(span.ttft_ns, out); }

void StreamingOf(const Span& span, std::string_view, Values& out) {
  out.values.emplace_back(int64_t{span.streaming.value_or(false)});
}

void TokensPerSecondOf(const Span& span, std::string_view, Values& out) {
  TokensPerSecond(span, out);
}

void TemperatureOf(const Span& span, std::string_view, Values& out) {
  AddMaybe(span.temperature, out);
}

void MaxTokensOf(const Span& span, std::string_view, Values& out) {
  AddMaybe(span.max_tokens, out);
}

void TotalTokensOf(const Span& span, std::string_view, Values& out) {
  out.values.emplace_back(span.usage.input_total() + span.usage.output_total());
}

void WebSearchesOf(const Span& span, std::string_view, Values& out) {
  out.values.emplace_back(span.usage.web_searches);
}

void FileSearchesOf(const Span& span, std::string_view, Values& out) {
  out.values.emplace_back(span.usage.file_searches);
}

void CostOf(const Span& span, std::string_view, Values& out) {
  if (span.cost) out.values.emplace_back(span.cost->value);
}

void CostReportedOf(const Span& span, std::string_view, Values& out) {
  if (span.cost_reported) out.values.emplace_back(span.cost_reported->value);
}

void EstimatedOf(const Span& span, std::string_view, Values& out) {
  out.values.emplace_back(int64_t{span.estimated});
}

void RetryCountOf(const Span& span, std::string_view, Values& out) {
  out.values.emplace_back(span.retry_count);
}

constexpr auto kFacts = FieldTable::kFacts;
constexpr auto kSpans = FieldTable::kSpans;
constexpr auto kTraces = FieldTable::kTraces;
using enum FieldType;

constexpr std::span<const std::string_view> kNone;

// As dense as a table can be read.
// clang-format off
constexpr FilterField kFields[] = {
    // What it is.
    {"kind", kEnum, kFacts, "f.kind", "toString(f.kind)", kKindNames, "kind = llm",
     "What the span is.", Enum<&Span::kind>},
    {"name", kText, kFacts, "f.name", "f.name", kNone, "name ~ \"^chat\"", "The span's name.",
     Text<&Span::name>},
    {"status", kEnum, kFacts, "f.status", "toString(f.status)", kSpanStatusNames, "status = error",
     "How it ended; running while it has not, unfinished when its end never came.",
     Enum<&Span::status>},
    {"duration", kDuration, kFacts, "f.duration_ns", "", kNone, "duration > 2s",
     "From start to end. A bare number is milliseconds.", DurationOf},
    {"start", kTime, kFacts, "(f.end_ns - f.duration_ns)", "", kNone,
     "start >= 2026-11-20T10:00:00Z", "When it started.", StartOf},
    {"end", kTime, kFacts, "f.end_ns", "", kNone, "end < 2026-11-21",
     "When it ended; while it runs, when it started.", EndOf},
    {"trace_id", kId, kFacts, "f.trace_id", "", kNone,
     "trace_id = 4bf92f3577b34da6a3ce929d0e0e4736", "The trace it belongs to.", TraceIdOf},
    {"span_id", kId, kFacts, "f.span_id", "", kNone, "span_id = 00f067aa0ba902b7",
     "The span's own id.", SpanIdOf},
    {"parent_span_id", kId, kSpans, "s.parent_span_id", "", kNone, "parent_span_id = null",
     "The span above; null for a root.", ParentSpanIdOf},
    {"is_root", kBool, kFacts, "f.is_root", "", kNone, "is_root = true",
     "Whether it is the top of its trace, or of a part whose parent never came.", IsRootOf},
    {"is_orphan", kBool, kFacts, "f.is_orphan", "", kNone, "is_orphan = true",
     "Whether it names a parent that never came.", nullptr},
    {"op", kText, kSpans, "s.op", "", kNone, "op = chat", "The operation in the source's own word.",
     Text<&Span::op>},
    // Who and what for.
    {"service", kText, kFacts, "f.service", "f.service", kNone, "service = shop",
     "The service that sent it.", Text<&Span::service>},
    {"environment", kText, kFacts, "f.environment", "f.environment", kNone,
     "environment = production", "Where it ran.", Text<&Span::environment>},
    {"release", kText, kFacts, "f.release", "f.release", kNone, "release = v42",
     "The version of the program.", Text<&Span::release>},
    {"feature", kText, kFacts, "f.feature", "f.feature", kNone, "feature = checkout",
     "The feature it worked for; its own, else inherited.", FeatureOf},
    {"workflow", kText, kFacts, "f.workflow", "f.workflow", kNone, "workflow = refund",
     "The workflow it was part of; its own, else inherited.", Text<&Span::workflow>},
    {"user_id", kText, kFacts, "f.user_id", "f.user_id", kNone, "user_id = u-17",
     "The user it worked for; its own, else inherited.", Text<&Span::user_id>},
    {"session_id", kText, kFacts, "f.session_id", "f.session_id", kNone, "session_id = s-1",
     "The session or conversation; its own, else inherited.", Text<&Span::session_id>},
    {"agent", kText, kFacts, "f.agent", "f.agent", kNone, "agent = planner",
     "The agent that did it; its own, else inherited.", Text<&Span::agent>},
    {"agent_id", kText, kSpans, "s.agent_id", "", kNone, "agent_id = asst_1", "The agent's id.",
     Text<&Span::agent_id>},
    {"prompt_name", kText, kFacts, "f.prompt_name", "f.prompt_name", kNone, "prompt_name = support",
     "The prompt in use; its own, else inherited.", Text<&Span::prompt_name>},
    {"prompt_version", kText, kFacts, "f.prompt_version", "f.prompt_version", kNone,
     "prompt_version in (3, 4)", "The prompt's version.", Text<&Span::prompt_version>},
    {"tags", kList, kSpans, "mapKeys(s.tags)", "", kNone, "tags = beta",
     "The names of its tags: any of them.", TagsOf},
    {"tag.", kKeyed, kSpans, "", "", kNone, "tag.tier = gold", "The value of one tag.", Tag},
    // Model calls.
    {"provider", kText, kFacts, "f.provider", "f.provider", kNone, "provider = anthropic",
     "Whose model was called.", Text<&Span::provider>},
    {"model", kText, kFacts, "f.model", "f.model", kNone, "model ~ \"^gpt\"",
     "The model that answered, else the one asked for.", Text<&Span::model>},
    {"model_requested", kText, kSpans, "s.model_requested", "", kNone, "model_requested = gpt-4o",
     "The model asked for.", Text<&Span::model_requested>},
    {"response_id", kText, kSpans, "s.response_id", "", kNone, "response_id = resp_1",
     "The provider's id of the answer.", Text<&Span::response_id>},
    {"service_tier", kText, kSpans, "s.service_tier", "", kNone, "service_tier = batch",
     "The tier the provider served it in.", Text<&Span::service_tier>},
    {"finish_reason", kEnum, kFacts, "f.finish_reason", "toString(f.finish_reason)",
     kFinishReasonNames, "finish_reason = length", "Why the model stopped.",
     Enum<&Span::finish_reason>},
    {"finish_raw", kText, kSpans, "s.finish_raw", "", kNone, "finish_raw = max_tokens",
     "The same in the provider's word.", Text<&Span::finish_raw>},
    {"ttft", kDuration, kFacts, "f.ttft_ns", "", kNone, "ttft > 800ms", "Time to the first token.",
     TtftOf},
    {"streaming", kBool, kFacts, "f.streaming", "if(f.streaming, 'true', 'false')", kNone,
     "streaming = true", "Whether the answer was streamed.", StreamingOf},
    {"tokens_per_second", kNumber, kFacts,
     "if(f.output_tokens + f.reasoning_tokens = 0 OR f.duration_ns <= 0, NULL, "
     "(toFloat64(f.output_tokens) + f.reasoning_tokens) * 1e9 / if(f.streaming AND "
     "ifNull(f.duration_ns - f.ttft_ns >= 50000000, false), f.duration_ns - "
     "assumeNotNull(f.ttft_ns), f.duration_ns))", "", kNone, "tokens_per_second < 20",
     "Output tokens, reasoning included, a second: after the first token when streamed.",
     TokensPerSecondOf},
    {"temperature", kNumber, kSpans, "s.temperature", "", kNone, "temperature > 0.7",
     "As asked for.", TemperatureOf},
    {"max_tokens", kNumber, kSpans, "s.max_tokens", "", kNone, "max_tokens <= 256",
     "The most output tokens asked for.", MaxTokensOf},
    // Usage. Each token is in one bucket; a span without usage has none.
    {"input_tokens", kNumber, kFacts, "f.input_tokens", "", kNone, "input_tokens > 100000",
     "Input tokens that no cache served.", Tokens<0>},
    {"cache_read_tokens", kNumber, kFacts, "f.cache_read_tokens", "", kNone,
     "cache_read_tokens = 0", "Input tokens read from the provider's cache.", Tokens<1>},
    {"cache_write_5m_tokens", kNumber, kFacts, "f.cache_write_5m_tokens", "", kNone,
     "cache_write_5m_tokens > 0", "Input tokens written to the cache for 5 minutes.", Tokens<2>},
    {"cache_write_1h_tokens", kNumber, kFacts, "f.cache_write_1h_tokens", "", kNone,
     "cache_write_1h_tokens > 0", "Input tokens written to the cache for an hour.", Tokens<3>},
    {"input_audio_tokens", kNumber, kFacts, "f.input_audio_tokens", "", kNone,
     "input_audio_tokens > 0", "Audio tokens in.", Tokens<4>},
    {"input_image_tokens", kNumber, kFacts, "f.input_image_tokens", "", kNone,
     "input_image_tokens > 0", "Image tokens in.", Tokens<5>},
    {"output_tokens", kNumber, kFacts, "f.output_tokens", "", kNone, "output_tokens > 4000",
     "Output tokens without reasoning.", Tokens<6>},
    {"reasoning_tokens", kNumber, kFacts, "f.reasoning_tokens", "", kNone, "reasoning_tokens > 0",
     "Output tokens spent on reasoning.", Tokens<7>},
    {"output_audio_tokens", kNumber, kFacts, "f.output_audio_tokens", "", kNone,
     "output_audio_tokens > 0", "Audio tokens out.", Tokens<8>},
    {"output_image_tokens", kNumber, kFacts, "f.output_image_tokens", "", kNone,
     "output_image_tokens > 0", "Image tokens out.", Tokens<9>},
    {"total_tokens", kNumber, kFacts,
     "(toInt64(f.input_tokens) + f.cache_read_tokens + f.cache_write_5m_tokens + "
     "f.cache_write_1h_tokens + f.input_audio_tokens + f.input_image_tokens + f.output_tokens "
     "+ f.reasoning_tokens + f.output_audio_tokens + f.output_image_tokens)", "", kNone,
     "total_tokens > 200000", "All of the above.", TotalTokensOf},
    {"web_searches", kNumber, kFacts, "f.web_searches", "", kNone, "web_searches > 0",
     "Searches of the web that the provider ran.", WebSearchesOf},
    {"file_searches", kNumber, kFacts, "f.file_searches", "", kNone, "file_searches > 0",
     "Searches of files that the provider ran.", FileSearchesOf},
    {"usage_role", kEnum, kFacts, "f.role", "", kUsageRoleNames, "usage_role = rollup",
     "What the span's usage is within its trace.", nullptr},
    {"counted", kBool, kFacts, "f.counted", "", kNone, "counted = true",
     "Whether its usage and cost count in sums.", nullptr},
    {"counted_reason", kText, kFacts, "f.counted_reason", "", kNone,
     "counted_reason = has_leaf_below", "By which rule it counts, or why not.", nullptr},
    // Money.
    {"cost", kMoney, kFacts, "f.cost", "", kNone, "cost > 0.05usd",
     "What it cost, in US dollars; null when the price is unknown.", CostOf},
    {"cost_reported", kMoney, kSpans, "s.cost_reported", "", kNone, "cost_reported != null",
     "What the sender said that it cost.", CostReportedOf},
    {"estimated", kBool, kFacts, "f.estimated", "", kNone, "estimated = true",
     "Whether its cost is an estimate.", EstimatedOf},
    {"price_source", kEnum, kSpans, "s.price_source", "", kPriceSourceNames,
     "price_source = override", "Where its price came from.", Enum<&Span::price_source>},
    {"price_confidence", kEnum, kFacts, "f.price_confidence", "", kPriceConfidenceNames,
     "price_confidence = prefix", "Whether the price is that of this very model.",
     Enum<&Span::price_confidence>},
    {"price_version", kText, kSpans, "s.price_version", "", kNone, "price_version = 2026-11-01",
     "The version of the price book.", Text<&Span::price_version>},
    {"price_rule", kText, kSpans, "s.price_rule", "", kNone, "price_rule ~ sonnet",
     "The rule of the price book.", Text<&Span::price_rule>},
    // Tools.
    {"tool_name", kText, kFacts, "f.tool_name", "f.tool_name", kNone, "tool_name = search",
     "The tool called.", Text<&Span::tool_name>},
    {"tool_call_id", kText, kSpans, "s.tool_call_id", "", kNone, "tool_call_id = call_1",
     "The model's id of the call.", Text<&Span::tool_call_id>},
    {"tool_status", kEnum, kFacts, "f.tool_status", "toString(f.tool_status)", kToolStatusNames,
     "tool_status in (timeout, invalid_args)", "How the tool call ended.",
     Enum<&Span::tool_status>},
    {"retry_count", kNumber, kFacts, "f.retry_count", "", kNone, "retry_count > 0",
     "How often it was tried again.", RetryCountOf},
    {"mcp_server", kText, kSpans, "s.mcp_server", "", kNone, "mcp_server = github",
     "The MCP server that has the tool.", Text<&Span::mcp_server>},
    // Errors.
    {"error_category", kEnum, kFacts, "f.error_category", "toString(f.error_category)",
     kErrorCategoryNames, "error_category = rate_limit", "What kind of failure it was.",
     Enum<&Span::error_category>},
    {"error_type", kText, kSpans, "s.error_type", "", kNone, "error_type = TimeoutError",
     "The failure in the program's own word.", Text<&Span::error_type>},
    {"status_message", kText, kSpans, "s.status_message", "", kNone,
     "status_message ~ \"(?i)refused\"", "What the failure said.", Text<&Span::status_message>},
    // Where it came from.
    {"attr.", kKeyed, kSpans, "", "", kNone, "attr.http.status_code >= 500",
     "One attribute as received.", Attribute},
    {"scope", kText, kSpans, "s.scope", "", kNone, "scope ~ openai",
     "The instrumentation that made it.", Text<&Span::scope>},
    {"emitter", kText, kSpans, "s.emitter", "", kNone, "emitter = otel_genai",
     "The convention it was read by.", Text<&Span::emitter>},
    {"source", kEnum, kSpans, "s.source", "", kSourceNames, "source = gateway",
     "The way it came in.", Enum<&Span::source>},
    // Its trace.
    {"trace.root_name", kText, kTraces, "t.root_name", "", kNone, "trace.root_name = answer",
     "The name of the trace's root.", nullptr},
    {"trace.status", kEnum, kTraces, "t.status", "", kSpanStatusNames, "trace.status = error",
     "The root's status; running while any span is.", nullptr},
    {"trace.status_message", kText, kTraces, "t.status_message", "", kNone,
     "trace.status_message != null", "What the root's failure said.", nullptr},
    {"trace.start", kTime, kTraces, "t.start_ns", "", kNone, "trace.start >= 2026-11-20T10:00:00Z",
     "When its first span started.", nullptr},
    {"trace.end", kTime, kTraces, "(t.start_ns + t.duration_ns)", "", kNone,
     "trace.end < 2026-11-21", "When its last span ended.", nullptr},
    {"trace.duration", kDuration, kTraces, "t.duration_ns", "", kNone, "trace.duration > 1m",
     "From the first start to the last end.", nullptr},
    {"trace.cost", kMoney, kTraces, "if(t.cost = 0 AND t.unpriced_calls > 0, NULL, t.cost)", "",
     kNone, "trace.cost > 1usd", "What the trace cost; null when no call has a known price.",
     nullptr},
    {"trace.unpriced_calls", kNumber, kTraces, "t.unpriced_calls", "", kNone,
     "trace.unpriced_calls > 0", "Calls whose price is unknown.", nullptr},
    {"trace.spans", kNumber, kTraces, "t.spans", "", kNone, "trace.spans > 1000",
     "How many spans it has.", nullptr},
    {"trace.errors", kNumber, kTraces, "t.errors", "", kNone, "trace.errors > 0",
     "How many of them failed.", nullptr},
    {"trace.orphans", kNumber, kTraces, "t.orphans", "", kNone, "trace.orphans > 0",
     "How many name a parent that never came.", nullptr},
    {"trace.llm_calls", kNumber, kTraces, "t.llm_calls", "", kNone, "trace.llm_calls > 20",
     "How many model calls it made.", nullptr},
    {"trace.tool_calls", kNumber, kTraces, "t.tool_calls", "", kNone, "trace.tool_calls > 50",
     "How many tool calls it made.", nullptr},
    {"trace.input_tokens", kNumber, kTraces, "t.input_tokens", "", kNone,
     "trace.input_tokens > 1000000", "All its input tokens.", nullptr},
    {"trace.output_tokens", kNumber, kTraces, "t.output_tokens", "", kNone,
     "trace.output_tokens > 100000", "All its output tokens, reasoning included.", nullptr},
    {"trace.models", kList, kTraces, "t.models", "", kNone, "trace.models = gpt-4o",
     "The models it called: any of them.", nullptr},
    {"trace.service", kText, kTraces, "t.service", "", kNone, "trace.service = shop",
     "The root's service.", nullptr},
    {"trace.environment", kText, kTraces, "t.environment", "", kNone,
     "trace.environment = production", "The root's environment.", nullptr},
    {"trace.feature", kText, kTraces, "t.feature", "", kNone, "trace.feature = checkout",
     "The root's feature.", nullptr},
    {"trace.workflow", kText, kTraces, "t.workflow", "", kNone, "trace.workflow = refund",
     "The root's workflow.", nullptr},
    {"trace.user_id", kText, kTraces, "t.user_id", "", kNone, "trace.user_id = u-17",
     "The root's user.", nullptr},
    {"trace.session_id", kText, kTraces, "t.session_id", "", kNone, "trace.session_id = s-1",
     "The root's session.", nullptr},
    {"trace.agent", kText, kTraces, "t.agent", "", kNone, "trace.agent = planner",
     "The root's agent.", nullptr},
};
// clang-format on

constexpr auto kNames = [] {
  std::array<std::string_view, std::size(kFields)> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = kFields[i].name;
  return names;
}();

constexpr std::string_view kOrdered[] = {"=", "!=", ">", ">=", "<", "<=", "in"};
constexpr std::string_view kWords[] = {"=", "!=", "~", "!~", "in"};
constexpr std::string_view kBoth[] = {"=", "!=", ">", ">=", "<", "<=", "~", "!~", "in"};
constexpr std::string_view kEqual[] = {"=", "!="};
constexpr std::string_view kTimeUnits[] = {"ns", "us", "ms", "s", "m", "h", "d"};
constexpr std::string_view kMoneyUnits[] = {"usd"};

}  // namespace

std::string_view Name(FieldType type) {
  switch (type) {
    case kText:
    case kKeyed:
      return "text";
    case kEnum:
      return "enum";
    case kNumber:
      return "number";
    case kDuration:
      return "duration";
    case kMoney:
      return "money";
    case kTime:
      return "time";
    case kBool:
      return "bool";
    case kId:
      return "id";
    case kList:
      return "list";
  }
  return "";
}

std::span<const FilterField> FilterFields() { return kFields; }

const FilterField* FindField(std::string_view name) {
  const auto found = std::ranges::find(kFields, name, &FilterField::name);
  return found == std::end(kFields) ? nullptr : &*found;
}

std::string_view NearestField(std::string_view name) { return NearestName(name, kNames); }

std::span<const std::string_view> OperatorsOf(FieldType type) {
  switch (type) {
    case kNumber:
    case kDuration:
    case kMoney:
    case kTime:
      return kOrdered;
    case kBool:
      return kEqual;
    case kKeyed:
      return kBoth;
    default:
      return kWords;
  }
}

std::span<const std::string_view> UnitsOf(FieldType type) {
  if (type == kDuration) return kTimeUnits;
  if (type == kMoney) return kMoneyUnits;
  return {};
}

}  // namespace pitot
