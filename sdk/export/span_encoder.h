// sdk/export/span_encoder.h
//
// Spans -> bytes of one format, in two steps: each span by itself, as it comes, and a request's frame
// around any run of them, when it is sent. So a request can be split without encoding anything again.
#pragma once

#include <string>
#include <string_view>

#include "pitot/span_data.h"

namespace pitot {
inline namespace sdk {

class SpanEncoder {
 public:
  virtual ~SpanEncoder() = default;

  // Appends one span. One thread at a time.
  virtual void Append(const SpanData& span, std::string& out) = 0;

  // `body` becomes a request with `spans`: what Append gave, one after another. From any thread.
  virtual void Frame(std::string_view spans, std::string& body) const = 0;
};

}  // namespace sdk
}  // namespace pitot
