// alert/runbook/action_json.h
//
// Actions as JSON: of the API, of the state log, and back. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "alert/runbook/actions.h"

namespace pitot {

std::string TargetJson(const ActionTarget& target);
// Nothing: it is no action as ActionJson (runbook.h) writes it.
std::optional<Action> ActionFromJson(std::string_view text);

}  // namespace pitot
