// What each exporter sends for the spans of ExportCases(): tests/golden/sdk/FORMAT/CASE. JSON as it is;
// OTLP as its fields, one a line. UPDATE_GOLDEN=1 rewrites; read the diff.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "sdk/export/export_test_util.h"
#include "sdk/export/jsonl_encoder.h"
#include "sdk/export/langfuse_attributes.h"
#include "sdk/export/otlp_encoder.h"
#include "sdk/export/utf8.h"
#include "sdk/export/zipkin_encoder.h"
#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {
namespace {

std::string Encode(SpanEncoder& encoder, std::span<const SpanData> spans) {
  std::string items;
  std::string body;
  for (const SpanData& span : spans) encoder.Append(span, items);
  encoder.Frame(items, body);
  return body;
}

void Compare(const std::string& file, const std::string& got) {
  const std::string path = std::string(PITOT_SOURCE_DIR) + "/tests/golden/sdk/" + file;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << got;
    return;
  }
  std::ostringstream expected;
  expected << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(got, expected.str())
      << path << ": if the new bytes are right, run with UPDATE_GOLDEN=1 and read the diff.";
}

TEST(ExportGolden, Otlp) {
  for (ExportCase& one : ExportCases()) {
    SCOPED_TRACE(one.name);
    OtlpEncoder encoder(ResourceAttributes(TestResource()), std::make_unique<WireAttributes>());
    const std::string body = Encode(encoder, one.all());
    EXPECT_EQ(Encode(encoder, one.all()), body) << "the second time";
    Compare("otlp/" + one.name + ".txt", DumpOtlp(body));
  }
}

TEST(ExportGolden, Langfuse) {
  const ExportResource resource = TestResource();
  for (ExportCase& one : ExportCases()) {
    if (one.name == "running") continue;
    SCOPED_TRACE(one.name);
    OtlpEncoder encoder(LangfuseResource(resource), std::make_unique<LangfuseAttributes>());
    Compare("langfuse/" + one.name + ".txt", DumpOtlp(Encode(encoder, one.all())));
  }
}

TEST(ExportGolden, Zipkin) {
  for (ExportCase& one : ExportCases()) {
    if (one.name == "running") continue;
    SCOPED_TRACE(one.name);
    ZipkinEncoder encoder(TestResource());
    std::string body = Encode(encoder, one.all());
    EXPECT_TRUE(IsJson(body));
    EXPECT_TRUE(IsUtf8(body));
    Compare("zipkin/" + one.name + ".json", body + "\n");
  }
}

TEST(ExportGolden, JsonLines) {
  for (ExportCase& one : ExportCases()) {
    if (one.name == "running") continue;
    SCOPED_TRACE(one.name);
    JsonLinesEncoder encoder(TestResource());
    const std::string body = Encode(encoder, one.all());
    EXPECT_TRUE(IsUtf8(body));
    std::istringstream lines(body);
    size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) EXPECT_TRUE(IsJson(line)) << line;
    EXPECT_EQ(count, one.spans.size());
    Compare("jsonl/" + one.name + ".jsonl", body);
  }
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
