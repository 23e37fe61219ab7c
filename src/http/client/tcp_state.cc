#include "http/client/tcp_state.h"

// The kernel's header, not <netinet/tcp.h>, whose tcp_info ends before what is needed here.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

namespace pitot {

std::optional<uint64_t> AcknowledgedBytes(int fd) {
  tcp_info info = {};
  socklen_t bytes = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0 ||
      bytes < offsetof(tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked) {
    return std::nullopt;
  }
  // The SYN is counted as one byte (RFC 4898, tcpEStatsAppHCThruOctetsAcked).
  return info.tcpi_bytes_acked > 0 ? info.tcpi_bytes_acked - 1 : 0;
}

bool IsQuiet(int fd) {
  char byte;
  const ssize_t seen = ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace pitot
