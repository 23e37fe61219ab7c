#include "pitot/testing/scripted_provider.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "sdk/testing/answer.h"
#include "sdk/testing/http_server.h"
#include "sdk/testing/tls.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";

struct ReasonRow {
  int status;
  std::string_view reason;
};
constexpr ReasonRow kReasons[] = {
    {200, "OK"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Payload Too Large"},
    {422, "Unprocessable Entity"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {529, "Overloaded"},
};

std::string Head(const Answer& answer) {
  const auto* const row = std::ranges::find(kReasons, answer.status, &ReasonRow::status);
  std::string out = "HTTP/1.1 " + std::to_string(answer.status) + ' ';
  out += row == std::end(kReasons) ? "Status" : row->reason;
  out += "\r\n";
  for (const auto& [name, value] : answer.headers) out += name + ": " + value + "\r\n";
  out += answer.streamed ? "Transfer-Encoding: chunked"
                         : "Content-Length: " + std::to_string(answer.body.size());
  return out + "\r\nConnection: keep-alive\r\n\r\n";
}

std::string Chunk(std::string_view bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  std::string out = size;
  out += bytes;
  return out + "\r\n";
}

}  // namespace

struct ScriptedGate::State {
  mutable std::mutex mutex;
  mutable std::condition_variable_any changed;
  bool open = false;     // Guarded by mutex.
  bool reached = false;  // Guarded by mutex.
};

ScriptedGate::ScriptedGate() : state_(std::make_shared<State>()) {}

void ScriptedGate::open() {
  std::lock_guard lock(state_->mutex);
  state_->open = true;
  state_->changed.notify_all();
}

bool ScriptedGate::wait_reached(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, timeout, [&] { return state_->reached; });
}

class ScriptedProvider::Impl {
 public:
  explicit Impl(ScriptedProviderOptions options)
      : options_(std::move(options)),
        tls_(options_.tls ? std::make_unique<TlsServer>() : nullptr),
        server_(options_.port, tls_.get(),
                [this](const ScriptedRequest& request, AnswerWriter& writer) {
                  Handle(request, writer);
                }) {}

  void Add(const std::string& path, ScriptedStep step) {
    std::lock_guard lock(mutex_);
    steps_[path].push_back(std::move(step));
  }
  size_t steps_left() const {
    std::lock_guard lock(mutex_);
    size_t sum = 0;
    for (const auto& [path, steps] : steps_) sum += steps.size();
    return sum;
  }
  std::vector<ScriptedRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  bool WaitForRequests(size_t count, std::chrono::milliseconds timeout) const {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, timeout, [&] { return requests_.size() >= count; });
  }
  std::string url() const {
    return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(server_.port());
  }
  uint16_t port() const { return server_.port(); }
  const std::string& certificate_pem() const {
    static const std::string kNone;
    return tls_ ? tls_->certificate_pem() : kNone;
  }

 private:
  // Writes one answer at the pace that is asked for.
  class Player {
   public:
    Player(AnswerWriter& writer, const ScriptedPacing& pacing) : writer_(writer), pacing_(pacing) {}

    bool Head(const std::string& bytes) {
      return Pass(pacing_.head) && Wait(pacing_.first_byte) && Write(bytes);
    }
    // What is written before the gate counts as an event; what is no event has `event` false.
    bool Event(const std::string& bytes, bool event = true) {
      if (sent_ == pacing_.events_before && !Pass(pacing_.events)) return false;
      if (sent_ > 0 && event && !Wait(pacing_.between_events)) return false;
      ++sent_;
      return Write(bytes);
    }
    bool Write(std::string_view bytes) {
      const size_t piece = pacing_.write_bytes == 0 ? bytes.size() : pacing_.write_bytes;
      for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
        if (!writer_.Write(bytes.substr(0, piece))) return false;
      }
      return true;
    }

   private:
    bool Pass(const std::optional<ScriptedGate>& gate) {
      if (!gate) return true;
      ScriptedGate::State& state = *gate->state_;
      std::unique_lock lock(state.mutex);
      state.reached = true;
      state.changed.notify_all();
      return state.changed.wait(lock, writer_.stop(), [&] { return state.open; });
    }
    bool Wait(std::chrono::milliseconds time) {
      if (time.count() <= 0) return true;
      std::mutex mutex;
      std::condition_variable_any never;
      std::unique_lock lock(mutex);
      never.wait_for(lock, writer_.stop(), time, [] { return false; });
      return !writer_.stop().stop_requested();
    }

    AnswerWriter& writer_;
    const ScriptedPacing& pacing_;
    size_t sent_ = 0;
  };

  void Handle(const ScriptedRequest& request, AnswerWriter& writer) {
    uint64_t number = 0;
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
      number = requests_.size();
      came_.notify_all();
    }
    const Asked asked = ReadAsked(request, number);
    if (options_.strict) {
      if (const std::optional<ScriptedError> no = Refusal(asked, options_.api_key)) {
        return Play(asked, *no, writer);
      }
    }
    std::visit([&](const auto& step) { Play(asked, step, writer); }, Next(request));
  }

  ScriptedStep Next(const ScriptedRequest& request) {
    {
      std::lock_guard lock(mutex_);
      for (const std::string& path : {std::string(request.path()), std::string()}) {
        const auto found = steps_.find(path);
        if (found == steps_.end() || found->second.empty()) continue;
        ScriptedStep step = std::move(found->second.front());
        found->second.pop_front();
        return step;
      }
    }
    if (!options_.answer) {
      ScriptedReply reply = echo(request);
      reply.pacing = options_.pacing;
      return reply;
    }
    try {
      return options_.answer(request);
    } catch (const std::exception& error) {
      return ScriptedError{.status = 500, .failure = {.message = error.what()}};
    }
  }

  void Play(const Asked& asked, const ScriptedReply& reply, AnswerWriter& writer) {
    if (asked.api == WireApi::kOther) return Play(asked, ScriptedError{.status = 404}, writer);
    const Answer answer = MakeAnswer(asked, reply);
    Player player(writer, reply.pacing);
    if (!answer.streamed) return PlayWhole(answer, player, answer.body.size());
    if (!player.Head(Head(answer))) return;
    for (const std::string& event : answer.events) {
      if (!player.Event(Chunk(event))) return;
    }
    player.Event(std::string(kLastChunk), false);
  }

  void Play(const Asked& asked, const ScriptedError& error, AnswerWriter& writer) {
    Player player(writer, error.failure.pacing);
    const Answer answer = MakeAnswer(asked, error);
    PlayWhole(answer, player, answer.body.size());
  }

  void Play(const Asked& asked, const ScriptedBrokenReply& step, AnswerWriter& writer) {
    if (asked.api == WireApi::kOther) return Play(asked, ScriptedError{.status = 404}, writer);
    const ScriptedBreakKind kind = step.broken.kind;
    const bool cut = kind == ScriptedBreakKind::kCut || kind == ScriptedBreakKind::kCutInEvent ||
                     kind == ScriptedBreakKind::kReset;
    const ScriptedError error = {.status = step.broken.status, .failure = step.broken.failure};
    const Answer answer = MakeAnswer(asked, step.reply);
    if (!answer.streamed && !cut) return Play(asked, error, writer);

    Player player(writer, step.reply.pacing);
    if (answer.streamed) {
      PlayBroken(asked, step, answer, player);
    } else {
      PlayWhole(answer, player, answer.body.size() / 2);
    }
    if (kind == ScriptedBreakKind::kReset) {
      writer.Reset();
    } else if (cut) {
      writer.Close();
    }
  }

  void Play(const Asked&, const ScriptedHangUp& step, AnswerWriter& writer) {
    step.reset ? writer.Reset() : writer.Close();
  }

  void Play(const Asked&, const ScriptedBytes& step, AnswerWriter& writer) {
    writer.Write(step.bytes);
    if (step.close) writer.Close();
  }

  static void PlayWhole(const Answer& answer, Player& player, size_t body_bytes) {
    if (player.Head(Head(answer))) player.Event(answer.body.substr(0, body_bytes));
  }

  // The events up to where it breaks, and what then comes.
  static void PlayBroken(const Asked& asked, const ScriptedBrokenReply& step, const Answer& answer,
                         Player& player) {
    const size_t count =
        std::min(step.broken.after_events, answer.events.size() - answer.terminal_events);
    if (!player.Head(Head(answer))) return;
    for (size_t i = 0; i < count; ++i) {
      if (!player.Event(Chunk(answer.events[i]))) return;
    }
    const ScriptedError error = {.status = step.broken.status, .failure = step.broken.failure};
    const bool responses = asked.api == WireApi::kOpenAiResponses;
    switch (step.broken.kind) {
      case ScriptedBreakKind::kFailed:
      case ScriptedBreakKind::kErrorEvent:
        player.Event(Chunk(step.broken.kind == ScriptedBreakKind::kFailed && responses
                               ? FailedEvent(asked, step.reply, error, count)
                               : ErrorEvent(asked, error, count)));
        player.Event(std::string(kLastChunk), false);
        break;
      case ScriptedBreakKind::kEndsEarly:
        player.Event(std::string(kLastChunk), false);
        break;
      case ScriptedBreakKind::kCut:
        break;
      case ScriptedBreakKind::kCutInEvent:
      case ScriptedBreakKind::kReset: {
        // The chunk says how long it would have been.
        const std::string chunk = Chunk(answer.events[count]);
        player.Event(chunk.substr(0, chunk.size() / 2));
        break;
      }
    }
  }

  const ScriptedProviderOptions options_;
  mutable std::mutex mutex_;
  mutable std::condition_variable came_;
  std::map<std::string, std::deque<ScriptedStep>> steps_;  // By path; "": any. Guarded by mutex_.
  std::vector<ScriptedRequest> requests_;                  // Guarded by mutex_.
  const std::unique_ptr<TlsServer> tls_;
  HttpServer server_;  // Last: its threads use all of the above.
};

ScriptedProvider::ScriptedProvider(ScriptedProviderOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
ScriptedProvider::~ScriptedProvider() = default;

std::string ScriptedProvider::url() const { return impl_->url(); }
uint16_t ScriptedProvider::port() const { return impl_->port(); }
const std::string& ScriptedProvider::certificate_pem() const { return impl_->certificate_pem(); }
size_t ScriptedProvider::steps_left() const { return impl_->steps_left(); }
std::vector<ScriptedRequest> ScriptedProvider::requests() const { return impl_->requests(); }
bool ScriptedProvider::wait_for_requests(size_t count, std::chrono::milliseconds timeout) const {
  return impl_->WaitForRequests(count, timeout);
}

ScriptedProvider::Script& ScriptedProvider::Script::add(ScriptedStep step) {
  provider_.impl_->Add(path_, std::move(step));
  return *this;
}
ScriptedProvider::Script& ScriptedProvider::Script::reply(ScriptedReply reply) {
  return add(std::move(reply));
}
ScriptedProvider::Script& ScriptedProvider::Script::fail(int status, ScriptedFailure failure) {
  return add(ScriptedError{.status = status, .failure = std::move(failure)});
}
ScriptedProvider::Script& ScriptedProvider::Script::stream_then_fail(ScriptedReply reply,
                                                                     ScriptedBreak broken) {
  return add(ScriptedBrokenReply{.reply = std::move(reply), .broken = std::move(broken)});
}
ScriptedProvider::Script& ScriptedProvider::Script::hang_up() { return add(ScriptedHangUp{}); }

ScriptedProvider::Script ScriptedProvider::on(std::string path) { return {*this, std::move(path)}; }
ScriptedProvider::Script ScriptedProvider::add(ScriptedStep step) {
  return on("").add(std::move(step));
}
ScriptedProvider::Script ScriptedProvider::reply(ScriptedReply reply) {
  return add(std::move(reply));
}
ScriptedProvider::Script ScriptedProvider::fail(int status, ScriptedFailure failure) {
  return on("").fail(status, std::move(failure));
}
ScriptedProvider::Script ScriptedProvider::stream_then_fail(ScriptedReply reply,
                                                            ScriptedBreak broken) {
  return on("").stream_then_fail(std::move(reply), std::move(broken));
}
ScriptedProvider::Script ScriptedProvider::hang_up() { return on("").hang_up(); }

}  // namespace sdk
}  // namespace pitot
