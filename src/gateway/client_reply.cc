#include "gateway/client_reply.h"

#include <utility>

namespace pitot {

void ClientReply::OnGone(std::function<void()> gone) {
  // The callback may come at once and in this call; the caller is told later.
  responder_->OnDisconnect([io = io_, alive = alive_, gone = std::move(gone)] {
    io->Post([alive, gone] {
      if (*alive) gone();
    });
  });
}

void ClientReply::Send(HttpResponse response) {
  if (done_ || started_) return;
  started_ = done_ = true;
  std::exchange(responder_, std::nullopt)->Send(std::move(response));
}

void ClientReply::Head(HttpResponse head) {
  if (!started_) head_ = std::move(head);
}

void ClientReply::FlushHead() {
  if (head_ && !done_) Begin("");
}

// An answer that is here as a whole goes out as a whole.
void ClientReply::Begin(std::string_view bytes) {
  HttpResponse head = *std::exchange(head_, std::nullopt);
  started_ = true;
  head.body = bytes;
  if (head.content_length && *head.content_length == bytes.size()) {
    done_ = true;
    std::exchange(responder_, std::nullopt)->Send(std::move(head));
    return;
  }
  stream_ = std::exchange(responder_, std::nullopt)->Begin(std::move(head));
}

bool ClientReply::Write(std::string_view bytes, const std::function<void()>& room) {
  if (done_ || bytes.empty()) return true;
  if (head_) {
    Begin(bytes);
    return true;
  }
  if (!stream_) return true;
  if (backlog_.empty()) {
    std::string chunk(bytes);
    if (stream_->TryWrite(chunk)) return true;
    backlog_ = std::move(chunk);
    const std::function<void()> drain = [this, alive = alive_, room] {
      if (*alive) Drain(alive, room);
    };
    stream_->OnWritable([io = io_, drain] { io->Post(drain); });
  } else {
    backlog_ += bytes;
  }
  return false;
}

void ClientReply::Drain(const std::shared_ptr<bool>& alive, const std::function<void()>& room) {
  if (done_ || !stream_) return;
  if (!backlog_.empty() && !stream_->TryWrite(backlog_)) {
    if (!stream_->connected()) return;
    stream_->OnWritable([this, io = io_, alive, room] {
      io->Post([this, alive, room] {
        if (*alive) Drain(alive, room);
      });
    });
    return;
  }
  backlog_.clear();
  if (ending_) {
    done_ = true;
    stream_->End();
    stream_.reset();
    return;
  }
  if (room != nullptr) room();
}

void ClientReply::End() {
  if (done_) return;
  if (head_) {
    head_->content_length.reset();
    done_ = started_ = true;
    HttpResponse whole = *std::exchange(head_, std::nullopt);
    std::exchange(responder_, std::nullopt)->Send(std::move(whole));
    return;
  }
  if (!backlog_.empty()) {
    ending_ = true;
    return;
  }
  done_ = true;
  if (stream_) {
    stream_->End();
    stream_.reset();
  }
}

void ClientReply::Cut() {
  done_ = true;
  head_.reset();
  stream_.reset();
  responder_.reset();
}

}  // namespace pitot
