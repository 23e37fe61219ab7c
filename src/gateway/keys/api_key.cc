// What a key may be: the words and limits of ApiKey.
#include <absl/time/time.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/status.h"
#include "base/text.h"
#include "gateway/keys/key_ring.h"
#include "gateway/keys/provider_secret.h"

namespace pitot {
namespace {

constexpr size_t kNameBytesMax = 100;
constexpr size_t kValueBytesMax = 200;
constexpr size_t kModelsMax = 100;

struct ScopeRow {
  KeyScope scope;
  std::string_view name;
};
constexpr ScopeRow kScopeRows[] = {
    {KeyScope::kIngest, "ingest"},   {KeyScope::kRead, "read"},   {KeyScope::kSql, "sql"},
    {KeyScope::kGateway, "gateway"}, {KeyScope::kAdmin, "admin"},
};

constexpr std::string_view kAttribution[] = {"feature", "workflow", "user",          "session",
                                             "agent",   "prompt",   "prompt_version"};
constexpr std::string_view kTraceparent = "traceparent";
constexpr std::string_view kWindows[] = {"minute", "hour", "day", "week", "month"};

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Names of projects, upstreams and keys in a file.
bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

absl::Status CheckText(std::string_view field, std::string_view text, size_t bytes_max) {
  if (text.empty()) return InvalidArgument("{} is empty", field);
  if (text.size() > bytes_max) {
    return InvalidArgument("{} has {} bytes; at most {}", field, text.size(), bytes_max);
  }
  if (std::ranges::any_of(text, IsControl)) {
    return InvalidArgument("{} holds a control character", field);
  }
  return absl::OkStatus();
}

absl::Status CheckOneOf(std::string_view field, std::string_view word,
                        std::span<const std::string_view> known) {
  if (std::ranges::find(known, word) != known.end()) return absl::OkStatus();
  return InvalidArgument("{}: \"{}\" is not one of {}{}", field, word, fmt::join(known, ", "),
                         DidYouMean(word, known));
}

absl::Status CheckAttribution(std::string_view field,
                              const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    RETURN_IF_ERROR(CheckOneOf(field, name, kAttribution));
    RETURN_IF_ERROR(CheckText(fmt::format("{}.{}", field, name), value, kValueBytesMax));
  }
  return absl::OkStatus();
}

absl::Status CheckRequire(const std::vector<std::string>& require) {
  std::vector<std::string_view> known(std::begin(kAttribution), std::end(kAttribution));
  known.push_back(kTraceparent);
  for (const std::string& name : require) {
    RETURN_IF_ERROR(CheckOneOf("require", name, known));
    if (std::ranges::count(require, name) > 1) {
      return InvalidArgument("require names \"{}\" twice", name);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckProviderKeys(const std::map<std::string, std::string>& provider_keys) {
  for (const auto& [upstream, ref] : provider_keys) {
    if (!IsName(upstream)) {
      return InvalidArgument("provider_keys: \"{}\" is no upstream's name", upstream);
    }
    RETURN_IF_ERROR(Annotate(CheckSecretRef(ref), fmt::format("provider_keys.{}", upstream)));
  }
  return absl::OkStatus();
}

absl::Status CheckModels(const std::vector<std::string>& models) {
  if (models.size() > kModelsMax) {
    return InvalidArgument("models has {} entries; at most {}", models.size(), kModelsMax);
  }
  for (const std::string& model : models) {
    RETURN_IF_ERROR(CheckText("models", model, kValueBytesMax));
  }
  return absl::OkStatus();
}

absl::Status CheckBudget(const BudgetLine& budget) {
  if (budget.limit.value <= 0) return InvalidArgument("budget.limit_usd must be more than 0");
  RETURN_IF_ERROR(CheckOneOf("budget.window", budget.window, kWindows));
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(budget.timezone, &zone)) {
    return InvalidArgument("budget.timezone: \"{}\" is no time zone, such as Europe/Berlin",
                           budget.timezone);
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view NameOf(KeyScope scope) {
  return std::ranges::find(kScopeRows, scope, &ScopeRow::scope)->name;
}

std::vector<std::string_view> ScopeNames(uint32_t scopes) {
  std::vector<std::string_view> names;
  for (const ScopeRow& row : kScopeRows) {
    if ((scopes & static_cast<uint32_t>(row.scope)) != 0) names.push_back(row.name);
  }
  return names;
}

absl::StatusOr<uint32_t> ParseScopes(const std::vector<std::string>& names) {
  uint32_t scopes = 0;
  for (const std::string& name : names) {
    const auto row = std::ranges::find(kScopeRows, name, &ScopeRow::name);
    if (row == std::end(kScopeRows)) {
      return CheckOneOf("scopes", name, ScopeNames(kAllScopes));
    }
    scopes |= static_cast<uint32_t>(row->scope);
  }
  return scopes;
}

absl::Status ApiKey::Validate() const {
  RETURN_IF_ERROR(CheckText("name", name, kNameBytesMax));
  if (!IsName(project)) {
    return InvalidArgument("project: \"{}\" is not 1 to 64 of A-Z a-z 0-9 _ . -", project);
  }
  if (scopes == 0 || (scopes & ~kAllScopes) != 0) {
    return InvalidArgument("scopes names none of {}", fmt::join(ScopeNames(kAllScopes), ", "));
  }
  RETURN_IF_ERROR(CheckAttribution("defaults", defaults));
  RETURN_IF_ERROR(CheckAttribution("pins", pins));
  RETURN_IF_ERROR(CheckRequire(require));
  RETURN_IF_ERROR(CheckProviderKeys(provider_keys));
  RETURN_IF_ERROR(CheckModels(models));
  if (from_config && !IsName(id)) {
    return InvalidArgument("id: \"{}\" is not 1 to 64 of A-Z a-z 0-9 _ . -", id);
  }
  return budget ? CheckBudget(*budget) : absl::OkStatus();
}

}  // namespace pitot
