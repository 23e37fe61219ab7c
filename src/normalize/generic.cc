// Sources: OpenTelemetry semantic conventions (service, deployment, user, enduser, session, error,
// exception, http, db, mcp); `pitot.*` is ours.
#include "normalize/generic.h"

namespace pitot {
namespace {

using enum Field;

constexpr Rule kRules[] = {
    // Who and what for.
    {"service.name", kService, 10},
    {"deployment.environment.name", kEnvironment, 10},
    {"deployment.environment", kEnvironment, 20},
    {"environment", kEnvironment, 800},
    {"service.version", kRelease, 10},
    {"release", kRelease, 800},
    {"feature", kFeature, 10},
    {"pitot.feature", kFeature, 20},
    {"workflow.name", kFeatureFallback, 50},
    {"workflow.name", kWorkflow, 40},
    {"pitot.workflow", kWorkflow, 5},
    {"workflow", kWorkflow, 50},
    {"pitot.user", kUserId, 15},
    {"user.id", kUserId, 20},
    {"enduser.id", kUserId, 30},
    {"user_id", kUserId, 80},
    {"enduser.pseudo.id", kUserId, 90},
    {"user.account_uuid", kUserId, 100},
    {"user.email", kUserId, 110},
    {"pitot.session", kSessionId, 15},
    {"session.id", kSessionId, 20},
    {"session_id", kSessionId, 80},
    {"conversation.id", kSessionId, 90},
    {"conversation_id", kSessionId, 90},
    {"pitot.agent", kAgent, 5},
    {"agent.name", kAgent, 20},
    {"agent_name", kAgent, 40},
    {"agent.id", kAgentId, 20},
    {"agent_id", kAgentId, 30},
    {"pitot.prompt", kPromptName, 5},
    {"prompt.name", kPromptName, 20},
    {"prompt_name", kPromptName, 90},
    {"pitot.prompt_version", kPromptVersion, 5},
    {"prompt.version", kPromptVersion, 20},
    {"prompt_version", kPromptVersion, 90},
    {"pitot.tags", kTags, 5},
    {"tag.tags", kTags, 30},
    {"tags", kTags, 90},
    // Calls and tools by plain names.
    {"model", kModelRequested, 900},
    {"model_name", kModelRequested, 900},
    {"finish_reason", kFinish, 900},
    {"stop_reason", kFinish, 910},
    {"ttft_ms", kTtft, 900, Unit::kMillis},
    {"cost_usd", kCost, 60, Unit::kUsd},
    {"cost_usd_micros", kCost, 65, Unit::kMicroUsd},
    {"tool.name", kToolName, 20},
    {"tool_name", kToolName, 50},
    {"function_name", kToolName, 60},
    {"tool.id", kToolCallId, 30},
    {"tool_call.id", kToolCallId, 40},
    {"tool_use_id", kToolCallId, 60},
    {"call_id", kToolCallId, 70},
    {"tool_arguments", kToolArguments, 50},
    {"tool.parameters", kToolArguments, 90},
    {"function_args", kToolArguments, 110},
    {"tool_input", kToolArguments, 130},
    {"tool_response", kToolResult, 50},
    {"tool.status", kToolStatus, 20},
    {"decision", kToolStatus, 30},
    {"success", kToolSuccess, 10},
    {"pitot.retry_count", kRetryCount, 5},
    {"retry_count", kRetryCount, 20},
    {"retry.count", kRetryCount, 20},
    {"http.request.resend_count", kRetryCount, 30},
    {"attempt", kRetryCount, 40, Unit::kAttempts},
    // MCP, databases, HTTP.
    {"mcp.method.name", kMcpMethod, 10},
    {"mcp.server.name", kMcpServer, 10},
    {"mcp.server", kMcpServer, 20},
    {"mcp_server_name", kMcpServer, 30},
    {"mcp.tool.name", kToolName, 100},
    {"db.system.name", kDbSystem, 10},
    {"db.system", kDbSystem, 20},
    {"http.response.status_code", kHttpStatus, 10},
    {"http.status_code", kHttpStatus, 20},
    {"status_code", kHttpStatus, 30},
    // Errors.
    {"error.type", kErrorType, 10},
    {"error_type", kErrorType, 30},
    {"exception.type", kExceptionType, 10},
    {"exception.message", kExceptionMessage, 10},
    {"error.message", kExceptionMessage, 20},
};

// The names of our kinds, and of those that are folded into them.
constexpr KindWord kKindWords[] = {
    {"agent", Kind::kAgent},         {"llm", Kind::kLlm},
    {"generation", Kind::kLlm},      {"tool", Kind::kTool},
    {"retriever", Kind::kRetriever}, {"embedding", Kind::kEmbedding},
    {"reranker", Kind::kReranker},   {"guardrail", Kind::kGuardrail},
    {"evaluator", Kind::kEvaluator}, {"chain", Kind::kChain},
    {"workflow", Kind::kChain},      {"task", Kind::kChain},
    {"prompt", Kind::kRetriever},    {"memory", Kind::kRetriever},
    {"speech", Kind::kLlm},          {"mcp", Kind::kTool},
};

}  // namespace

const Dialect kGenericDialect = {"generic", kRules, kKindWords, {}};

}  // namespace pitot
