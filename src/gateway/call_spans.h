// gateway/call_spans.h
//
// A call's spans: the call itself, the tool calls whose results came with it, and the agents it opened.
// Pure but for the memory it fills; runs on a worker, never on an I/O thread: reading a long history
// takes milliseconds.
#pragma once

#include "gateway/call_record.h"
#include "ingest/request.h"

namespace pitot {

// Appends to `out`. Texts are copied into out.arena or stay in `call`, which must outlive `out`.
void MakeCallSpans(const CallRecord& call, MadeSpans& out);

}  // namespace pitot
