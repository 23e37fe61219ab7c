// cmd/alerts.h
//
// `pitot alerts` and `pitot silence`: what fires, who is told, and who need not be.
#pragma once

#include <string>
#include <vector>

#include "cmd/client.h"

namespace pitot {

struct AlertArgs {
  std::vector<std::string> matchers;  // "severity=page", ...: all must hold.
  std::string project, receiver, limit;
  std::string state;  // Empty: what fires or may soon.
  bool groups = false;
  std::string id;  // A fingerprint, or enough of its beginning.
  std::string length, comment, by;
  bool json = false;
};

// kExitBad when something fires that is neither silenced nor inhibited.
int RunAlertList(ApiClient& client, const AlertArgs& args);
int RunAlertShow(ApiClient& client, const AlertArgs& args);
int RunAlertAck(ApiClient& client, const AlertArgs& args, bool acknowledged);
int RunRules(ApiClient& client, const AlertArgs& args);
int RunNotificationLog(ApiClient& client, const AlertArgs& args);
int RunReceivers(ApiClient& client, bool json);
// kExitBad when a channel did not take the test.
int RunReceiverTest(ApiClient& client, const std::string& name, bool json);

struct SilenceArgs {
  std::vector<std::string> matchers;
  std::vector<std::string> ids;
  std::string length, starts, ends, comment, by, id, project;
  bool expired = false;
  bool json = false;
};

int RunSilenceAdd(ApiClient& client, const SilenceArgs& args);
int RunSilenceList(ApiClient& client, const SilenceArgs& args);
int RunSilenceExpire(ApiClient& client, const SilenceArgs& args);

}  // namespace pitot
