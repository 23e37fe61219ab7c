// Many users at once, who begin alike and are answered alike, whose calls fail, are retried and overlap:
// no two of them share a trace once they differ, each stays in its own, and each tool call is given out
// once.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "gateway/runs/client_shape_test_util.h"
#include "gateway/runs/runs.h"

namespace pitot::testing {
namespace {

constexpr UnixNanos kStart = 1'700'000'000 * kNanosPerSecond;

struct User {
  int number = 0;
  std::vector<Written> history;
  bool told_apart = false;   // The history is nobody else's.
  std::set<TraceId> traces;  // Since then.
  int turn = 0;
  bool waits_for_model = false;
  bool sent = false;  // A call is under way.
  RunCall call;
};

class Simulation {
 public:
  Simulation(WireApi api, uint64_t seed)
      : random_(seed), api_(api), shape_(api, ClientStyle::kRewrites), runs_([seed] {
          RunOptions options;
          options.seed = seed + 1;
          return options;
        }()) {}

  void Run(int users, int events) {
    users_.resize(users);
    for (int i = 0; i < users; ++i) users_[i].number = i;
    for (int i = 0; i < events; ++i) {
      User& user = users_[Pick(users)];
      if (user.sent) {
        Answer(user);
      } else {
        Send(user);
      }
    }
    Check();
  }

 private:
  int Pick(int of) { return static_cast<int>(random_() % static_cast<uint64_t>(of)); }

  void Append(User& user, const boost::json::array& items) {
    for (const Written& item : shape_.Write(items)) user.history.push_back(item);
  }

  void Send(User& user) {
    // The first two messages are everybody's, the third is the user's own.
    if (user.history.empty() || !user.waits_for_model) {
      const bool own = user.turn >= 2;
      Append(user, shape_.User(own ? fmt::format("user {} turn {}", user.number, user.turn)
                                   : fmt::format("turn {}", user.turn)));
      if (own) user.told_apart = true;
      ++user.turn;
    }
    user.waits_for_model = true;
    Begin(user, 0);
  }

  void Begin(User& user, int64_t retry) {
    const std::string body = shape_.Body(user.history, "", requests_++);
    RunCaller caller = {.project = "default", .key = "key"};
    caller.sdk_retry_count = retry;
    const WireRequest request = ReadRequest(api_, body, true);
    ASSERT_TRUE(request.valid);
    user.call = runs_.Begin(caller, api_, request, now_ += kNanosPerMilli);
    user.sent = true;
    if (user.told_apart) user.traces.insert(user.call.trace_id);
    for (const SeenTool& tool : user.call.tools) {
      EXPECT_TRUE(given_.insert(tool.call_id).second) << tool.call_id << " was given out twice";
      EXPECT_TRUE(spans_.insert(tool.span_id).second);
    }
  }

  void Answer(User& user) {
    user.sent = false;
    const int what = Pick(8);
    if (what == 0) {  // It fails; the SDK tries again, or the program does, later.
      WireResult failed;
      failed.error = {"overloaded_error", "", "busy", ErrorCategory::kOverloaded};
      runs_.End(user.call, failed, std::nullopt, now_ += kNanosPerMilli);
      // Without history nobody can tell a program's second try from another's first.
      if (Pick(2) == 0 || user.turn < 2) Begin(user, 1);
      return;
    }
    std::vector<ClientCall> calls;
    if (what < 4 && user.told_apart) {
      const int siblings = 1 + Pick(3);
      for (int i = 0; i < siblings; ++i) {
        ClientCall call;
        call.id = fmt::format("call_0123456789_{}", ++call_ids_);
        call.tool = "look";
        call.args = boost::json::object{{"at", Pick(3)}};
        call.result = fmt::format("saw/{}", Pick(3));
        calls.push_back(call);
      }
    }
    const boost::json::array items = shape_.Answer("Well.", calls);
    ResponseReader reader(api_, {});
    reader.Put(shape_.AnswerBody(items, fmt::format("resp_{}", requests_), "", 10));
    reader.Finish();
    runs_.End(user.call, reader.Take(), NanoUsd{1}, now_ += kNanosPerMilli);
    Append(user, items);
    user.waits_for_model = !calls.empty();
    if (calls.empty()) return;
    Append(user, shape_.Results(calls));
    made_ += calls.size();
    Begin(user, 0);
  }

  void Check() {
    std::map<TraceId, int> owners;
    int told_apart = 0;
    for (const User& user : users_) {
      if (user.traces.empty()) continue;
      ++told_apart;
      EXPECT_EQ(user.traces.size(), 1u) << "user " << user.number << " was torn apart";
      for (const TraceId& trace : user.traces) {
        EXPECT_TRUE(owners.emplace(trace, user.number).second)
            << "users " << owners[trace] << " and " << user.number << " were joined";
      }
    }
    EXPECT_GT(told_apart, 0);
    EXPECT_EQ(given_.size(), made_) << "every result was sent, so every call is known";
  }

  std::mt19937_64 random_;
  const WireApi api_;
  const ClientShape shape_;
  Runs runs_;
  std::vector<User> users_;
  UnixNanos now_ = kStart;
  int64_t requests_ = 0;
  int64_t call_ids_ = 0;
  size_t made_ = 0;
  std::set<std::string> given_;
  std::set<SpanId> spans_;
};

TEST(RunsProperty, UsersStayApart) {
  for (const WireApi api :
       {WireApi::kAnthropicMessages, WireApi::kOpenAiChat, WireApi::kOpenAiResponses}) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      SCOPED_TRACE(fmt::format("{}, seed {}", Name(api), seed));
      Simulation(api, seed).Run(6, 150);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace pitot::testing
