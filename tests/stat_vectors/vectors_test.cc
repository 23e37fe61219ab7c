// The files of tests/golden/stat_vectors, and what the runner says of vectors that are not right.
#include "tests/stat_vectors/vectors.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace pitot {
namespace {

using Outcome = VectorResult::Outcome;

TEST(StatVectors, EveryGoldenFileHolds) {
  int vectors = 0;
  std::vector<std::string_view> covered;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(PITOT_SOURCE_DIR) / "tests/golden/stat_vectors")) {
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    const boost::json::value whole = boost::json::parse(text.str());
    for (const boost::json::value& vector : whole.at("vectors").as_array()) {
      const VectorResult result = CheckVector(vector);
      EXPECT_EQ(result.outcome, Outcome::kOk)
          << entry.path().filename() << ", " << vector.at("id") << ": " << result.line;
      EXPECT_EQ(result.line, "ok") << vector.at("id") << ": expect only what is computed";
      for (const VectorKind& kind : VectorKinds()) {
        if (vector.at("test").as_string() ==
            boost::json::string_view(kind.name.data(), kind.name.size())) {
          covered.push_back(kind.name);
        }
      }
      ++vectors;
    }
  }
  EXPECT_GT(vectors, 0);
  for (const VectorKind& kind : VectorKinds()) {
    EXPECT_NE(std::ranges::find(covered, kind.name), covered.end())
        << "no golden file has a vector of kind " << kind.name;
  }
}

TEST(StatVectors, SaysWhatDiffers) {
  const auto line = [](const char* vector) {
    const VectorResult result = CheckVector(boost::json::parse(vector));
    EXPECT_NE(result.outcome, Outcome::kOk);
    return result.line;
  };
  EXPECT_EQ(line(R"({"test": "mwmb_factors", "input": {"period_h": 720, "rows": [[0.02, 1]]},
                     "expected": {"factors": [14.5]}})"),
            "FAILED factors[0]: expected 14.5, got 14.4, difference 0.1");
  EXPECT_EQ(line(R"({"test": "mwmb_factors", "input": {"period_h": 720, "rows": []},
                     "expected": {"factors": [1]}})"),
            "FAILED factors: expected 1 elements, got 0: []");
  EXPECT_EQ(line(R"({"test": "welch_t", "input": {}, "expected": {}})"), "unknown kind welch_t");
  EXPECT_EQ(line(R"({"test": "mwmb_factors", "input": {"period_h": 720, "rows": []},
                     "expected": {"phases": []}})"),
            "FAILED nothing of what is expected is computed: phases");
  EXPECT_EQ(line(R"({"test": "binomial_tail", "input": {"cases": [[0, 1, 0.5]]},
                     "expected": {"p": [null]}})"),
            "FAILED p[0]: expected null, got 1");
  EXPECT_EQ(line(R"({"test": "burn_rate", "expected": {}})").substr(0, 23),
            "FAILED cannot be read: ");
  EXPECT_EQ(line("3").substr(0, 23), "FAILED cannot be read: ");
}

TEST(StatVectors, TheToleranceIsTheVectors) {
  const auto outcome = [](double expected, const char* tolerance) {
    return CheckVector(boost::json::parse(
                           R"({"test": "mwmb_factors", "input": {"period_h": 720,
                               "rows": [[0.02, 1]]}, "expected": {"factors": [)" +
                           std::to_string(expected) + "]}" + tolerance + "}"))
        .outcome;
  };
  EXPECT_EQ(outcome(14.4, ""), Outcome::kOk);
  EXPECT_EQ(outcome(14.401, ""), Outcome::kFailed);
  EXPECT_EQ(outcome(14.401, R"(, "tolerance_abs": 0.01)"), Outcome::kOk);
}

TEST(StatVectors, WhatIsNotComputedIsNamed) {
  const VectorResult result = CheckVector(boost::json::parse(
      R"({"test": "robust_z", "input": {"history": [1, 2, 3], "x": 2},
          "expected": {"median": 2, "kurtosis": 1}})"));
  EXPECT_EQ(result.outcome, Outcome::kOk);
  EXPECT_EQ(result.line, "ok (not computed: kurtosis)");
}

}  // namespace
}  // namespace pitot
