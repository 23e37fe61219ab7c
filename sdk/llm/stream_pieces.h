// sdk/llm/stream_pieces.h
//
// Hands the pieces of a stream to the caller as they come. What they add up to is ResponseReader's.
// Thread-safety: one thread.
#pragma once

#include <string>
#include <string_view>

#include "pitot/llm_client.h"
#include "wire/api.h"
#include "wire/sse_splitter.h"

namespace pitot {
inline namespace sdk {

class StreamPieces {
 public:
  // `handlers` is borrowed; null: nobody listens.
  StreamPieces(WireApi api, const StreamHandlers* handlers);

  // What a handler throws goes through.
  void Put(std::string_view bytes);
  void Finish();
  // Of an answer that came whole after all.
  void GiveWhole(std::string_view text, std::string_view reasoning);

  bool delivered() const { return delivered_; }

 private:
  enum class Form : uint8_t { kUnknown, kEvents, kWhole };

  void TakeEvent(std::string_view event, std::string_view data);
  void TakeAnthropic(std::string_view data);
  void TakeChat(std::string_view data);
  void TakeResponses(std::string_view data);
  // `raw`: a JSON string; others are passed over.
  void GiveText(std::string_view raw);
  void GiveReasoning(std::string_view raw);

  const WireApi api_;
  const StreamHandlers* const handlers_;
  SseSplitter splitter_;
  Form form_ = Form::kUnknown;
  bool delivered_ = false;
};

}  // namespace sdk
}  // namespace pitot
