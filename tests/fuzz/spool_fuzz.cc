// Spool segments and records of any bytes: the reader never reads beyond them, always moves on, finds
// again what the writer wrote, and a record that is read is written back as the same bytes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/record.h"
#include "ingest/spool_format.h"

namespace pitot {
namespace {

void CheckRecord(std::string_view payload) {
  Arena arena;
  Record record;
  if (!ReadRecord(payload, arena, &record).ok()) return;
  if (record.header.signal != Signal::kTraces) return;
  const auto write = [](const Record& from) {
    RecordWriter writer;
    writer.Start(from.header);
    for (const PayloadRecord& p : from.payloads) writer.AddPayload(p.day, p.hash, p.content);
    for (const Span& span : from.spans) writer.AddSpan(span);
    std::string bytes;
    writer.Finish(bytes);
    return bytes;
  };
  // Varints have several encodings, the writer's is one: compare after one round.
  const std::string once = write(record);
  Record again;
  if (!ReadRecord(once, arena, &again).ok()) __builtin_trap();
  if (write(again) != once) __builtin_trap();
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
