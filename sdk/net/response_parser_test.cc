#include "sdk/net/response_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pitot {
namespace {

using Error = HttpOutcome::Error;

struct Parsed {
  Error error = Error::kNone;
  int status = 0;
  HeaderList headers;
  std::string body;
  bool complete = false;
  bool keep_alive = false;
  bool operator==(const Parsed&) const = default;
};

Parsed Parse(const std::vector<std::string>& pieces, bool ends, bool no_body = false,
             size_t body_max = 0) {
  ResponseParser parser(no_body, body_max);
  Parsed out;
  Failure failure;
  for (const std::string& piece : pieces) {
    if (!failure.ok()) break;
    failure = parser.Put(piece, [&](std::string_view bytes) {
      out.body += bytes;
      return true;
    });
  }
  if (failure.ok() && ends) failure = parser.Finish();
  out.error = failure.error;
  out.status = parser.status();
  out.headers = parser.headers();
  out.complete = parser.complete();
  out.keep_alive = parser.complete() && parser.keep_alive();
  return out;
}

struct Case {
  std::string_view name;
  std::string bytes;
  bool ends = false;  // The peer closes.
  Parsed expected;
  bool no_body = false;
  size_t body_max = 0;
};

std::vector<Case> Cases() {
  return {
      {"by length",
       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b c \r\n\r\nhello",
       false,
       {Error::kNone, 200, {{"content-length", "5"}, {"x-a", "b c"}}, "hello", true, true}},
      {"bare line feeds",
       "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
       false,
       {Error::kNone, 200, {{"content-length", "2"}}, "hi", true, true}},
      {"chunks, extensions, trailers",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n"
       "0\r\nX-T: 1\r\n\r\n",
       false,
       {Error::kNone, 200, {{"transfer-encoding", "chunked"}}, "abc0123456789", true, true}},
      {"until the end",
       "HTTP/1.1 200 OK\r\n\r\nall of it",
       true,
       {Error::kNone, 200, {}, "all of it", true, false}},
      {"1xx before it",
       "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 103 Early\r\n\r\n"
       "HTTP/1.1 204 No Content\r\n\r\n",
       false,
       {Error::kNone, 204, {}, "", true, true}},
      {"304 has no body",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
       false,
       {Error::kNone, 304, {{"content-length", "9"}}, "", true, true}},
      {"HEAD",
       "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
       false,
       {Error::kNone, 200, {{"content-length", "9"}}, "", true, true},
       true},
      {"connection: close",
       "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n",
       false,
       {Error::kNone, 200, {{"connection", "x, Close"}, {"content-length", "0"}}, "", true, false}},
      {"HTTP/1.0 closes",
       "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
       false,
       {Error::kNone, 200, {{"content-length", "1"}}, "x", true, false}},
      {"no reason phrase",
       "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
       false,
       {Error::kNone, 200, {{"content-length", "0"}}, "", true, true}},
      {"same length twice",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\nx",
       false,
       {Error::kNone, 200, {{"content-length", "1"}, {"content-length", "1"}}, "x", true, true}},
      {"excess is not reused",
       "HTTP/1.1 204 OK\r\n\r\nHTTP/1.1 200",
       false,
       {Error::kNone, 204, {}, "", true, false}},
      {"both length and chunks",
       "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n"
       "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
       false,
       {Error::kNone,
        200,
        {{"content-length", "50"}, {"transfer-encoding", "chunked"}},
        "x",
        true,
        false}},
      {"two lengths",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
       false,
       {Error::kProtocol, 200, {{"content-length", "1"}, {"content-length", "2"}}}},
      {"length not a number",
       "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
       false,
       {Error::kProtocol, 200, {{"content-length", "+1"}}}},
      {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", false, {Error::kProtocol}},
      {"HTTP/2 preface", "HTTP/2.0 200 OK\r\n", false, {Error::kProtocol}},
      {"folded header",
       "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
       false,
       {Error::kProtocol, 200, {{"a", "b"}}}},
      {"header without colon",
       "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
       false,
       {Error::kProtocol, 200}},
      {"blank before colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", false, {Error::kProtocol, 200}},
      {"unknown coding",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
       false,
       {Error::kProtocol, 200, {{"transfer-encoding", "gzip"}}}},
      {"chunk without size",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
       false,
       {Error::kProtocol, 200, {{"transfer-encoding", "chunked"}}}},
      {"chunk longer than it says",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
       false,
       {Error::kProtocol, 200, {{"transfer-encoding", "chunked"}}, "x"}},
      {"101", "HTTP/1.1 101 Switching Protocols\r\n\r\n", false, {Error::kProtocol, 101}},
      {"closed at once", "", true, {Error::kClosed}},
      {"closed in the header", "HTTP/1.1 200 OK\r\nCont", true, {Error::kClosed, 200}},
      {"closed in the body",
       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
       true,
       {Error::kClosed, 200, {{"content-length", "5"}}, "hel"}},
      {"closed between chunks",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
       true,
       {Error::kClosed, 200, {{"transfer-encoding", "chunked"}}, "x"}},
      {"length over the limit",
       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
       false,
       {Error::kTooLarge, 200, {{"content-length", "5"}}},
       false,
       4},
  };
}

TEST(ResponseParser, ReadsWhateverWayItIsCut) {
  for (const Case& c : Cases()) {
    EXPECT_EQ(Parse({c.bytes}, c.ends, c.no_body, c.body_max), c.expected) << c.name;
    for (size_t cut = 0; cut <= c.bytes.size(); ++cut) {
      const std::vector<std::string> pieces = {c.bytes.substr(0, cut), c.bytes.substr(cut)};
      EXPECT_EQ(Parse(pieces, c.ends, c.no_body, c.body_max), c.expected)
          << c.name << ", cut at " << cut;
    }
    std::vector<std::string> bytes;
    for (const char byte : c.bytes) bytes.emplace_back(1, byte);
    EXPECT_EQ(Parse(bytes, c.ends, c.no_body, c.body_max), c.expected)
        << c.name << ", byte by byte";
  }
}

TEST(ResponseParser, BoundsWhatItHolds) {
  const std::string begin = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(Parse({begin + "A: " + std::string(70'000, 'x')}, false).error, Error::kTooLarge);
  std::string many = begin;
  for (int i = 0; i < 300; ++i) many += "A: b\r\n";
  EXPECT_EQ(Parse({many}, false).error, Error::kTooLarge);
  const std::string chunked = begin + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(Parse({chunked + "1;" + std::string(70'000, 'x')}, false).error, Error::kTooLarge);
  EXPECT_EQ(Parse({chunked + "3\r\nabc\r\n3\r\nabc\r\n"}, false, false, 5).error, Error::kTooLarge);
  EXPECT_EQ(Parse({begin + "\r\nabcdef"}, false, false, 5).error, Error::kTooLarge);
  std::string endless;
  for (int i = 0; i < 5'000; ++i) endless += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(Parse({endless}, false).error, Error::kTooLarge) << "1xx without end";
}

TEST(ResponseParser, StopsWhenTheCallerSaysSo) {
  ResponseParser parser(false, 0);
  const Failure failure = parser.Put("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
                                     [](std::string_view) { return false; });
  EXPECT_EQ(failure.error, Error::kAborted);
}

}  // namespace
}  // namespace pitot
