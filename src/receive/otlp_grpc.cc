#include "receive/otlp_grpc.h"

#include <grpc/grpc.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "http/compress.h"
#include "receive/otlp_reply.h"

namespace pitot {
namespace {

constexpr int64_t kOwnMemoryBytes = 192 << 20;
constexpr int64_t kGrpcMemoryBytesMin = 64 << 20;
constexpr int kStreamsPerConnection = 256;
constexpr int kCallsWaiting = 16;  // Calls armed ahead on each thread's queue.
constexpr std::chrono::milliseconds kRetryDelay{1000};

grpc::Status ToGrpc(const absl::Status& status) {
  const StatusRow& row = RowOf(status.code());
  const std::string message(Message(status));
  const auto code = static_cast<grpc::StatusCode>(row.grpc);
  if (!row.retry) return {code, message};
  std::chrono::milliseconds delay = RetryAfter(status);
  if (delay.count() <= 0) delay = kRetryDelay;
  return {code, message, EncodeRpcStatus(WireFormat::kProtobuf, row.grpc, message, delay)};
}

std::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

std::string Joined(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Dump(&slices).ok()) return out;
  out.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return out;
}

// The coding of a message, by its first bytes: an export request starts with the tag of field 1, so
// the marks of gzip and zlib cannot be its own.
Coding CodingOf(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() >= 3 && byte(0) == 0x1F && byte(1) == 0x8B && byte(2) == 8) return Coding::kGzip;
  if (bytes.size() >= 2 && byte(0) == 0x78 && (byte(0) * 256 + byte(1)) % 31 == 0) {
    return Coding::kDeflate;
  }
  return Coding::kIdentity;
}

}  // namespace

// Calls that ingest has not answered yet. Shared with each call: an answer may come late.
class OtlpGrpcServer::Registry {
 public:
  // False: the server has stopped waiting for answers.
  bool Add(Call* call, std::shared_ptr<Call> owner) {
    MutexLock lock(&mutex_);
    if (closed_) return false;
    waiting_.emplace(call, std::move(owner));
    return true;
  }

  // Empty: it was removed before.
  std::shared_ptr<Call> Remove(Call* call) {
    MutexLock lock(&mutex_);
    const auto found = waiting_.find(call);
    if (found == waiting_.end()) return nullptr;
    std::shared_ptr<Call> owner = std::move(found->second);
    waiting_.erase(found);
    empty_.NotifyAll();
    return owner;
  }

  // Waits until `until` for the last answer, then takes no more calls and returns those left.
  std::vector<std::shared_ptr<Call>> Close(std::chrono::steady_clock::time_point until) {
    MutexLock lock(&mutex_);
    while (!waiting_.empty() && empty_.WaitUntil(mutex_, until)) {
    }
    closed_ = true;
    std::vector<std::shared_ptr<Call>> left;
    for (const auto& [call, owner] : waiting_) left.push_back(owner);
    return left;
  }

 private:
  Mutex mutex_;
  CondVar empty_;
  std::unordered_map<Call*, std::shared_ptr<Call>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

class OtlpGrpcServer::Impl {
 public:
  Impl(OtlpGrpcOptions options, IngestFn ingest, CountRefusedFn count_refused)
      : options_(std::move(options)),
        ingest_(std::move(ingest)),
        count_refused_(std::move(count_refused)) {
    if (options_.memory == nullptr) {
      options_.memory = std::make_shared<MemoryBudget>(kOwnMemoryBytes);
    }
  }

  absl::Status Start();
  void Stop(std::chrono::milliseconds drain);
  int port() const { return port_; }

 private:
  friend class OtlpGrpcServer::Call;

  void Serve(grpc::ServerCompletionQueue& queue);
  void Arm(grpc::ServerCompletionQueue& queue);
  void Refused(Signal signal, std::string_view sender, Drop drop, const absl::Status& status) const;

  OtlpGrpcOptions options_;
  const IngestFn ingest_;
  const CountRefusedFn count_refused_;

  int limit_ = 0;  // gRPC's own, on messages.
  int port_ = 0;
  bool stopped_ = false;
  grpc::AsyncGenericService service_;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues_;
  std::unique_ptr<grpc::Server> server_;

  std::atomic<bool> stopping_ = false;
  const std::shared_ptr<Registry> registry_ = std::make_shared<Registry>();
  std::vector<std::thread> threads_;
};

// One call, from waiting for it to its last byte. It owns itself while gRPC holds its tag, and is
// owned by the registry while ingest works on it. At most one gRPC operation is under way, so `step_` tells what a tag means.
class OtlpGrpcServer::Call : public std::enable_shared_from_this<Call> {
 public:
  Call(Impl& server, grpc::ServerCompletionQueue& queue)
      : server_(server),
        queue_(queue),
        registry_(server.registry_),
        lease_(server.options_.memory) {}

  void Arm() {
    MutexLock lock(&mutex_);
    self_ = shared_from_this();
    server_.service_.RequestCall(&context_, &stream_, &queue_, &queue_, this);
  }

  // The operation under way ended, on the queue's thread.
  void Step(bool ok) {
    std::shared_ptr<Call> self;
    bool read = false;
    {
      MutexLock lock(&mutex_);
      self = std::move(self_);
      if (step_ == Phase::kArmed && ok) {
        step_ = Phase::kReading;
        self_ = self;
        stream_.Read(&message_, this);
      } else if (step_ == Phase::kReading) {
        read = true;
      }
    }
    if (read) Received(ok);
  }

  bool armed() {
    MutexLock lock(&mutex_);
    return step_ == Phase::kArmed;
  }

  // The first answer counts. The server itself may be gone when a later one comes.
  void Answer(const grpc::Status& status, const std::string& body) {
    std::shared_ptr<Call> self = registry_->Remove(this);
    if (self == nullptr) return;
    MutexLock lock(&mutex_);
    step_ = Phase::kFinishing;
    self_ = self;
    lease_.Reset();
    if (status.ok()) {
      const grpc::Slice slice(body);
      const grpc::ByteBuffer reply(&slice, 1);
      stream_.WriteAndFinish(reply, grpc::WriteOptions(), status, this);
    } else {
      stream_.Finish(status, this);
    }
  }

 private:
  enum class Phase { kArmed, kReading, kFinishing };

  std::string_view Header(std::string_view name) const {
    const auto found = context_.client_metadata().find(grpc::string_ref(name.data(), name.size()));
    return found == context_.client_metadata().end() ? std::string_view() : View(found->second);
  }

  std::string Sender() const {
    const std::string_view agent = Header("user-agent");
    return agent.empty() ? "otlp/grpc" : std::string(agent);
  }

  void Fail(const absl::Status& status) { Answer(ToGrpc(status), ""); }

  void Received(bool ok) {
    if (!registry_->Add(this, shared_from_this())) {
      MutexLock lock(&mutex_);
      step_ = Phase::kFinishing;
      self_ = shared_from_this();
      stream_.Finish(ToGrpc(Unavailable("the server is stopping")), this);
      return;
    }
    const std::optional<Signal> signal = OtlpSignalOfMethod(context_.method());
    if (!signal.has_value()) {
      Answer({grpc::StatusCode::UNIMPLEMENTED, "no such method: " + context_.method()}, "");
      return;
    }
    if (!ok) {
      // Where it was far over the limit, gRPC has told the sender so already.
      const absl::Status status = InvalidArgument(
          "no whole message came: it was over {} bytes, or the sender went away", server_.limit_);
      server_.Refused(*signal, Sender(), Drop::kMalformedRequest, status);
      Fail(status);
      return;
    }
    IngestRequest request{.signal = *signal, .format = WireFormat::kProtobuf};
    request.sender = Sender();
    if (server_.options_.authorize != nullptr) {
      absl::StatusOr<std::string> project =
          server_.options_.authorize([this](std::string_view name) { return Header(name); });
      if (!project.ok()) {
        server_.Refused(*signal, request.sender, Drop::kMalformedRequest, project.status());
        Fail(project.status());
        return;
      }
      request.project = *std::move(project);
    }
    if (const absl::Status taken = Take(request.body); !taken.ok()) {
      const Drop drop = taken.code() == absl::StatusCode::kOutOfRange    ? Drop::kRequestTooLarge
                        : taken.code() == absl::StatusCode::kUnavailable ? Drop::kOverloaded
                                                                         : Drop::kMalformedRequest;
      server_.Refused(*signal, request.sender, drop, taken);
      Fail(taken);
      return;
    }
    if (request.body.empty()) {
      Answer(grpc::Status::OK, "");
      return;
    }
    server_.ingest_(std::move(request), [call = weak_from_this(), signal](IngestReply reply) {
      if (const std::shared_ptr<Call> self = call.lock()) {
        self->Answer(ToGrpc(reply.status), EncodeOtlpReply(*signal, WireFormat::kProtobuf, reply));
      }
    });
  }

  // The message's bytes, decoded.
  absl::Status Take(std::string& body) {
    const auto bytes_max = static_cast<size_t>(server_.options_.request_bytes);
    if (message_.Length() > bytes_max) {
      return Error(absl::StatusCode::kOutOfRange, "the message of {} bytes is over the limit of {}",
                   message_.Length(), bytes_max);
    }
    if (!Hold(static_cast<int64_t>(message_.Length()))) return NoMemory();
    body = Joined(message_);
    message_.Clear();
    const Coding coding = CodingOf(body);
    if (coding == Coding::kIdentity) return absl::OkStatus();
    absl::StatusOr<std::string> inflated = Decompress(coding, body, bytes_max);
    if (!inflated.ok()) return inflated.status();
    body = *std::move(inflated);
    return Hold(static_cast<int64_t>(body.size())) ? absl::OkStatus() : NoMemory();
  }

  bool Hold(int64_t bytes) {
    if (bytes == 0) return true;
    if (!server_.options_.memory->TryAcquire(bytes)) return false;
    lease_.Add(bytes);
    return true;
  }

  static absl::Status NoMemory() {
    return Unavailable("too many bytes of requests are in flight; retry");
  }

  Impl& server_;
  grpc::ServerCompletionQueue& queue_;
  const std::shared_ptr<Registry> registry_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  grpc::ByteBuffer message_;
  MemoryLease lease_;

  Mutex mutex_;
  Phase step_ ABSL_GUARDED_BY(mutex_) = Phase::kArmed;
  std::shared_ptr<Call> self_ ABSL_GUARDED_BY(mutex_);  // While gRPC holds the tag.
};

void OtlpGrpcServer::Impl::Refused(Signal signal, std::string_view sender, Drop drop,
                                   const absl::Status& status) const {
  if (count_refused_ == nullptr) return;
  IngestRequest request{.signal = signal, .format = WireFormat::kProtobuf};
  request.sender = sender;
  count_refused_(request, drop, status);
}

absl::Status OtlpGrpcServer::Impl::Start() {
  // Held for the life of the process: a call that ingest answers late may outlive this server.
  static const bool initialised = (grpc_init(), true);
  (void)initialised;
  // Ours is checked, named and counted behind gRPC's, which only shuts out what is far too large.
  limit_ = static_cast<int>(
      std::min<int64_t>(2 * options_.request_bytes, std::numeric_limits<int>::max()));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options_.address, grpc::InsecureServerCredentials(), &port_);
  builder.RegisterAsyncGenericService(&service_);
  builder.SetMaxReceiveMessageSize(limit_);
  // For what gRPC holds before the budget sees it.
  builder.SetResourceQuota(grpc::ResourceQuota("otlp").Resize(static_cast<size_t>(
      std::max<int64_t>(2 * options_.memory->bytes_max(), kGrpcMemoryBytesMin))));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
  // Two programs on one port would each get some of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // gRPC inflates without a limit; we do it with one.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  const int threads = std::max(1, options_.threads);
  for (int i = 0; i < threads; ++i) queues_.push_back(builder.AddCompletionQueue());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    return Unavailable("cannot listen on {} for OTLP/gRPC; is the port taken?", options_.address);
  }
  for (const auto& queue : queues_) {
    for (int i = 0; i < kCallsWaiting; ++i) Arm(*queue);
    threads_.emplace_back([this, &queue = *queue] { Serve(queue); });
  }
  return absl::OkStatus();
}

void OtlpGrpcServer::Impl::Arm(grpc::ServerCompletionQueue& queue) {
  if (!stopping_) std::make_shared<Call>(*this, queue)->Arm();
}

void OtlpGrpcServer::Impl::Serve(grpc::ServerCompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
    Call* const call = static_cast<Call*>(tag);
    if (ok && call->armed()) Arm(queue);  // The next call has somebody waiting for it.
    call->Step(ok);
  }
}

void OtlpGrpcServer::Impl::Stop(std::chrono::milliseconds drain) {
  if (stopped_ || server_ == nullptr) return;
  stopped_ = true;
  stopping_ = true;
  // Shutdown returns once the last call has ended, so it needs company while we answer the rest.
  std::thread shutdown(
      [this, until = std::chrono::system_clock::now() + drain] { server_->Shutdown(until); });
  for (const std::shared_ptr<Call>& call :
       registry_->Close(std::chrono::steady_clock::now() + drain)) {
    call->Answer(ToGrpc(Unavailable("the server is stopping")), "");
  }
  shutdown.join();
  for (const auto& queue : queues_) queue->Shutdown();
  for (std::thread& thread : threads_) thread.join();
}

absl::StatusOr<std::unique_ptr<OtlpGrpcServer>> OtlpGrpcServer::Start(
    OtlpGrpcOptions options, IngestFn ingest, CountRefusedFn count_refused) {
  auto impl =
      std::make_unique<Impl>(std::move(options), std::move(ingest), std::move(count_refused));
  RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<OtlpGrpcServer>(new OtlpGrpcServer(std::move(impl)));
}

OtlpGrpcServer::OtlpGrpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OtlpGrpcServer::~OtlpGrpcServer() { impl_->Stop(std::chrono::milliseconds(0)); }
uint16_t OtlpGrpcServer::port() const { return static_cast<uint16_t>(impl_->port()); }
void OtlpGrpcServer::Stop(std::chrono::milliseconds drain) { impl_->Stop(drain); }

}  // namespace pitot
