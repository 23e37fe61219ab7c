// wire/request_parts.h
//
// One reader an API, and what they share. Each passes over the body once, whatever is wanted of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wire/json_read.h"
#include "wire/request.h"

namespace pitot {

class RequestReader {
 public:
  RequestReader(WireRequest& out, bool want_messages) : out_(out), want_messages_(want_messages) {}
  virtual ~RequestReader() = default;

  // Passes over the value of a member of the body. False: not JSON.
  virtual bool TakeMember(std::string_view key, JsonCursor& cursor) = 0;
  // Every member was taken.
  virtual void Finish() {}
  int64_t images() const { return images_; }

 protected:
  // The first reason stands.
  void Unbounded(std::string_view why) {
    if (out_.input_unbounded.empty()) out_.input_unbounded = why;
  }
  void ServerTool(std::string_view name);
  // `inside`: base64 that the body carries, or a data: URL.
  void Media(std::string_view inside) { out_.media_bytes += static_cast<int64_t>(inside.size()); }
  void Image() { ++images_; }
  void CacheTtl(std::string_view cache_control);

  WireRequest& out_;
  const bool want_messages_;
  int64_t images_ = 0;
};

// Null for APIs that are not understood.
std::unique_ptr<RequestReader> NewRequestReader(WireApi api, WireRequest& out, bool want_messages);
std::unique_ptr<RequestReader> NewAnthropicRequest(WireRequest& out, bool want_messages);
std::unique_ptr<RequestReader> NewChatRequest(WireRequest& out, bool want_messages);
std::unique_ptr<RequestReader> NewPromptRequest(WireApi api, WireRequest& out, bool want_messages);
std::unique_ptr<RequestReader> NewResponsesRequest(WireRequest& out, bool want_messages);
std::unique_ptr<RequestReader> NewGeminiRequest(WireApi api, WireRequest& out, bool want_messages);

// What was gathered of a message until all of it was seen.
struct MessageDraft {
  std::vector<std::string_view> texts;  // Escaped, without quotes.
  bool has_text = false;
  WireMessage message;

  // Text, and whether it is what a person said.
  void AddText(std::string_view inside);
  // Appends the message to `out`, with what its role makes of the texts.
  void Give(std::string_view raw, std::vector<WireMessage>& out);
};

// A data: URL; then the media is in the body.
bool IsDataUrl(std::string_view inside);

}  // namespace pitot
