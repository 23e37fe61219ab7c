#include "wire/response.h"

#include <algorithm>
#include <utility>

#include "wire/answer.h"
#include "wire/json_read.h"
#include "wire/json_splitter.h"
#include "wire/sse_splitter.h"

namespace pitot {
namespace {

// An event or member at least this large is read, however little content is to be kept.
constexpr size_t kValueBytesMin = size_t{1} << 20;
// Bodies of errors are short; of a page that a proxy made up, the beginning tells enough.
constexpr size_t kErrorBytesMax = 64 << 10;
constexpr size_t kErrorMessageMax = 2000;

Dialect DialectOf(WireApi api) {
  switch (api) {
    case WireApi::kAnthropicMessages:
      return Dialect::kAnthropic;
    case WireApi::kGeminiGenerate:
    case WireApi::kGeminiEmbed:
      return Dialect::kGemini;
    default:
      return Dialect::kOpenAi;
  }
}

class IgnoredAnswer final : public AnswerReader {
 public:
  void TakeFrame(std::string_view, std::string_view) override {}
  void TakeMember(std::string_view, std::string_view, bool) override {}
  void Finish() override {}
};

std::unique_ptr<AnswerReader> NewAnswer(WireApi api, AnswerState& state) {
  switch (api) {
    case WireApi::kAnthropicMessages:
      return NewAnthropicAnswer(state);
    case WireApi::kOpenAiChat:
    case WireApi::kOpenAiCompletions:
      return NewChatAnswer(state);
    case WireApi::kOpenAiResponses:
      return NewResponsesAnswer(state);
    case WireApi::kGeminiGenerate:
      return NewGeminiAnswer(state);
    case WireApi::kOpenAiEmbeddings:
    case WireApi::kGeminiEmbed:
      return NewEmbeddingsAnswer(state);
    default:
      return std::make_unique<IgnoredAnswer>();
  }
}

}  // namespace

void AnswerState::Add(std::string_view inside, std::string* out) {
  if (inside.empty()) return;
  meaningful = true;
  result.output_bytes += UnescapedBytes(inside);
  if (out != nullptr) Keep(inside, out);
}

bool AnswerState::Keep(std::string_view raw, std::string* out) {
  if (!want_content) return false;
  if (captured + static_cast<int64_t>(raw.size()) > capture_bytes) {
    result.capture_cut = true;
    return false;
  }
  captured += static_cast<int64_t>(raw.size());
  *out += raw;
  return true;
}

// Errors come as {"error":{...}} (all), {"type":"error","error":{...}} (Anthropic),
// {"error":"text"}, {"message":...,"type":...,"code":...} (vLLM, Responses' error event),
// {"detail":"text"} and, around any of them, an array (Gemini without SSE).
void ReadError(Dialect dialect, int status, std::string_view raw, WireError& error) {
  if (IsArray(raw)) {
    VisitArray(raw, [&](std::string_view element) {
      if (!error.any()) ReadError(dialect, status, element, error);
    });
    return;
  }
  std::string_view inner = Member(raw, "error");
  if (!IsObject(inner) && !IsString(inner)) inner = raw;
  if (IsString(inner)) error.message = Text(inner);
  std::string_view code;
  VisitObject(inner, [&](std::string_view key, std::string_view value) {
    if (key == "type" && IsString(value) && Inside(value) != "error") error.type = Text(value);
    if (key == "status" && IsString(value) && error.type.empty()) error.type = Text(value);
    if (key == "message" || key == "detail")
      error.message = IsString(value) ? Text(value) : std::string(value);
    if (key == "code" && !IsNull(value)) code = value;
    if (key != "details") return;
    if (IsObject(value)) error.code = Text(Member(value, "error_code"));
    VisitArray(value, [&](std::string_view element) {
      if (const auto reason = Member(element, "reason"); IsString(reason))
        error.code = Text(reason);
    });
  });
  if (error.code.empty()) error.code = IsString(code) ? Text(code) : std::string(code);
  // In the middle of a stream the status is the envelope's own.
  int told = status;
  if (const auto number = Whole(code); number && *number >= 400 && *number < 600) {
    told = static_cast<int>(*number);
  }
  if (error.message.size() > kErrorMessageMax) error.message.resize(kErrorMessageMax);
  error.category = CategoryOf(dialect, told, error.type, error.code, error.message);
  if (!error.any()) error.category = ErrorCategory::kUnknown;
}

class ResponseReader::Impl {
 public:
  Impl(WireApi api, const Options& options)
      : options_(options),
        dialect_(DialectOf(api)),
        sse_(std::max(static_cast<size_t>(options.capture_bytes), kValueBytesMin)),
        json_(std::max(static_cast<size_t>(options.want_content ? options.capture_bytes : 0),
                       kValueBytesMin)) {
    state_.want_content = options.want_content;
    state_.capture_bytes = options.capture_bytes;
    state_.cache_ttl = options.cache_ttl;
    answer_ = NewAnswer(api, state_);
  }

  void Put(std::string_view bytes) {
    if (finished_) return;
    if (options_.status >= 400) {
      error_body_ += bytes.substr(0, kErrorBytesMax - std::min(kErrorBytesMax, error_body_.size()));
    } else if (Form(bytes) == BodyForm::kEvents) {
      sse_.Put(bytes, [this](std::string_view event, std::string_view data) {
        answer_->TakeFrame(event, data);
      });
    } else {
      json_.Put(bytes, [this](const JsonSplitter::Value& value) { TakeValue(value); });
    }
  }

  void Finish() {
    if (finished_) return;
    finished_ = true;
    WireResult& result = state_.result;
    if (options_.status >= 400) {
      FinishError();
    } else if (form_ == BodyForm::kEvents) {
      sse_.Finish([this](std::string_view event, std::string_view data) {
        if (data.starts_with("[DONE]") || IsJson(data)) answer_->TakeFrame(event, data);
      });
      if (sse_.cut()) result.capture_cut = true;
    } else {
      json_.Finish([this](const JsonSplitter::Value& value) { TakeValue(value); });
      if (!json_.is_array() && json_.complete()) {
        result.terminal = true;
        state_.meaningful = true;
      }
    }
    answer_->Finish();
  }

  AnswerState& state() { return state_; }
  const AnswerState& state() const { return state_; }

 private:
  enum class BodyForm : uint8_t { kUnknown, kEvents, kJson };

  // Told by the first byte that is no white space (some send empty lines to keep a connection alive):
  // not every server that was asked for a stream sends one.
  BodyForm Form(std::string_view& bytes) {
    if (form_ != BodyForm::kUnknown) return form_;
    const size_t begin = bytes.find_first_not_of(" \t\r\n");
    bytes.remove_prefix(std::min(begin, bytes.size()));
    if (bytes.empty()) return form_;
    const char c = bytes[0];
    const bool mark = c == '\xEF';  // Of byte order: either may begin so.
    const bool json = c == '{' || c == '[' || (mark && !(options_.streamed && options_.sse));
    return form_ = json ? BodyForm::kJson : BodyForm::kEvents;
  }

  void TakeValue(const JsonSplitter::Value& value) {
    if (!value.key.empty() || !json_.is_array()) {
      answer_->TakeMember(value.key, value.text, value.cut);
    } else if (!value.cut) {
      answer_->TakeFrame({}, value.text);
    } else {
      state_.result.capture_cut |= json_.complete();
    }
  }

  void FinishError() {
    WireError& error = state_.result.error;
    std::string_view body = error_body_;
    while (!body.empty() && (body.back() == '\n' || body.back() == ' ')) body.remove_suffix(1);
    if (IsJson(body)) {
      ReadError(dialect_, options_.status, body, error);
      state_.result.terminal = true;
      return;
    }
    error.message = body.substr(0, kErrorMessageMax);
    error.category = CategoryOf(dialect_, options_.status, "", "", error.message);
  }

  const Options options_;
  const Dialect dialect_;
  AnswerState state_;
  std::unique_ptr<AnswerReader> answer_;
  SseSplitter sse_;
  JsonSplitter json_;
  std::string error_body_;
  BodyForm form_ = BodyForm::kUnknown;
  bool finished_ = false;
};

ResponseReader::ResponseReader(WireApi api, Options options)
    : impl_(std::make_unique<Impl>(api, options)) {}
ResponseReader::~ResponseReader() = default;
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;

void ResponseReader::Put(std::string_view bytes) { impl_->Put(bytes); }
void ResponseReader::Finish() { impl_->Finish(); }
const WireResult& ResponseReader::result() const { return impl_->state().result; }
WireResult ResponseReader::Take() { return std::move(impl_->state().result); }
bool ResponseReader::meaningful() const { return impl_->state().meaningful; }

}  // namespace pitot
