#include "gateway/keys/key_json.h"

#include <boost/json.hpp>
#include <cmath>

#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr double kUsdMax = 1e9;

absl::Status Wrong(std::string_view name, std::string_view expected) {
  return InvalidArgument("{} must be {}", name, expected);
}

absl::Status Read(std::string_view name, const json::value& value, std::string& to) {
  if (!value.is_string()) return Wrong(name, "a text");
  to = std::string_view(value.get_string());
  return absl::OkStatus();
}

absl::Status Read(std::string_view name, const json::value& value, bool& to) {
  if (!value.is_bool()) return Wrong(name, "true or false");
  to = value.get_bool();
  return absl::OkStatus();
}

absl::Status Read(std::string_view name, const json::value& value, std::vector<std::string>& to) {
  if (!value.is_array()) return Wrong(name, "a list of texts");
  to.clear();
  for (const json::value& item : value.get_array()) {
    RETURN_IF_ERROR(Read(name, item, to.emplace_back()));
  }
  return absl::OkStatus();
}

absl::Status Read(std::string_view name, const json::value& value,
                  std::map<std::string, std::string>& to) {
  if (!value.is_object()) return Wrong(name, "an object of texts");
  to.clear();
  for (const auto& [key, item] : value.get_object()) {
    RETURN_IF_ERROR(Read(fmt::format("{}.{}", name, std::string_view(key)), item, to[key]));
  }
  return absl::OkStatus();
}

absl::Status Read(std::string_view name, const json::value& value, NanoUsd& to) {
  const double usd = value.is_number() ? value.to_number<double>() : -1;
  if (!(usd >= 0 && usd <= kUsdMax)) {
    return InvalidArgument("{} must be dollars, from 0 to {:.0f}", name, kUsdMax);
  }
  to.value = std::llround(usd * 1e9);
  return absl::OkStatus();
}

// One member an object may have, and how it is read.
template <typename T>
struct Member {
  std::string_view name;
  absl::Status (*read)(std::string_view name, const json::value& value, T& to);
};

template <typename T, size_t N>
absl::Status ReadMembers(const json::object& object, std::string_view what,
                         const Member<T> (&members)[N], T& to) {
  for (const auto& [key, value] : object) {
    const std::string_view name = key;
    const auto member = std::ranges::find(members, name, &Member<T>::name);
    if (member == std::end(members)) {
      std::vector<std::string_view> known;
      for (const Member<T>& one : members) known.push_back(one.name);
      return InvalidArgument("{} has no member \"{}\"{}", what, name, DidYouMean(name, known));
    }
    // null is as left out.
    if (!value.is_null()) RETURN_IF_ERROR(member->read(name, value, to));
  }
  return absl::OkStatus();
}

template <auto kField, typename T>
absl::Status Into(std::string_view name, const json::value& value, T& to) {
  return Read(name, value, to.*kField);
}

constexpr Member<BudgetLine> kBudgetMembers[] = {
    {"limit_usd", Into<&BudgetLine::limit>},
    {"window", Into<&BudgetLine::window>},
    {"timezone", Into<&BudgetLine::timezone>},
    {"hard", Into<&BudgetLine::hard>},
};

absl::Status ReadBudget(std::string_view name, const json::value& value, ApiKey& key) {
  if (!value.is_object()) return Wrong(name, "an object with limit_usd");
  return ReadMembers(value.get_object(), name, kBudgetMembers, key.budget.emplace());
}

absl::Status ReadScopes(std::string_view name, const json::value& value, ApiKey& key) {
  std::vector<std::string> names;
  RETURN_IF_ERROR(Read(name, value, names));
  ASSIGN_OR_RETURN(key.scopes, ParseScopes(names));
  return absl::OkStatus();
}

absl::Status ReadCache(std::string_view name, const json::value& value, ApiKey& key) {
  return Read(name, value, key.cache.emplace());
}

constexpr Member<ApiKey> kMembers[] = {
    {"name", Into<&ApiKey::name>},
    {"project", Into<&ApiKey::project>},
    {"scopes", ReadScopes},
    {"defaults", Into<&ApiKey::defaults>},
    {"pins", Into<&ApiKey::pins>},
    {"require", Into<&ApiKey::require>},
    {"provider_keys", Into<&ApiKey::provider_keys>},
    {"models", Into<&ApiKey::models>},
    {"budget", ReadBudget},
    {"cache", ReadCache},
};

template <typename Texts>
json::array ListOf(const Texts& texts) {
  json::array list;
  for (const auto& text : texts) list.emplace_back(std::string_view(text));
  return list;
}

json::object ObjectOf(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [name, value] : texts) object[name] = value;
  return object;
}

json::value BudgetJson(const std::optional<BudgetLine>& budget) {
  if (!budget) return nullptr;
  return json::object{{"limit_usd", static_cast<double>(budget->limit.value) / 1e9},
                      {"window", budget->window},
                      {"timezone", budget->timezone},
                      {"hard", budget->hard}};
}

}  // namespace

json::object KeySpecJson(const ApiKey& key) {
  json::object object;
  object["name"] = key.name;
  object["project"] = key.project;
  object["scopes"] = ListOf(ScopeNames(key.scopes));
  object["defaults"] = ObjectOf(key.defaults);
  object["pins"] = ObjectOf(key.pins);
  object["require"] = ListOf(key.require);
  object["provider_keys"] = ObjectOf(key.provider_keys);
  object["models"] = ListOf(key.models);
  object["budget"] = BudgetJson(key.budget);
  object["cache"] = key.cache ? json::value(*key.cache) : json::value(nullptr);
  return object;
}

absl::StatusOr<ApiKey> ParseKeySpec(const json::object& object) {
  ApiKey key;
  RETURN_IF_ERROR(ReadMembers(object, "a key", kMembers, key));
  return key;
}

}  // namespace pitot
