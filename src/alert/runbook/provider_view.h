// alert/runbook/provider_view.h
//
// Internal to alert/runbook/: how a provider does: what our calls see, what its breakers do, what its
// status page says. In this order: pages lag behind.
#pragma once

#include <string>

#include "alert/runbook/investigation.h"

namespace pitot {

// Fills the finding, and lifts causes that blame the provider when its page says so too.
void ViewProvider(Investigation& run, const std::string& provider, Finding& finding);

}  // namespace pitot
