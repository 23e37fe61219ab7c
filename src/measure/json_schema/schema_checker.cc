// Whether a value does what a schema's rules ask for.
#include <algorithm>
#include <numeric>

#include "measure/json_schema/schema_rules.h"

namespace pitot {
namespace {

// Where in the value, as a chain on the stack; written out for a mismatch only.
struct Place {
  const Place* up = nullptr;
  std::string_view key;
  size_t index = 0;  // Of an element; then `key` is empty.
  bool is_element = false;

  std::string Pointer() const {
    if (up == nullptr) return {};
    std::string out = up->Pointer() + "/";
    if (is_element) return out + std::to_string(index);
    AppendPointerToken(key, out);
    return out;
  }
  size_t Depth() const { return up == nullptr ? 0 : up->Depth() + 1; }
};

// At most `bytes_max` of it, whole characters.
std::string Shortened(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string Quoted(std::string_view text) {
  constexpr size_t kNameBytes = 80;
  std::string out = "\"";
  return out.append(Shortened(text, kNameBytes)).append("\"");
}

std::string Shown(const JsonNode& value) {
  constexpr size_t kShownBytes = 80;
  if (value.type == JsonType::kObject) {
    return value.count == 0 ? "an empty object" : "an object of " + std::to_string(value.count);
  }
  if (value.type == JsonType::kArray) {
    return value.count == 0 ? "an empty array" : "an array of " + std::to_string(value.count);
  }
  return Shortened(value.raw, kShownBytes);
}

// Of what the schema names itself.
std::string Named(const JsonNode& value) {
  constexpr size_t kNamedBytes = 80;
  return Shortened(value.raw, kNamedBytes);
}

std::string Listed(const std::vector<std::string>& items, std::string_view last_word) {
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) {
      if (i + 1 == items.size()) {
        out.append(" ").append(last_word).append(" ");
      } else {
        out += ", ";
      }
    }
    out += items[i];
  }
  return out;
}

std::string TypesInWords(uint8_t types) {
  constexpr std::pair<SchemaType, std::string_view> kWords[] = {{kSchemaObject, "an object"},
                                                                {kSchemaArray, "an array"},
                                                                {kSchemaString, "a string"},
                                                                {kSchemaNumber, "a number"},
                                                                {kSchemaInteger, "a whole number"},
                                                                {kSchemaBool, "true or false"},
                                                                {kSchemaNull, "null"}};
  std::vector<std::string> words;
  for (const auto& [type, word] : kWords) {
    if ((types & type) != 0) words.emplace_back(word);
  }
  return Listed(words, "or");
}

std::string Count(uint64_t count, std::string_view noun) {
  std::string out = std::to_string(count);
  out.append(" ").append(noun);
  if (count != 1) out += 's';
  return out;
}

uint8_t TypesOf(const JsonNode& value) {
  switch (value.type) {
    case JsonType::kNull:
      return kSchemaNull;
    case JsonType::kBool:
      return kSchemaBool;
    case JsonType::kNumber:
      return Decimal(value.text).whole() ? kSchemaNumber | kSchemaInteger : kSchemaNumber;
    case JsonType::kString:
      return kSchemaString;
    case JsonType::kArray:
      return kSchemaArray;
    case JsonType::kObject:
      return kSchemaObject;
  }
  return 0;
}

}  // namespace

class SchemaChecker {
 public:
  SchemaChecker(const Schema::Compiled& schema, const JsonTree& tree)
      : schema_(schema), tree_(tree) {}

  std::vector<SchemaMismatch> Run(size_t mismatches_max) {
    Sink sink{{}, mismatches_max};
    Check(0, tree_.root(), Place(), &sink);
    if (exhausted_)
      return {{"", "a text that can be checked within the limits", "one that cannot"}};
    return std::move(sink.mismatches);
  }

 private:
  using Rules = Schema::Rules;

  struct Sink {
    std::vector<SchemaMismatch> mismatches;
    size_t max = 0;
    size_t deepest = 0;  // Of the first mismatch.

    bool full() const { return mismatches.size() >= max; }
  };

  // Each of the following is true when the value fits. Mismatches go to `sink`; without one, or once it
  // is full, the first ends the search.
  bool Check(SchemaId id, const JsonNode& value, const Place& at, Sink* sink) {
    if (!Spend(1) || depth_ == Schema::kDepthMax) {
      exhausted_ = true;
      return false;
    }
    ++depth_;
    const bool fits = CheckAll(schema_.schemas[id], value, at, sink);
    --depth_;
    return fits;
  }

  bool CheckAll(const Rules& rules, const JsonNode& value, const Place& at, Sink* sink) {
    if (rules.never) return Miss(at, sink, "nothing here", Shown(value));
    if (rules.nullable && value.type == JsonType::kNull) return true;
    // A wrong type makes the rest meaningless.
    if (!CheckType(rules, value, at, sink)) return false;
    bool fits = CheckValues(rules, value, at, sink);
    const auto and_then = [&](auto check) {
      if (fits || GoesOn(sink)) fits = (this->*check)(rules, value, at, sink) && fits;
    };
    if (value.type == JsonType::kNumber) and_then(&SchemaChecker::CheckNumber);
    if (value.type == JsonType::kString) and_then(&SchemaChecker::CheckString);
    if (value.type == JsonType::kArray) and_then(&SchemaChecker::CheckArray);
    if (value.type == JsonType::kObject) {
      and_then(&SchemaChecker::CheckObject);
      and_then(&SchemaChecker::CheckMembers);
    }
    and_then(&SchemaChecker::CheckOthers);
    return fits;
  }

  bool Spend(int64_t steps) {
    steps_ -= steps;
    if (steps_ < 0) exhausted_ = true;
    return steps_ >= 0;
  }
  bool GoesOn(const Sink* sink) const { return sink != nullptr && !sink->full() && !exhausted_; }

  // False, for returning.
  static bool Miss(const Place& at, Sink* sink, std::string expected, std::string actual) {
    if (sink != nullptr && !sink->full()) {
      if (sink->mismatches.empty()) sink->deepest = at.Depth();
      sink->mismatches.push_back({at.Pointer(), std::move(expected), std::move(actual)});
    }
    return false;
  }

  static bool CheckType(const Rules& rules, const JsonNode& value, const Place& at, Sink* sink) {
    if (rules.types == 0 || (rules.types & TypesOf(value)) != 0) return true;
    return Miss(at, sink, TypesInWords(rules.types), Shown(value));
  }

  bool CheckValues(const Rules& rules, const JsonNode& value, const Place& at, Sink* sink) {
    const auto equals = [&](const JsonNode& allowed) {
      return Spend(1) && Compare(schema_.tree, allowed, tree_, value) == 0;
    };
    if (rules.value != nullptr && !equals(*rules.value)) {
      return Miss(at, sink, Named(*rules.value), Shown(value));
    }
    if (!rules.values || std::ranges::any_of(*rules.values, equals)) return true;
    constexpr size_t kNamedMax = 12;
    std::vector<std::string> words;
    for (const JsonNode& allowed : *rules.values) {
      if (words.size() == kNamedMax) {
        words.push_back(std::to_string(rules.values->size() - kNamedMax) + " more");
        break;
      }
      words.push_back(Named(allowed));
    }
    return Miss(at, sink, words.empty() ? "nothing: the enum is empty" : Listed(words, "or"),
                Shown(value));
  }

  bool CheckNumber(const Rules& rules, const JsonNode& value, const Place& at, Sink* sink) {
    const Decimal number(value.text);
    const auto miss = [&](std::string_view words, const Rules::Bound& bound) {
      std::string expected = "a number ";
      return Miss(at, sink, expected.append(words).append(" ").append(bound.text), Shown(value));
    };
    bool fits = true;
    if (rules.minimum && number < rules.minimum->value) fits = miss("of at least", *rules.minimum);
    if (rules.maximum && number > rules.maximum->value) fits = miss("of at most", *rules.maximum);
    if (rules.exclusive_minimum && number <= rules.exclusive_minimum->value) {
      fits = miss("above", *rules.exclusive_minimum);
    }
    if (rules.exclusive_maximum && number >= rules.exclusive_maximum->value) {
      fits = miss("below", *rules.exclusive_maximum);
    }
    if (rules.multiple_of && !number.MultipleOf(rules.multiple_of->value)) {
      fits = miss("that is a multiple of", *rules.multiple_of);
    }
    return fits;
  }

  bool CheckString(const Rules& rules, const JsonNode& value, const Place& at, Sink* sink) {
    bool fits = true;
    if (rules.length_min || rules.length_max) {
      const size_t length = CodePoints(value.text);
      fits =
          CheckSize(length, rules.length_min, rules.length_max, "a string", "character", at, sink);
    }
    if (rules.pattern && (fits || GoesOn(sink))) {
      const std::optional<bool> found = Matches(*rules.pattern, value.text);
      if (!found) return false;
      if (!*found) {
        fits = Miss(at, sink, "a string like /" + Shortened(rules.pattern->text(), 200) + "/",
                    Shown(value));
      }
    }
    return fits;
  }

  std::optional<bool> Matches(const Pattern& pattern, std::string_view text) {
    // A step of the machine is much less than one of ours.
    constexpr int64_t kMachineSteps = 8;
    int64_t steps = steps_ * kMachineSteps;
    const std::optional<bool> found = pattern.Search(text, &steps);
    steps_ = steps / kMachineSteps;
    if (!found) exhausted_ = true;
    return found;
  }

  static bool CheckSize(size_t size, std::optional<uint64_t> least, std::optional<uint64_t> most,
                        const std::string& what, std::string_view noun, const Place& at,
                        Sink* sink) {
    if (least && size < *least) {
      return Miss(at, sink, what + " of at least " + Count(*least, noun), Count(size, noun));
    }
    if (most && size > *most) {
      return Miss(at, sink, what + " of at most " + Count(*most, noun), Count(size, noun));
    }
    return true;
  }

  bool CheckArray(const Rules& rules, const JsonNode& value, const Place& at, Sink* sink) {
    const std::span<const JsonNode> elements = tree_.children(value);
    bool fits = CheckSize(elements.size(), rules.items_min, rules.items_max, "an array", "element",
                          at, sink);
    if (rules.items || !rules.prefix_items.empty()) {
      for (size_t i = 0; i < elements.size(); ++i) {
        if (!fits && !GoesOn(sink)) return false;
        const bool in_prefix = i < rules.prefix_items.size();
        if (!in_prefix && !rules.items) break;
        const Place here{&at, {}, i, true};
        fits = Check(in_prefix ? rules.prefix_items[i] : *rules.items, elements[i], here, sink) &&
               fits;
      }
    }
    if (rules.contains && (fits || GoesOn(sink))) {
      fits = CheckContains(rules, elements, at, sink) && fits;
    }
    if (rules.unique_items && (fits || GoesOn(sink))) {
      fits = CheckUnique(elements, at, sink) && fits;
    }
    return fits;
  }

  bool CheckContains(const Rules& rules, std::span<const JsonNode> elements, const Place& at,
                     Sink* sink) {
    uint64_t found = 0;
    for (size_t i = 0; i < elements.size() && !exhausted_; ++i) {
      if (Check(*rules.contains, elements[i], Place{&at, {}, i, true}, nullptr)) ++found;
    }
    const std::string_view noun = "fitting element";
    if (found < rules.contains_min) {
      return Miss(at, sink, "an array with at least " + Count(rules.contains_min, noun),
                  Count(found, noun));
    }
    if (rules.contains_max && found > *rules.contains_max) {
      return Miss(at, sink, "an array with at most " + Count(*rules.contains_max, noun),
                  Count(found, noun));
    }
    return true;
  }

  bool CheckUnique(std::span<const JsonNode> elements, const Place& at, Sink* sink) {
    if (!Spend(static_cast<int64_t>(elements.size()) * 8)) return false;
    std::vector<size_t> order(elements.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto compare = [&](size_t i, size_t k) {
      return Compare(tree_, elements[i], tree_, elements[k]);
    };
    std::ranges::sort(order, [&](size_t i, size_t k) {
      const std::strong_ordering order_of_both = compare(i, k);
      return order_of_both == 0 ? i < k : order_of_both < 0;
    });
    for (size_t i = 1; i < order.size(); ++i) {
      if (compare(order[i - 1], order[i]) == 0) {
        const Place here{&at, {}, order[i], true};
        return Miss(here, sink, "an element unlike the others",
                    "the same as element " + std::to_string(order[i - 1]));
      }
    }
    return true;
  }

  bool CheckObject(const Rules& rules, const JsonNode& value, const Place& at, Sink* sink) {
    bool fits = CheckSize(value.count, rules.properties_min, rules.properties_max, "an object",
                          "member", at, sink);
    const auto require = [&](std::string_view name, const std::string& why) {
      if (!Spend(1) || tree_.Find(value, name) != nullptr || (!fits && !GoesOn(sink))) return;
      fits = Miss(at, sink, "the member " + Quoted(name) + why, "an object without it");
    };
    for (const std::string_view name : rules.required) require(name, "");
    for (const auto& [present, names] : rules.dependent_required) {
      if (tree_.Find(value, present) == nullptr) continue;
      for (const std::string_view name : names) require(name, ", as there is " + Quoted(present));
    }
    for (const auto& [present, schema] : rules.dependent_schemas) {
      if (tree_.Find(value, present) == nullptr || (!fits && !GoesOn(sink))) continue;
      fits = Check(schema, value, at, sink) && fits;
    }
    return fits;
  }

  bool CheckMembers(const Rules& rules, const JsonNode& value, const Place& at, Sink* sink) {
    if (rules.properties.empty() && rules.pattern_properties.empty() &&
        !rules.additional_properties && !rules.property_names) {
      return true;
    }
    bool fits = true;
    for (const JsonNode& member : tree_.children(value)) {
      if ((!fits && !GoesOn(sink)) || !Spend(1)) return false;
      const Place here{&at, member.key};
      bool known = false;
      const auto own = std::ranges::lower_bound(rules.properties, member.key, {},
                                                &std::pair<std::string_view, SchemaId>::first);
      if (own != rules.properties.end() && own->first == member.key) {
        known = true;
        fits = Check(own->second, member, here, sink) && fits;
      }
      for (const auto& [pattern, schema] : rules.pattern_properties) {
        const std::optional<bool> found = Matches(pattern, member.key);
        if (!found) return false;
        if (!*found) continue;
        known = true;
        fits = Check(schema, member, here, sink) && fits;
      }
      if (!known && rules.additional_properties) {
        fits = CheckAdditional(rules, member, here, sink) && fits;
      }
      if (rules.property_names) fits = CheckName(rules, member, here, sink) && fits;
    }
    return fits;
  }

  bool CheckAdditional(const Rules& rules, const JsonNode& member, const Place& here, Sink* sink) {
    if (!schema_.schemas[*rules.additional_properties].never) {
      return Check(*rules.additional_properties, member, here, sink);
    }
    constexpr size_t kNamedMax = 20;
    std::vector<std::string> names;
    for (const auto& [name, schema] : rules.properties) {
      if (names.size() < kNamedMax) names.push_back(Quoted(name));
    }
    return Miss(here, sink, names.empty() ? "no member" : "no member but " + Listed(names, "and"),
                Shown(member));
  }

  bool CheckName(const Rules& rules, const JsonNode& member, const Place& here, Sink* sink) {
    JsonNode name;
    name.type = JsonType::kString;
    name.text = name.raw = member.key;
    if (sink == nullptr) return Check(*rules.property_names, name, here, nullptr);
    Sink inner{{}, 1};
    if (Check(*rules.property_names, name, here, &inner)) return true;
    const std::string why =
        inner.mismatches.empty() ? "another name" : inner.mismatches[0].expected;
    return Miss(here, sink, "as its name " + why, Quoted(member.key));
  }

  // allOf and what else takes other schemas of the same value.
  bool CheckOthers(const Rules& rules, const JsonNode& value, const Place& at, Sink* sink) {
    bool fits = true;
    const auto check = [&](SchemaId id) {
      if (fits || GoesOn(sink)) fits = Check(id, value, at, sink) && fits;
    };
    if (rules.ref) check(*rules.ref);
    for (const SchemaId id : rules.all_of) check(id);
    if (rules.if_ && (rules.then_ || rules.else_)) {
      const bool holds = Check(*rules.if_, value, at, nullptr);
      const std::optional<SchemaId>& next = holds ? rules.then_ : rules.else_;
      if (next) check(*next);
    }
    if (!rules.any_of.empty() && (fits || GoesOn(sink))) {
      fits = CheckAny(rules.any_of, value, at, sink) && fits;
    }
    if (!rules.one_of.empty() && (fits || GoesOn(sink))) {
      fits = CheckOne(rules.one_of, value, at, sink) && fits;
    }
    if (rules.not_ && (fits || GoesOn(sink)) && Check(*rules.not_, value, at, nullptr)) {
      fits = Miss(at, sink, "a value that \"not\" does not describe", Shown(value));
    }
    return fits;
  }

  bool CheckAny(const Rules::Ids& ids, const JsonNode& value, const Place& at, Sink* sink) {
    for (const SchemaId id : ids) {
      if (Check(id, value, at, nullptr)) return true;
      if (exhausted_) return false;
    }
    return MissAll(ids, value, at, sink);
  }

  bool CheckOne(const Rules::Ids& ids, const JsonNode& value, const Place& at, Sink* sink) {
    std::vector<std::string> fitting;
    for (size_t i = 0; i < ids.size() && !exhausted_; ++i) {
      if (Check(ids[i], value, at, nullptr)) fitting.push_back(std::to_string(i + 1));
    }
    if (fitting.size() == 1) return true;
    if (fitting.empty()) return MissAll(ids, value, at, sink);
    return Miss(at, sink, "exactly one of " + Count(ids.size(), "alternative"),
                "one that fits alternatives " + Listed(fitting, "and"));
  }

  // No alternative fits: told is what the nearest one wants, or, where all fail at once, what each wants.
  bool MissAll(const Rules::Ids& ids, const JsonNode& value, const Place& at, Sink* sink) {
    if (sink == nullptr || sink->full()) return false;
    constexpr size_t kTriedMax = 8;
    std::optional<Sink> nearest;
    bool all_here = true;
    std::vector<std::string> wanted;
    for (size_t i = 0; i < std::min(ids.size(), kTriedMax) && !exhausted_; ++i) {
      Sink inner{{}, 1};
      if (Check(ids[i], value, at, &inner) || inner.mismatches.empty()) continue;
      const std::string& expected = inner.mismatches[0].expected;
      all_here = all_here && inner.deepest == at.Depth();
      if (std::ranges::find(wanted, expected) == wanted.end()) wanted.push_back(expected);
      if (!nearest || inner.deepest > nearest->deepest) nearest = std::move(inner);
    }
    if (!nearest) return Miss(at, sink, "one of the alternatives", Shown(value));
    if (all_here) return Miss(at, sink, Listed(wanted, "or"), Shown(value));
    SchemaMismatch& mismatch = nearest->mismatches[0];
    if (!mismatch.expected.ends_with(")")) {
      mismatch.expected += " (the nearest of " + Count(ids.size(), "alternative") + ")";
    }
    if (sink->mismatches.empty()) sink->deepest = nearest->deepest;
    sink->mismatches.push_back(std::move(mismatch));
    return false;
  }

  const Schema::Compiled& schema_;
  const JsonTree& tree_;
  int64_t steps_ = Schema::kStepsMax;
  int depth_ = 0;
  bool exhausted_ = false;
};

std::vector<SchemaMismatch> Schema::Check(std::string_view json, size_t mismatches_max) const {
  std::string error;
  const std::optional<JsonTree> tree = JsonTree::Read(json, &error);
  if (!tree) return {{"", "JSON", error}};
  return SchemaChecker(*compiled_, *tree).Run(std::max<size_t>(mismatches_max, 1));
}

}  // namespace pitot
