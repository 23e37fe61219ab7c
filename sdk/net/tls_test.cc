#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "sdk/net/http_client.h"
#include "sdk/net/test_server.h"

namespace pitot {
namespace {

using Error = HttpOutcome::Error;

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";

TestServer::Serve Secret() {
  return [](TestPeer& peer, int) {
    while (!peer.ReadRequest().empty()) peer.Send(kAnswer);
  };
}

// An environment variable for the duration of a test.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Environment() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(Tls, TrustsTheGivenAuthority) {
  TestCertificate certificate("DNS:localhost");
  std::string name;
  TestServer server(
      [&](TestPeer& peer, int) {
        name = peer.server_name();
        while (!peer.ReadRequest().empty()) peer.Send(kAnswer);
      },
      &certificate);
  HttpClient http({.ca_file = certificate.ca_file()});
  for (int i = 0; i < 3; ++i) {
    const HttpOutcome outcome = http.Call({.url = server.url()}, {});
    EXPECT_EQ(outcome.body, "secret") << outcome.message;
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(name, "localhost");
}

TEST(Tls, TrustsTheEnvironmentsAuthority) {
  TestCertificate certificate("DNS:localhost");
  const Environment file("SSL_CERT_FILE", certificate.ca_file());
  TestServer server(Secret(), &certificate);
  HttpClient http;
  EXPECT_EQ(http.Call({.url = server.url()}, {}).body, "secret");
}

TEST(Tls, RefusesAnUnknownAuthority) {
  TestCertificate certificate("DNS:localhost");
  TestServer server(Secret(), &certificate);
  HttpClient http;
  const HttpOutcome outcome = http.Call({.url = server.url()}, {});
  EXPECT_EQ(outcome.error, Error::kTls);
  EXPECT_NE(outcome.message.find("not trusted"), std::string::npos) << outcome.message;
  EXPECT_FALSE(outcome.sent_any);
}

TEST(Tls, RefusesAnotherHostsCertificate) {
  TestCertificate certificate("DNS:other.example");
  TestServer server(Secret(), &certificate);
  HttpClient http({.ca_file = certificate.ca_file()});
  HttpOutcome outcome = http.Call({.url = server.url()}, {});
  EXPECT_EQ(outcome.error, Error::kTls);
  EXPECT_NE(outcome.message.find("hostname mismatch"), std::string::npos) << outcome.message;
  outcome = http.Call({.url = "https://127.0.0.1:" + std::to_string(server.port())}, {});
  EXPECT_EQ(outcome.error, Error::kTls) << "by address";
}

TEST(Tls, ACertificateMayBeForAnAddress) {
  TestCertificate certificate("IP:127.0.0.1");
  TestServer server(Secret(), &certificate);
  HttpClient http({.ca_file = certificate.ca_file()});
  const std::string url = "https://127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(http.Call({.url = url}, {}).body, "secret");
}

TEST(Tls, SaysThatTheAuthorityCannotBeRead) {
  HttpClient http({.ca_file = "/nowhere/ca.pem"});
  const HttpOutcome outcome = http.Call({.url = "https://localhost:1"}, {});
  EXPECT_EQ(outcome.error, Error::kTls);
  EXPECT_NE(outcome.message.find("/nowhere/ca.pem"), std::string::npos) << outcome.message;
}

TEST(Tls, APeerWithoutTls) {
  TestServer server([](TestPeer& peer, int) {
    peer.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.AwaitEnd();
  });
  HttpClient http;
  const std::string url = "https://localhost:" + std::to_string(server.port());
  EXPECT_EQ(http.Call({.url = url}, {}).error, Error::kTls);
}

TEST(Tls, AnEndWithoutCloseNotifyIsNoEndOfABody) {
  TestCertificate certificate("DNS:localhost");
  TestServer server(
      [](TestPeer& peer, int n) {
        peer.ReadRequest();
        peer.Send("HTTP/1.1 200 OK\r\n\r\nsome");
        if (n == 0) peer.Drop();
      },
      &certificate);
  HttpClient http({.ca_file = certificate.ca_file()});
  HttpOutcome outcome = http.Call({.url = server.url()}, {});
  EXPECT_EQ(outcome.error, Error::kClosed) << "cut off";
  outcome = http.Call({.url = server.url()}, {});
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.body, "some");
}

TEST(Tls, LargeBodiesBothWays) {
  TestCertificate certificate("DNS:localhost");
  const std::string body(3 << 20, 'x');
  TestServer server(
      [&](TestPeer& peer, int) {
        const std::string request = peer.ReadRequest();
        const std::string got = request.substr(request.find("\r\n\r\n") + 4);
        peer.Send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(got.size()) + "\r\n\r\n" +
                  got);
      },
      &certificate);
  HttpClient http({.ca_file = certificate.ca_file()});
  const HttpOutcome outcome = http.Call({.method = "POST", .url = server.url(), .body = body}, {});
  EXPECT_EQ(outcome.body == body, true) << outcome.message;
}

TEST(Proxy, TunnelsTls) {
  TestCertificate certificate("DNS:api.example.test");
  std::string connect;
  TestServer proxy([&](TestPeer& peer, int) {
    connect = peer.ReadRequest();
    peer.Send("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n");
    peer.StartTls(certificate.context());
    while (!peer.ReadRequest().empty()) peer.Send(kAnswer);
  });
  const Environment variable("https_proxy", "http://u:p@127.0.0.1:" + std::to_string(proxy.port()));
  HttpClient http({.ca_file = certificate.ca_file()});
  for (int i = 0; i < 2; ++i) {
    const HttpOutcome outcome = http.Call({.url = "https://api.example.test/"}, {});
    EXPECT_EQ(outcome.body, "secret") << outcome.message;
  }
  EXPECT_EQ(connect,
            "CONNECT api.example.test:443 HTTP/1.1\r\nHost: api.example.test:443\r\n"
            "Proxy-Authorization: Basic dTpw\r\n\r\n");
  EXPECT_EQ(proxy.connections(), 1);
}

TEST(Proxy, MayRefuse) {
  TestServer proxy([&](TestPeer& peer, int) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  });
  const std::string address = "127.0.0.1:" + std::to_string(proxy.port());
  const Environment variable("https_proxy", address);
  HttpClient http;
  const HttpOutcome outcome = http.Call({.url = "https://api.example.test/"}, {});
  EXPECT_EQ(outcome.error, Error::kConnect);
  EXPECT_EQ(outcome.message,
            "the proxy " + address + " answered 407 to CONNECT api.example.test:443");
}

TEST(Proxy, ForwardsPlainHttp) {
  std::string request;
  TestServer proxy([&](TestPeer& peer, int) {
    request = peer.ReadRequest();
    peer.Send(kAnswer);
  });
  const Environment variable("http_proxy", "127.0.0.1:" + std::to_string(proxy.port()));
  HttpClient http;
  EXPECT_EQ(http.Call({.url = "http://api.example.test/x"}, {}).body, "secret");
  EXPECT_TRUE(request.starts_with("GET http://api.example.test/x HTTP/1.1\r\n")) << request;
}

}  // namespace
}  // namespace pitot
