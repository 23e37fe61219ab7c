#include "api/streamed_reply.h"

#include <algorithm>

#include "base/log.h"
#include "base/status.h"

namespace pitot {
namespace {

constexpr size_t kPieceBytes = 256 << 10;

}  // namespace

StreamedReply::StreamedReply(ApiCall& call, std::string_view content_type)
    : call_(call), content_type_(content_type) {}

HttpResponse StreamedReply::Head() {
  HttpResponse head = JsonResponse(200, "");
  head.body.swap(buffer_);
  head.headers.Set("Content-Type", content_type_);
  for (const auto& [name, value] : headers_) head.headers.Set(name, value);
  return head;
}

void StreamedReply::AddHeader(std::string name, std::string value) {
  headers_.emplace_back(std::move(name), std::move(value));
}

bool StreamedReply::WriteBuffer() {
  std::string piece;
  piece.swap(buffer_);
  return stream_->Write(std::move(piece)).ok();
}

bool StreamedReply::Put(std::string_view piece) {
  while (!piece.empty()) {
    const size_t taken = std::min(piece.size(), kPieceBytes - buffer_.size());
    buffer_ += piece.substr(0, taken);
    piece.remove_prefix(taken);
    if (buffer_.size() < kPieceBytes) break;
    if (!stream_.has_value()) {
      stream_ = call_.responder.Begin(Head());
    } else if (!WriteBuffer()) {
      return false;
    }
  }
  return true;
}

void StreamedReply::Finish(const absl::Status& status) {
  if (!stream_.has_value()) {
    return call_.responder.Send(status.ok() ? Head() : StatusResponse(status));
  }
  if (!status.ok()) {
    if (status.code() != absl::StatusCode::kCancelled) {
      LogWarning("{}: the answer broke off: {}", call_.request.path, Message(status));
    }
    return stream_.reset();  // Not ended: cut.
  }
  if (buffer_.empty() || WriteBuffer()) stream_->End();
}

}  // namespace pitot
