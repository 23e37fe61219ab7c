// normalize/anthropic_native.h
//
// What Anthropic's own SDKs (scope com.anthropic.sdk.*) add to the GenAI conventions.
#pragma once

#include "normalize/dialect.h"

namespace pitot {

extern const Dialect kAnthropicNativeDialect;

}  // namespace pitot
