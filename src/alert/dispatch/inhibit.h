// alert/dispatch/inhibit.h
//
// Inhibition: while a source fires, targets that agree with it in the labels of `equal` are not told.
// A label that is missing equals an empty one. An alert that matches both sides of a rule is not
// inhibited by another that does. Source: Alertmanager, package inhibit. Ours goes on for a while after
// the source is over: a symptom that is measured over longer must not become news by outlasting it.
#pragma once

#include <vector>

#include "alert/alert.h"
#include "alert/options.h"

namespace pitot {

inline constexpr int64_t kInhibitLingerNs = 5 * kNanosPerMinute;

// Those that hold whatever the configuration says: pages over what is less urgent about the same
// thing, causes over their symptoms.
std::vector<InhibitRule> DefaultInhibitRules();

// Sets inhibited_by of each alert that is pending or active; clears that of others.
void Inhibit(const std::vector<InhibitRule>& rules, std::vector<Alert>& alerts, UnixNanos now);

}  // namespace pitot
