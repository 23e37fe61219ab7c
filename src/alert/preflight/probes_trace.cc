// Probes of what becomes of spans: in the sandbox's project, through the real ingest and store.
#include <boost/json.hpp>
#include <cmath>

#include "alert/preflight/probe.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/status.h"
#include "base/text.h"
#include "store/day.h"

namespace pitot {
namespace {

std::string Digits(const PointContext& context, std::string_view what, size_t digits) {
  const auto hash = Sha128(fmt::format("preflight {} {}", context.run, what));
  return ToHex({reinterpret_cast<const char*>(hash.data()), hash.size()}).substr(0, digits);
}

// Of one trace of the sandbox: kind, status, category, parent known, span id, name.
absl::StatusOr<Table> ReadProbeTrace(const PointContext& context, const std::string& trace_id) {
  PointContext sandbox = context;
  sandbox.project = kSandboxProject;
  sandbox.day.until_ns = context.query.now + kNanosPerDay / 24;
  return ReadDay(
      sandbox,
      "SELECT toString(f.kind), toString(f.status), toString(f.error_category), "
      "toUInt8(f.is_root), toUInt8(f.is_orphan), lower(hex(f.span_id)), toString(f.name) "
      "FROM facts AS f FINAL WHERE {where} "
      "AND f.trace_id = toFixedString(unhex({trace:String}), 16) ORDER BY f.span_id",
      false, 7, {{"trace", trace_id}});
}

std::string Traceparent(const std::string& trace_id, const std::string& span_id) {
  return fmt::format("00-{}-{}-01", trace_id, span_id);
}

}  // namespace

std::string ProbeUser(const PointContext& context) {
  return fmt::format("preflight-{}", context.run);
}

std::string ProbeTraceId(const PointContext& context, std::string_view what) {
  return Digits(context, what, 32);
}

std::string ProbeSpanId(const PointContext& context, std::string_view what) {
  return Digits(context, what, 16);
}

std::string ProbeLine(const PointContext& context, const ProbeSpan& span) {
  return fmt::format(
      R"({{"pitot":1,"trace_id":"{}","span_id":"{}",{}"name":{},"kind":"{}","start_ns":{},)"
      R"("duration_ns":{},"user_id":"{}","service":"preflight"{}}})"
      "\n",
      span.trace_id, span.span_id,
      span.parent_id.empty() ? "" : fmt::format(R"("parent_id":"{}",)", span.parent_id),
      JsonText(span.name), span.kind, span.start_ns, span.duration_ns, ProbeUser(context),
      span.members);
}

std::string ProbeCallMembers(std::string_view model, std::string_view feature, double cost_usd) {
  return fmt::format(R"(,"feature":{},"feature_explicit":true,"provider":"preflight","model":{},)"
                     R"("finish_reason":"stop","usage":{{"input_tokens":100,"output_tokens":20}},)"
                     R"("cost":{{"nano_usd":{},"source":"provider","confidence":"exact"}})",
                     JsonText(feature), JsonText(model), std::llround(cost_usd * 1e9));
}

absl::Status ProbeErrorReachesRoot(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(const std::unique_ptr<SandboxGateway> gateway,
                   context.sandbox->Open({.bare_routes = true}));
  gateway->SetFault("", SandboxFault::kError500);
  const std::string trace = ProbeTraceId(context, "error");
  const std::string root = ProbeSpanId(context, "error root");
  const UnixNanos start = context.query.now - kNanosPerSecond;
  ASSIGN_OR_RETURN(const SandboxAnswer answer,
                   gateway->Call({.feature = "preflight-error",
                                  .user = ProbeUser(context),
                                  .traceparent = Traceparent(trace, root)}));
  // What the program's instrumentation sends when it catches the error and raises it again.
  RETURN_IF_ERROR(context.sandbox->Write(ProbeLine(
      context, {.trace_id = trace,
                .span_id = root,
                .name = "preflight error",
                .kind = "agent",
                .start_ns = start,
                .duration_ns = kNanosPerSecond,
                .members = fmt::format(
                    R"(,"status":"error","status_message":"the provider answered {0}",)"
                    R"("error_type":"ProviderError","error_category":"internal","events":)"
                    R"([{{"time_ns":{1},"name":"exception","attributes":)"
                    R"({{"exception.type":"ProviderError"}}}}])",
                    answer.status, start)})));
  RETURN_IF_ERROR(context.sandbox->WaitReadable());
  ASSIGN_OR_RETURN(const Table spans, ReadProbeTrace(context, trace));
  bool root_failed = false;
  std::string category;
  for (const boost::json::value& value : spans.rows) {
    const boost::json::array& row = value.get_array();
    const bool failed = TextAt(row, 1) == "error";
    if (TextAt(row, 5) == root) root_failed = failed && IntAt(row, 3) == 1;
    if (TextAt(row, 0) == "llm" && failed) category = TextAt(row, 2);
  }
  judgement.Count("probe_http_status", answer.status);
  judgement.Text("probe_call_category", category);
  judgement.Sample(trace);
  if (answer.status < 500) {
    judgement.Fail(fmt::format("the provider's 500 reached the caller as {}", answer.status));
  } else if (category.empty()) {
    judgement.Fail("the provider's 500 is in no call of the probe's trace");
  } else if (!root_failed) {
    judgement.Fail("the probe's root does not show as failed");
  } else {
    judgement.Pass(
        fmt::format("a provider's 500 reached the caller and the probe's root ({})", category));
  }
  return absl::OkStatus();
}

absl::Status ProbeContextReachesChild(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(const std::unique_ptr<SandboxGateway> gateway, context.sandbox->Open({}));
  const std::string trace = ProbeTraceId(context, "context");
  const std::string planner = ProbeSpanId(context, "planner");
  const std::string tool = ProbeSpanId(context, "delegate");
  const std::string child = ProbeSpanId(context, "child");
  const UnixNanos start = context.query.now - 4 * kNanosPerSecond;
  const auto call = [&](const std::string& parent) {
    return gateway->Call({.feature = "preflight-context",
                          .user = ProbeUser(context),
                          .traceparent = Traceparent(trace, parent)});
  };
  RETURN_IF_ERROR(call(planner).status());
  RETURN_IF_ERROR(call(child).status());
  const auto line = [&](const std::string& id, const std::string& parent, const char* name,
                        const char* kind, int64_t after_s) {
    return ProbeLine(context, {.trace_id = trace,
                               .span_id = id,
                               .parent_id = parent,
                               .name = name,
                               .kind = kind,
                               .start_ns = start + after_s * kNanosPerSecond,
                               .duration_ns = kNanosPerSecond,
                               .members = R"(,"status":"ok")"});
  };
  // The child's spans come from another process, before its parent's do.
  RETURN_IF_ERROR(context.sandbox->Write(line(child, tool, "child agent", "agent", 2)));
  RETURN_IF_ERROR(context.sandbox->Write(line(tool, planner, "delegate", "tool", 1) +
                                         line(planner, "", "planner", "agent", 0)));
  RETURN_IF_ERROR(context.sandbox->WaitReadable());
  ASSIGN_OR_RETURN(const Table spans, ReadProbeTrace(context, trace));
  int64_t orphans = 0;
  int64_t roots = 0;
  int64_t calls = 0;
  std::string tree;
  for (const boost::json::value& value : spans.rows) {
    const boost::json::array& row = value.get_array();
    roots += IntAt(row, 3);
    orphans += IntAt(row, 4);
    calls += TextAt(row, 0) == "llm" ? 1 : 0;
    if (!tree.empty()) tree += ", ";
    tree += TextAt(row, 6);
  }
  judgement.Text("probe_spans", tree);
  judgement.Sample(trace);
  judgement.Check(
      roots == 1 && orphans == 0 && calls == 2,
      fmt::format("the probe's child agent is {} of its parent's trace: {}, {}, {}",
                  roots == 1 && orphans == 0 ? "part" : "no part", CountOf(roots, "root"),
                  CountOf(orphans, "orphan"), CountOf(calls, "model call")));
  return absl::OkStatus();
}

absl::Status ProbeDeletion(const PointContext& context, Judgement& judgement) {
  const std::string trace = ProbeTraceId(context, "delete");
  RETURN_IF_ERROR(context.sandbox->Write(ProbeLine(
      context, {.trace_id = trace,
                .span_id = ProbeSpanId(context, "delete"),
                .name = "to be deleted",
                .kind = "llm",
                .start_ns = context.query.now - kNanosPerSecond,
                .duration_ns = kNanosPerSecond / 2,
                .members = ProbeCallMembers("preflight-delete", "preflight-delete", 0)})));
  RETURN_IF_ERROR(context.sandbox->WaitReadable());
  // Everything of this run's user: what other probes wrote goes with it.
  const auto count = [&]() -> absl::StatusOr<int64_t> {
    ASSIGN_OR_RETURN(
        const Table table,
        ReadTable(context.query,
                  "SELECT sum(n) FROM ("
                  "SELECT count() AS n FROM spans AS s WHERE s.project = {project:String} "
                  "AND s.user_id = {user:String} UNION ALL "
                  "SELECT count() AS n FROM facts AS f FINAL WHERE f.project = {project:String} "
                  "AND f.user_id = {user:String} UNION ALL "
                  "SELECT count() AS n FROM traces AS t FINAL WHERE t.project = {project:String} "
                  "AND t.user_id = {user:String})",
                  {{"project", std::string(kSandboxProject)}, {"user", ProbeUser(context)}}, 1));
    return table.rows.empty() ? 0 : IntAt(table.rows[0].get_array(), 0);
  };
  ASSIGN_OR_RETURN(const int64_t before, count());
  ASSIGN_OR_RETURN(const SandboxErasure erased, context.sandbox->EraseUser(ProbeUser(context)));
  ASSIGN_OR_RETURN(const int64_t after, count());
  judgement.Count("rows_before", before);
  judgement.Count("rows_after", after);
  judgement.Count("traces_deleted", erased.traces);
  judgement.Count("spans_deleted", erased.spans);
  if (before == 0) {
    judgement.Fail("the probe's spans were not found before they were deleted");
  } else {
    judgement.Check(after == 0,
                    fmt::format("deleting the sandbox's user left {} of {}",
                                FormatCount(static_cast<uint64_t>(after)), CountOf(before, "row")));
  }
  return absl::OkStatus();
}

}  // namespace pitot
