// query/figures/groups.h
//
// Pages of groups: sessions, users, versions of prompts, models, providers. What spans that ended in
// the window sum to, one row a group.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "query/scope.h"

namespace pitot {

enum class GroupList : uint8_t { kSessions, kUsers, kPrompts, kModels, kProviders, kEnd };

// Of the API: "sessions", ...
std::string_view Name(GroupList list);

struct GroupListRequest {
  GroupList list = GroupList::kSessions;
  Scope scope;
  uint32_t limit = 50;
  std::string order;   // last, cost, errors, calls, name; empty: last for sessions, else cost.
  std::string cursor;  // `next` of the page before: window and order are then the first page's.
};

// {"window","<list>":[...],"next","total_rows"}. In the order asked for, ties by key; an unknown cost
// stands where 0 does. Sessions and prompts are those with an id or a name; users without an id are
// one row. total_rows is that of the first page.
//
// A cursor is "since.until.total_rows.order.value.key[.key]": the first page's window (nanoseconds),
// and the last row's place in the order, its keys in hex. A page begins behind it, wherever it would
// stand now.
absl::StatusOr<std::string> GroupListJson(const QueryContext& context,
                                          const GroupListRequest& request);

}  // namespace pitot
