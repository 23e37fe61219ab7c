#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "pitot/span.h"
#include "sdk/trace/pool_test_util.h"

namespace pitot {
namespace {

using testing::ElementsAre;
using testing::Pair;

class SpanErrors : public testing::Test {
 protected:
  PlainSpan Only() {
    std::vector<PlainSpan> spans = pool_.Take();
    EXPECT_EQ(spans.size(), 1u);
    return std::move(spans.at(0));
  }

  TestPool pool_;
};

TEST_F(SpanErrors, ACallableThatThrowsIsRecordedAndThrownOn) {
  EXPECT_THROW(traced("search", Kind::kTool, [] { throw std::out_of_range("page 9 of 3"); }),
               std::out_of_range);
  EXPECT_FALSE(Context::current().valid());
  const PlainSpan span = Only();
  EXPECT_EQ(span.status, SpanStatus::kError);
  EXPECT_EQ(span.status_message, "page 9 of 3");
  EXPECT_EQ(span["error.type"], "std::out_of_range");
  EXPECT_EQ(span["pitot.error_category"], "internal");
  ASSERT_EQ(span.events.size(), 1u);
  EXPECT_EQ(span.events[0].name, "exception");
  EXPECT_THAT(span.events[0].attributes, ElementsAre(Pair("exception.type", "std::out_of_range"),
                                                     Pair("exception.message", "page 9 of 3")));
}

TEST_F(SpanErrors, AScopeLeftByAnExceptionFails) {
  try {
    const Span span = traced("scope");
    throw 7;
  } catch (int) {
  }
  const PlainSpan span = Only();
  EXPECT_EQ(span.status, SpanStatus::kError);
  EXPECT_EQ(span.status_message, "left by an exception");
  EXPECT_EQ(span["error.type"], "exception");
}

TEST_F(SpanErrors, WhatWasSaidBeforeStands) {
  try {
    Span span = traced("scope");
    span.fail("quota", "no more today", ErrorCategory::kQuota);
    throw 7;
  } catch (int) {
  }
  const PlainSpan span = Only();
  EXPECT_EQ(span.status_message, "no more today");
  EXPECT_EQ(span["error.type"], "quota");
  EXPECT_EQ(span["pitot.error_category"], "quota");
}

struct TracesWhenDestroyed {
  ~TracesWhenDestroyed() { const Span span = traced("cleanup"); }
};

TEST_F(SpanErrors, ASpanOpenedWhileUnwindingIsNotFailed) {
  try {
    const TracesWhenDestroyed here;
    throw std::runtime_error("on its way");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(Only().status, SpanStatus::kUnset);
}

TEST_F(SpanErrors, ASpanCaughtInsideIsNotFailed) {
  {
    const Span span = traced("scope");
    try {
      throw std::runtime_error("handled");
    } catch (const std::runtime_error&) {
    }
  }
  EXPECT_EQ(Only().status, SpanStatus::kUnset);
}

TEST_F(SpanErrors, NestedExceptionsAreRecordedOutermostFirst) {
  const auto fails = [] {
    try {
      try {
        throw std::system_error(std::make_error_code(std::errc::timed_out), "recv");
      } catch (...) {
        std::throw_with_nested(std::runtime_error("cannot read the page"));
      }
    } catch (...) {
      std::throw_with_nested(std::runtime_error("cannot answer"));
    }
  };
  EXPECT_THROW(traced("answer", Kind::kAgent, fails), std::runtime_error);
  const PlainSpan span = Only();
  EXPECT_EQ(span.status_message, "cannot answer");
  ASSERT_EQ(span.events.size(), 3u);
  EXPECT_EQ(span.events[1].attributes[1].second, "cannot read the page");
  EXPECT_EQ(span.events[2].attributes[0].second, "std::system_error");
}

TEST_F(SpanErrors, NestingHasAnEnd) {
  const auto nest = [](const auto& self, int depth) -> void {
    try {
      if (depth > 0) self(self, depth - 1);
      if (depth == 0) throw std::runtime_error("innermost");
    } catch (...) {
      std::throw_with_nested(std::runtime_error(std::to_string(depth)));
    }
  };
  EXPECT_THROW(traced("deep", Kind::kSpan, [&] { nest(nest, 30); }), std::runtime_error);
  EXPECT_EQ(Only().events.size(), 8u);
}

TEST_F(SpanErrors, TellsTypeMessageAndCategory) {
  const auto check = [&](std::exception_ptr error, std::string_view type, std::string_view message,
                         std::string_view category) {
    { traced("span").fail(error); }
    const PlainSpan span = Only();
    EXPECT_EQ(span.status, SpanStatus::kError);
    EXPECT_EQ(span["error.type"], type);
    EXPECT_EQ(span.status_message, message);
    EXPECT_EQ(span["pitot.error_category"], category) << type;
  };
  const auto code = [](std::errc errc) {
    return std::make_exception_ptr(std::system_error(std::make_error_code(errc)));
  };
  check(std::make_exception_ptr(std::runtime_error("x")), "std::runtime_error", "x", "unknown");
  check(std::make_exception_ptr(std::bad_alloc()), "std::bad_alloc", "std::bad_alloc", "internal");
  check(code(std::errc::timed_out), "std::system_error", "Connection timed out", "timeout");
  check(code(std::errc::connection_refused), "std::system_error", "Connection refused", "network");
  check(code(std::errc::operation_canceled), "std::system_error", "Operation canceled",
        "cancelled");
  check(std::make_exception_ptr(std::string("a text")), "std::string", "a text", "unknown");
  check(std::make_exception_ptr(static_cast<const char*>("literal")), "char const*", "literal",
        "unknown");
  check(std::make_exception_ptr(7), "int", "", "unknown");
}

TEST_F(SpanErrors, ANullExceptionIsAFailureWithoutAnEvent) {
  { traced("span").fail(std::exception_ptr()); }
  const PlainSpan span = Only();
  EXPECT_EQ(span.status, SpanStatus::kError);
  EXPECT_TRUE(span.events.empty());
}

TEST_F(SpanErrors, TheFirstFailureDecides) {
  {
    Span span = traced("span");
    span.fail(std::runtime_error("first"));
    span.fail("second", "later", ErrorCategory::kTimeout);
  }
  const PlainSpan span = Only();
  EXPECT_EQ(span.status_message, "first");
  EXPECT_EQ(span["pitot.error_category"], "unknown");
  EXPECT_EQ(span.events.size(), 2u);
}

}  // namespace
}  // namespace pitot
