// ingest/spool/record_items.h
//
// The items of a spool record (record.h), one by one: how a span, a log record and a metric point are
// written and read. Internal to ingest/. Readers check `in.ok()` when they are done.
#pragma once

#include <string>

#include "ingest/spool/record.h"
#include "ingest/spool/varint.h"

namespace pitot {

void PutSpan(const Span& span, std::string& out);
// REQUIRES: `span` is fresh. What it points to is in the bytes that `in` reads and in `arena`.
void TakeSpan(VarintReader& in, Arena& arena, Span& span);
// The fields at a span's beginning. False when there are none.
[[nodiscard]] bool TakeSpanKey(VarintReader& in, SpanKey& key);

void PutLog(const RawLog& log, const RawResource& resource, const RawScope& scope,
            std::string& out);
void PutPoint(const RawPoint& point, const RawResource& resource, const RawScope& scope,
              std::string& out);
// Append to the record's logs or points, and to its resources and scopes.
void TakeLog(VarintReader& in, Arena& arena, Record& record);
void TakePoint(VarintReader& in, Arena& arena, Record& record);

}  // namespace pitot
