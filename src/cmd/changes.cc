#include "cmd/changes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <string>

#include "base/status.h"
#include "cmd/view/chart.h"
#include "cmd/view/table.h"
#include "cmd/view/terminal.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

// Reads lines of JSON: shows progress, keeps the last result.
class ResultReader {
 public:
  ~ResultReader() { Clear(); }

  absl::Status Take(std::string_view piece) {
    pending_ += piece;
    for (size_t end = 0; (end = pending_.find('\n')) != std::string::npos;) {
      RETURN_IF_ERROR(Line(pending_.substr(0, end)));
      pending_.erase(0, end + 1);
    }
    return absl::OkStatus();
  }

  // {"result":...}, as it came.
  absl::StatusOr<json::value> Result() {
    RETURN_IF_ERROR(Line(std::exchange(pending_, "")));
    Clear();
    if (result_.is_null()) return Unavailable("the connection ended before the work did");
    return result_;
  }

 private:
  absl::Status Line(const std::string& line) {
    if (line.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const json::value value, ParseJson(line));
    if (const json::value& error = Part(value, "error"); error.is_object()) {
      return Error(absl::StatusCode::kAborted, "{}", Text(error, "message"));
    }
    if (const json::value& progress = Part(value, "progress"); progress.is_object()) {
      Show(Number(progress, "done"), Number(progress, "total"));
    } else {
      result_ = Part(value, "result");
    }
    return absl::OkStatus();
  }

  void Show(double done, double total) {
    if (isatty(STDERR_FILENO) == 0 || total <= 0) return;
    fmt::print(stderr, "\r\x1b[K{} {:3.0f}%", ProgressBar(done / total), 100 * done / total);
    std::fflush(stderr);
    shown_ = true;
  }
  void Clear() {
    if (std::exchange(shown_, false)) fmt::print(stderr, "\r\x1b[K");
  }

  std::string pending_;
  json::value result_;
  bool shown_ = false;
};

absl::StatusOr<json::value> Do(ApiClient& client, std::string_view method,
                               const std::string& path) {
  ResultReader reader;
  RETURN_IF_ERROR(
      client.Stream(method, path, {}, [&](std::string_view piece) { return reader.Take(piece); }));
  return reader.Result();
}

std::string RepriceText(const json::value& result, const Terminal& terminal) {
  const double changed = Number(result, "changed");
  std::string out = fmt::format(
      "{} of {} {}: {} before, {} after ({})\n", FormatCount(static_cast<uint64_t>(changed)),
      Plural(Number(result, "spans"), "priced span", "priced spans"),
      Flag(result, "dry_run") ? "would change" : "changed",
      UsdText(Number(result, "cost_before_usd")), UsdText(Number(result, "cost_after_usd")),
      Text(result, "price_version"));
  if (changed == 0) return out;
  Table table({{"provider", false, true},
               {"model", false, true},
               {"spans", true},
               {"before", true},
               {"after", true}});
  for (const json::value& model : List(result, "models")) {
    const auto usd = [&](const char* name) {
      return IsNull(model, name) ? std::string("unpriced") : UsdText(Number(model, name));
    };
    table.AddRow({Text(model, "provider"), Text(model, "model"), CountText(model, "spans"),
                  usd("before_usd"), usd("after_usd")});
  }
  return out + "\n" + table.Render(terminal);
}

bool Confirmed(const DeleteArgs& args) {
  if (args.yes) return true;
  if (isatty(STDIN_FILENO) == 0) {
    fmt::print(stderr, "pitot delete: cannot ask here: repeat with --yes\n");
    return false;
  }
  fmt::print(stderr, "Delete {} {} with everything recorded of it, for good? Type yes: ", args.what,
             CleanLine(args.id));
  std::string answer;
  return std::getline(std::cin, answer) && answer == "yes";
}

}  // namespace

int RunReprice(ApiClient& client, const RepriceArgs& args) {
  QueryParams params;
  for (const auto& [name, value] : {std::pair("project", &args.project),
                                    {"since", &args.since},
                                    {"until", &args.until},
                                    {"q", &args.filter}}) {
    if (!value->empty()) params.emplace_back(name, *value);
  }
  if (args.dry_run) params.emplace_back("dry_run", "true");
  const auto result = Do(client, "POST", "/api/v1/reprice?" + FormatQuery(params));
  if (!result.ok()) return PrintError(result.status());
  fmt::print("{}",
             args.json ? json::serialize(*result) + "\n" : RepriceText(*result, StdoutTerminal()));
  return kExitOk;
}

int RunDelete(ApiClient& client, const DeleteArgs& args) {
  if (!Confirmed(args)) {
    fmt::print(stderr, "Nothing was deleted.\n");
    return kExitUsage;
  }
  std::string path = fmt::format("/api/v1/{}s/{}", args.what, PercentEncode(args.id));
  if (!args.project.empty()) path += "?project=" + PercentEncode(args.project);
  const auto result = Do(client, "DELETE", path);
  if (!result.ok()) return PrintError(result.status());
  if (args.json) {
    fmt::print("{}\n", json::serialize(*result));
  } else {
    fmt::print("Deleted {}, {} and {}{}.\n", Plural(Number(*result, "traces"), "trace", "traces"),
               Plural(Number(*result, "spans"), "span", "spans"),
               Plural(Number(*result, "payloads"), "content", "contents"),
               Flag(*result, "verified") ? "; nothing of it is left" : "");
  }
  return Flag(*result, "verified") ? kExitOk : kExitBad;
}

int RunResume(ApiClient& client, const std::string& trace_id, bool as_json) {
  const auto body = client.Post(fmt::format("/api/v1/traces/{}/resume", PercentEncode(trace_id)),
                                "", "application/json");
  if (!body.ok()) return PrintError(body.status());
  if (as_json) {
    fmt::print("{}\n", *body);
  } else {
    fmt::print("{} may go on; its counts start anew.\n", trace_id);
  }
  return kExitOk;
}

}  // namespace pitot
