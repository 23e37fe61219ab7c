#include "cmd/client.h"

#include <boost/json.hpp>
#include <limits>

#include "base/status.h"
#include "cmd/view/terminal.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kTimeout{120'000};
constexpr std::chrono::hours kStreamTimeout{24 * 365};
constexpr int64_t kReplyBytesMax = 4LL << 30;
constexpr size_t kRefusalBytesMax = 64 << 10;

bool IsGood(int status) { return status >= 200 && status < 300; }

const json::value* Find(const json::value& object, std::string_view name) {
  const auto* members = object.if_object();
  return members == nullptr ? nullptr : members->if_contains(name);
}

absl::StatusCode CodeOf(int http) {
  for (const StatusRow& row : kStatusRows) {
    if (row.http == http) return row.code;
  }
  return http >= 500 ? absl::StatusCode::kInternal : absl::StatusCode::kInvalidArgument;
}

// What Pitot says of an error; empty when the reply does not look like Pitot's.
std::string ErrorWords(const HttpReply& reply) {
  const auto body = ParseJson(reply.body);
  const json::value* error = body.ok() ? Find(*body, "error") : nullptr;
  return error == nullptr ? "" : Text(*error, "message");
}

std::string BaseUrl(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  const bool has_scheme = url.find("://") != std::string_view::npos;
  return fmt::format("{}{}", has_scheme ? "" : "http://", url);
}

}  // namespace

ApiClient::ApiClient(std::string_view url, std::string key)
    : url_(BaseUrl(url)), key_(std::move(key)) {}

HttpCall ApiClient::CallTo(std::string_view method, std::string_view path,
                           HttpHeaders headers) const {
  HttpCall call;
  call.method = method;
  call.url = url_ + std::string(path);
  call.headers = std::move(headers);
  if (!key_.empty()) call.headers.Set("Authorization", "Bearer " + key_);
  call.timeout = kTimeout;
  call.reply_bytes_max = kReplyBytesMax;
  return call;
}

absl::Status ApiClient::Explain(const absl::Status& status) const {
  if (status.code() != absl::StatusCode::kUnavailable) return status;
  return Unavailable(
      "{}\nNo Pitot answers at {}. Start it with `pitot serve` (or `make run`), or name another\n"
      "address with --url or PITOT_URL.",
      Message(status), url_);
}

absl::StatusOr<HttpReply> ApiClient::Call(std::string_view method, std::string_view path,
                                          std::string_view body, HttpHeaders headers) {
  HttpCall call = CallTo(method, path, std::move(headers));
  call.body = body;
  auto reply = http_.Call(call);
  if (!reply.ok()) return Explain(reply.status());
  return reply;
}

absl::Status ApiClient::Stream(std::string_view method, std::string_view path, HttpHeaders headers,
                               const std::function<absl::Status(std::string_view piece)>& sink) {
  HttpCall call = CallTo(method, path, std::move(headers));
  call.timeout = kStreamTimeout;
  call.reply_bytes_max = std::numeric_limits<int64_t>::max();
  HttpReply refusal;
  bool started = false;
  const auto reply =
      http_.Stream(call, {.on_head =
                              [&](const HttpReply& head) {
                                refusal.status = head.status;
                                return absl::OkStatus();
                              },
                          .on_data = [&](std::string_view piece) -> absl::Status {
                            if (IsGood(refusal.status)) {
                              started = true;
                              return sink(piece);
                            }
                            refusal.body += piece.substr(0, kRefusalBytesMax - refusal.body.size());
                            return absl::OkStatus();
                          }});
  if (!reply.ok()) return started ? reply.status() : Explain(reply.status());
  return IsGood(refusal.status) ? absl::OkStatus() : ErrorOf(refusal);
}

absl::StatusOr<std::string> ApiClient::Get(std::string_view path, const QueryParams& params) {
  std::string target(path);
  if (!params.empty()) target += "?" + FormatQuery(params);
  return Body(Call("GET", target, "", {}));
}

absl::StatusOr<std::string> ApiClient::Post(std::string_view path, std::string_view body,
                                            std::string_view type) {
  return Body(Call("POST", path, body, {{"Content-Type", type}}));
}

absl::StatusOr<std::string> ApiClient::Send(std::string_view method, std::string_view path,
                                            std::string_view body, std::string_view type) {
  HttpHeaders headers;
  if (!body.empty()) headers.Add("Content-Type", type);
  return Body(Call(method, path, body, std::move(headers)));
}

absl::StatusOr<std::string> ApiClient::Body(absl::StatusOr<HttpReply> reply) {
  if (!reply.ok()) return reply.status();
  if (IsGood(reply->status)) return std::move(reply->body);
  return ErrorOf(*reply);
}

absl::Status ApiClient::ErrorOf(const HttpReply& reply) const {
  if (const std::string words = ErrorWords(reply); !words.empty()) {
    return Error(CodeOf(reply.status), "{}", words);
  }
  return Internal("{} answered {} without a word of Pitot's: is it Pitot that listens there?", url_,
                  reply.status);
}

absl::StatusOr<json::value> ParseJson(std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 1000;
  json::value value = json::parse(text, error, {}, options);
  if (error) {
    return Internal("the answer is no JSON ({}): is it Pitot that listens there?", error.message());
  }
  return value;
}

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kInvalidArgument:
      return kExitUsage;
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:  // What the API answers 409 to.
    case absl::StatusCode::kPermissionDenied:
      return kExitBad;
    default:
      return kExitInconclusive;
  }
}

int PrintError(const absl::Status& status) {
  fmt::print(stderr, "pitot: {}\n", Message(status));
  return ExitCodeOf(status);
}

std::string Text(const json::value& object, std::string_view name) {
  const json::value* value = Find(object, name);
  if (value == nullptr || !value->is_string()) return "";
  return CleanLine(std::string_view(value->get_string()));
}

double Number(const json::value& object, std::string_view name) {
  const json::value* value = Find(object, name);
  return value == nullptr || !value->is_number() ? 0 : value->to_number<double>();
}

bool Flag(const json::value& object, std::string_view name) {
  const json::value* value = Find(object, name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

bool IsNull(const json::value& object, std::string_view name) {
  const json::value* value = Find(object, name);
  return value == nullptr || value->is_null();
}

const json::array& List(const json::value& object, std::string_view name) {
  static const json::array kNone;
  const json::value* value = Find(object, name);
  return value == nullptr || !value->is_array() ? kNone : value->get_array();
}

}  // namespace pitot
