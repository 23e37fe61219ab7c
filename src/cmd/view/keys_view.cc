// API keys: who may what, never a secret but the one just made.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "cmd/client.h"
#include "cmd/view/lists.h"
#include "cmd/view/table.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

// "feature=checkout, user=u".
std::string PairsText(const json::value& key, std::string_view name) {
  const json::value& pairs = Part(key, name);
  std::vector<std::string> texts;
  if (pairs.is_object()) {
    for (const auto& [label, value] : pairs.get_object()) {
      texts.push_back(fmt::format("{}={}", CleanLine(label), Text(pairs, label)));
    }
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

// "$5.00 a day".
std::string BudgetText(const json::value& key) {
  const json::value& budget = Part(key, "budget");
  if (!budget.is_object()) return "";
  return fmt::format("{} a {}{}", UsdText(Number(budget, "limit_usd")), Text(budget, "window"),
                     Flag(budget, "hard") ? "" : " (soft)");
}

std::string DayText(const json::value& key, std::string_view name, std::string_view otherwise) {
  return IsNull(key, name) ? std::string(otherwise) : Text(key, name).substr(0, 10);
}

std::string NameText(const json::value& key) {
  return Text(key, "name") + (Flag(key, "from_config") ? " (file)" : "");
}

// What the gateway does with the key's calls, a line each.
std::string Rules(const json::value& key, size_t width) {
  std::string out;
  const auto line = [&](std::string_view what, const std::string& text) {
    if (!text.empty()) out += Wrapped(fmt::format("{}: {}", what, text), 2, width);
  };
  line("always", PairsText(key, "pins"));
  line("unless said otherwise", PairsText(key, "defaults"));
  line("callers must say", JoinedText(key, "require"));
  line("models", JoinedText(key, "models"));
  line("provider keys from", PairsText(key, "provider_keys"));
  line("budget", BudgetText(key));
  if (!IsNull(key, "cache")) line("cache", Flag(key, "cache") ? "yes" : "no");
  return out;
}

}  // namespace

std::string RenderKeys(const json::value& answer, const Terminal& terminal) {
  const json::array& keys = List(answer, "keys");
  if (keys.empty()) {
    return Wrapped(
        "No keys. The server answers everybody on this machine; the first key is an admin key: "
        "pitot "
        "key create NAME --scopes admin",
        0, terminal.width);
  }
  Table table({{"id"},
               {"name", false, true},
               {"project", false, true},
               {"scopes", false, true},
               {"pinned", false, true, 120},
               {"budget", false, false, 100},
               {"expires", false, false, 90},
               {"last used (UTC)"}});
  for (const json::value& key : keys) {
    table.AddRow({Text(key, "id"), NameText(key), Text(key, "project"), JoinedText(key, "scopes"),
                  PairsText(key, "pins"), BudgetText(key), DayText(key, "expires_at", "never"),
                  IsNull(key, "last_used_at") ? "never" : ClockText(Text(key, "last_used_at"))});
  }
  return table.Render(terminal);
}

std::string RenderNewKey(const json::value& answer, const Terminal& terminal) {
  const json::value& key = Part(answer, "key");
  const std::string scopes = JoinedText(key, "scopes");
  const bool is_admin = scopes.find("admin") != std::string::npos;
  std::string out =
      Wrapped(fmt::format("Key {} ({}): {}{}{}", Text(key, "id"), Text(key, "name"), scopes,
                          is_admin ? "" : "; project " + Text(key, "project"),
                          IsNull(key, "expires_at")
                              ? ""
                              : fmt::format("; until {} UTC", TimeText(Text(key, "expires_at")))),
              0, terminal.width);
  out += Rules(key, terminal.width);
  out += fmt::format("\n    {}\n\n", Styled(terminal, Style::kBold, Text(answer, "secret")));
  out += Wrapped("It is shown this once, and kept nowhere.", 0, terminal.width);
  if (!IsNull(key, "old_secret_until")) {
    out += Wrapped(fmt::format("The one before is valid until {} UTC.",
                               TimeText(Text(key, "old_secret_until"))),
                   0, terminal.width);
  }
  return out;
}

}  // namespace pitot
