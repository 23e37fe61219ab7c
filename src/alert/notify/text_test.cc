// Edges of the words; what whole notifications look like is in tests/golden/notify.
#include "alert/notify/text.h"

#include <gtest/gtest.h>

#include <limits>

#include "alert/notify/mail.h"
#include "alert/notify/test_server.h"

namespace pitot {
namespace {

TEST(ValueText, HasTheUnitPeopleUse) {
  const auto is = [](double value, std::string_view unit, std::string_view want) {
    EXPECT_EQ(ValueText(value, unit), want) << value << " " << unit;
  };
  is(14832.5, "ms", "14.83 s");
  is(0.5, "ms", "500 us");
  is(1.2, "usd", "$1.20");
  is(0.0042, "usd", "$0.0042");
  is(0.062, "ratio", "6.2 %");
  is(5.06, "x", "5.06x");
  is(1234567, "tokens", "1,234,567 tokens");
  is(3, "", "3");
  is(-2.5, "", "-2.5");
  is(1e300, "ms", "1e+300 ms");
  is(std::numeric_limits<double>::infinity(), "usd", "unknown");
  is(std::numeric_limits<double>::quiet_NaN(), "", "unknown");
}

TEST(Shortened, CutsBeforeACharacter) {
  EXPECT_EQ(Shortened("whole", 5), "whole");
  EXPECT_EQ(Shortened("too long", 6), "too...");
  EXPECT_EQ(Shortened("äöüäöü", 8), "äö...");
  EXPECT_EQ(Shortened("äöüäöü", 7), "äö...");
  EXPECT_EQ(Shortened("abc", 2), "...");
}

TEST(SlackAlert, LeavesOutAnAddressThatWouldEndItself) {
  AlertText text;
  text.links = {{"good <1>", "https://a.example/?x=1&y=2"}, {"bad", "https://a.example/|b>"}};
  EXPECT_EQ(SlackAlert(text), "<https://a.example/?x=1&amp;y=2|good &lt;1&gt;>");
}

TEST(PlainText, NoLineIsWiderThanAskedButWordsAreWhole) {
  Alert alert = TestAlert();
  const std::string link = "https://pitot.example/" + std::string(100, 'x');
  alert.annotations["description"] = "many short words, one after another, " + link + " and more";
  for (size_t width = 40; width < 100; ++width) {
    const std::string text = PlainText(TextOf(TestNotificationOf({alert}), {}), width);
    EXPECT_NE(text.find(link), std::string::npos) << "width " << width;
    for (const std::string_view line : SplitText(text, '\n')) {
      const bool is_link = line.find(link) != std::string_view::npos;
      EXPECT_TRUE(line.size() <= width || is_link) << "width " << width << ": " << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }
}

TEST(TextOf, LongWordsOfOthersLeaveRoomForLinks) {
  Alert alert = TestAlert();
  alert.annotations["description"] = std::string(100'000, 'd');
  alert.generator_url = "https://pitot.example/";
  const NotificationText text = TextOf(TestNotificationOf({alert}), {});
  EXPECT_LT(SlackAlert(text.alerts[0]).size(), 3000u);
  EXPECT_TRUE(SlackAlert(text.alerts[0]).ends_with("<https://pitot.example/|Open in Pitot>"));
}

TEST(BareAddress, Accepts) {
  EXPECT_EQ(BareAddress("a@b.example"), "a@b.example");
  EXPECT_EQ(BareAddress(" Pitot, the server <a@b.example>"), "a@b.example");
}

TEST(BareAddress, Rejects) {
  const auto bad = [](const char* why, std::string_view text) {
    EXPECT_EQ(BareAddress(text), "") << why;
  };
  bad("empty", "");
  bad("no host", "a@");
  bad("no user", "@b.example");
  bad("two", "a@b.example,c@d.example");
  bad("another command of SMTP", "a@b.example>\r\nRCPT TO:<c@d.example");
  bad("open bracket", "A <a@b.example");
  bad("blank", "a b@c.example");
}

TEST(HeaderText, WordsAreAtMost75LongAndWholeCharacters) {
  EXPECT_EQ(HeaderText("plain = text"), "plain = text");
  EXPECT_EQ(HeaderText("a\r\nBcc: b@c.example"), "a  Bcc: b@c.example");
  std::string text;
  for (int i = 0; i < 60; ++i) text += i % 3 == 0 ? "🚨" : "ä ";
  const std::string header = HeaderText(text);
  for (std::string_view word : SplitText(header, '\n')) {
    while (word.ends_with('\r')) word.remove_suffix(1);
    if (word.starts_with(' ')) word.remove_prefix(1);
    EXPECT_LE(word.size(), 75u) << word;
    EXPECT_TRUE(word.starts_with("=?utf-8?Q?") && word.ends_with("?=")) << word;
    // A character begins each.
    EXPECT_NE(word.substr(10, 2), "=9") << word;
  }
}

TEST(QuotedPrintable, DecodesToWhatItWas) {
  const auto decode = [](std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\r') continue;
      if (text[i] != '=') {
        out += text[i];
      } else if (text[i + 1] == '\r') {
        i += 2;
      } else {
        out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
      }
    }
    return out;
  };
  std::string all;
  for (int c = 1; c < 256; ++c) {
    if (c != '\r') all += static_cast<char>(c);
  }
  for (const std::string& text :
       {std::string("plain"), std::string("trailing \nblank "), std::string(".\n..\n.QUIT\n"),
        std::string(500, 'x'), std::string(300, '='), all, all + all}) {
    const std::string encoded = QuotedPrintable(text);
    EXPECT_EQ(decode(encoded), text);
    for (std::string_view line : SplitText(encoded, '\n')) {
      while (line.ends_with('\r')) line.remove_suffix(1);
      EXPECT_LE(line.size(), 76u);
      EXPECT_FALSE(line.starts_with('.')) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }
}

}  // namespace
}  // namespace pitot
