#include "ingest/seen.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace pitot {

Hash128 SeenPayloads::ScopeOf(std::string_view project, uint16_t keep_days, int32_t day) {
  return {Sha128(fmt::format("{}/{}/{}", keep_days, day, project))};
}

}  // namespace pitot
