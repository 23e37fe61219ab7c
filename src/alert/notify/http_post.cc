#include "alert/notify/http_post.h"

#include <charconv>
#include <ctime>

#include "alert/notify/secret.h"
#include "alert/notify/text.h"
#include "base/status.h"
#include "base/text.h"
#include "http/url.h"

namespace pitot {
namespace {

// Of an answer, in a message.
constexpr size_t kWordsMax = 300;

void BlotOut(std::string& text, std::string_view secret) {
  if (secret.size() < 4) return;  // Blotting out "a" would leave nothing to read.
  for (size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) {
    text.replace(at, secret.size(), "***");
    at += 3;
  }
}

// Takes out of `text` whatever of a URL is secret, and `secret`.
void BlotOut(std::string& text, std::string_view url, std::string_view secret) {
  BlotOut(text, url);
  if (const absl::StatusOr<Url> parsed = ParseUrl(url); parsed.ok()) BlotOut(text, parsed->target);
  BlotOut(text, secret);
}

// What the other side says, on one line.
std::string WordsOf(std::string_view body, std::string_view url, std::string_view secret) {
  std::string words(TrimText(body));
  BlotOut(words, url, secret);
  words = Shortened(words, kWordsMax);
  for (char& c : words) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return words;
}

}  // namespace

std::chrono::milliseconds RetryAfterOf(const HttpHeaders& headers, UnixNanos now) {
  const std::string_view text = TrimOws(headers.Get("retry-after"));
  if (text.empty()) return {};
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size()) {
    return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, 86'400));
  }
  std::tm time = {};
  if (::strptime(std::string(text).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time) == nullptr) {
    return {};
  }
  const int64_t wait_ns = ::timegm(&time) * kNanosPerSecond - now;
  return std::chrono::milliseconds(std::clamp<int64_t>(wait_ns, 0, kNanosPerDay) / kNanosPerMilli);
}

absl::StatusOr<HttpReply> Post(HttpClient& client, const PostRequest& request,
                               std::string_view secret) {
  HttpCall call;
  call.method = "POST";
  call.url = request.url;
  call.headers = request.headers;
  call.headers.Add("Content-Type", "application/json");
  call.body = request.body;
  call.timeout = request.timeout;
  call.connect_timeout = std::min(request.timeout, call.connect_timeout);
  call.reply_bytes_max = 1 << 20;
  call.cancel = request.cancel;
  const std::string host = HostOf(request.url);
  absl::StatusOr<HttpReply> reply = client.Call(call);
  if (!reply.ok()) {
    // The client names the whole URL.
    std::string_view why = Message(reply.status());
    if (why.starts_with(request.url)) why.remove_prefix(request.url.size());
    if (why.starts_with(": ")) why.remove_prefix(2);
    std::string message(why);
    BlotOut(message, request.url, secret);
    return absl::Status(reply.status().code(), host + ": " + message);
  }
  if (reply->status >= 200 && reply->status < 300) return reply;
  const std::string words = WordsOf(reply->body, request.url, secret);
  const std::string message =
      fmt::format("{}: HTTP {}{}{}", host, reply->status, words.empty() ? "" : ": ", words);
  if (reply->status != 429 && reply->status < 500) return absl::InvalidArgumentError(message);
  return WithRetryAfter(absl::UnavailableError(message),
                        RetryAfterOf(reply->headers, SystemClock().Now()));
}

HttpClientOptions ClientOptionsOf(const ChannelOptions& options, std::string_view user_agent) {
  HttpClientOptions client;
  client.ca_file = options.ca_file;
  client.user_agent = user_agent;
  client.idle_connections = 1;
  return client;
}

absl::Status CheckUrl(std::string_view ref) {
  if (!SecretPlace(ref).empty()) return absl::OkStatus();
  return ParseUrl(ref).status();
}

}  // namespace pitot
