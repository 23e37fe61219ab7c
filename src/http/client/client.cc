#include "http/client.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "http/client/client_connection.h"
#include "http/client/response_parser.h"
#include "http/compress.h"
#include "http/url.h"

namespace pitot {
namespace asio = boost::asio;

namespace {

using SteadyTime = ClientConnection::SteadyTime;

constexpr size_t kReadBytes = 64 << 10;
// How long a reply may still come after sending failed: a server may refuse a body unread.
constexpr std::chrono::milliseconds kEarlyReplyWait{1000};

// Passes a reply's body on, decoded, and stops at the limit.
class BodyReader {
 public:
  BodyReader(const HttpCall& call, const HttpHeaders& headers, const HttpReplySink& sink)
      : call_(call), sink_(sink) {
    if (!call.decode) return;
    const std::optional<Coding> coding = ParseCoding(headers.Join("content-encoding"));
    if (coding.has_value() && *coding != Coding::kIdentity) {
      decoder_ = MakeDecoder(*coding);
      space_.resize(kReadBytes);
    }
  }

  absl::Status Put(std::string_view piece) {
    if (piece.empty()) return absl::OkStatus();
    if (decoder_ == nullptr) return Pass(piece);
    for (;;) {
      ASSIGN_OR_RETURN(const size_t made, decoder_->Decode(piece, space_));
      RETURN_IF_ERROR(Pass({space_.data(), made}));
      started_ = true;
      if (piece.empty() && made < space_.size()) return absl::OkStatus();
    }
  }

  absl::Status Finish() const {
    return decoder_ != nullptr && started_ ? decoder_->Finish() : absl::OkStatus();
  }

 private:
  absl::Status Pass(std::string_view piece) {
    bytes_ += static_cast<int64_t>(piece.size());
    if (bytes_ > call_.reply_bytes_max) {
      return Error(absl::StatusCode::kOutOfRange, "the reply of {} is over the limit of {} bytes",
                   call_.url, call_.reply_bytes_max);
    }
    return piece.empty() ? absl::OkStatus() : sink_.on_data(piece);
  }

  const HttpCall& call_;
  const HttpReplySink& sink_;
  std::unique_ptr<Decoder> decoder_;
  std::string space_;
  bool started_ = false;
  int64_t bytes_ = 0;
};

bool MayRepeat(const HttpCall& call) {
  return call.idempotent || call.method == "GET" || call.method == "HEAD" || call.method == "PUT" ||
         call.method == "DELETE" || call.method == "OPTIONS";
}

}  // namespace

class HttpClient::Impl {
 public:
  explicit Impl(HttpClientOptions options) : options_(std::move(options)) {}

  absl::StatusOr<HttpReply> Stream(const HttpCall& call, const HttpReplySink& sink) {
    ASSIGN_OR_RETURN(const Url url, ParseUrl(call.url));
    if (url.tls()) {
      std::call_once(tls_loaded_, [this] { LoadCertificates(); });
      RETURN_IF_ERROR(tls_error_);
    }
    ASSIGN_OR_RETURN(const std::string head, FormatHead(call, url));
    const SteadyTime deadline = std::chrono::steady_clock::now() + call.timeout;
    const std::string key = url.scheme + "://" + url.Authority();

    if (std::unique_ptr<ClientConnection> kept = TakeIdle(key)) {
      bool answered = false;
      kept->SetCancel(call.cancel);
      absl::StatusOr<HttpReply> reply =
          Exchange(call, head, sink, key, std::move(kept), deadline, answered);
      const bool stale = reply.status().code() == absl::StatusCode::kUnavailable && !answered;
      if (!stale || !MayRepeat(call)) return reply;
    }
    auto connection = std::make_unique<ClientConnection>(url);
    connection->SetCancel(call.cancel);
    RETURN_IF_ERROR(connection->Connect(
        url, tls_, std::min(deadline, std::chrono::steady_clock::now() + call.connect_timeout)));
    bool answered = false;
    return Exchange(call, head, sink, key, std::move(connection), deadline, answered);
  }

 private:
  struct Idle {
    std::unique_ptr<ClientConnection> connection;
    SteadyTime since;
  };

  // At the first https call: reading the system's certificates takes tens of milliseconds.
  void LoadCertificates() {
    boost::system::error_code error;
    tls_.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv3 |
                         asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1,
                     error);
    if (options_.ca_file.empty()) {
      tls_.set_default_verify_paths(error);
    } else {
      tls_.load_verify_file(options_.ca_file, error);
    }
    if (error) {
      tls_error_ = Error(absl::StatusCode::kFailedPrecondition, "cannot read certificates {}: {}",
                         options_.ca_file, error.message());
    }
  }

  absl::StatusOr<std::string> FormatHead(const HttpCall& call, const Url& url) const {
    std::string head =
        fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", call.method, url.target, url.HostHeader());
    if (!call.headers.Has("user-agent")) head += "User-Agent: " + options_.user_agent + "\r\n";
    if (call.decode && !call.headers.Has("accept-encoding")) {
      head += "Accept-Encoding: gzip, zstd\r\n";
    }
    if (!call.body.empty() || call.method == "POST" || call.method == "PUT") {
      head += fmt::format("Content-Length: {}\r\n", call.body.size());
    }
    for (size_t i = 0; i < call.headers.size(); ++i) {
      const auto [name, value] = call.headers[i];
      if (EqualsIgnoreCase(name, "host") || EqualsIgnoreCase(name, "content-length")) continue;
      if (name.empty() || value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos ||
          name.find_first_of(": \t\r\n") != name.npos) {
        return InvalidArgument("header {} holds a character that headers cannot", i);
      }
      head.append(name).append(": ").append(value).append("\r\n");
    }
    return head + "\r\n";
  }

  absl::StatusOr<HttpReply> Exchange(const HttpCall& call, const std::string& head,
                                     const HttpReplySink& sink, const std::string& key,
                                     std::unique_ptr<ClientConnection> connection,
                                     SteadyTime deadline, bool& answered) {
    const absl::Status sent = connection->Write({head, call.body}, deadline);
    if (sent.code() == absl::StatusCode::kDeadlineExceeded ||
        sent.code() == absl::StatusCode::kCancelled) {
      return sent;
    }
    if (!sent.ok()) {
      deadline = std::min(deadline, std::chrono::steady_clock::now() + kEarlyReplyWait);
    }
    bool reusable = sent.ok();
    absl::StatusOr<HttpReply> reply =
        ReadReply(call, sink, key, *connection, deadline, answered, reusable);
    if (!reply.ok() && !sent.ok() && !answered) return sent;
    if (reply.ok() && reusable) {
      connection->SetCancel(nullptr);
      PutIdle(key, std::move(connection));
    }
    return reply;
  }

  absl::StatusOr<HttpReply> ReadReply(const HttpCall& call, const HttpReplySink& sink,
                                      const std::string& key, ClientConnection& connection,
                                      SteadyTime deadline, bool& answered, bool& reusable) {
    std::string buffer;
    size_t held = 0;
    for (;;) {  // Over interim replies.
      ResponseParser parser(call.method == "HEAD");
      HttpReply reply;
      std::unique_ptr<BodyReader> body;
      while (!parser.done()) {
        if (held > 0) {
          const absl::StatusOr<size_t> taken = parser.Put({buffer.data(), held});
          if (!taken.ok()) return Unavailable("{}: {}", key, Message(taken.status()));
          buffer.erase(0, *taken);
          held -= *taken;
        }
        if (parser.head_done() && parser.status() >= 200) {
          if (body == nullptr) {
            reply.status = parser.status();
            reply.headers = std::move(parser.headers());
            if (sink.on_head != nullptr) RETURN_IF_ERROR(sink.on_head(reply));
            body = std::make_unique<BodyReader>(call, reply.headers, sink);
          }
          RETURN_IF_ERROR(body->Put(parser.data()));
          parser.data().clear();
        }
        if (parser.done()) break;
        buffer.resize(held + kReadBytes);
        ASSIGN_OR_RETURN(const size_t got,
                         connection.Read(std::span(buffer).subspan(held), deadline));
        held += got;
        if (got > 0) {
          answered = true;
          continue;
        }
        reusable = false;
        const absl::Status whole = parser.PutEnd();
        if (!whole.ok()) return Unavailable("{}: {}", key, Message(whole));
      }
      if (body == nullptr) continue;
      const absl::Status decoded = body->Finish();
      if (!decoded.ok()) return Unavailable("{}: {}", key, Message(decoded));
      reusable = reusable && held == 0 && parser.keep_alive_allowed();
      return reply;
    }
  }

  std::unique_ptr<ClientConnection> TakeIdle(const std::string& key) {
    const SteadyTime oldest = std::chrono::steady_clock::now() - options_.idle_time;
    std::vector<Idle> dead;  // Closed outside the lock.
    MutexLock lock(&mutex_);
    std::vector<Idle>& idle = idle_[key];
    while (!idle.empty()) {
      Idle last = std::move(idle.back());  // The one used last: the others may time out.
      idle.pop_back();
      if (last.since >= oldest && last.connection->Quiet()) return std::move(last.connection);
      dead.push_back(std::move(last));
    }
    return nullptr;
  }

  void PutIdle(const std::string& key, std::unique_ptr<ClientConnection> connection) {
    MutexLock lock(&mutex_);
    std::vector<Idle>& idle = idle_[key];
    if (idle.size() < options_.idle_connections) {
      idle.push_back({std::move(connection), std::chrono::steady_clock::now()});
    }
  }

  const HttpClientOptions options_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  std::once_flag tls_loaded_;
  absl::Status tls_error_;
  Mutex mutex_;
  std::map<std::string, std::vector<Idle>> idle_ ABSL_GUARDED_BY(mutex_);
};

HttpClient::HttpClient(HttpClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;

absl::StatusOr<HttpReply> HttpClient::Stream(const HttpCall& call, const HttpReplySink& sink) {
  return impl_->Stream(call, sink);
}

absl::StatusOr<HttpReply> HttpClient::Call(const HttpCall& call) {
  std::string body;
  HttpReplySink sink;
  sink.on_data = [&](std::string_view piece) {
    body += piece;
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(HttpReply reply, impl_->Stream(call, sink));
  reply.body = std::move(body);
  return reply;
}

}  // namespace pitot
