#include "store/tables/row_binary.h"

#include <gtest/gtest.h>

#include <string>

#include "store/tables/row_binary_writer.h"

namespace pitot {
namespace {

enum class Colour : uint8_t { kRed, kGreen, kEnd };

std::string Sample() {
  RowBinaryWriter out;
  out.Number<int64_t>(-5);
  out.Text("text");
  out.Nullable<int64_t>(std::optional<int64_t>());
  out.Nullable<int64_t>(std::optional<int64_t>(8));
  out.Enum(Colour::kGreen);
  out.Raw("12345678");
  out.Count(300);
  out.Raw(std::string(300, 'x'));
  return out.Take();
}

// True when everything was read as written.
bool ReadSample(RowBinaryReader& in) {
  bool same = in.Number<int64_t>() == -5;
  same &= in.String() == "text";
  same &= !in.NullableNumber<int64_t>().has_value();
  same &= in.NullableNumber<int64_t>() == 8;
  same &= in.Enum(Colour::kEnd) == Colour::kGreen;
  same &= in.Bytes(8) == "12345678";
  const size_t count = in.Count();
  same &= count == 300 && in.Bytes(count) == std::string(300, 'x');
  return same && in.ok();
}

TEST(RowBinaryReader, ReadsWhatWasWritten) {
  const std::string bytes = Sample();
  RowBinaryReader in(bytes);
  EXPECT_TRUE(ReadSample(in));
  EXPECT_TRUE(in.AtEnd());
}

TEST(RowBinaryReader, CutAtEveryByteFailsAndNeverReadsPastTheEnd) {
  const std::string bytes = Sample();
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    const std::string part = bytes.substr(0, cut);  // Its own allocation, for the sanitizer.
    RowBinaryReader in(part);
    EXPECT_FALSE(ReadSample(in)) << "cut at " << cut;
    EXPECT_FALSE(in.ok()) << "cut at " << cut;
    EXPECT_TRUE(in.AtEnd()) << "cut at " << cut;
  }
}

TEST(RowBinaryReader, Rejects) {
  const auto bad = [](const char* why, std::string_view bytes, auto read) {
    RowBinaryReader in(bytes);
    read(in);
    EXPECT_FALSE(in.ok()) << why;
  };
  bad("a length beyond the bytes",
      "\x7f"
      "abc",
      [](auto& in) { in.String(); });
  bad("a length of 2^64 - 1",
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
      "a",
      [](auto& in) { in.String(); });
  bad("a varint of more than 64 bits", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
      [](auto& in) { in.VarUint(); });
  bad("a varint without an end", "\xff\xff", [](auto& in) { in.VarUint(); });
  bad("an unknown enumerator", "\x02", [](auto& in) { in.Enum(Colour::kEnd); });
  bad("a negative enumerator", "\xff", [](auto& in) { in.Enum(Colour::kEnd); });
  bad("more items than bytes",
      "\x04"
      "abc",
      [](auto& in) { in.Count(); });
  bad("more items than bytes for them",
      "\x02"
      "0123456789",
      [](auto& in) { in.Count(8); });
}

}  // namespace
}  // namespace pitot
