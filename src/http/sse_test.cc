#include "http/sse.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

std::vector<SseEvent> Parse(const std::vector<std::string_view>& pieces) {
  SseParser parser;
  std::vector<SseEvent> events;
  for (const std::string_view piece : pieces) EXPECT_TRUE(parser.Put(piece, events).ok());
  return events;
}

constexpr std::string_view kStream =
    "\xEF\xBB\xBF: a comment\n"
    "retry: 1500\n"
    "data: one\n"
    "\n"
    "event: span\r\n"
    "id: 7\r\n"
    "data: first\r\n"
    "data:second\r\n"
    "\r\n"
    "data\r"
    "\r"
    "event: without data\n"
    "\n"
    "id\n"
    "data:  two blanks\n"
    "unknown: field\n"
    "\n"
    "data: never ended";

TEST(SseParser, ReadsWhatTheStandardAllows) {
  EXPECT_EQ(Parse({kStream}), (std::vector<SseEvent>{{"message", "one", ""},
                                                     {"span", "first\nsecond", "7"},
                                                     {"message", "", "7"},
                                                     {"message", " two blanks", ""}}));
}

TEST(SseParser, CutAtEveryByte) {
  const std::vector<SseEvent> whole = Parse({kStream});
  for (size_t cut = 0; cut <= kStream.size(); ++cut) {
    EXPECT_EQ(Parse({kStream.substr(0, cut), kStream.substr(cut)}), whole) << "cut at " << cut;
  }
  std::vector<std::string_view> bytes;
  for (size_t i = 0; i < kStream.size(); ++i) bytes.push_back(kStream.substr(i, 1));
  EXPECT_EQ(Parse(bytes), whole) << "byte by byte";
}

TEST(SseParser, TakesTheRetryTime) {
  SseParser parser;
  std::vector<SseEvent> events;
  EXPECT_EQ(parser.retry_ms(), -1);
  ASSERT_TRUE(parser.Put("retry: 12x\n", events).ok());
  EXPECT_EQ(parser.retry_ms(), -1) << "not a number";
  ASSERT_TRUE(parser.Put("retry: 1500\n", events).ok());
  EXPECT_EQ(parser.retry_ms(), 1500);
}

TEST(SseParser, IsBounded) {
  SseParser line(16);
  std::vector<SseEvent> events;
  EXPECT_EQ(line.Put("data: 0123456789abcdef", events).code(), absl::StatusCode::kOutOfRange);
  SseParser lines(16);
  EXPECT_EQ(lines.Put("data: 0123\ndata: 4567\ndata: 89ab\n", events).code(),
            absl::StatusCode::kOutOfRange);
}

TEST(SseWriter, WritesWhatTheParserReads) {
  std::string out;
  AppendSseComment("hb", out);
  AppendSseEvent("span", "12", "{\"a\":1}", out);
  EXPECT_EQ(out, ": hb\n\nid: 12\nevent: span\ndata: {\"a\":1}\n\n");
  out.clear();
  const std::vector<SseEvent> events = {
      {"gap", "", ""}, {"message", "two\nlines\n", "1"}, {"message", "\n", "1"}};
  AppendSseEvent("gap", "", "", out);
  AppendSseEvent("", "1", "two\nlines\n", out);
  AppendSseEvent("message", "", "\r\n", out);
  EXPECT_EQ(Parse({out}), events);
}

TEST(SseWriter, AFieldCannotStartAnother) {
  std::string out;
  AppendSseEvent("a\ndata: forged", "1\r\n2", "x", out);
  EXPECT_EQ(Parse({out}), (std::vector<SseEvent>{{"adata: forged", "x", "12"}}));
}

}  // namespace
}  // namespace pitot
