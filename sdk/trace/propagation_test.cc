#include "pitot/propagation.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <map>
#include <random>
#include <unordered_map>

namespace pitot {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr char kParent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

Context Sample(bool sampled = true) {
  TraceId trace_id;
  SpanId span_id;
  for (uint8_t i = 0; i < 16; ++i) trace_id.bytes[i] = i;
  for (uint8_t i = 0; i < 8; ++i) span_id.bytes[i] = static_cast<uint8_t>(0xF0 + i);
  return Context(trace_id, span_id, sampled);
}

// Of pieces of text and runs of a character.
std::string Joined(std::initializer_list<std::string_view> pieces) {
  std::string out;
  for (const std::string_view piece : pieces) out += piece;
  return out;
}

bool Same(const Context& a, const Context& b) {
  return a.trace_id() == b.trace_id() && a.span_id() == b.span_id() && a.sampled() == b.sampled() &&
         a.tags() == b.tags() && a.baggage() == b.baggage() && a.trace_state() == b.trace_state();
}

TEST(Inject, WritesAllThatTravels) {
  const Context context =
      Sample()
          .with_tags({.feature = "check out", .user = "u1", .prompt_version = "7"})
          .with_baggage({{"tenant", "Z\xC3\xBCrich"}, {"region", "eu"}})
          .with_trace_state("acme=1,rojo=2");
  Headers headers;
  inject(context, headers);
  EXPECT_EQ(headers,
            (Headers{{"traceparent", "00-000102030405060708090a0b0c0d0e0f-f0f1f2f3f4f5f6f7-01"},
                     {"tracestate", "acme=1,rojo=2"},
                     {"baggage",
                      "pitot.feature=check%20out,pitot.user=u1,pitot.prompt_version=7,"
                      "tenant=Z%C3%BCrich,region=eu"}}));
  Headers ids;
  inject(context, ids, {.baggage = false});
  ASSERT_EQ(ids.size(), 2u) << "who must not learn a user's id gets none";
  EXPECT_EQ(ids[1].first, "tracestate");
}

TEST(Inject, ReplacesWhatWasThere) {
  Headers headers = {{"TraceParent", kParent},
                     {"Tracestate", "old=1"},
                     {"Baggage", "a=1"},
                     {"accept", "*/*"},
                     {"traceparent", "x"}};
  inject(Sample(), headers);
  EXPECT_EQ(headers,
            (Headers{{"Baggage", "a=1"},
                     {"accept", "*/*"},
                     {"traceparent", "00-000102030405060708090a0b0c0d0e0f-f0f1f2f3f4f5f6f7-01"}}))
      << "another trace's state must not go with this parent; baggage has nothing to say here";
  Headers passed_on = {{"traceparent", kParent}, {"tracestate", "a=1"}};
  const Headers before = passed_on;
  inject(Context(), passed_on);
  EXPECT_EQ(passed_on, before) << "without a trace of our own the caller's goes on";
}

TEST(Inject, TakesAnyCarrier) {
  const std::string parent = "00-000102030405060708090a0b0c0d0e0f-f0f1f2f3f4f5f6f7-00";
  std::map<std::string, std::string> map;
  inject(Sample(false), map);
  EXPECT_EQ(map["traceparent"], parent);
  std::unordered_map<std::string, std::string> hashed = {{"Traceparent", "x"}};
  inject(Sample(false), hashed);
  EXPECT_EQ(hashed, (std::unordered_map<std::string, std::string>{{"traceparent", parent}}));
  std::multimap<std::string, std::string> multi;
  inject(Sample(false), multi);
  EXPECT_EQ(multi.count("traceparent"), 1u);
  std::string seen;
  inject(Sample(false), [&](std::string_view name, std::string_view value) {
    seen.append(name).append("=").append(value);
  });
  EXPECT_EQ(seen, Joined({"traceparent=", parent}));
  const ContextScope here(Sample(false));
  std::map<std::string, std::string> current;
  inject(current);
  EXPECT_EQ(current, map);
}

TEST(Inject, LeavesOutWhatNobodyCouldRead) {
  Headers headers;
  inject(Sample().with_trace_state("not a state").with_baggage({{"bad key", "1"}, {"", "2"}}),
         headers);
  ASSERT_EQ(headers.size(), 1u);
  headers.clear();
  const std::string long_state =
      Joined({"a=", std::string(254, 'x'), ",b=", std::string(254, 'y'), ",c=3"});
  inject(Sample().with_trace_state(long_state), headers);
  EXPECT_EQ(headers[1].second, Joined({"a=", std::string(254, 'x'), ",c=3"}))
      << "whole members, the long ones from the right first";
  headers.clear();
  Baggage many;
  for (int i = 0; i < 100; ++i) many.emplace_back(Joined({"k", std::to_string(i)}), "v");
  inject(Sample().with_tags({.feature = "f"}).with_baggage(many), headers);
  EXPECT_EQ(std::ranges::count(headers[1].second, ','), 63);
  EXPECT_TRUE(headers[1].second.starts_with("pitot.feature=f,k0=v,"));
}

TEST(Inject, ATagCountsBeforeBaggageOfItsName) {
  Headers headers;
  inject(Sample().with_tags({.user = "u2"}).with_baggage({{"pitot.user", "u1"}, {"a", "1"}}),
         headers);
  EXPECT_EQ(headers[1].second, "pitot.user=u2,a=1");
}

TEST(Extract, ReadsWhatTravels) {
  const Extracted in = extract(Headers{{"TRACEPARENT", kParent},
                                       {"TraceState", "rojo=00f067aa0ba902b7"},
                                       {"tracestate", "congo=t61rcWkgMzE"},
                                       {"Baggage", "pitot.feature=check%20out , tenant=a=b;ttl=3"},
                                       {"baggage", "user.id=u7"},
                                       {"accept", "*/*"}});
  EXPECT_TRUE(in.ok()) << in.problems[0];
  EXPECT_TRUE(in.context.valid());
  EXPECT_EQ(in.context.trace_id_hex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(in.context.span_id_hex(), "b7ad6b7169203331");
  EXPECT_TRUE(in.context.sampled());
  EXPECT_EQ(in.context.trace_state(), "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
  EXPECT_EQ(in.context.tags(), (Tags{.feature = "check out", .user = "u7"}));
  EXPECT_EQ(in.context.baggage(), (Baggage{{"tenant", "a=b"}, {"user.id", "u7"}}));
}

TEST(Extract, AcceptsTraceparents) {
  const auto good = [](const char* why, const std::string& parent, bool sampled) {
    const Extracted in = extract(std::map<std::string, std::string>{{"traceparent", parent}});
    EXPECT_TRUE(in.ok()) << why;
    EXPECT_EQ(in.context.trace_id_hex(), "12345678901234567890123456789012") << why;
    EXPECT_EQ(in.context.span_id_hex(), "1234567890123456") << why;
    EXPECT_EQ(in.context.sampled(), sampled) << why;
  };
  const std::string ids = "12345678901234567890123456789012-1234567890123456";
  good("sampled", Joined({"00-", ids, "-01"}), true);
  good("not sampled", Joined({"00-", ids, "-00"}), false);
  good("unknown flags are ignored", Joined({"00-", ids, "-fe"}), false);
  good("level 2's flag of random ids", Joined({"00-", ids, "-03"}), true);
  good("a version to come", Joined({"cc-", ids, "-01"}), true);
  good("a version to come, and more behind", Joined({"cc-", ids, "-01-what-comes"}), true);
  good("spaces around", Joined({" 00-", ids, "-01\t"}), true);
}

TEST(Extract, RejectsTraceparents) {
  const auto bad = [](const std::string& why, const Headers& headers) {
    const Extracted in = extract(headers);
    EXPECT_FALSE(in.context.valid()) << why;
    EXPECT_TRUE(in.context.trace_state().empty()) << why;
    ASSERT_FALSE(in.ok()) << why;
    EXPECT_NE(in.problems[0].find(why), std::string::npos) << in.problems[0];
  };
  const auto parent = [](const std::string& text) {
    return Headers{{"traceparent", text}, {"tracestate", "a=1"}};
  };
  const std::string ids = "12345678901234567890123456789012-1234567890123456";
  bad("it is empty", parent(""));
  bad("version ff", parent(Joined({"ff-", ids, "-01"})));
  bad("longer than", parent(Joined({"00-", ids, "-01."})));
  bad("longer than", parent(Joined({"00-", ids, "-01-what-comes"})));
  bad("no dash behind", parent(Joined({"cc-", ids, "-01.what-comes"})));
  bad("version is not", parent(Joined({".0-", ids, "-01"})));
  bad("not version-traceid", parent(Joined({"000-", ids, "-01"})));
  bad("shorter", parent(Joined({"0-", ids, "-01"})));
  bad("trace id is all zero", parent("00-00000000000000000000000000000000-1234567890123456-01"));
  bad("parent id is all zero", parent("00-12345678901234567890123456789012-0000000000000000-01"));
  bad("trace id is not", parent("00-.2345678901234567890123456789012-1234567890123456-01"));
  bad("trace id is not", parent("00-1234567890123456789012345678901A-1234567890123456-01"));
  bad("parent id is not", parent("00-12345678901234567890123456789012-123456789012345.-01"));
  bad("flags are not", parent(Joined({"00-", ids, "-.0"})));
  bad("flags are not", parent(Joined({"00-", ids, "-0A"})));
  bad("there 2 times",
      {{"traceparent", Joined({"00-", ids, "-01"})}, {"Traceparent", Joined({"00-", ids, "-01"})}});
  bad("without a traceparent",
      {{"tracestate", "a=1"}, {"trace-parent", Joined({"00-", ids, "-01"})}});
  const Extracted in = extract(Headers{{"traceparent", "x"}, {"baggage", "pitot.user=u1,a=1"}});
  EXPECT_EQ(in.context.tags().user, "u1") << "baggage does not need a trace";
  EXPECT_EQ(in.context.baggage(), (Baggage{{"a", "1"}}));
}

TEST(Extract, DropsABadStateButKeepsTheParent) {
  const auto bad = [](const char* why, const std::string& state) {
    const Extracted in = extract(Headers{{"traceparent", kParent}, {"tracestate", state}});
    EXPECT_TRUE(in.context.valid()) << why;
    EXPECT_EQ(in.context.trace_state(), "") << why;
    EXPECT_EQ(in.problems.size(), 1u) << why;
  };
  bad("no value", "foo");
  bad("upper case", "FOO=1");
  bad("space in a key", "foo =1");
  bad("= in a value", "foo=bar=baz");
  bad("twice", "foo=1,bar=2,foo=3");
  bad("begins with @", "@foo=1");
  bad("a long value", Joined({"foo=", std::string(257, 'v')}));
  std::string many;
  for (int i = 0; i < 33; ++i) many += std::string("k").append(std::to_string(i)) + "=1,";
  bad("33 members", many);
  const std::string large =
      Joined({"a=1,b=", std::string(200, 'x'),
              ",c=", std::string(200, 'y') + ",d=", std::string(100, 'z'), ",e=2"});
  const Extracted in = extract(Headers{{"traceparent", kParent}, {"tracestate", large}});
  EXPECT_EQ(in.context.trace_state().size(), 313u) << "whole members of at most 512 characters";
  EXPECT_EQ(in.problems, (std::vector<std::string>{
                             "tracestate of 516 characters cut to whole members of at most 512"}));
  EXPECT_TRUE(extract(Headers{{"traceparent", kParent}, {"tracestate", ""}}).ok());
}

TEST(Extract, LeavesOutBadBaggageOneByOne) {
  const Extracted in = extract(Headers{{"baggage", "a=1,b c=2,=3,d,e=\"x\",f=%F0%9F%98%80,g=%C3"}});
  EXPECT_EQ(in.context.baggage(),
            (Baggage{{"a", "1"}, {"f", "\xF0\x9F\x98\x80"}, {"g", "\xEF\xBF\xBD"}}));
  EXPECT_EQ(in.problems.size(), 4u);
  const std::string large = Joined({"a=", std::string(5'000, 'x'), ",b=", std::string(5'000, 'y')});
  const Extracted cut = extract(Headers{{"baggage", large}});
  EXPECT_EQ(cut.context.baggage().size(), 1u);
  EXPECT_EQ(cut.problems.size(), 1u);
}

TEST(Extract, TagsAreCutNotTrusted) {
  const Extracted in =
      extract(Headers{{"baggage", Joined({"pitot.user=", std::string(1'000, 'u')})}});
  EXPECT_EQ(in.context.tags().user.size(), 256u);
}

TEST(Extract, TakesAGetter) {
  const std::map<std::string, std::string> store = {{"traceparent", kParent}, {"baggage", "a=1"}};
  const Extracted in = extract([&](std::string_view name) -> std::optional<std::string> {
    const auto found = store.find(std::string(name));
    if (found == store.end()) return std::nullopt;
    return found->second;
  });
  EXPECT_TRUE(in.ok());
  EXPECT_TRUE(in.context.valid());
  EXPECT_EQ(in.context.baggage().size(), 1u);
}

TEST(Extract, CutHeadersAreNoTrace) {
  const std::string parent = kParent;
  for (size_t cut = 0; cut < parent.size(); ++cut) {
    EXPECT_FALSE(extract(Headers{{"traceparent", parent.substr(0, cut)}}).context.valid());
  }
  const std::string baggage = "pitot.user=a%20b;p=1 , tenant=%C3%BC,x=1";
  for (size_t cut = 0; cut < baggage.size(); ++cut) {
    EXPECT_LE(extract(Headers{{"baggage", baggage.substr(0, cut)}}).context.baggage().size(), 2u);
  }
}

std::string RandomText(std::mt19937& random, size_t bytes_max) {
  static const std::vector<std::string> kPieces = {
      "a", "Z", "0", " ", ",", ";", "=", "%", "\"", "\\", "\n", "\xC3\xA9", "\xF0\x9F\x98\x80"};
  std::string text;
  for (size_t n = random() % 12; n > 0; --n) {
    const std::string& piece = kPieces[random() % kPieces.size()];
    if (text.size() + piece.size() <= bytes_max) text += piece;
  }
  return text;
}

TEST(Propagation, WhatIsInjectedIsExtracted) {
  std::mt19937 random(3);
  for (int i = 0; i < 2'000; ++i) {
    TraceId trace_id;
    SpanId span_id;
    for (uint8_t& byte : trace_id.bytes) byte = static_cast<uint8_t>(random());
    for (uint8_t& byte : span_id.bytes) byte = static_cast<uint8_t>(random());
    Context context(trace_id, span_id, random() % 2 == 0);
    if (random() % 2 == 0) {
      context = context.with_tags({.feature = RandomText(random, 40),
                                   .user = RandomText(random, 40),
                                   .session = RandomText(random, 40),
                                   .workflow = RandomText(random, 40),
                                   .agent = RandomText(random, 40),
                                   .prompt = RandomText(random, 40),
                                   .prompt_version = RandomText(random, 40)});
    }
    Baggage baggage;
    for (size_t n = random() % 6; n > 0; --n) {
      baggage.emplace_back(Joined({"key", std::to_string(random() % 4)}), RandomText(random, 60));
    }
    if (!baggage.empty()) context = context.with_baggage(baggage);
    std::string state;
    for (size_t n = random() % 6; n > 0; --n) {
      if (!state.empty()) state += ',';
      state += Joined({"k", std::to_string(n), "@x=v ", std::to_string(random())});
    }
    if (!state.empty()) context = context.with_trace_state(state);

    std::unordered_map<std::string, std::string> headers;
    inject(context, headers);
    const Extracted back = extract(headers);
    EXPECT_TRUE(back.ok()) << back.problems[0];
    EXPECT_TRUE(Same(back.context, context));

    const ChildEnvironment child =
        child_environment(context, std::vector<std::string>{"PATH=/bin"});
    EXPECT_EQ(child.variables()[0], "PATH=/bin");
    EXPECT_EQ(child.variables().size(), 1 + headers.size());
  }
}

TEST(Environment, ReplacesOurVariablesOnly) {
  const std::vector<std::string> base = {"TRACEPARENT=old", "PATH=/bin",         "BAGGAGE=a=1",
                                         "TRACESTATE=x=1",  "TRACEPARENTS=kept", "EMPTY="};
  const ChildEnvironment child = child_environment(Sample(), base);
  EXPECT_EQ(child.variables(),
            (std::vector<std::string>{
                "PATH=/bin", "TRACEPARENTS=kept",
                "EMPTY=", "TRACEPARENT=00-000102030405060708090a0b0c0d0e0f-f0f1f2f3f4f5f6f7-01"}));
  char* const* envp = child.envp();
  for (const std::string& variable : child.variables()) EXPECT_EQ(*envp++, variable);
  EXPECT_EQ(*envp, nullptr);
  EXPECT_EQ(child_environment(Context(), base).variables().size(), 3u);
}

TEST(Environment, ReachesAChildProcess) {
  const Context context = Sample().with_tags({.feature = "check out"});
  // A move must leave envp() valid.
  ChildEnvironment first = child_environment(context);
  const ChildEnvironment child = std::move(first);
  std::string script =
      "[ \"$TRACEPARENT\" = 00-000102030405060708090a0b0c0d0e0f-f0f1f2f3f4f5f6f7-01 ] && "
      "[ \"$BAGGAGE\" = pitot.feature=check%20out ] && [ -n \"$PATH\" ]";
  char shell[] = "/bin/sh";
  char flag[] = "-c";
  char* argv[] = {shell, flag, script.data(), nullptr};
  pid_t pid = 0;
  ASSERT_EQ(posix_spawn(&pid, shell, nullptr, nullptr, argv, child.envp()), 0);
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "the shell saw other variables";
}

TEST(Environment, IsReadAtTheStart) {
  ::setenv("TRACEPARENT", kParent, 1);
  ::setenv("TRACESTATE", "a=1", 1);
  ::setenv("BAGGAGE", "pitot.session=s1", 1);
  const Extracted in = extract_from_environment();
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.context.trace_id_hex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(in.context.trace_state(), "a=1");
  EXPECT_EQ(in.context.tags().session, "s1");
  ::setenv("TRACEPARENT", "", 1);
  ::unsetenv("TRACESTATE");
  ::unsetenv("BAGGAGE");
  EXPECT_TRUE(extract_from_environment().ok()) << "an empty variable is none";
  EXPECT_FALSE(extract_from_environment().context.valid());
  ::unsetenv("TRACEPARENT");
}

}  // namespace
}  // namespace pitot
