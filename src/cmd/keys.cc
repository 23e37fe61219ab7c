#include "cmd/keys.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>

#include "base/sha256.h"
#include "base/status.h"
#include "base/text.h"
#include "cmd/view/lists.h"
#include "cmd/view/terminal.h"
#include "gateway/keys/secret.h"
#include "http/url.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kPath = "/api/v1/keys";

// "a,b" and "c" as ["a","b","c"].
json::array Listed(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) {
    for (const std::string_view item : SplitText(text, ',')) {
      if (!TrimText(item).empty()) list.emplace_back(TrimText(item));
    }
  }
  return list;
}

absl::StatusOr<json::object> Pairs(std::string_view flag, const std::vector<std::string>& texts) {
  json::object pairs;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return InvalidArgument("--{} \"{}\" is not name=value", flag, text);
    }
    pairs[std::string_view(text).substr(0, equals)] = std::string_view(text).substr(equals + 1);
  }
  return pairs;
}

absl::StatusOr<json::object> BodyOf(const KeyCreateArgs& args) {
  json::object body{{"name", args.name}, {"scopes", Listed(args.scopes)}};
  if (!args.project.empty()) body["project"] = args.project;
  if (!args.expires.empty()) body["expires_in"] = args.expires;
  ASSIGN_OR_RETURN(body["pins"], Pairs("pin", args.pins));
  ASSIGN_OR_RETURN(body["defaults"], Pairs("default", args.defaults));
  ASSIGN_OR_RETURN(body["provider_keys"], Pairs("provider-key", args.provider_keys));
  body["require"] = Listed(args.require);
  body["models"] = Listed(args.models);
  if (args.budget_usd) {
    body["budget"] = {{"limit_usd", *args.budget_usd},
                      {"window", args.budget_window},
                      {"timezone", args.budget_timezone},
                      {"hard", !args.budget_soft}};
  }
  return body;
}

int ShowNewKey(const absl::StatusOr<std::string>& body, bool as_json) {
  if (!body.ok()) return PrintError(body.status());
  const auto answer = ParseJson(*body);
  if (!answer.ok()) return PrintError(answer.status());
  fmt::print("{}", as_json ? *body + "\n" : RenderNewKey(*answer, StdoutTerminal()));
  return kExitOk;
}

std::string PathOf(const std::string& id) { return fmt::format("{}/{}", kPath, PercentEncode(id)); }

}  // namespace

int RunKeyCreate(ApiClient& client, const KeyCreateArgs& args) {
  const auto body = BodyOf(args);
  if (!body.ok()) return PrintError(body.status());
  const int code =
      ShowNewKey(client.Send("POST", kPath, json::serialize(*body), kJsonType), args.json);
  if (code == kExitOk && !client.has_key() && !args.json) {
    fmt::print(
        "From now on calls to this server need a key: set PITOT_KEY to it, and give your agents\n"
        "keys of their own (--scopes ingest).\n");
  }
  return code;
}

int RunKeyList(ApiClient& client, bool as_json) {
  const auto body = client.Get(kPath);
  if (!body.ok()) return PrintError(body.status());
  const auto answer = ParseJson(*body);
  if (!answer.ok()) return PrintError(answer.status());
  fmt::print("{}", as_json ? *body + "\n" : RenderKeys(*answer, StdoutTerminal()));
  return kExitOk;
}

int RunKeyRevoke(ApiClient& client, const std::string& id) {
  const auto body = client.Send("DELETE", PathOf(id), "", "");
  if (!body.ok()) return PrintError(body.status());
  fmt::print("Key {} is not valid any more.\n", CleanLine(id));
  return kExitOk;
}

int RunKeyRotate(ApiClient& client, const std::string& id, const std::string& grace, bool as_json) {
  json::object body;
  if (!grace.empty()) body["grace"] = grace;
  return ShowNewKey(client.Send("POST", PathOf(id) + "/rotate", json::serialize(body), kJsonType),
                    as_json);
}

int RunKeyGenerate(bool as_json) {
  const std::string secret = MakeSecret(MakeKeyId());
  const std::string hash = DigestToHex(Sha256(secret));
  if (as_json) {
    fmt::print("{}\n", json::serialize(json::object{{"secret", secret}, {"hash", hash}}));
    return kExitOk;
  }
  fmt::print("key   {}\nhash  {}\n", secret, hash);
  fmt::print(stderr, "The configuration file takes the hash; the key is for whoever calls.\n");
  return kExitOk;
}

}  // namespace pitot
