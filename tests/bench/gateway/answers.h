// tests/bench/gateway/answers.h
//
// What the stand-in for a provider says: whole answers of 1 KB and the events of a stream, in the
// shape of each API.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pitot::bench {

enum class Api { kOpenAi, kAnthropic };

// By the path of the request.
Api ApiOf(std::string_view path);

// A whole answer, head included, on a connection that is kept. The same bytes each time.
const std::string& WholeAnswer(Api api);

// The head of a stream in chunks.
std::string_view StreamHead();
// The n-th event as one chunk; it tells when it was sent. n counts from 0.
std::string StreamEvent(Api api, int n, int64_t sent_ns);
// What ends a stream that had `events` of them, the last chunk included.
std::string StreamEnd(Api api, int events);

}  // namespace pitot::bench
