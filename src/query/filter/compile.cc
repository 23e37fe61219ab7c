#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/hex.h"
#include "query/filter/ast.h"
#include "query/filter/filter.h"

namespace pitot {
namespace {

// Days of START of the spans in question. One that ended within the window started at most the
// longest duration before it.
constexpr std::string_view kStartDays =
    "BETWEEN (SELECT intDiv(greatest({since_ns:Int64} - greatest(max(duration_ns), 0), 0), "
    "86400000000000) FROM facts WHERE project = {project:String} AND toUInt16(day) BETWEEN "
    "intDiv({since_ns:Int64}, 86400000000000) AND least(intDiv({until_ns:Int64}, 86400000000000), "
    "65535)) AND least(intDiv({until_ns:Int64}, 86400000000000), 65535)";
// A trace that has such a span has not ended before it.
constexpr std::string_view kTraceDays =
    "BETWEEN (SELECT intDiv(greatest({since_ns:Int64} - greatest(max(duration_ns), 0), 0), "
    "86400000000000) FROM traces WHERE project = {project:String} AND toUInt16(day) <= "
    "least(intDiv({until_ns:Int64}, 86400000000000), 65535)) "
    "AND least(intDiv({until_ns:Int64}, 86400000000000), 65535)";

constexpr std::string_view kNumberSql = "'^-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?$'";

class Compiler {
 public:
  explicit Compiler(std::string_view prefix) : prefix_(prefix) {}

  FilterSql Run(const FilterNode& root) {
    sql_.sql = fmt::format("({})", Condition(root));
    return std::move(sql_);
  }

 private:
  // All leaves of the tree are known to one table, or not.
  struct Tables {
    bool one = true;
    FieldTable table = FieldTable::kFacts;
  };

  static FieldTable TableOf(const FilterNode& term) {
    return term.field == nullptr ? FieldTable::kSpans : term.field->table;
  }

  static Tables TablesOf(const FilterNode& node) {
    if (node.kind == FilterNodeKind::kTerm) return {true, TableOf(node)};
    std::optional<Tables> all;
    for (const FilterNodePtr& child : node.children) {
      const Tables tables = TablesOf(*child);  // Once a child: twice would double at each level.
      if (!tables.one || (all && tables.table != all->table)) return {false};
      all = tables;
    }
    return *all;
  }

  static std::string Join(FilterNodeKind kind, const std::vector<std::string>& parts) {
    if (parts.size() == 1) return parts.front();
    return fmt::format("({})", fmt::join(parts, kind == FilterNodeKind::kAnd ? " AND " : " OR "));
  }

  // Over facts.
  std::string Condition(const FilterNode& node) {
    const Tables tables = TablesOf(node);
    if (tables.one && tables.table == FieldTable::kFacts) return Local(node);
    if (tables.one) return Lookup(tables.table, FilterNodeKind::kAnd, {&node});
    if (node.kind == FilterNodeKind::kNot) {
      return fmt::format("NOT ({})", Condition(*node.children.front()));
    }
    std::vector<std::string> parts;
    std::vector<const FilterNode*> of_spans;
    std::vector<const FilterNode*> of_traces;
    for (const FilterNodePtr& child : node.children) {
      const Tables child_tables = TablesOf(*child);
      if (child_tables.one && child_tables.table == FieldTable::kSpans) {
        of_spans.push_back(child.get());
      } else if (child_tables.one && child_tables.table == FieldTable::kTraces) {
        of_traces.push_back(child.get());
      } else {
        parts.push_back(Condition(*child));
      }
    }
    if (!of_traces.empty()) parts.push_back(Lookup(FieldTable::kTraces, node.kind, of_traces));
    if (!of_spans.empty()) parts.push_back(Lookup(FieldTable::kSpans, node.kind, of_spans));
    return Join(node.kind, parts);
  }

  // Nodes of one table, as one subquery. What holds for a missing row is found by excluding where it
  // does not hold: so the set stays small for `attr.x != 5`, and is exact. The start tells the span
  // from what was received of it before with a start on another day, which stays in its partition.
  std::string Lookup(FieldTable table, FilterNodeKind kind,
                     const std::vector<const FilterNode*>& nodes) {
    std::vector<std::string> parts;
    for (const FilterNode* node : nodes) parts.push_back(Local(*node));
    const auto missing = [](const FilterNode* node) { return HoldsForMissing(*node); };
    const bool holds = kind == FilterNodeKind::kAnd ? std::ranges::all_of(nodes, missing)
                                                    : std::ranges::any_of(nodes, missing);
    const std::string local = Join(kind, parts);
    const std::string condition = holds ? fmt::format("NOT ({})", local) : local;
    const std::string_view in = holds ? "NOT IN" : "IN";
    if (table == FieldTable::kTraces) {
      return fmt::format(
          "f.trace_id {} (SELECT t.trace_id FROM traces AS t FINAL WHERE t.project = "
          "{{project:String}} AND toUInt16(t.day) {} AND {})",
          in, kTraceDays, condition);
    }
    return fmt::format(
        "(f.trace_id, f.span_id, f.end_ns - f.duration_ns) {} "
        "(SELECT s.trace_id, s.span_id, s.start_ns FROM spans AS s FINAL WHERE "
        "s.project = {{project:String}} AND toUInt16(s.day) {} AND {})",
        in, kStartDays, condition);
  }

  static bool HoldsForMissing(const FilterNode& node) {
    const auto child_holds = [](const FilterNodePtr& child) { return HoldsForMissing(*child); };
    switch (node.kind) {
      case FilterNodeKind::kAnd:
        return std::ranges::all_of(node.children, child_holds);
      case FilterNodeKind::kOr:
        return std::ranges::any_of(node.children, child_holds);
      case FilterNodeKind::kNot:
        return !child_holds(node.children.front());
      case FilterNodeKind::kTerm:
        break;
    }
    if (node.op == FilterOp::kIsNull) return true;
    if (node.op != FilterOp::kIn) return false;
    const bool empty_is_null =
        node.field->type == FieldType::kText || node.field->type == FieldType::kKeyed;
    return empty_is_null && std::ranges::any_of(node.values, [](const FilterValue& value) {
             return value.text.empty();
           });
  }

  // Over the one table of all its leaves.
  std::string Local(const FilterNode& node) {
    if (node.kind == FilterNodeKind::kTerm) return Term(node);
    if (node.kind == FilterNodeKind::kNot) {
      return fmt::format("NOT ({})", Local(*node.children.front()));
    }
    std::vector<std::string> parts;
    for (const FilterNodePtr& child : node.children) parts.push_back(Local(*child));
    return Join(node.kind, parts);
  }

  std::string Term(const FilterNode& term) {
    if (term.op == FilterOp::kFullText) return FullText(term);
    switch (term.field->type) {
      case FieldType::kText:
        return TextTerm(term, std::string(term.field->sql));
      case FieldType::kEnum:
        return EnumTerm(term);
      case FieldType::kId:
        return IdTerm(term);
      case FieldType::kList:
        return ListTerm(term);
      case FieldType::kKeyed:
        return term.field->name == "tag." ? TagTerm(term) : AttributeTerm(term);
      default:
        return OrderedTerm(term);
    }
  }

  std::string TextTerm(const FilterNode& term, const std::string& text) {
    if (term.op == FilterOp::kIsNull) return fmt::format("{} = ''", text);
    if (term.op == FilterOp::kMatches) {
      return fmt::format("({0} != '' AND match({0}, {1}))", text, Bind(term.pattern));
    }
    if (term.values.size() == 1) return fmt::format("{} = {}", text, Bind(term.values[0].text));
    return fmt::format("{} IN {}", text, BindTexts(term.values));
  }

  std::string EnumTerm(const FilterNode& term) {
    const std::string_view sql = term.field->sql;
    const bool has_null = term.field->values.front().empty();
    if (term.op == FilterOp::kIsNull) {
      return has_null ? fmt::format("toInt8({}) = 0", sql) : std::string("0");
    }
    if (term.op == FilterOp::kMatches) {
      return fmt::format("({}match(toString({}), {}))",
                         has_null ? fmt::format("toInt8({}) != 0 AND ", sql) : "", sql,
                         Bind(term.pattern));
    }
    return fmt::format("toInt8({}) IN {}", sql, BindIntegers(term.values, "Int8"));
  }

  std::string IdTerm(const FilterNode& term) {
    const std::string_view sql = term.field->sql;
    const int bytes = term.field->name == "trace_id" ? 16 : 8;
    if (term.op == FilterOp::kIsNull) {
      return fmt::format("{} = toFixedString('', {})", sql, bytes);
    }
    if (term.op == FilterOp::kMatches) {
      return fmt::format("({0} != toFixedString('', {1}) AND match(lower(hex({0})), {2}))", sql,
                         bytes, Bind(term.pattern));
    }
    std::vector<std::string> parts;
    std::vector<std::string> hex;
    for (const FilterValue& value : term.values) hex.push_back(ToHex(value.text));
    // A set of strings is no use to the key; a subquery of fixed strings is.
    if (hex.size() == 1) {
      return fmt::format("({0} = toFixedString(unhex({2}), {1}) AND {0} != toFixedString('', {1}))",
                         sql, bytes, Bind(hex.front()));
    }
    return fmt::format(
        "({0} IN (SELECT toFixedString(unhex(arrayJoin({2})), {1})) AND {0} != toFixedString('', "
        "{1}))",
        sql, bytes, Bind(QuoteArray(hex), "Array(String)"));
  }

  std::string ListTerm(const FilterNode& term) {
    const std::string_view sql = term.field->sql;
    if (term.op == FilterOp::kIsNull) return fmt::format("empty({})", sql);
    if (term.op == FilterOp::kMatches) {
      return fmt::format("arrayExists(x -> match(x, {}), {})", Bind(term.pattern), sql);
    }
    return fmt::format("arrayExists(x -> x IN {}, {})", BindTexts(term.values), sql);
  }

  std::string TagTerm(const FilterNode& term) {
    const std::string key = Bind(term.key);
    const std::string has = fmt::format("mapContains(s.tags, {})", key);
    if (term.op == FilterOp::kIsNull) return fmt::format("NOT {}", has);
    const std::string tag = fmt::format("s.tags[{}]", key);
    if (term.op == FilterOp::kMatches) {
      return fmt::format("({} AND match({}, {}))", has, tag, Bind(term.pattern));
    }
    return KeyedTerm(term, tag, tag);
  }

  // Within a lambda: what reads the JSON stands there many times, and the engine's time to plan grows
  // with the square of what stands outside.
  std::string AttributeTerm(const FilterNode& term) {
    const std::string json = fmt::format("s.attributes[{}]", Bind(term.key));
    const std::string text =
        "multiIf(j = 'null', '', startsWith(j, '\"'), JSONExtractString(j), j)";
    const bool plain = term.op == FilterOp::kIsNull || term.op == FilterOp::kMatches;
    return fmt::format("arrayExists(j -> {}, [{}])",
                       plain ? TextTerm(term, text) : KeyedTerm(term, text, text), json);
  }

  // Numbers where both sides are numbers, else texts; by order: numbers only with numbers.
  std::string KeyedTerm(const FilterNode& term, const std::string& text,
                        const std::string& number_text) {
    const std::string number =
        fmt::format("if(match({0}, {1}), toFloat64OrNull({0}), NULL)", number_text, kNumberSql);
    if (term.op != FilterOp::kIn) {
      const FilterValue& value = term.values.front();
      if (value.number)
        return Compare(number, term.op, Bind(fmt::to_string(*value.number), "Float64"));
      return fmt::format("({} != '' AND {})", text, Compare(text, term.op, Bind(value.text)));
    }
    std::string condition = fmt::format("{} IN {}", text, BindTexts(term.values));
    std::vector<std::string> numbers;
    for (const FilterValue& value : term.values) {
      if (value.number) numbers.push_back(fmt::to_string(*value.number));
    }
    if (numbers.empty()) return condition;
    return fmt::format("({} OR ifNull({} IN {}, 0))", condition, number,
                       Bind(fmt::format("[{}]", fmt::join(numbers, ",")), "Array(Float64)"));
  }

  std::string OrderedTerm(const FilterNode& term) {
    const std::string_view sql = term.field->sql;
    if (term.op == FilterOp::kIsNull) return fmt::format("isNull({})", sql);
    const bool real = term.field->type == FieldType::kNumber;
    const std::string left = real ? fmt::format("toFloat64({})", sql) : std::string(sql);
    if (term.op != FilterOp::kIn || term.values.size() == 1) {
      const FilterValue& value = term.values.front();
      return Compare(left, term.op,
                     real ? Bind(fmt::to_string(*value.number), "Float64")
                          : Bind(fmt::to_string(value.integer), "Int64"));
    }
    if (!real) {
      return fmt::format("ifNull({} IN {}, 0)", left, BindIntegers(term.values, "Int64"));
    }
    std::vector<std::string> numbers;
    for (const FilterValue& value : term.values) numbers.push_back(fmt::to_string(*value.number));
    return fmt::format("ifNull({} IN {}, 0)", left,
                       Bind(fmt::format("[{}]", fmt::join(numbers, ",")), "Array(Float64)"));
  }

  static std::string Compare(std::string_view left, FilterOp op, std::string_view right) {
    const std::string_view sign = op == FilterOp::kLess           ? "<"
                                  : op == FilterOp::kLessEqual    ? "<="
                                  : op == FilterOp::kGreater      ? ">"
                                  : op == FilterOp::kGreaterEqual ? ">="
                                                                  : "=";
    return fmt::format("ifNull({} {} {}, 0)", left, sign, right);
  }

  // Payloads first, by the text index; then the spans that have one of them.
  std::string FullText(const FilterNode& term) {
    const std::string pattern = Bind(term.pattern);
    std::string payloads = fmt::format(
        "SELECT concat('#', p.hash) FROM payloads AS p WHERE p.project = {{project:String}} AND "
        "toUInt16(p.day) {}",
        kStartDays);
    for (const std::vector<std::string>& tokens : term.tokens) {
      payloads += fmt::format(" AND hasAnyTokens(p.content, {})",
                              Bind(QuoteArray(tokens), "Array(String)"));
    }
    payloads += fmt::format(" AND match(p.content, {})", pattern);
    // Finding the longest word in a whole column at once is many times cheaper than matching each of
    // its texts, and the arrays one by one are cheaper than joined.
    const std::string word = term.tokens.empty() ? "" : Bind(term.tokens.front().front());
    const auto matches = [&](std::string_view text) {
      const std::string has_word =
          word.empty() ? "" : fmt::format("positionCaseInsensitive({}, {}) > 0 AND ", text, word);
      return fmt::format("({}match({}, {}))", has_word, text, pattern);
    };
    std::vector<std::string> places = {matches("s.name"), matches("s.status_message")};
    const std::string piece = fmt::format("x IN ({}) OR (startsWith(x, '=') AND {})", payloads,
                                          matches("substring(x, 2)"));
    for (const std::string_view pieces :
         {"input", "output", "system", "tool_definitions", "reasoning"}) {
      places.push_back(fmt::format("arrayExists(x -> {}, s.{})", piece, pieces));
    }
    return Join(FilterNodeKind::kOr, places);
  }

  std::string Bind(std::string value, std::string_view type = "String") {
    std::string name = fmt::format("{}{}", prefix_, sql_.params.size());
    std::string use = fmt::format("{{{}:{}}}", name, type);
    sql_.params.push_back({std::move(name), std::move(value)});
    return use;
  }

  std::string BindTexts(const std::vector<FilterValue>& values) {
    std::vector<std::string> texts;
    for (const FilterValue& value : values) texts.push_back(value.text);
    return Bind(QuoteArray(texts), "Array(String)");
  }

  std::string BindIntegers(const std::vector<FilterValue>& values, std::string_view type) {
    std::vector<int64_t> numbers;
    for (const FilterValue& value : values) numbers.push_back(value.integer);
    return Bind(fmt::format("[{}]", fmt::join(numbers, ",")), fmt::format("Array({})", type));
  }

  const std::string_view prefix_;
  FilterSql sql_;
};

}  // namespace

FilterSql CompileFilter(const Filter& filter, std::string_view prefix) {
  if (filter.empty()) return {"1", {}};
  return Compiler(prefix).Run(*filter.root());
}

}  // namespace pitot
