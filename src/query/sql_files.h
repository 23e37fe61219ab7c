// query/sql_files.h
//
// The SQL of this folder: files under sql/, compiled into the program.
#pragma once

#include <span>
#include <string_view>

#include "base/embedded_text.h"

namespace pitot {

std::span<const EmbeddedText> SqlFiles();

// The text of sql/NAME without its comment lines.
// REQUIRES: the file is listed in CMakeLists.txt.
std::string_view SqlFile(std::string_view name);

}  // namespace pitot
