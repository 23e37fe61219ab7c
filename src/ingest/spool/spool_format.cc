#include "ingest/spool/spool_format.h"

#include <cstring>

#include "base/hash.h"

namespace pitot {
namespace {

uint32_t Load32(const char* at) {
  uint32_t value = 0;
  std::memcpy(&value, at, 4);
  return value;
}

uint64_t Load64(const char* at) {
  uint64_t value = 0;
  std::memcpy(&value, at, 8);
  return value;
}

void Put(const void* raw, size_t bytes, std::string& out) {
  out.append(static_cast<const char*>(raw), bytes);
}

}  // namespace

std::string SegmentHeader() {
  std::string out(kSegmentMagic);
  Put(&kSegmentVersion, 4, out);
  out.append(4, '\0');
  return out;
}

uint32_t SegmentVersionOf(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes || !bytes.starts_with(kSegmentMagic)) return 0;
  return Load32(bytes.data() + kSegmentMagic.size());
}

void AppendSpoolRecord(uint64_t seq, std::string_view payload, std::string& out) {
  const auto size = static_cast<uint32_t>(payload.size());
  const uint32_t crc = Crc32c(payload, Crc32c({reinterpret_cast<const char*>(&seq), sizeof seq}));
  Put(&kRecordMagic, 4, out);
  Put(&size, 4, out);
  Put(&crc, 4, out);
  Put(&seq, 8, out);
  out += payload;
}

SpoolParse ParseSpoolRecord(std::string_view bytes, SpoolRecordView* record, size_t* need) {
  if (bytes.size() < kRecordHeaderBytes) {
    const size_t known = bytes.size() < 4 ? bytes.size() : 4;
    if (std::memcmp(bytes.data(), &kRecordMagic, known) != 0) return SpoolParse::kDamaged;
    *need = kRecordHeaderBytes;
    return SpoolParse::kNeedMore;
  }
  if (Load32(bytes.data()) != kRecordMagic) return SpoolParse::kDamaged;
  const uint32_t size = Load32(bytes.data() + 4);
  if (size > kRecordBytesMax) return SpoolParse::kDamaged;
  if (bytes.size() - kRecordHeaderBytes < size) {
    *need = kRecordHeaderBytes + size;
    return SpoolParse::kNeedMore;
  }
  const std::string_view payload = bytes.substr(kRecordHeaderBytes, size);
  const uint32_t crc = Crc32c(payload, Crc32c(bytes.substr(12, 8)));
  if (crc != Load32(bytes.data() + 8)) return SpoolParse::kDamaged;
  record->seq = Load64(bytes.data() + 12);
  record->payload = payload;
  record->bytes = kRecordHeaderBytes + size;
  return SpoolParse::kRecord;
}

size_t FindSpoolRecord(std::string_view bytes) {
  char magic[4];
  std::memcpy(magic, &kRecordMagic, 4);
  return bytes.find(std::string_view(magic, 4), 1);
}

}  // namespace pitot
