// ingest/spool/spool_format.h
//
// Bytes of a spool segment (see ingest/spool/spool.h), apart from files and threads, so that the reader
// can be fuzzed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pitot {

inline constexpr std::string_view kSegmentMagic = "PITSPOOL";
inline constexpr uint32_t kSegmentVersion = 1;
inline constexpr size_t kSegmentHeaderBytes = 16;
inline constexpr uint32_t kRecordMagic = 0x50A77E01;  // Rare in text and in varints.
inline constexpr size_t kRecordHeaderBytes = 20;
// Larger lengths are damage: a request is at most 1 GiB.
inline constexpr uint32_t kRecordBytesMax = 0x7fffffff;

std::string SegmentHeader();
// Version of a segment; 0 when `bytes` does not begin a segment.
uint32_t SegmentVersionOf(std::string_view bytes);

// Appends header and payload of one record.
void AppendSpoolRecord(uint64_t seq, std::string_view payload, std::string& out);

enum class SpoolParse { kRecord, kNeedMore, kDamaged };

struct SpoolRecordView {
  uint64_t seq = 0;
  std::string_view payload;
  size_t bytes = 0;  // With header.
};

// Parses the record that starts at bytes[0]. kNeedMore: `need` bytes at least are required (the
// header's claim; at most kRecordBytesMax). kDamaged: no record starts here.
SpoolParse ParseSpoolRecord(std::string_view bytes, SpoolRecordView* record, size_t* need);

// Offset (> 0) of the next possible record start in `bytes`, or npos.
size_t FindSpoolRecord(std::string_view bytes);

}  // namespace pitot
