// normalize/generic.h
//
// Names that belong to no LLM convention: OpenTelemetry's general attributes, plain words that
// people put on their spans, and Pitot's own.
#pragma once

#include "normalize/dialect.h"

namespace pitot {

extern const Dialect kGenericDialect;

}  // namespace pitot
