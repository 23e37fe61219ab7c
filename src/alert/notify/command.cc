// Command: a program of the operator's is given the webhook's body (payload.h) on standard input. No
// shell. It runs in a process group of its own that is killed when the time is over; it sees a few
// variables of the environment and no other file of ours, so that no secret of the server leaks into it.
// Exit codes: 0 told; 75 (EX_TEMPFAIL) try again; any other: it never will be.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "alert/notify/channel.h"
#include "alert/notify/payload.h"
#include "alert/notify/text.h"
#include "base/file.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr int kExitTempFail = 75;
constexpr size_t kOutputBytesMax = 2000;  // The last of what it prints goes into the error.
constexpr int kPollMs = 50;               // Between looks at the cancel token.
constexpr std::array<const char*, 8> kVariables = {"PATH",   "HOME", "USER",   "LANG",
                                                   "LC_ALL", "TZ",   "TMPDIR", "SHELL"};

// A file in memory that holds `text`, at its beginning. Unlike a pipe it needs nobody to write into it
// meanwhile, and a program that does not read hurts nobody.
absl::StatusOr<File> FileOf(std::string_view text) {
  File file(::memfd_create("notification", MFD_CLOEXEC));
  if (!file.is_open()) return ErrnoStatus("memfd_create", errno);
  RETURN_IF_ERROR(file.WriteAll(text));
  if (::lseek(file.fd(), 0, SEEK_SET) != 0) return ErrnoStatus("lseek", errno);
  return file;
}

// Owns what posix_spawn is told.
class SpawnPlan {
 public:
  SpawnPlan(int in, int out) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, in, 0);
    posix_spawn_file_actions_adddup2(&actions_, out, 1);
    posix_spawn_file_actions_adddup2(&actions_, out, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    sigset_t defaults;
    sigemptyset(&defaults);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGCHLD, SIGHUP}) {
      sigaddset(&defaults, signal);
    }
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  absl::StatusOr<pid_t> Run(const std::vector<std::string>& words,
                            const std::vector<std::string>& environment) const {
    const auto pointers = [](const std::vector<std::string>& texts) {
      std::vector<char*> list;
      for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
      list.push_back(nullptr);
      return list;
    };
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, words.front().c_str(), &actions_, &attributes_,
                                     pointers(words).data(), pointers(environment).data());
    if (error != 0) {
      return Error(absl::StatusCode::kFailedPrecondition, "{} cannot be started: {}", words.front(),
                   std::strerror(error));
    }
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// Appends what can be read now; keeps the last of it.
void ReadAvailable(int fd, std::string& output) {
  char bytes[4096];
  for (;;) {
    const ssize_t got = ::read(fd, bytes, sizeof bytes);
    if (got <= 0) return;
    output.append(bytes, static_cast<size_t>(got));
    if (output.size() > 2 * kOutputBytesMax) output.erase(0, output.size() - kOutputBytesMax);
  }
}

class Command final : public Channel {
 public:
  Command(const ChannelOptions& options, const ChannelContext& context)
      : options_(options), context_(context) {}

  absl::Status Deliver(const Notification& notification, const CancelTokenPtr& cancel) override {
    ASSIGN_OR_RETURN(const File in, FileOf(WebhookJson(notification, context_.external_url)));
    int pipe_fds[2];
    if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return ErrnoStatus("pipe2", errno);
    const File out(pipe_fds[0]);
    File theirs(pipe_fds[1]);
    ::fcntl(out.fd(), F_SETFL, O_NONBLOCK);
    ASSIGN_OR_RETURN(
        const pid_t pid,
        SpawnPlan(in.fd(), theirs.fd()).Run(options_.command, Environment(notification)));
    theirs = File();
    std::string output;
    absl::Status status = Await(pid, out.fd(), cancel, output);
    // What it started and left behind goes too.
    ::kill(-pid, SIGKILL);
    int exit_status = 0;
    while (::waitpid(pid, &exit_status, 0) < 0 && errno == EINTR) {
    }
    ReadAvailable(out.fd(), output);
    if (!status.ok()) return status;
    return Judge(exit_status, output);
  }

  std::string target() const override { return options_.command.front(); }

 private:
  // Until it ends; kills nothing.
  absl::Status Await(pid_t pid, int out, const CancelTokenPtr& cancel, std::string& output) const {
    // Debian 12 declares pidfd_open for C only.
    const File process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process.is_open()) return ErrnoStatus("pidfd_open", errno);
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::nanoseconds(options_.timeout_ns);
    pollfd watched[2] = {{process.fd(), POLLIN, 0}, {out, POLLIN, 0}};
    for (;;) {
      const int ready = ::poll(watched, 2, kPollMs);
      if (ready > 0 && watched[1].revents != 0) {
        ReadAvailable(out, output);
        // The other end is closed: it would be ready for ever.
        if ((watched[1].revents & POLLHUP) != 0) watched[1].fd = -1;
      }
      if (ready > 0 && watched[0].revents != 0) return absl::OkStatus();
      if (cancel != nullptr && cancel->cancelled()) {
        return absl::CancelledError(options_.command.front() + ": the server stops");
      }
      if (std::chrono::steady_clock::now() >= until) {
        return Error(absl::StatusCode::kDeadlineExceeded, "{} was killed: it ran longer than {}",
                     options_.command.front(), FormatDuration(options_.timeout_ns));
      }
    }
  }

  absl::Status Judge(int exit_status, const std::string& output) const {
    const std::string_view words = TrimText(output);
    const std::string said =
        words.empty()
            ? ""
            : fmt::format(": {}",
                          words.substr(words.size() - std::min(words.size(), kOutputBytesMax)));
    if (WIFSIGNALED(exit_status)) {
      return Unavailable("{} ended by signal {}{}", options_.command.front(), WTERMSIG(exit_status),
                         said);
    }
    const int code = WEXITSTATUS(exit_status);
    if (code == 0) return absl::OkStatus();
    const std::string message =
        fmt::format("{} ended with {}{}", options_.command.front(), code, said);
    return code == kExitTempFail ? absl::UnavailableError(message)
                                 : absl::InvalidArgumentError(message);
  }

  std::vector<std::string> Environment(const Notification& notification) const {
    std::vector<std::string> variables;
    for (const char* const name : kVariables) {
      if (const char* const value = std::getenv(name)) {
        variables.push_back(fmt::format("{}={}", name, value));
      }
    }
    TextOptions options;
    options.external_url = context_.external_url;
    variables.push_back("PITOT_TITLE=" + TextOf(notification, options).title);
    variables.push_back(notification.firing() ? "PITOT_STATUS=firing" : "PITOT_STATUS=resolved");
    variables.push_back(fmt::format("PITOT_SEVERITY={}", Name(notification.severity())));
    variables.push_back("PITOT_RECEIVER=" + notification.receiver);
    return variables;
  }

  const ChannelOptions options_;
  const ChannelContext context_;
};

}  // namespace

ChannelOr MakeCommand(const ChannelOptions& options, const ChannelContext& context) {
  if (options.command.empty() || options.command.front().empty()) {
    return InvalidArgument("run is missing: a list of the program and its arguments");
  }
  return std::make_unique<Command>(options, context);
}

}  // namespace pitot
