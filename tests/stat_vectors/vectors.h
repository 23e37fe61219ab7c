// tests/stat_vectors/vectors.h
//
// Worked examples of statistics, as data: files of the form
//
//   {"vectors": [{"id": "slo-1", "test": "burn_rate", "input": {...}, "expected": {...},
//                 "tolerance_abs": 1e-9}, ...]}
//
// `test` is the kind: what is computed of `input` is compared with `expected`, member by member.
// Everything is computed by the code that the program runs; nothing here knows a formula.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

// What a kind computes of an input: the members that it knows of, among those that `expected` may have.
// `expected` says what is asked (which quantiles), never what the answer is. Throws std::exception
// when the input is not what the kind takes.
using Compute = boost::json::object (*)(const boost::json::object& input,
                                        const boost::json::object& expected);

struct VectorKind {
  std::string_view name;
  Compute compute;
};

// Of several files: alphabetical.
const std::vector<VectorKind>& VectorKinds();

// Of rates, spending, sketches and the like, and of the alert pipeline.
std::vector<VectorKind> MeasureKinds();
std::vector<VectorKind> AlertKinds();

struct VectorResult {
  enum class Outcome { kOk, kFailed, kUnknownKind };
  Outcome outcome = Outcome::kOk;
  // "ok", "FAILED p[2]: expected 0.1, got 0.2, difference 0.1" or "unknown kind welch_t".
  std::string line;
};

// `vector`: one of a file's. Numbers are equal within the vector's tolerance_abs (1e-9 when it has
// none), relative to the expected number where that is above 1. A member of `expected` that the kind
// does not compute is named and fails nothing, unless none is left.
VectorResult CheckVector(const boost::json::value& vector);

}  // namespace pitot
