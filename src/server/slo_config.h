// server/slo_config.h
//
// The configuration's `slos`: objectives, and OpenSLO files that have more of them. docs/slo.md lists
// every key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alert/slo/slo.h"
#include "server/config_section.h"

namespace pitot {

// `root`: the whole file, of which only `slos` is read: the caller does not ask it for Done(), other
// keys being none of its business. `file`: the configuration's name; files that it names are looked for
// beside it. Errors, also of what does not make sense (SloSpec::Validate), are root.first_error().
void ReadSloConfig(ConfigSection& root, std::string_view file, std::vector<SloSpec>& slos);

// Its part of PrintConfig.
std::string PrintSloConfig(const std::vector<SloSpec>& slos);

}  // namespace pitot
