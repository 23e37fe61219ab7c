#include "store/engine/engine_error.h"

#include <charconv>
#include <iterator>

#include "base/status.h"

namespace pitot {
namespace {

using absl::StatusCode;

struct ErrorRow {
  int code;
  StatusCode query;   // Also Execute.
  StatusCode insert;  // The statement is ours, so only the block can be at fault.
};

constexpr StatusCode kAway = StatusCode::kUnavailable;
constexpr StatusCode kLate = StatusCode::kDeadlineExceeded;
constexpr StatusCode kBad = StatusCode::kInvalidArgument;
constexpr StatusCode kBroken = StatusCode::kInternal;

constexpr ErrorRow kErrorRows[] = {
    // The schema is not what we migrated to: no block is to blame, so none must be given up.
    {8, kBad, kBroken},    // THERE_IS_NO_COLUMN
    {16, kBad, kBroken},   // NO_SUCH_COLUMN_IN_TABLE
    {47, kBad, kBroken},   // UNKNOWN_IDENTIFIER
    {60, kBad, kBroken},   // UNKNOWN_TABLE
    {62, kBad, kBroken},   // SYNTAX_ERROR
    {81, kBad, kBroken},   // UNKNOWN_DATABASE
    {115, kBad, kBroken},  // UNKNOWN_SETTING
    // Ours, or corruption. A block that cannot be read is a bad block.
    {33, kBroken, kBad},      // CANNOT_READ_ALL_DATA
    {40, kBroken, kBroken},   // CHECKSUM_DOESNT_MATCH
    {49, kBroken, kBroken},   // LOGICAL_ERROR
    {107, kBroken, kBroken},  // FILE_DOESNT_EXIST
    {226, kBroken, kBroken},  // NO_FILE_IN_DATA_PART
    {246, kBroken, kBroken},  // CORRUPTED_DATA
    // Too slow.
    {159, kLate, kLate},  // TIMEOUT_EXCEEDED
    {160, kLate, kLate},  // TOO_SLOW
    // Away, full, busy, restarting.
    {74, kAway, kAway},   // CANNOT_READ_FROM_FILE_DESCRIPTOR
    {75, kAway, kAway},   // CANNOT_WRITE_TO_FILE_DESCRIPTOR
    {76, kAway, kAway},   // CANNOT_OPEN_FILE
    {198, kAway, kAway},  // DNS_ERROR
    {202, kAway, kAway},  // TOO_MANY_SIMULTANEOUS_QUERIES
    {203, kAway, kAway},  // NO_FREE_CONNECTION
    {209, kAway, kAway},  // SOCKET_TIMEOUT
    {210, kAway, kAway},  // NETWORK_ERROR
    {225, kAway, kAway},  // NO_ZOOKEEPER
    {236, kAway, kAway},  // ABORTED
    {241, kAway, kAway},  // MEMORY_LIMIT_EXCEEDED
    {242, kAway, kAway},  // TABLE_IS_READ_ONLY
    {243, kAway, kAway},  // NOT_ENOUGH_SPACE
    {252, kAway, kAway},  // TOO_MANY_PARTS
    {279, kAway, kAway},  // ALL_CONNECTION_TRIES_FAILED
    {285, kAway, kAway},  // TOO_FEW_LIVE_REPLICAS
    {289, kAway, kAway},  // REPLICA_IS_NOT_IN_QUORUM
    {319, kAway, kAway},  // UNKNOWN_STATUS_OF_INSERT
    {394, kAway, kAway},  // QUERY_WAS_CANCELLED
    {439, kAway, kAway},  // CANNOT_SCHEDULE_TASK
    {473, kAway, kAway},  // DEADLOCK_AVOIDED
    {574, kAway, kAway},  // DISTRIBUTED_TOO_MANY_PENDING_BYTES
    {999, kAway, kAway},  // KEEPER_EXCEPTION
    // Wrong user, password or rights: an operator mends that, and then the same call works.
    {192, kAway, kAway},  // UNKNOWN_USER
    {193, kAway, kAway},  // WRONG_PASSWORD
    {194, kAway, kAway},  // REQUIRED_PASSWORD
    {195, kAway, kAway},  // IP_ADDRESS_NOT_ALLOWED
    {497, kBad, kAway},   // ACCESS_DENIED
    {516, kAway, kAway},  // AUTHENTICATION_FAILED
    {201, kAway, kAway},  // QUOTA_EXCEEDED
};

bool LooksLikeFullDisk(std::string_view message) {
  return message.find("No space left on device") != std::string_view::npos ||
         message.find("Disk quota exceeded") != std::string_view::npos;
}

}  // namespace

int EngineErrorCode(std::string_view message) {
  constexpr std::string_view kMark = "Code: ";
  const size_t at = message.find(kMark);
  if (at == std::string_view::npos) return 0;
  int code = 0;
  const char* first = message.data() + at + kMark.size();
  std::from_chars(first, message.data() + message.size(), code);
  return code;
}

absl::Status EngineError(EngineVerb verb, int code, std::string_view message) {
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) {
    message.remove_suffix(1);
  }
  // A lecture about forgotten passwords follows the first line.
  if (code == 193 || code == 194 || code == 516) message = message.substr(0, message.find('\n'));
  if (LooksLikeFullDisk(message)) return Error(kAway, "{}", message);
  // INCORRECT_DATA, but what is wrong is the schema, as with the first rows of the table above.
  if (verb == EngineVerb::kInsert && message.find("Unknown column") != std::string_view::npos) {
    return Error(kBroken, "{}", message);
  }
  for (const ErrorRow& row : kErrorRows) {
    if (row.code != code) continue;
    return Error(verb == EngineVerb::kInsert ? row.insert : row.query, "{}", message);
  }
  // 1000 to 1002 wrap errors of the engine's own libraries: nothing is known about the statement.
  if (code == 0 || code >= 1000) return Error(kBroken, "{}", message);
  return Error(kBad, "{}", message);
}

}  // namespace pitot
