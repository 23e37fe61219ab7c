#include "ingest/prepare.h"

#include "base/hash.h"
#include "base/hex.h"
#include "base/status.h"
#include "base/text.h"
#include "decode/decode.h"
#include "ingest/price_span.h"
#include "store/day.h"

namespace pitot {
namespace {

// A larger request becomes several records, so that the flusher can cut batches between them.
constexpr size_t kRecordBytes = 8 << 20;
constexpr size_t kRecordItems = 16'384;
// Watchers are given pieces, so that a large request does not push all others out at once.
constexpr size_t kLiveBytes = 256 << 10;

OtlpSignal OtlpSignalOf(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return OtlpSignal::kTraces;
    case Signal::kLogs:
      return OtlpSignal::kLogs;
    case Signal::kMetrics:
      return OtlpSignal::kMetrics;
  }
  return OtlpSignal::kTraces;
}

// Losses inside accepted records, in words, for a warning in the reply.
std::string Warning(const DropCounts& drops) {
  std::string words;
  for (const DropRow& row : kDropRows) {
    if (row.severity != Severity::kDataLoss || drops[row.drop] == 0) continue;
    words +=
        fmt::format("{}{} {}: {}", words.empty() ? "" : " ", row.name, drops[row.drop], row.remedy);
  }
  return words;
}

}  // namespace

Preparer::Preparer(const PrepareOptions& options, std::shared_ptr<const PriceBook> book,
                   const Redactor* redactor, SeenPayloads& seen, const ErasedRecords& erased,
                   const GatewayCalls& gateway)
    : options_(options),
      prices_(std::move(book)),
      redactor_(redactor),
      seen_(seen),
      erased_(erased),
      gateway_(gateway) {}

absl::StatusOr<RawBatch> Preparer::Decode(IngestRequest& request, DropCounts& drops) {
  switch (request.format) {
    case WireFormat::kProtobuf:
    case WireFormat::kJson:
      return DecodeOtlp(
          OtlpSignalOf(request.signal),
          request.format == WireFormat::kJson ? OtlpEncoding::kJson : OtlpEncoding::kProto,
          std::move(request.body), options_.limits, drops);
    case WireFormat::kJsonLines:
      return DecodeJsonLines(std::move(request.body), options_.limits, drops, request.first_line);
  }
  return Internal("unknown wire format {}", static_cast<int>(request.format));
}

absl::StatusOr<Prepared> Preparer::Prepare(IngestRequest& request, const Hash128& request_hash,
                                           UnixNanos now_ns, bool watched, DropCounts& drops) {
  ASSIGN_OR_RETURN(const RawBatch batch, Decode(request, drops));
  Start(request, now_ns, watched);
  Prepared out;
  switch (request.signal) {
    case Signal::kTraces:
      PrepareSpans(batch, out, drops);
      break;
    case Signal::kLogs:
      for (const RawLog& log : batch.logs) {
        if (erased_.Refuses(header_.project, log.trace_id)) {
          drops.Refuse(Drop::kErased, "a log record: its trace was erased and is not taken again");
          continue;
        }
        ++out.accepted;
        writer_.AddLog(log, batch.resources[log.resource], batch.scopes[log.scope]);
        FinishRecord(out);
      }
      drops.Add(Drop::kNotInterpreted, static_cast<uint32_t>(out.accepted));
      break;
    case Signal::kMetrics:
      for (const RawPoint& point : batch.points) {
        writer_.AddPoint(point, batch.resources[point.resource], batch.scopes[point.scope]);
        FinishRecord(out);
      }
      out.accepted = static_cast<int64_t>(batch.points.size());
      drops.Add(Drop::kNotInterpreted, static_cast<uint32_t>(out.accepted));
      break;
  }
  Finish(request_hash, drops, out);
  return out;
}

Prepared Preparer::PrepareMade(const IngestRequest& request, MadeSpans made, UnixNanos now_ns,
                               bool watched, DropCounts& drops) {
  drops = std::move(made.drops);
  Start(request, now_ns, watched);
  Prepared out;
  for (size_t i = 0; i < made.spans.size(); ++i) {
    Span& span = made.spans[i];
    if (Refused(span.trace_id, span.name, i, drops)) continue;
    if (redactor_ != nullptr) redactor_->Redact(&span, &made.arena, &drops);
    CountPrice(span, ReportedCost::kNone, drops);
    AddSpan(span, out);
  }
  Finish(Hash128(), drops, out);
  return out;
}

void Preparer::Start(const IngestRequest& request, UnixNanos now_ns, bool watched) {
  import_ = request.import;
  watched_ = watched;
  header_ = RecordHeader{.project = request.project,
                         .source = request.source,
                         .signal = request.signal,
                         .keep_days = import_ ? options_.import_keep_days : options_.keep_days,
                         .recv_ns = now_ns};
  in_request_.clear();
  scope_ = {};
  writer_.Start(header_);
}

void Preparer::Finish(const Hash128& request_hash, const DropCounts& drops, Prepared& out) {
  for (const Drop refusal :
       {Drop::kSpanIdInvalid, Drop::kSpanMalformed, Drop::kSpanTooOld, Drop::kSpanTooNew,
        Drop::kErased, Drop::kLogMalformed, Drop::kPointMalformed}) {
    out.rejected += drops[refusal];
  }
  out.message = out.rejected > 0 ? drops.first_refusal : Warning(drops);
  if (out.accepted == 0) return;
  if (!request_hash.empty()) writer_.SetRequestHash(request_hash, out.accepted, out.rejected);
  out.records.emplace_back();
  writer_.Finish(out.records.back());
}

void Preparer::PrepareSpans(const RawBatch& batch, Prepared& out, DropCounts& drops) {
  Arena arena;
  Normalizer normalizer(batch, arena, options_.limits, drops, header_.source);
  for (size_t i = 0; i < batch.spans.size(); ++i) {
    const RawSpan& raw = batch.spans[i];
    if (!TimesAllowed(raw, i, drops) || Refused(raw.trace_id, raw.name, i, drops)) continue;
    Span span;
    normalizer.Normalize(raw, &span);
    if (redactor_ != nullptr) redactor_->Redact(&span, &arena, &drops);
    MarkGatewayCall(span, arena);
    if (raw.whole == nullptr) CountPrice(span, PriceSpan(prices_, span), drops);
    AddSpan(span, out);
  }
}

// The gateway saw the same call, in a trace of its own: its report counts.
void Preparer::MarkGatewayCall(Span& span, Arena& arena) const {
  if (import_ || header_.source == Source::kGateway || !span.has_usage ||
      span.response_id.empty()) {
    return;
  }
  const auto seen = gateway_.Find({.project = header_.project,
                                   .response_id = span.response_id,
                                   .model = span.model,
                                   .input_tokens = span.usage.input_total(),
                                   .output_tokens = span.usage.output_total(),
                                   .end_ns = span.end_ns});
  if (!seen || seen->trace_id == span.trace_id) return;
  span.usage_flags |= kUsageCountedByGateway;
  std::vector<JsonAttr> attributes(span.attributes.begin(), span.attributes.end());
  attributes.push_back(
      {"pitot.counted_by", arena.Copy(fmt::format("\"{}/{}\"", ToHex(seen->trace_id.view()),
                                                  ToHex(seen->span_id.view())))});
  span.attributes = arena.CopyArray(attributes);
}

void Preparer::AddSpan(Span& span, Prepared& out) {
  AddPayloads(span, out);
  writer_.AddSpan(span);
  if (watched_) AddLive(span, out);
  ++out.accepted;
  FinishRecord(out);
}

bool Preparer::TimesAllowed(const RawSpan& raw, size_t index, DropCounts& drops) const {
  const int64_t future = header_.recv_ns + options_.limits.max_future_s * kNanosPerSecond;
  if (raw.start_ns > future || raw.end_ns > future) {
    drops.Refuse(Drop::kSpanTooNew,
                 fmt::format("span {} \"{}\": it {} at {}, more than limits.max_future_s ({} s) "
                             "after the server's {}",
                             index, raw.name, raw.start_ns > future ? "starts" : "ends",
                             FormatTime(std::max(raw.start_ns, raw.end_ns)),
                             options_.limits.max_future_s, FormatTime(header_.recv_ns)));
    return false;
  }
  if (import_) return true;
  const int64_t max_age_s = options_.limits.max_age_s > 0
                                ? options_.limits.max_age_s
                                : options_.keep_days * (kNanosPerDay / kNanosPerSecond);
  if (raw.start_ns < header_.recv_ns - max_age_s * kNanosPerSecond) {
    drops.Refuse(Drop::kSpanTooOld,
                 fmt::format("span {} \"{}\": it starts at {}, older than {} ({} days); use `pitot "
                             "import` for history",
                             index, raw.name, FormatTime(raw.start_ns),
                             options_.limits.max_age_s > 0 ? "limits.max_age_s" : "retention.days",
                             max_age_s / 86'400));
    return false;
  }
  return true;
}

bool Preparer::Refused(const TraceId& trace_id, std::string_view name, size_t index,
                       DropCounts& drops) const {
  if (!erased_.Refuses(header_.project, trace_id)) return false;
  drops.Refuse(
      Drop::kErased,
      fmt::format("span {} \"{}\": its trace was erased and is not taken again", index, name));
  return true;
}

void Preparer::CountPrice(const Span& span, ReportedCost reported, DropCounts& drops) const {
  const bool is_call =
      span.kind == Kind::kLlm || span.kind == Kind::kEmbedding || span.kind == Kind::kReranker;
  if (reported == ReportedCost::kDisbelieved) drops.Add(Drop::kCostDisbelieved);
  if (is_call && span.has_usage && !span.cost) drops.Add(Drop::kUnpricedCall);
}

void Preparer::AddPayloads(Span& span, Prepared& out) {
  const int32_t day = DayOf(span.start_ns);
  for (const auto field : kContentFields) {
    for (Piece& piece : span.*field) {
      if (piece.text.size() > kInlinePieceBytes) AddPayload(piece, day, out);
    }
  }
}

void Preparer::AddPayload(Piece& piece, int32_t day, Prepared& out) {
  piece.hash.bytes = Sha128(piece.text);
  if (scope_.empty() || day != scope_day_) {
    scope_day_ = day;
    scope_ = SeenPayloads::ScopeOf(header_.project, header_.keep_days, day);
  }
  const Hash128 key = SeenPayloads::Key(scope_, piece.hash);
  if (!in_request_.insert(key).second || seen_.Contains(key)) return;
  writer_.AddPayload(day, piece.hash, piece.text);
  out.new_payloads.push_back(key);
}

void Preparer::AddLive(const Span& span, Prepared& out) {
  if (out.live.empty() || out.live.back().bytes() > kLiveBytes) out.live.emplace_back();
  out.live.back().Add(span);
}

void Preparer::FinishRecord(Prepared& out) {
  if (writer_.bytes() < kRecordBytes && writer_.items() < kRecordItems) return;
  out.records.emplace_back();
  writer_.Finish(out.records.back());
  writer_.Start(header_);
}

}  // namespace pitot
