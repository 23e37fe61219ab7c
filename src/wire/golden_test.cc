// Runs every tests/golden/wire/*.test: bytes in, what was read out. UPDATE_GOLDEN=1 rewrites what a file
// expects; read the diff. Format: wire/wire_test_util.h. Answers are also cut everywhere.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "wire/json_read.h"
#include "wire/wire_test_util.h"

namespace pitot {
namespace {

const std::string kFolder = std::string(PITOT_SOURCE_DIR) + "/tests/golden/wire";

// Figures only: what must be right at every byte.
std::string Figures(WireResult result) {
  result.tool_calls.clear();
  result.text.clear();
  result.reasoning.clear();
  result.message_json.clear();
  return Dump(result);
}

TEST(WireGolden, EveryFile) {
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  for (const WireCase& one : WireCases(kFolder)) {
    SCOPED_TRACE(one.path);
    const std::string got = one.is_request ? Dump(ReadRequest(one.api, one.body, true))
                                           : Dump(ReadAnswer(one.api, one.options, one.body));
    if (update) {
      std::ofstream(one.path, std::ios::binary) << one.head << "body\n"
                                                << one.body << "----\n"
                                                << got;
    } else {
      EXPECT_EQ(got, one.expected)
          << "If the new result is right, run with UPDATE_GOLDEN=1 and read the diff.";
    }
  }
}

TEST(WireGolden, ChunkingDoesNotMatter) {
  for (const WireCase& one : WireCases(kFolder)) {
    if (one.is_request) continue;
    SCOPED_TRACE(one.path);
    const std::string whole = Dump(ReadAnswer(one.api, one.options, one.body));
    for (const size_t piece : {1, 2, 7, 64}) {
      ASSERT_EQ(Dump(ReadAnswer(one.api, one.options, one.body, piece)), whole)
          << "in pieces of " << piece;
    }
    for (size_t cut = 1; cut < one.body.size(); ++cut) {
      ResponseReader reader(one.api, one.options);
      reader.Put(std::string_view(one.body).substr(0, cut));
      reader.Put(std::string_view(one.body).substr(cut));
      reader.Finish();
      ASSERT_EQ(Dump(reader.Take()), whole) << "cut at " << cut;
    }
  }
}

// A stream that stops anywhere meters what arrived whole, and no more: between two ends of events
// nothing changes. (An end is where byte-wise reading first shows a change; a stream read up to there
// must show the same as one that was read in one piece.)
TEST(WireGolden, EveryPrefixMetersWhatArrived) {
  for (const WireCase& one : WireCases(kFolder)) {
    if (one.is_request || one.options.status >= 400) continue;
    SCOPED_TRACE(one.path);
    ResponseReader bytewise(one.api, one.options);
    int64_t seen_bytes = 0;
    bool meaningful = false;
    for (size_t cut = 0; cut <= one.body.size(); ++cut) {
      const std::string_view prefix = std::string_view(one.body).substr(0, cut);
      if (cut > 0) bytewise.Put(prefix.substr(cut - 1));
      ResponseReader reader(one.api, one.options);
      reader.Put(prefix);
      const std::string figures = Figures(reader.result());
      ASSERT_EQ(figures, Figures(bytewise.result())) << "cut at " << cut;
      EXPECT_GE(reader.result().output_bytes, seen_bytes) << "cut at " << cut;
      EXPECT_GE(reader.meaningful(), meaningful) << "cut at " << cut;
      seen_bytes = reader.result().output_bytes;
      meaningful = reader.meaningful();
      for (const int64_t tokens : reader.result().usage.tokens) EXPECT_GE(tokens, 0);

      reader.Finish();
      const WireResult& cut_off = reader.result();
      if (!cut_off.message_json.empty()) {
        EXPECT_TRUE(IsJson(cut_off.message_json)) << "cut at " << cut << "\n"
                                                  << cut_off.message_json;
      }
      EXPECT_GE(cut_off.output_bytes, seen_bytes) << "cut at " << cut;
    }
  }
}

TEST(WireGolden, FiguresDoNotNeedContent) {
  for (const WireCase& one : WireCases(kFolder)) {
    SCOPED_TRACE(one.path);
    if (one.is_request) {
      WireRequest full = ReadRequest(one.api, one.body, true);
      full.messages.clear();
      EXPECT_EQ(Dump(ReadRequest(one.api, one.body, false)), Dump(full));
      continue;
    }
    ResponseReader::Options options = one.options;
    options.want_content = false;
    const WireResult without = ReadAnswer(one.api, options, one.body);
    EXPECT_EQ(Figures(without), Figures(ReadAnswer(one.api, one.options, one.body)));
    EXPECT_EQ(without.message_json + without.text + without.reasoning, "");
  }
}

// What is kept is bounded; what is counted is not.
TEST(WireGolden, CaptureIsBounded) {
  for (const WireCase& one : WireCases(kFolder)) {
    if (one.is_request) continue;
    SCOPED_TRACE(one.path);
    const WireResult full = ReadAnswer(one.api, one.options, one.body);
    for (const int64_t bytes : {0, 1, 20, 100, 300}) {
      ResponseReader::Options options = one.options;
      options.capture_bytes = bytes;
      WireResult little = ReadAnswer(one.api, options, one.body);
      EXPECT_LE(little.text.size() + little.reasoning.size(), static_cast<size_t>(bytes));
      EXPECT_TRUE(little.message_json.empty() || IsJson(little.message_json));
      little.capture_cut = full.capture_cut;
      EXPECT_EQ(Figures(little), Figures(full)) << "with " << bytes << " bytes";
    }
  }
}

// Requests that end early, or are no JSON, are read as far as they go and called invalid.
TEST(WireGolden, CutRequestsAreInvalid) {
  for (const WireCase& one : WireCases(kFolder)) {
    if (!one.is_request) continue;
    SCOPED_TRACE(one.path);
    const std::string_view body = one.body;
    const size_t end = body.find_last_of('}');
    for (size_t cut = 0; cut <= end; ++cut) {
      ASSERT_FALSE(ReadRequest(one.api, body.substr(0, cut), true).valid) << "cut at " << cut;
    }
  }
}

}  // namespace
}  // namespace pitot
