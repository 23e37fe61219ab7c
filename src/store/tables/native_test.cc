#include "store/tables/native.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "base/hex.h"

namespace pitot {
namespace {

using native::Array;
using native::FixedString;
using native::LowCardinality;
using native::Map;
using native::Nullable;
using native::Number;
using native::String;

// The hex is what libchdb 26.7 itself writes with FORMAT Native for the same rows; spaces stand
// between the parts named on the right.
std::string Bytes(std::string_view hex) {
  std::string compact;
  for (char c : hex) {
    if (c != ' ') compact += c;
  }
  std::string raw(compact.size() / 2, '\0');
  EXPECT_TRUE(FromHex(compact, raw.data(), raw.size())) << "bad hex in the test: " << hex;
  return raw;
}

std::string DataOf(const NativeColumn& column) {
  NativeBuffer out;
  column.WritePrefix(out);
  column.WriteData(out);
  return std::string(out.view());
}

TEST(Native, NumbersAreLittleEndian) {
  Number<uint16_t> days("Date");
  days.Append(1);
  days.Append(0xabcd);
  EXPECT_EQ(days.Type(), "Date");
  EXPECT_EQ(ToHex(DataOf(days)), "0100cdab");
  Number<double> numbers;
  numbers.Append(0.5);
  EXPECT_EQ(numbers.Type(), "Float64");
  EXPECT_EQ(ToHex(DataOf(numbers)), "000000000000e03f");
}

TEST(Native, StringLengthsTakeAsManyBytesAsTheyNeed) {
  String column;
  column.Append("");
  column.Append(std::string(127, 'a'));
  column.Append(std::string(128, 'b'));
  column.Append("=", "tail");
  const std::string data = DataOf(column);
  EXPECT_EQ(data, std::string(1, '\0') + "\x7f" + std::string(127, 'a') + "\x80\x01" +
                      std::string(128, 'b') + "\x05=tail");
  EXPECT_EQ(column.elements(), 4u);
}

TEST(Native, LowCardinality) {
  LowCardinality column;
  for (const char* text : {"a", "b", ""}) column.Append(text);
  EXPECT_EQ(ToHex(DataOf(column)),
            ToHex(Bytes("0100000000000000 0006000000000000"  // Version; dictionary, 1-byte indexes.
                        "0300000000000000 00 0161 0162"      // Keys.
                        "0300000000000000 010200")));        // Indexes.
}

TEST(Native, LowCardinalityWithoutElementsIsItsPrefixOnly) {
  Map<LowCardinality, String> column;
  column.CloseRow();
  column.CloseRow();
  EXPECT_EQ(column.Type(), "Map(LowCardinality(String), String)");
  EXPECT_EQ(ToHex(DataOf(column)),
            ToHex(Bytes("0100000000000000 0000000000000000 0000000000000000")));
}

TEST(Native, MapWritesPrefixOffsetsKeysValues) {
  Map<LowCardinality, String> column;
  for (const char* value : {"0", "1", "2"}) {
    column.keys.Append("k");
    column.values.Append(value);
    column.CloseRow();
  }
  EXPECT_EQ(ToHex(DataOf(column)),
            ToHex(Bytes("0100000000000000"                                    // Keys' version.
                        "0100000000000000 0200000000000000 0300000000000000"  // Offsets.
                        "0006000000000000 0200000000000000 00 016b"           // Dictionary.
                        "0300000000000000 010101"                             // Keys' indexes.
                        "0130 0131 0132")));                                  // Values.
}

TEST(Native, NullableKeepsAPlaceForNull) {
  Nullable<Number<int64_t>> column;
  column.Append(std::optional<int64_t>(7));
  column.Append(std::optional<int64_t>());
  EXPECT_EQ(column.Type(), "Nullable(Int64)");
  EXPECT_EQ(ToHex(DataOf(column)), ToHex(Bytes("00 01 0700000000000000 0000000000000000")));
}

TEST(Native, ArrayOffsetsAreCumulative) {
  Array<String> column;
  column.CloseRow();
  column.items.Append("0");
  column.CloseRow();
  column.items.Append("0");
  column.items.Append("1");
  column.CloseRow();
  EXPECT_EQ(ToHex(DataOf(column)),
            ToHex(Bytes("0000000000000000 0100000000000000 0300000000000000 0130 0130 0131")));
}

TEST(Native, Enum8TypeQuotesNamesInOrder) {
  constexpr std::array<std::string_view, 3> kNames = {"", "ok", "error"};
  EXPECT_EQ(Enum8Type(kNames), "Enum8('' = 0, 'ok' = 1, 'error' = 2)");
}

// The dictionary's index width grows with the number of keys, at 2^8 and 2^16 including "".
TEST(Native, LowCardinalityIndexWidthFollowsTheDictionary) {
  const auto width_of = [](size_t keys) {
    LowCardinality column;
    for (size_t i = 0; i + 1 < keys; ++i) column.Append("key" + std::to_string(i));
    return static_cast<int>(DataOf(column)[8]);
  };
  EXPECT_EQ(width_of(0x100), 0);
  EXPECT_EQ(width_of(0x101), 1);
  EXPECT_EQ(width_of(0x10000), 1);
  EXPECT_EQ(width_of(0x10001), 2);
}

TEST(Native, BlockNamesColumnsAndStartsAnewAfterClear) {
  NativeBlock block;
  Field<Number<uint8_t>> n(block, "n");
  Field<LowCardinality> text(block, "text");
  const auto fill = [&] {
    n.Append(5);
    text.Append("x");
    return std::string(block.Finish(1));
  };
  const std::string first = fill();
  EXPECT_EQ(ToHex(first.substr(0, 11)), "0201016e0555496e743805");
  block.Clear();
  n.Append(9);
  text.Append("another text");
  block.Finish(1);
  block.Clear();
  EXPECT_EQ(fill(), first) << "Clear() left something of the block before";
}

}  // namespace
}  // namespace pitot
