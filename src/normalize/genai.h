// normalize/genai.h
//
// The dialect of OpenTelemetry's GenAI semantic conventions.
#pragma once

#include "normalize/dialect.h"

namespace pitot {

extern const Dialect kGenAiDialect;

}  // namespace pitot
