// alert/notify/http_post.h
//
// One POST of JSON, and what its answer means. Internal to alert/notify.
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <string>
#include <string_view>

#include "alert/options.h"
#include "base/cancel.h"
#include "http/client.h"

namespace pitot {

struct PostRequest {
  std::string url;  // Secret but for its host.
  HttpHeaders headers;
  std::string body;
  std::chrono::milliseconds timeout{10'000};
  CancelTokenPtr cancel;
};

// The answer, if its status is 2xx. Otherwise:
//   429, 5xx        kUnavailable, with Retry-After where the answer has one
//   anything else   kInvalidArgument: the same again would be refused again
//   no answer       as HttpClient says, but without the URL
// Messages hold the host, the status and the beginning of the answer, with `url` and `secret` blotted
// out of it.
absl::StatusOr<HttpReply> Post(HttpClient& client, const PostRequest& request,
                               std::string_view secret = {});

// The time a Retry-After header names, in seconds or as a date (RFC 9110, 10.2.3); zero: none.
std::chrono::milliseconds RetryAfterOf(const HttpHeaders& headers, UnixNanos now);

// Of `options`, for channels over HTTP.
HttpClientOptions ClientOptionsOf(const ChannelOptions& options, std::string_view user_agent);
// kInvalidArgument: an URL written out is not one. Those of secrets are looked at when used.
absl::Status CheckUrl(std::string_view ref);

}  // namespace pitot
