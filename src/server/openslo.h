// server/openslo.h
//
// Objectives written as OpenSLO v1 documents. docs/slo.md has the table of what is read, what is
// accepted and not used, and what is refused.
//
// Source: OpenSLO specification v1, https://github.com/OpenSLO/OpenSLO (README, "Specification").
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "alert/slo/slo.h"

namespace pitot {

struct OpenSloFile {
  std::string name;  // For messages and SloSpec::defined_in.
  std::string text;  // Any number of YAML documents.
};

// Documents may refer to one another by name, also across files. One spec an objective, in the order of
// the files. kInvalidArgument: file, line and field. Not validated yet (SloSpec::Validate).
absl::StatusOr<std::vector<SloSpec>> ReadOpenSlo(const std::vector<OpenSloFile>& files);

}  // namespace pitot
