// alert/runbook/status_page_files.h
//
// catalog/status_pages.json, compiled into the program.
#pragma once

#include <span>

#include "base/embedded_text.h"

namespace pitot {

std::span<const EmbeddedText> StatusPageFiles();

}  // namespace pitot
