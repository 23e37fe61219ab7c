#include "alert/preflight/preflight.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <random>

#include "alert/preflight/point.h"
#include "alert/preflight/probe.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "http/message.h"

namespace pitot {
namespace {

// Of the statements of one point, and of what it replays.
constexpr std::chrono::seconds kPointDeadline(60);

constexpr int64_t kAttestedNs = 90 * kNanosPerDay;
constexpr int64_t kWaivedNsMax = 366 * kNanosPerDay;
constexpr size_t kWordsBytesMax = 4096;
constexpr size_t kValuesMax = 64;

// What it deletes are the spans of all probes of the run.
constexpr std::string_view kDeletionPoint = "SEC-03";

constexpr std::string_view kAttestationKind = "attestation";
constexpr std::string_view kWaiverKind = "waiver";
constexpr std::string_view kEvidenceKind = "preflight_evidence";

const std::vector<PointRow>& Rows() {
  static const std::vector<PointRow> rows = [] {
    std::vector<PointRow> all;
    for (const auto& area :
         {InsPoints(), AlrPoints(), OpsPoints(), CstPoints(), QltPoints(), SecPoints()}) {
      all.insert(all.end(), area.begin(), area.end());
    }
    return all;
  }();
  return rows;
}

std::string NoteId(std::string_view project, std::string_view point) {
  return fmt::format("{}/{}", project, point);
}

std::string NoteBody(const PreflightNote& note) {
  return fmt::format(R"({{"by":{},"at_ns":{},"until_ns":{},"words":{}}})", QuoteJson(note.by),
                     note.at, note.until, QuoteJson(note.words));
}

// A member of an event's body; what is not there is empty.
std::string_view TextOf(const boost::json::object& body, std::string_view name) {
  const boost::json::value* value = body.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : "";
}
int64_t IntOf(const boost::json::object& body, std::string_view name) {
  const boost::json::value* value = body.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::optional<boost::json::object> BodyOf(StateLog* state, std::string_view kind,
                                          std::string_view id) {
  if (state == nullptr) return std::nullopt;
  const std::optional<StateEvent> event = state->Find(kind, id);
  if (!event || event->is_deleted) return std::nullopt;
  boost::system::error_code error;
  boost::json::value body = boost::json::parse(event->body, error);
  if (error || !body.is_object()) {
    LogWarning("state event {} {} is no JSON object; it is left out", kind, id);
    return std::nullopt;
  }
  return std::move(body.get_object());
}

std::optional<PreflightNote> FindNote(StateLog* state, std::string_view kind, std::string_view id) {
  const auto body = BodyOf(state, kind, id);
  if (!body) return std::nullopt;
  return PreflightNote{.by = std::string(TextOf(*body, "by")),
                       .at = IntOf(*body, "at_ns"),
                       .until = IntOf(*body, "until_ns"),
                       .words = std::string(TextOf(*body, "words"))};
}

absl::StatusOr<const PreflightPoint*> PointOf(std::string_view id) {
  const PreflightPoint* point = FindPreflightPoint(id);
  if (point == nullptr) {
    return Error(absl::StatusCode::kNotFound, "there is no point \"{}\": INS-01 to SEC-05", id);
  }
  return point;
}

absl::Status CheckWords(std::string_view name, std::string_view words) {
  if (TrimText(words).empty()) return InvalidArgument("{} is missing", name);
  if (words.size() > kWordsBytesMax) {
    return InvalidArgument("{} has {} bytes, at most {} are kept", name, words.size(),
                           kWordsBytesMax);
  }
  return absl::OkStatus();
}

// What people said decides over what was judged, as far as it may.
void ApplyNotes(const Preflight::Notes& notes, UnixNanos now, PreflightResult& result) {
  result.attestation = notes.attestation;
  result.waiver = notes.waiver;
  result.status = result.judged;
  if (notes.attestation && notes.attestation->until > now && result.point->attestable() &&
      result.judged == PreflightStatus::kInsufficientData) {
    result.status = PreflightStatus::kAttested;
    result.words =
        fmt::format("{} said on {}: {}", notes.attestation->by,
                    FormatTime(notes.attestation->at).substr(0, 10), notes.attestation->words);
  }
  if (notes.waiver && notes.waiver->until > now && result.status != PreflightStatus::kPass &&
      result.status != PreflightStatus::kAttested) {
    result.status = PreflightStatus::kWaived;
    result.words = fmt::format("{} until {}: {} ({})", notes.waiver->by,
                               FormatTime(notes.waiver->until).substr(0, 10), notes.waiver->words,
                               result.words);
  }
}

}  // namespace

std::span<const PreflightPoint> PreflightPoints() {
  static const std::vector<PreflightPoint> points = [] {
    std::vector<PreflightPoint> all;
    for (const PointRow& row : Rows()) all.push_back(row.point);
    return all;
  }();
  return points;
}

const PreflightPoint* FindPreflightPoint(std::string_view id) {
  for (const PreflightPoint& point : PreflightPoints()) {
    if (EqualsIgnoreCase(point.id, id)) return &point;
  }
  return nullptr;
}

std::array<int64_t, static_cast<size_t>(PreflightStatus::kEnd)> PreflightReport::Counts() const {
  std::array<int64_t, static_cast<size_t>(PreflightStatus::kEnd)> counts = {};
  for (const PreflightResult& result : results) ++counts[static_cast<size_t>(result.status)];
  return counts;
}

bool PreflightReport::Launch() const {
  return std::ranges::none_of(results, &PreflightResult::stops_launch);
}

Preflight::Preflight(PreflightDeps deps) : deps_(std::move(deps)) {}

absl::StatusOr<PreflightReport> Preflight::Run(const QueryContext& context,
                                               const PreflightRequest& request) {
  for (const std::string& id : request.only) RETURN_IF_ERROR(PointOf(id).status());
  if (request.probes && probing_.exchange(true)) {
    return Unavailable(
        "another preflight is trying things out; wait for it, or ask with "
        "probes=false");
  }
  absl::StatusOr<PreflightReport> report = RunHeld(context, request);
  if (request.probes) probing_ = false;
  return report;
}

absl::StatusOr<PreflightReport> Preflight::RunHeld(const QueryContext& context,
                                                   const PreflightRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  const PreflightConfig config = deps_.config ? deps_.config() : PreflightConfig{};
  PreflightReport report;
  report.project = request.project;
  report.at = context.now;
  report.probes = request.probes;
  const std::string run = fmt::format("{:x}", context.now / kNanosPerMilli);
  bool left_behind = request.probes && deps_.sandbox != nullptr;
  for (const PointRow& row : Rows()) {
    if (!request.only.empty() && std::ranges::none_of(request.only, [&](const std::string& id) {
          return EqualsIgnoreCase(id, row.point.id);
        })) {
      continue;
    }
    const PreflightPoint* point = FindPreflightPoint(row.point.id);
    const Notes notes = NotesOf(request.project, point->id);
    QueryContext query = context;
    query.deadline = std::chrono::steady_clock::now() + kPointDeadline;
    const PointContext of{.point = *point,
                          .config = config,
                          .query = query,
                          .project = request.project,
                          .day = {context.now - kNanosPerDay, context.now},
                          .probes = request.probes,
                          .sandbox = request.probes ? deps_.sandbox : nullptr,
                          .replay = request.probes ? deps_.replay : nullptr,
                          .hooks = deps_.hooks,
                          .state = deps_.state,
                          .recorded = notes.evidence,
                          .run = run};
    Judgement judgement;
    if (const absl::Status status = row.judge(of, judgement); !status.ok()) {
      if (status.code() == absl::StatusCode::kCancelled) return status;
      judgement.Lack(fmt::format("it could not be judged: {}", Message(status)));
    }
    PreflightResult& result = report.results.emplace_back();
    result.point = point;
    result.checked_at = context.now;
    std::move(judgement).MoveTo(result);
    if (point->id == kDeletionPoint && result.judged == PreflightStatus::kPass) {
      left_behind = false;
    }
    ApplyNotes(notes, context.now, result);
  }
  if (left_behind) {
    const auto erased = deps_.sandbox->EraseUser(fmt::format("preflight-{}", run));
    if (!erased.ok()) {
      LogWarning("spans of preflight {} stay in project {}: {}", run, kSandboxProject,
                 Message(erased.status()));
    }
  }
  report.took_ns = std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
  return report;
}

absl::Status Preflight::Append(std::string_view kind, std::string_view project, std::string_view id,
                               std::string_view actor, std::string body, std::string_view action) {
  if (deps_.state == nullptr) {
    return Error(absl::StatusCode::kFailedPrecondition, "nothing is remembered here");
  }
  // First what was meant: a change that nobody can trace back is worse than one that failed.
  StateEvent audit;
  audit.kind = kAuditKind;
  audit.id = fmt::format("preflight-{:016x}",
                         std::random_device()() * 0x100000001ULL + std::random_device()());
  audit.actor = actor;
  audit.body =
      fmt::format(R"({{"action":{},"project":{},"point":{},"what":{}}})", QuoteJson(action),
                  QuoteJson(project), QuoteJson(id), body.empty() ? "null" : body);
  RETURN_IF_ERROR(deps_.state->Append(std::move(audit)).status());
  StateEvent event;
  event.kind = kind;
  event.id = NoteId(project, id);
  event.actor = actor;
  event.is_deleted = body.empty();
  event.body = std::move(body);
  return deps_.state->Append(std::move(event)).status();
}

absl::Status Preflight::Attest(const PreflightTarget& target, std::string_view comment,
                               UnixNanos now) {
  ASSIGN_OR_RETURN(const PreflightPoint* point, PointOf(target.id));
  if (!point->attestable()) {
    return InvalidArgument(
        "{} is judged by {}; only points with an A can be attested, others "
        "waived",
        point->id, point->how);
  }
  RETURN_IF_ERROR(CheckWords("by", target.by));
  RETURN_IF_ERROR(CheckWords("comment", comment));
  return Append(
      kAttestationKind, target.project, point->id, target.actor,
      NoteBody(
          {.by = target.by, .at = now, .until = now + kAttestedNs, .words = std::string(comment)}),
      "preflight_attest");
}

absl::Status Preflight::Waive(const PreflightTarget& target, std::string_view reason,
                              UnixNanos until, UnixNanos now) {
  ASSIGN_OR_RETURN(const PreflightPoint* point, PointOf(target.id));
  RETURN_IF_ERROR(CheckWords("by", target.by));
  RETURN_IF_ERROR(CheckWords("reason", reason));
  if (until <= now || until - now > kWaivedNsMax) {
    return InvalidArgument("until {} is not within a year from now", FormatTime(until));
  }
  return Append(
      kWaiverKind, target.project, point->id, target.actor,
      NoteBody({.by = target.by, .at = now, .until = until, .words = std::string(reason)}),
      "preflight_waive");
}

absl::Status Preflight::Withdraw(const PreflightTarget& target) {
  ASSIGN_OR_RETURN(const PreflightPoint* point, PointOf(target.id));
  const Notes notes = NotesOf(target.project, point->id);
  if (!notes.attestation && !notes.waiver) {
    return Error(absl::StatusCode::kNotFound, "{} is neither attested nor waived", point->id);
  }
  if (notes.attestation) {
    RETURN_IF_ERROR(Append(kAttestationKind, target.project, point->id, target.actor, "",
                           "preflight_withdraw"));
  }
  if (notes.waiver) {
    RETURN_IF_ERROR(
        Append(kWaiverKind, target.project, point->id, target.actor, "", "preflight_withdraw"));
  }
  return absl::OkStatus();
}

absl::Status Preflight::Record(const PreflightTarget& target,
                               const std::map<std::string, std::string>& values, UnixNanos now) {
  ASSIGN_OR_RETURN(const PreflightPoint* point, PointOf(target.id));
  RETURN_IF_ERROR(CheckWords("by", target.by));
  if (values.empty()) return InvalidArgument("values are missing: {{\"verdict\":\"ship\"}}");
  if (values.size() > kValuesMax) {
    return InvalidArgument("values has {} members, at most {} are kept", values.size(), kValuesMax);
  }
  std::string members;
  for (const auto& [name, value] : values) {
    RETURN_IF_ERROR(CheckWords("a name in values", name));
    RETURN_IF_ERROR(CheckWords(fmt::format("values.{}", name), value));
    if (!members.empty()) members += ",";
    members += fmt::format("{}:{}", QuoteJson(name), QuoteJson(value));
  }
  return Append(
      kEvidenceKind, target.project, point->id, target.actor,
      fmt::format(R"({{"by":{},"at_ns":{},"values":{{{}}}}})", QuoteJson(target.by), now, members),
      "preflight_evidence");
}

Preflight::Notes Preflight::NotesOf(std::string_view project, std::string_view id) const {
  Notes notes;
  const PreflightPoint* point = FindPreflightPoint(id);
  if (point == nullptr) return notes;
  const std::string key = NoteId(project, point->id);
  notes.attestation = FindNote(deps_.state, kAttestationKind, key);
  notes.waiver = FindNote(deps_.state, kWaiverKind, key);
  if (const auto body = BodyOf(deps_.state, kEvidenceKind, key)) {
    PreflightEvidence evidence;
    evidence.by = TextOf(*body, "by");
    evidence.at = IntOf(*body, "at_ns");
    if (const boost::json::value* values = body->if_contains("values");
        values != nullptr && values->is_object()) {
      for (const auto& [name, value] : values->get_object()) {
        if (value.is_string()) evidence.values[std::string(name)] = value.get_string();
      }
    }
    notes.evidence = std::move(evidence);
  }
  return notes;
}

}  // namespace pitot
