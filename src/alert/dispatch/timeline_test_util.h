// alert/dispatch/timeline_test_util.h
//
// Timelines: tests/golden/alert/*.timeline, each a story that reads from top to bottom. Lines that
// begin with a word set the scene, lines that begin with a time say what happens, and the indented
// lines below them all that follows from it: every change of an alert's state, and everything that
// anybody is told. tests/golden/alert/README.md lists what can be said.
#pragma once

#include <string>
#include <string_view>

namespace pitot::testing {

// The timeline with what really follows in place of the indented lines. A line that cannot be
// understood is followed by one that says so.
std::string PlayTimeline(std::string_view text);

}  // namespace pitot::testing
