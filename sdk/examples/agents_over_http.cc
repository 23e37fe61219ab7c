// One request, three processes, one tree of spans. An editor asks a researcher over HTTP, then starts a
// writer as a child process. The trace and the tags travel in headers and in the environment.
//
//   ./agents_over_http
//
// Each process has a collector of its own. Here it has an exporter that appends to a file that they
// share, so that the tree can be printed at the end; with OTEL_EXPORTER_OTLP_ENDPOINT set (and `pitot
// serve` there) the same tree is in Pitot.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "pitot/anthropic.h"
#include "pitot/collector.h"
#include "pitot/propagation.h"
#include "pitot/span.h"
#include "pitot/testing/scripted_provider.h"
#include "tiny_http.h"

namespace {

// An exporter of one's own: a line for each span. Lines of several processes do not mix: each is one
// write to a file that is opened for appending.
class TreeFile : public pitot::SpanSink {
 public:
  TreeFile(const std::string& path, std::string role)
      : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)),
        role_(std::move(role)) {}
  ~TreeFile() override { ::close(fd_); }

  void on_spans(std::span<const pitot::SpanData> spans) override {
    for (const pitot::SpanData& span : spans) {
      std::ostringstream line;
      line << span.start_ns << ' ' << pitot::hex(span.span_id) << ' '
           << pitot::hex(span.parent_span_id) << ' ' << role_ << ": " << span.name;
      if (span.tags != nullptr) line << " (feature " << span.tags->feature << ')';
      line << '\n';
      if (::write(fd_, line.str().data(), line.str().size()) < 0) throw std::runtime_error("write");
    }
  }

 private:
  const int fd_;
  const std::string role_;
};

pitot::CollectorOptions CollectorFor(const std::string& role, const std::string& tree) {
  pitot::CollectorOptions options = {.service = role,
                                     .exporters = {std::make_shared<TreeFile>(tree, role)}};
  if (std::getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != nullptr) {
    options.exporters.push_back(pitot::Otlp{});
  }
  return options;
}

// A model call, by a provider that is at hand.
std::string AskModel(const std::string& question) {
  const pitot::ScriptedProvider provider;
  pitot::ObservableAnthropicClient client({.api_key = "none", .base_url = provider.url()});
  return client.messages({.model = "claude-sonnet-5", .messages = {{"user", question}}}).text;
}

// ---- The researcher: a server that answers one question.

int Research(const std::string& tree) {
  const pitot::TraceCollector collector(CollectorFor("researcher", tree));
  tiny_http::Server server;
  std::cout << server.port() << std::endl;  // For the editor.
  server.ServeOne([](const tiny_http::Request& request) {
    const pitot::Extracted from = pitot::extract(request.headers);
    const pitot::Span span = pitot::traced_under(from, "research", pitot::Kind::kAgent);
    return AskModel("Facts about " + request.body);
  });
  return 0;
}

// ---- The writer: a child process that finds its parent in the environment.

int Write(const std::string& tree) {
  const pitot::TraceCollector collector(CollectorFor("writer", tree));
  const pitot::Extracted from = pitot::extract_from_environment();
  const pitot::Span span = pitot::traced_under(from, "write", pitot::Kind::kAgent);
  AskModel("Write a paragraph.");
  return 0;
}

// ---- The editor.

// This program again, in another role, with its output in `out` unless that is negative.
pid_t Start(const std::string& role, const std::string& tree, int out) {
  const pitot::ChildEnvironment environment = pitot::child_environment(pitot::Context::current());
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (out >= 0) ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  std::string words[] = {"agents_over_http", role, tree};
  char* const arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t child = 0;
  const int error =
      ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments, environment.envp());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), "cannot start " + role);
  return child;
}

void Edit(const std::string& tree) {
  const pitot::TraceCollector collector(CollectorFor("editor", tree));
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  const pid_t researcher = Start("researcher", tree, pipe[1]);
  ::close(pipe[1]);
  char line[16] = {};
  if (::read(pipe[0], line, sizeof line - 1) <= 0) throw std::runtime_error("no researcher");
  ::close(pipe[0]);

  const pitot::TagScope request({.feature = "articles", .user = "u-17"});
  const pitot::Span article = pitot::traced("article", pitot::Kind::kAgent);
  {
    const pitot::Span hop = pitot::traced("ask the researcher");
    tiny_http::Headers headers;
    pitot::inject(headers);
    tiny_http::Post(static_cast<uint16_t>(std::atoi(line)), headers, "swifts");
  }
  ::waitpid(researcher, nullptr, 0);
  const pid_t writer = Start("writer", tree, -1);
  ::waitpid(writer, nullptr, 0);
}

// ---- The tree, as it stands in the file.

struct Line {
  std::string id;
  std::string text;
};

void Print(const std::map<std::string, std::map<std::string, Line>>& children,
           const std::string& parent, int depth) {
  const auto found = children.find(parent);
  if (found == children.end()) return;
  for (const auto& [start, line] : found->second) {
    std::cout << std::string(static_cast<size_t>(depth) * 2, ' ') << line.text << '\n';
    Print(children, line.id, depth + 1);
  }
}

void PrintTree(const std::string& tree) {
  std::map<std::string, std::map<std::string, Line>> children;  // By parent, then by start.
  std::ifstream in(tree);
  for (std::string start, id, parent, text;
       in >> start >> id >> parent && std::getline(in, text);) {
    children[parent][start] = {id, text.substr(1)};
  }
  Print(children, std::string(16, '0'), 0);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc == 3) return std::string(argv[1]) == "researcher" ? Research(argv[2]) : Write(argv[2]);
  char tree[] = "/tmp/agents-XXXXXX";
  ::close(::mkstemp(tree));
  Edit(tree);
  PrintTree(tree);
  std::remove(tree);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "agents_over_http: " << error.what() << "\n";
  return 1;
}
