// Spool segments and records of any bytes: the reader never reads beyond them, always moves on, finds
// again what the writer wrote, a record that is read is written back as the same bytes, and its spans
// read one by one are those read at once.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/spool/record.h"
#include "ingest/spool/spool_format.h"

namespace pitot {
namespace {

std::string Write(const Record& record) {
  RecordWriter writer;
  writer.Start(record.header);
  for (const PayloadRecord& p : record.payloads) writer.AddPayload(p.day, p.hash, p.content);
  for (const Span& span : record.spans) writer.AddSpan(span);
  for (const RawLog& log : record.logs) {
    writer.AddLog(log, record.resources[log.resource], record.scopes[log.scope]);
  }
  for (const RawPoint& point : record.points) {
    writer.AddPoint(point, record.resources[point.resource], record.scopes[point.scope]);
  }
  std::string bytes;
  writer.Finish(bytes);
  return bytes;
}

// As the flusher reads a record: keys first, to sort by, then span after span.
void CheckItems(std::string_view payload, const Record& record) {
  RecordItems raw;
  if (!ReadRecordItems(payload, &raw).ok()) __builtin_trap();
  Record one_by_one;
  one_by_one.header = raw.header;
  one_by_one.payloads = raw.payloads;
  Arena arena;
  for (const std::string_view item : raw.items) {
    SpanKey key;
    Span& span = one_by_one.spans.emplace_back();
    if (!ReadSpan(item, arena, &span).ok() || !ReadSpanKey(item, &key)) __builtin_trap();
    if (key.trace_id != span.trace_id || key.span_id != span.span_id ||
        key.start_ns != span.start_ns) {
      __builtin_trap();
    }
  }
  if (Write(one_by_one) != Write(record)) __builtin_trap();
}

void CheckRecord(std::string_view payload) {
  Arena arena;
  Record record;
  if (!ReadRecord(payload, arena, &record).ok()) return;
  // Varints have several encodings, the writer's is one: compare after one round.
  const std::string once = Write(record);
  Record again;
  if (!ReadRecord(once, arena, &again).ok()) __builtin_trap();
  if (Write(again) != once) __builtin_trap();
  if (record.header.signal == Signal::kTraces) CheckItems(payload, record);
}

void CheckSegment(std::string_view bytes) {
  while (!bytes.empty()) {
    SpoolRecordView record;
    size_t need = 0;
    if (ParseSpoolRecord(bytes, &record, &need) == SpoolParse::kRecord) {
      if (record.bytes > bytes.size()) __builtin_trap();
      CheckRecord(record.payload);
      bytes.remove_prefix(record.bytes);
      continue;
    }
    const size_t next = FindSpoolRecord(bytes);
    if (next == 0) __builtin_trap();
    if (next == std::string_view::npos) return;
    bytes.remove_prefix(next);
  }
}

}  // namespace
}  // namespace pitot

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  pitot::CheckSegment(bytes);
  pitot::CheckRecord(bytes);
  // The checksum hides the record from a fuzzer: give it one that holds.
  std::string segment;
  pitot::AppendSpoolRecord(7, bytes, segment);
  pitot::SpoolRecordView record;
  size_t need = 0;
  if (pitot::ParseSpoolRecord(segment, &record, &need) != pitot::SpoolParse::kRecord ||
      record.payload != bytes || record.seq != 7) {
    __builtin_trap();
  }
  return 0;
}
