#include "tests/stat_vectors/vectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <iterator>

namespace pitot {
namespace {

namespace json = boost::json;

constexpr double kToleranceDefault = 1e-9;

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

std::string Shown(const json::value& value) {
  if (value.is_double()) return fmt::format("{:.17g}", value.get_double());
  return json::serialize(value);
}

// The first difference, in words.
class Comparison {
 public:
  explicit Comparison(double tolerance) : tolerance_(tolerance) {}

  const std::string& difference() const { return difference_; }

  void Compare(const std::string& path, const json::value& expected, const json::value& got) {
    if (!difference_.empty()) return;
    if (expected.is_number() && got.is_number()) {
      CompareNumbers(path, expected, got);
    } else if (expected.is_array() && got.is_array()) {
      CompareArrays(path, expected.get_array(), got.get_array());
    } else if (expected.is_object() && got.is_object()) {
      CompareObjects(path, expected.get_object(), got.get_object());
    } else if (expected != got) {
      difference_ = fmt::format("{}: expected {}, got {}", path, Shown(expected), Shown(got));
    }
  }

 private:
  void CompareNumbers(const std::string& path, const json::value& expected,
                      const json::value& got) {
    const auto wanted = expected.to_number<double>();
    const auto number = got.to_number<double>();
    const double difference = std::abs(number - wanted);
    if (difference <= tolerance_ * std::max(1.0, std::abs(wanted))) return;
    difference_ = fmt::format("{}: expected {}, got {}, difference {:.3g}", path, Shown(expected),
                              Shown(got), difference);
  }

  void CompareArrays(const std::string& path, const json::array& expected, const json::array& got) {
    if (expected.size() != got.size()) {
      difference_ = fmt::format("{}: expected {} elements, got {}: {}", path, expected.size(),
                                got.size(), json::serialize(got));
      return;
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      Compare(fmt::format("{}[{}]", path, i), expected[i], got[i]);
    }
  }

  void CompareObjects(const std::string& path, const json::object& expected,
                      const json::object& got) {
    for (const auto& member : expected) {
      const std::string name(member.key().data(), member.key().size());
      const json::value* found = got.if_contains(member.key());
      if (found == nullptr) {
        if (difference_.empty()) difference_ = fmt::format("{}.{}: not computed", path, name);
        return;
      }
      Compare(path + "." + name, member.value(), *found);
    }
  }

  double tolerance_;
  std::string difference_;
};

VectorResult Failed(std::string_view why) {
  return {VectorResult::Outcome::kFailed, fmt::format("FAILED {}", why)};
}

VectorResult Compared(const json::object& expected, const json::object& got, double tolerance) {
  Comparison comparison(tolerance);
  std::string not_computed;
  size_t compared = 0;
  for (const auto& member : expected) {
    const std::string name(member.key().data(), member.key().size());
    const json::value* found = got.if_contains(member.key());
    if (found == nullptr) {
      not_computed += (not_computed.empty() ? "" : ", ") + name;
      continue;
    }
    comparison.Compare(name, member.value(), *found);
    ++compared;
  }
  if (!comparison.difference().empty()) return Failed(comparison.difference());
  if (compared == 0) return Failed("nothing of what is expected is computed: " + not_computed);
  if (!not_computed.empty()) not_computed = fmt::format(" (not computed: {})", not_computed);
  return {VectorResult::Outcome::kOk, "ok" + not_computed};
}

}  // namespace

const std::vector<VectorKind>& VectorKinds() {
  static const std::vector<VectorKind> kinds = [] {
    std::vector<VectorKind> all = MeasureKinds();
    std::ranges::copy(AlertKinds(), std::back_inserter(all));
    std::ranges::sort(all, {}, &VectorKind::name);
    return all;
  }();
  return kinds;
}

VectorResult CheckVector(const json::value& vector) {
  try {
    const json::object& members = vector.as_object();
    const std::string kind(View(members.at("test").as_string()));
    const auto row = std::ranges::find(VectorKinds(), kind, &VectorKind::name);
    if (row == VectorKinds().end()) {
      return {VectorResult::Outcome::kUnknownKind, "unknown kind " + kind};
    }
    const json::value* tolerance = members.if_contains("tolerance_abs");
    const json::object& expected = members.at("expected").as_object();
    return Compared(expected, row->compute(members.at("input").as_object(), expected),
                    tolerance == nullptr ? kToleranceDefault : tolerance->to_number<double>());
  } catch (const std::exception& error) {
    return Failed(fmt::format("cannot be read: {}", error.what()));
  }
}

}  // namespace pitot
