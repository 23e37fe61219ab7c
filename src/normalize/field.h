// normalize/field.h
//
// The canonical fields that attributes can fill, and how the value of each is read. What fills them
// is a matter of the dialects' tables (dialect.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace pitot {

enum class Field : uint8_t {
  kService,
  kEnvironment,
  kRelease,
  kFeature,
  kFeatureFallback,
  kWorkflow,
  kUserId,
  kSessionId,
  kAgent,
  kAgentId,
  kPromptName,
  kPromptVersion,
  kProvider,
  kModelRequested,
  kModelResponded,
  kResponseId,
  kServiceTier,
  kToolName,
  kToolCallId,
  kMcpServer,
  kOperation,
  kMcpMethod,
  kDbSystem,
  kErrorType,
  kExceptionType,
  kExceptionMessage,
  kToolStatus,
  kKindWord,
  kHttpStatus,
  kRetryCount,
  kMaxTokens,
  kInputTokens,
  kOutputTokens,
  kTotalTokens,
  kUncachedTokens,
  kCacheRead,
  kCacheWrite,
  kCacheWrite5m,
  kCacheWrite1h,
  kReasoningTokens,
  kInputAudio,
  kInputImage,
  kCachedAudio,
  kCachedImage,
  kOutputAudio,
  kOutputImage,
  kWebSearches,
  kFileSearches,
  kTemperature,
  kTtft,
  kCost,
  kCostInput,
  kCostOutput,
  kStreaming,
  kToolSuccess,
  kRunning,  // Announced, not ended.
  kFinish,
  kFinishWord,     // In our own words (model/kinds.h).
  kErrorCategory,  // The same.
  kTags,
  kInputMessages,
  kOutputMessages,
  kSystem,
  kToolDefinitions,
  kReasoning,
  kToolArguments,
  kToolResult,
  kMarker,  // Fills nothing; its presence helps to tell emitter or kind.
  kEnd,
};
inline constexpr size_t kFields = static_cast<size_t>(Field::kEnd);

enum class FieldForm : uint8_t {
  kText,
  kProvider,  // Text, but the name of a framework is not a provider.
  kKindWord,  // Text that a table of kinds knows.
  kCount,
  kNumber,
  kBool,
  kList,
  kContent,
  kMarker,
};

enum FieldTrait : uint8_t {
  // A resource or scope may give it for all its spans.
  kShared = 1,
  // The attribute stays among the span's attributes as well: usage as reported, and fields that are
  // read but have no place of their own.
  kKept = 2,
};

struct FieldRow {
  Field field;
  FieldForm form;
  uint8_t traits;
};

inline constexpr FieldRow kFieldRows[] = {
    {Field::kService, FieldForm::kText, kShared},
    {Field::kEnvironment, FieldForm::kText, kShared},
    {Field::kRelease, FieldForm::kText, kShared},
    {Field::kFeature, FieldForm::kText, kShared},
    {Field::kFeatureFallback, FieldForm::kText, kShared | kKept},
    {Field::kWorkflow, FieldForm::kText, kShared},
    {Field::kUserId, FieldForm::kText, kShared},
    {Field::kSessionId, FieldForm::kText, kShared},
    {Field::kAgent, FieldForm::kText, kShared},
    {Field::kAgentId, FieldForm::kText, kShared},
    {Field::kPromptName, FieldForm::kText, kShared},
    {Field::kPromptVersion, FieldForm::kText, kShared},
    {Field::kProvider, FieldForm::kProvider, kShared},
    {Field::kModelRequested, FieldForm::kText, 0},
    {Field::kModelResponded, FieldForm::kText, 0},
    {Field::kResponseId, FieldForm::kText, 0},
    {Field::kServiceTier, FieldForm::kText, 0},
    {Field::kToolName, FieldForm::kText, 0},
    {Field::kToolCallId, FieldForm::kText, 0},
    {Field::kMcpServer, FieldForm::kText, kShared},
    {Field::kOperation, FieldForm::kText, 0},
    {Field::kMcpMethod, FieldForm::kText, kKept},
    {Field::kDbSystem, FieldForm::kText, kKept},
    {Field::kErrorType, FieldForm::kText, 0},
    {Field::kExceptionType, FieldForm::kText, kKept},
    {Field::kExceptionMessage, FieldForm::kText, kKept},
    {Field::kToolStatus, FieldForm::kText, kKept},
    {Field::kKindWord, FieldForm::kKindWord, kKept},
    {Field::kHttpStatus, FieldForm::kCount, kKept},
    {Field::kRetryCount, FieldForm::kCount, kKept},
    {Field::kMaxTokens, FieldForm::kCount, 0},
    {Field::kInputTokens, FieldForm::kCount, kKept},
    {Field::kOutputTokens, FieldForm::kCount, kKept},
    {Field::kTotalTokens, FieldForm::kCount, kKept},
    {Field::kUncachedTokens, FieldForm::kCount, kKept},
    {Field::kCacheRead, FieldForm::kCount, kKept},
    {Field::kCacheWrite, FieldForm::kCount, kKept},
    {Field::kCacheWrite5m, FieldForm::kCount, kKept},
    {Field::kCacheWrite1h, FieldForm::kCount, kKept},
    {Field::kReasoningTokens, FieldForm::kCount, kKept},
    {Field::kInputAudio, FieldForm::kCount, kKept},
    {Field::kInputImage, FieldForm::kCount, kKept},
    {Field::kCachedAudio, FieldForm::kCount, kKept},
    {Field::kCachedImage, FieldForm::kCount, kKept},
    {Field::kOutputAudio, FieldForm::kCount, kKept},
    {Field::kOutputImage, FieldForm::kCount, kKept},
    {Field::kWebSearches, FieldForm::kCount, kKept},
    {Field::kFileSearches, FieldForm::kCount, kKept},
    {Field::kTemperature, FieldForm::kNumber, 0},
    {Field::kTtft, FieldForm::kNumber, kKept},
    {Field::kCost, FieldForm::kNumber, kKept},
    {Field::kCostInput, FieldForm::kNumber, kKept},
    {Field::kCostOutput, FieldForm::kNumber, kKept},
    {Field::kStreaming, FieldForm::kBool, 0},
    {Field::kToolSuccess, FieldForm::kBool, kKept},
    {Field::kRunning, FieldForm::kBool, 0},
    {Field::kFinish, FieldForm::kList, 0},
    {Field::kFinishWord, FieldForm::kText, kKept},
    {Field::kErrorCategory, FieldForm::kText, kKept},
    {Field::kTags, FieldForm::kList, kShared},
    {Field::kInputMessages, FieldForm::kContent, 0},
    {Field::kOutputMessages, FieldForm::kContent, 0},
    {Field::kSystem, FieldForm::kContent, 0},
    {Field::kToolDefinitions, FieldForm::kContent, 0},
    {Field::kReasoning, FieldForm::kContent, 0},
    {Field::kToolArguments, FieldForm::kContent, 0},
    {Field::kToolResult, FieldForm::kContent, 0},
    {Field::kMarker, FieldForm::kMarker, kKept},
};

constexpr bool FieldRowsInOrder() {
  for (size_t i = 0; i < kFields; ++i) {
    if (kFieldRows[i].field != static_cast<Field>(i)) return false;
  }
  return std::size(kFieldRows) == kFields;
}
static_assert(FieldRowsInOrder(), "one row a field, in enum order");

inline const FieldRow& RowOf(Field field) { return kFieldRows[static_cast<size_t>(field)]; }

}  // namespace pitot
