// Runs every tests/golden/normalize/*.test: attributes in, canonical span out. UPDATE_GOLDEN=1
// rewrites what a file expects; read the diff. The format:
//
//   # comment                        any number
//   scope NAME [VERSION]             a line each, all optional
//   resource KEY JSON
//   scope_attr KEY JSON
//   name NAME
//   kind WORD                        the format's own kind word
//   running
//   status ok|error [MESSAGE]
//   attr KEY JSON                    JSON arrays and objects are structured values
//   event NAME {"key": value, ...}
//   ----
//   the span as DumpSpan writes it, then "drops NAME=COUNT ..." if there were any
//
// Each case is normalised many times with its attributes shuffled: the order must not matter.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "normalize/normalize.h"
#include "normalize/span_json.h"

namespace pitot {
namespace {

namespace dom = simdjson::dom;

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class Case {
 public:
  explicit Case(const std::string& head) {
    std::istringstream lines(head);
    for (std::string line; std::getline(lines, line);) ReadLine(line);
    batch_.resources.push_back({resource_});
    batch_.scopes.push_back({scope_name_, scope_version_, scope_attrs_});
    for (size_t i = 0; i < events_.size(); ++i) events_[i].attributes = event_attrs_[i];
  }

  std::string Run(const std::vector<Attr>& attrs) {
    RawSpan raw = raw_;
    raw.attributes = attrs;
    raw.events = events_;
    Arena arena;
    DropCounts drops;
    Limits limits;
    Span span;
    Normalizer(batch_, arena, limits, drops).Normalize(raw, &span);
    // Attributes follow the order of the wire; sorted here, so that shuffled runs compare.
    std::vector<JsonAttr> sorted(span.attributes.begin(), span.attributes.end());
    std::ranges::sort(sorted, {}, &JsonAttr::key);
    span.attributes = sorted;
    std::string text = DumpSpan(span);
    std::string counted;
    for (const DropRow& row : kDropRows) {
      if (drops[row.drop] > 0) counted += fmt::format(" {}={}", row.name, drops[row.drop]);
    }
    if (!counted.empty()) text += "drops" + counted + "\n";
    return text;
  }

  std::vector<Attr> attrs;

 private:
  std::string_view Keep(std::string_view text) { return batch_.arena.Copy(text); }

  AttrValue Value(dom::element element) {
    AttrValue value;
    switch (element.type()) {
      case dom::element_type::STRING:
        value.type = AttrType::kString;
        value.text = Keep(element.get_string().value());
        break;
      case dom::element_type::BOOL:
        value.type = AttrType::kBool;
        value.boolean = element.get_bool().value();
        break;
      case dom::element_type::INT64:
        value.type = AttrType::kInt;
        value.integer = element.get_int64().value();
        break;
      case dom::element_type::DOUBLE:
        value.type = AttrType::kDouble;
        value.number = element.get_double().value();
        break;
      case dom::element_type::NULL_VALUE:
        break;
      default:
        value.type = AttrType::kJson;
        value.text = Keep(simdjson::minify(element));
    }
    return value;
  }

  void ReadLine(const std::string& line) {
    if (line.empty() || line[0] == '#') return;
    std::istringstream words(line);
    std::string verb, key, rest;
    words >> verb >> key;
    std::getline(words >> std::ws, rest);
    if (verb == "name") {
      raw_.name = Keep(line.substr(5));
    } else if (verb == "running") {
      raw_.running = true;
    } else if (verb == "kind") {
      raw_.kind_word = Keep(key);
    } else if (verb == "scope") {
      scope_name_ = Keep(key);
      scope_version_ = Keep(rest);
    } else if (verb == "status") {
      raw_.status_code = key == "error" ? 2 : 1;
      raw_.status_message = Keep(rest);
    } else {
      dom::element element;
      ASSERT_EQ(parser_.parse(rest).get(element), simdjson::SUCCESS) << "not JSON: " << line;
      if (verb == "event") {
        RawEvent event;
        event.name = Keep(key);
        std::vector<Attr> list;
        for (const auto& field : element.get_object()) {
          list.push_back({Keep(field.key), Value(field.value)});
        }
        events_.push_back(event);
        event_attrs_.push_back(std::move(list));
      } else {
        const Attr attr = {Keep(key), Value(element)};
        if (verb == "attr") attrs.push_back(attr);
        if (verb == "resource") resource_.push_back(attr);
        if (verb == "scope_attr") scope_attrs_.push_back(attr);
      }
    }
  }

  dom::parser parser_;
  RawBatch batch_;
  RawSpan raw_;
  std::string_view scope_name_;
  std::string_view scope_version_;
  std::vector<Attr> resource_;
  std::vector<Attr> scope_attrs_;
  std::vector<RawEvent> events_;
  std::vector<std::vector<Attr>> event_attrs_;
};

TEST(NormalizeGolden, EveryFile) {
  constexpr std::string_view kSeparator = "----\n";
  const std::filesystem::path folder =
      std::filesystem::path(PITOT_SOURCE_DIR) / "tests/golden/normalize";
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".test") continue;
    SCOPED_TRACE(entry.path().string());
    ++cases;
    const std::string text = ReadAll(entry.path());
    const size_t cut = text.find(kSeparator);
    ASSERT_NE(cut, std::string::npos) << "no line of four dashes";
    const std::string head = text.substr(0, cut);
    Case golden(head);
    const std::string got = golden.Run(golden.attrs);
    if (update) {
      std::ofstream(entry.path(), std::ios::binary) << head << kSeparator << got;
    } else {
      EXPECT_EQ(got, text.substr(cut + kSeparator.size()))
          << "If the new result is right, run with UPDATE_GOLDEN=1 and read the diff.";
    }
    std::mt19937 random(1);
    for (int i = 0; i < 20; ++i) {
      std::vector<Attr> shuffled = golden.attrs;
      std::ranges::shuffle(shuffled, random);
      EXPECT_EQ(golden.Run(shuffled), got) << "the order of attributes changed the result";
    }
  }
  EXPECT_GT(cases, 0u);
}

}  // namespace
}  // namespace pitot
