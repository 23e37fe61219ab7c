// decode/json_value.h
//
// JSON values of attributes, written again in the one form that every decoder yields (json_text.h).
// Internal to decode/.
#pragma once

#include <cstdint>

#include "decode/otlp_json.h"

namespace pitot {

// Appends `json` to intake.json_text(). What is deeper than limits.depth is null, counted.
void WriteJsonValue(Intake& intake, JsonElement json, int64_t depth, bool* mended);

}  // namespace pitot
