#include "server/sandbox_upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/status.h"

namespace pitot {
namespace {

// A whole number behind `key` in a body that the sandbox itself wrote.
int64_t NumberBehind(std::string_view body, std::string_view key, int64_t by_default) {
  const size_t at = body.find(key);
  if (at == std::string_view::npos) return by_default;
  int64_t value = by_default;
  std::from_chars(body.data() + at + key.size(), body.data() + body.size(), value);
  return value;
}

int64_t Count(std::string_view body, std::string_view part) {
  int64_t n = 0;
  for (size_t at = body.find(part); at != std::string_view::npos; at = body.find(part, at + 1)) ++n;
  return n;
}

// As much as was allowed, so that a budget is used up as it was reserved.
constexpr int64_t kTokensOut = 5;
constexpr int64_t kTokensOutMax = 100'000;

std::string Message(std::string_view target, std::string_view body, uint64_t number,
                    bool tool_call) {
  const int64_t out = std::min(kTokensOutMax, NumberBehind(body, "\"max_tokens\":", kTokensOut));
  if (target.ends_with(":generateContent")) {
    return fmt::format(
        R"({{"responseId":"preflight-{}","candidates":[{{"content":{{"role":"model","parts":)"
        R"([{{"text":"ok"}}]}},"finishReason":"STOP","index":0}}],"usageMetadata":)"
        R"({{"promptTokenCount":20,"candidatesTokenCount":{},"totalTokenCount":{}}}}})",
        number, out, 20 + out);
  }
  if (target.ends_with("/messages")) {
    return fmt::format(
        R"({{"id":"msg_preflight_{}","type":"message","role":"assistant","model":"preflight",)"
        R"("content":[{{"type":"text","text":"ok"}}],"stop_reason":"end_turn","stop_sequence":null,)"
        R"("usage":{{"input_tokens":20,"output_tokens":{}}}}})",
        number, out);
  }
  // The tool's call has the number of the results that came so far, so that a conversation can be
  // written down before it is had.
  const std::string message =
      tool_call
          ? fmt::format(
                R"({{"role":"assistant","content":null,"tool_calls":[{{"id":"call_{}","type":)"
                R"("function","function":{{"name":"search","arguments":"{{\"q\":\"it\"}}"}}}}]}})",
                1 + Count(body, "\"tool_call_id\""))
          : R"({"role":"assistant","content":"ok"})";
  return fmt::format(
      R"({{"id":"chatcmpl-preflight-{}","object":"chat.completion","created":1,"choices":)"
      R"([{{"index":0,"message":{},"finish_reason":"{}"}}],"usage":{{"prompt_tokens":20,)"
      R"("completion_tokens":{},"total_tokens":{}}}}})",
      number, message, tool_call ? "tool_calls" : "stop", out, 20 + out);
}

HttpResponse Failure(int status) {
  return JsonResponse(status, fmt::format(R"({{"error":{{"type":"server_error","message":)"
                                          R"("a fault of the sandbox: {}"}}}})",
                                          status));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SandboxUpstream>> SandboxUpstream::Open() {
  std::unique_ptr<SandboxUpstream> upstream(new SandboxUpstream());
  HttpService service;
  service.handle = [self = upstream.get()](HttpRequest request, Responder responder) {
    self->Handle(request, std::move(responder));
  };
  ASSIGN_OR_RETURN(upstream->server_, HttpServer::Open({}, std::move(service)));
  upstream->server_->Start();
  return upstream;
}

SandboxUpstream::~SandboxUpstream() {
  if (server_ != nullptr) server_->Stop(std::chrono::milliseconds(0));
}

std::string SandboxUpstream::UrlOf(std::string_view name) const {
  return fmt::format("http://127.0.0.1:{}/{}", server_->port(), PercentEncode(name));
}

void SandboxUpstream::SetFault(std::string_view name, SandboxFault fault) {
  const MutexLock lock(&mutex_);
  if (name.empty()) {
    fault_ = fault;
    faults_.clear();
  } else {
    faults_.insert_or_assign(std::string(name), fault);
  }
}

SandboxFault SandboxUpstream::FaultOf(std::string_view name) const {
  const MutexLock lock(&mutex_);
  const auto found = faults_.find(name);
  return found == faults_.end() ? fault_ : found->second;
}

void SandboxUpstream::Handle(const HttpRequest& request, Responder responder) {
  const std::string_view path = std::string_view(request.path).substr(1);
  const SandboxFault fault = FaultOf(path.substr(0, path.find('/')));
  switch (fault) {
    case SandboxFault::kError500:
      return responder.Send(Failure(500));
    case SandboxFault::kError503:
      return responder.Send(Failure(503));
    case SandboxFault::kReset: {
      // A stream that is given up without its end cuts the connection.
      const ResponseStream cut = responder.Begin({.status = 200});
      return;
    }
    case SandboxFault::kNone:
    case SandboxFault::kToolCall:
      break;
  }
  uint64_t number = 0;
  {
    const MutexLock lock(&mutex_);
    number = ++answers_;
  }
  responder.Send(JsonResponse(
      200, Message(request.path, request.body, number, fault == SandboxFault::kToolCall)));
}

}  // namespace pitot
