#include "api/ndjson.h"

#include "api/handlers.h"
#include "base/status.h"

namespace pitot {

bool NdjsonReply::Write(std::string line) {
  line += '\n';
  if (responder_) {
    HttpResponse head;
    head.headers.Set("Content-Type", "application/x-ndjson");
    head.body = std::move(line);
    stream_ = responder_->Begin(std::move(head));
    responder_.reset();
    return true;
  }
  return stream_.has_value() && stream_->TryWrite(line);
}

void NdjsonReply::Progress(uint64_t done, uint64_t total) {
  MutexLock lock(&mutex_);
  (void)Write(fmt::format("{{\"progress\":{{\"done\":{},\"total\":{}}}}}", done, total));
}

void NdjsonReply::End(std::string line) {
  // A peer that did not read the few lines before is cut: it sees that the answer is incomplete.
  if (Write(std::move(line)) && stream_) stream_->End();
  stream_.reset();
}

void NdjsonReply::Result(std::string json) {
  MutexLock lock(&mutex_);
  End(fmt::format("{{\"result\":{}}}", json));
}

void NdjsonReply::Error(const absl::Status& status) {
  MutexLock lock(&mutex_);
  HttpResponse response = StatusResponse(status);
  if (responder_) {
    responder_->Send(std::move(response));
    responder_.reset();
    return;
  }
  End(std::move(response.body));
}

}  // namespace pitot
