#include "cmd/import_file.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>
#include <optional>

#include "base/status.h"
#include "base/text.h"
#include "cmd/client.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kPeekBytes = 64 << 10;
constexpr size_t kFramesTried = 64;
constexpr size_t kFrameBytesMax = 1 << 30;
constexpr std::string_view kProtoType = "application/x-protobuf";
constexpr std::string_view kJsonType = "application/json";

// The member of an OTLP request in JSON, and where such a request goes.
struct SignalRow {
  std::string_view resources;  // Also as snake_case in older files.
  std::string_view old_resources;
  std::string_view scopes;
  std::string_view records;
  std::string_view path;
};
constexpr SignalRow kSignals[] = {
    {"resourceSpans", "resource_spans", "scopeSpans", "spans", "/v1/traces"},
    {"resourceLogs", "resource_logs", "scopeLogs", "logRecords", "/v1/logs"},
    {"resourceMetrics", "resource_metrics", "scopeMetrics", "metrics", "/v1/metrics"},
};

const SignalRow* SignalOf(std::string_view text) {
  text = text.substr(0, kPeekBytes);
  for (const SignalRow& row : kSignals) {
    for (const std::string_view name : {row.resources, row.old_resources}) {
      if (text.find(fmt::format("\"{}\"", name)) != std::string_view::npos) return &row;
    }
  }
  return nullptr;
}

bool IsJson(std::string_view text) { return ParseJson(text).ok(); }

std::string_view FirstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

uint32_t FrameBytes(std::string_view content, size_t at) {
  uint32_t bytes = 0;
  std::memcpy(&bytes, content.data() + at, sizeof(bytes));
  return bytes;
}

// Reads protobuf's wire format (protobuf.dev, "Encoding") as far as counting needs it.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view bytes) : left_(bytes) {}

  struct Field {
    uint32_t number = 0;
    uint64_t value = 0;      // Of a varint.
    std::string_view bytes;  // Of a length-delimited field.
  };

  std::optional<Field> Next() {
    if (left_.empty()) return std::nullopt;
    const auto key = Varint();
    if (!key) return Fail();
    Field field;
    field.number = static_cast<uint32_t>(*key >> 3);
    switch (*key & 7) {
      case 0: {
        const auto value = Varint();
        if (!value) return Fail();
        field.value = *value;
        return field;
      }
      case 1:
        return Skip(8) ? std::optional(field) : Fail();
      case 2: {
        const auto size = Varint();
        if (!size || *size > left_.size()) return Fail();
        field.bytes = left_.substr(0, *size);
        left_.remove_prefix(*size);
        return field;
      }
      case 5:
        return Skip(4) ? std::optional(field) : Fail();
      default:
        return Fail();
    }
  }

  // False after something that is no field.
  bool ok() const { return ok_; }
  size_t left() const { return left_.size(); }

 private:
  std::optional<Field> Fail() {
    ok_ = false;
    return std::nullopt;
  }
  bool Skip(size_t bytes) {
    if (left_.size() < bytes) return false;
    left_.remove_prefix(bytes);
    return true;
  }
  std::optional<uint64_t> Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(left_[0]);
      left_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  std::string_view left_;
  bool ok_ = true;
};

// Frames of requests, the last of which may be cut off: after at least `whole_min` whole ones.
bool LooksFramed(std::string_view content, size_t whole_min) {
  size_t at = 0;
  for (size_t i = 0; i < kFramesTried && at < content.size(); ++i) {
    if (content.size() - at < 5) return i >= std::max<size_t>(whole_min, 1);
    const uint32_t bytes = FrameBytes(content, at);
    // Field 1 of a request: resource_spans, length-delimited.
    if (bytes == 0 || content[at + 4] != '\n') return false;
    const std::string_view body = content.substr(at + 4, bytes);
    if (body.size() < bytes) return i >= whole_min && bytes < kFrameBytesMax;
    ProtoReader fields(body);
    while (fields.Next()) {
    }
    if (!fields.ok()) return false;
    at += 4 + bytes;
  }
  return true;
}

uint64_t CountProto(std::string_view body) {
  uint64_t spans = 0;
  ProtoReader request(body);
  while (const auto resource = request.Next()) {
    if (resource->number != 1) continue;
    ProtoReader scopes(resource->bytes);
    while (const auto scope = scopes.Next()) {
      if (scope->number != 2) continue;
      ProtoReader records(scope->bytes);
      while (const auto record = records.Next()) spans += record->number == 2 ? 1 : 0;
    }
  }
  return spans;
}

uint64_t CountJson(std::string_view body) {
  const auto request = ParseJson(body);
  const SignalRow* signal = SignalOf(body);
  if (!request.ok() || signal == nullptr) return 0;
  uint64_t records = 0;
  for (const json::value& resource : List(*request, signal->resources)) {
    for (const json::value& scope : List(resource, signal->scopes)) {
      records += List(scope, signal->records).size();
    }
  }
  return records;
}

}  // namespace

std::string_view Name(ImportFormat format) {
  constexpr std::string_view kNames[] = {"JSON Lines", "OTLP JSON lines", "OTLP JSON",
                                         "OTLP protobuf", "framed OTLP protobuf"};
  return kNames[static_cast<size_t>(format)];
}

absl::StatusOr<ImportFormat> DetectFormat(std::string_view content) {
  if (content.empty()) return InvalidArgument("the file is empty");
  if (content.starts_with("\x1f\x8b") || content.starts_with("\x28\xb5\x2f\xfd")) {
    return InvalidArgument("the file is compressed: unpack it first (gunzip, unzstd)");
  }
  // First of all: the length of a frame may look like the beginning of anything, but not what follows.
  if (LooksFramed(content, 1)) return ImportFormat::kFramedProto;
  std::string_view text = content;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const std::string_view trimmed = TrimText(text.substr(0, kPeekBytes));
  if (trimmed.starts_with('{') || trimmed.starts_with('[')) {
    const std::string_view line = FirstLine(text.substr(text.find_first_not_of(" \t\r\n")));
    if (SignalOf(text) == nullptr) {
      if (trimmed.starts_with('{')) return ImportFormat::kJsonLines;
      return InvalidArgument("the file is a JSON array: write one span a line, without brackets");
    }
    return IsJson(line) ? ImportFormat::kOtlpJsonLines : ImportFormat::kOtlpJson;
  }
  if (content[0] == '\n') {
    ProtoReader reader(content);
    if (reader.Next()) return ImportFormat::kOtlpProto;
  }
  if (LooksFramed(content, 0)) return ImportFormat::kFramedProto;
  return InvalidArgument(
      "the file is none of the formats known here: JSON Lines of spans, OTLP JSON, OTLP protobuf");
}

absl::StatusOr<ImportPiece> ImportCutter::Next(size_t bytes_max) {
  if (at_ >= content_.size()) return ImportPiece{};
  switch (format_) {
    case ImportFormat::kJsonLines:
      return NextLines(bytes_max);
    case ImportFormat::kOtlpJsonLines:
      return NextLines(0);
    case ImportFormat::kOtlpProto:
      return NextProto(bytes_max);
    case ImportFormat::kFramedProto:
      return NextFrame();
    case ImportFormat::kOtlpJson:
      break;
  }
  at_ = content_.size();
  const SignalRow* signal = SignalOf(content_);
  return ImportPiece{content_, 1, signal == nullptr ? "/v1/traces" : signal->path, kJsonType, at_};
}

// Whole lines, at least one, up to `bytes_max`.
absl::StatusOr<ImportPiece> ImportCutter::NextLines(size_t bytes_max) {
  ImportPiece piece;
  // Blank lines are no requests.
  while (at_ < content_.size() && (content_[at_] == '\n' || content_[at_] == '\r')) {
    line_ += content_[at_] == '\n' ? 1 : 0;
    ++at_;
  }
  if (at_ == content_.size()) return piece;
  const size_t begin = at_;
  piece.line = line_;
  do {
    const size_t end = content_.find('\n', at_);
    const size_t next = end == std::string_view::npos ? content_.size() : end + 1;
    if (at_ != begin && next - begin > bytes_max) break;
    line_ += 1;
    at_ = next;
  } while (at_ < content_.size() && at_ - begin < bytes_max);
  piece.body = content_.substr(begin, at_ - begin);
  piece.end = at_;
  if (format_ == ImportFormat::kJsonLines) {
    piece.path = "/api/v1/spans?import=1";
    piece.type = "application/x-ndjson";
  } else {
    const SignalRow* signal = SignalOf(piece.body);
    piece.path = signal == nullptr ? "/v1/traces" : signal->path;
    piece.type = kJsonType;
  }
  return piece;
}

// A message is the concatenation of its fields, so it may be cut between any two of them.
absl::StatusOr<ImportPiece> ImportCutter::NextProto(size_t bytes_max) {
  const std::string_view rest = content_.substr(at_);
  ProtoReader reader(rest);
  size_t taken = 0;
  while (reader.Next()) {
    const size_t end = rest.size() - reader.left();
    if (taken != 0 && end > bytes_max) break;
    taken = end;
    if (taken >= bytes_max) break;
  }
  if (taken == 0) {
    return InvalidArgument(
        "ends inside the resource at byte {} of {}: it was cut off; what stands before is imported",
        at_, content_.size());
  }
  at_ += taken;
  return ImportPiece{rest.substr(0, taken), 0, "/v1/traces", kProtoType, at_};
}

absl::StatusOr<ImportPiece> ImportCutter::NextFrame() {
  const size_t left = content_.size() - at_;
  if (left < 4 || FrameBytes(content_, at_) > left - 4) {
    const std::string size =
        left < 4 ? "its length is incomplete"
                 : fmt::format("{} of its {} bytes are there", left - 4, FrameBytes(content_, at_));
    return InvalidArgument(
        "ends inside body {}, which begins at byte {}: {}; the {} before it are imported",
        frames_ + 1, at_, size, frames_);
  }
  ++frames_;
  const uint32_t bytes = FrameBytes(content_, at_);
  const std::string_view body = content_.substr(at_ + 4, bytes);
  at_ += 4 + bytes;
  return ImportPiece{body, 0, "/v1/traces", kProtoType, at_};
}

uint64_t CountSpans(ImportFormat format, std::string_view body) {
  switch (format) {
    case ImportFormat::kOtlpProto:
    case ImportFormat::kFramedProto:
      return CountProto(body);
    case ImportFormat::kOtlpJson:
    case ImportFormat::kOtlpJsonLines:
      return CountJson(body);
    case ImportFormat::kJsonLines:
      break;
  }
  return 0;
}

// Export...ServiceResponse {partial_success = 1 {rejected = 1; error_message = 2}}.
OtlpReplyFigures ReadOtlpReply(std::string_view body, bool is_json) {
  OtlpReplyFigures figures;
  if (!is_json) {
    ProtoReader response(body);
    while (const auto partial = response.Next()) {
      if (partial->number != 1) continue;
      ProtoReader fields(partial->bytes);
      while (const auto field = fields.Next()) {
        if (field->number == 1) figures.rejected = static_cast<int64_t>(field->value);
        if (field->number == 2) figures.message = field->bytes;
      }
    }
    return figures;
  }
  const auto reply = ParseJson(body);
  const json::object* object = reply.ok() ? reply->if_object() : nullptr;
  const json::value* partial = object == nullptr ? nullptr : object->if_contains("partialSuccess");
  if (partial == nullptr) return figures;
  figures.message = Text(*partial, "errorMessage");
  for (const char* name : {"rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"}) {
    figures.rejected += static_cast<int64_t>(Number(*partial, name));
    // 64-bit numbers are text in protobuf's JSON.
    figures.rejected += std::atoll(Text(*partial, name).c_str());
  }
  return figures;
}

}  // namespace pitot
