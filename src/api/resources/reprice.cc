// POST /api/v1/reprice
#include "ingest/history/reprice.h"

#include <atomic>

#include "api/handlers.h"
#include "api/ndjson.h"
#include "base/hex.h"
#include "base/status.h"
#include "query/span_refs.h"
#include "store/state.h"

namespace pitot {
namespace {

// One statement that lists a day of spans.
constexpr std::chrono::minutes kListDeadline(5);
constexpr size_t kSliceSpans = 5'000;  // Between two lines of progress.

// Held by the one repricing under way.
class Turn {
 public:
  explicit Turn(std::atomic<bool>& taken) : taken_(taken), mine_(!taken.exchange(true)) {}
  ~Turn() {
    if (mine_) taken_ = false;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool mine() const { return mine_; }

 private:
  std::atomic<bool>& taken_;
  const bool mine_;
};

double Usd(NanoUsd money) { return static_cast<double>(money.value) / 1e9; }

std::string ResultJson(const RepriceTotals& totals, std::string_view version, bool dry_run) {
  std::string models;
  for (const auto& [name, figures] : totals.models) {
    models += fmt::format(
        "{}{{\"provider\":{},\"model\":{},\"spans\":{},\"changed\":{},\"before_usd\":{},"
        "\"after_usd\":{}}}",
        models.empty() ? "" : ",", QuoteJson(name.first), QuoteJson(name.second), figures.spans,
        figures.changed, Usd(figures.before), Usd(figures.after));
  }
  return fmt::format(
      "{{\"spans\":{},\"changed\":{},\"cost_before_usd\":{},\"cost_after_usd\":{},\"models\":[{}],"
      "\"price_version\":{},\"dry_run\":{}}}",
      totals.all.spans, totals.all.changed, Usd(totals.all.before), Usd(totals.all.after), models,
      QuoteJson(version), dry_run);
}

std::string VersionOf(const PriceBook& book) {
  if (book.override_version().empty()) return std::string(book.version());
  return fmt::format("{}, {}", book.version(), book.override_version());
}

absl::Status Audit(const ApiCall& call, const Scope& scope, std::string_view result) {
  if (call.context.deps.state == nullptr) return absl::OkStatus();
  StateEvent event;
  event.kind = kAuditKind;
  event.id = fmt::format("reprice-{:016x}", call.context.deps.ingest.NextReceiveTime());
  event.actor = call.Actor();
  event.body = fmt::format(
      "{{\"action\":\"reprice\",\"project\":{},\"since_ns\":{},\"until_ns\":{},\"q\":{},"
      "\"result\":{}}}",
      QuoteJson(scope.project), scope.window.since_ns, scope.window.until_ns,
      QuoteJson(scope.filter.text()), result);
  return call.context.deps.state->Append(std::move(event)).status();
}

struct Request {
  Scope scope;
  bool dry_run = false;
  std::shared_ptr<const PriceBook> book;
};

absl::StatusOr<Request> ReadRequest(const ApiCall& call, UnixNanos now) {
  Request request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, now));
  ASSIGN_OR_RETURN(request.dry_run, ReadBool(call, "dry_run"));
  if (call.context.deps.load_prices) {
    ASSIGN_OR_RETURN(request.book, call.context.deps.load_prices());
  } else {
    request.book = call.context.deps.ingest.book();
  }
  return request;
}

absl::StatusOr<std::string> Reprice(const ApiCall& call, QueryContext context,
                                    const Request& request, NdjsonReply& reply) {
  const ApiDeps& deps = call.context.deps;
  const auto renew = [&] { context.deadline = std::chrono::steady_clock::now() + kListDeadline; };
  // Prices for what comes from now on first: nothing may fall between.
  if (!request.dry_run) deps.ingest.SetBook(request.book);
  reply.Progress(0, 0);
  if (!request.dry_run) RETURN_IF_ERROR(deps.ingest.WaitWritten());
  renew();
  ASSIGN_OR_RETURN(const uint64_t total, CountScopedSpans(context, request.scope));
  Repricer repricer(deps.ingest, deps.store.engine(), request.book, request.scope.project,
                    context.now, request.dry_run);
  uint64_t done = 0;
  RETURN_IF_ERROR(VisitScopedSpans(
      context, request.scope, [&](const std::vector<ScopedSpan>& day) -> absl::Status {
        std::vector<RepriceSpan> slice;
        for (size_t at = 0; at < day.size(); at += kSliceSpans) {
          slice.clear();
          for (size_t i = at; i < std::min(day.size(), at + kSliceSpans); ++i) {
            slice.push_back({day[i].ref, day[i].counted});
          }
          if (call.cancel != nullptr && call.cancel->cancelled()) {
            return absl::CancelledError("the client went away; what is repriced stays so");
          }
          RETURN_IF_ERROR(repricer.Add(slice));
          done += slice.size();
          reply.Progress(done, std::max(done, total));
        }
        renew();
        return absl::OkStatus();
      }));
  return ResultJson(repricer.totals(), VersionOf(*request.book), request.dry_run);
}

}  // namespace

void PostReprice(ApiCall call) {
  const Turn turn(call.context.repricing);
  if (!turn.mine()) {
    return call.responder.Send(StatusResponse(Error(absl::StatusCode::kFailedPrecondition,
                                                    "a repricing is under way; wait for its end")));
  }
  const QueryContext context = call.Query();
  const absl::StatusOr<Request> request = ReadRequest(call, context.now);
  if (!request.ok()) return call.responder.Send(StatusResponse(request.status()));
  NdjsonReply reply(std::move(call.responder));
  absl::StatusOr<std::string> result = Reprice(call, context, *request, reply);
  absl::Status status = result.status();
  if (status.ok() && !request->dry_run) status = Audit(call, request->scope, *result);
  if (!status.ok()) return reply.Error(status);
  reply.Result(*std::move(result));
}

}  // namespace pitot
