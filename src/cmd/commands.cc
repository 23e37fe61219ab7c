#include "cmd/commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <vector>

#include "base/status.h"
#include "cmd/view/json_slice.h"
#include "cmd/view/lists.h"
#include "cmd/view/terminal.h"
#include "cmd/view/trace_view.h"
#include "server/config.h"

namespace pitot {
namespace {

namespace json = boost::json;

void Print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// The answer as it came, or rendered.
template <typename Render>
int Show(const absl::StatusOr<std::string>& body, bool as_json, const Render& render) {
  if (!body.ok()) return PrintError(body.status());
  if (as_json) {
    Print(*body);
    Print("\n");
    return kExitOk;
  }
  const auto answer = ParseJson(*body);
  if (!answer.ok()) return PrintError(answer.status());
  Print(render(*answer));
  return kExitOk;
}

QueryParams ProjectParam(const std::string& project) {
  if (project.empty()) return {};
  return {{"project", project}};
}

std::string SqlPath(const std::string& project) {
  return project.empty() ? "/api/v1/sql" : "/api/v1/sql?project=" + PercentEncode(project);
}

// Any beginning of a trace's id that no other trace shares stands for it.
absl::StatusOr<std::string> WholeTraceId(ApiClient& client, const TraceArgs& args) {
  constexpr size_t kDigits = 32;
  constexpr size_t kDigitsMin = 4;
  constexpr size_t kShown = 5;
  std::string id = args.id;
  const bool is_hex = std::ranges::all_of(id, [](unsigned char c) { return std::isxdigit(c); });
  if (!is_hex || id.size() >= kDigits) return id;
  if (id.size() < kDigitsMin) {
    return InvalidArgument("\"{}\" is too short: write at least {} digits of the trace's id", id,
                           kDigitsMin);
  }
  std::ranges::transform(id, id.begin(), [](unsigned char c) { return std::tolower(c); });
  ASSIGN_OR_RETURN(
      const std::string body,
      client.Post(SqlPath(args.project),
                  fmt::format("SELECT trace_id FROM traces WHERE startsWith(trace_id, '{}') "
                              "ORDER BY trace_id LIMIT {}",
                              id, kShown + 1),
                  "text/plain; charset=utf-8"));
  std::vector<std::string> found;
  for (const std::string_view row : JsonElements(JsonMember(body, "rows"))) {
    for (const std::string_view cell : JsonElements(row)) found.push_back(JsonAsText(cell));
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) {
    return Error(absl::StatusCode::kNotFound, "no trace in project {} begins with {}",
                 args.project.empty() ? "default" : args.project, id);
  }
  const bool more = found.size() > kShown;
  if (more) found.resize(kShown);
  return Error(absl::StatusCode::kNotFound, "more than one trace begins with {}:\n  {}{}", id,
               fmt::join(found, "\n  "), more ? "\n  ..." : "");
}

}  // namespace

int RunTrace(ApiClient& client, const TraceArgs& args) {
  const auto id = WholeTraceId(client, args);
  if (!id.ok()) return PrintError(id.status());
  const std::string path = "/api/v1/traces/" + PercentEncode(*id);
  const QueryParams params = ProjectParam(args.project);
  TraceViewOptions options{.all = args.all};
  if (args.story) {
    return Show(client.Get(path + "/story", params), args.json,
                [&](const json::value& answer) { return RenderStory(answer, StdoutTerminal()); });
  }
  if (args.payloads) {
    options.read_span = [&](std::string_view span_id) -> std::optional<std::string> {
      auto body = client.Get(fmt::format("{}/spans/{}", path, span_id), params);
      if (!body.ok() || !ParseJson(*body).ok()) return std::nullopt;
      return *std::move(body);
    };
  }
  return Show(client.Get(path, params), args.json, [&](const json::value& answer) {
    return RenderTrace(answer, StdoutTerminal(), options);
  });
}

int RunSql(ApiClient& client, const SqlArgs& args) {
  std::string text = args.text;
  if (text == "-") text.assign(std::istreambuf_iterator<char>(std::cin), {});
  const auto body = client.Post(SqlPath(args.project), text, "text/plain; charset=utf-8");
  return Show(body, args.json,
              [&](const json::value&) { return RenderSqlResult(*body, StdoutTerminal()); });
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
  fmt::print("# What holds: the defaults{}, then PITOT_* of the environment.\n",
             config_path.empty() ? "" : ", then " + config_path);
  Print(PrintConfig(*options));
  for (const std::string& warning : ConfigWarnings(*options)) {
    fmt::print(stderr, "warning: {}\n", warning);
  }
  return kExitOk;
}

int RunVersion(ApiClient& client) {
  fmt::print("pitot {}\n", PITOT_VERSION);
  const auto body = client.Get("/api/v1/receipts");
  const auto answer = body.ok() ? ParseJson(*body) : absl::StatusOr<json::value>(body.status());
  const json::object* object = answer.ok() ? answer->if_object() : nullptr;
  const json::value* store = object == nullptr ? nullptr : object->if_contains("store");
  if (absl::IsUnauthenticated(body.status())) {
    fmt::print("server at {}: {}\n", client.url(), Message(body.status()));
  } else if (store == nullptr) {
    fmt::print("no server answers at {}\n", client.url());
  } else {
    fmt::print("server at {}, store {}\n", client.url(), Text(*store, "engine"));
  }
  return kExitOk;
}

}  // namespace pitot
