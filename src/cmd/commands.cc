#include "cmd/commands.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "base/status.h"
#include "cmd/terminal.h"
#include "cmd/trace_view.h"
#include "cmd/views.h"
#include "server/config.h"

namespace pitot {
namespace {

namespace json = boost::json;

int Fail(const absl::Status& status) {
  fmt::print(stderr, "pitot: {}\n", Message(status));
  return ExitCodeOf(status);
}

void Print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// The answer as it came, or rendered.
template <typename Render>
int Show(const absl::StatusOr<std::string>& body, bool as_json, const Render& render) {
  if (!body.ok()) return Fail(body.status());
  if (as_json) {
    Print(*body);
    Print("\n");
    return kExitOk;
  }
  const auto answer = ParseJson(*body);
  if (!answer.ok()) return Fail(answer.status());
  Print(render(*answer));
  return kExitOk;
}

QueryParams ProjectParam(const std::string& project) {
  if (project.empty()) return {};
  return {{"project", project}};
}

}  // namespace

int RunTrace(ApiClient& client, const TraceArgs& args) {
  const std::string path = "/api/v1/traces/" + PercentEncode(args.id);
  const QueryParams params = ProjectParam(args.project);
  SpanReader read_span;
  if (args.payloads) {
    read_span = [&](std::string_view span_id) -> std::optional<json::value> {
      const auto body = client.Get(fmt::format("{}/spans/{}", path, span_id), params);
      if (!body.ok()) return std::nullopt;
      auto span = ParseJson(*body);
      if (!span.ok()) return std::nullopt;
      return *std::move(span);
    };
  }
  return Show(client.Get(path, params), args.json, [&](const json::value& answer) {
    return RenderTrace(answer, StdoutTerminal(), read_span);
  });
}

int RunTraces(ApiClient& client, const TracesArgs& args) {
  return Show(client.Get("/api/v1/traces", args.params), args.json, [&](const json::value& answer) {
    if (List(answer, "traces").empty()) {
      return fmt::format(
          "No traces since {}. Look further back with --since 30d, or see `pitot "
          "receipts` for what arrived.\n",
          args.since);
    }
    std::string out = RenderTraces(answer, StdoutTerminal());
    if (!IsNull(answer, "next")) {
      out += fmt::format("More: --cursor {}\n", Text(answer, "next"));
    }
    return out;
  });
}

int RunSql(ApiClient& client, const SqlArgs& args) {
  std::string text = args.text;
  if (text == "-") text.assign(std::istreambuf_iterator<char>(std::cin), {});
  std::string path = "/api/v1/sql";
  if (!args.project.empty()) path += "?project=" + PercentEncode(args.project);
  return Show(client.Post(path, text, "text/plain; charset=utf-8"), args.json,
              [](const json::value& answer) { return RenderSqlResult(answer, StdoutTerminal()); });
}

int RunReceipts(ApiClient& client, bool as_json) {
  return Show(client.Get("/api/v1/receipts"), as_json,
              [](const json::value& answer) { return RenderReceipts(answer, StdoutTerminal()); });
}

int RunConfigCheck(const std::string& config_path) {
  const auto options = LoadConfig(config_path, ProcessEnv);
  if (!options.ok()) {
    fmt::print(stderr, "{}\n", Message(options.status()));
    return kExitUsage;
  }
  Print(PrintConfig(*options));
  return kExitOk;
}

int RunVersion(ApiClient& client) {
  fmt::print("pitot {}\n", PITOT_VERSION);
  const auto body = client.Get("/api/v1/receipts");
  const auto answer = body.ok() ? ParseJson(*body) : absl::StatusOr<json::value>(body.status());
  const json::object* object = answer.ok() ? answer->if_object() : nullptr;
  const json::value* store = object == nullptr ? nullptr : object->if_contains("store");
  if (store == nullptr) {
    fmt::print("no server answers\n");
  } else {
    fmt::print("server: store {}\n", Text(*store, "engine"));
  }
  return kExitOk;
}

}  // namespace pitot
