// Random filters over random spans: the engine, MatchesFilter and a plain reading of the syntax tree
// must select the same spans.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "base/hash.h"
#include "base/hex.h"
#include "model/arena.h"
#include "query/filter/ast.h"
#include "query/filter/filter.h"
#include "store/day.h"
#include "store/tables/facts_table.h"
#include "store/tables/payloads_table.h"
#include "store/tables/spans_table.h"
#include "store/tables/table_block.h"
#include "store/tables/traces_table.h"
#include "store/testing/store_test_base.h"

namespace pitot {
namespace {

constexpr int64_t kBase = 1'795'000'000'000'000'000;
constexpr int64_t kHour = 3'600'000'000'000;
constexpr size_t kSpans = 80;
constexpr size_t kFilters = 250;

// What a field of a span holds, in the words of the test: none, texts, or one number.
struct Cell {
  std::vector<std::string> texts;
  std::optional<double> number;
  bool null() const { return texts.empty() && !number; }
};

// Every pattern of the test, and what it means without a regular expression engine.
struct Pattern {
  std::string_view regex;
  bool (*holds)(std::string_view text);
};
constexpr Pattern kPatterns[] = {
    {"^a", [](std::string_view t) { return t.starts_with('a'); }},
    {"b$", [](std::string_view t) { return t.ends_with('b'); }},
    {"", [](std::string_view) { return true; }},
    {"a.b",
     [](std::string_view t) {
       for (size_t i = 0; i + 2 < t.size(); ++i) {
         const bool character = static_cast<uint8_t>(t[i + 1]) < 0x80;
         if (t[i] == 'a' && character && t[i + 2] == 'b') return true;
       }
       return t.find("ažb") != t.npos;
     }},
    {"(?i)A", [](std::string_view t) { return t.find_first_of("aA") != t.npos; }},
    {"^[0-9a-f]+$",
     [](std::string_view t) {
       return !t.empty() && t.find_first_not_of("0123456789abcdef") == t.npos;
     }},
};
constexpr std::string_view kTexts[] = {"",  "a",    "b",         "ab",        "a b",
                                       "A", "a\nb", "x'y\"z\\w", "žluťoučký", "ažb",
                                       "5", "5.0",  "-1e3",      "null",      "and"};
constexpr double kNumbers[] = {0, 1, 5, 1000, 0.5};

struct FullTextCase {
  std::string_view words;
  std::string_view found_in;  // One letter a content of kContents.
};
// Above and below the 128 bytes that stay inline; as JSON messages hold them.
const std::string kFiller(140, '.');
const std::string kContents[] = {
    /*a*/ R"({"role":"user","parts":[{"text":"please refund my order"}]})",
    /*b*/ R"({"text":"REFUND  Order\nnext line says \"hi there\""})" + kFiller,
    /*c*/ R"({"text":"refunds of orders; a refunded order"})" + kFiller,
    /*d*/ R"({"text":"first\nrefund\norder C:\\temp žluťoučký KŮŇ"})" + kFiller,
    /*e*/ R"({"text":"nrefund_order 退款订单 c++"})",
};
constexpr FullTextCase kFullText[] = {
    {"refund", "abd"},
    {"Refund order", "bd"},
    {"order refund", ""},
    {"refunds", "c"},
    {"\"hi there\"", "b"},
    {"hi", "b"},
    {"next line", "b"},
    {"temp", "d"},
    {"c:\\temp", "d"},
    {"žluťoučký kůň", "d"},
    {"退款", "e"},
    {"c++", "e"},
    {"nrefund_order", "e"},
    {"refund_order", ""},
    {"line", "b"},
    {"fund", ""},
    {"  refund\torder ", "bd"},
    {"first refund", "d"},
    {"nothing like it", ""},
    {".", "bcd"},
};

struct Row {
  Span span;
  TraceRow trace;
  std::map<std::string, Cell, std::less<>> cells;
  std::string contents;  // Letters of kContents.
};

class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {
    for (size_t i = 0; i < kSpans; ++i) rows_.push_back(MakeRow(i));
  }

  std::vector<Row>& rows() { return rows_; }
  const std::map<std::string, Cell, std::less<>>& cells() { return rows_.front().cells; }
  size_t Below(size_t n) { return random_() % n; }
  std::string_view Text() { return kTexts[Below(std::size(kTexts))]; }

 private:
  Row MakeRow(size_t i) {
    Row row;
    Span& span = row.span;
    span.trace_id.bytes[15] = static_cast<uint8_t>(1 + i / 4);
    span.span_id.bytes[7] = static_cast<uint8_t>(1 + i);
    if (Below(2) == 0) span.parent_span_id.bytes[7] = static_cast<uint8_t>(1 + Below(kSpans));
    Id(row, "trace_id", span.trace_id);
    Id(row, "span_id", span.span_id);
    Id(row, "parent_span_id", span.parent_span_id);
    Bool(row, "is_root", span.parent_span_id.empty());
    span.start_ns = kBase + static_cast<int64_t>(Below(5)) * kHour;
    span.end_ns = span.start_ns + static_cast<int64_t>(Below(30)) * kHour;
    row.cells["start"].number = static_cast<double>(span.start_ns);
    row.cells["end"].number = static_cast<double>(span.end_ns);
    row.cells["duration"].number = static_cast<double>(span.end_ns - span.start_ns);
    for (const auto& [name, member] : std::map<std::string_view, std::string_view Span::*>{
             {"name", &Span::name},
             {"op", &Span::op},
             {"service", &Span::service},
             {"user_id", &Span::user_id},
             {"model", &Span::model},
             {"model_requested", &Span::model_requested},
             {"error_type", &Span::error_type},
             {"status_message", &Span::status_message}}) {
      span.*member = Text();
      SetText(row, name, span.*member);
    }
    span.feature.name = Text();
    SetText(row, "feature", span.feature.name);
    Enums(row);
    Numbers(row);
    Maps(row);
    Contents(row);
    Trace(row, i / 4);
    return row;
  }

  template <typename E>
  void SetEnum(Row& row, std::string_view name, E& value) {
    value = static_cast<E>(Below(static_cast<size_t>(E::kEnd)));
    SetText(row, name, Name(value));
  }
  void Enums(Row& row) {
    SetEnum(row, "kind", row.span.kind);
    SetEnum(row, "status", row.span.status);
    SetEnum(row, "finish_reason", row.span.finish_reason);
    SetEnum(row, "tool_status", row.span.tool_status);
    SetEnum(row, "error_category", row.span.error_category);
    SetEnum(row, "source", row.span.source);
  }

  std::optional<double> Number() {
    if (Below(3) == 0) return std::nullopt;
    return kNumbers[Below(std::size(kNumbers))];
  }
  void Numbers(Row& row) {
    Span& span = row.span;
    span.temperature = Number();
    row.cells["temperature"].number = span.temperature;
    if (const auto n = Number()) span.max_tokens = static_cast<int64_t>(*n);
    row.cells["max_tokens"].number = span.max_tokens;
    if (const auto n = Number()) span.cost = NanoUsd{static_cast<int64_t>(*n * 1e9)};
    row.cells["cost"] = {{}, span.cost ? std::optional<double>(span.cost->value) : std::nullopt};
    if (const auto n = Number()) span.cost_reported = NanoUsd{static_cast<int64_t>(*n * 1e9)};
    row.cells["cost_reported"] = {
        {}, span.cost_reported ? std::optional<double>(span.cost_reported->value) : std::nullopt};
    if (const auto n = Number()) span.ttft_ns = static_cast<int64_t>(*n * 1e6);
    row.cells["ttft"].number = span.ttft_ns;
    if (Below(3) != 0) span.streaming = Below(2) == 0;
    Bool(row, "streaming", span.streaming.value_or(false));
    span.usage[UsageBucket::kInput] = static_cast<int64_t>(Below(3) * 500);
    span.usage[UsageBucket::kOutput] = static_cast<int64_t>(Below(3) * 5);
    span.usage[UsageBucket::kReasoning] = static_cast<int64_t>(Below(2));
    const double output = static_cast<double>(span.usage.output_total());
    row.cells["input_tokens"].number = span.usage[UsageBucket::kInput];
    row.cells["output_tokens"].number = span.usage[UsageBucket::kOutput];
    row.cells["total_tokens"].number = output + *row.cells["input_tokens"].number;
    const double seconds = (static_cast<double>(span.end_ns - span.start_ns)) / 1e9;
    const bool after_first = span.streaming.value_or(false) && span.ttft_ns && seconds > 10;
    const double spent = after_first ? seconds - static_cast<double>(*span.ttft_ns) / 1e9 : seconds;
    if (output > 0 && seconds > 0) {
      row.cells["tokens_per_second"].number = output / spent;
    } else {
      row.cells["tokens_per_second"] = {};
    }
    span.retry_count = static_cast<int64_t>(Below(3));
    row.cells["retry_count"].number = span.retry_count;
  }

  void Maps(Row& row) {
    std::vector<JsonAttr> tags;
    Cell& names = row.cells["tags"];
    for (const std::string_view key : {"a", "a b"}) {
      Cell& cell = row.cells[fmt::format("tag.{}", key)];
      if (Below(2) == 0) continue;
      tags.push_back({key, Text()});
      names.texts.emplace_back(key);
      cell.texts.emplace_back(tags.back().json);
    }
    row.span.tags = arena_.CopyArray(tags);
    std::vector<JsonAttr> attributes;
    struct Json {
      std::string_view json;
      std::string_view text;
    };
    constexpr Json kJson[] = {
        {"null", ""},           {"5", "5"},           {"5.0", "5.0"},     {"\"5\"", "5"},
        {"-1e3", "-1e3"},       {"true", "true"},     {"[1,2]", "[1,2]"}, {"\"a\\nb\"", "a\nb"},
        {"\"\"", ""},           {"\"null\"", "null"}, {"\"ab\"", "ab"},   {"1e999", "1e999"},
        {"\"\\u017eb\"", "žb"}, {"\"nan\"", "nan"},   {"\"ažb\"", "ažb"}};
    for (const std::string_view key : {"x", "it's"}) {
      Cell& cell = row.cells[fmt::format("attr.{}", key)];
      if (Below(4) == 0) continue;
      const Json& json = kJson[Below(std::size(kJson))];
      attributes.push_back({key, json.json});
      if (!json.text.empty()) cell.texts.emplace_back(json.text);
    }
    row.span.attributes = arena_.CopyArray(attributes);
  }

  void Contents(Row& row) {
    std::vector<Piece> pieces[2];
    for (size_t i = 0; i < std::size(kContents); ++i) {
      if (Below(5) != 0) continue;
      row.contents += static_cast<char>('a' + i);
      pieces[Below(2)].push_back({.text = kContents[i]});
    }
    row.span.input = arena_.CopyArray(pieces[0]);
    row.span.reasoning = arena_.CopyArray(pieces[1]);
  }

  void Trace(Row& row, size_t trace) {
    if (traces_.size() <= trace) {
      TraceRow made;
      made.trace_id = row.span.trace_id;
      made.start_ns = kBase;
      made.end_ns = kBase + 40 * kHour;
      made.root_name = Text();
      made.status = static_cast<SpanStatus>(Below(5));
      made.errors = static_cast<uint32_t>(Below(3));
      made.cost = {static_cast<int64_t>(Below(2)) * 1'000'000'000};
      made.unpriced_calls = static_cast<uint32_t>(Below(2));
      if (Below(2) == 0) made.models = {"a", "ab"};
      if (Below(3) == 0) made.models.push_back("b");
      traces_.push_back(made);
    }
    row.trace = traces_[trace];
    SetText(row, "trace.root_name", row.trace.root_name);
    SetText(row, "trace.status", Name(row.trace.status));
    row.cells["trace.errors"].number = row.trace.errors;
    const bool unknown = row.trace.cost.value == 0 && row.trace.unpriced_calls > 0;
    row.cells["trace.cost"] = {};
    if (!unknown) row.cells["trace.cost"].number = row.trace.cost.value;
    row.cells["trace.models"].texts.assign(row.trace.models.begin(), row.trace.models.end());
  }

  static void SetText(Row& row, std::string_view name, std::string_view text) {
    Cell& cell = row.cells[std::string(name)];
    if (!text.empty()) cell.texts.emplace_back(text);
  }
  static void Bool(Row& row, std::string_view name, bool value) {
    row.cells[std::string(name)].number = value;
  }
  template <size_t N>
  static void Id(Row& row, std::string_view name, const pitot::Id<N>& id) {
    SetText(row, name, id.empty() ? "" : ToHex(id.view()));
  }

  std::mt19937_64 random_;
  Arena arena_;
  std::vector<Row> rows_;
  std::vector<TraceRow> traces_;
};

// Text of random filters.
class Author {
 public:
  Author(World& world, bool with_traces) : world_(world) {
    for (const auto& [name, cell] : world.cells()) {
      if (with_traces || !name.starts_with("trace.")) fields_.push_back(name);
    }
  }

  std::string Expression(int depth) {
    const size_t dice = world_.Below(depth == 0 ? 2 : 7);
    if (dice < 2) return Term();
    if (dice == 2) return fmt::format("NOT ({})", Expression(depth - 1));
    std::string text = fmt::format("({})", Expression(depth - 1));
    for (size_t i = 0; i < 1 + world_.Below(3); ++i) {
      text += fmt::format(" {} ({})", dice < 5 ? "AND" : "OR", Expression(depth - 1));
    }
    return text;
  }

 private:
  std::string Term() {
    if (world_.Below(12) == 0) {
      return Quote(kFullText[world_.Below(std::size(kFullText))].words);
    }
    const std::string& name = fields_[world_.Below(fields_.size())];
    std::string written = name;
    for (const std::string prefix : {"attr.", "tag."}) {
      if (name.starts_with(prefix)) written = prefix + Quote(name.substr(prefix.size()));
    }
    const FilterField* field = FindField(name);
    if (field == nullptr) field = FindField(name.substr(0, name.find('.') + 1));
    const auto operators = OperatorsOf(field->type);
    const std::string op(operators[world_.Below(operators.size())]);
    if (op == "in") {
      return fmt::format("{}{} in ({}, {})", written, world_.Below(2) == 0 ? " NOT" : "",
                         Value(*field, name), Value(*field, name));
    }
    if (op.ends_with('~')) {
      const Pattern& pattern = kPatterns[world_.Below(std::size(kPatterns))];
      return fmt::format("{} {} {}", written, op, Quote(pattern.regex));
    }
    const bool null = (op == "=" || op == "!=") && world_.Below(4) == 0;
    return fmt::format("{} {} {}", written, op, null ? "null" : Value(*field, name));
  }

  // Mostly one that some span has.
  std::string Value(const FilterField& field, const std::string& name) {
    const Cell& cell = world_.rows()[world_.Below(kSpans)].cells.find(name)->second;
    switch (field.type) {
      case FieldType::kEnum:
        return std::string(field.values[1 + world_.Below(field.values.size() - 1)]);
      case FieldType::kBool:
        return world_.Below(2) == 0 ? "true" : "false";
      case FieldType::kId: {
        const std::string zero(name == "trace_id" ? 32 : 16, '0');
        return cell.null() ? zero : cell.texts.front();
      }
      case FieldType::kTime:
        return fmt::format("2026-11-{:02}T{:02}:06:40Z", 18 + world_.Below(2), world_.Below(24));
      case FieldType::kDuration:
        return fmt::format("{}ns", static_cast<int64_t>(cell.number.value_or(5)));
      case FieldType::kMoney:
        return fmt::format("{}usd", cell.number.value_or(5) / 1e9);
      case FieldType::kNumber:
        return fmt::to_string(cell.number.value_or(5));
      default:
        break;
    }
    if (field.type == FieldType::kKeyed && world_.Below(2) == 0) {
      constexpr std::string_view kWritten[] = {"5", "5.0", "0", "-1000", "1e-3", "true"};
      return std::string(kWritten[world_.Below(std::size(kWritten))]);
    }
    return Quote(cell.null() || world_.Below(3) == 0 ? world_.Text() : cell.texts.back());
  }

  static std::string Quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return quoted + '"';
  }

  World& world_;
  std::vector<std::string> fields_;
};

// The language read plainly.
class Reading {
 public:
  explicit Reading(const Row& row) : row_(row) {}

  bool Holds(const FilterNode& node) const {
    switch (node.kind) {
      case FilterNodeKind::kNot:
        return !Holds(*node.children.front());
      case FilterNodeKind::kAnd:
        for (const auto& child : node.children) {
          if (!Holds(*child)) return false;
        }
        return true;
      case FilterNodeKind::kOr:
        for (const auto& child : node.children) {
          if (Holds(*child)) return true;
        }
        return false;
      case FilterNodeKind::kTerm:
        break;
    }
    return node.op == FilterOp::kFullText ? Found(node) : TermHolds(node);
  }

 private:
  bool Found(const FilterNode& node) const {
    // Names and messages of the test hold no words of it, but dots.
    for (const FullTextCase& one : kFullText) {
      if (one.words != node.values.front().text) continue;
      if (one.words == "." && FoundIn(".", row_.span.name)) return true;
      if (one.words == "." && FoundIn(".", row_.span.status_message)) return true;
      return row_.contents.find_first_of(one.found_in) != std::string::npos;
    }
    ADD_FAILURE() << node.values.front().text << " is not of the test";
    return false;
  }
  static bool FoundIn(std::string_view word, std::string_view text) {
    return text.find(word) != text.npos;
  }

  bool TermHolds(const FilterNode& term) const {
    const std::string name = std::string(term.field->name) + term.key;
    const Cell& cell = row_.cells.find(name)->second;
    if (term.op == FilterOp::kIsNull) return cell.null();
    if (term.op == FilterOp::kMatches) {
      for (const Pattern& pattern : kPatterns) {
        if (pattern.regex != term.pattern) continue;
        return std::ranges::any_of(cell.texts, pattern.holds);
      }
      ADD_FAILURE() << term.pattern << " is not of the test";
    }
    return std::ranges::any_of(
        term.values, [&](const FilterValue& value) { return Compared(term, cell, value); });
  }

  static bool Ordered(FilterOp op, auto left, auto right) {
    return (op == FilterOp::kLess && left < right) ||
           (op == FilterOp::kLessEqual && left <= right) ||
           (op == FilterOp::kGreater && left > right) ||
           (op == FilterOp::kGreaterEqual && left >= right) ||
           (op == FilterOp::kIn && left == right);
  }

  static bool Compared(const FilterNode& term, const Cell& cell, const FilterValue& value) {
    if (term.field->type == FieldType::kKeyed) return KeyedCompared(term, cell, value);
    if (cell.number) {
      const double right = value.number ? *value.number : static_cast<double>(value.integer);
      return Ordered(term.op, *cell.number, right);
    }
    const std::string text = term.field->type == FieldType::kId ? ToHex(value.text) : value.text;
    const bool text_field = term.field->type == FieldType::kText;
    if (cell.texts.empty()) return text_field && text.empty();
    return std::ranges::find(cell.texts, text) != cell.texts.end();
  }

  static bool KeyedCompared(const FilterNode& term, const Cell& cell, const FilterValue& value) {
    if (cell.texts.empty()) return term.op == FilterOp::kIn && value.text.empty();
    const std::string& text = cell.texts.front();
    char* end = nullptr;
    const double left = std::strtod(text.c_str(), &end);
    const bool number =
        !text.empty() && *end == '\0' && text.find_first_of("0123456789") != text.npos;
    if (value.number) {
      return (term.op == FilterOp::kIn && text == value.text) ||
             (number && Ordered(term.op, left, *value.number));
    }
    if (term.op == FilterOp::kIn) return text == value.text;
    return !text.empty() && Ordered(term.op, text, value.text);
  }

  const Row& row_;
};

class FilterEngineTest : public StoreTestBase {
 protected:
  template <typename Block>
  void Write(Block& block) {
    const absl::Status status = Insert(Block::kTable, block.Finish());
    ASSERT_TRUE(status.ok()) << status;
  }

  void WriteWorld(World& world) {
    SpansBlock spans;
    FactsBlock facts;
    TracesBlock traces;
    PayloadsBlock payloads;
    std::set<TraceId> written;
    for (Row& row : world.rows()) {
      Span stored = row.span;
      Arena arena;
      for (auto* pieces : {&stored.input, &stored.reasoning}) {
        *pieces = arena.CopyArray(std::vector<Piece>(pieces->begin(), pieces->end()));
        for (Piece& piece : *pieces) {
          if (piece.text.size() <= kInlinePieceBytes) continue;
          piece.hash = {Sha128(piece.text)};
          payloads.Append({"default", 30, DayOf(stored.start_ns), piece.hash, piece.text});
        }
      }
      spans.Append({"default", 30, 1, stored});
      // An older version of the span: to be seen by nobody.
      Span older = stored;
      older.op = "a";
      older.source = Source::kSdk;
      spans.Append({"default", 30, 0, older});
      facts.Append("default", 30, FactOf(row.span));
      if (written.insert(row.trace.trace_id).second) {
        row.trace.rev = 1;
        traces.Append("default", 30, row.trace);
      }
    }
    Write(spans);
    Write(facts);
    Write(traces);
    Write(payloads);
  }

  static FactRow FactOf(const Span& span) {
    FactRow fact;
    fact.end_ns = span.end_ns;
    fact.start_ns = span.start_ns;
    fact.trace_id = span.trace_id;
    fact.span_id = span.span_id;
    fact.rev = 1;
    fact.kind = span.kind;
    fact.is_root = span.parent_span_id.empty();
    fact.status = span.status;
    fact.name = span.name;
    fact.service = span.service;
    fact.feature = span.feature.name;
    fact.user_id = span.user_id;
    fact.model = span.model;
    fact.finish_reason = span.finish_reason;
    fact.ttft_ns = span.ttft_ns;
    fact.streaming = span.streaming.value_or(false);
    fact.usage = span.usage;
    fact.cost = span.cost;
    fact.tool_status = span.tool_status;
    fact.retry_count = span.retry_count;
    fact.error_category = span.error_category;
    return fact;
  }

  // Last bytes of the span ids.
  std::set<int> Selected(const Filter& filter, int64_t since, int64_t until) {
    FilterSql sql = CompileFilter(filter);
    sql.params.push_back({"project", "default"});
    sql.params.push_back({"since_ns", fmt::to_string(since)});
    sql.params.push_back({"until_ns", fmt::to_string(until)});
    const std::string rows = Tsv(
        fmt::format("SELECT reinterpretAsUInt8(substring(f.span_id, 8, 1)) FROM facts AS f FINAL "
                    "WHERE f.project = {{project:String}} AND f.end_ns >= {{since_ns:Int64}} AND "
                    "f.end_ns < {{until_ns:Int64}} AND {}",
                    sql.sql),
        sql.params);
    std::set<int> ids;
    for (size_t at = 0; at < rows.size();) {
      ids.insert(std::atoi(rows.c_str() + at));
      at = rows.find('\n', at);
      at = at == std::string::npos ? rows.size() : at + 1;
    }
    return ids;
  }

  static int IdOf(const Row& row) { return row.span.span_id.bytes[7]; }
};

TEST_P(FilterEngineTest, EveryoneSelectsTheSameSpans) {
  World world(20261120);
  WriteWorld(world);
  size_t some = 0;
  for (size_t i = 0; i < kFilters && !HasFailure(); ++i) {
    const bool with_traces = i % 2 == 0;
    const std::string text = Author(world, with_traces).Expression(i < 100 ? 0 : 3);
    const auto filter = ParseFilter(text, {.regex_bytes = 4096});
    ASSERT_TRUE(filter.ok()) << text << "\n" << filter.status();
    const std::string printed = PrintFilter(*filter->root());
    const auto again = ParseFilter(printed);
    ASSERT_TRUE(again.ok()) << printed << "\n" << again.status();
    ASSERT_EQ(PrintFilter(*again->root()), printed);
    // Every other filter over half of the time.
    const int64_t until = i % 4 < 2 ? kBase + 100 * kHour : kBase + 12 * kHour;
    std::set<int> plain;
    std::set<int> matched;
    for (const Row& row : world.rows()) {
      if (row.span.end_ns < kBase + kHour || row.span.end_ns >= until) continue;
      if (Reading(row).Holds(*again->root())) plain.insert(IdOf(row));
      if (MatchesFilter(*filter, row.span)) matched.insert(IdOf(row));
    }
    some += !plain.empty() && plain.size() < kSpans;
    const std::set<int> selected = Selected(*filter, kBase + kHour, until);
    EXPECT_EQ(selected, plain) << printed << "\n" << CompileFilter(*filter).sql;
    if (!with_traces) {
      EXPECT_EQ(matched, plain) << printed;
    }
  }
  EXPECT_GT(some, kFilters / 4) << "too few filters tell spans apart";
}

TEST_P(FilterEngineTest, FullText) {
  World world(1);
  WriteWorld(world);
  for (const bool merged : {false, true}) {
    if (merged) {
      ASSERT_TRUE(Execute("OPTIMIZE TABLE payloads FINAL").ok());
    }
    for (const FullTextCase& one : kFullText) {
      const auto filter = ParseFilter(fmt::format("user_id != \"zzz\" \"{}\"", [&] {
        std::string escaped;
        for (const char c : one.words) {
          if (c == '"' || c == '\\') escaped += '\\';
          escaped += c;
        }
        return escaped;
      }()));
      ASSERT_TRUE(filter.ok()) << filter.status();
      std::set<int> wanted;
      std::set<int> matched;
      for (const Row& row : world.rows()) {
        if (Reading(row).Holds(*filter->root())) wanted.insert(IdOf(row));
        if (MatchesFilter(*filter, row.span)) matched.insert(IdOf(row));
      }
      EXPECT_EQ(matched, wanted) << one.words;
      EXPECT_EQ(Selected(*filter, kBase, kBase + 100 * kHour), wanted)
          << one.words << (merged ? " with the index" : " before the index is built");
    }
  }
}

// What is written as one filter must be one statement that the engine can read and plan.
TEST_P(FilterEngineTest, TheLargestFiltersAreAnswered) {
  std::string terms;
  for (int i = 0; i < 256; ++i) {
    constexpr std::string_view kKinds[] = {"attr.x{} != 5", "model != m{}", "trace.errors < {}"};
    terms += i < 16 ? fmt::format("NOT \"word{}\" ", i)
                    : fmt::format(fmt::runtime(kKinds[i % 3]), i) + " ";
  }
  std::string nested = "kind = llm";
  for (int i = 0; i < 62; ++i) {
    nested = fmt::format("({}) {} model != m{}", nested, i % 2 == 0 ? "OR" : "AND", i);
  }
  std::string mixed = "attr.x = 5";
  for (int i = 0; i < 62; ++i) {
    mixed = fmt::format("({}) {} {} != m{}", mixed, i % 2 == 0 ? "OR" : "AND",
                        i % 2 == 0 ? "attr.x" : "model", i);
  }
  for (const std::string& text : {terms, nested, mixed}) {
    const auto filter = ParseFilter(text);
    ASSERT_TRUE(filter.ok()) << filter.status();
    Selected(*filter, kBase, kBase + kHour);  // Fails when the engine takes longer than 30 s.
  }
}

PITOT_FOR_EACH_STORE(FilterEngineTest);

}  // namespace
}  // namespace pitot
