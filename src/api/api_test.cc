// The API over real HTTP, with the real ingest and the real store behind it.
#include "api/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <thread>

#include "base/status.h"
#include "http/client.h"
#include "http/test_socket.h"
#include "price/price.h"
#include "store/testing/server.h"

namespace pitot {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::seconds kDeadline(30);

constexpr std::string_view kTrace = "0af7651916cd43dd8448eb211c80319c";
constexpr std::string_view kRoot = "00000000000000a1";
constexpr std::string_view kCall = "00000000000000a2";
constexpr std::string_view kTool = "00000000000000a3";
constexpr std::string_view kOrphan = "00000000000000a4";

// `pitot serve` in small: what lies under the Api, once for all tests of this program.
class World {
 public:
  World() {
    StoreOptions store;
    store.disk_free_bytes_min = 0;
    const char* wanted = std::getenv("PITOT_TEST_STORE");
    if (IsSanitizedBuild() || (wanted != nullptr && std::string_view(wanted) == "remote")) {
      server_process_.Start();
      store.mode = StoreMode::kRemote;
      store.remote.urls = {server_process_.url()};
    } else {
      store.embedded.data_path = folder_ / "store";
      store.embedded.library_path = TestEnginePath();
    }
    auto opened = Store::Open(store, clock_);
    Require(opened.status());
    store_ = *std::move(opened);
    IngestOptions ingest;
    ingest.data_dir = folder_.path();
    ingest.flusher.batch_delay = std::chrono::milliseconds(20);
    ingest.flusher.tick = std::chrono::milliseconds(50);
    ingest.prepare.keep_days = 30;
    auto made = Ingest::Open(ingest, store_->engine(), PriceBook::BuiltIn({}), nullptr, clock_);
    Require(made.status());
    ingest_ = *std::move(made);
    ingest_->Start();
    limits_.sql_rows = 3;
    api_ = std::make_unique<Api>(
        ApiDeps{.store = *store_,
                .ingest = *ingest_,
                .limits = limits_,
                .clock = clock_,
                .gateway_health = [] { return std::string(R"({"window_s":300,"models":[]})"); }});
    HttpService service;
    service.handle = [this](HttpRequest request, Responder responder) {
      api_->Handle(std::move(request), std::move(responder));
    };
    auto server = HttpServer::Open({}, std::move(service));
    Require(server.status());
    server_ = *std::move(server);
    server_->Start();
  }

  ~World() {
    api_->EndStreams();
    server_->Stop(std::chrono::seconds(1));
    ingest_->Stop(std::chrono::seconds(5));
    server_.reset();
    api_.reset();
    ingest_.reset();
    store_.reset();
  }

  HttpReply Call(std::string_view method, std::string_view path, std::string_view body = "",
                 std::string_view type = "text/plain") {
    HttpCall call;
    call.method = method;
    call.url = fmt::format("http://127.0.0.1:{}{}", server_->port(), path);
    call.body = body;
    if (!body.empty()) call.headers.Set("Content-Type", type);
    auto reply = client_.Call(call);
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    return reply.ok() ? *std::move(reply) : HttpReply{};
  }

  Ingest& ingest() { return *ingest_; }
  uint16_t port() const { return server_->port(); }
  UnixNanos now() const { return clock_.Now(); }

 private:
  static void Require(const absl::Status& status) {
    if (status.ok()) return;
    fmt::print(stderr, "{}\nIf libchdb is missing: tools/install_engine build (make does).\n",
               status.ToString());
    std::exit(1);
  }

  SystemClock clock_;
  TempFolder folder_;
  TestServer server_process_{folder_ / "server"};
  Limits limits_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> server_;
  HttpClient client_;
};

std::string Line(std::string_view span_id, std::string_view parent, std::string_view rest,
                 double start) {
  return fmt::format(R"({{"trace_id":"{}","span_id":"{}","parent_id":"{}","start":{:.3f},{}}})"
                     "\n",
                     kTrace, span_id, parent, start, rest);
}

class ApiTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new World;
    const double start = static_cast<double>(world_->now()) / 1e9 - 60;
    const std::string longer(500, 'x');
    std::string body;
    body += Line(kRoot, "",
                 R"("name":"answer","kind":"agent","duration_ms":1500,)"
                 R"("attrs":{"feature":"checkout","user.id":"u1","session.id":"s1"})",
                 start);
    body += Line(
        kCall, kRoot,
        fmt::format(
            R"("name":"chat gpt-4o","kind":"llm","duration_ms":900,)"
            R"("attrs":{{"gen_ai.operation.name":"chat","gen_ai.provider.name":"openai",)"
            R"("gen_ai.request.model":"gpt-4o","gen_ai.usage.input_tokens":1000,)"
            R"("gen_ai.usage.output_tokens":100,"gen_ai.input.messages":)"
            R"([{{"role":"user","parts":[{{"type":"text","content":"{}"}}]}}],"custom":[1,2]}})",
            longer),
        start + 0.1);
    body += Line(kTool, kRoot,
                 R"("name":"execute_tool find","kind":"tool","duration_ms":200,)"
                 R"("error":{"type":"timeout","message":"no answer"},)"
                 R"("attrs":{"gen_ai.operation.name":"execute_tool","gen_ai.tool.name":"find",)"
                 R"("gen_ai.tool.call.arguments":"{\"q\":1}","gen_ai.tool.call.result":"late"})",
                 start + 1.1);
    body += Line(kOrphan, "00000000000000ff", R"("name":"lost","duration_ms":1)", start + 1.2);
    const HttpReply reply = world_->Call("POST", "/api/v1/spans", body, "application/x-ndjson");
    ASSERT_EQ(reply.status, 200) << reply.body;
    ASSERT_THAT(reply.body, HasSubstr("\"accepted\":4,\"rejected\":0"));
    const auto until = std::chrono::steady_clock::now() + kDeadline;
    HttpReply trace;
    do {
      trace = world_->Call("GET", fmt::format("/api/v1/traces/{}", kTrace));
      if (trace.status == 200) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    } while (std::chrono::steady_clock::now() < until);
    FAIL() << "the trace is not queryable after 30 s: " << trace.body << "\n"
           << world_->ingest().flusher_stats().error;
  }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }

  static json::value Get(std::string_view path, int status = 200) {
    const HttpReply reply = world_->Call("GET", path);
    EXPECT_EQ(reply.status, status) << path << ": " << reply.body;
    EXPECT_THAT(std::string(reply.headers.Get("Content-Type")), HasSubstr("application/json"));
    boost::system::error_code error;
    json::value value = json::parse(reply.body, error);
    EXPECT_FALSE(error) << path << " is no JSON: " << reply.body;
    return value;
  }

  static World* world_;
};
World* ApiTest::world_ = nullptr;

const json::object& SpanOf(const json::value& answer, std::string_view id) {
  for (const json::value& span : answer.at("spans").as_array()) {
    if (span.at("span_id").as_string() == id) return span.as_object();
  }
  ADD_FAILURE() << "no span " << id << " in " << answer;
  static const json::object kNone;
  return kNone;
}

TEST_F(ApiTest, TraceHasItsStructure) {
  const json::value answer = Get(fmt::format("/api/v1/traces/{}", kTrace));
  const json::value& trace = answer.at("trace");
  EXPECT_EQ(trace.at("trace_id").as_string(), kTrace);
  EXPECT_EQ(trace.at("root_name").as_string(), "answer");
  EXPECT_EQ(trace.at("spans").as_int64(), 4);
  EXPECT_EQ(trace.at("errors").as_int64(), 1);
  EXPECT_EQ(trace.at("orphans").as_int64(), 1);
  EXPECT_EQ(trace.at("llm_calls").as_int64(), 1);
  EXPECT_EQ(trace.at("tool_calls").as_int64(), 1);
  EXPECT_EQ(trace.at("feature").as_string(), "checkout");
  EXPECT_EQ(trace.at("models").as_array().size(), 1u);
  EXPECT_FALSE(trace.as_object().contains("position"));
  EXPECT_GT(trace.at("cost_usd").to_number<double>(), 0);
  EXPECT_EQ(answer.at("spans").as_array().size(), 4u);

  const json::object& call = SpanOf(answer, kCall);
  EXPECT_EQ(call.at("parent_span_id").as_string(), kRoot);
  EXPECT_EQ(call.at("kind").as_string(), "llm");
  EXPECT_EQ(call.at("feature").as_string(), "checkout") << "inherited from the root";
  EXPECT_EQ(call.at("user_id").as_string(), "u1");
  EXPECT_TRUE(call.at("counted").as_bool());
  EXPECT_EQ(call.at("usage_role").as_string(), "leaf");
  EXPECT_EQ(call.at("input_tokens").as_int64(), 1000);
  EXPECT_NEAR(call.at("offset_ms").to_number<double>(), 100, 1);
  EXPECT_EQ(call.at("duration_ms").to_number<double>(), 900);
  EXPECT_EQ(call.at("cost_usd"), trace.at("cost_usd"));
  const json::object& tool = SpanOf(answer, kTool);
  EXPECT_EQ(tool.at("tool_status").as_string(), "timeout");
  EXPECT_TRUE(tool.at("cost_usd").is_null());
  EXPECT_FALSE(SpanOf(answer, kRoot).contains("parent_span_id")) << "empty fields are left out";
  EXPECT_TRUE(SpanOf(answer, kOrphan).at("is_orphan").as_bool());
}

// It is what was received last: nothing of what it was before is left in any answer.
TEST_F(ApiTest, SpanMovesToAnotherDay) {
  constexpr std::string_view kMoved = "0000000000000000000000000000000c";
  const int64_t now_s = world_->now() / 1'000'000'000;
  const auto send = [&](int64_t start_s, std::string_view tier) {
    const std::string line =
        fmt::format(R"({{"trace_id":"{}","span_id":"00000000000000c1","name":"moved","start":{},)"
                    R"("duration_ms":1,"attrs":{{"tier":"{}"}}}})",
                    kMoved, start_s, tier);
    const HttpReply reply =
        world_->Call("POST", "/api/v1/spans?project=moved", line, "application/x-ndjson");
    ASSERT_EQ(reply.status, 200) << reply.body;
  };
  const auto count = [](std::string_view tier) {
    return Get(fmt::format("/api/v1/traces?project=moved&since=7d&q=attr.tier%3D{}", tier))
        .at("traces")
        .as_array()
        .size();
  };
  const auto wait_for = [&](std::string_view tier) {
    const auto until = std::chrono::steady_clock::now() + kDeadline;
    while (count(tier) == 0 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_EQ(count(tier), 1u) << "not queryable after 30 s";
  };
  send(now_s - 2 * 86'400, "gold");
  wait_for("gold");
  send(now_s - 86'400, "silver");
  wait_for("silver");
  EXPECT_EQ(count("gold"), 0u);
  const json::value trace = Get(fmt::format("/api/v1/traces/{}?project=moved", kMoved));
  EXPECT_EQ(trace.at("spans").as_array().size(), 1u);
  EXPECT_EQ(SpanOf(trace, "00000000000000c1").at("offset_ms").to_number<double>(), 0);
  const HttpReply file = world_->Call("GET", "/api/v1/export?project=moved&format=jsonl");
  EXPECT_EQ(std::ranges::count(file.body, '\n'), 1) << file.body;
  EXPECT_THAT(file.body, HasSubstr("silver"));
}

TEST_F(ApiTest, SpanIsWhole) {
  const json::value span = Get(fmt::format("/api/v1/traces/{}/spans/{}", kTrace, kCall));
  EXPECT_EQ(span.at("trace_id").as_string(), kTrace);
  EXPECT_EQ(span.at("span_id").as_string(), kCall);
  const json::array& input = span.at("input").as_array();
  ASSERT_EQ(input.size(), 1u) << span;
  EXPECT_EQ(input[0].at("role").as_string(), "user") << "resolved from payloads: " << input[0];
  EXPECT_EQ(span.at("attributes").at("custom"), json::parse("[1,2]")) << span.at("attributes");
  EXPECT_EQ(span.at("price_source").as_string(), "catalogue");
  EXPECT_EQ(span.at("cost_by_bucket_usd").as_array().size(), 10u);
  EXPECT_TRUE(span.at("events").is_array());
  EXPECT_EQ(span.at("source").as_string(), "jsonl");

  const json::value tool = Get(fmt::format("/api/v1/traces/{}/spans/{}", kTrace, kTool));
  EXPECT_EQ(tool.at("input"), json::parse(R"([{"q":1}])"));
  EXPECT_EQ(tool.at("output"), json::parse(R"(["late"])"));
}

TEST_F(ApiTest, ListsTraces) {
  const json::value all = Get("/api/v1/traces?since=1h");
  EXPECT_EQ(all.at("traces").as_array().size(), 1u);
  EXPECT_TRUE(all.at("next").is_null());
  const auto count = [](std::string_view query) {
    return Get(fmt::format("/api/v1/traces?{}", query)).at("traces").as_array().size();
  };
  EXPECT_EQ(count("q=feature%3Dcheckout+AND+user_id%3Du1+AND+session_id%3Ds1"), 1u);
  EXPECT_EQ(count("q=feature%3Dother"), 0u);
  EXPECT_EQ(count("q=trace.status%3Derror"), 0u) << "the root did not fail";
  EXPECT_EQ(count("q=status%3Derror"), 1u) << "a span did";
  EXPECT_EQ(count("q=kind%3Dllm+AND+tool_name%3Dfind"), 0u) << "no single span is both";
  EXPECT_EQ(count("q=kind%3Dtool+AND+trace.errors%3D1"), 1u);
  EXPECT_EQ(count("project=another"), 0u);
  EXPECT_EQ(count("since=1s"), 0u);
  EXPECT_EQ(count("until=1h"), 0u);
  EXPECT_EQ(count("since=2000-01-01T00:00:00Z"), 1u);
}

TEST_F(ApiTest, ProvidersAreShownAsStoredAndAsTheGatewaySeesThem) {
  const json::value answer = Get("/api/v1/providers");
  EXPECT_EQ(answer.at("providers").at(0).at("provider").as_string(), "openai") << answer;
  EXPECT_EQ(answer.at("gateway").at("window_s").as_int64(), 300) << answer;
  EXPECT_TRUE(answer.at("next").is_null()) << answer;
}

TEST_F(ApiTest, TellsTheStory) {
  const json::value story = Get(fmt::format("/api/v1/traces/{}/story?text_bytes=100", kTrace));
  EXPECT_EQ(story.at("trace_id").as_string(), kTrace);
  EXPECT_EQ(story.at("root_name").as_string(), "answer");
  EXPECT_EQ(story.at("steps_total").as_int64(), 1);
  EXPECT_TRUE(story.at("next").is_null());
  const json::value& step = story.at("steps").at(0);
  EXPECT_EQ(step.at("span_id").as_string(), kCall);
  EXPECT_EQ(step.at("model").as_string(), "gpt-4o");
  EXPECT_EQ(step.at("input_tokens").as_int64(), 1000);
  EXPECT_GT(step.at("cost_usd").to_number<double>(), 0);
  EXPECT_NEAR(step.at("offset_ms").to_number<double>(), 100, 1);
  EXPECT_EQ(step.at("context_messages").as_int64(), 1);
  const json::value& text = step.at("new").at(0).at("parts").at(0).at("content");
  EXPECT_EQ(text.at("bytes").as_int64(), 500) << "from payloads, cut: " << text;
  EXPECT_EQ(text.at("text").as_string().size(), 100u);
  const json::value& chosen = step.at("chose").at(0);
  EXPECT_EQ(chosen.at("tool").as_string(), "find");
  EXPECT_EQ(chosen.at("arguments"), json::parse(R"({"q":1})"));
  EXPECT_EQ(chosen.at("outcome").at("tool_status").as_string(), "timeout");
  EXPECT_EQ(chosen.at("outcome").at("result").as_string(), "late");
  EXPECT_EQ(chosen.at("outcome").at("error").as_string(), "no answer");
  EXPECT_EQ(step.at("outcome").as_string(), "tool_use");
  const auto past = Get(fmt::format("/api/v1/traces/{}/story?cursor=1", kTrace));
  EXPECT_TRUE(past.at("steps").as_array().empty());
  Get(fmt::format("/api/v1/traces/{}/story?cursor=x", kTrace), 400);
  Get(fmt::format("/api/v1/traces/{}/story?text_bytes=-1", kTrace), 400);
  Get("/api/v1/traces/00000000000000000000000000000001/story", 404);
}

TEST_F(ApiTest, ShowsSpansLive) {
  TestSocket reader(world_->port());
  ASSERT_TRUE(
      reader.Send("GET /api/v1/live?project=watched&q=kind%3Dtool HTTP/1.1\r\n"
                  "Host: localhost\r\n\r\n"));
  std::string seen;
  const auto wait_for = [&](std::string_view words) {
    char bytes[4096];
    pollfd ready = {reader.fd(), POLLIN, 0};
    while (seen.find(words) == std::string::npos && ::poll(&ready, 1, 20'000) > 0) {
      const ssize_t got = ::recv(reader.fd(), bytes, sizeof bytes, 0);
      if (got <= 0) break;
      seen.append(bytes, static_cast<size_t>(got));
    }
    return seen.find(words) != std::string::npos;
  };
  ASSERT_TRUE(wait_for("retry: ")) << seen;
  const double start = static_cast<double>(world_->now()) / 1e9;
  const auto line = [&](int id, std::string_view kind) {
    return fmt::format(R"({{"trace_id":"{:032x}","span_id":"{:016x}","name":"one {}",)"
                       R"("kind":"{}","start":{:.3f},"duration_ms":1}})"
                       "\n",
                       77, id, kind, kind, start);
  };
  const std::string body = line(1, "llm") + line(2, "tool");
  ASSERT_EQ(world_->Call("POST", "/api/v1/spans?project=watched", body).status, 200);
  EXPECT_TRUE(wait_for("one tool")) << seen;
  EXPECT_THAT(seen, HasSubstr("event: span\ndata: {\"phase\":\"end\",\"span\":{\"trace_id\":"));
  EXPECT_THAT(seen, Not(HasSubstr("one llm"))) << "the filter does not want it";
  Get("/api/v1/live?q=kindd%3Dtool", 400);
  Get("/api/v1/live?last_event_id=x", 400);
  EXPECT_EQ(world_->Call("HEAD", "/api/v1/live").status, 200);
}

TEST_F(ApiTest, PagesThroughTraces) {
  const double start = static_cast<double>(world_->now()) / 1e9 - 30;
  std::string body;
  for (int i = 0; i < 5; ++i) {
    body +=
        fmt::format(R"({{"trace_id":"{:032x}","span_id":"{:016x}","name":"run {}","start":{:.3f},)"
                    R"("duration_ms":1}})"
                    "\n",
                    i + 1, i + 1, i, start + i / 2);
  }
  ASSERT_EQ(world_->Call("POST", "/api/v1/spans?project=pages", body).status, 200);
  const auto until = std::chrono::steady_clock::now() + kDeadline;
  while (Get("/api/v1/traces?project=pages").at("traces").as_array().size() < 5) {
    ASSERT_LT(std::chrono::steady_clock::now(), until) << "not queryable after 30 s";
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  std::vector<std::string> names;
  std::string cursor;
  for (int page = 0; page < 3; ++page) {
    const json::value answer = Get("/api/v1/traces?project=pages&limit=2&cursor=" + cursor);
    for (const json::value& trace : answer.at("traces").as_array()) {
      names.emplace_back(trace.at("root_name").as_string());
    }
    if (page == 2) {
      EXPECT_TRUE(answer.at("next").is_null());
    } else {
      cursor = answer.at("next").as_string();
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"run 4", "run 3", "run 2", "run 1", "run 0"}))
      << "newest start first; two of them start at the same time as another";
}

TEST_F(ApiTest, RefusesBadRequests) {
  const auto bad = [](std::string_view path, int status, const char* words) {
    const json::value answer = Get(path, status);
    EXPECT_THAT(std::string(answer.at("error").at("message").as_string()), HasSubstr(words))
        << path;
    EXPECT_TRUE(answer.at("error").at("code").is_string());
  };
  bad("/api/v1/traces/xyz", 400, "32 hex digits");
  bad("/api/v1/traces/00000000000000000000000000000001", 404, "no trace");
  bad(fmt::format("/api/v1/traces/{}/spans/1", kTrace), 400, "16 hex digits");
  bad(fmt::format("/api/v1/traces/{}/spans/0000000000000001", kTrace), 404, "no span");
  bad("/api/v1/traces?limit=0", 400, "from 1 to 1000");
  bad("/api/v1/traces?limit=9999", 400, "from 1 to 1000");
  bad("/api/v1/traces?limit=x", 400, "not a whole number");
  bad("/api/v1/traces?since=yesterday", 400, "15m, 24h");
  bad("/api/v1/traces?cursor=1.2.3", 400, "cursor");
  bad("/api/v1/traces?project=a%27b", 400, "project");
  bad("/api/v1/trace", 404, "did you mean /api/v1/traces?");
  bad("/api/v1/sql", 405, "POST");
  EXPECT_EQ(world_->Call("GET", "/api/v1/sql").headers.Get("Allow"), "POST");
}

TEST_F(ApiTest, RunsSql) {
  const HttpReply text =
      world_->Call("POST", "/api/v1/sql", "SELECT name FROM spans ORDER BY name");
  EXPECT_EQ(text.status, 200) << text.body;
  const json::value answer = json::parse(text.body);
  EXPECT_EQ(answer.at("rows").as_array().size(), 3u);
  EXPECT_TRUE(answer.at("truncated").as_bool());
  EXPECT_EQ(answer.at("columns").at(0).at("name").as_string(), "name");
  const HttpReply body =
      world_->Call("POST", "/api/v1/sql", R"({"query":"SELECT 1 AS one"})", "application/json");
  EXPECT_EQ(json::parse(body.body).at("rows"), json::parse("[[1]]")) << body.body;
  EXPECT_EQ(world_->Call("POST", "/api/v1/sql", "{}", "application/json").status, 400);
  const HttpReply refused = world_->Call("POST", "/api/v1/sql", "SELECT * FROM payloads");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("payloads"));
}

TEST_F(ApiTest, TakesGoodLinesAndNamesBadOnes) {
  const double now = static_cast<double>(world_->now()) / 1e9;
  const std::string body = fmt::format(
      R"({{"trace_id":"t1","span_id":"s1","name":"good","start":{:.3f},"duration_ms":1}})"
      "\n"
      "not json\n",
      now);
  const HttpReply reply = world_->Call("POST", "/api/v1/spans?project=lines", body);
  EXPECT_EQ(reply.status, 200) << reply.body;
  const json::value answer = json::parse(reply.body);
  EXPECT_EQ(answer.at("accepted").as_int64(), 1);
  EXPECT_EQ(answer.at("rejected").as_int64(), 1);
  EXPECT_THAT(std::string(answer.at("message").as_string()), HasSubstr("2"));

  const json::value receipts = Get("/api/v1/receipts");
  bool found = false;
  for (const json::value& source : receipts.at("sources").as_array()) {
    if (source.at("project").as_string() != "lines") continue;
    found = true;
    EXPECT_EQ(source.at("source").as_string(), "jsonl");
    EXPECT_EQ(source.at("accepted").as_int64(), 1);
    EXPECT_EQ(source.at("rejected").as_int64(), 1);
    ASSERT_FALSE(source.at("drops").as_array().empty()) << source;
    EXPECT_TRUE(source.at("drops").at(0).at("remedy").is_string());
  }
  EXPECT_TRUE(found) << receipts;
  EXPECT_TRUE(receipts.at("spool").at("pending_bytes").is_int64());
  EXPECT_EQ(receipts.at("store").at("flush_error").as_string(), "");
}

TEST_F(ApiTest, HistoryNeedsTheWord) {
  const std::string body =
      R"({"trace_id":"old","span_id":"s","name":"old","start":"2020-01-01T00:00:00Z","duration_ms":1})";
  const json::value live = json::parse(world_->Call("POST", "/api/v1/spans", body).body);
  EXPECT_EQ(live.at("rejected").as_int64(), 1) << live;
  const json::value history =
      json::parse(world_->Call("POST", "/api/v1/spans?import=1", body).body);
  EXPECT_EQ(history.at("accepted").as_int64(), 1) << history;
}

TEST_F(ApiTest, SaysHowItIs) {
  EXPECT_EQ(Get("/healthz").at("status").as_string(), "ok");
  EXPECT_EQ(Get("/readyz").at("status").as_string(), "ready");
  EXPECT_EQ(world_->Call("HEAD", "/healthz").status, 200);
  const HttpReply metrics = world_->Call("GET", "/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(metrics.body, HasSubstr("# TYPE pitot_ingest_accepted_total counter\n"));
  EXPECT_THAT(metrics.body,
              HasSubstr("pitot_ingest_accepted_total{source=\"jsonl\",signal=\"traces\"}"));
  EXPECT_THAT(metrics.body,
              HasSubstr("pitot_drops_total{reason=\"span_malformed\",severity=\"data_loss\"}"));
  EXPECT_THAT(metrics.body, HasSubstr("\nprocess_resident_memory_bytes "));
  EXPECT_THAT(metrics.body, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace pitot
