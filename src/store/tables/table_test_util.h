// store/tables/table_test_util.h
//
// For tests of tables: a real engine, random values with the extremes among them, and comparison of
// rows as RowBinary.
#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/hex.h"
#include "base/status.h"
#include "model/arena.h"
#include "model/ids.h"
#include "store/engine.h"
#include "store/tables/row_binary_writer.h"
#include "store/tables/table_block.h"

namespace pitot {

inline constexpr std::chrono::milliseconds kTestDeadline{60'000};

// A real engine with the schema applied (engine_for_test.cc says which), on a folder of its own; one
// for all tests of a program: a test uses a project of its own. Ends the program when there is none.
Engine& EngineForTest();

class Random {
 public:
  explicit Random(uint64_t seed, Arena& arena) : engine_(seed), arena_(arena) {}

  uint64_t Below(uint64_t bound) { return engine_() % bound; }
  bool Bool() { return Below(2) == 0; }

  // A quarter extremes, else any size of number.
  int64_t Int() {
    switch (Below(8)) {
      case 0:
        return std::numeric_limits<int64_t>::min();
      case 1:
        return std::numeric_limits<int64_t>::max();
      case 2:
        return 0;
      default:
        return static_cast<int64_t>(engine_()) >> Below(64);
    }
  }
  uint32_t UInt32() { return static_cast<uint32_t>(engine_() >> Below(64)); }

  // Empty, UTF-8, embedded NUL, quotes, or any bytes up to 300.
  std::string_view Text() {
    switch (Below(6)) {
      case 0:
        return {};
      case 1:
        return "žluťoučký kůň 🐎";
      case 2:
        return arena_.Copy(std::string_view("nul\0inside\0", 11));
      case 3:
        return "it's \"quoted\"\\ \n";
      case 4:
        return arena_.Copy("text" + std::to_string(Below(1000)));
      default: {
        std::string bytes(Below(300), ' ');
        for (char& c : bytes) c = static_cast<char>(engine_());
        return arena_.Copy(bytes);
      }
    }
  }

  template <typename T, typename Make>
  std::optional<T> Maybe(Make make) {
    return Bool() ? std::optional<T>(make()) : std::nullopt;
  }
  template <typename E>
  E Enum(E end) {
    return static_cast<E>(Below(static_cast<uint64_t>(end)));
  }
  template <typename I>
  I NewId() {
    I id;
    for (uint8_t& byte : id.bytes) byte = static_cast<uint8_t>(engine_());
    return id;
  }

 private:
  std::mt19937_64 engine_;
  Arena& arena_;
};

inline void InsertBlock(Engine& engine, std::string_view table, TableBlock& block) {
  const absl::Status status = engine.Insert(table, block.Finish(), kTestDeadline);
  ASSERT_TRUE(status.ok()) << table << ": " << status.ToString();
}

inline std::string SelectRowBinary(Engine& engine, std::string_view sql, std::string_view project) {
  QueryOptions options;
  options.format = "RowBinary";
  options.params = {{"project", std::string(project)}};
  auto result = engine.Query(sql, options);
  EXPECT_TRUE(result.ok()) << result.status().ToString();
  return result.ok() ? result->body : "";
}

// `rows` one by one against what was selected, so that a failure names its row.
inline void ExpectRows(std::string_view got, const std::vector<std::string>& rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string_view row = got.substr(0, rows[i].size());
    if (row != rows[i]) {
      const size_t at = std::mismatch(row.begin(), row.end(), rows[i].begin()).first - row.begin();
      FAIL() << "row " << i << " of " << rows.size() << " differs from byte " << at
             << ":\n  stored " << ToHex(row.substr(at, 40)) << "\n  meant  "
             << ToHex(std::string_view(rows[i]).substr(at, 40));
    }
    got.remove_prefix(row.size());
  }
  EXPECT_EQ(got.size(), 0u) << "bytes after the last row: more rows than were written";
}

}  // namespace pitot
