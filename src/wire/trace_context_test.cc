#include "wire/trace_context.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

constexpr char kTrace[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kSpan[] = "b7ad6b7169203331";

std::string Parent(std::string_view version, std::string_view flags, std::string_view rest = "") {
  return std::string(version) + "-" + kTrace + "-" + kSpan + "-" + std::string(flags) +
         std::string(rest);
}

TEST(TraceParent, Accepts) {
  const auto good = [](const char* why, const std::string& header, bool sampled, bool random) {
    const std::optional<TraceParent> parent = ParseTraceParent(header);
    ASSERT_TRUE(parent.has_value()) << why;
    EXPECT_EQ(FormatTraceParent(*parent).substr(3, 32), kTrace) << why;
    EXPECT_EQ(parent->sampled, sampled) << why;
    EXPECT_EQ(parent->random_trace_id, random) << why;
  };
  good("not sampled", Parent("00", "00"), false, false);
  good("sampled", Parent("00", "01"), true, false);
  good("random", Parent("00", "03"), true, true);
  good("unknown flags are ignored", Parent("00", "fd"), true, false);
  good("a later version, same length", Parent("01", "01"), true, false);
  good("a later version, more behind", Parent("cc", "01", "-what-the-future-brings"), true, false);
  good("spaces around", "\t " + Parent("00", "01") + " ", true, false);
}

TEST(TraceParent, Rejects) {
  const auto bad = [](const char* why, const std::string& header) {
    std::string problem;
    EXPECT_FALSE(ParseTraceParent(header, &problem).has_value()) << why;
    EXPECT_TRUE(problem.starts_with("traceparent \"")) << why << ": " << problem;
  };
  const std::string whole = Parent("00", "01");
  bad("empty", "");
  bad("version ff", Parent("ff", "01"));
  bad("version not hex", Parent("0x", "01"));
  bad("version in upper case", Parent("0A", "01"));
  bad("version 00 with more behind", whole + "-x");
  bad("version 00 with a dash behind", whole + "-");
  bad("later version, no dash at 55", Parent("01", "01", "x"));
  bad("later version, too short", Parent("01", "01").substr(0, 54));
  bad("upper case trace id", "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  bad("upper case parent id", "00-0af7651916cd43dd8448eb211c80319c-B7ad6b7169203331-01");
  bad("upper case flags", Parent("00", "0A"));
  bad("zero trace id", "00-00000000000000000000000000000000-b7ad6b7169203331-01");
  bad("zero parent id", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01");
  bad("trace id not hex", "00-0af7651916cd43dd8448eb211c80319z-b7ad6b7169203331-01");
  bad("flags not hex", Parent("00", "0x"));
  bad("a space inside", "00- af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  bad("wrong separator", "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  for (size_t cut = 0; cut < whole.size(); ++cut) bad("cut", whole.substr(0, cut));
}

TEST(TraceParent, IsWrittenAsVersion00) {
  const std::string again = FormatTraceParent(*ParseTraceParent(Parent("cc", "ff", "-x")));
  EXPECT_EQ(again, Parent("00", "03"));
  EXPECT_EQ(ParseTraceParent(again), ParseTraceParent(Parent("00", "03")));
}

TEST(TraceContext, NeedsExactlyOneTraceparent) {
  const std::string one = Parent("00", "01");
  const std::vector<std::string_view> none;
  const std::vector<std::string_view> two = {one, one};
  const std::vector<std::string_view> invalid = {"00-x"};
  const std::vector<std::string_view> good = {one};
  EXPECT_FALSE(ParseTraceContext(none, "a=1").has_value());
  EXPECT_FALSE(ParseTraceContext(two, "a=1").has_value());
  EXPECT_FALSE(ParseTraceContext(invalid, "a=1").has_value());
  ASSERT_TRUE(ParseTraceContext(good, "bad state").has_value()) << "state never invalidates parent";
  EXPECT_TRUE(ParseTraceContext(good, "bad state")->state.empty());
  EXPECT_EQ(ParseTraceContext(good, "a=1")->state.size(), 1u);
}

TEST(TraceState, Accepts) {
  const auto good = [](const char* why, const std::string& header,
                       const std::vector<TraceStateMember>& members) {
    EXPECT_EQ(ParseTraceState(header), members) << why;
  };
  good("one", "rojo=00f067aa0ba902b7", {{"rojo", "00f067aa0ba902b7"}});
  good("spaces, tabs and empty members", " a=1\t,,\t b=2 , ", {{"a", "1"}, {"b", "2"}});
  good("tenant", "fw529a3039@dt=FfAAAKgA", {{"fw529a3039@dt", "FfAAAKgA"}});
  good("key starts with a digit", "0a_-*/=x", {{"0a_-*/", "x"}});
  good("leading space of a value stays, trailing goes", "a= x y ,b=1", {{"a", " x y"}, {"b", "1"}});
  good("longest", std::string(256, 'k') + "=" + std::string(256, 'v'),
       {{std::string(256, 'k'), std::string(256, 'v')}});
  std::string most;
  for (int i = 0; i < 32; ++i) most += std::string("k").append(std::to_string(i)) + "=v,";
  EXPECT_EQ(ParseTraceState(most).size(), 32u);
}

TEST(TraceState, DropsTheWholeList) {
  const auto bad = [](const char* why, const std::string& header) {
    std::string problem;
    EXPECT_TRUE(ParseTraceState(header, &problem).empty()) << why;
    EXPECT_TRUE(problem.starts_with("tracestate left out, at ")) << why << ": " << problem;
  };
  bad("no value", "a=1,b");
  bad("empty value", "a=1,b=");
  bad("upper case key", "a=1,B=2");
  bad("key starts with a sign", "a=1,_b=2");
  bad("space before =", "a=1,b =2");
  bad("= in a value", "a=1,b=2=3");
  bad("control character", "a=1,b=\x01");
  bad("not ASCII", "a=1,b=\xC3\xA9");
  bad("repeated key", "a=1,b=2,a=3");
  bad("long key", std::string(257, 'k') + "=v");
  bad("long value", "k=" + std::string(257, 'v'));
  std::string many;
  for (int i = 0; i < 33; ++i) many += std::string("k").append(std::to_string(i)) + "=v,";
  bad("33 members", many);
}

TEST(TraceState, IsTruncatedByWholeMembers) {
  const std::vector<TraceStateMember> members = {
      {"own", "1"}, {"long", std::string(200, 'x')}, {"b", std::string(90, 'y')}, {"c", "2"}};
  EXPECT_EQ(ParseTraceState(FormatTraceState(members)), members);
  EXPECT_EQ(FormatTraceState(members, 200), "own=1,b=" + std::string(90, 'y') + ",c=2");
  EXPECT_EQ(FormatTraceState(members, 98), "own=1,b=" + std::string(90, 'y'));
  EXPECT_EQ(FormatTraceState(members, 10), "own=1");
  EXPECT_EQ(FormatTraceState({}, 10), "");
}

TEST(Baggage, Parses) {
  const auto is = [](const char* why, const std::string& header,
                     const std::vector<BaggageMember>& members) {
    EXPECT_EQ(ParseBaggage(header), members) << why;
  };
  is("two", "feature=checkout,user=u1", {{"feature", "checkout", ""}, {"user", "u1", ""}});
  is("spaces", " feature =\tcheckout ; p ; q=1 , b=2",
     {{"feature", "checkout", "p ; q=1"}, {"b", "2", ""}});
  is("percent", "a=%F0%9F%98%80%20x", {{"a", "\xF0\x9F\x98\x80 x", ""}});
  is("plus is a plus", "a=1+1", {{"a", "1+1", ""}});
  is("percent without digits", "a=100%", {{"a", "100%", ""}});
  is("broken UTF-8", "a=%C3%28", {{"a", "\uFFFD(", ""}});
  is("= in the value", "a=b=c", {{"a", "b=c", ""}});
  is("empty value", "a=", {{"a", "", ""}});
  is("case matters", "A=1,a=2", {{"A", "1", ""}, {"a", "2", ""}});
  is("malformed members are skipped", "no-value,=x,b c=1,q=\"x\",s=a b,,ok=1", {{"ok", "1", ""}});
  is("nothing", "", {});
}

TEST(Baggage, TheLastOfAKeyCounts) {
  const std::vector<BaggageMember> members = ParseBaggage("a=1,b=2,a=3");
  EXPECT_EQ(FindBaggage(members, "a"), "3");
  EXPECT_EQ(FindBaggage(members, "c"), std::nullopt);
}

TEST(Baggage, LimitsDropWholeMembers) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += std::string("k").append(std::to_string(i)) + "=v,";
  EXPECT_EQ(ParseBaggage(many).size(), 64u);
  const std::string value(4000, 'v');
  EXPECT_EQ(ParseBaggage("a=" + value + ",b=" + value + ",c=" + value).size(), 2u);
  EXPECT_EQ(ParseBaggage("a=" + std::string(8190, 'v')).size(), 1u);
  EXPECT_EQ(ParseBaggage("a=" + std::string(8191, 'v')).size(), 0u);
}

TEST(Baggage, GoesBothWays) {
  const std::vector<BaggageMember> members = {
      {"feature", "a b,c;d=e\"\\%", ""}, {"name", "Zo\xC3\xAB", "p=1;q"}, {"empty", "", ""}};
  EXPECT_EQ(ParseBaggage(FormatBaggage(members)), members);
  const std::vector<BaggageMember> bad = {{"bad key", "x", ""}, {"ok", "1", ""}};
  EXPECT_EQ(FormatBaggage(bad), "ok=1");
}

TEST(TraceContext, SaysWhatWasWrong) {
  std::string problem;
  ParseTraceParent("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", &problem);
  EXPECT_EQ(
      problem,
      "traceparent \"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\": the trace id is "
      "not 32 lower-case hex digits");
  ParseTraceState("a=1,\x01=2", &problem);
  EXPECT_EQ(problem,
            "tracestate left out, at \"?=2\": the key is malformed or longer than 256 characters");
  std::vector<std::string> problems;
  EXPECT_EQ(ParseBaggage("a=1,b c=2,d", &problems).size(), 1u);
  EXPECT_EQ(problems,
            (std::vector<std::string>{"baggage entry \"b c=2\" left out: the key is not a token",
                                      "baggage entry \"d\" left out: no \"=\""}));
  problems.clear();
  ParseBaggage(std::string(10'000, 'x') + std::string(100, ','), &problems);
  EXPECT_EQ(problems.size(), 1u);
  EXPECT_LT(problems[0].size(), 200u);
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += "x,";
  problems.clear();
  ParseBaggage(many, &problems);
  EXPECT_EQ(problems.size(), 8u) << "who sends garbage does not fill a log with it";
}

}  // namespace
}  // namespace pitot
