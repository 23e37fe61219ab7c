// store/schema.h
//
// The tables, as numbered SQL files compiled into the program: schema/NNN_what.sql takes a store
// from schema version NNN - 1 to NNN. Released files never change; a change is a new file.
// Statements end with a semicolon at the end of a line and may be run again after a crash
// (IF NOT EXISTS and the like).
#pragma once

#include <span>

#include "base/embedded_text.h"

namespace pitot {

// In order, from version 1 without gaps.
std::span<const EmbeddedText> SchemaFiles();

}  // namespace pitot
