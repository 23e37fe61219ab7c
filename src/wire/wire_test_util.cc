#include "wire/wire_test_util.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "wire/json_text.h"

namespace pitot {
namespace {

constexpr std::string_view kBody = "body\n";
constexpr std::string_view kSeparator = "----\n";

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void ReadLine(const std::string& line, WireCase& out) {
  std::istringstream words(line);
  std::string verb;
  std::string value;
  words >> verb >> value;
  if (verb == "status") {
    out.options.status = std::stoi(value);
  } else if (verb == "cache_ttl") {
    out.cache_ttl = value;
  } else if (verb == "request" || verb == "answer" || verb == "stream") {
    out.is_request = verb == "request";
    out.options.streamed = verb == "stream";
    const auto* const api = std::ranges::find(kWireApiNames, value);
    ASSERT_NE(api, kWireApiNames.end()) << "no API: " << value;
    out.api = static_cast<WireApi>(api - kWireApiNames.begin());
  } else {
    FAIL() << "unknown line: " << line;
  }
}

WireCase Parse(const std::filesystem::path& path) {
  WireCase out;
  out.path = path.string();
  const std::string text = ReadAll(path);
  const size_t body = text.find("\n" + std::string(kBody)) + 1;
  const size_t cut = text.rfind(kSeparator);
  EXPECT_TRUE(body != 0 && cut != std::string::npos && cut > body)
      << path << ": no line `body`, or none of four dashes";
  if (body == 0 || cut == std::string::npos || cut < body) return out;
  out.head = text.substr(0, body);
  out.body = text.substr(body + kBody.size(), cut - body - kBody.size());
  out.expected = text.substr(cut + kSeparator.size());
  std::istringstream lines(out.head);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] != '#') ReadLine(line, out);
  }
  return out;
}

// Writes one member a line.
class Dumper {
 public:
  void Add(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    Name(name);
    AppendQuoted(text, out_);
    out_ += '\n';
  }
  void Json(std::string_view name, std::string_view json) {
    if (json.empty()) return;
    Name(name);
    out_ += json;
    out_ += '\n';
  }
  void Add(std::string_view name, int64_t number) {
    if (number != 0) Json(name, std::to_string(number));
  }
  void Add(std::string_view name, const std::optional<int64_t>& number) {
    if (number) Json(name, std::to_string(*number));
  }
  void Add(std::string_view name, bool flag) {
    if (flag) Json(name, "true");
  }
  void Add(std::string_view name, const char* text) = delete;
  void Add(const Usage& usage, std::string_view prefix) {
    for (size_t i = 0; i < kUsageBuckets; ++i) {
      Add(std::string(prefix) + std::string(kUsageBucketNames[i]), usage.tokens[i]);
    }
    Add(std::string(prefix) + "web_searches", usage.web_searches);
    Add(std::string(prefix) + "file_searches", usage.file_searches);
  }
  std::string Take() { return std::move(out_); }

 private:
  void Name(std::string_view name) {
    out_ += name;
    out_ += ": ";
  }

  std::string out_;
};

void DumpCall(const WireToolCall& call, Dumper& out) {
  std::string text;
  AppendQuoted(call.id, text);
  text += ' ';
  AppendQuoted(call.name, text);
  text += ' ';
  AppendQuoted(call.arguments, text);
  out.Json("call", text);
}

std::string FlagNames(uint8_t flags) {
  std::string out;
  if ((flags & kUsageCacheTtlAssumed) != 0) out += "cache_ttl_assumed ";
  if ((flags & kUsageInconsistent) != 0) out += "inconsistent ";
  if ((flags & kUsageTotalOnly) != 0) out += "total_only ";
  return out;
}

}  // namespace

std::vector<WireCase> WireCases(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".test") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<WireCase> cases;
  for (const std::filesystem::path& path : paths) cases.push_back(Parse(path));
  for (WireCase& one : cases) one.options.cache_ttl = one.cache_ttl;
  EXPECT_FALSE(cases.empty()) << "nothing in " << folder;
  return cases;
}

std::string Dump(const WireResult& result) {
  Dumper out;
  out.Add("response_id", result.response_id);
  out.Add("model", result.model);
  out.Add("service_tier", result.service_tier);
  out.Add("finish_raw", result.finish_raw);
  out.Add("finish", Name(result.finish));
  out.Add("terminal", result.terminal);
  out.Add("has_usage", result.has_usage);
  out.Add("usage_final", result.usage_final);
  out.Add(result.usage, "");
  out.Json("usage_flags", FlagNames(result.usage_flags));
  out.Add("raw_input_tokens", result.raw_input_tokens);
  out.Add("raw_output_tokens", result.raw_output_tokens);
  out.Add("raw_total_tokens", result.raw_total_tokens);
  if (result.cost_reported) out.Add("cost_reported", result.cost_reported->value);
  for (const WireIteration& iteration : result.iterations) {
    out.Json("iteration", iteration.type + ' ' + iteration.model);
    out.Add(iteration.usage, "  ");
  }
  out.Add("output_bytes", result.output_bytes);
  out.Add("capture_cut", result.capture_cut);
  for (const WireToolCall& call : result.tool_calls) DumpCall(call, out);
  out.Add("text", result.text);
  out.Add("reasoning", result.reasoning);
  out.Json("message_json", result.message_json);
  out.Add("error_type", result.error.type);
  out.Add("error_code", result.error.code);
  out.Add("error_message", result.error.message);
  out.Add("error_category", Name(result.error.category));
  return out.Take();
}

std::string Dump(const WireRequest& request) {
  Dumper out;
  out.Add("valid", request.valid);
  out.Add("model", request.model);
  out.Add("streamed", request.streamed);
  out.Add("max_tokens", request.max_tokens);
  out.Add("choices", request.choices);
  if (request.temperature) out.Json("temperature", std::to_string(*request.temperature));
  out.Add("service_tier", request.service_tier);
  out.Add("user", request.user);
  out.Add("include_usage", request.include_usage);
  out.Add("input_unbounded", request.input_unbounded);
  out.Add("server_tools", request.server_tools);
  out.Add("media_bytes", request.media_bytes);
  out.Add("hidden_tokens_max", request.hidden_tokens_max);
  out.Add("prediction_bytes", request.prediction_bytes);
  out.Add("cache_ttl", request.cache_ttl);
  out.Add("previous_response_id", request.previous_response_id);
  out.Add("background", request.background);
  out.Json("system", request.system);
  out.Json("tools", request.tools);
  for (const WireMessage& message : request.messages) {
    out.Json("message", message.role + (message.is_user_text ? " (user text)" : ""));
    out.Json("  raw", message.raw);
    out.Add("  text", message.text);
    for (const WireToolCall& call : message.calls) DumpCall(call, out);
    for (const WireToolResult& result : message.results) {
      std::string text;
      AppendQuoted(result.id, text);
      text += ' ';
      AppendQuoted(result.name, text);
      text += ' ';
      AppendQuoted(result.result, text);
      out.Json(result.is_error ? "failed" : "result", text);
    }
  }
  return out.Take();
}

WireResult ReadAnswer(WireApi api, const ResponseReader::Options& options, std::string_view body,
                      size_t piece_bytes) {
  ResponseReader reader(api, options);
  while (!body.empty()) {
    reader.Put(body.substr(0, piece_bytes));
    body.remove_prefix(std::min(piece_bytes, body.size()));
  }
  reader.Finish();
  return reader.Take();
}

}  // namespace pitot
