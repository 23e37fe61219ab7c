// gateway/keys/key_json.h
//
// Internal to keys/: what people decide about a key (key_text.h), as JSON. Pure.
#pragma once

#include <absl/status/statusor.h>

#include <boost/json/object.hpp>
#include <string>

#include "gateway/keys/key_ring.h"

namespace pitot {

// Without id and times.
boost::json::object KeySpecJson(const ApiKey& key);

// An unknown member is refused with the nearest known name. Not validated further: see
// ApiKey::Validate.
absl::StatusOr<ApiKey> ParseKeySpec(const boost::json::object& json);

}  // namespace pitot
