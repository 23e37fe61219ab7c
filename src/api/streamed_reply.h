// api/streamed_reply.h
//
// An answer that a query hands over in pieces. Short ones go out whole, with their length; an error
// before the first bytes went out is an error reply like any other, one after that cuts the connection,
// so that the peer never takes a part for the whole.
#pragma once

#include <absl/status/status.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/handlers.h"
#include "store/engine.h"

namespace pitot {

// Of one call, on its worker: putting waits for a slow reader. Borrows `call`.
class StreamedReply {
 public:
  StreamedReply(ApiCall& call, std::string_view content_type);

  // False: the peer is gone.
  bool Put(std::string_view piece);
  ResultSink sink() {
    return [this](std::string_view piece) { return Put(piece); };
  }

  // Answers. `status`: of what made the pieces.
  void Finish(const absl::Status& status);

  // Of the head; before the first piece.
  void AddHeader(std::string name, std::string value);

 private:
  // The head, with what is buffered as its body; empties the buffer.
  HttpResponse Head();
  // False: the peer is gone.
  bool WriteBuffer();

  ApiCall& call_;
  const std::string content_type_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string buffer_;
  std::optional<ResponseStream> stream_;  // Once the head went out.
};

}  // namespace pitot
