#include "cmd/import_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "base/status.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;

std::string Field(int number, std::string_view bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) out += static_cast<char>(size | 0x80);
  return out + static_cast<char>(size) + std::string(bytes);
}

// An ExportTraceServiceRequest with `resources` resources of `spans` spans each.
std::string Request(int resources, int spans) {
  std::string scope;
  for (int i = 0; i < spans; ++i) scope += Field(2, "span");
  std::string request;
  for (int i = 0; i < resources; ++i) request += Field(1, Field(2, scope));
  return request;
}

std::string Frame(const std::string& body) {
  const auto bytes = static_cast<uint32_t>(body.size());
  std::string out(4, '\0');
  std::memcpy(out.data(), &bytes, 4);
  return out + body;
}

constexpr std::string_view kOtlpLine =
    R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"a"},{"spanId":"b"}]}]}]})";

TEST(DetectFormat, ByContent) {
  const auto is = [](std::string_view content, ImportFormat format) {
    const auto detected = DetectFormat(content);
    ASSERT_TRUE(detected.ok()) << detected.status().ToString();
    EXPECT_EQ(Name(*detected), Name(format));
  };
  is(R"({"trace_id":"a","name":"x"})"
     "\n"
     R"({"trace_id":"b"})",
     ImportFormat::kJsonLines);
  is("\n\n  {\"name\":\"x\"}\n", ImportFormat::kJsonLines);
  is(std::string(kOtlpLine) + "\n" + std::string(kOtlpLine), ImportFormat::kOtlpJsonLines);
  is("\xef\xbb\xbf" + std::string(kOtlpLine), ImportFormat::kOtlpJsonLines);
  is("{\n \"resourceSpans\": [\n ]\n}\n", ImportFormat::kOtlpJson);
  is(R"({"resourceLogs":[]})", ImportFormat::kOtlpJsonLines);
  is(Request(2, 3), ImportFormat::kOtlpProto);
  is(Frame(Request(1, 1)) + Frame(Request(1, 2)), ImportFormat::kFramedProto);
}

TEST(DetectFormat, SaysWhatItIsInstead) {
  const auto bad = [](std::string_view content, const char* words) {
    EXPECT_THAT(std::string(Message(DetectFormat(content).status())), HasSubstr(words));
  };
  bad("", "empty");
  bad("\x1f\x8b\x08", "gunzip");
  bad("\x28\xb5\x2f\xfd", "unzstd");
  bad("[{\"name\":\"x\"}]", "one span a line");
  bad("name,start\nx,1\n", "none of the formats");
}

std::vector<ImportPiece> Pieces(std::string_view content, ImportFormat format, size_t bytes_max) {
  ImportCutter cutter(content, format);
  std::vector<ImportPiece> pieces;
  while (true) {
    const auto piece = cutter.Next(bytes_max);
    EXPECT_TRUE(piece.ok()) << piece.status().ToString();
    if (!piece.ok() || piece->body.empty()) return pieces;
    pieces.push_back(*piece);
  }
}

TEST(ImportCutter, LinesAreNeverCut) {
  const std::string content = "{\"a\":1}\n{\"b\":22}\r\n\n{\"c\":3}";
  for (size_t bytes = 1; bytes < content.size() + 2; ++bytes) {
    std::string joined;
    for (const ImportPiece& piece : Pieces(content, ImportFormat::kJsonLines, bytes)) {
      joined += piece.body;
      EXPECT_EQ(piece.body.front(), '{') << bytes;
      EXPECT_EQ(piece.line, piece.body.starts_with("{\"a")   ? 1u
                            : piece.body.starts_with("{\"b") ? 2u
                                                             : 4u);
    }
    std::erase(joined, '\n');
    EXPECT_EQ(joined, "{\"a\":1}{\"b\":22}\r{\"c\":3}") << "pieces of " << bytes;
  }
}

TEST(ImportCutter, EachSignalGoesToItsPath) {
  const std::string content =
      std::string(kOtlpLine) + "\n{\"resourceLogs\":[]}\n{\"resourceMetrics\":[]}\n";
  const auto pieces = Pieces(content, ImportFormat::kOtlpJsonLines, 1 << 20);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].path, "/v1/traces");
  EXPECT_EQ(pieces[1].path, "/v1/logs");
  EXPECT_EQ(pieces[2].path, "/v1/metrics");
  EXPECT_EQ(pieces[2].line, 3u);
  EXPECT_EQ(CountSpans(ImportFormat::kOtlpJsonLines, pieces[0].body), 2u);
}

TEST(ImportCutter, RequestsAreCutBetweenResources) {
  const std::string content = Request(10, 30);
  for (size_t bytes = 1; bytes < content.size() + 10; bytes += 37) {
    uint64_t spans = 0;
    std::string joined;
    for (const ImportPiece& piece : Pieces(content, ImportFormat::kOtlpProto, bytes)) {
      spans += CountSpans(ImportFormat::kOtlpProto, piece.body);
      joined += piece.body;
    }
    EXPECT_EQ(spans, 300u) << "pieces of " << bytes;
    EXPECT_EQ(joined, content);
  }
}

TEST(ImportCutter, FramesAreRequests) {
  const std::string content = Frame(Request(1, 1)) + Frame(Request(1, 2));
  const auto pieces = Pieces(content, ImportFormat::kFramedProto, 1 << 20);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(CountSpans(ImportFormat::kFramedProto, pieces[1].body), 2u);
  ImportCutter cut(std::string_view(content).substr(0, content.size() - 1),
                   ImportFormat::kFramedProto);
  EXPECT_TRUE(cut.Next(1).ok());
  EXPECT_THAT(std::string(Message(cut.Next(1).status())),
              HasSubstr("ends inside body 2, which begins at byte"));
}

TEST(DetectFormat, KnowsFramesCutAnywhere) {
  const std::string content = Frame(Request(2, 3)) + Frame(Request(1, 2));
  for (size_t bytes = 5; bytes <= content.size(); ++bytes) {
    const auto format = DetectFormat(std::string_view(content).substr(0, bytes));
    ASSERT_TRUE(format.ok()) << bytes << " bytes: " << format.status().ToString();
    EXPECT_EQ(Name(*format), Name(ImportFormat::kFramedProto)) << bytes << " bytes";
  }
}

TEST(DetectFormat, TellsFramesFromRequestsWhateverTheirLength) {
  // From one to three bytes of length, and frames whose length begins like a request.
  for (const int spans : {1, 20, 21, 30, 86, 5'000}) {
    const std::string request = Request(1, spans);
    EXPECT_EQ(Name(*DetectFormat(request)), Name(ImportFormat::kOtlpProto)) << request.size();
    for (size_t pad = 0; pad < 256; ++pad) {
      // An unknown field 15 of `pad` bytes makes requests of every length.
      const std::string padded = request + Field(15, std::string(pad, 'x'));
      EXPECT_EQ(Name(*DetectFormat(Frame(padded) + Frame(request))),
                Name(ImportFormat::kFramedProto))
          << padded.size();
    }
  }
}

TEST(ReadOtlpReply, BothEncodings) {
  EXPECT_EQ(ReadOtlpReply("", false).rejected, 0);
  EXPECT_EQ(ReadOtlpReply("{}", true).rejected, 0);
  const auto json =
      ReadOtlpReply(R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}})", true);
  EXPECT_EQ(json.rejected, 3);
  EXPECT_EQ(json.message, "no");
  const auto proto = ReadOtlpReply(Field(1, std::string("\x08\x05", 2) + Field(2, "why")), false);
  EXPECT_EQ(proto.rejected, 5);
  EXPECT_EQ(proto.message, "why");
  EXPECT_EQ(ReadOtlpReply("\xff\xff", false).rejected, 0);
}

}  // namespace
}  // namespace pitot
