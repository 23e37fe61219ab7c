#include "normalize/words.h"

#include <gtest/gtest.h>

#include "normalize/dialect.h"
#include "normalize/emitter.h"
#include "normalize/kind.h"
#include "normalize/value.h"

namespace pitot {
namespace {

AttrValue Text(std::string_view text) {
  AttrValue value;
  value.type = AttrType::kString;
  value.text = text;
  return value;
}

TEST(Words, Providers) {
  Arena arena;
  const auto is = [&](std::string_view word, std::string_view want) {
    EXPECT_EQ(CanonicalProvider(word, arena), want) << word;
  };
  is("openai", "openai");
  is("OpenAI", "openai");
  is("az.ai.openai", "azure.ai.openai");
  is("azure", "azure.ai.openai");
  is("azure_ai", "azure.ai.inference");
  is("anthropic.messages", "anthropic");
  is("google", "gcp.gemini");
  is("google.vertex.chat", "gcp.vertex_ai");
  is("amazon-bedrock", "aws.bedrock");
  is("xai", "x_ai");
  is("Acme", "acme");
  EXPECT_EQ(ProviderOfModel("claude-haiku-4-5"), "anthropic");
  EXPECT_EQ(ProviderOfModel("gpt-4o"), "openai");
  EXPECT_EQ(ProviderOfModel("acme-1"), "");
}

TEST(Words, FinishReasons) {
  const auto is = [](std::string_view word, FinishReason want) {
    EXPECT_EQ(FinishReasonOf(word), want) << word;
  };
  is("", FinishReason::kNone);
  is("stop", FinishReason::kStop);
  is("STOP", FinishReason::kStop);
  is("endTurn", FinishReason::kStop);
  is("MAX_TOKENS", FinishReason::kLength);
  is("tool-calls", FinishReason::kToolUse);
  is("toolUse", FinishReason::kToolUse);
  is("SAFETY", FinishReason::kContentFilter);
  is("content-filter", FinishReason::kContentFilter);
  is("refusal", FinishReason::kRefusal);
  is("failed", FinishReason::kError);
  is("aborted", FinishReason::kCancelled);
  is("pause_turn", FinishReason::kOther);
  is(std::string(100, 'x'), FinishReason::kOther);
}

TEST(Words, ErrorCategories) {
  const auto is = [](const ErrorClues& clues, ErrorCategory want) {
    EXPECT_EQ(Name(ErrorCategoryOf(clues)), Name(want))
        << clues.error_type << " " << clues.exception_type << " " << clues.http_status << " "
        << clues.message;
  };
  is({.error_type = "context_length_exceeded"}, ErrorCategory::kContextLength);
  is({.error_type = "invalid_request_error", .message = "maximum context length is 8192"},
     ErrorCategory::kContextLength);
  is({.error_type = "RateLimitError"}, ErrorCategory::kRateLimit);
  is({.error_type = "429"}, ErrorCategory::kRateLimit);
  is({.error_type = "insufficient_quota"}, ErrorCategory::kQuota);
  is({.error_type = "overloaded_error"}, ErrorCategory::kOverloaded);
  is({.http_status = 529}, ErrorCategory::kOverloaded);
  is({.error_type = "content_filter"}, ErrorCategory::kContentFilter);
  is({.error_type = "openai.AuthenticationError"}, ErrorCategory::kAuth);
  is({.http_status = 403}, ErrorCategory::kAuth);
  is({.error_type = "java.net.SocketTimeoutException"}, ErrorCategory::kTimeout);
  is({.exception_type = "asyncio.exceptions.CancelledError"}, ErrorCategory::kCancelled);
  is({.exception_type = "json.decoder.JSONDecodeError"}, ErrorCategory::kParse);
  is({.exception_type = "pydantic.ValidationError"}, ErrorCategory::kInvalidArgs);
  is({.exception_type = "ConnectionResetError"}, ErrorCategory::kNetwork);
  is({.error_type = "500"}, ErrorCategory::kInternal);
  is({.error_type = "500", .message = "request timed out"}, ErrorCategory::kTimeout);
  is({.error_type = "ToolExecutionError"}, ErrorCategory::kTool);
  is({.error_type = "invalid_args", .exception_type = "ToolError"}, ErrorCategory::kInvalidArgs);
  is({.exception_type = "ToolError", .message = "search: arguments do not match the schema"},
     ErrorCategory::kInvalidArgs);
  is({.exception_type = "ToolError", .message = "it broke"}, ErrorCategory::kTool);
  is({.message = "it broke"}, ErrorCategory::kUnknown);
  is({}, ErrorCategory::kUnknown);
}

TEST(Words, ToolStatuses) {
  EXPECT_EQ(ToolStatusOf("OK"), ToolStatus::kSuccess);
  EXPECT_EQ(ToolStatusOf("rate-limited"), ToolStatus::kRateLimited);
  EXPECT_EQ(ToolStatusOf("Invalid Args"), ToolStatus::kInvalidArgs);
  EXPECT_EQ(ToolStatusOf("reject"), ToolStatus::kBlocked);
  EXPECT_EQ(ToolStatusOf("accept"), std::nullopt);
  EXPECT_EQ(ToolStatusOf(""), std::nullopt);
}

TEST(Value, Counts) {
  const auto is = [](const AttrValue& value, std::optional<int64_t> want) {
    EXPECT_EQ(AsCount(value), want) << value.text << " " << value.integer << " " << value.number;
  };
  AttrValue number;
  number.type = AttrType::kDouble;
  for (const auto& [given, want] :
       std::initializer_list<std::pair<double, std::optional<int64_t>>>{{2.0, 2},
                                                                        {2.5, std::nullopt},
                                                                        {-1.0, std::nullopt},
                                                                        {0.0 / 0.0, std::nullopt},
                                                                        {1e300, INT64_MAX}}) {
    number.number = given;
    is(number, want);
  }
  AttrValue integer;
  integer.type = AttrType::kInt;
  integer.integer = -1;
  is(integer, std::nullopt);
  integer.integer = 7;
  is(integer, 7);
  is(Text("130"), 130);
  is(Text(" 130 "), 130);
  is(Text("1e3"), 1000);
  is(Text("130 tokens"), std::nullopt);
  is(Text("nan"), std::nullopt);
  is(Text(""), std::nullopt);
}

TEST(Value, ListsInThreeForms) {
  Arena arena;
  const auto is = [&](std::string_view text, std::vector<std::string_view> want) {
    std::vector<std::string_view> got;
    AppendList(Text(text), arena, got);
    EXPECT_EQ(got, want) << text;
  };
  is(R"(["a","b\u0041"])", {"a", "bA"});
  is("a, b,,c ", {"a", "b", "c"});
  is("stop", {"stop"});
  is("[broken", {"[broken"});
  is(R"([1,null,""])", {"1"});
}

TEST(Value, Placeholders) {
  for (const std::string_view word :
       {"", "{}", "null", "<REDACTED>", "[REDACTED]", "N/A", "<not specified>",
        "<not serializable>", "no-model", "Unknown"}) {
    EXPECT_TRUE(IsAbsent(Text(word))) << word;
  }
  for (const std::string_view word : {"none of it", "0", "false", "{\"a\":1}", "unknown model x"}) {
    EXPECT_FALSE(IsAbsent(Text(word))) << word;
  }
}

TEST(Kind, Evidence) {
  const auto is = [](const KindClues& clues, Kind want) {
    EXPECT_EQ(Name(DetectKind(clues)), Name(want));
  };
  is({}, Kind::kSpan);
  is({.kind_word = "http", .word = Kind::kLlm}, Kind::kSpan);
  is({.kind_word = "speech"}, Kind::kLlm);
  is({.kind_word = "nonsense", .word = Kind::kAgent}, Kind::kAgent);
  is({.mcp_method = "tools/call"}, Kind::kTool);
  is({.mcp_method = "resources/read"}, Kind::kRetriever);
  is({.has_tool = true}, Kind::kTool);
  is({.has_tool = true, .has_usage = true, .has_model = true}, Kind::kLlm);
  is({.db_system = "qdrant"}, Kind::kRetriever);
  is({.db_system = "postgresql"}, Kind::kSpan);
  is({.has_model = true}, Kind::kSpan);
  is({.has_model = true, .has_messages = true}, Kind::kLlm);
  is({.has_guard_attribute = true}, Kind::kGuardrail);
  EXPECT_EQ(KindOfWord("search_memory"), Kind::kRetriever);
  EXPECT_EQ(KindOfWord("span"), std::nullopt);
}

TEST(Emitter, Detection) {
  const auto is = [](std::string_view scope, std::string_view key, Emitter want) {
    EXPECT_EQ(Name(Detect(EmittersOfScope(scope), EmittersOfKey(key))), Name(want))
        << scope << " " << key;
  };
  is("langfuse-sdk", "gen_ai.request.model", Emitter::kLangfuse);
  is("ai", "", Emitter::kVercel);
  is("x", "ai.operationId", Emitter::kVercel);
  is("@arizeai/openinference-instrumentation-openai", "", Emitter::kOpenInference);
  is("opentelemetry.instrumentation.openai", "traceloop.entity.name", Emitter::kTraceloop);
  is("opentelemetry.instrumentation.openai", "gen_ai.request.model", Emitter::kOtelGenAi);
  is("opentelemetry.instrumentation.openai_v2", "llm.request.type", Emitter::kGeneric);
  is("my.lib", "traceloop.entity.name", Emitter::kGeneric);
  is("com.anthropic.sdk.typescript", "gen_ai.request.model", Emitter::kAnthropicNative);
  is("my.lib", "http.method", Emitter::kGeneric);
}

// Tables that contradict themselves would make the outcome depend on their order.
TEST(Dialects, TablesAreSound) {
  for (const Dialect* dialect : Dialects()) {
    for (const Rule& rule : dialect->rules) {
      EXPECT_LT(rule.rank, kRankSource) << rule.key;
      const KeyEntry* const entry = FindKey(rule.key);
      ASSERT_NE(entry, nullptr) << rule.key;
      int same = 0;
      for (const Rule& other : entry->rules) same += other.field == rule.field ? 1 : 0;
      EXPECT_EQ(same, 1) << rule.key << " fills one field twice";
    }
    for (const KindWord& row : dialect->kind_words) {
      ASSERT_NE(FindKindWord(row.word), nullptr);
      EXPECT_EQ(*FindKindWord(row.word), row.kind) << row.word << " means two kinds";
    }
  }
}

}  // namespace
}  // namespace pitot
