#include "cmd/import.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ostream.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <thread>

#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "cmd/import_file.h"
#include "cmd/view/chart.h"
#include "cmd/view/terminal.h"

namespace pitot {
namespace {

using std::chrono::steady_clock;

constexpr size_t kPieceBytes = 4 << 20;
constexpr size_t kReasonsShown = 10;
constexpr std::chrono::minutes kRetryTime(10);  // While the server asks to wait.
constexpr std::chrono::seconds kRetryWaitMax(30);
constexpr double kSpeedSeconds = 0.5;  // Shorter imports say nothing about speed.

// A file's bytes; mapped, so that large ones cost no memory.
class MappedFile {
 public:
  static absl::StatusOr<MappedFile> Open(const std::string& path) {
    MappedFile mapped;
    if (path == "-") {
      mapped.read_.assign(std::istreambuf_iterator<char>(std::cin), {});
      return mapped;
    }
    ASSIGN_OR_RETURN(const File file, File::Open(path, O_RDONLY));
    struct stat what = {};
    if (fstat(file.fd(), &what) == 0 && S_ISDIR(what.st_mode)) {
      return InvalidArgument("is a folder: name the files in it");
    }
    ASSIGN_OR_RETURN(mapped.bytes_, file.Size());
    if (mapped.bytes_ == 0) return mapped;
    void* data = mmap(nullptr, mapped.bytes_, PROT_READ, MAP_PRIVATE, file.fd(), 0);
    if (data == MAP_FAILED) return ErrnoStatus("map " + path, errno);
    mapped.data_ = static_cast<const char*>(data);
    return mapped;
  }
  MappedFile(MappedFile&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        bytes_(other.bytes_),
        read_(std::move(other.read_)) {}
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile() {
    if (data_ != nullptr) munmap(const_cast<char*>(data_), bytes_);
  }

  std::string_view content() const {
    return data_ != nullptr ? std::string_view(data_, bytes_) : std::string_view(read_);
  }

 private:
  MappedFile() = default;
  const char* data_ = nullptr;
  uint64_t bytes_ = 0;
  std::string read_;
};

std::chrono::seconds RetryWait(const HttpReply& reply) {
  int64_t seconds = 1;
  const std::string_view text = reply.headers.Get("Retry-After");
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::clamp(std::chrono::seconds(seconds), std::chrono::seconds(1), kRetryWaitMax);
}

// "line 12: ..." of a piece, as the line of the file.
std::string AtFileLine(const std::string& message, const std::string& file, uint64_t first_line) {
  constexpr std::string_view kLine = "line ";
  const size_t at = message.find(kLine);
  uint64_t line = 0;
  if (first_line == 0 || at == std::string::npos) return fmt::format("{}: {}", file, message);
  const char* begin = message.data() + at + kLine.size();
  const auto [end, error] = std::from_chars(begin, message.data() + message.size(), line);
  if (error != std::errc() || line == 0) return fmt::format("{}: {}", file, message);
  std::string_view rest(end, static_cast<size_t>(message.data() + message.size() - end));
  if (rest.starts_with(':')) rest.remove_prefix(1);
  return fmt::format("{}:{}: {}{}", file, first_line + line - 1, message.substr(0, at),
                     TrimText(rest));
}

class Importer {
 public:
  Importer(ApiClient& client, const ImportArgs& args)
      : client_(client), args_(args), show_progress_(isatty(STDERR_FILENO) != 0) {}

  int Run() {
    const auto begin = steady_clock::now();
    for (const std::string& file : args_.files) {
      const absl::Status status = ImportOne(file);
      ClearProgress();
      if (!status.ok()) {
        const bool is_named = Message(status).find(file) != std::string_view::npos;
        fmt::print(stderr, "{}{}\n", is_named ? "" : file + ": ", Message(status));
        // The next file fails too when nobody answers; else only this file is bad.
        const bool is_away = status.code() == absl::StatusCode::kUnavailable ||
                             status.code() == absl::StatusCode::kDeadlineExceeded;
        exit_code_ = std::max<int>(exit_code_, is_away ? kExitInconclusive : kExitBad);
        if (is_away) break;
      }
    }
    if (files_ > 0 && (accepted_ > 0 || exit_code_ == kExitOk)) {
      PrintSummary(steady_clock::now() - begin);
    }
    return exit_code_ != kExitOk ? exit_code_ : rejected_ > 0 ? kExitBad : kExitOk;
  }

 private:
  absl::Status ImportOne(const std::string& file) {
    ASSIGN_OR_RETURN(const MappedFile mapped, MappedFile::Open(file));
    ASSIGN_OR_RETURN(const ImportFormat format, DetectFormat(mapped.content()));
    ImportCutter cutter(mapped.content(), format);
    ++files_;
    while (true) {
      ASSIGN_OR_RETURN(const ImportPiece piece, cutter.Next(kPieceBytes));
      if (piece.body.empty()) return absl::OkStatus();
      RETURN_IF_ERROR(Send(file, format, piece));
      ShowProgress(file, piece.end, mapped.content().size());
    }
  }

  absl::Status Send(const std::string& file, ImportFormat format, const ImportPiece& piece) {
    std::string path(piece.path);
    if (!args_.project.empty()) {
      path += fmt::format("{}project={}", path.find('?') == std::string::npos ? '?' : '&',
                          PercentEncode(args_.project));
    }
    ASSIGN_OR_RETURN(const HttpReply reply, Post(path, piece));
    if (reply.status != 200) {
      // The whole request: nothing of it was taken.
      const uint64_t spans = std::max<uint64_t>(CountSpans(format, piece.body), 1);
      const auto body = ParseJson(reply.body);
      const auto* object = body.ok() ? body->if_object() : nullptr;
      const auto* error = object == nullptr ? nullptr : object->if_contains("error");
      std::string words = error != nullptr ? Text(*error, "message") : "";
      if (words.empty() && body.ok()) words = Text(*body, "message");
      if (words.empty()) words = fmt::format("the server answered {}", reply.status);
      Reject(file, piece, spans, words);
      if (reply.status == 401 || reply.status == 403) {
        return Error(absl::StatusCode::kPermissionDenied, "{}", words);
      }
      return absl::OkStatus();
    }
    if (format == ImportFormat::kJsonLines) {
      ASSIGN_OR_RETURN(const auto body, ParseJson(reply.body));
      accepted_ += static_cast<uint64_t>(Number(body, "accepted"));
      Reject(file, piece, static_cast<uint64_t>(Number(body, "rejected")), Text(body, "message"));
      return absl::OkStatus();
    }
    const bool is_json =
        format == ImportFormat::kOtlpJson || format == ImportFormat::kOtlpJsonLines;
    const OtlpReplyFigures figures = ReadOtlpReply(reply.body, is_json);
    const auto rejected = static_cast<uint64_t>(std::max<int64_t>(figures.rejected, 0));
    const uint64_t spans = CountSpans(format, piece.body);
    accepted_ += spans - std::min(spans, rejected);
    Reject(file, piece, rejected, figures.message);
    return absl::OkStatus();
  }

  // Waits and sends again while the server asks for it.
  absl::StatusOr<HttpReply> Post(const std::string& path, const ImportPiece& piece) {
    const auto until = steady_clock::now() + kRetryTime;
    while (true) {
      ASSIGN_OR_RETURN(HttpReply reply,
                       client_.Call("POST", path, piece.body,
                                    {{"Content-Type", piece.type}, {"x-pitot-import", "1"}}));
      if (reply.status != 503 && reply.status != 429) return reply;
      if (steady_clock::now() > until) {
        return Unavailable("the server has asked to wait for {} minutes; see `pitot receipts`",
                           kRetryTime.count());
      }
      std::this_thread::sleep_for(RetryWait(reply));
    }
  }

  void Reject(const std::string& file, const ImportPiece& piece, uint64_t spans,
              const std::string& words) {
    rejected_ += spans;
    if (spans == 0 || reasons_.size() >= kReasonsShown) return;
    reasons_.push_back(AtFileLine(CleanLine(words), file, piece.line));
  }

  void ShowProgress(const std::string& file, uint64_t done, uint64_t bytes) {
    if (!show_progress_ || bytes == 0) return;
    const double fraction = static_cast<double>(done) / static_cast<double>(bytes);
    fmt::print(stderr, "\r\x1b[K{} {:3d}%  {} spans  {}", ProgressBar(fraction), 100 * done / bytes,
               FormatCount(accepted_), Fit(CleanLine(file), 30));
    std::fflush(stderr);
  }
  void ClearProgress() {
    if (show_progress_) fmt::print(stderr, "\r\x1b[K");
  }

  void PrintSummary(std::chrono::nanoseconds took) {
    const double seconds = std::chrono::duration<double>(took).count();
    const std::string speed =
        seconds < kSpeedSeconds
            ? ""
            : fmt::format(
                  " ({} a second)",
                  FormatCount(static_cast<uint64_t>(static_cast<double>(accepted_) / seconds)));
    fmt::print("Imported {} span{} from {} file{} in {}{}.\n", FormatCount(accepted_),
               accepted_ == 1 ? "" : "s", files_, files_ == 1 ? "" : "s",
               FormatDuration(took.count()), speed);
    if (rejected_ == 0) return;
    fmt::print("{} rejected:\n", FormatCount(rejected_));
    for (const std::string& reason : reasons_) fmt::print("  {}\n", reason);
    if (reasons_.size() == kReasonsShown) fmt::print("  ... `pitot receipts` counts them all.\n");
  }

  ApiClient& client_;
  const ImportArgs& args_;
  const bool show_progress_;
  uint64_t files_ = 0;
  uint64_t accepted_ = 0;
  uint64_t rejected_ = 0;
  std::vector<std::string> reasons_;
  int exit_code_ = kExitOk;
};

}  // namespace

int RunImport(ApiClient& client, const ImportArgs& args) { return Importer(client, args).Run(); }

}  // namespace pitot
