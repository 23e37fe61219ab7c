// cmd/client.h
//
// The command line's side of the HTTP API.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <boost/json/value.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "http/client.h"
#include "http/url.h"

namespace pitot {

// Exit codes of every command.
enum ExitCode {
  kExitOk = 0,
  kExitBad = 1,           // The answer is bad: not found, something was refused.
  kExitUsage = 2,         // The command or its arguments are wrong.
  kExitInconclusive = 3,  // It could not be found out: no server, no answer.
};

// Errors say what to do: kUnavailable when no server answers.
class ApiClient {
 public:
  // `url`: "http://" may be left out.
  ApiClient(std::string_view url, std::string key);

  const std::string& url() const { return url_; }
  bool has_key() const { return !key_.empty(); }

  // The body of a 2xx answer. Otherwise the server's words, with the code of its HTTP status.
  absl::StatusOr<std::string> Get(std::string_view path, const QueryParams& params = {});
  absl::StatusOr<std::string> Post(std::string_view path, std::string_view body,
                                   std::string_view type);

  // The same with any method; no body: `type` is not sent.
  absl::StatusOr<std::string> Send(std::string_view method, std::string_view path,
                                   std::string_view body, std::string_view type);

  // Gives the body of a 2xx answer to `sink` as it comes, for as long as it takes.
  absl::Status Stream(std::string_view method, std::string_view path, HttpHeaders headers,
                      const std::function<absl::Status(std::string_view piece)>& sink);

  // Any answer, as it is.
  absl::StatusOr<HttpReply> Call(std::string_view method, std::string_view path,
                                 std::string_view body, HttpHeaders headers);

 private:
  HttpCall CallTo(std::string_view method, std::string_view path, HttpHeaders headers) const;
  absl::Status Explain(const absl::Status& status) const;
  absl::Status ErrorOf(const HttpReply& reply) const;
  absl::StatusOr<std::string> Body(absl::StatusOr<HttpReply> reply);

  const std::string url_;
  const std::string key_;
  HttpClient http_;
};

// kInternal when `text` is not JSON: something else answers at that address.
absl::StatusOr<boost::json::value> ParseJson(std::string_view text);

int ExitCodeOf(const absl::Status& status);
// Says on standard error what went wrong; the exit code.
int PrintError(const absl::Status& status);

// Members of a JSON object; a missing or null one, or one of another type, is empty or zero.
std::string Text(const boost::json::value& object, std::string_view name);  // Clean, one line.
double Number(const boost::json::value& object, std::string_view name);
bool Flag(const boost::json::value& object, std::string_view name);
bool IsNull(const boost::json::value& object, std::string_view name);
const boost::json::array& List(const boost::json::value& object, std::string_view name);

}  // namespace pitot
