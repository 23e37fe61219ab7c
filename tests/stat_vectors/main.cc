// stat_vectors FILE...: checks the worked examples of each file, one line a vector. Exits with 1 when one
// fails, 2 when a file cannot be read, else 0; a kind that is not known is said to be that, and fails
// nothing.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/stat_vectors/vectors.h"

namespace pitot {
namespace {

struct Counts {
  int ok = 0;
  int failed = 0;
  int unknown = 0;
};

std::string IdOf(const boost::json::value& vector, size_t index) {
  const auto* members = vector.if_object();
  const auto* id = members == nullptr ? nullptr : members->if_contains("id");
  if (id == nullptr || !id->is_string()) return fmt::format("vector {}", index);
  return {id->get_string().data(), id->get_string().size()};
}

// False: no such file, or not of this form.
bool CheckFile(const char* path, Counts& counts) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  boost::system::error_code error;
  const boost::json::value whole = boost::json::parse(text.str(), error);
  const auto* members = error || !file ? nullptr : whole.if_object();
  const auto* vectors = members == nullptr ? nullptr : members->if_contains("vectors");
  if (vectors == nullptr || !vectors->is_array()) {
    fmt::print(stderr, "{}: {}\n", path,
               !file   ? "cannot be read"
               : error ? error.message()
                       : std::string("has no array \"vectors\""));
    return false;
  }
  for (size_t i = 0; i < vectors->get_array().size(); ++i) {
    const boost::json::value& vector = vectors->get_array()[i];
    const VectorResult result = CheckVector(vector);
    fmt::print("{:<32} {}\n", IdOf(vector, i), result.line);
    switch (result.outcome) {
      case VectorResult::Outcome::kOk:
        ++counts.ok;
        break;
      case VectorResult::Outcome::kFailed:
        ++counts.failed;
        break;
      case VectorResult::Outcome::kUnknownKind:
        ++counts.unknown;
        break;
    }
  }
  return true;
}

}  // namespace
}  // namespace pitot

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: stat_vectors FILE...\nknown kinds:");
    for (const pitot::VectorKind& kind : pitot::VectorKinds()) fmt::print(stderr, " {}", kind.name);
    fmt::print(stderr, "\n");
    return 2;
  }
  pitot::Counts counts;
  bool readable = true;
  for (int i = 1; i < argc; ++i) readable &= pitot::CheckFile(argv[i], counts);
  fmt::print("{} ok, {} failed, {} of an unknown kind\n", counts.ok, counts.failed, counts.unknown);
  if (!readable) return 2;
  return counts.failed > 0 ? 1 : 0;
}
