#include "store/engine/remote_engine.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <deque>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"
#include "http/client.h"
#include "http/url.h"
#include "store/engine/engine_error.h"
#include "store/engine/exception_scanner.h"
#include "store/engine/statement.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The server stops a statement at its deadline and says so; the reply needs time to arrive.
constexpr milliseconds kReplyGrace{500};
// Servers refuse longer ones (http_max_uri_size).
constexpr size_t kTargetBytesMax = 1 << 20;
constexpr size_t kErrorBytesMax = 64 << 10;

struct Host {
  explicit Host(std::string url_in) : url(std::move(url_in)) {}
  const std::string url;              // Without a trailing slash.
  std::atomic<bool> checked = false;  // Its version is new enough.
};

struct Statement {
  EngineVerb verb = EngineVerb::kQuery;
  QueryParams params;     // Of the URL: settings, bound values.
  std::string_view body;  // The SQL, or the block of an insert.
  bool in_database = true;
  CancelTokenPtr cancel = nullptr;
  const ResultSink* sink = nullptr;  // Given: the result goes there.
};

// 26 and 7 of "26.7.2.1".
std::array<int, 2> ParseVersion(const std::string& text) {
  std::array<int, 2> version = {};
  std::sscanf(text.c_str(), "%d.%d", &version[0], &version[1]);
  return version;
}

// The number in "name":"123" of the summary header.
uint64_t SummaryNumber(std::string_view summary, std::string_view name) {
  const std::string mark = fmt::format("\"{}\":\"", name);
  const size_t at = summary.find(mark);
  uint64_t value = 0;
  if (at != std::string_view::npos) {
    std::from_chars(summary.data() + at + mark.size(), summary.data() + summary.size(), value);
  }
  return value;
}

// A proxy, a load balancer or something else answered: no exception code of ClickHouse's.
absl::Status ForeignReply(const HttpReply& reply) {
  const std::string_view start = std::string_view(reply.body).substr(0, 200);
  switch (reply.status) {
    case 401:
    case 403:
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return Unavailable("answered {}: {}", reply.status, start);
    default:
      return Internal("answered {}, which no ClickHouse server does: {}", reply.status, start);
  }
}

absl::StatusOr<QueryResult> TakeReply(EngineVerb verb, HttpReply reply) {
  int code = 0;
  if (const auto header = reply.headers.Find("X-ClickHouse-Exception-Code")) {
    std::from_chars(header->data(), header->data() + header->size(), code);
  }
  if (code != 0) return EngineError(verb, code, reply.body);
  if (reply.status != 200) return ForeignReply(reply);
  QueryResult out;
  const std::string_view summary = reply.headers.Get("X-ClickHouse-Summary");
  out.rows_read = SummaryNumber(summary, "read_rows");
  out.elapsed_s = static_cast<double>(SummaryNumber(summary, "elapsed_ns")) / 1e9;
  out.body = std::move(reply.body);
  return out;
}

class HttpEngine final : public RemoteEngine {
 public:
  HttpEngine(const RemoteOptions& options, const std::vector<std::string>& urls)
      : options_(options), client_({.ca_file = options.ca_file}) {
    for (const std::string& url : urls) hosts_.emplace_back(url);
  }

  absl::Status Prepare(milliseconds deadline) override {
    const auto until = steady_clock::now() + deadline;
    QueryOptions query;
    query.format = "TSV";
    query.params = {{"name", options_.database}};
    constexpr std::string_view kExists =
        "SELECT count() FROM system.databases WHERE name = {name:String}";
    Statement exists = QueryStatement(kExists, query);
    exists.in_database = false;
    ASSIGN_OR_RETURN(const QueryResult found, Send(exists, until, /*old_is_final=*/true));
    if (TrimStatement(found.body) != "0") return absl::OkStatus();
    const std::string sql = fmt::format("CREATE DATABASE IF NOT EXISTS {}", options_.database);
    return Send({.verb = EngineVerb::kExecute, .body = sql, .in_database = false}, until).status();
  }

  absl::StatusOr<QueryResult> Query(std::string_view sql, const QueryOptions& options) override {
    RETURN_IF_ERROR(CheckNames(options));
    return Send(QueryStatement(sql, options), steady_clock::now() + options.deadline);
  }

  absl::Status Stream(std::string_view sql, const QueryOptions& options,
                      const ResultSink& sink) override {
    RETURN_IF_ERROR(CheckNames(options));
    Statement statement = QueryStatement(sql, options);
    statement.sink = &sink;
    return Send(statement, steady_clock::now() + options.deadline).status();
  }

  absl::Status Insert(std::string_view table, std::string_view native_block,
                      milliseconds deadline) override {
    ASSIGN_OR_RETURN(const std::string sql, InsertStatement(table));
    Statement statement{.verb = EngineVerb::kInsert, .body = native_block};
    statement.params.emplace_back("query", sql + " FORMAT Native");
    return Send(statement, steady_clock::now() + deadline).status();
  }

  absl::Status Execute(std::string_view sql, milliseconds deadline) override {
    return Send({.verb = EngineVerb::kExecute, .body = TrimStatement(sql)},
                steady_clock::now() + deadline)
        .status();
  }

  std::string Describe() const override {
    MutexLock lock(&mutex_);
    return fmt::format("remote {} {}", hosts_[current_].url,
                       version_.empty() ? "(not reached yet)" : version_);
  }

 private:
  static Statement QueryStatement(std::string_view sql, const QueryOptions& options) {
    Statement statement{
        .verb = EngineVerb::kQuery, .body = TrimStatement(sql), .cancel = options.cancel};
    statement.params.emplace_back("default_format", options.format);
    for (const SqlSetting& setting : SettingsOf(options)) {
      statement.params.emplace_back(setting.name, setting.value);
    }
    for (const SqlParam& param : options.params) {
      statement.params.emplace_back("param_" + param.name, ParamText(sql, param));
    }
    return statement;
  }

  // Asks the hosts in turn, from the one that answered last.
  absl::StatusOr<QueryResult> Send(const Statement& statement, steady_clock::time_point until,
                                   bool old_is_final = false) {
    const size_t first = current_;
    absl::Status failure;
    for (size_t i = 0; i < hosts_.size(); ++i) {
      const size_t at = (first + i) % hosts_.size();
      bool answered = false;
      auto result = SendTo(hosts_[at], statement, until, answered);
      if (answered) current_ = at;
      if (result.ok() || answered) return result;
      if (result.status().code() == absl::StatusCode::kFailedPrecondition && old_is_final) {
        return result;
      }
      failure.Update(result.status());
    }
    if (failure.code() == absl::StatusCode::kDeadlineExceeded) return failure;
    return absl::UnavailableError(failure.message());
  }

  // `answered`: it is of no use to ask another host.
  absl::StatusOr<QueryResult> SendTo(Host& host, const Statement& statement,
                                     steady_clock::time_point until, bool& answered) {
    if (!host.checked) {
      RETURN_IF_ERROR(CheckVersion(host, until));
    }
    bool begun = false;  // The sink has got something.
    auto reply = statement.sink == nullptr ? Post(host, statement, until)
                                           : PostStream(host, statement, until, begun);
    if (!reply.ok()) {
      answered = reply.status().code() == absl::StatusCode::kInvalidArgument ||
                 reply.status().code() == absl::StatusCode::kCancelled || begun;
      return Annotate(reply.status(), host.url);
    }
    auto result = TakeReply(statement.verb, *std::move(reply));
    answered = result.ok() || result.status().code() != absl::StatusCode::kUnavailable;
    if (!result.ok()) return Annotate(result.status(), host.url);
    return result;
  }

  absl::Status CheckVersion(Host& host, steady_clock::time_point until) {
    const Statement statement{.body = "SELECT version()", .in_database = false};
    auto reply = Post(host, statement, until);
    if (!reply.ok()) return Annotate(reply.status(), host.url);
    const auto result = TakeReply(EngineVerb::kQuery, *std::move(reply));
    if (result.status().code() == absl::StatusCode::kInternal) {
      return Error(absl::StatusCode::kFailedPrecondition, "{}: {}", host.url,
                   Message(result.status()));
    }
    if (!result.ok()) return Annotate(result.status(), host.url);
    const std::string version(TrimStatement(result->body).substr(0, 40));
    const std::array<int, 2> have = ParseVersion(version);
    if (std::ranges::lexicographical_compare(have, kServerVersionMin)) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "{} is ClickHouse {}, which is too old: {}.{} or newer is needed", host.url,
                   version, kServerVersionMin[0], kServerVersionMin[1]);
    }
    host.checked = true;
    MutexLock lock(&mutex_);
    version_ = version;
    return absl::OkStatus();
  }

  absl::StatusOr<HttpReply> Post(const Host& host, const Statement& statement,
                                 steady_clock::time_point until) {
    ASSIGN_OR_RETURN(const HttpCall call, MakeCall(host, statement, until));
    return TranslateFailure(client_.Call(call));
  }

  // The reply has a body only when it is an error's.
  absl::StatusOr<HttpReply> PostStream(const Host& host, const Statement& statement,
                                       steady_clock::time_point until, bool& begun) {
    ASSIGN_OR_RETURN(const HttpCall call, MakeCall(host, statement, until));
    std::string error_body;
    bool is_error = false;
    std::optional<ExceptionScanner> scanner;
    const auto give = [&](std::string_view piece) {
      if (piece.empty()) return absl::OkStatus();
      begun = true;
      return (*statement.sink)(piece) ? absl::OkStatus() : NobodyWaits();
    };
    HttpReplySink sink;
    sink.on_head = [&](const HttpReply& head) {
      is_error = head.status != 200 || head.headers.Has("X-ClickHouse-Exception-Code");
      scanner.emplace(head.headers.Get("X-ClickHouse-Exception-Tag"));
      return absl::OkStatus();
    };
    sink.on_data = [&](std::string_view piece) {
      piece = scanner->Put(piece);
      if (!is_error) return give(piece);
      // Or a piece of the result, when the error came before the head was sent.
      error_body += piece.substr(0, kErrorBytesMax - std::min(kErrorBytesMax, error_body.size()));
      return absl::OkStatus();
    };
    auto reply = TranslateFailure(client_.Stream(call, sink));
    // The server cuts the connection after an error in the middle: the error says more.
    if (scanner.has_value() && scanner->found()) {
      begun = begun || !is_error;
      return EngineError(EngineVerb::kQuery, EngineErrorCode(scanner->message()),
                         scanner->message());
    }
    if (!reply.ok()) return reply;
    if (!is_error) RETURN_IF_ERROR(give(scanner->Rest()));
    reply->body = std::move(error_body);
    return reply;
  }

  absl::StatusOr<HttpCall> MakeCall(const Host& host, const Statement& statement,
                                    steady_clock::time_point until) const {
    if (statement.cancel != nullptr && statement.cancel->cancelled()) return NobodyWaits();
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
    if (left <= milliseconds::zero()) {
      return absl::DeadlineExceededError("the store did not answer in time");
    }
    HttpCall call;
    call.method = "POST";
    call.url = fmt::format("{}/?{}", host.url, FormatQuery(AllParams(statement, left)));
    if (call.url.size() > kTargetBytesMax) {
      return InvalidArgument("the parameters of a statement make {} bytes, {} are allowed",
                             call.url.size(), kTargetBytesMax);
    }
    call.headers.Add("X-ClickHouse-User", options_.user);
    if (!options_.password.empty()) call.headers.Add("X-ClickHouse-Key", options_.password);
    call.body = statement.body;
    call.connect_timeout = std::min(options_.connect_timeout, left);
    call.timeout = left + kReplyGrace;
    call.reply_bytes_max =
        statement.sink == nullptr ? options_.result_bytes_max : std::numeric_limits<int64_t>::max();
    // Our statements and blocks may all be repeated; the beginning of a stream that a sink has may not.
    call.idempotent = statement.sink == nullptr;
    // A stream goes out as it is made; compressed, the server would collect a megabyte first.
    call.decode = statement.sink == nullptr;
    call.cancel = statement.cancel;
    return call;
  }

  QueryParams AllParams(const Statement& statement, milliseconds left) const {
    QueryParams params = statement.params;
    for (const auto& [name, value] : kSessionSettings) params.emplace_back(name, value);
    params.emplace_back("max_execution_time", DeadlineSeconds(left));
    if (statement.sink == nullptr) {
      // Errors then come as a status instead of in the middle of a result.
      params.emplace_back("wait_end_of_query", "1");
    } else {
      params.emplace_back("max_block_size", kStreamBlockRows);
      // A reader may be slow for as long as the deadline allows.
      params.emplace_back("http_send_timeout", fmt::to_string(left.count() / 1000 + 1));
    }
    params.emplace_back("cancel_http_readonly_queries_on_client_close", "1");
    const bool has_readonly =
        std::ranges::any_of(params, [](const auto& param) { return param.first == "readonly"; });
    // As the setting above says, it is for readonly statements; 2 still lets settings be changed.
    if (statement.verb == EngineVerb::kQuery && !has_readonly) params.emplace_back("readonly", "2");
    if (statement.in_database) params.emplace_back("database", options_.database);
    return params;
  }

  absl::StatusOr<HttpReply> TranslateFailure(absl::StatusOr<HttpReply> reply) const {
    switch (reply.status().code()) {
      case absl::StatusCode::kOutOfRange:
        return InvalidArgument("the result is longer than {} bytes", options_.result_bytes_max);
      case absl::StatusCode::kFailedPrecondition:  // A certificate; mended outside, then it works.
        return absl::UnavailableError(reply.status().message());
      default:
        return reply;
    }
  }

  const RemoteOptions options_;
  HttpClient client_;
  std::deque<Host> hosts_;  // Never empty; the list does not change.
  std::atomic<size_t> current_ = 0;
  mutable Mutex mutex_;
  std::string version_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<RemoteEngine>> RemoteEngine::Create(const RemoteOptions& options) {
  if (options.urls.empty()) return InvalidArgument("store.urls is empty");
  if (!IsPlainName(options.database)) {
    return InvalidArgument("store.database \"{}\": only letters, digits and _ are allowed",
                           options.database);
  }
  std::vector<std::string> urls;
  for (const std::string& text : options.urls) {
    const auto url = ParseUrl(text);
    if (!url.ok()) return Annotate(url.status(), "store.urls");
    if (url->target.find('?') != std::string::npos) {
      return InvalidArgument("store.urls: {} must not have a query", text);
    }
    std::string_view path = url->target;
    while (path.ends_with('/')) path.remove_suffix(1);
    urls.push_back(fmt::format("{}://{}{}", url->scheme, url->Authority(), path));
  }
  return std::make_unique<HttpEngine>(options, urls);
}

}  // namespace pitot
