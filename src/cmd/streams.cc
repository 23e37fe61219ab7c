#include "cmd/streams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "cmd/view/terminal.h"
#include "cmd/view/words.h"
#include "http/sse.h"

namespace pitot {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kReconnectWait(1);
constexpr std::chrono::milliseconds kProgressEvery(200);

// One line a span: when, what, how it went, what it cost.
std::string TailLine(const json::value& event, const Terminal& terminal) {
  const json::value& span = Part(event, "span");
  const bool starts = Text(event, "phase") == "start";
  const std::string status = Text(span, "status");
  std::string line =
      fmt::format("{}  {}  {:<9} {}", TimeText(Text(span, "started_at")).substr(0, 19),
                  Text(span, "trace_id").substr(0, 8), Text(span, "kind"), Text(span, "name"));
  if (starts) {
    line += "  …";
  } else {
    line += "  " + DurationText(Number(span, "duration_ms"));
    const double in = Number(span, "input_tokens");
    const double out = Number(span, "output_tokens");
    if (in + out > 0) line += fmt::format("  {}→{}", ShortCount(in), ShortCount(out));
    if (!IsNull(span, "cost_usd")) line += "  " + CostText(span);
  }
  for (const char* name : {"feature", "user_id"}) {
    if (const std::string value = Text(span, name); !value.empty()) line += "  " + value;
  }
  if (status == "error") {
    std::string why = Text(span, "status_message");
    if (why.empty()) why = Text(span, "error_category");
    line += "  ✗ " + why;
  }
  const Style style = status == "error" ? Style::kRed : starts ? Style::kDim : Style::kPlain;
  return Styled(terminal, style, Fit(line, terminal.width));
}

class Tail {
 public:
  Tail(ApiClient& client, const TailArgs& args)
      : client_(client), args_(args), terminal_(StdoutTerminal()) {}

  int Run() {
    while (true) {
      SseParser parser;
      const absl::Status status = client_.Stream(
          "GET", Path(), Headers(), [&](std::string_view piece) { return Take(parser, piece); });
      // The first answer decides whether the question was right; later ones are worth another try.
      if (!status.ok() && (!connected_ || !IsRetryable(status))) return PrintError(status);
      fmt::print(stderr, "pitot: the stream ended; connecting again\n");
      std::this_thread::sleep_for(kReconnectWait);
    }
  }

 private:
  std::string Path() const {
    QueryParams params;
    if (!args_.project.empty()) params.emplace_back("project", args_.project);
    if (!args_.filter.empty()) params.emplace_back("q", args_.filter);
    return params.empty() ? "/api/v1/live" : "/api/v1/live?" + FormatQuery(params);
  }

  HttpHeaders Headers() const {
    HttpHeaders headers;
    if (!last_id_.empty()) headers.Set("Last-Event-ID", last_id_);
    return headers;
  }

  static bool IsRetryable(const absl::Status& status) {
    return status.code() == absl::StatusCode::kUnavailable ||
           status.code() == absl::StatusCode::kDeadlineExceeded;
  }

  absl::Status Take(SseParser& parser, std::string_view piece) {
    connected_ = true;
    std::vector<SseEvent> events;
    RETURN_IF_ERROR(parser.Put(piece, events));
    for (const SseEvent& event : events) {
      if (!event.id.empty()) last_id_ = event.id;
      const auto data = ParseJson(event.data);
      if (!data.ok()) continue;
      Show(event, *data);
    }
    std::fflush(stdout);
    return absl::OkStatus();
  }

  void Show(const SseEvent& event, const json::value& data) const {
    if (event.event == "gap") {
      fmt::print(stderr, "pitot: {} missed: {}\n", Plural(Number(data, "lost"), "span", "spans"),
                 Text(data, "reason"));
    } else if (event.event == "span" && (args_.starts || Text(data, "phase") == "end")) {
      fmt::print("{}\n", args_.json ? event.data : TailLine(data, terminal_));
    }
  }

  ApiClient& client_;
  const TailArgs& args_;
  const Terminal terminal_;
  std::string last_id_;
  bool connected_ = false;
};

class Progress {
 public:
  explicit Progress(bool show) : show_(show) {}
  ~Progress() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }

  void Add(size_t bytes) {
    bytes_ += bytes;
    if (!show_ || steady_clock::now() < next_) return;
    shown_ = true;
    next_ = steady_clock::now() + kProgressEvery;
    fmt::print(stderr, "\r\x1b[K{} written", FormatBytes(bytes_));
    std::fflush(stderr);
  }
  uint64_t bytes() const { return bytes_; }

 private:
  const bool show_;
  bool shown_ = false;
  uint64_t bytes_ = 0;
  steady_clock::time_point next_ = steady_clock::now() + kProgressEvery;
};

absl::Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus("write", errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

int RunTail(ApiClient& client, const TailArgs& args) { return Tail(client, args).Run(); }

int RunExport(ApiClient& client, const ExportArgs& args) {
  if (args.file.empty() && args.format == "parquet" && isatty(STDOUT_FILENO) != 0) {
    fmt::print(stderr, "pitot export: Parquet is not for a terminal: name a file with -o\n");
    return kExitUsage;
  }
  QueryParams params = {{"format", args.format}};
  for (const auto& [name, value] : {std::pair("project", &args.project),
                                    {"since", &args.since},
                                    {"until", &args.until},
                                    {"q", &args.filter}}) {
    if (!value->empty()) params.emplace_back(name, *value);
  }
  // A file is made when the server has agreed, and stands under its name when it is whole.
  const std::string partial = args.file + ".partial";
  std::optional<File> file;
  Progress progress(isatty(STDERR_FILENO) != 0);
  absl::Status status =
      client.Stream("GET", "/api/v1/export?" + FormatQuery(params), {},
                    [&](std::string_view piece) -> absl::Status {
                      if (!args.file.empty() && !file) {
                        ASSIGN_OR_RETURN(file, File::Open(partial, O_WRONLY | O_CREAT | O_TRUNC));
                      }
                      progress.Add(piece.size());
                      return WriteAll(file ? file->fd() : STDOUT_FILENO, piece);
                    });
  if (status.ok() && !args.file.empty()) {
    if (!file) {
      auto empty = File::Open(partial, O_WRONLY | O_CREAT | O_TRUNC);
      status = empty.status();
    }
    if (status.ok() && rename(partial.c_str(), args.file.c_str()) != 0) {
      status = ErrnoStatus("rename " + partial, errno);
    }
  }
  if (!status.ok()) {
    if (file) unlink(partial.c_str());
    return PrintError(status);
  }
  if (!args.file.empty()) {
    fmt::print(stderr, "{}: {}\n", args.file, FormatBytes(progress.bytes()));
  }
  return kExitOk;
}

}  // namespace pitot
