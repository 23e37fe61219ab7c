#include "ingest/spool/record.h"

#include "base/status.h"
#include "ingest/spool/record_items.h"
#include "ingest/spool/varint.h"

namespace pitot {
namespace {

constexpr uint64_t kRecordVersion = 1;
constexpr uint64_t kFlagRequestHash = 1;

}  // namespace

void RecordWriter::Start(const RecordHeader& header) {
  header_ = header;
  payloads_.clear();
  items_.clear();
  payload_count_ = item_count_ = 0;
}

void RecordWriter::AddPayload(int32_t day, const Hash128& hash, std::string_view content) {
  ++payload_count_;
  PutZigzag(day, payloads_);
  payloads_ += hash.view();
  PutText(content, payloads_);
}

void RecordWriter::AddSpan(const Span& span) {
  scratch_.clear();
  PutSpan(span, scratch_);
  ++item_count_;
  PutText(scratch_, items_);
}

void RecordWriter::AddLog(const RawLog& log, const RawResource& resource, const RawScope& scope) {
  scratch_.clear();
  PutLog(log, resource, scope, scratch_);
  ++item_count_;
  PutText(scratch_, items_);
}

void RecordWriter::AddPoint(const RawPoint& point, const RawResource& resource,
                            const RawScope& scope) {
  scratch_.clear();
  PutPoint(point, resource, scope, scratch_);
  ++item_count_;
  PutText(scratch_, items_);
}

void RecordWriter::SetRequestHash(const Hash128& hash, int64_t accepted, int64_t rejected) {
  header_.request_hash = hash;
  header_.accepted = accepted;
  header_.rejected = rejected;
}

void RecordWriter::Finish(std::string& out) {
  out.reserve(out.size() + bytes() + header_.project.size() + 96);
  PutVarint(kRecordVersion, out);
  PutText(header_.project, out);
  out += static_cast<char>(header_.source);
  out += static_cast<char>(header_.signal);
  PutVarint(header_.keep_days, out);
  PutZigzag(header_.recv_ns, out);
  PutVarint(header_.request_hash.empty() ? 0 : kFlagRequestHash, out);
  if (!header_.request_hash.empty()) {
    out += header_.request_hash.view();
    PutVarint(static_cast<uint64_t>(header_.accepted), out);
    PutVarint(static_cast<uint64_t>(header_.rejected), out);
  }
  PutVarint(payload_count_, out);
  out += payloads_;
  PutVarint(item_count_, out);
  out += items_;
}

absl::Status ReadRecordItems(std::string_view bytes, RecordItems* record) {
  VarintReader in(bytes);
  if (const uint64_t version = in.Varint(); version != kRecordVersion) {
    return Internal("spool record has version {}, this program reads {}", version, kRecordVersion);
  }
  RecordHeader& header = record->header;
  header.project = in.Text();
  header.source = in.Enum<Source>(static_cast<uint8_t>(Source::kEnd));
  header.signal = in.Enum<Signal>(static_cast<uint8_t>(Signal::kMetrics) + 1);
  header.keep_days = static_cast<uint16_t>(in.Varint());
  header.recv_ns = in.Zigzag();
  if (in.Varint() & kFlagRequestHash) {
    header.request_hash = Hash128::FromBytes(in.Fixed(16));
    header.accepted = static_cast<int64_t>(in.Varint());
    header.rejected = static_cast<int64_t>(in.Varint());
  }
  record->payloads.resize(in.Count(18));
  for (PayloadRecord& payload : record->payloads) {
    payload.day = static_cast<int32_t>(in.Zigzag());
    payload.hash = Hash128::FromBytes(in.Fixed(16));
    payload.content = in.Text();
  }
  record->items.resize(in.Count(1));
  for (std::string_view& item : record->items) item = in.Text();
  if (!in.ok()) return Internal("spool record of {} bytes is malformed", bytes.size());
  return absl::OkStatus();
}
bool ReadSpanKey(std::string_view item, SpanKey* key) {
  VarintReader in(item);
  return TakeSpanKey(in, *key);
}

absl::Status ReadSpan(std::string_view item, Arena& arena, Span* span) {
  *span = Span{};
  VarintReader in(item);
  TakeSpan(in, arena, *span);
  if (!in.ok()) return Internal("span of {} bytes is malformed", item.size());
  return absl::OkStatus();
}

absl::Status ReadRecord(std::string_view bytes, Arena& arena, Record* record) {
  RecordItems raw;
  RETURN_IF_ERROR(ReadRecordItems(bytes, &raw));
  record->header = raw.header;
  record->payloads = std::move(raw.payloads);
  if (raw.header.signal == Signal::kTraces) record->spans.reserve(raw.items.size());
  for (size_t i = 0; i < raw.items.size(); ++i) {
    VarintReader item(raw.items[i]);
    switch (raw.header.signal) {
      case Signal::kTraces:
        TakeSpan(item, arena, record->spans.emplace_back());
        break;
      case Signal::kLogs:
        TakeLog(item, arena, *record);
        break;
      case Signal::kMetrics:
        TakePoint(item, arena, *record);
        break;
    }
    if (!item.ok()) {
      return Internal("spool record is malformed in item {} of {}", i, raw.items.size());
    }
  }
  return absl::OkStatus();
}

}  // namespace pitot
