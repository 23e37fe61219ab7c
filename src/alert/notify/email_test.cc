#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "alert/notify/channel.h"
#include "alert/notify/test_server.h"
#include "base/status.h"
#include "http/test_socket.h"
#include "http/test_tls_server.h"

namespace pitot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// One session of SMTP (RFC 5321), over any way of reading and writing bytes.
class SmtpSession {
 public:
  // What a command of the client is answered with; "" for the usual answer.
  using Answer = std::function<std::string(const std::string& line)>;

  struct Log {
    Mutex mutex;
    std::vector<std::string> lines ABSL_GUARDED_BY(mutex);  // Commands, in order.
    std::string mail ABSL_GUARDED_BY(mutex);                // As it came, without the last dot.
  };

  SmtpSession(Log& log, Answer answer, std::function<bool(std::string&)> read,
              std::function<void(std::string_view)> write)
      : log_(log), answer_(std::move(answer)), read_(std::move(read)), write_(std::move(write)) {}

  // Until QUIT, or until STARTTLS was agreed on: then true.
  bool Serve(bool greet) {
    if (greet) write_("220 test ESMTP\r\n");
    for (;;) {
      std::string line;
      if (!ReadLine(line)) return false;
      {
        MutexLock lock(&log_.mutex);
        log_.lines.push_back(line);
      }
      std::string reply = answer_ ? answer_(line) : "";
      if (reply.empty()) reply = Usual(line);
      write_(reply + "\r\n");
      if (line == "STARTTLS") return true;
      if (line == "QUIT") return false;
      if (line == "DATA" && reply[0] == '3' && !ReadMail()) return false;
    }
  }

 private:
  static std::string Usual(const std::string& line) {
    if (line.starts_with("EHLO")) return "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN";
    if (line == "DATA") return "354 go on";
    if (line == "QUIT") return "221 bye";
    if (line == "AUTH PLAIN") return "334 ";
    if (line == "AHBpdG90AHBhc3Mgd29yZA==") return "235 welcome";  // NUL pitot NUL pass word
    if (line == "STARTTLS") return "220 go ahead";
    return "250 ok";
  }

  bool ReadLine(std::string& line) {
    size_t end = 0;
    while ((end = got_.find("\r\n")) == std::string::npos) {
      if (!read_(got_)) return false;
    }
    line = got_.substr(0, end);
    got_.erase(0, end + 2);
    return true;
  }

  bool ReadMail() {
    size_t end = 0;
    while ((end = got_.find("\r\n.\r\n")) == std::string::npos) {
      if (!read_(got_)) return false;
    }
    {
      MutexLock lock(&log_.mutex);
      log_.mail = got_.substr(0, end + 2);
    }
    got_.erase(0, end + 5);
    const std::string reply = answer_ ? answer_("(mail)") : "";
    write_((reply.empty() ? "250 queued" : reply) + "\r\n");
    return true;
  }

  Log& log_;
  const Answer answer_;
  const std::function<bool(std::string&)> read_;
  const std::function<void(std::string_view)> write_;
  std::string got_;
};

bool ReadPlain(int fd, std::string& got) {
  char bytes[4096];
  const ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
  if (n > 0) got.append(bytes, static_cast<size_t>(n));
  return n > 0;
}

bool ServePlain(int fd, SmtpSession::Log& log, const SmtpSession::Answer& answer) {
  return SmtpSession(
             log, answer, [fd](std::string& got) { return ReadPlain(fd, got); },
             [fd](std::string_view bytes) { TestListener::Send(fd, bytes); })
      .Serve(true);
}

void ServeTls(SSL* ssl, SmtpSession::Log& log, bool greet) {
  SmtpSession(
      log, nullptr,
      [ssl](std::string& got) {
        char bytes[4096];
        const int n = SSL_read(ssl, bytes, sizeof bytes);
        if (n > 0) got.append(bytes, static_cast<size_t>(n));
        return n > 0;
      },
      [ssl](std::string_view bytes) {
        SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()));
      })
      .Serve(greet);
}

class EmailTest : public testing::Test {
 protected:
  EmailTest() {
    context_.receiver = "ops";
    context_.name = "email";
    context_.clock = &clock_;
    options_.kind = "email";
    options_.from = "Pitot <pitot@pitot.example>";
    options_.to = {"oncall@shop.example"};
    options_.tls = "none";
    options_.timeout_ns = 20 * kNanosPerSecond;
  }

  absl::Status Deliver(uint16_t port, const CancelTokenPtr& cancel = nullptr) {
    options_.smarthost = fmt::format("localhost:{}", port);
    const auto channel = MakeChannel(options_, context_);
    if (!channel.ok()) return channel.status();
    return (*channel)->Deliver(TestNotificationOf({TestAlert()}), cancel);
  }
  absl::Status DeliverPlain(const SmtpSession::Answer& answer) {
    const TestListener server([this, answer](int fd, int) { ServePlain(fd, log_, answer); });
    return Deliver(server.port());
  }
  std::vector<std::string> Lines() {
    MutexLock lock(&log_.mutex);
    return log_.lines;
  }
  std::string Mail() {
    MutexLock lock(&log_.mutex);
    return log_.mail;
  }

  const FakeClock clock_{kTestNow};
  ChannelOptions options_;
  ChannelContext context_;
  SmtpSession::Log log_;
};

TEST_F(EmailTest, GoesToEveryAddressInOneMessage) {
  options_.to.push_back("Bob <bob@shop.example>");
  ASSERT_TRUE(DeliverPlain(nullptr).ok());
  EXPECT_THAT(
      Lines(),
      ElementsAre(StartsWith("EHLO "), StartsWith("MAIL FROM:<pitot@pitot.example>"),
                  "RCPT TO:<oncall@shop.example>", "RCPT TO:<bob@shop.example>", "DATA", "QUIT"));
  EXPECT_THAT(Mail(), HasSubstr("To: oncall@shop.example,\r\n \"Bob\" <bob@shop.example>\r\n"));
  EXPECT_THAT(Mail(), HasSubstr("Subject: PAGE: p99 of gpt-5 is 14.8 s\r\n"));
  EXPECT_THAT(Mail(), HasSubstr("\r\n\r\nPAGE: p99 of gpt-5 is 14.8 s\r\n"));
}

TEST_F(EmailTest, OneAddressThatIsRefusedDoesNotKeepItFromTheOthers) {
  options_.to = {"gone@shop.example", "oncall@shop.example"};
  const absl::Status status = DeliverPlain([](const std::string& line) {
    return line.starts_with("RCPT TO:<gone@") ? "550 no such user" : "";
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(Mail(), HasSubstr("Subject: "));
}

TEST_F(EmailTest, WhatTheServerSaysDecidesWhetherToTryAgain) {
  const auto judge = [this](const char* at, const char* reply) {
    return DeliverPlain([at, reply](const std::string& line) {
      return line.starts_with(at) ? std::string(reply) : std::string();
    });
  };
  const auto is = [&](absl::StatusCode code, const char* at, const char* reply) {
    const absl::Status status = judge(at, reply);
    EXPECT_EQ(status.code(), code) << at << ": " << status;
    EXPECT_THAT(std::string(Message(status)), HasSubstr(reply)) << at;
  };
  is(absl::StatusCode::kUnavailable, "RCPT", "451 greylisted, try again");
  is(absl::StatusCode::kInvalidArgument, "RCPT", "550 no such user");
  is(absl::StatusCode::kInvalidArgument, "MAIL", "553 not your address");
  is(absl::StatusCode::kUnavailable, "(mail)", "452 disk full");
  is(absl::StatusCode::kInvalidArgument, "(mail)", "554 looks like spam");
}

TEST_F(EmailTest, LogsIn) {
  ::setenv("PITOT_TEST_SMTP", "pass word", 1);
  options_.username = "pitot";
  options_.password = "env:PITOT_TEST_SMTP";
  ASSERT_TRUE(DeliverPlain(nullptr).ok());
  EXPECT_THAT(Lines(), testing::Contains(StartsWith("AUTH PLAIN")));
  const absl::Status refused = DeliverPlain(
      [](const std::string& line) { return line.starts_with("AUTH") ? "535 wrong password" : ""; });
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  options_.password = "env:PITOT_TEST_ABSENT";
  const absl::Status absent = DeliverPlain(nullptr);
  EXPECT_TRUE(absl::IsFailedPrecondition(absent)) << absent;
  EXPECT_THAT(std::string(Message(absent)), HasSubstr("PITOT_TEST_ABSENT is not set"));
}

TEST_F(EmailTest, NothingIsSaidBeforeTlsIsThere) {
  options_.tls = "starttls";
  const absl::Status status = DeliverPlain(
      [](const std::string& line) { return line.starts_with("EHLO") ? "250 test" : ""; });
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(Message(status)), HasSubstr("STARTTLS"));
  EXPECT_THAT(Lines(), ElementsAre(StartsWith("EHLO ")));
}

TEST_F(EmailTest, StartsTls) {
  SmtpSession::Log before;
  const TestTlsServer server([this](SSL* ssl) { ServeTls(ssl, log_, false); },
                             [&before](int fd) { ServePlain(fd, before, nullptr); });
  options_.tls = "starttls";
  options_.ca_file = server.ca_file();
  const absl::Status status = Deliver(server.port());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(Mail(), HasSubstr("Subject: "));
  MutexLock lock(&before.mutex);
  EXPECT_THAT(before.lines, ElementsAre(StartsWith("EHLO "), "STARTTLS"));
}

TEST_F(EmailTest, SpeaksTlsFromTheBeginning) {
  const TestTlsServer server([this](SSL* ssl) { ServeTls(ssl, log_, true); });
  options_.tls = "tls";
  options_.ca_file = server.ca_file();
  const absl::Status status = Deliver(server.port());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(Mail(), HasSubstr("Subject: "));
}

TEST_F(EmailTest, ACertificateOfAnybodyIsNotAccepted) {
  const TestTlsServer server([this](SSL* ssl) { ServeTls(ssl, log_, true); });
  options_.tls = "tls";
  const absl::Status status = Deliver(server.port());
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(Lines(), ElementsAre());
}

TEST_F(EmailTest, AServerThatIsAwayOrSilentMayComeBack) {
  uint16_t port = 0;
  {
    const TestListener gone([](int, int) {});
    port = gone.port();
  }
  EXPECT_TRUE(absl::IsUnavailable(Deliver(port)));
  options_.timeout_ns = 300 * kNanosPerMilli;
  const TestListener silent([](int fd, int) { TestListener::AwaitClose(fd); });
  EXPECT_TRUE(absl::IsDeadlineExceeded(Deliver(silent.port())));
}

TEST_F(EmailTest, AStopEndsIt) {
  const auto cancel = std::make_shared<CancelToken>();
  const TestListener silent([&](int fd, int) {
    cancel->Cancel();
    TestListener::AwaitClose(fd);
  });
  EXPECT_TRUE(absl::IsCancelled(Deliver(silent.port(), cancel)));
}

TEST_F(EmailTest, RefusesOptionsThatCannotWork) {
  const auto bad = [this](const char* why, auto change) {
    ChannelOptions options = options_;
    options.smarthost = "smtp.example.com:587";
    change(options);
    EXPECT_TRUE(absl::IsInvalidArgument(MakeChannel(options, context_).status())) << why;
  };
  bad("no host", [](ChannelOptions& o) { o.smarthost.clear(); });
  bad("a URL", [](ChannelOptions& o) { o.smarthost = "smtp://a.example:25"; });
  bad("no such mode", [](ChannelOptions& o) { o.tls = "ssl"; });
  bad("from is no address", [](ChannelOptions& o) { o.from = "Pitot"; });
  bad("to is empty", [](ChannelOptions& o) { o.to.clear(); });
  bad("to is no address", [](ChannelOptions& o) { o.to = {"a@b.example, c@d.example"}; });
  bad("user without password", [](ChannelOptions& o) { o.username = "u"; });
  bad("password in the clear", [](ChannelOptions& o) {
    o.username = "u";
    o.password = "env:P";
  });
}

}  // namespace
}  // namespace pitot
