// alert/notify/secret.h
//
// What a SecretRef (alert/options.h) stands for: "env:NAME", "file:/absolute/path", or itself. Read at
// each use; no message made here holds the value.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace pitot {

// Without white space around it. kFailedPrecondition: the variable or file is not there, empty, or
// holds a line break (it would break out of a header).
absl::StatusOr<std::string> ReadSecret(std::string_view ref);

// Where the secret is, for people: "env:SLACK_URL"; for a value written out, "".
std::string_view SecretPlace(std::string_view ref);

// The host of a URL, and the port where it is not the scheme's own: all of it that may be shown.
// "?" when it is no URL.
std::string HostOf(std::string_view url);

}  // namespace pitot
