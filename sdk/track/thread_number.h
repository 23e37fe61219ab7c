// sdk/track/thread_number.h
//
// A small number for each thread, by which work is spread over shards: threads started one after the
// other have numbers that follow each other, so that as many threads as shards share none. Any thread.
#pragma once

#include <cstddef>

namespace pitot {
inline namespace sdk {

// The same for the thread's whole life.
size_t ThreadNumber();

}  // namespace sdk
}  // namespace pitot
