// Lines in files: whole, rotated, after crashes, on full disks, from several processes.
#include "sdk/export/file_transport.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "sdk/base/problems.h"
#include "sdk/export/export_test_util.h"
#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {
namespace {

using Dropped = std::map<std::string, uint64_t>;

Deadline Soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(20); }

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/pitot_jsonl_XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    path_ = folder_ + "/spans.jsonl";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static SpanBatch Batch(std::string lines) {
    SpanBatch batch;
    batch.bytes = std::move(lines);
    batch.ends = {static_cast<uint32_t>(batch.bytes.size())};
    return batch;
  }
  std::string Read(const std::string& suffix = "") {
    std::ostringstream text;
    text << std::ifstream(path_ + suffix, std::ios::binary).rdbuf();
    return text.str();
  }
  bool Exists(const std::string& suffix) { return std::filesystem::exists(path_ + suffix); }

  std::string folder_;
  std::string path_;
};

TEST_F(FileTest, Appends) {
  {
    FileTransport file({.path = path_});
    EXPECT_EQ(file.Send(Batch("one\n")).kind, Verdict::Kind::kSent);
    EXPECT_EQ(file.Send(Batch("two\nthree\n")).kind, Verdict::Kind::kSent);
  }
  FileTransport again({.path = path_});
  again.Send(Batch("four\n"));
  EXPECT_EQ(Read(), "one\ntwo\nthree\nfour\n");
}

TEST_F(FileTest, EndsALineThatWasCut) {
  std::ofstream(path_) << "whole\n{\"cut\":";
  FileTransport file({.path = path_});
  file.Send(Batch("next\n"));
  file.Send(Batch("last\n"));
  EXPECT_EQ(Read(), "whole\n{\"cut\":\nnext\nlast\n");
}

TEST_F(FileTest, Rotates) {
  FileTransport file({.path = path_, .rotate_bytes = 10, .files_max = 3});
  for (const char* line : {"aaaa\n", "bbbb\n", "cccc\n", "dddd\n", "eeee\n", "ffff\n", "gggg\n"}) {
    EXPECT_EQ(file.Send(Batch(line)).error, "");
  }
  EXPECT_EQ(Read(), "gggg\n");
  EXPECT_EQ(Read(".1"), "eeee\nffff\n");
  EXPECT_EQ(Read(".2"), "cccc\ndddd\n");
  EXPECT_FALSE(Exists(".3"));
  // Larger than a file may be: alone in one.
  file.Send(Batch("a long line that is whole\n"));
  EXPECT_EQ(Read(), "a long line that is whole\n");
  EXPECT_EQ(Read(".1"), "gggg\n");
}

TEST_F(FileTest, OneFileIsReplaced) {
  FileTransport file({.path = path_, .rotate_bytes = 10, .files_max = 1});
  for (const char* line : {"aaaa\n", "bbbb\n", "cccc\n"}) file.Send(Batch(line));
  EXPECT_EQ(Read(), "cccc\n");
  EXPECT_FALSE(Exists(".1"));
}

TEST_F(FileTest, NeverRotates) {
  FileTransport file({.path = path_, .rotate_bytes = 0, .files_max = 3});
  for (int i = 0; i < 100; ++i) file.Send(Batch("line\n"));
  EXPECT_EQ(Read().size(), 500u);
}

TEST_F(FileTest, FollowsThePath) {
  FileTransport file({.path = path_});
  file.Send(Batch("one\n"));
  std::filesystem::rename(path_, path_ + ".moved");
  file.Send(Batch("two\n"));
  EXPECT_EQ(Read(), "two\n");
  std::filesystem::remove(path_);
  file.Send(Batch("three\n"));
  EXPECT_EQ(Read(), "three\n");
  EXPECT_EQ(Read(".moved"), "one\n");
}

TEST_F(FileTest, SaysWhatIsWrong) {
  const auto error = [](const std::string& path) {
    FileTransport file({.path = path});
    const Verdict verdict = file.Send(Batch("line\n"));
    EXPECT_EQ(verdict.kind, Verdict::Kind::kRefused);
    EXPECT_EQ(verdict.reason, DropReason::kWriteFailed);
    return verdict.error;
  };
  EXPECT_EQ(error(folder_ + "/missing/x"),
            "cannot open " + folder_ + "/missing/x: No such file or directory");
  EXPECT_EQ(error(folder_), "cannot open " + folder_ + ": Is a directory");
  EXPECT_EQ(error("/dev/full"), "cannot write to /dev/full: No space left on device");
}

// Its size is limited as a full disk would: the line that does not fit is taken back, and what fits
// again later is written.
TEST_F(FileTest, AFullDiskCutsNoLine) {
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small = {.rlim_cur = 12, .rlim_max = before.rlim_max};
  sigset_t set;
  sigset_t old;
  sigemptyset(&set);
  sigaddset(&set, SIGXFSZ);  // As the outbox's thread has it.
  pthread_sigmask(SIG_BLOCK, &set, &old);
  setrlimit(RLIMIT_FSIZE, &small);
  FileTransport file({.path = path_});
  const Verdict first = file.Send(Batch("eightby\n"));
  const Verdict second = file.Send(Batch("not all of it\n"));
  const std::string meanwhile = Read();
  setrlimit(RLIMIT_FSIZE, &before);
  const Verdict third = file.Send(Batch("later\n"));
  timespec now = {};
  sigtimedwait(&set, nullptr, &now);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  EXPECT_EQ(first.kind, Verdict::Kind::kSent);
  EXPECT_EQ(second.reason, DropReason::kWriteFailed);
  EXPECT_EQ(second.error, "cannot write to " + path_ + ": File too large");
  EXPECT_EQ(meanwhile, "eightby\n");
  EXPECT_EQ(third.kind, Verdict::Kind::kSent);
  EXPECT_EQ(Read(), "eightby\nlater\n");
}

TEST_F(FileTest, SomebodySitsOnTheLock) {
  const int fd = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  ASSERT_EQ(flock(fd, LOCK_EX), 0);
  FileTransport file({.path = path_, .rotate_bytes = 4096, .files_max = 2});
  EXPECT_EQ(file.Send(Batch("line\n")).kind, Verdict::Kind::kSent);
  EXPECT_EQ(Read(), "line\n");
  close(fd);
}

TEST_F(FileTest, ProcessesShareAFile) {
  constexpr int kWriters = 4;
  constexpr int kLines = 300;
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t child = fork();
    if (child == 0) {
      FileTransport file({.path = path_, .rotate_bytes = 2'000, .files_max = 200});
      int failures = 0;
      for (int line = 0; line < kLines; ++line) {
        const std::string text = std::to_string(writer) + ":" + std::to_string(line) + "\n";
        if (file.Send(Batch(text)).kind != Verdict::Kind::kSent) ++failures;
      }
      _exit(failures == 0 ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << "a write failed";
  }
  std::set<std::string> lines;
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    EXPECT_LE(entry.file_size(), 2'000u);
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line); ++count) lines.insert(line);
  }
  EXPECT_EQ(count, size_t{kWriters * kLines});
  EXPECT_EQ(lines.size(), count) << "some line is there twice, or two are mixed";
}

// A program that is killed at any moment leaves whole lines, but perhaps one, and the next goes on.
TEST_F(FileTest, AKilledProgramLeavesWholeLines) {
  const std::string line = "{\"text\":\"" + std::string(50'000, 'x') + "\"}\n";
  for (int round = 0; round < 5; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      FileTransport file({.path = path_});
      for (;;) file.Send(Batch(line));
    }
    const auto until = Soon();
    const auto size = [&] { return Exists("") ? std::filesystem::file_size(path_) : 0; };
    const uintmax_t before = size();
    while (size() < before + 300'000 && std::chrono::steady_clock::now() < until) continue;
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
  }
  FileTransport file({.path = path_});
  file.Send(Batch("{\"last\":1}\n"));
  std::ifstream lines(path_);
  int cut = 0;
  std::string last;
  for (std::string text; std::getline(lines, text); last = text) cut += IsJson(text) ? 0 : 1;
  EXPECT_LE(cut, 5);
  EXPECT_EQ(last, "{\"last\":1}");
}

TEST_F(FileTest, AsAnExporter) {
  Problems problems([](std::string_view) {});
  const auto exporter = MakeExporter(
      JsonLines{.path = path_, .rotate_bytes = 4096, .files_max = 1000}, TestResource(), problems);
  EXPECT_EQ(exporter->name(), "jsonl " + path_);
  EXPECT_FALSE(exporter->wants_running());
  exporter->Start();
  exporter->Take(SmallSpans(100));
  EXPECT_TRUE(exporter->Flush(Soon()));
  EXPECT_EQ(exporter->Stats().sent, 100u);
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    EXPECT_LE(entry.file_size(), 4'096u);
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line); ++count) EXPECT_TRUE(IsJson(line));
  }
  EXPECT_EQ(count, 100u);
}

TEST_F(FileTest, AnExporterCountsWhatAFullDiskTakes) {
  std::vector<std::string> said;
  Problems problems([&](std::string_view message) { said.emplace_back(message); });
  const auto exporter = MakeExporter(JsonLines{.path = "/dev/full"}, TestResource(), problems);
  exporter->Start();
  exporter->Take(SmallSpans(3));
  EXPECT_TRUE(exporter->Flush(Soon()));
  exporter->Stop(Soon());
  EXPECT_EQ(exporter->Stats().dropped, (Dropped{{"write_failed", 3}}));
  EXPECT_THAT(said, testing::ElementsAre(testing::HasSubstr(
                        "jsonl /dev/full: 3 spans dropped (write_failed): the file could not be "
                        "written: cannot write to /dev/full: No space left on device")));
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
