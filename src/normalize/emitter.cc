#include "normalize/emitter.h"

#include <array>
#include <bit>

namespace pitot {
namespace {

enum class Match : uint8_t { kExact, kPrefix };
enum class On : uint8_t { kScope, kKey, kSpanName };

struct Test {
  Emitter emitter;
  On on;
  Match match;
  std::string_view text;
};

// Sources: the scopes and attributes that each product's own instrumentation sends.
constexpr Test kTests[] = {
    {Emitter::kPitotSdk, On::kScope, Match::kExact, "pitot-sdk"},
    {Emitter::kLangfuse, On::kScope, Match::kExact, "langfuse-sdk"},
    {Emitter::kVercelV7, On::kScope, Match::kExact, "gen_ai"},
    {Emitter::kVercel, On::kScope, Match::kExact, "ai"},
    {Emitter::kVercel, On::kKey, Match::kExact, "ai.operationId"},
    {Emitter::kOpenInference, On::kScope, Match::kPrefix, "@arizeai/openinference-"},
    {Emitter::kOpenInference, On::kScope, Match::kPrefix, "openinference.instrumentation."},
    {Emitter::kOpenInference, On::kKey, Match::kExact, "openinference.span.kind"},
    {Emitter::kTraceloop, On::kScope, Match::kPrefix, "@traceloop/"},
    {Emitter::kTraceloop, On::kScope, Match::kExact, "traceloop.tracer"},
    {Emitter::kAnthropicNative, On::kScope, Match::kPrefix, "com.anthropic.sdk."},
    {Emitter::kLangSmith, On::kScope, Match::kExact, "langsmith"},
    {Emitter::kLangSmith, On::kKey, Match::kExact, "langsmith.span.kind"},
    {Emitter::kOpenLit, On::kScope, Match::kPrefix, "@openlit/instrumentation-"},
    {Emitter::kOpenLit, On::kScope, Match::kPrefix, "openlit"},
    {Emitter::kPydanticAi, On::kScope, Match::kExact, "pydantic-ai"},
    {Emitter::kPydanticAi, On::kKey, Match::kExact, "logfire.msg"},
    {Emitter::kPydanticAi, On::kKey, Match::kExact, "logfire.span_type"},
    {Emitter::kAdk, On::kScope, Match::kExact, "gcp.vertex.agent"},
    {Emitter::kStrands, On::kScope, Match::kExact, "strands-agents"},
    {Emitter::kStrands, On::kScope, Match::kExact, "strands.telemetry.tracer"},
    {Emitter::kMsAgent, On::kScope, Match::kExact, "agent_framework"},
    {Emitter::kMsAgent, On::kScope, Match::kPrefix, "microsoft.agent_framework"},
    {Emitter::kSemanticKernel, On::kScope, Match::kPrefix, "Microsoft.SemanticKernel"},
    {Emitter::kSemanticKernel, On::kScope, Match::kPrefix, "semantic_kernel"},
    {Emitter::kClaudeCode, On::kScope, Match::kExact, "com.anthropic.claude_code.events"},
    {Emitter::kClaudeCode, On::kSpanName, Match::kPrefix, "claude_code."},
    {Emitter::kCodex, On::kScope, Match::kExact, "codex_cli_rs"},
    {Emitter::kCodex, On::kScope, Match::kExact, "codex_exec"},
    {Emitter::kGeminiCli, On::kScope, Match::kExact, "gemini-cli"},
    {Emitter::kGeminiCli, On::kSpanName, Match::kPrefix, "gemini_cli."},
    {Emitter::kLiteLlm, On::kScope, Match::kExact, "litellm"},
    {Emitter::kLiteLlm, On::kKey, Match::kPrefix, "litellm."},
    {Emitter::kLiteLlm, On::kSpanName, Match::kExact, "litellm_request"},
    {Emitter::kLiteLlm, On::kSpanName, Match::kExact, "raw_gen_ai_request"},
    {Emitter::kLiteLlm, On::kSpanName, Match::kExact, "Received Proxy Server Request"},
    {Emitter::kCopilot, On::kScope, Match::kPrefix, "github.copilot"},
    {Emitter::kMastra, On::kScope, Match::kPrefix, "@mastra/"},
    {Emitter::kGenkit, On::kScope, Match::kExact, "genkit-tracer"},
    {Emitter::kLiveKit, On::kScope, Match::kExact, "livekit-agents"},
    {Emitter::kMcp, On::kScope, Match::kPrefix, "mcp."},
    {Emitter::kOtelGenAi, On::kKey, Match::kPrefix, "gen_ai."},
};

// Traceloop's Python instrumentations use the scope names of OpenTelemetry's own; only together
// with one of its attributes are they told apart. The `_v2` scopes are OpenTelemetry's.
constexpr std::string_view kSharedScopePrefix = "opentelemetry.instrumentation.";
constexpr Test kTraceloopKeys[] = {
    {Emitter::kTraceloop, On::kKey, Match::kPrefix, "traceloop."},
    {Emitter::kTraceloop, On::kKey, Match::kExact, "llm.request.type"},
    {Emitter::kTraceloop, On::kKey, Match::kExact, "gen_ai.usage.total_tokens"},
};
// Marks that half of that conjunction holds; beyond the bits of Emitter.
constexpr uint32_t kSharedScopeBit = 1u << 30;
constexpr uint32_t kTraceloopKeyBit = 1u << 31;
static_assert(kEmitterCount <= 30);

struct ValueTest {
  std::string_view key;
  std::string_view value;
  Emitter emitter;
};
constexpr ValueTest kValueTests[] = {
    // OpenLIT's scope can be misnamed after another library; this is on the span.
    {"telemetry.sdk.name", "openlit", Emitter::kOpenLit},
    {"service.name", "claude-code", Emitter::kClaudeCode},
};

struct FrameworkRow {
  std::string_view word;
  Emitter emitter;  // kAny: the word gives nobody away.
};
constexpr FrameworkRow kFrameworks[] = {
    {"strands-agents", Emitter::kStrands},
    {"gcp.vertex.agent", Emitter::kAdk},
    {"langchain", Emitter::kAny},
    {"crewai", Emitter::kAny},
    {"microsoft.agent_framework", Emitter::kMsAgent},
    {"pydantic-ai", Emitter::kPydanticAi},
    {"semantic-kernel", Emitter::kSemanticKernel},
    {"semantic_kernel", Emitter::kSemanticKernel},
    {"litellm", Emitter::kLiteLlm},
};

struct ConventionRow {
  Emitter emitter;
  std::string_view provider;  // Empty: any.
  UsageConvention convention;
};
constexpr ConventionRow kConventions[] = {
    {Emitter::kOpenLit, "anthropic", UsageConvention::kExclusive},
    {Emitter::kStrands, "anthropic", UsageConvention::kExclusive},
    {Emitter::kTraceloop, "aws.bedrock", UsageConvention::kExclusive},
    {Emitter::kClaudeCode, "", UsageConvention::kExclusive},
};

constexpr std::array<std::string_view, kEmitterCount> kNames = {
    "pitot_sdk", "langfuse",         "vercel_v7", "vercel",          "openinference",
    "traceloop", "anthropic_native", "langsmith", "openlit",         "pydantic_ai",
    "adk",       "strands",          "ms_agent",  "semantic_kernel", "claude_code",
    "codex",     "gemini_cli",       "litellm",   "github_copilot",  "mastra",
    "genkit",    "livekit",          "mcp",       "otel_genai",      "generic"};

bool Matches(const Test& test, std::string_view text) {
  return test.match == Match::kExact ? text == test.text : text.starts_with(test.text);
}

uint32_t BitsOf(On on, std::string_view text) {
  uint32_t bits = 0;
  for (const Test& test : kTests) {
    if (test.on == on && Matches(test, text)) bits |= Bit(test.emitter);
  }
  return bits;
}

}  // namespace

std::string_view Name(Emitter emitter) { return kNames[static_cast<size_t>(emitter)]; }

uint32_t EmittersOfScope(std::string_view scope_name) {
  uint32_t bits = BitsOf(On::kScope, scope_name);
  if (scope_name.starts_with(kSharedScopePrefix) && !scope_name.ends_with("_v2")) {
    bits |= kSharedScopeBit;
  }
  return bits;
}

uint32_t EmittersOfKey(std::string_view key) {
  uint32_t bits = BitsOf(On::kKey, key);
  for (const Test& test : kTraceloopKeys) {
    if (Matches(test, key)) bits |= kTraceloopKeyBit;
  }
  return bits;
}

uint32_t EmittersOfValue(std::string_view key, std::string_view value) {
  for (const ValueTest& test : kValueTests) {
    if (key == test.key && value == test.value) return Bit(test.emitter);
  }
  return 0;
}

uint32_t EmittersOfSpanName(std::string_view name) { return BitsOf(On::kSpanName, name); }

uint32_t FrameworkOf(std::string_view provider) {
  for (const FrameworkRow& row : kFrameworks) {
    if (provider == row.word) return row.emitter == Emitter::kAny ? 0 : Bit(row.emitter);
  }
  return 0;
}

bool IsFramework(std::string_view provider) {
  for (const FrameworkRow& row : kFrameworks) {
    if (provider == row.word) return true;
  }
  return false;
}

Emitter Detect(uint32_t scope_bits, uint32_t other_bits) {
  uint32_t bits = scope_bits | other_bits;
  if ((bits & kSharedScopeBit) != 0 && (bits & kTraceloopKeyBit) != 0) {
    bits |= Bit(Emitter::kTraceloop);
  }
  bits &= Bit(Emitter::kGeneric) - 1;
  if (bits == 0) return Emitter::kGeneric;
  return static_cast<Emitter>(std::countr_zero(bits));
}

UsageConvention KnownConvention(Emitter emitter, std::string_view provider) {
  for (const ConventionRow& row : kConventions) {
    if (row.emitter == emitter && (row.provider.empty() || row.provider == provider)) {
      return row.convention;
    }
  }
  return UsageConvention::kUnknown;
}

}  // namespace pitot
