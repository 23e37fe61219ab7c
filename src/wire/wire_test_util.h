// wire/wire_test_util.h
//
// The files of tests/golden/wire, and what was read as text. For tests. The format:
//
//   # comment                    any number
//   request API | answer API | stream API
//   status CODE                  of an answer, else 200
//   cache_ttl 1h                 of the request
//   body
//   the exact bytes on the wire
//   ----
//   what was read, one member a line
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/request.h"
#include "wire/response.h"

namespace pitot {

struct WireCase {
  std::string path;
  std::string head;  // All up to the body.
  std::string body;
  std::string expected;
  bool is_request = false;
  WireApi api = WireApi::kOther;
  ResponseReader::Options options;
  std::string cache_ttl;
};

// All files of `folder` in order of their names. A file that is not of the format fails the test that
// asks.
std::vector<WireCase> WireCases(const std::string& folder);

// What is not empty or zero.
std::string Dump(const WireResult& result);
std::string Dump(const WireRequest& request);

// Feeds `body` in pieces of `piece_bytes`.
WireResult ReadAnswer(WireApi api, const ResponseReader::Options& options, std::string_view body,
                      size_t piece_bytes);
inline WireResult ReadAnswer(WireApi api, const ResponseReader::Options& options,
                             std::string_view body) {
  return ReadAnswer(api, options, body, body.size() + 1);
}

}  // namespace pitot
