// normalize/emitter.h
//
// Who made a span: detected from the instrumentation scope, marker attributes and the span's name.
// Some numbers mean different things in different mouths (emitter + provider decide how cached
// tokens are counted), and people want to know what sent what they see.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/usage.h"

namespace pitot {

// In order of detection: of several that match, the first is it.
enum class Emitter : uint8_t {
  kPitotSdk,
  kLangfuse,
  kVercelV7,
  kVercel,
  kOpenInference,
  kTraceloop,
  kAnthropicNative,
  kLangSmith,
  kOpenLit,
  kPydanticAi,
  kAdk,
  kStrands,
  kMsAgent,
  kSemanticKernel,
  kClaudeCode,
  kCodex,
  kGeminiCli,
  kLiteLlm,
  kCopilot,
  kMastra,
  kGenkit,
  kLiveKit,
  kMcp,
  kOtelGenAi,  // Anything else with gen_ai.* attributes.
  kGeneric,    // Anything else.
  kAny,
};
inline constexpr uint32_t kEmitterCount = static_cast<uint32_t>(Emitter::kAny);

constexpr uint32_t Bit(Emitter emitter) { return 1u << static_cast<uint32_t>(emitter); }

// As in Span::emitter.
std::string_view Name(Emitter emitter);

// Bits of the emitters a scope's name, an attribute key without a rule, an attribute's value or a
// span's name speak for.
uint32_t EmittersOfScope(std::string_view scope_name);
uint32_t EmittersOfKey(std::string_view key);
uint32_t EmittersOfValue(std::string_view key, std::string_view value);
uint32_t EmittersOfSpanName(std::string_view name);

// The emitter whose framework name this provider word is, as a bit; 0 when it is a provider. A
// framework's name says nothing of who answered, and bills.
uint32_t FrameworkOf(std::string_view provider);
bool IsFramework(std::string_view provider);

// The emitter, given what the scope and everything else speak for.
Emitter Detect(uint32_t scope_bits, uint32_t other_bits);

// How `emitter` counts cached tokens when calling `provider` (canonical name), where it is known;
// kUnknown otherwise.
UsageConvention KnownConvention(Emitter emitter, std::string_view provider);

}  // namespace pitot
