// store/migrate.h
//
// Brings a store's tables to the schema this program was built with; forward only.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/embedded_text.h"
#include "store/engine.h"

namespace pitot {

// Runs the files the store has not seen yet and records each in the table schema_version. May be
// cut at any point and run again, also by several programs at once. Returns the version reached.
//
// kFailedPrecondition: a newer program wrote this store.
// Otherwise as Engine: kUnavailable may be tried again.
absl::StatusOr<uint32_t> Migrate(Engine& engine, std::span<const EmbeddedText> files,
                                 UnixNanos now);

// The statements of one schema file, without their closing semicolons.
std::vector<std::string_view> SplitStatements(std::string_view text);

}  // namespace pitot
