// ingest/resolve/row_hash.h
//
// Hashes of a row's content, without rev and is_deleted: rows with equal hashes need not be written
// again. Made from what the store keeps, so that a row read back has the hash it was written with.
// Never stored.
#pragma once

#include <cstdint>

#include "model/facts.h"

namespace pitot {

uint64_t FactHash(const FactRow& row);
uint64_t TraceHash(const TraceRow& row);

}  // namespace pitot
