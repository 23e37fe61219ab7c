// http/client/tcp_state.h
//
// Internal to http/: what the kernel knows of a connection.
#pragma once

#include <cstdint>
#include <optional>

namespace pitot {

// Bytes of ours that the peer's kernel has acknowledged since the connection began, its SYN not
// counted. Empty: the kernel does not tell.
std::optional<uint64_t> AcknowledgedBytes(int fd);

// Nothing came in, not even the end.
bool IsQuiet(int fd);

}  // namespace pitot
