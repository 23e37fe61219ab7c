#include "sdk/llm/llm_call.h"

#include <poll.h>

#include <algorithm>
#include <thread>

#include "pitot/cost_ledger.h"
#include "sdk/base/clock.h"
#include "sdk/base/random.h"
#include "sdk/llm/call_content.h"
#include "sdk/llm/endpoint.h"
#include "wire/estimate.h"

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::milliseconds;
using Error = HttpOutcome::Error;

ErrorCategory CategoryOf(Error error) {
  switch (error) {
    case Error::kNone:
      return ErrorCategory::kNone;
    case Error::kUrl:
      return ErrorCategory::kInvalidArgs;
    case Error::kTimeout:
      return ErrorCategory::kTimeout;
    case Error::kAborted:
      return ErrorCategory::kCancelled;
    case Error::kProtocol:
    case Error::kTooLarge:
      return ErrorCategory::kParse;
    default:
      return ErrorCategory::kNetwork;
  }
}

std::string_view RequestId(const HttpOutcome& http) {
  const std::string_view id = http.header("request-id");
  return id.empty() ? http.header("x-request-id") : id;
}

}  // namespace

Context LlmCall::ContextOf(const LlmCaller& caller, const LlmCaller::Work& work) {
  return Context::current().with_tags(merged(caller.options_.tags, work.call.tags));
}

LlmCall::LlmCall(LlmCaller& caller, const LlmCaller::Work& work)
    : caller_(caller),
      work_(work),
      options_(caller.options_),
      timeout_(work.call.timeout.value_or(caller.options_.timeout)),
      request_(ReadRequest(work.api, work.body, false)) {
  const Context context = ContextOf(caller, work);
  metrics_.provider = options_.provider;
  metrics_.model_requested = request_.model;
  metrics_.tags = context.tags();
  metrics_.streaming = work.handlers != nullptr || request_.streamed;
  // Never current: spans that handlers open belong to the caller's own span.
  span_ = open_span_under(
      context, request_.model.empty() ? std::string("chat") : "chat " + request_.model, Kind::kLlm);
  if (caller.idempotency_key_) {
    idempotency_key_ = "pitot-retry-" + Context(NewTraceId(), NewSpanId(), false).trace_id_hex();
  }
  if (work.call.stop.stop_possible()) {
    cancel_.emplace();
    on_stop_.emplace(work.call.stop, Canceller{&*cancel_});
  }
}

void LlmCall::DescribeRequest() {
  if (!span_.recording()) return;
  span_.set("gen_ai.provider.name", metrics_.provider);
  span_.set("gen_ai.request.model", metrics_.model_requested);
  span_.set("gen_ai.request.stream", metrics_.streaming);
  if (request_.max_tokens) span_.set("gen_ai.request.max_tokens", *request_.max_tokens);
  if (request_.temperature) span_.set("gen_ai.request.temperature", *request_.temperature);
  if (options_.capture_content) SetRequestContent(work_.body, request_, span_);
}

void LlmCall::Admit() {
  if (options_.recorders.ledger == nullptr) return;
  try {
    options_.recorders.ledger->admit();
  } catch (const BudgetExceeded& refusal) {
    span_.fail("pitot::BudgetExceeded", refusal.what(), ErrorCategory::kQuota);
    throw;
  }
}

LlmReply LlmCall::Run() {
  DescribeRequest();
  Admit();
  Attempt attempt;
  for (int made = 1;; ++made) {
    attempt = MakeAttempt(made);
    if (attempt.ok || attempt.thrown != nullptr) break;
    const RetryDecision decision =
        DecideRetry(options_, attempt.failure, made, Left(), RandomBits());
    give_up_ = decision.why;
    if (!decision.retry) break;
    if (!Sleep(decision.wait)) {
      Fail(attempt, ErrorCategory::kCancelled, "cancelled", "the caller ended the call");
      break;
    }
    ++metrics_.retries;
  }
  Measure(attempt);
  record_llm_call(metrics_, options_.recorders, &span_);
  const Context context = span_.context();
  span_.end();
  if (attempt.thrown != nullptr) std::rethrow_exception(attempt.thrown);
  if (!attempt.ok) {
    const std::string text = ErrorText(attempt);
    throw LlmError(text, std::move(metrics_));
  }
  if (metrics_.cut_off()) caller_.length_warning_.Tell(metrics_, Steady::now());
  LlmReply reply = MakeReply(std::move(attempt.result));
  reply.body = std::move(attempt.http.body);
  reply.request_id = RequestId(attempt.http);
  reply.metrics = std::move(metrics_);
  reply.context = context;
  return reply;
}

HeaderList LlmCall::Headers(int number) const {
  HeaderList headers = caller_.headers_;
  if (!idempotency_key_.empty()) headers.emplace_back("idempotency-key", idempotency_key_);
  // As the providers' own clients say it; a gateway then does not multiply attempts.
  if (number > 1) headers.emplace_back("x-stainless-retry-count", std::to_string(number - 1));
  AppendTraceHeaders(span_.context(), caller_.base_, options_.gateway_headers, headers);
  if (options_.gateway_headers) AppendTagHeaders(metrics_.tags, headers);
  Overlay(work_.call.headers, headers);
  return headers;
}

milliseconds LlmCall::Left() const {
  return timeout_ - std::chrono::duration_cast<milliseconds>(Steady::now() - begin_);
}

bool LlmCall::Sleep(milliseconds time) const {
  if (!cancel_) {
    std::this_thread::sleep_for(time);
    return true;
  }
  const Steady::time_point until = Steady::now() + time;
  while (!cancel_->cancelled()) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - Steady::now());
    if (left.count() <= 0) return true;
    pollfd fd = {cancel_->fd(), POLLIN, 0};
    // A token without a file descriptor is looked at now and then.
    const milliseconds wait = cancel_->fd() < 0 ? std::min(left, milliseconds(50)) : left;
    ::poll(&fd, 1, static_cast<int>(wait.count()));
  }
  return false;
}

void LlmCall::Receive(std::string_view bytes, ResponseReader& reader, StreamPieces& pieces) {
  reader.Put(bytes);
  if (!metrics_.ttft && reader.meaningful()) metrics_.ttft = Steady::now() - begin_;
  pieces.Put(bytes);
  enough_ = reader.result().terminal;
}

HttpOutcome LlmCall::Send(int number, const HttpClient::OnBody& on_body) {
  const HttpRequest request = {.method = "POST",
                               .url = JoinUrl(options_.base_url, work_.path),
                               .headers = Headers(number),
                               .body = work_.body,
                               .cancel = cancel_ ? &*cancel_ : nullptr,
                               .enough = &enough_};
  const HttpLimits limits = {.connect = options_.connect_timeout,
                             .total = std::max(Left(), milliseconds(1)),
                             .idle = options_.idle_timeout,
                             .response_bytes_max = options_.response_bytes_max};
  return caller_.http_.Call(request, limits, on_body);
}

WireResult LlmCall::ReadWhole(const HttpOutcome& http) const {
  // Whatever is no success is read as an error, a redirect too.
  const bool success = http.status / 100 == 2;
  ResponseReader reader(work_.api, ReaderOptions(success ? 200 : std::max(http.status, 400)));
  reader.Put(http.body);
  reader.Finish();
  return reader.Take();
}

ResponseReader::Options LlmCall::ReaderOptions(int status) const {
  return {.streamed = metrics_.streaming,
          .status = status,
          .capture_bytes = static_cast<int64_t>(options_.response_bytes_max),
          .cache_ttl = request_.cache_ttl};
}

LlmCall::Attempt LlmCall::MakeAttempt(int number) {
  Attempt attempt;
  ResponseReader reader(work_.api, ReaderOptions(200));
  StreamPieces pieces(work_.api, work_.handlers);
  metrics_.ttft.reset();
  enough_ = false;
  try {
    HttpClient::OnBody on_body;
    if (metrics_.streaming) {
      on_body = [&](std::string_view bytes) {
        Receive(bytes, reader, pieces);
        return true;
      };
    }
    attempt.http = Send(number, on_body);
    if (attempt.http.ok()) pieces.Finish();
  } catch (...) {
    attempt.thrown = std::current_exception();
    attempt.http.status = 200;  // Of others, no handler is told.
  }
  const bool success = attempt.http.status / 100 == 2;
  attempt.failure.content_came =
      success && (metrics_.streaming ? reader.meaningful() : !attempt.http.body.empty());
  attempt.failure.delivered = pieces.delivered();
  if (metrics_.streaming && success) {
    reader.Finish();
    attempt.result = reader.Take();
  } else if (attempt.http.status != 0) {
    attempt.result = ReadWhole(attempt.http);
  }
  Judge(attempt);
  if (attempt.ok) GiveWhole(attempt, pieces);
  return attempt;
}

void LlmCall::GiveWhole(Attempt& attempt, StreamPieces& pieces) {
  try {
    pieces.GiveWhole(attempt.result.text, attempt.result.reasoning);
  } catch (...) {
    attempt.thrown = std::current_exception();
    Judge(attempt);
  }
}

void LlmCall::Fail(Attempt& attempt, ErrorCategory category, std::string type,
                   std::string message) {
  attempt.ok = false;
  attempt.failure.category = category;
  metrics_.error = category;
  metrics_.error_type = std::move(type);
  metrics_.error_message = Redacted(std::move(message));
}

void LlmCall::Judge(Attempt& attempt) {
  const HttpOutcome& http = attempt.http;
  const WireResult& result = attempt.result;
  metrics_.http_status = http.status;
  attempt.failure.error = http.error;
  attempt.failure.status = http.status;
  attempt.failure.hints = ReadRetryHints(http.headers, UnixNow() / 1'000'000'000);
  if (attempt.thrown != nullptr) {
    return Fail(attempt, ErrorCategory::kCancelled, "cancelled", "a handler of the stream threw");
  }
  if (result.error.any()) {
    // Some name only a code, or nothing at all.
    std::string type = result.error.type.empty() ? result.error.code : result.error.type;
    if (type.empty()) type = "http_" + std::to_string(http.status);
    attempt.failure.error = Error::kNone;
    return Fail(attempt, result.error.category, std::move(type), result.error.message);
  }
  if (!http.ok()) {
    const ErrorCategory category = CategoryOf(http.error);
    return Fail(attempt, category, std::string(Name(category)), http.message);
  }
  if (!result.terminal) {
    // As if the connection had broken: a proxy on the way may have ended the answer properly.
    if (metrics_.streaming) {
      attempt.failure.error = Error::kClosed;
      return Fail(attempt, ErrorCategory::kNetwork, "network",
                  "the stream ended without its last event");
    }
    const std::string_view coding = http.header("content-encoding");
    return Fail(attempt, ErrorCategory::kParse, "parse",
                coding.empty() ? "the answer is not JSON"
                               : "the answer is in content coding '" + std::string(coding) +
                                     "', which was not asked for");
  }
  attempt.ok = true;
  metrics_.error = ErrorCategory::kNone;
  metrics_.error_type.clear();
  metrics_.error_message.clear();
}

void LlmCall::Measure(const Attempt& attempt) {
  const WireResult& result = attempt.result;
  metrics_.duration = Steady::now() - begin_;
  if (!metrics_.streaming) metrics_.ttft.reset();
  metrics_.model = result.model.empty() ? metrics_.model_requested : result.model;
  metrics_.response_id = result.response_id;
  metrics_.service_tier = result.service_tier;
  metrics_.finish = result.finish;
  metrics_.finish_raw = result.finish_raw;
  metrics_.has_usage = result.has_usage;
  metrics_.usage = result.usage;
  metrics_.cost_reported = result.cost_reported;
  metrics_.estimated =
      (result.usage_flags & (kUsageCacheTtlAssumed | kUsageInconsistent | kUsageTotalOnly)) != 0;
  // An answer that had begun has cost something, whether or not its end told how much.
  const bool worked = attempt.ok || (metrics_.streaming && metrics_.http_status / 100 == 2 &&
                                     (result.has_usage || attempt.failure.content_came));
  if (worked && !result.usage_final) {
    const EstimatedUsage guess =
        EstimateUsage(request_, static_cast<int64_t>(work_.body.size()), result);
    metrics_.usage = guess.usage;
    metrics_.estimated |= guess.estimated;
    metrics_.has_usage = true;
  }
  Price(result);
  metrics_.tokens_per_second = tokens_per_second(metrics_);
  DescribeAnswer(result);
}

void LlmCall::Price(const WireResult& result) {
  if (!result.iterations.empty() && result.usage_final && !metrics_.cost_reported) {
    return PriceIterations(result.iterations, metrics_);
  }
  price_call(metrics_);
  if (metrics_.cost || metrics_.model == metrics_.model_requested) return;
  // Snapshots and aliases of which the catalogue knows only the one that was asked for.
  LlmCallMetrics asked = metrics_;
  asked.model.clear();
  price_call(asked);
  metrics_.cost = asked.cost;
  metrics_.price_rule = asked.price_rule;
  metrics_.estimated = asked.estimated;
}

void LlmCall::DescribeAnswer(const WireResult& result) {
  if (options_.capture_content && span_.recording()) SetAnswerContent(result, span_);
}

std::string LlmCall::Redacted(std::string text) const {
  // Some servers repeat the key that they refuse.
  const std::string& key = options_.api_key;
  if (key.size() < 6) return text;
  for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at)) {
    text.replace(at, key.size(), "***");
  }
  return text;
}

std::string LlmCall::ErrorText(const Attempt& attempt) const {
  std::string text = metrics_.provider + " " + metrics_.model_requested + ": ";
  if (metrics_.http_status >= 300) text += std::to_string(metrics_.http_status) + " ";
  text += metrics_.error_type;
  if (!metrics_.error_message.empty()) text += ": " + metrics_.error_message;
  std::string notes;
  const auto note = [&](const std::string& what) { notes += (notes.empty() ? "" : "; ") + what; };
  if (const std::string_view id = RequestId(attempt.http); !id.empty()) {
    note("request " + std::string(id));
  }
  if (metrics_.retries > 0) note(std::to_string(metrics_.retries + 1) + " attempts");
  if (!give_up_.empty()) note(give_up_);
  if (metrics_.http_status / 100 == 3) note("redirects are not followed: check base_url");
  return notes.empty() ? text : text + " (" + notes + ")";
}

}  // namespace sdk
}  // namespace pitot
