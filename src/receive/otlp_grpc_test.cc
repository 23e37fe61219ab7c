// OTLP/gRPC with gRPC's own client on raw bytes; ingest is a function of the test.
#include "receive/otlp_grpc.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/mutex.h"
#include "base/status.h"
#include "http/test_socket.h"
#include "receive/otlp_reply.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;

constexpr char kTraces[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr char kLogs[] = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
constexpr char kMetrics[] = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

struct GrpcReply {
  grpc::Status status;
  std::string body;
};

std::string Joined(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Dump(&slices).ok()) return out;
  for (const grpc::Slice& slice : slices) {
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return out;
}

class Client {
 public:
  explicit Client(uint16_t port)
      : stub_(grpc::CreateCustomChannel(fmt::format("127.0.0.1:{}", port),
                                        grpc::InsecureChannelCredentials(), Arguments())) {}

  GrpcReply Call(const std::string& method, const std::string& body, bool gzip = false,
                 const std::string& key = "") {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (gzip) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    if (!key.empty()) context.AddMetadata("x-pitot-key", key);
    const grpc::Slice slice(body);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::CompletionQueue queue;
    auto call = stub_.PrepareUnaryCall(&context, method, request, &queue);
    call->StartCall();
    grpc::ByteBuffer bytes;
    GrpcReply reply;
    call->Finish(&bytes, &reply.status, this);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    if (reply.status.ok()) reply.body = Joined(bytes);
    return reply;
  }

 private:
  static grpc::ChannelArguments Arguments() {
    grpc::ChannelArguments arguments;
    // Channels of one process would share their connection, also to a server that is gone.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return arguments;
  }

  grpc::GenericStub stub_;
};

class OtlpGrpcTest : public ::testing::Test {
 protected:
  void Start(OtlpGrpcOptions options = {}) {
    options.address = "127.0.0.1:0";
    absl::StatusOr<std::unique_ptr<OtlpGrpcServer>> server = OtlpGrpcServer::Start(
        std::move(options),
        [this](IngestRequest request, IngestDone done) {
          MutexLock lock(&mutex_);
          last_ = std::move(request);
          ++calls_;
          if (hold_) {
            held_.push_back(std::move(done));
            return;
          }
          threads_.emplace_back([reply = reply_, done = std::move(done)] { done(reply); });
        },
        [this](const IngestRequest&, Drop drop, const absl::Status&) {
          MutexLock lock(&mutex_);
          drops_.push_back(drop);
        });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    client_ = std::make_unique<Client>(server_->port());
  }

  void TearDown() override {
    if (server_ != nullptr) server_->Stop(milliseconds(0));
    std::vector<std::jthread> threads;
    {
      MutexLock lock(&mutex_);
      threads.swap(threads_);
    }
  }

  void SetReply(IngestReply reply) {
    MutexLock lock(&mutex_);
    reply_ = std::move(reply);
  }
  void Hold() {
    MutexLock lock(&mutex_);
    hold_ = true;
  }
  std::vector<IngestDone> held() {
    MutexLock lock(&mutex_);
    return held_;
  }
  IngestRequest last() {
    MutexLock lock(&mutex_);
    return last_;
  }
  std::vector<Drop> drops() {
    MutexLock lock(&mutex_);
    return drops_;
  }

  Mutex mutex_;
  IngestRequest last_ ABSL_GUARDED_BY(mutex_);
  IngestReply reply_ ABSL_GUARDED_BY(mutex_);
  bool hold_ ABSL_GUARDED_BY(mutex_) = false;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<IngestDone> held_ ABSL_GUARDED_BY(mutex_);
  std::vector<Drop> drops_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<OtlpGrpcServer> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(OtlpGrpcTest, HandsTheBodyToIngest) {
  Start();
  const std::string body = "\x0a" + std::string(100'000, 'x');
  const GrpcReply reply = client_->Call(kTraces, body);
  EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
  EXPECT_EQ(reply.body, "");
  EXPECT_TRUE(last().body == body);
  EXPECT_EQ(last().signal, Signal::kTraces);
  EXPECT_NE(last().sender.find("grpc-c"), std::string::npos) << last().sender;
  EXPECT_TRUE(client_->Call(kLogs, "\x0a").status.ok());
  EXPECT_EQ(last().signal, Signal::kLogs);
  EXPECT_TRUE(client_->Call(kMetrics, "\x0a").status.ok());
  EXPECT_EQ(last().signal, Signal::kMetrics);
}

TEST_F(OtlpGrpcTest, UndoesGzip) {
  Start();
  const std::string body = "\x0a" + std::string(500'000, 'x');
  EXPECT_TRUE(client_->Call(kTraces, body, /*gzip=*/true).status.ok());
  EXPECT_TRUE(last().body == body);
}

TEST_F(OtlpGrpcTest, AnEmptyMessageIsASuccess) {
  Start();
  EXPECT_TRUE(client_->Call(kTraces, "").status.ok());
}

TEST_F(OtlpGrpcTest, PartialSuccess) {
  Start();
  SetReply({.accepted = 1, .rejected = 2, .message = "why"});
  EXPECT_EQ(client_->Call(kTraces, "\x0a").body, std::string("\x0a\x07\x08\x02\x12\x03why"));
}

TEST_F(OtlpGrpcTest, Errors) {
  Start();
  SetReply({.status = InvalidArgument("not protobuf")});
  GrpcReply reply = client_->Call(kTraces, "\x0a");
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(reply.status.error_message(), "not protobuf");
  EXPECT_EQ(reply.status.error_details(), "") << "nothing that invites a retry";

  SetReply({.status = WithRetryAfter(Unavailable("spool full"), milliseconds(2500))});
  reply = client_->Call(kTraces, "\x0a");
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(reply.status.error_details(),
            EncodeRpcStatus(WireFormat::kProtobuf, 14, "spool full", milliseconds(2500)));

  reply =
      client_->Call("/opentelemetry.proto.collector.profiles.v1.ProfilesService/Export", "\x0a");
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(OtlpGrpcTest, TooLargeIsFinal) {
  Start({.request_bytes = 100'000});
  const auto refused = [&](const char* why, size_t bytes, bool gzip) {
    const GrpcReply reply = client_->Call(kTraces, "\x0a" + std::string(bytes, 'x'), gzip);
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED)
        << why << ": " << reply.status.error_message();
    EXPECT_EQ(reply.status.error_details(), "") << why << ": no RetryInfo";
  };
  refused("over our limit", 150'000, false);
  refused("over gRPC's", 1'000'000, false);
  refused("inflates to more", 1'000'000, true);
  refused("bomb", 64 << 20, true);
  EXPECT_TRUE(client_->Call(kTraces, std::string(100'000, '\x0a')).status.ok());
  const std::vector<Drop> counted = drops();
  EXPECT_EQ(std::ranges::count(counted, Drop::kRequestTooLarge), 3);
  EXPECT_EQ(counted.size(), 4u);
}

TEST_F(OtlpGrpcTest, NoMemoryMeansLater) {
  auto memory = std::make_shared<MemoryBudget>(1000);
  Start({.memory = memory});
  ASSERT_TRUE(memory->TryAcquire(900));
  const GrpcReply reply = client_->Call(kTraces, std::string(200, '\x0a'));
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_NE(reply.status.error_details(), "");
  EXPECT_EQ(drops(), std::vector<Drop>{Drop::kOverloaded});
  memory->Release(900);
  EXPECT_TRUE(client_->Call(kTraces, std::string(200, '\x0a')).status.ok());
  EXPECT_TRUE(Eventually([&] { return memory->used() == 0; }));
}

TEST_F(OtlpGrpcTest, Authorizes) {
  Start({.authorize = [](const std::function<std::string_view(std::string_view)>& header)
             -> absl::StatusOr<std::string> {
    if (header("x-pitot-key") != "secret") return absl::UnauthenticatedError("no key");
    return "shop";
  }});
  EXPECT_EQ(client_->Call(kTraces, "\x0a").status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(drops(), std::vector<Drop>{Drop::kMalformedRequest});
  EXPECT_TRUE(client_->Call(kTraces, "\x0a", false, "secret").status.ok());
  EXPECT_EQ(last().project, "shop");
}

TEST_F(OtlpGrpcTest, ManyCallsAtOnce) {
  Start({.threads = 2});
  std::vector<std::jthread> clients;
  std::atomic<int> right = 0;
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([&] {
      Client client(server_->port());
      for (int i = 0; i < 50; ++i) right += client.Call(kTraces, "\x0a").status.ok();
    });
  }
  clients.clear();
  EXPECT_EQ(right, 200);
}

TEST_F(OtlpGrpcTest, StopWaitsForAnswers) {
  Start();
  Hold();
  GrpcReply reply;
  std::jthread caller([&] { reply = client_->Call(kTraces, "\x0a"); });
  ASSERT_TRUE(Eventually([&] { return held().size() == 1; }));
  std::jthread stopper([&] { server_->Stop(milliseconds(20'000)); });
  held()[0]({});
  stopper.join();
  caller.join();
  EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
}

TEST_F(OtlpGrpcTest, StopAnswersWhatIngestDoesNot) {
  Start();
  Hold();
  GrpcReply reply;
  std::jthread caller([&] { reply = client_->Call(kTraces, "\x0a"); });
  ASSERT_TRUE(Eventually([&] { return held().size() == 1; }));
  server_->Stop(milliseconds(50));
  caller.join();
  EXPECT_FALSE(reply.status.ok());
  server_.reset();
  held()[0]({});  // Late: heard by nobody.
}

TEST_F(OtlpGrpcTest, ATakenPortIsNamed) {
  Start();
  const std::string address = fmt::format("127.0.0.1:{}", server_->port());
  const absl::Status second = OtlpGrpcServer::Start(
                                  {.address = address}, [](IngestRequest, IngestDone) {}, nullptr)
                                  .status();
  EXPECT_EQ(second.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(second.ToString().find(address), std::string::npos) << second;
}

}  // namespace
}  // namespace pitot
