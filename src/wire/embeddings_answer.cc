// Embeddings of OpenAI and Gemini: what they used. The vectors are not read.
#include "wire/answer.h"
#include "wire/json_read.h"
#include "wire/usage_reader.h"

namespace pitot {
namespace {

class EmbeddingsAnswer final : public AnswerReader {
 public:
  explicit EmbeddingsAnswer(AnswerState& state) : state_(state) {}

  void TakeFrame(std::string_view, std::string_view) override {}
  void TakeMember(std::string_view key, std::string_view raw, bool cut) override {
    WireResult& result = state_.result;
    if (cut) return;
    if (key == "model") result.model = Text(raw);
    if (key == "usage" && IsObject(raw)) {
      ReadOpenAiUsage(raw, result);
      // Some give a total only: it is all input.
      if ((result.usage_flags & kUsageTotalOnly) != 0) {
        result.usage[UsageBucket::kInput] = result.raw_total_tokens.value_or(0);
        result.usage_flags = 0;
      }
    }
    if (key == "usageMetadata" && IsObject(raw)) {
      gemini_.Read(raw);
      gemini_.Write(result);
      result.usage_json = raw;
    }
    if (key == "error" && !IsNull(raw)) ReadError(Dialect::kOpenAi, 200, raw, result.error);
    result.usage_final = result.has_usage;
  }
  void Finish() override {}

 private:
  AnswerState& state_;
  GeminiUsage gemini_;
};

}  // namespace

std::unique_ptr<AnswerReader> NewEmbeddingsAnswer(AnswerState& state) {
  return std::make_unique<EmbeddingsAnswer>(state);
}

}  // namespace pitot
