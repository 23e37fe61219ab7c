#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "normalize/anthropic_native.h"
#include "normalize/dialect.h"
#include "normalize/genai.h"
#include "normalize/generic.h"
#include "normalize/pitot_sdk.h"

namespace pitot {
namespace {

// A new dialect is one line here.
constexpr const Dialect* kDialects[] = {
    &kGenAiDialect,
    &kAnthropicNativeDialect,
    &kGenericDialect,
    &kPitotSdkDialect,
};

struct Tables {
  std::vector<Rule> rules;  // Rules of one key stand together.
  absl::flat_hash_map<std::string_view, KeyEntry> keys;
  absl::flat_hash_map<std::string_view, Kind> kind_words;
  absl::flat_hash_map<std::string_view, EventRule> events;

  Tables() {
    for (const Dialect* dialect : kDialects) {
      rules.insert(rules.end(), dialect->rules.begin(), dialect->rules.end());
      for (const KindWord& row : dialect->kind_words) kind_words.emplace(row.word, row.kind);
      for (const EventRule& row : dialect->events) events.emplace(row.name, row);
    }
    std::ranges::stable_sort(rules, {}, &Rule::key);
    for (size_t from = 0; from < rules.size();) {
      size_t to = from;
      while (to < rules.size() && rules[to].key == rules[from].key) ++to;
      const std::string_view key = rules[from].key;
      keys[key] = {std::span(rules).subspan(from, to - from), EmittersOfKey(key)};
      from = to;
    }
  }
};

// Built once, on first use; never changed and never destroyed.
const Tables& AllTables() {
  static const Tables& tables = *new Tables;
  return tables;
}

template <typename Map>
const typename Map::mapped_type* Find(const Map& map, std::string_view key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

std::span<const Dialect* const> Dialects() { return kDialects; }

const KeyEntry* FindKey(std::string_view key) { return Find(AllTables().keys, key); }
const Kind* FindKindWord(std::string_view word) { return Find(AllTables().kind_words, word); }
const EventRule* FindEvent(std::string_view name) { return Find(AllTables().events, name); }

}  // namespace pitot
