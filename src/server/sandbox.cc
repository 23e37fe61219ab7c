#include "server/sandbox.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <thread>

#include "base/status.h"
#include "gateway/budget/budgets.h"
#include "gateway/gateway.h"
#include "gateway/keys/key_ring.h"
#include "http/client.h"
#include "ingest/history/erasure.h"
#include "ingest/ingest.h"
#include "server/sandbox_upstream.h"
#include "store/engine.h"
#include "store/state.h"

namespace pitot {
namespace {

constexpr std::chrono::seconds kCallDeadline(60);
constexpr std::chrono::seconds kDrain(5);

// A store that is away.
class AwayEngine final : public Engine {
 public:
  absl::StatusOr<QueryResult> Query(std::string_view, const QueryOptions&) override {
    return Away();
  }
  absl::Status Stream(std::string_view, const QueryOptions&, const ResultSink&) override {
    return Away();
  }
  absl::Status Insert(std::string_view, std::string_view, std::chrono::milliseconds) override {
    return Away();
  }
  absl::Status Execute(std::string_view, std::chrono::milliseconds) override { return Away(); }
  std::string Describe() const override { return "away"; }

 private:
  static absl::Status Away() { return Unavailable("the sandbox's store is away"); }
};

// Removed with the object.
class ScratchFolder {
 public:
  static absl::StatusOr<std::unique_ptr<ScratchFolder>> Make(const std::string& data_dir) {
    std::string path = data_dir + "/preflight-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return ErrnoStatus("mkdtemp " + path, errno);
    return std::unique_ptr<ScratchFolder>(new ScratchFolder(std::move(path)));
  }
  ~ScratchFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

// As configured, but that nobody else is called and nothing secret is read or sent.
GatewayOptions SandboxOptionsOf(const ServerOptions& options, const SandboxUpstream& upstream,
                                const SandboxGatewayOptions& wanted) {
  GatewayOptions gateway = options.gateway;
  gateway.upstreams = AllUpstreams(options.gateway.upstreams);
  for (UpstreamOptions& each : gateway.upstreams) {
    each.url = upstream.UrlOf(each.name);
    each.key.clear();
    each.headers.set.clear();
    each.ca_file.clear();
  }
  // An answer out of the cache costs nothing and calls nobody: there would be nothing to see.
  for (RouteOptions& route : gateway.routes) {
    route.cache_ttl_ns.reset();
    if (!wanted.bare_routes) continue;
    route.fallback.clear();
    route.degraded_text.clear();
  }
  gateway.limits = options.limits;
  gateway.runs.runs_max = 1'000;
  return gateway;
}

// The path of a call that is not streamed.
std::string TargetOf(const UpstreamOptions& upstream, const std::string& model) {
  const bool own =
      upstream.name == "openai" || upstream.name == "anthropic" || upstream.name == "gemini";
  const std::string base = own ? "/" + upstream.name : "/up/" + upstream.name;
  switch (upstream.dialect) {
    case Dialect::kAnthropic:
      return base + "/v1/messages";
    case Dialect::kGemini:
      return fmt::format("{}/v1beta/models/{}:generateContent", base, PercentEncode(model));
    default:
      return base + "/v1/chat/completions";
  }
}

std::string BodyOf(const UpstreamOptions& upstream, const SandboxCall& call) {
  if (upstream.dialect == Dialect::kGemini) {
    return R"({"contents":[{"role":"user","parts":[{"text":"hello"}]}]})";
  }
  const bool chat = upstream.dialect == Dialect::kOpenAi;
  const std::string messages =
      chat && !call.messages.empty() ? call.messages : R"([{"role":"user","content":"hello"}])";
  // Anthropic's API does without max_tokens no more than without messages.
  const std::optional<int64_t> max_tokens =
      chat ? call.max_tokens : std::optional<int64_t>(call.max_tokens.value_or(100));
  return fmt::format(R"({{"model":{},{}"messages":{}}})", QuoteJson(call.model),
                     max_tokens ? fmt::format("\"max_tokens\":{},", *max_tokens) : "", messages);
}

// The code of a refusal by the gateway: of the `pitot` object in its error.
std::string CodeOf(std::string_view body) {
  constexpr std::string_view kBefore = R"("pitot":{"code":")";
  const size_t at = body.find(kBefore);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = body.substr(at + kBefore.size());
  return std::string(rest.substr(0, rest.find('"')));
}

double Usd(NanoUsd amount) { return static_cast<double>(amount.value) / 1e9; }

}  // namespace

class LiveSandbox::GatewayRun final : public SandboxGateway {
 public:
  explicit GatewayRun(LiveSandbox& sandbox) : sandbox_(sandbox) {
    const MutexLock lock(&sandbox_.mutex_);
    sandbox_.open_.push_back(this);
  }
  ~GatewayRun() override {
    {
      const MutexLock lock(&sandbox_.mutex_);
      std::erase(sandbox_.open_, this);
    }
    if (server_ != nullptr) server_->Stop(std::chrono::milliseconds(0));
    if (gateway_ != nullptr) gateway_->Stop(away_ == nullptr ? kDrain : std::chrono::seconds(0));
    if (away_ != nullptr) away_->Stop(std::chrono::milliseconds(0));
  }

  absl::Status Open(const SandboxGatewayOptions& wanted) {
    const Parts& parts = sandbox_.parts_;
    ASSIGN_OR_RETURN(folder_, ScratchFolder::Make(parts.options.data_dir));
    ASSIGN_OR_RETURN(upstream_, SandboxUpstream::Open());
    ASSIGN_OR_RETURN(state_, StateLog::Open(folder_->path() + "/state", parts.clock));
    ASSIGN_OR_RETURN(keys_, KeyRing::Open({}, *state_, parts.clock));
    ApiKey key;
    key.name = "preflight";
    key.project = kSandboxProject;
    key.scopes = static_cast<uint32_t>(KeyScope::kAdmin);
    ASSIGN_OR_RETURN(const NewKey made, keys_->Create(std::move(key), "preflight"));
    secret_ = made.secret;
    RETURN_IF_ERROR(OpenBudgets(wanted));
    if (wanted.store_away) RETURN_IF_ERROR(OpenAway());
    options_ = SandboxOptionsOf(parts.options, *upstream_, wanted);
    Ingest& ingest = away_ == nullptr ? parts.ingest : *away_;
    GatewayOptions options = options_;
    options.runs.context_tokens = [&real = parts.ingest](std::string_view model) {
      return real.book()->ContextTokens("", model).value_or(0);
    };
    ASSIGN_OR_RETURN(gateway_, Gateway::Open(std::move(options), {.ingest = ingest,
                                                                  .budgets = *budgets_,
                                                                  .keys = *keys_,
                                                                  .clock = parts.clock}));
    gateway_->Start();
    HttpService service;
    service.admit = [this](HttpRequest& head, Admission& admission) {
      gateway_->Admit(head, admission);
    };
    service.handle = [this](HttpRequest request, Responder responder) {
      gateway_->Handle(std::move(request), std::move(responder));
    };
    ASSIGN_OR_RETURN(server_, HttpServer::Open({}, std::move(service)));
    server_->Start();
    return absl::OkStatus();
  }

  void SetFault(std::string_view upstream, SandboxFault fault) override {
    upstream_->SetFault(upstream, fault);
  }

  absl::StatusOr<SandboxAnswer> Call(const SandboxCall& call) override {
    const auto upstream =
        std::ranges::find(options_.upstreams, call.upstream, &UpstreamOptions::name);
    if (upstream == options_.upstreams.end()) {
      return InvalidArgument("the sandbox has no upstream \"{}\"", call.upstream);
    }
    const std::string body = BodyOf(*upstream, call);
    HttpCall http;
    http.method = "POST";
    http.url =
        fmt::format("http://127.0.0.1:{}{}", server_->port(), TargetOf(*upstream, call.model));
    http.body = body;
    http.timeout = kCallDeadline;
    http.headers.Set("Content-Type", "application/json");
    http.headers.Set("x-pitot-key", secret_);
    // What a provider would ask for; ours looks at nothing.
    http.headers.Set("Authorization", "Bearer preflight");
    http.headers.Set("x-api-key", "preflight");
    http.headers.Set("anthropic-version", "2023-06-01");
    if (!call.feature.empty()) http.headers.Set("x-pitot-feature", call.feature);
    if (!call.user.empty()) http.headers.Set("x-pitot-user", call.user);
    if (!call.traceparent.empty()) http.headers.Set("traceparent", call.traceparent);
    const auto begin = std::chrono::steady_clock::now();
    ASSIGN_OR_RETURN(HttpReply reply, client_.Call(http));
    SandboxAnswer answer;
    answer.took_ns = std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
    answer.status = reply.status;
    answer.headers = std::move(reply.headers);
    answer.code = CodeOf(reply.body);
    answer.body = std::move(reply.body);
    return answer;
  }

  absl::StatusOr<SandboxLedger> Ledger(std::string_view budget) override {
    ASSIGN_OR_RETURN(const BudgetState state, budgets_->Show(budget, 1));
    SandboxLedger ledger;
    ledger.limit_usd = Usd(state.spec.limit);
    ledger.spent_usd = Usd(state.spent);
    ledger.reserved_usd = Usd(state.reserved);
    ledger.refused = state.refused;
    ledger.disabled = state.disabled || state.counters_disabled > 0;
    for (const BudgetCounter& counter : state.top) ledger.calls += counter.calls;
    return ledger;
  }

  absl::Status Disable(std::string_view budget, std::string_view reason) override {
    return budgets_->Disable(budget, std::nullopt, reason, "preflight");
  }
  absl::Status Enable(std::string_view budget) override {
    return budgets_->Enable(budget, std::nullopt, {}, "preflight");
  }

  int64_t SpansWaiting() override {
    if (away_ == nullptr) return 0;
    (void)WaitRecorded();
    const SpoolStats stats = away_->spool_stats();
    return static_cast<int64_t>(stats.durable_seq - stats.done_seq);
  }

  // Returns when the calls so far are durable.
  absl::Status WaitRecorded() {
    const auto until = std::chrono::steady_clock::now() + kDrain;
    for (;;) {
      const GatewayStats stats = gateway_->stats();
      if (stats.calls_in_flight == 0 && stats.recorder.queued == 0) return absl::OkStatus();
      if (std::chrono::steady_clock::now() >= until) {
        return Error(absl::StatusCode::kDeadlineExceeded,
                     "{} calls of the sandbox are not recorded after {} s",
                     stats.calls_in_flight + stats.recorder.queued, kDrain.count());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

 private:
  absl::Status OpenBudgets(const SandboxGatewayOptions& wanted) {
    BudgetOptions budgets;
    budgets.folder = folder_->path() + "/gateway";
    for (const BudgetSpec& spec : sandbox_.parts_.options.budgets) {
      if (spec.scope != BudgetScope::kRequest) continue;
      budgets.specs.push_back(spec);
      budgets.specs.back().project.clear();
    }
    for (const std::string& json : wanted.budgets) {
      ASSIGN_OR_RETURN(BudgetSpec spec, BudgetFromJson(json));
      budgets.specs.push_back(std::move(spec));
    }
    ASSIGN_OR_RETURN(budgets_, Budgets::Open(std::move(budgets), *state_, sandbox_.parts_.clock));
    return absl::OkStatus();
  }

  absl::Status OpenAway() {
    IngestOptions ingest;
    ingest.data_dir = folder_->path() + "/away";
    ingest.workers = 1;
    ingest.spool.disk_free_bytes_min =
        static_cast<uint64_t>(sandbox_.parts_.options.spool_disk_free_bytes);
    ingest.prepare.limits = sandbox_.parts_.options.limits;
    ASSIGN_OR_RETURN(
        away_, Ingest::Open(std::move(ingest), away_engine_, sandbox_.parts_.ingest.book(), nullptr,
                            sandbox_.parts_.clock));
    away_->Start();
    return absl::OkStatus();
  }

  LiveSandbox& sandbox_;
  GatewayOptions options_;
  std::string secret_;
  AwayEngine away_engine_;
  HttpClient client_;
  std::unique_ptr<ScratchFolder> folder_;
  std::unique_ptr<SandboxUpstream> upstream_;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<Budgets> budgets_;
  std::unique_ptr<Ingest> away_;  // Null: the real one.
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<HttpServer> server_;
};

LiveSandbox::LiveSandbox(const Parts& parts) : parts_(parts) {}

LiveSandbox::~LiveSandbox() = default;

std::vector<std::pair<std::string, std::string>> LiveSandbox::Upstreams() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const UpstreamOptions& each : AllUpstreams(parts_.options.gateway.upstreams)) {
    out.emplace_back(each.name, Name(each.dialect));
  }
  return out;
}

absl::StatusOr<std::unique_ptr<SandboxGateway>> LiveSandbox::Open(SandboxGatewayOptions options) {
  auto run = std::make_unique<GatewayRun>(*this);
  RETURN_IF_ERROR(Annotate(run->Open(options), "the sandbox"));
  return run;
}

absl::Status LiveSandbox::Write(std::string json_lines) {
  IngestRequest request;
  request.format = WireFormat::kJsonLines;
  request.source = Source::kJsonl;
  request.project = kSandboxProject;
  request.sender = "preflight";
  request.body = std::move(json_lines);
  std::promise<IngestReply> done;
  parts_.ingest.Accept(std::move(request),
                       [&](IngestReply reply) { done.set_value(std::move(reply)); });
  const IngestReply reply = done.get_future().get();
  RETURN_IF_ERROR(reply.status);
  if (reply.rejected > 0) {
    return Internal("{} spans of a probe were refused: {}", reply.rejected, reply.message);
  }
  return absl::OkStatus();
}

absl::Status LiveSandbox::WaitReadable() {
  std::vector<GatewayRun*> open;
  {
    const MutexLock lock(&mutex_);
    open = open_;
  }
  for (GatewayRun* run : open) RETURN_IF_ERROR(run->WaitRecorded());
  return parts_.ingest.WaitWritten();
}

absl::StatusOr<SandboxErasure> LiveSandbox::EraseUser(std::string_view user) {
  const auto ended = std::make_shared<std::promise<ErasureProgress>>();
  std::future<ErasureProgress> end = ended->get_future();
  RETURN_IF_ERROR(parts_.eraser.Begin(Erasure::What::kUser, kSandboxProject, user, "preflight",
                                      [ended](const ErasureProgress& progress) {
                                        if (progress.ended) ended->set_value(progress);
                                      }));
  if (end.wait_for(kCallDeadline) != std::future_status::ready) {
    return Error(absl::StatusCode::kDeadlineExceeded, "the deletion is not done after {} s",
                 kCallDeadline.count());
  }
  const ErasureProgress progress = end.get();
  RETURN_IF_ERROR(progress.status);
  return SandboxErasure{.traces = static_cast<int64_t>(progress.traces),
                        .spans = static_cast<int64_t>(progress.spans)};
}

}  // namespace pitot
