// sdk/trace/record.h
//
// A span while it is being filled and until it is exported: SpanData and the memory it points into.
// Records are kept and filled again, so that a warm program allocates nothing for a span.
//
// Thread-safety: one owner at a time: the Span, then the collector's queue, then its thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "model/arena.h"
#include "pitot/context.h"
#include "pitot/span_data.h"

namespace pitot {
inline namespace sdk {

struct SpanRecord {
  SpanData data;  // Points into the members below.

  Arena arena{1024};
  std::vector<Attribute> attributes;
  std::vector<SpanEventData> events;
  std::vector<SpanLinkData> links;
  Context context;   // Keeps tags and trace state alive.
  size_t bytes = 0;  // Of texts, for the collector's limit.
};

}  // namespace sdk
}  // namespace pitot
