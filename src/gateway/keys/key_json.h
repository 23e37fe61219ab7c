// gateway/keys/key_json.h
//
// A key as JSON: what the API takes and shows. Pure.
//
//   {"name":"ci","project":"default","scopes":["gateway"],"defaults":{"feature":"x"},"pins":{},
//    "require":["session"],"provider_keys":{"openai":"env:OPENAI_KEY_CI"},"models":["gpt-*"],
//    "budget":{"limit_usd":5,"window":"day","timezone":"UTC","hard":true},"cache":null}
#pragma once

#include <absl/status/statusor.h>

#include <boost/json/object.hpp>
#include <string>

#include "gateway/keys/key_ring.h"

namespace pitot {

// The members above; of every other one (id, times) nothing.
boost::json::object KeySpecJson(const ApiKey& key);

// All but `name` and `scopes` may be left out; an unknown member is refused with the nearest known
// name. Not validated further: see ApiKey::Validate.
absl::StatusOr<ApiKey> ParseKeySpec(const boost::json::object& json);

}  // namespace pitot
