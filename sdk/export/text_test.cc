// UTF-8, values as text, header lists and the environment.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <random>
#include <stdexcept>

#include "sdk/export/environment.h"
#include "sdk/export/utf8.h"
#include "sdk/export/value_text.h"

namespace pitot {
inline namespace sdk {
namespace {

using namespace std::string_view_literals;

std::string Mended(std::string_view text) {
  std::string scratch;
  return std::string(Utf8(text, &scratch));
}

TEST(Utf8, Mends) {
  const struct {
    const char* name;
    std::string_view bytes;
    std::string_view expected;
  } rows[] = {
      {"empty", "", ""},
      {"ascii", "plain text", "plain text"},
      {"zero", "a\0b"sv, "a\0b"sv},
      {"two, three and four bytes", "\u00e9\u20ac\U0001F600", "\u00e9\u20ac\U0001F600"},
      {"first and last of each length", "\u0080\u07ff\u0800\uffff\U00010000\U0010ffff",
       "\u0080\u07ff\u0800\uffff\U00010000\U0010ffff"},
      {"a lone continuation", "a\x80z", "a\ufffdz"},
      {"two lone continuations", "\x80\x80", "\ufffd\ufffd"},
      {"long form of a slash", "\xC0\xAF", "\ufffd\ufffd"},
      {"long form in three bytes", "\xE0\x80\xAF", "\ufffd\ufffd\ufffd"},
      {"a surrogate", "\xED\xA0\x80", "\ufffd\ufffd\ufffd"},
      {"beyond the last character", "\xF4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
      {"never a lead", "\xFE\xFF", "\ufffd\ufffd"},
      {"cut after one byte of three", "x\xE2", "x\ufffd"},
      {"cut after two bytes of three", "x\xE2\x82", "x\ufffd"},
      {"cut inside four", "\xF0\x9F\x98", "\ufffd"},
      {"broken by ascii", "\xF0\x9F\x98z", "\ufffdz"},
      {"broken by a lead", "\xE2\x82\xC3\xA9", "\ufffd\u00e9"},
      {"far from the start", "0123456789abcdef0123456789abcdef\xFF!",
       "0123456789abcdef0123456789abcdef\ufffd!"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Mended(row.bytes), row.expected) << row.name;
    EXPECT_EQ(IsUtf8(row.bytes), row.bytes == row.expected) << row.name;
  }
}

TEST(Utf8, WhateverComesIsMendedOnce) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 12, ' ');
    for (char& c : bytes) c = static_cast<char>(random() % 3 == 0 ? 'a' : 0x80 + random() % 0x80);
    const std::string mended = Mended(bytes);
    ASSERT_TRUE(IsUtf8(mended)) << testing::PrintToString(bytes);
    ASSERT_EQ(Mended(mended), mended);
  }
}

TEST(ValueText, Scaled) {
  const auto text = [](int64_t value, int decimals) {
    std::string out;
    AppendScaled(value, decimals, out);
    return out;
  };
  EXPECT_EQ(text(0, 6), "0");
  EXPECT_EQ(text(1'500'000, 6), "1.5");
  EXPECT_EQ(text(1, 6), "0.000001");
  EXPECT_EQ(text(-1, 9), "-0.000000001");
  EXPECT_EQ(text(12'000'000'000, 9), "12");
  EXPECT_EQ(text(std::numeric_limits<int64_t>::min(), 9), "-9223372036.854775808");
}

TEST(ValueText, Rfc3339) {
  const auto text = [](int64_t unix_ns, int decimals) {
    std::string out;
    AppendRfc3339(unix_ns, decimals, out);
    return out;
  };
  EXPECT_EQ(text(0, 9), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(text(1'790'000'000'123'456'789, 9), "2026-09-21T14:13:20.123456789Z");
  EXPECT_EQ(text(1'790'000'000'123'456'789, 6), "2026-09-21T14:13:20.123456Z");
  EXPECT_EQ(text(1'790'000'000'999'999'999, 3), "2026-09-21T14:13:20.999Z");
  EXPECT_EQ(text(-1, 9), "1969-12-31T23:59:59.999999999Z");
}

// Sets a variable until the end of the test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* const name_;
};

TEST(OtlpEnvironment, Endpoints) {
  EXPECT_EQ(ReadOtlpEnvironment().endpoint, "");
  const Variable general("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
  EXPECT_EQ(ReadOtlpEnvironment().endpoint, "http://collector:4318/v1/traces");
  const Variable own("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", " http://traces:1/as/it/is/ ");
  EXPECT_EQ(ReadOtlpEnvironment().endpoint, "http://traces:1/as/it/is/");
}

TEST(OtlpEnvironment, HeadersTimeoutsAndTheRest) {
  const Variable general("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b , x-team = orders,,");
  const Variable own("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "X-Team=traces%2Conly");
  const Variable timeout("OTEL_EXPORTER_OTLP_TIMEOUT", "2500");
  const Variable certificate("OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/ca.pem");
  const OtlpEnvironment found = ReadOtlpEnvironment();
  EXPECT_EQ(found.headers, (HeaderList{{"api-key", "a b"}, {"x-team", "traces,only"}}));
  EXPECT_EQ(found.timeout, std::chrono::milliseconds(2500));
  EXPECT_EQ(found.ca_file, "/etc/ca.pem");
}

TEST(OtlpEnvironment, RefusesWhatCannotBeRead) {
  const auto refused = [](const char* why, std::string_view list) {
    EXPECT_THROW(ParseHeaderList("H", list), std::invalid_argument) << why;
  };
  refused("no value", "name");
  refused("no name", "=value");
  refused("a blank in the name", "a b=c");
  refused("a line break", "a=b%0D%0Ac: d");
  EXPECT_EQ(ParseHeaderList("H", "a=100%"), (HeaderList{{"a", "100%"}}));
  EXPECT_EQ(ParseHeaderList("H", "a=%4"), (HeaderList{{"a", "%4"}}));
  EXPECT_EQ(ParseHeaderList("H", "a=%zz,b=c=d"), (HeaderList{{"a", "%zz"}, {"b", "c=d"}}));
  try {
    ParseHeaderList("OTEL_EXPORTER_OTLP_HEADERS", "authorization:secret");
    ADD_FAILURE();
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()).find("OTEL_EXPORTER_OTLP_HEADERS"), 0u) << error.what();
  }
  const Variable timeout("OTEL_EXPORTER_OTLP_TIMEOUT", "10s");
  EXPECT_THROW(ReadOtlpEnvironment(), std::invalid_argument);
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
