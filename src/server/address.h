// server/address.h
//
// "127.0.0.1:4318", "[::1]:4318", "localhost:0": where to listen.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace pitot {

struct ListenAddress {
  std::string host;  // Without brackets.
  uint16_t port = 0;
  bool loopback = false;
};

// kInvalidArgument names `key` and what is expected.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view key, std::string_view text);

// An address as people open it, with the port in use: the system may have chosen it.
std::string AddressText(std::string_view configured, uint16_t port);

}  // namespace pitot
