#include "server/server.h"

#include <algorithm>
#include <thread>

#include "api/api.h"
#include "base/status.h"
#include "http/guard.h"
#include "http/memory_budget.h"
#include "http/server.h"
#include "ingest/history/erasure.h"
#include "ingest/ingest.h"
#include "normalize/redact.h"
#include "price/price.h"
#include "query/sql.h"
#include "receive/otlp_grpc.h"
#include "receive/otlp_http.h"
#include "server/access.h"
#include "server/address.h"
#include "server/alert_host.h"
#include "server/config.h"
#include "server/gateway_host.h"
#include "server/janitor.h"
#include "server/prices_file.h"
#include "server/settings_report.h"
#include "store/state.h"
#include "store/store.h"

namespace pitot {
namespace {

// Stopping: replies in flight, then what the spool holds. The rest is there at the next start.
constexpr std::chrono::milliseconds kListenerDrain(5'000);
constexpr std::chrono::milliseconds kSpoolDrain(10'000);

int IoThreads() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 4u));
}

absl::StatusOr<StoreOptions> StoreOptionsOf(const ServerOptions& options) {
  StoreOptions store;
  if (options.store_mode == "embedded") {
    store.mode = StoreMode::kEmbedded;
    store.embedded.data_path = options.data_dir + "/store";
    store.embedded.library_path = options.engine_path;
    store.embedded.memory_bytes = options.store_memory_bytes;
    return store;
  }
  store.mode = StoreMode::kRemote;
  store.remote.urls = options.store_urls;
  store.remote.database = options.store_database;
  if (!options.store_user.empty()) store.remote.user = options.store_user;
  if (!options.store_password_env.empty()) {
    const auto password = ProcessEnv(options.store_password_env);
    if (!password) {
      return InvalidArgument("store.password_env: the environment has no {}",
                             options.store_password_env);
    }
    store.remote.password = *password;
  }
  return store;
}

IngestOptions IngestOptionsOf(const ServerOptions& options, UnixNanos now) {
  IngestOptions ingest;
  ingest.data_dir = options.data_dir;
  ingest.workers = static_cast<size_t>(options.ingest_workers);
  ingest.spool.max_bytes = static_cast<uint64_t>(options.spool_max_bytes);
  ingest.spool.segment_bytes = static_cast<uint64_t>(options.spool_segment_bytes);
  ingest.spool.disk_free_bytes_min = static_cast<uint64_t>(options.spool_disk_free_bytes);
  ingest.flusher.batch_delay =
      std::chrono::milliseconds(options.ingest_batch_delay_ns / kNanosPerMilli);
  ingest.flusher.batch_rows = static_cast<size_t>(options.ingest_batch_rows);
  ingest.flusher.batch_bytes = static_cast<size_t>(options.ingest_batch_bytes);
  ingest.flusher.traces.bytes_max = static_cast<size_t>(options.limits.active_trace_bytes);
  ingest.flusher.traces.at_once_spans = static_cast<uint32_t>(options.limits.resolve_at_once_spans);
  ingest.flusher.traces.open_timeout_ns = options.ingest_open_timeout_ns;
  // A remote store may have other servers, whose calls go on.
  if (options.store_mode == "embedded") ingest.flusher.traces.gateway_open_until_ns = now;
  ingest.prepare.limits = options.limits;
  ingest.prepare.keep_days = static_cast<uint16_t>(options.retention_days);
  ingest.prepare.import_keep_days = static_cast<uint16_t>(options.retention_import_days);
  return ingest;
}

}  // namespace

Server::Server(const ServerOptions& options) : options_(options) {}

Server::~Server() { Stop(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Open(const ServerOptions& options) {
  std::unique_ptr<Server> server(new Server(options));
  RETURN_IF_ERROR(Annotate(MakeFolders(options.data_dir), "data_dir"));
  ASSIGN_OR_RETURN(server->lock_, LockFile(options.data_dir + "/lock"));
  RETURN_IF_ERROR(server->OpenStore());
  RETURN_IF_ERROR(server->OpenIngest());
  RETURN_IF_ERROR(server->OpenState());
  RETURN_IF_ERROR(server->OpenAccess());
  RETURN_IF_ERROR(server->OpenGateway());
  RETURN_IF_ERROR(server->OpenAlerts());
  RETURN_IF_ERROR(server->OpenListeners());
  return server;
}

absl::Status Server::OpenStore() {
  ASSIGN_OR_RETURN(const StoreOptions options, StoreOptionsOf(options_));
  ASSIGN_OR_RETURN(store_, Store::Open(options, clock_));
  janitor_ = std::make_unique<Janitor>(store_->engine(), clock_, [this] { access_->Save(); });
  return absl::OkStatus();
}

absl::Status Server::OpenIngest() {
  RedactionOptions redaction;
  redaction.secrets = options_.redact_secrets;
  redaction.personal = options_.redact_personal;
  for (const RedactionRuleOption& rule : options_.redact_rules) {
    redaction.custom.push_back({rule.name, rule.pattern});
  }
  auto redactor = Redactor::Create(redaction);
  if (!redactor.ok()) return Annotate(redactor.status(), "redaction");
  redactor_ = std::make_unique<Redactor>(*std::move(redactor));
  ASSIGN_OR_RETURN(std::shared_ptr<const PriceBook> book, LoadPriceBook());
  ASSIGN_OR_RETURN(ingest_, Ingest::Open(IngestOptionsOf(options_, clock_.Now()), store_->engine(),
                                         std::move(book), redactor_.get(), clock_));
  return absl::OkStatus();
}

absl::Status Server::OpenState() {
  ASSIGN_OR_RETURN(state_, StateLog::Open(options_.data_dir + "/state", clock_));
  eraser_ = std::make_unique<Eraser>(*store_, *state_, *ingest_,
                                     static_cast<uint16_t>(options_.retention_days));
  return absl::OkStatus();
}

absl::Status Server::OpenAccess() {
  ASSIGN_OR_RETURN(access_, Access::Open(options_, *state_, store_->engine(), clock_));
  return absl::OkStatus();
}

absl::Status Server::OpenGateway() {
  ASSIGN_OR_RETURN(gateway_, GatewayHost::Open(options_, {.state = *state_,
                                                          .engine = store_->engine(),
                                                          .ingest = *ingest_,
                                                          .keys = access_->keys(),
                                                          .authorizer = access_->authorizer(),
                                                          .clock = clock_}));
  return absl::OkStatus();
}

absl::Status Server::OpenAlerts() {
  ASSIGN_OR_RETURN(alerts_, AlertHost::Open(options_, {.state = *state_,
                                                       .engine = store_->engine(),
                                                       .ingest = *ingest_,
                                                       .gateway = *gateway_,
                                                       .keys = access_->keys(),
                                                       .authorizer = access_->authorizer(),
                                                       .eraser = *eraser_,
                                                       .clock = clock_}));
  return absl::OkStatus();
}

std::optional<std::string> Server::TakeFirstSecret() { return access_->TakeFirstSecret(); }

absl::StatusOr<std::shared_ptr<const PriceBook>> Server::LoadPriceBook() const {
  ASSIGN_OR_RETURN(std::vector<PriceOverride> overrides, LoadPrices(options_.prices_file));
  return PriceBook::BuiltIn(std::move(overrides));
}

absl::Status Server::OpenListeners() {
  ASSIGN_OR_RETURN(const ListenAddress address,
                   ParseListenAddress("listen.http", options_.http_address));
  memory_ = std::make_shared<MemoryBudget>(options_.limits.inflight_bytes);
  api_ = std::make_unique<Api>(
      ApiDeps{.store = *store_,
              .ingest = *ingest_,
              .limits = options_.limits,
              .clock = clock_,
              .eraser = eraser_.get(),
              .state = state_.get(),
              .keys = &access_->keys(),
              .sessions = &access_->sessions(),
              .authorizer = &access_->authorizer(),
              .budgets = &gateway_->budgets(),
              .gateway = &gateway_->gateway(),
              .alerts = &alerts_->service(),
              .preflight = &alerts_->preflight(),
              .load_prices = [this] { return LoadPriceBook(); },
              .gateway_health = [this] { return gateway_->gateway().HealthJson(); },
              .settings = [this] { return ReportSettings(options_, http_port(), grpc_port()); }});
  otlp_http_ = std::make_unique<OtlpHttp>(
      [this](IngestRequest request, IngestDone done) {
        ingest_->Accept(std::move(request), std::move(done));
      },
      [this](const IngestRequest& request, Drop drop, const absl::Status& status) {
        ingest_->CountRefused(request, drop, status);
      });

  HttpServerOptions http;
  http.address = address.host;
  http.port = address.port;
  http.io_threads = IoThreads();
  http.header_bytes = options_.limits.header_bytes;
  http.body_bytes = options_.limits.request_bytes;
  http.connections = options_.limits.connections;
  http.memory = memory_;

  HttpService service;
  service.admit = [this, loopback = address.loopback](HttpRequest& head, Admission& admission) {
    Admit(loopback, head, admission);
  };
  service.handle = [this](HttpRequest request, Responder responder) {
    if (GatewayHost::IsFor(request.path)) {
      return gateway_->Handle(std::move(request), std::move(responder));
    }
    if (!OtlpHttp::IsOtlp(request.path)) {
      return api_->Handle(std::move(request), std::move(responder));
    }
    auto project = SenderProject(request);
    if (!project.ok()) return responder.Send(RefuseSender(request, project.status()));
    otlp_http_->Handle(std::move(request), std::move(responder), *std::move(project));
  };
  service.refuse = [this](const HttpRequest& head, int status, std::string_view message) {
    if (GatewayHost::IsFor(head.path)) return gateway_->Refuse(head, status, message);
    return OtlpHttp::IsOtlp(head.path) ? otlp_http_->Refuse(head, status, message)
                                       : ErrorResponse(status, message);
  };
  ASSIGN_OR_RETURN(http_, HttpServer::Open(std::move(http), std::move(service)));
  return absl::OkStatus();
}

void Server::Admit(bool loopback, const HttpRequest& head, Admission& admission) const {
  // Who must show a key cannot be made to ask by a web page that does not know it.
  const GuardOptions guard{.loopback_rule = loopback && !access_->authorizer().KeysRequired(),
                           .cors_origins = options_.cors_origins};
  GuardVerdict verdict = Guard(guard, head);
  admission.reply_headers = std::move(verdict.reply_headers);
  admission.answer = std::move(verdict.answer);
  if (!verdict.refusal.empty() && GatewayHost::IsFor(head.path)) {
    admission.answer = gateway_->Refuse(head, 403, verdict.refusal);
  }
  if (admission.answer) return;
  if (GatewayHost::IsFor(head.path)) return gateway_->Admit(head, admission);
  if (!OtlpHttp::IsOtlp(head.path)) {
    admission.answer = api_->Admit(head);
    return;
  }
  admission.answer = otlp_http_->Admit(head);
  if (admission.answer) return;
  if (const auto project = SenderProject(head); !project.ok()) {
    admission.answer = RefuseSender(head, project.status());
  }
}

absl::StatusOr<std::string> Server::SenderProject(const HttpRequest& head) const {
  ASSIGN_OR_RETURN(const Caller caller, access_->authorizer().Authorize(head, KeyScope::kIngest));
  ASSIGN_OR_RETURN(std::string project, caller.ProjectFor(head.Param("project")));
  if (!IsProjectName(project)) {
    return InvalidArgument("project must be 1 to 64 of A-Z a-z 0-9 _ . -");
  }
  return project;
}

HttpResponse Server::RefuseSender(const HttpRequest& head, const absl::Status& status) const {
  HttpResponse response = otlp_http_->Refuse(head, RowOf(status.code()).http, Message(status));
  if (response.status == 401) response.headers.Set("WWW-Authenticate", "Bearer realm=\"pitot\"");
  return response;
}

absl::Status Server::StartGrpc() {
  if (options_.grpc_address == "off") return absl::OkStatus();
  ASSIGN_OR_RETURN(const ListenAddress address,
                   ParseListenAddress("listen.grpc", options_.grpc_address));
  OtlpGrpcOptions grpc;
  grpc.address = options_.grpc_address;
  grpc.request_bytes = options_.limits.request_bytes;
  grpc.memory = memory_;
  grpc.authorize = [this](const auto& header) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const Caller caller,
                     access_->authorizer().Authorize(header, KeyScope::kIngest));
    return std::string(caller.Project());
  };
  ASSIGN_OR_RETURN(grpc_,
                   OtlpGrpcServer::Start(
                       std::move(grpc),
                       [this](IngestRequest request, IngestDone done) {
                         ingest_->Accept(std::move(request), std::move(done));
                       },
                       [this](const IngestRequest& request, Drop drop, const absl::Status& status) {
                         ingest_->CountRefused(request, drop, status);
                       }));
  return absl::OkStatus();
}

absl::Status Server::Start() {
  janitor_->Start();
  state_->Start(store_->engine());
  ingest_->Start();
  eraser_->Start();
  gateway_->Start();
  alerts_->Start();
  RETURN_IF_ERROR(StartGrpc());
  http_->Start();
  return absl::OkStatus();
}

void Server::Stop() {
  if (std::exchange(stopped_, true)) return;
  if (grpc_ != nullptr) grpc_->Stop(kListenerDrain);
  if (api_ != nullptr) api_->EndStreams();
  if (http_ != nullptr) http_->Stop(kListenerDrain);
  if (alerts_ != nullptr) alerts_->Stop();
  if (gateway_ != nullptr) gateway_->Stop(kSpoolDrain);
  if (ingest_ != nullptr) ingest_->Stop(kSpoolDrain);
  if (eraser_ != nullptr) eraser_->Stop();
  if (state_ != nullptr) state_->Stop();
  if (janitor_ != nullptr) janitor_->Stop();
}

uint16_t Server::http_port() const { return http_->port(); }

std::optional<uint16_t> Server::grpc_port() const {
  if (grpc_ == nullptr) return std::nullopt;
  return grpc_->port();
}

std::string Server::Describe() const {
  return fmt::format("{}, data in {}", store_->engine().Describe(), options_.data_dir);
}

}  // namespace pitot
