#include "http/compress.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

namespace pitot {
namespace {

std::string Deflate(std::string_view in, int window_bits) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, in.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct Case {
  const char* name;
  Coding coding;
  std::string (*encode)(std::string_view);
};
const Case kCases[] = {
    {"gzip", Coding::kGzip, [](std::string_view in) { return CompressGzip(in); }},
    {"deflate, zlib", Coding::kDeflate, [](std::string_view in) { return Deflate(in, 15); }},
    {"deflate, raw", Coding::kDeflate, [](std::string_view in) { return Deflate(in, -15); }},
    {"zstd", Coding::kZstd, [](std::string_view in) { return CompressZstd(in); }},
};

std::string Noise(size_t bytes) {
  std::mt19937 random(7);
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(random() % 23 + 'a');
  return out;
}

TEST(Compress, GoesBothWays) {
  for (const Case& c : kCases) {
    for (const size_t bytes : {0, 1, 100, 70'000, 1'000'000}) {
      const std::string text = Noise(bytes);
      const absl::StatusOr<std::string> back = Decompress(c.coding, c.encode(text), bytes);
      ASSERT_TRUE(back.ok()) << c.name << ", " << bytes << " bytes: " << back.status();
      EXPECT_TRUE(*back == text) << c.name << ", " << bytes << " bytes";
    }
  }
}

TEST(Compress, OneByteOverTheLimitIsTooMuch) {
  for (const Case& c : kCases) {
    const std::string packed = c.encode(Noise(100'000));
    EXPECT_TRUE(Decompress(c.coding, packed, 100'000).ok()) << c.name;
    EXPECT_EQ(Decompress(c.coding, packed, 99'999).status().code(), absl::StatusCode::kOutOfRange)
        << c.name;
  }
}

TEST(Compress, ABombStopsAtTheLimit) {
  const std::string zeros(64 << 20, '\0');
  for (const Case& c : kCases) {
    const std::string bomb = c.encode(zeros);
    EXPECT_EQ(Decompress(c.coding, bomb, 1 << 20).status().code(), absl::StatusCode::kOutOfRange)
        << c.name;
  }
}

TEST(Compress, CutAnywhereIsAnError) {
  for (const Case& c : kCases) {
    const std::string packed = c.encode(Noise(300));
    for (size_t cut = 0; cut < packed.size(); ++cut) {
      EXPECT_EQ(Decompress(c.coding, packed.substr(0, cut), 1000).status().code(),
                absl::StatusCode::kInvalidArgument)
          << c.name << " cut at " << cut;
    }
  }
}

TEST(Compress, PiecesDoNotMatter) {
  const std::string text = Noise(2000);
  for (const Case& c : kCases) {
    const std::string packed = c.encode(text);
    for (size_t cut = 0; cut <= packed.size(); ++cut) {
      const std::unique_ptr<Decoder> decoder = MakeDecoder(c.coding);
      std::string out;
      for (std::string_view piece :
           {std::string_view(packed).substr(0, cut), std::string_view(packed).substr(cut)}) {
        char space[97];
        for (;;) {
          const absl::StatusOr<size_t> made = decoder->Decode(piece, space);
          ASSERT_TRUE(made.ok()) << c.name << " cut at " << cut << ": " << made.status();
          out.append(space, *made);
          if (piece.empty() && *made < sizeof space) break;
        }
      }
      ASSERT_TRUE(decoder->Finish().ok()) << c.name << " cut at " << cut;
      ASSERT_TRUE(out == text) << c.name << " cut at " << cut;
    }
  }
}

TEST(Compress, GzipMembersAreJoinedAndGarbageIsNot) {
  const std::string two = CompressGzip("one ") + CompressGzip("two");
  EXPECT_EQ(*Decompress(Coding::kGzip, two, 100), "one two");
  EXPECT_FALSE(Decompress(Coding::kGzip, two + "garbage", 100).ok());
  EXPECT_FALSE(Decompress(Coding::kGzip, "plain text", 100).ok());
  EXPECT_FALSE(Decompress(Coding::kZstd, "plain text", 100).ok());
  EXPECT_FALSE(Decompress(Coding::kBrotli, "plain text, no brotli", 100).ok());
}

TEST(Compress, Names) {
  EXPECT_EQ(ParseCoding(""), Coding::kIdentity);
  EXPECT_EQ(ParseCoding("GZip"), Coding::kGzip);
  EXPECT_EQ(ParseCoding("x-gzip"), Coding::kGzip);
  EXPECT_EQ(ParseCoding("br"), Coding::kBrotli);
  EXPECT_EQ(ParseCoding("snappy"), std::nullopt);
  EXPECT_EQ(ParseCoding("gzip, gzip"), std::nullopt);
}

}  // namespace
}  // namespace pitot
