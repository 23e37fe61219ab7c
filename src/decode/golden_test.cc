// Runs tests/golden/decode: each input file NAME.KIND has its outcome in NAME.KIND.expected. KIND:
//   traces.json, logs.json, metrics.json   a request as is
//   traces.hex, logs.hex, metrics.hex      a protobuf request as hex digits; # starts a comment
//   jsonl                                  JSON Lines
// UPDATE_GOLDEN=1 writes the .expected files; read the diff.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "base/hex.h"
#include "base/status.h"
#include "decode/decode_test_util.h"

namespace pitot {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string FromHexText(const std::string& text) {
  std::string digits;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    for (const char c : line.substr(0, line.find('#'))) {
      if (c != ' ' && c != '\t' && c != '\r') digits += c;
    }
  }
  std::string raw(digits.size() / 2, '\0');
  EXPECT_TRUE(FromHex(digits, raw.data(), raw.size())) << "the file is no hex";
  return raw;
}

// Small limits, so that small files reach them.
Limits GoldenLimits() {
  Limits limits;
  limits.payload_bytes = 1024;
  limits.attributes = 16;
  limits.events = 16;
  limits.depth = 4;
  return limits;
}

std::string Outcome(const std::string& kind, const std::string& input) {
  static const std::map<std::string, OtlpSignal> kSignals = {{".traces", OtlpSignal::kTraces},
                                                             {".logs", OtlpSignal::kLogs},
                                                             {".metrics", OtlpSignal::kMetrics}};
  const Limits limits = GoldenLimits();
  DropCounts drops;
  absl::StatusOr<RawBatch> batch = [&] {
    if (kind == ".jsonl") return DecodeJsonLines(input, limits, drops);
    const OtlpSignal signal = kSignals.at(fs::path(kind).stem().string());
    return kind.ends_with(".hex")
               ? DecodeOtlp(signal, OtlpEncoding::kProto, FromHexText(input), limits, drops)
               : DecodeOtlp(signal, OtlpEncoding::kJson, input, limits, drops);
  }();
  if (!batch.ok()) {
    return absl::StatusCodeToString(batch.status().code()) + ": " +
           std::string(Message(batch.status())) + "\n";
  }
  EXPECT_EQ(FindBreach(*batch, limits), "");
  return Dump(*batch) + Dump(drops);
}

TEST(DecodeGolden, Files) {
  const fs::path folder = fs::path(PITOT_SOURCE_DIR) / "tests/golden/decode";
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path path = entry.path();
    if (path.extension() == ".expected") continue;
    const std::string name = path.filename().string();
    SCOPED_TRACE(name);
    ++files;
    const std::string outcome = Outcome(name.substr(name.find('.')), ReadFile(path));
    const fs::path expected = path.string() + ".expected";
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
      std::ofstream(expected, std::ios::binary) << outcome;
    } else {
      EXPECT_EQ(outcome, ReadFile(expected)) << "if this is right, run with UPDATE_GOLDEN=1";
    }
  }
  EXPECT_GT(files, 0u);
}

}  // namespace
}  // namespace pitot
