// sdk/llm/llm_call.h
//
// One call of a client, from its span to its records.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "pitot/span.h"
#include "sdk/llm/caller.h"
#include "sdk/llm/retry.h"
#include "sdk/llm/stream_pieces.h"
#include "wire/request.h"
#include "wire/response.h"

namespace pitot {
inline namespace sdk {

// Thread-safety: one thread. Everything is borrowed from the client and the caller while it runs.
class LlmCall {
 public:
  LlmCall(LlmCaller& caller, const LlmCaller::Work& work);

  // Throws LlmError, BudgetExceeded, or what a handler threw.
  LlmReply Run();

 private:
  using Steady = std::chrono::steady_clock;

  // What one attempt brought.
  struct Attempt {
    HttpOutcome http;
    WireResult result;
    AttemptFailure failure;
    bool ok = false;
    std::exception_ptr thrown;  // By a handler.
  };

  static Context ContextOf(const LlmCaller& caller, const LlmCaller::Work& work);
  void DescribeRequest();
  void Admit();
  HeaderList Headers(int number) const;
  Attempt MakeAttempt(int number);
  HttpOutcome Send(int number, const HttpClient::OnBody& on_body);
  WireResult ReadWhole(const HttpOutcome& http) const;
  ResponseReader::Options ReaderOptions(int status) const;
  void Receive(std::string_view bytes, ResponseReader& reader, StreamPieces& pieces);
  // Of an answer that came whole although a stream was asked for.
  void GiveWhole(Attempt& attempt, StreamPieces& pieces);
  // Sets whether it succeeded, else why not.
  void Judge(Attempt& attempt);
  void Fail(Attempt& attempt, ErrorCategory category, std::string type, std::string message);
  // False: the caller ended the call meanwhile.
  bool Sleep(std::chrono::milliseconds time) const;
  std::chrono::milliseconds Left() const;

  void Measure(const Attempt& attempt);
  void Price(const WireResult& result);
  void DescribeAnswer(const WireResult& result);
  std::string ErrorText(const Attempt& attempt) const;
  std::string Redacted(std::string text) const;

  LlmCaller& caller_;
  const LlmCaller::Work& work_;
  const LlmClientOptions& options_;
  const Steady::time_point begin_ = Steady::now();
  const std::chrono::milliseconds timeout_;
  const WireRequest request_;
  std::string idempotency_key_;
  LlmCallMetrics metrics_;
  Span span_;
  bool enough_ = false;  // See HttpRequest::enough.
  std::string give_up_;  // Why no further attempt was made.
  std::optional<CancelToken> cancel_;
  struct Canceller {
    CancelToken* token;
    void operator()() const { token->Cancel(); }
  };
  // Last: ends before the token does.
  std::optional<std::stop_callback<Canceller>> on_stop_;
};

}  // namespace sdk
}  // namespace pitot
