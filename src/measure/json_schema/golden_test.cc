// Runs every tests/golden/json_schema/*.test: schemas, what fits them, what does not and why.
// UPDATE_GOLDEN=1 rewrites what a file expects; read the diff. The format, a line each:
//
//   # comment
//   schema JSON       holds until the next
//   fits JSON
//   fails JSON
//     PATH: expected WHAT, got WHAT       of the line above; "(all)" is the whole
//   refused JSON      a schema that is not taken
//     WHY
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "measure/json_schema/schema.h"

namespace pitot {
namespace {

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string CheckLine(const Schema& schema, const std::string& json) {
  std::string out;
  for (const SchemaMismatch& mismatch : schema.Check(json)) {
    out += "  " + (mismatch.path.empty() ? "(all)" : mismatch.path) + ": expected " +
           mismatch.expected + ", got " + mismatch.actual + "\n";
  }
  return (out.empty() ? "fits " : "fails ") + json + "\n" + out;
}

std::string SchemaLine(const std::string& json, std::optional<Schema>& schema) {
  std::string error;
  schema = Schema::Parse(json, &error);
  return (schema ? "schema " + json : "refused " + json + "\n  " + error) + "\n";
}

// The file as the validator would have written it.
std::string Rerun(const std::string& text) {
  std::optional<Schema> schema;
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.find(' ');
    const std::string verb = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (verb == "schema" || verb == "refused") {
      out += SchemaLine(rest, schema);
    } else if (verb == "fits" || verb == "fails") {
      EXPECT_TRUE(schema.has_value()) << "no schema before: " << line;
      if (schema) out += CheckLine(*schema, rest);
    } else if (!line.starts_with("  ")) {
      out += line + "\n";
    }
  }
  return out;
}

TEST(JsonSchemaGolden, EveryFile) {
  const std::filesystem::path folder =
      std::filesystem::path(PITOT_SOURCE_DIR) / "tests/golden/json_schema";
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".test") continue;
    SCOPED_TRACE(entry.path().string());
    ++files;
    const std::string text = ReadAll(entry.path());
    const std::string got = Rerun(text);
    if (update) {
      std::ofstream(entry.path(), std::ios::binary) << got;
    } else {
      EXPECT_EQ(got, text)
          << "If the new result is right, run with UPDATE_GOLDEN=1 and read the diff.";
    }
  }
  EXPECT_GT(files, 0u);
}

}  // namespace
}  // namespace pitot
