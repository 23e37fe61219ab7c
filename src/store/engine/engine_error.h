// store/engine/engine_error.h
//
// ClickHouse's error codes as ours: what a caller should do is decided here, in one table.
// Source of the codes: src/Common/ErrorCodes.cpp of ClickHouse.
#pragma once

#include <absl/status/status.h>

#include <string_view>

namespace pitot {

// Which verb failed: the same code can mean that a query is wrong, but that a table we insert into
// is damaged.
enum class EngineVerb { kQuery, kInsert, kExecute };

// The number in "Code: 60. DB::Exception: ..."; 0 when there is none.
int EngineErrorCode(std::string_view message);

// `message` is the engine's own text. Codes as Engine promises them.
absl::Status EngineError(EngineVerb verb, int code, std::string_view message);

}  // namespace pitot
