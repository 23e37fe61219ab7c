#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "alert/notify/channel.h"
#include "alert/notify/payload.h"
#include "alert/notify/test_server.h"
#include "base/status.h"
#include "http/test_socket.h"

namespace pitot {
namespace {

using testing::HasSubstr;
using testing::Not;

class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    char name[] = "/tmp/pitot_command_XXXXXX";
    folder_ = ::mkdtemp(name);
    context_.receiver = "ops";
    context_.name = "command";
    context_.clock = &clock_;
  }
  ~CommandTest() override { std::filesystem::remove_all(folder_); }

  absl::Status Run(const std::string& script,
                   std::chrono::milliseconds timeout = std::chrono::seconds(20),
                   const CancelTokenPtr& cancel = nullptr) {
    ChannelOptions options;
    options.kind = "command";
    options.command = {"/bin/sh", "-c", script, "sh", folder_};
    options.timeout_ns = timeout.count() * kNanosPerMilli;
    return (*MakeChannel(options, context_))->Deliver(notification_, cancel);
  }
  std::string FileText(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  const FakeClock clock_{kTestNow};
  const Notification notification_ = TestNotificationOf({TestAlert()});
  ChannelContext context_;
  std::string folder_;
};

TEST_F(CommandTest, ReadsTheNotificationAndSeesWhatItIsAbout) {
  ASSERT_TRUE(Run("cat > $1/in; env > $1/env; ls /proc/self/fd > $1/fds").ok());
  EXPECT_EQ(FileText("in"), WebhookJson(notification_, ""));
  const std::string environment = FileText("env");
  EXPECT_THAT(environment, HasSubstr("PITOT_TITLE=PAGE: p99 of gpt-5 is 14.8 s"));
  EXPECT_THAT(environment, HasSubstr("PITOT_STATUS=firing"));
  EXPECT_THAT(environment, HasSubstr("PITOT_SEVERITY=page"));
  EXPECT_THAT(environment, HasSubstr("PATH="));
}

TEST_F(CommandTest, SeesNoSecretAndNoFileOfOurs) {
  ::setenv("SOME_API_KEY", "sk-secret", 1);
  const int leaked = ::open("/etc/hostname", O_RDONLY);  // Without O_CLOEXEC.
  ASSERT_TRUE(Run("env > $1/env; readlink /proc/self/fd/* > $1/fds; true").ok());
  ::close(leaked);
  EXPECT_THAT(FileText("env"), Not(HasSubstr("SOME_API_KEY")));
  EXPECT_THAT(FileText("fds"), Not(HasSubstr("/etc/hostname")));
}

TEST_F(CommandTest, ItsExitCodeSaysWhetherToTryAgain) {
  EXPECT_TRUE(Run("true").ok());
  const absl::Status passing = Run("echo later, please >&2; exit 75");
  EXPECT_TRUE(absl::IsUnavailable(passing)) << passing;
  EXPECT_THAT(std::string(Message(passing)), HasSubstr("later, please"));
  const absl::Status final = Run("echo no such pager; exit 3");
  EXPECT_TRUE(absl::IsInvalidArgument(final)) << final;
  EXPECT_THAT(std::string(Message(final)), HasSubstr("ended with 3: no such pager"));
  EXPECT_TRUE(absl::IsUnavailable(Run("kill -9 $$")));
}

TEST_F(CommandTest, SaysWhatIsNotThere) {
  ChannelOptions options;
  options.kind = "command";
  options.command = {folder_ + "/absent"};
  const absl::Status status = (*MakeChannel(options, context_))->Deliver(notification_, nullptr);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(Message(status)), HasSubstr("No such file"));
}

TEST_F(CommandTest, MuchOutputIsReadAndItsEndIsKept) {
  const absl::Status status = Run("yes | head -c 1000000; echo the last words; exit 1");
  EXPECT_THAT(std::string(Message(status)), HasSubstr("the last words"));
  EXPECT_LT(Message(status).size(), 3000u);
}

TEST_F(CommandTest, WhatItLeavesRunningGoesWithIt) {
  const absl::Status status =
      Run("sleep 1000 & echo $! > $1/pid; sleep 1000", std::chrono::milliseconds(500));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  const int pid = std::atoi(FileText("pid").c_str());
  ASSERT_GT(pid, 0);
  // Gone, or a zombie that init has not looked at yet.
  EXPECT_TRUE(Eventually([pid] {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    return text.empty() || text.find(") Z ") != std::string::npos;
  }));
}

TEST_F(CommandTest, AStopEndsIt) {
  const auto cancel = std::make_shared<CancelToken>();
  std::jthread stop([&] {
    Eventually([&] { return std::filesystem::exists(folder_ + "/begun"); });
    cancel->Cancel();
  });
  EXPECT_TRUE(
      absl::IsCancelled(Run("touch $1/begun; sleep 1000", std::chrono::minutes(5), cancel)));
}

}  // namespace
}  // namespace pitot
