#include "store/engine/exception_scanner.h"

#include <gtest/gtest.h>

#include <string>

namespace pitot {
namespace {

constexpr std::string_view kTag = "txrdiztrrotokbec";
constexpr std::string_view kError = "Code: 395. DB::Exception: too\nbad. (WHY) (version 26.7.2.1)";

std::string Reply(std::string_view result) {
  return std::string(result) + "\r\n__exception__\r\n" + std::string(kTag) + "\r\n" +
         std::string(kError) + "\n60 " + std::string(kTag) + "\r\n__exception__\r\n";
}

struct Scanned {
  std::string result;
  bool found = false;
  std::string message;
};

Scanned Scan(std::string_view first, std::string_view second, std::string_view tag = kTag) {
  ExceptionScanner scanner(tag);
  Scanned out;
  out.result += scanner.Put(first);
  out.result += scanner.Put(second);
  out.result += scanner.Rest();
  out.found = scanner.found();
  out.message = scanner.message();
  return out;
}

TEST(ExceptionScanner, FindsItCutAnywhere) {
  const std::string body = Reply("1\t2\r\n__exception__\r\n3\t4\n");
  for (size_t cut = 0; cut <= body.size(); ++cut) {
    const Scanned seen = Scan(body.substr(0, cut), body.substr(cut));
    EXPECT_EQ(seen.result, "1\t2\r\n__exception__\r\n3\t4\n") << "cut at " << cut;
    EXPECT_TRUE(seen.found) << "cut at " << cut;
    EXPECT_EQ(seen.message, kError) << "cut at " << cut;
  }
}

TEST(ExceptionScanner, LeavesOtherBodiesAlone) {
  for (const std::string& body :
       {std::string(), std::string("\r"), std::string("\r\n__exception__\r\n"),
        std::string("a\r\n__exception__\r\ntxrdiztrrotokbe"), Reply("x").substr(0, 33)}) {
    for (size_t cut = 0; cut <= body.size(); ++cut) {
      const Scanned seen = Scan(body.substr(0, cut), body.substr(cut));
      EXPECT_EQ(seen.result, body) << "cut at " << cut;
      EXPECT_FALSE(seen.found);
    }
  }
  EXPECT_EQ(Scan(Reply("a"), "b", "").result, Reply("a") + "b") << "no tag was announced";
}

TEST(ExceptionScanner, KeepsWhatCameOfAMessageCutShort) {
  const std::string body = Reply("1\n");
  const Scanned seen = Scan(body.substr(0, body.find("too")), "");
  EXPECT_TRUE(seen.found);
  EXPECT_EQ(seen.result, "1\n");
  EXPECT_EQ(seen.message, "Code: 395. DB::Exception: ");
}

}  // namespace
}  // namespace pitot
