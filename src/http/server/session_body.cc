// How a session reads bodies.
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/status.h"
#include "http/server/session.h"

namespace pitot {
namespace asio = boost::asio;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

constexpr size_t kBodyReadBytes = 256 << 10;
constexpr size_t kPieceBytes = 32 << 10;
// Bodies that nobody wants are read to their end up to here, to keep the connection.
constexpr uint64_t kSkipBytesMax = 256 << 10;

}  // namespace

void Session::BodyDeadline() {
  const SteadyTime now = std::chrono::steady_clock::now();
  const HttpServerOptions& options = server_.options;
  timed_out_ = false;
  deadline_ = std::min(now, body_start_ + std::chrono::milliseconds(body_received_ * 1000 /
                                                                    options.body_rate_min)) +
              options.body_timeout;
}

Session::Fault Session::Paused() const {
  if (timed_out_) return {408, "the body paused for too long, or came too slowly"};
  return {.gone = true};
}

asio::awaitable<bool> Session::Acquire(MemoryLease& lease, int64_t bytes) {
  if (bytes <= 0) co_return true;
  struct Grant {
    std::atomic<bool> given = false;
  };
  auto grant = std::make_shared<Grant>();
  // Runs on the thread that releases, which must not be the last to hold the session: it would end
  // there, and it ends on its own thread only.
  auto granted = [grant, self = shared_from_this()]() mutable {
    grant->given = true;
    asio::io_context& context = self->io_.context;
    asio::post(context, [self = std::move(self)] { self->memory_timer_.cancel(); });
  };
  const uint64_t ticket = lease.budget().AcquireOrWait(bytes, std::move(granted));
  if (ticket != 0) {
    const SteadyTime until = std::chrono::steady_clock::now() + server_.options.memory_wait;
    NoDeadline();
    while (!grant->given && !cut_ && std::chrono::steady_clock::now() < until) {
      memory_timer_.expires_at(until);
      co_await memory_timer_.async_wait(kAwait);
    }
    if (lease.budget().Cancel(ticket)) co_return false;
  }
  lease.Add(bytes);
  co_return true;
}

asio::awaitable<Session::Fault> Session::ReadBody(RequestParser& parser, const Admission& admission,
                                                  MemoryLease& lease) {
  static constexpr char kNoMemory[] = "too many bytes of requests are in flight; retry";
  HttpRequest& request = parser.request();
  const std::optional<uint64_t> length = parser.body_length();
  if (!parser.chunked_body() && length.value_or(0) == 0) co_return Fault{};

  Coding coding = Coding::kIdentity;
  if (admission.decode_body) {
    const std::string name = request.headers.Join("content-encoding");
    const std::optional<Coding> known = ParseCoding(name);
    if (!known.has_value()) {
      co_return Fault{415, fmt::format("content-encoding {} is not supported; send identity, gzip, "
                                       "deflate, zstd or br",
                                       QuoteJson(name))};
    }
    coding = *known;
  }
  if (length.value_or(0) > static_cast<uint64_t>(admission.body_bytes)) {
    co_return Fault{413, fmt::format("the body of {} bytes is over the limit of {}", *length,
                                     admission.body_bytes)};
  }
  const bool plain = length.has_value() && coding == Coding::kIdentity;
  if (plain && !co_await Acquire(lease, static_cast<int64_t>(*length))) {
    co_return Fault{503, kNoMemory};
  }
  body_start_ = std::chrono::steady_clock::now();
  body_received_ = 0;
  if (buffer_.empty() && ListHasToken(request.headers.Get("expect"), "100-continue")) {
    if (!co_await Write({"HTTP/1.1 100 Continue\r\n\r\n"})) co_return Fault{.gone = true};
  }
  if (plain) co_return co_await ReadPlain(*length, request.body);

  Fault fault = co_await ReadPieces(parser, coding, admission.body_bytes, lease);
  if (fault.status == 503) fault.message = kNoMemory;
  co_return fault;
}

// Straight into the body: what the kernel hands over is copied once.
asio::awaitable<Session::Fault> Session::ReadPlain(uint64_t length, std::string& body) {
  body.reserve(length);
  const size_t held = std::min<size_t>(buffer_.size(), length);
  body.append(buffer_.view().substr(0, held));
  buffer_.Consume(held);
  size_t filled = held;
  while (filled < length) {
    // Grown step by step: a peer that announces much and sends little touches little memory.
    if (filled == body.size()) body.resize(std::min<size_t>(length, filled + kBodyReadBytes));
    BodyDeadline();
    const size_t bytes = co_await Read(std::span(body).subspan(filled));
    if (bytes == 0) {
      if (!timed_out_) co_return Fault{.gone = true};
      co_return Fault{408, fmt::format("the body came to {} of {} bytes in time", filled, length)};
    }
    filled += bytes;
    body_received_ += static_cast<int64_t>(bytes);
  }
  co_return Fault{};
}

asio::awaitable<Session::Fault> Session::ReadPieces(RequestParser& parser, Coding coding,
                                                    int64_t bytes_max, MemoryLease& lease) {
  std::string& body = parser.request().body;
  std::unique_ptr<Decoder> decoder;
  if (coding != Coding::kIdentity) decoder = MakeDecoder(coding);
  uint64_t left = parser.body_length().value_or(0);
  // Room is address space only until it is used; it saves copies while the body grows.
  body.reserve(std::min<uint64_t>(left * 6, static_cast<uint64_t>(bytes_max)));
  size_t filled = 0;
  for (;;) {
    std::string_view piece;
    Fault fault = co_await NextPiece(parser, left, piece);
    if (fault.any()) co_return fault;
    if (body_received_ > bytes_max) {
      co_return Fault{413, fmt::format("the body is over the limit of {} bytes", bytes_max)};
    }
    if (piece.empty()) break;
    fault = co_await Store(piece, decoder.get(), bytes_max, body, filled, lease);
    if (fault.any()) co_return fault;
  }
  body.resize(filled);
  if (decoder != nullptr && body_received_ > 0) {
    const absl::Status whole = decoder->Finish();
    if (!whole.ok()) co_return Fault{400, std::string(Message(whole))};
  }
  co_return Fault{};
}

asio::awaitable<Session::Fault> Session::NextPiece(RequestParser& parser, uint64_t& left,
                                                   std::string_view& piece) {
  piece = {};
  buffer_.Consume(std::exchange(piece_in_buffer_, 0));
  if (parser.chunked_body()) {
    parser.chunk_data().clear();
    while (!parser.done() && parser.chunk_data().empty()) {
      if (!buffer_.empty()) {
        const absl::StatusOr<size_t> taken = parser.Put(buffer_.view());
        if (!taken.ok()) co_return Fault{400, std::string(Message(taken.status()))};
        buffer_.Consume(*taken);
        if (*taken > 0) continue;
        if (buffer_.size() > static_cast<size_t>(server_.options.header_bytes)) {
          co_return Fault{400, "a chunk's header or trailer is over the limit"};
        }
      }
      BodyDeadline();
      const size_t bytes = co_await Read(buffer_.Space(kPieceBytes));
      if (bytes == 0) co_return Paused();
      buffer_.Filled(bytes);
    }
    piece = parser.chunk_data();
  } else if (left > 0) {
    if (buffer_.empty()) {
      BodyDeadline();
      const size_t bytes = co_await Read(buffer_.Space(kPieceBytes));
      if (bytes == 0) co_return Paused();
      buffer_.Filled(bytes);
    }
    piece = buffer_.view().substr(0, left);
    left -= piece.size();
    piece_in_buffer_ = piece.size();
  }
  body_received_ += static_cast<int64_t>(piece.size());
  co_return Fault{};
}

asio::awaitable<Session::Fault> Session::Store(std::string_view piece, Decoder* decoder,
                                               int64_t bytes_max, std::string& body, size_t& filled,
                                               MemoryLease& lease) {
  const auto limit = static_cast<size_t>(bytes_max);
  for (;;) {
    if (filled == body.size()) {
      // One byte over the limit tells "exactly full" from "too long".
      const size_t step = std::clamp<size_t>(filled, 16 << 10, 4 << 20);
      const size_t size = std::min(limit + 1, filled + step);
      if (!co_await Acquire(lease, static_cast<int64_t>(size - filled))) co_return Fault{503};
      body.resize(size);
    }
    const std::span<char> space = std::span(body).subspan(filled);
    size_t made = 0;
    if (decoder != nullptr) {
      const absl::StatusOr<size_t> decoded = decoder->Decode(piece, space);
      if (!decoded.ok()) co_return Fault{400, std::string(Message(decoded.status()))};
      made = *decoded;
    } else {
      made = piece.copy(space.data(), space.size());
      piece.remove_prefix(made);
    }
    filled += made;
    if (filled > limit) {
      co_return Fault{
          413, fmt::format("the body inflates to more than the limit of {} bytes", bytes_max)};
    }
    if (piece.empty() && made < space.size()) break;
  }
  co_return Fault{};
}

asio::awaitable<bool> Session::SkipBody(RequestParser& parser) {
  uint64_t left = parser.body_length().value_or(0);
  if (left == 0 && !parser.chunked_body()) co_return true;
  linger_ = true;
  const bool waits = parser.request().headers.Has("expect");
  if (parser.chunked_body() || left > kSkipBytesMax || (waits && buffer_.empty())) co_return false;
  body_start_ = std::chrono::steady_clock::now();
  body_received_ = 0;
  while (left > 0) {
    if (buffer_.empty()) {
      BodyDeadline();
      const size_t bytes = co_await Read(buffer_.Space(kPieceBytes));
      if (bytes == 0) co_return false;
      buffer_.Filled(bytes);
    }
    const size_t step = std::min<size_t>(left, buffer_.size());
    buffer_.Consume(step);
    left -= step;
    body_received_ += static_cast<int64_t>(step);
  }
  linger_ = false;
  co_return true;
}

}  // namespace pitot
