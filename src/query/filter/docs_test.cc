// docs/filter.md names exactly the fields of the table: its rows are written from it.
// UPDATE_GOLDEN=1 writes them; read the difference.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/status.h"
#include "query/filter/fields.h"

namespace pitot {
namespace {

const std::string kFile = PITOT_SOURCE_DIR "/docs/filter.md";
constexpr std::string_view kBegin = "<!-- fields -->\n";
constexpr std::string_view kEnd = "<!-- end of fields -->\n";

std::string Table() {
  std::string table = "| field | type | what it is | example |\n|---|---|---|---|\n";
  for (const FilterField& field : FilterFields()) {
    std::string type(Name(field.type));
    if (field.type == FieldType::kEnum) {
      type.clear();
      for (const std::string_view value : field.values) {
        if (!value.empty()) type += fmt::format("{}{}", type.empty() ? "" : ", ", value);
      }
    }
    table += fmt::format("| `{}{}`{} | {} | {} | `{}` |\n", field.name,
                         field.type == FieldType::kKeyed ? "KEY" : "",
                         field.groupable() ? " *" : "", type, field.description, field.example);
  }
  return table;
}

TEST(FilterDocs, NameEveryField) {
  const auto text = ReadFile(kFile);
  ASSERT_TRUE(text.ok()) << text.status();
  const size_t begin = text->find(kBegin);
  const size_t end = text->find(kEnd);
  ASSERT_NE(begin, std::string::npos) << kFile << " lost the line " << kBegin;
  ASSERT_NE(end, std::string::npos) << kFile << " lost the line " << kEnd;
  const size_t from = begin + kBegin.size();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    const std::string updated = text->substr(0, from) + Table() + text->substr(end);
    ASSERT_TRUE(WriteFileAtomic(kFile, updated).ok());
    return;
  }
  EXPECT_EQ(text->substr(from, end - from), Table())
      << "if this is right, run with UPDATE_GOLDEN=1";
}

}  // namespace
}  // namespace pitot
