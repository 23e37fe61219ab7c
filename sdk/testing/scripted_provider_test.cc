#include "pitot/testing/scripted_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <set>
#include <system_error>
#include <thread>

#include "sdk/testing/answer.h"
#include "sdk/testing/raw_client.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr milliseconds kDeadline(20'000);
constexpr std::string_view kHeaders = "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n";
constexpr std::string_view kAsk =
    R"({"model":"m","max_tokens":99,"messages":[{"role":"user","content":"Hello"}]})";
constexpr std::string_view kStream =
    R"({"model":"m","max_tokens":99,"stream":true,"messages":[{"role":"user","content":"Hello"}]})";
constexpr std::string_view kChat =
    R"({"model":"m","messages":[{"role":"user","content":"Hello"}]})";

RawAnswer Ask(RawClient& client, std::string_view body = kAsk) {
  client.Send(RawRequest("/v1/messages", kHeaders, body));
  return client.Receive();
}

RawAnswer Ask(const ScriptedProvider& provider, std::string_view body = kAsk) {
  RawClient client(provider.port());
  return Ask(client, body);
}

TEST(ScriptedProvider, StepsAreUsedInOrderAndThenItEchoes) {
  ScriptedProvider provider;
  provider.fail(529).reply({.text = "first"}).reply({.text = "second"});
  EXPECT_EQ(provider.steps_left(), 3u);
  RawClient client(provider.port());
  EXPECT_EQ(Ask(client).status, 529);
  EXPECT_THAT(Ask(client).body, HasSubstr(R"("text":"first")"));
  EXPECT_THAT(Ask(client).body, HasSubstr(R"("text":"second")"));
  EXPECT_EQ(provider.steps_left(), 0u);
  EXPECT_THAT(Ask(client).body, HasSubstr(R"("text":"You said: Hello")"));
}

TEST(ScriptedProvider, StepsOfAPathComeBeforeThoseOfAny) {
  ScriptedProvider provider;
  provider.reply({.text = "any"}).reply({.text = "any again"});
  provider.on("/v1/chat/completions").reply({.text = "chat"});
  RawClient client(provider.port());
  EXPECT_THAT(Ask(client).body, HasSubstr(R"("any")"));
  const auto chat = [&] {
    client.Send(RawRequest("/v1/chat/completions", "Authorization: Bearer k\r\n", kChat));
    return client.Receive().body;
  };
  EXPECT_THAT(chat(), HasSubstr(R"("chat")"));
  EXPECT_THAT(chat(), HasSubstr(R"("any again")"));
}

TEST(ScriptedProvider, RecordsWhatCame) {
  ScriptedProvider provider;
  RawClient client(provider.port());
  client.Send(RawRequest("/v1/messages?beta=true", kHeaders, kAsk));
  client.Receive();
  client.Send("GET /v1/messages HTTP/1.1\r\nX-Api-Key:  other \r\nanthropic-version: 1\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 405);
  RawClient other(provider.port());
  Ask(other);

  ASSERT_TRUE(provider.wait_for_requests(3, kDeadline));
  const std::vector<ScriptedRequest> requests = provider.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].target, "/v1/messages?beta=true");
  EXPECT_EQ(requests[0].path(), "/v1/messages");
  EXPECT_EQ(requests[0].body, kAsk);
  EXPECT_EQ(requests[1].header("x-api-key"), "other");
  EXPECT_EQ(requests[1].header("x-none"), "");
  EXPECT_EQ(requests[0].connection, requests[1].connection);
  EXPECT_NE(requests[0].connection, requests[2].connection);
  EXPECT_FALSE(provider.wait_for_requests(4, milliseconds(1)));
}

TEST(ScriptedProvider, ReadsChunkedRequestsAndTellsThemToContinue) {
  ScriptedProvider provider;
  RawClient client(provider.port());
  const std::string body(kAsk);
  client.Send("POST /v1/messages HTTP/1.1\r\n" + std::string(kHeaders) +
              "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string go = "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(client.ReceiveBytes(go.size()), go);
  client.Send("a;x=y\r\n" + body.substr(0, 10) + "\r\n");
  char size[16];
  std::snprintf(size, sizeof size, "%zX", body.size() - 10);
  client.Send(std::string(size) + "\r\n" + body.substr(10) + "\r\n0\r\nTrailer: x\r\n\r\n");
  ASSERT_TRUE(provider.wait_for_requests(1, kDeadline));
  EXPECT_EQ(provider.requests()[0].body, body);
}

TEST(ScriptedProvider, WhatIsNoHttpIsRefused) {
  const auto bad = [](const char* why, std::string_view bytes) {
    ScriptedProvider provider;
    RawClient client(provider.port());
    client.Send(bytes);
    EXPECT_EQ(client.Receive().status, 400) << why;
    EXPECT_TRUE(client.Ended()) << why;
    EXPECT_EQ(provider.requests().size(), 0u) << why;
  };
  bad("no request line", "hello\r\n\r\n");
  bad("another protocol", "GET / SPDY/3\r\n\r\n");
  bad("a header without a colon", "GET / HTTP/1.1\r\nhost\r\n\r\n");
  bad("a length that is none", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n");
  bad("a chunk that is none", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  bad("a body beyond all limits", "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n");
}

TEST(ScriptedProvider, KeepsToTheKeyAndToStrictness) {
  ScriptedProvider strict({.api_key = "k"});
  strict.reply({.text = "x"});
  RawClient client(strict.port());
  client.Send(RawRequest("/v1/messages", "x-api-key: l\r\nanthropic-version: 1\r\n", kAsk));
  EXPECT_EQ(client.Receive().status, 401);
  client.Send(
      RawRequest("/v1/messages", "authorization: Bearer k\r\nanthropic-version: 1\r\n", kAsk));
  EXPECT_EQ(client.Receive().status, 200);

  ScriptedProvider lax({.strict = false});
  lax.reply({.text = "anything goes"});
  RawClient other(lax.port());
  other.Send(RawRequest("/v1/messages", "", "{}"));
  EXPECT_THAT(other.Receive().body, HasSubstr("anything goes"));
}

TEST(ScriptedProvider, GatesHoldTheHeadAndTheEvents) {
  ScriptedProvider provider;
  ScriptedGate head;
  ScriptedGate events;
  provider.reply(
      {.text = "one two three", .pacing = {.head = head, .events = events, .events_before = 4}});
  RawClient client(provider.port());
  EXPECT_FALSE(head.wait_reached(milliseconds(1)));
  client.Send(RawRequest("/v1/messages", kHeaders, kStream));
  ASSERT_TRUE(head.wait_reached(kDeadline));
  EXPECT_FALSE(events.wait_reached(milliseconds(1)));
  head.open();
  ASSERT_TRUE(events.wait_reached(kDeadline));
  events.open();
  const RawAnswer answer = client.Receive();
  EXPECT_TRUE(answer.whole);
  EXPECT_THAT(answer.body, HasSubstr("message_stop"));
}

TEST(ScriptedProvider, WhatCameBeforeTheGateIsThere) {
  ScriptedProvider provider;
  const ScriptedGate gate;
  provider.reply({.text = "one two three", .pacing = {.events = gate, .events_before = 4}});
  RawClient client(provider.port());
  client.Send(RawRequest("/v1/messages", kHeaders, kStream));
  ASSERT_TRUE(gate.wait_reached(kDeadline));
  // The answer ends with the provider: what came is what was written before the gate.
  std::string came;
  while (came.find("\"one\"") == std::string::npos) {
    const size_t before = came.size();
    came = client.ReceiveBytes(before + 1);
    ASSERT_GT(came.size(), before) << came;
  }
  EXPECT_THAT(came, Not(HasSubstr("two")));
}

TEST(ScriptedProvider, EndsWhileAnswersAreHeld) {
  auto provider = std::make_unique<ScriptedProvider>();
  const ScriptedGate gate;
  provider->reply({.text = "never", .pacing = {.head = gate}})
      .reply({.text = "slowly", .pacing = {.first_byte = std::chrono::hours(1)}});
  RawClient held(provider->port());
  RawClient slow(provider->port());
  RawClient silent(provider->port());
  held.Send(RawRequest("/v1/messages", kHeaders, kAsk));
  ASSERT_TRUE(gate.wait_reached(kDeadline));
  slow.Send(RawRequest("/v1/messages", kHeaders, kAsk));
  ASSERT_TRUE(provider->wait_for_requests(2, kDeadline));
  provider.reset();
  EXPECT_TRUE(held.Ended());
  EXPECT_TRUE(slow.Ended());
  EXPECT_TRUE(silent.Ended());
}

TEST(ScriptedProvider, PiecesOfAByteAreTheSameAnswer) {
  ScriptedProvider provider;
  provider.reply({.text = "Hello there"});
  const std::string at_once = Ask(provider, kStream).body;
  ScriptedProvider again;
  again.reply(
      {.text = "Hello there", .pacing = {.between_events = milliseconds(1), .write_bytes = 1}});
  EXPECT_EQ(Ask(again, kStream).body, at_once);
}

TEST(ScriptedProvider, ResetsAndHangsUp) {
  ScriptedProvider provider;
  provider.stream_then_fail({.text = "a b c d"}, {.kind = ScriptedBreakKind::kReset})
      .add(ScriptedHangUp{.reset = true})
      .hang_up();
  for (int i = 0; i < 3; ++i) {
    RawClient client(provider.port());
    client.Send(RawRequest("/v1/messages", kHeaders, kStream));
    EXPECT_FALSE(client.Receive().whole) << i;
    EXPECT_TRUE(client.Ended()) << i;
  }
  EXPECT_EQ(Ask(provider).status, 200) << "the next one is answered";
}

TEST(ScriptedProvider, AnswersByFunctionAndSaysWhatItThrew) {
  ScriptedProvider provider({.answer = [](const ScriptedRequest& request) -> ScriptedStep {
    if (request.header("x-bad") == "1") throw std::runtime_error("no such case");
    ScriptedReply reply = ScriptedProvider::echo(request);
    reply.text += "!";
    return reply;
  }});
  EXPECT_THAT(Ask(provider).body, HasSubstr("You said: Hello!"));
  RawClient client(provider.port());
  client.Send(RawRequest("/v1/messages", std::string(kHeaders) + "x-bad: 1\r\n", kAsk));
  const RawAnswer answer = client.Receive();
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("no such case"));
}

TEST(ScriptedProvider, EchoesAtThePaceOfTheOptions) {
  const ScriptedGate gate;
  ScriptedProvider provider({.pacing = {.head = gate}});
  RawClient client(provider.port());
  client.Send(RawRequest("/v1/messages", kHeaders, kAsk));
  ASSERT_TRUE(gate.wait_reached(kDeadline));
  ScriptedGate(gate).open();
  EXPECT_EQ(client.Receive().status, 200);
}

TEST(ScriptedProvider, SaysWhichPortIsTaken) {
  const ScriptedProvider provider;
  try {
    const ScriptedProvider second({.port = provider.port()});
    FAIL() << "two of them on one port";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(provider.port())));
  }
}

TEST(ScriptedProvider, ManyThreadsAtOnce) {
  constexpr int kThreads = 8;
  constexpr int kCalls = 25;
  ScriptedProvider provider;
  for (int i = 0; i < kThreads * kCalls; ++i) provider.reply({.text = std::to_string(i)});
  std::vector<std::set<std::string>> said(kThreads);
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      RawClient client(provider.port());
      for (int i = 0; i < kCalls; ++i) {
        const std::string body = Ask(client, i % 2 == 0 ? kAsk : kStream).body;
        said[static_cast<size_t>(t)].insert(body);
      }
    });
  }
  threads.clear();
  std::set<std::string> all;
  for (const std::set<std::string>& one : said) all.insert(one.begin(), one.end());
  EXPECT_EQ(all.size(), size_t{kThreads * kCalls}) << "every answer is another one";
  EXPECT_EQ(provider.steps_left(), 0u);
  EXPECT_EQ(provider.requests().size(), size_t{kThreads * kCalls});
}

// The way a client of the program would do it: trusting the certificate and no other.
TEST(ScriptedProvider, SpeaksTlsToThoseWhoTrustIt) {
  ScriptedProvider provider({.tls = true});
  provider.reply({.text = "secret"});
  EXPECT_THAT(provider.url(), HasSubstr("https://127.0.0.1:"));
  const auto ask = [&](bool trusting) {
    SSL_CTX* const context = ::SSL_CTX_new(::TLS_client_method());
    ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (trusting) {
      const std::string& pem = provider.certificate_pem();
      BIO* const memory = ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
      X509* const certificate = ::PEM_read_bio_X509(memory, nullptr, nullptr, nullptr);
      ::X509_STORE_add_cert(::SSL_CTX_get_cert_store(context), certificate);
      ::X509_free(certificate);
      ::BIO_free(memory);
    }
    BIO* const bio = ::BIO_new_ssl_connect(context);
    SSL* ssl = nullptr;
    BIO_get_ssl(bio, &ssl);
    ::SSL_set1_host(ssl, "localhost");
    BIO_set_conn_hostname(bio, ("127.0.0.1:" + std::to_string(provider.port())).c_str());
    std::string came;
    const std::string request =
        RawRequest("/v1/messages", std::string(kHeaders) + "Connection: close\r\n", kAsk);
    if (::BIO_write(bio, request.data(), static_cast<int>(request.size())) > 0) {
      char bytes[4096];
      for (int got = 0; (got = ::BIO_read(bio, bytes, sizeof bytes)) > 0;) {
        came.append(bytes, static_cast<size_t>(got));
      }
    }
    ::BIO_free_all(bio);
    ::SSL_CTX_free(context);
    return came;
  };
  EXPECT_EQ(ask(false), "");
  EXPECT_THAT(ask(true), HasSubstr("secret"));
}

TEST(Pieces, AreTheTextAndWholeCharacters) {
  const auto good = [](const char* why, const std::string& text) {
    const std::vector<std::string_view> pieces = Pieces(text);
    std::string joined;
    for (const std::string_view piece : pieces) {
      EXPECT_FALSE(piece.empty()) << why;
      EXPECT_NE(static_cast<unsigned char>(piece[0]) & 0xc0, 0x80) << why << ": cut in a character";
      joined += piece;
    }
    EXPECT_EQ(joined, text) << why;
    EXPECT_LE(pieces.size(), 64u) << why;
  };
  good("nothing", "");
  good("a letter", "a");
  good("words", "It rains cats and dogs.");
  good("no spaces", std::string(1'000, 'x'));
  good("no Latin", "\u4eca\u65e5\u306f\u96e8\u304c\u964d\u308a\u307e\u3059\u304b\u3002");
  std::string emoji;
  for (int i = 0; i < 500; ++i) emoji += "\U0001F327";
  good("emoji", emoji);
  good("much", std::string(100'000, ' '));
}

TEST(Echo, FindsArgumentsForASchema) {
  const auto arguments = [](const std::string& said, const std::string& schema) {
    ScriptedRequest request = {
        .method = "POST", .target = "/v1/messages", .headers = {}, .body = {}};
    request.body = R"({"model":"m","max_tokens":99,"tools":[{"name":"t","input_schema":)" + schema +
                   R"(}],"messages":[{"role":"user","content":")" + said + "\"}]}";
    const ScriptedReply reply = ScriptedProvider::echo(request);
    return reply.tool_calls.empty() ? "no call" : reply.tool_calls[0].arguments;
  };
  const std::string text = R"({"type":"object","properties":{"a":{"type":"string"}}})";
  EXPECT_EQ(arguments("Where is order A-48213?", text), R"({"a": "A-48213"})");
  EXPECT_EQ(arguments("Is it cold in Oslo now?", text), R"({"a": "Oslo"})");
  EXPECT_EQ(arguments("what now?", text), R"({"a": "what now?"})");
  EXPECT_EQ(arguments("x", R"({"type":"object"})"), "{}");
  EXPECT_EQ(arguments("for 12 days or 3.5", R"({"properties":{"n":{"type":"integer"},)"
                                            R"("f":{"type":"boolean"},"l":{"type":"array"}}})"),
            R"({"n": 12, "f": true, "l": []})");
}

}  // namespace
}  // namespace pitot
