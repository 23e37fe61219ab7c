// From the text of a schema to its rules.
#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "measure/json_schema/schema_rules.h"

namespace pitot {

void AppendPointerToken(std::string_view key, std::string& out) {
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

namespace {

struct TypeRow {
  std::string_view name;
  SchemaType type;
};
constexpr TypeRow kTypes[] = {
    {"null", kSchemaNull},       {"boolean", kSchemaBool},  {"object", kSchemaObject},
    {"array", kSchemaArray},     {"number", kSchemaNumber}, {"string", kSchemaString},
    {"integer", kSchemaInteger},
};

std::string Escaped(std::string_view token) {
  std::string out;
  AppendPointerToken(token, out);
  return out;
}

std::string Unescaped(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      out += token[++i] == '0' ? '~' : '/';
    } else {
      out += token[i];
    }
  }
  return out;
}

// Of a URI's fragment.
std::string UndoPercent(std::string_view text) {
  const auto digit = [](char c) {
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool IsTrue(const JsonNode& node) { return node.type == JsonType::kBool && node.boolean; }

}  // namespace

class SchemaReader {
 public:
  explicit SchemaReader(Schema::Compiled& out) : out_(out), tree_(out.tree) {}

  // What is wrong and where; empty: nothing.
  std::string Read() {
    Require(&tree_.root(), "");
    // References wait here, so that a chain of them is no deep recursion.
    while (error_.empty() && !waiting_.empty()) {
      const Waiting next = std::move(waiting_.back());
      waiting_.pop_back();
      ReadSchema(next);
    }
    if (error_.empty()) RefuseEndlessReferences();
    return error_;
  }

 private:
  using Rules = Schema::Rules;
  struct Waiting {
    SchemaId id;
    const JsonNode* node;
    std::string place;
  };
  using Handler = void (SchemaReader::*)(Rules&, const JsonNode&, const std::string&);
  struct Keyword {
    std::string_view name;
    Handler read;
  };

  void Fail(const std::string& place, const std::string& what) {
    if (error_.empty()) error_ = (place.empty() ? "schema" : place) + ": " + what;
  }
  static std::string At(const std::string& place, std::string_view token) {
    return place + "/" + Escaped(token);
  }

  // The id of the schema at `node`, to be read in its turn.
  SchemaId Require(const JsonNode* node, std::string place) {
    const auto [found, is_new] = ids_.emplace(node, static_cast<SchemaId>(out_.schemas.size()));
    if (is_new) {
      if (out_.schemas.size() == Schema::kSchemasMax) Fail(place, "more than 20000 schemas");
      out_.schemas.emplace_back();
      waiting_.push_back({found->second, node, std::move(place)});
    }
    return found->second;
  }

  void ReadSchema(const Waiting& at) {
    // Read apart: out_.schemas may grow meanwhile.
    Rules rules;
    if (at.node->type == JsonType::kBool) {
      rules.never = !at.node->boolean;
    } else if (at.node->type != JsonType::kObject) {
      return Fail(at.place, "a schema is an object or a boolean");
    } else {
      for (const JsonNode& member : tree_.children(*at.node)) {
        const Keyword* const keyword = Find(member.key);
        if (keyword == nullptr) continue;
        (this->*keyword->read)(rules, member, At(at.place, member.key));
        if (!error_.empty()) return;
      }
      Reconcile(rules, *at.node, at.place);
    }
    out_.schemas[at.id] = std::move(rules);
  }

  // Words of older drafts, whose meaning depends on their neighbours.
  void Reconcile(Rules& rules, const JsonNode& node, const std::string& place) {
    const JsonNode* const items = tree_.Find(node, "items");
    const JsonNode* const more = tree_.Find(node, "additionalItems");
    if (items != nullptr && items->type == JsonType::kArray && more != nullptr) {
      rules.items = Require(more, At(place, "additionalItems"));
    }
    const auto exclusive = [&](std::string_view word, std::optional<Rules::Bound>& bound,
                               std::optional<Rules::Bound>& strict) {
      const JsonNode* const flag = tree_.Find(node, word);
      if (flag != nullptr && IsTrue(*flag)) strict = std::exchange(bound, std::nullopt);
    };
    exclusive("exclusiveMinimum", rules.minimum, rules.exclusive_minimum);
    exclusive("exclusiveMaximum", rules.maximum, rules.exclusive_maximum);
  }

  static const Keyword* Find(std::string_view name);

  // --- The keywords. ---

  void Types(Rules& rules, const JsonNode& value, const std::string& place) {
    const std::span<const JsonNode> words =
        value.type == JsonType::kArray ? tree_.children(value) : std::span(&value, 1);
    if (words.empty()) Fail(place, "no type at all");
    for (const JsonNode& word : words) {
      const auto* const row = std::ranges::find(kTypes, word.text, &TypeRow::name);
      if (word.type != JsonType::kString || row == std::end(kTypes)) {
        return Fail(place,
                    std::string(word.raw.substr(0, 80)) +
                        " is no type: null, boolean, object, array, number, string, integer");
      }
      rules.types |= row->type;
    }
  }
  void Nullable(Rules& rules, const JsonNode& value, const std::string&) {
    rules.nullable = IsTrue(value);
  }
  void Enum(Rules& rules, const JsonNode& value, const std::string& place) {
    if (value.type != JsonType::kArray) return Fail(place, "must be an array");
    rules.values = tree_.children(value);
  }
  void Const(Rules& rules, const JsonNode& value, const std::string&) { rules.value = &value; }

  void One(const JsonNode& value, const std::string& place, std::optional<SchemaId>& out) {
    out = Require(&value, place);
  }
  void Many(const JsonNode& value, const std::string& place, Rules::Ids& out, bool may_be_empty) {
    if (value.type != JsonType::kArray) return Fail(place, "must be an array of schemas");
    if (value.count == 0 && !may_be_empty) return Fail(place, "must not be empty");
    size_t i = 0;
    for (const JsonNode& schema : tree_.children(value)) {
      out.push_back(Require(&schema, At(place, std::to_string(i++))));
    }
  }
  void Named(const JsonNode& value, const std::string& place,
             std::vector<std::pair<std::string_view, SchemaId>>& out) {
    if (value.type != JsonType::kObject) return Fail(place, "must be an object of schemas");
    for (const JsonNode& schema : tree_.children(value)) {
      out.emplace_back(schema.key, Require(&schema, At(place, schema.key)));
    }
  }
  void Names(const JsonNode& value, const std::string& place, std::vector<std::string_view>& out) {
    if (value.type != JsonType::kArray) return Fail(place, "must be an array of names");
    for (const JsonNode& name : tree_.children(value)) {
      if (name.type != JsonType::kString) return Fail(place, "must be an array of names");
      out.push_back(name.text);
    }
  }
  void Size(const JsonNode& value, const std::string& place, std::optional<uint64_t>& out) {
    const Decimal size = value.type == JsonType::kNumber ? Decimal(value.text) : Decimal("-1");
    if (size.negative() || !size.whole()) return Fail(place, "must be a whole number from 0 on");
    static const Decimal kMost("1e18");
    out = 0;
    if (size > kMost) {
      out = UINT64_MAX;
    } else {
      out = static_cast<uint64_t>(std::stod(std::string(value.text)));
    }
  }
  void Number(const JsonNode& value, const std::string& place, std::optional<Rules::Bound>& out) {
    if (value.type != JsonType::kNumber) return Fail(place, "must be a number");
    out = Rules::Bound{Decimal(value.text), value.text};
  }
  void ReadPattern(Rules& rules, const JsonNode& value, const std::string& place) {
    if (value.type != JsonType::kString) return Fail(place, "must be a regular expression");
    std::string error;
    rules.pattern = Pattern::Compile(value.text, &error);
    if (!rules.pattern) Fail(place, error);
  }

  template <auto kMember>
  void ReadOne(Rules& rules, const JsonNode& value, const std::string& place) {
    One(value, place, rules.*kMember);
  }
  template <auto kMember>
  void ReadMany(Rules& rules, const JsonNode& value, const std::string& place) {
    Many(value, place, rules.*kMember, false);
  }
  template <auto kMember>
  void ReadNamed(Rules& rules, const JsonNode& value, const std::string& place) {
    Named(value, place, rules.*kMember);
  }
  template <auto kMember>
  void ReadSize(Rules& rules, const JsonNode& value, const std::string& place) {
    Size(value, place, rules.*kMember);
  }
  template <auto kMember>
  void ReadNumber(Rules& rules, const JsonNode& value, const std::string& place) {
    Number(value, place, rules.*kMember);
  }
  // A number; a boolean is draft 4's, seen to by Reconcile.
  template <auto kMember>
  void ReadExclusive(Rules& rules, const JsonNode& value, const std::string& place) {
    if (value.type != JsonType::kBool) Number(value, place, rules.*kMember);
  }

  void Required(Rules& rules, const JsonNode& value, const std::string& place) {
    // A boolean is draft 3's, at the property itself: it says nothing here.
    if (value.type != JsonType::kBool) Names(value, place, rules.required);
  }
  void PatternProperties(Rules& rules, const JsonNode& value, const std::string& place) {
    if (value.type != JsonType::kObject) return Fail(place, "must be an object of schemas");
    for (const JsonNode& schema : tree_.children(value)) {
      std::string error;
      std::optional<Pattern> pattern = Pattern::Compile(schema.key, &error);
      if (!pattern) return Fail(At(place, schema.key), error);
      rules.pattern_properties.emplace_back(*std::move(pattern),
                                            Require(&schema, At(place, schema.key)));
    }
  }
  void DependentRequired(Rules& rules, const JsonNode& value, const std::string& place) {
    if (value.type != JsonType::kObject) return Fail(place, "must be an object");
    for (const JsonNode& names : tree_.children(value)) {
      rules.dependent_required.emplace_back(names.key, std::vector<std::string_view>());
      Names(names, At(place, names.key), rules.dependent_required.back().second);
    }
  }
  void Dependencies(Rules& rules, const JsonNode& value, const std::string& place) {
    if (value.type != JsonType::kObject) return Fail(place, "must be an object");
    for (const JsonNode& member : tree_.children(value)) {
      if (member.type == JsonType::kArray) {
        rules.dependent_required.emplace_back(member.key, std::vector<std::string_view>());
        Names(member, At(place, member.key), rules.dependent_required.back().second);
      } else {
        rules.dependent_schemas.emplace_back(member.key, Require(&member, At(place, member.key)));
      }
    }
  }
  void Items(Rules& rules, const JsonNode& value, const std::string& place) {
    if (value.type == JsonType::kArray) return Many(value, place, rules.prefix_items, true);
    One(value, place, rules.items);
  }
  void MinContains(Rules& rules, const JsonNode& value, const std::string& place) {
    std::optional<uint64_t> least;
    Size(value, place, least);
    rules.contains_min = least.value_or(1);
  }
  void UniqueItems(Rules& rules, const JsonNode& value, const std::string&) {
    rules.unique_items = IsTrue(value);
  }
  void MultipleOf(Rules& rules, const JsonNode& value, const std::string& place) {
    Number(value, place, rules.multiple_of);
    if (!rules.multiple_of) return;
    const Decimal& divisor = rules.multiple_of->value;
    if (divisor.zero() || divisor.negative()) return Fail(place, "must be above 0");
    if (divisor.digits() > Decimal::kDivisorDigitsMax) Fail(place, "more than 18 digits");
  }
  void Unevaluated(Rules&, const JsonNode& value, const std::string& place) {
    if (!IsTrue(value)) Fail(place, "not supported; additionalProperties or items may do");
  }
  void Dynamic(Rules&, const JsonNode&, const std::string& place) {
    Fail(place, "not supported; use $ref");
  }
  void Id(Rules&, const JsonNode& value, const std::string& place) {
    const bool is_anchor = value.text.starts_with('#');
    if (place != "/$id" && !is_anchor)
      Fail(place, "a document within the document is not supported");
  }
  void Ref(Rules& rules, const JsonNode& value, const std::string& place) {
    if (value.type != JsonType::kString) return Fail(place, "must be text");
    std::string_view target = value.text;
    // The document's own name before the # changes nothing.
    if (const JsonNode* id = tree_.Find(tree_.root(), "$id")) {
      const std::string_view own = id->text.substr(0, id->text.find('#'));
      if (!own.empty() && target.starts_with(own)) target.remove_prefix(own.size());
    }
    if (!target.empty() && !target.starts_with('#')) {
      return Fail(place, "\"" + std::string(value.text.substr(0, 100)) +
                             "\" is in another document, and nothing is fetched; copy it to $defs");
    }
    const std::string fragment = UndoPercent(target.substr(target.empty() ? 0 : 1));
    const JsonNode* const found =
        fragment.empty() || fragment[0] == '/' ? Follow(fragment) : FindAnchor(fragment);
    if (found == nullptr) {
      return Fail(place,
                  "\"" + std::string(value.text.substr(0, 100)) + "\" is nowhere in the schema");
    }
    rules.ref = Require(found, std::string(target.substr(target.empty() ? 0 : 1)));
  }

  const JsonNode* Follow(std::string_view pointer) const {
    const JsonNode* node = &tree_.root();
    while (node != nullptr && !pointer.empty()) {
      pointer.remove_prefix(1);
      const std::string token = Unescaped(pointer.substr(0, pointer.find('/')));
      pointer.remove_prefix(std::min(pointer.find('/'), pointer.size()));
      if (node->type == JsonType::kArray) {
        const std::span<const JsonNode> elements = tree_.children(*node);
        size_t i = 0;
        for (const char c : token) {
          if (c < '0' || c > '9') return nullptr;
          i = std::min(i * 10 + static_cast<size_t>(c - '0'), elements.size());
        }
        node = token.empty() || i == elements.size() ? nullptr : &elements[i];
      } else {
        node = tree_.Find(*node, token);
      }
    }
    return node;
  }

  const JsonNode* FindAnchor(const std::string& name) {
    if (!anchors_read_) {
      ReadAnchors(tree_.root());
      anchors_read_ = true;
    }
    const auto found = anchors_.find(name);
    return found == anchors_.end() ? nullptr : found->second;
  }
  void ReadAnchors(const JsonNode& node) {
    for (const std::string_view word : {"$anchor", "$id"}) {
      const JsonNode* const name = tree_.Find(node, word);
      if (name == nullptr || name->type != JsonType::kString) continue;
      const bool is_id = word == "$id";
      if (is_id && !name->text.starts_with('#')) continue;
      anchors_.emplace(name->text.substr(is_id ? 1 : 0), &node);
    }
    for (const JsonNode& child : tree_.children(node)) ReadAnchors(child);
  }

  // A schema that comes back to itself without going into the value would be checked forever.
  void RefuseEndlessReferences() {
    const std::vector<Rules>& schemas = out_.schemas;
    const auto each = [&](SchemaId id, auto visit) {
      const Rules& rules = schemas[id];
      for (const auto* ids : {&rules.all_of, &rules.any_of, &rules.one_of}) {
        for (const SchemaId next : *ids) visit(next);
      }
      for (const auto& next : {rules.ref, rules.not_, rules.if_, rules.then_, rules.else_}) {
        if (next) visit(*next);
      }
      for (const auto& [name, next] : rules.dependent_schemas) visit(next);
    };
    // Take away what nothing leads to until nothing is left; what stays is in a ring, or behind one.
    std::vector<uint32_t> leading(schemas.size(), 0);
    for (SchemaId id = 0; id < schemas.size(); ++id)
      each(id, [&](SchemaId next) { ++leading[next]; });
    std::vector<SchemaId> free;
    for (SchemaId id = 0; id < schemas.size(); ++id) {
      if (leading[id] == 0) free.push_back(id);
    }
    size_t taken = 0;
    while (!free.empty()) {
      const SchemaId id = free.back();
      free.pop_back();
      ++taken;
      each(id, [&](SchemaId next) {
        if (--leading[next] == 0) free.push_back(next);
      });
    }
    if (taken < schemas.size()) Fail("", "a $ref leads back to itself without end");
  }

  Schema::Compiled& out_;
  const JsonTree& tree_;
  std::map<const JsonNode*, SchemaId> ids_;
  std::vector<Waiting> waiting_;
  std::map<std::string, const JsonNode*, std::less<>> anchors_;
  bool anchors_read_ = false;
  std::string error_;
};

const SchemaReader::Keyword* SchemaReader::Find(std::string_view name) {
  using R = Schema::Rules;
  using S = SchemaReader;
  static constexpr Keyword kKeywords[] = {
      {"type", &S::Types},
      {"nullable", &S::Nullable},
      {"enum", &S::Enum},
      {"const", &S::Const},
      {"$ref", &S::Ref},
      {"$id", &S::Id},
      {"$dynamicRef", &S::Dynamic},
      {"$recursiveRef", &S::Dynamic},
      {"unevaluatedProperties", &S::Unevaluated},
      {"unevaluatedItems", &S::Unevaluated},
      {"allOf", &S::ReadMany<&R::all_of>},
      {"anyOf", &S::ReadMany<&R::any_of>},
      {"oneOf", &S::ReadMany<&R::one_of>},
      {"not", &S::ReadOne<&R::not_>},
      {"if", &S::ReadOne<&R::if_>},
      {"then", &S::ReadOne<&R::then_>},
      {"else", &S::ReadOne<&R::else_>},
      {"properties", &S::ReadNamed<&R::properties>},
      {"patternProperties", &S::PatternProperties},
      {"additionalProperties", &S::ReadOne<&R::additional_properties>},
      {"propertyNames", &S::ReadOne<&R::property_names>},
      {"required", &S::Required},
      {"dependentRequired", &S::DependentRequired},
      {"dependentSchemas", &S::ReadNamed<&R::dependent_schemas>},
      {"dependencies", &S::Dependencies},
      {"minProperties", &S::ReadSize<&R::properties_min>},
      {"maxProperties", &S::ReadSize<&R::properties_max>},
      {"items", &S::Items},
      {"prefixItems", &S::ReadMany<&R::prefix_items>},
      {"contains", &S::ReadOne<&R::contains>},
      {"minContains", &S::MinContains},
      {"maxContains", &S::ReadSize<&R::contains_max>},
      {"minItems", &S::ReadSize<&R::items_min>},
      {"maxItems", &S::ReadSize<&R::items_max>},
      {"uniqueItems", &S::UniqueItems},
      {"minLength", &S::ReadSize<&R::length_min>},
      {"maxLength", &S::ReadSize<&R::length_max>},
      {"pattern", &S::ReadPattern},
      {"minimum", &S::ReadNumber<&R::minimum>},
      {"maximum", &S::ReadNumber<&R::maximum>},
      {"exclusiveMinimum", &S::ReadExclusive<&R::exclusive_minimum>},
      {"exclusiveMaximum", &S::ReadExclusive<&R::exclusive_maximum>},
      {"multipleOf", &S::MultipleOf},
  };
  const auto* const found = std::ranges::find(kKeywords, name, &Keyword::name);
  return found == std::end(kKeywords) ? nullptr : found;
}

std::optional<Schema> Schema::Parse(std::string_view text, std::string* error) {
  const auto compiled = std::make_shared<Compiled>();
  compiled->text = text;
  std::string problem;
  std::optional<JsonTree> tree = JsonTree::Read(compiled->text, &problem);
  if (tree) {
    compiled->tree = *std::move(tree);
    problem = SchemaReader(*compiled).Read();
  } else {
    problem = "schema: not JSON: " + problem;
  }
  if (!problem.empty()) {
    if (error != nullptr) *error = std::move(problem);
    return std::nullopt;
  }
  Schema schema;
  schema.compiled_ = compiled;
  return schema;
}

const std::string& Schema::text() const { return compiled_->text; }

}  // namespace pitot
