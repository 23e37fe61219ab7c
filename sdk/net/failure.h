// sdk/net/failure.h
//
// Why a call went no further; what HttpOutcome says of it.
#pragma once

#include <string>
#include <utility>

#include "sdk/net/http_client.h"

namespace pitot {
inline namespace sdk {

struct [[nodiscard]] Failure {
  HttpOutcome::Error error = HttpOutcome::Error::kNone;
  std::string message = {};

  bool ok() const { return error == HttpOutcome::Error::kNone; }
};

}  // namespace sdk
}  // namespace pitot
