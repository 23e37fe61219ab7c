// A run as decisions: what each model call was told, what it chose, what came of it.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <string>

#include "cmd/client.h"
#include "cmd/view/lists.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kTextIndent = 4;
constexpr size_t kTextLines = 6;
// A conversation's history comes with its first call.
constexpr size_t kMessagesShown = 3;

// A text as it stands, any other JSON as it is written; one that was cut says so.
std::string Words(const json::value& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return CleanText(std::string_view(value.get_string()));
  if (value.is_object() && Flag(value, "cut")) {
    return fmt::format("{} … ({:.0f} bytes)", Words(Part(value, "text")), Number(value, "bytes"));
  }
  return CleanText(json::serialize(value));
}

// A message's parts in words: texts, and what was called or came back.
std::string MessageWords(const json::value& message) {
  if (!Part(message, "parts").is_array()) return Words(message);
  std::string out;
  for (const json::value& part : List(message, "parts")) {
    if (!out.empty()) out += '\n';
    const std::string type = Text(part, "type");
    if (type == "tool_call") {
      out += fmt::format("calls {} {}", Text(part, "name"), Words(Part(part, "arguments")));
    } else if (type == "tool_result") {
      out += "gives back " + Words(Part(part, "result"));
    } else if (!IsNull(part, "content")) {
      out += Words(Part(part, "content"));
    } else {
      out += fmt::format("({})", type);
    }
  }
  return out;
}

class Story {
 public:
  explicit Story(const Terminal& terminal) : terminal_(terminal) {}

  void Add(const json::value& step) {
    const size_t depth = static_cast<size_t>(Number(step, "depth"));
    indent_ = std::min(depth, size_t{8}) * 2;
    Head(step);
    if (Flag(step, "compacted")) Label("its context was compacted: it starts anew", Style::kYellow);
    const json::array& told = List(step, "new");
    const size_t earlier = told.size() > kMessagesShown ? told.size() - kMessagesShown : 0;
    if (earlier > 0) {
      Label(Plural(static_cast<double>(earlier), "earlier message", "earlier messages") +
                ": --json has all",
            Style::kDim);
    }
    for (size_t i = earlier; i < told.size(); ++i) {
      const json::value& message = told[i];
      const std::string role = Text(message, "role");
      Say(role.empty() ? "told" : role, MessageWords(message));
    }
    for (const json::value& thought : List(step, "reasoning")) Say("thinks", Words(thought));
    if (!IsNull(step, "said")) Say("says", Words(Part(step, "said")));
    for (const json::value& choice : List(step, "chose")) Chosen(choice);
    const std::string outcome = Text(step, "outcome");
    if (outcome == "cut_off") Label("cut off at its token limit", Style::kRed);
    if (outcome == "refused" || outcome == "filtered") Label(outcome, Style::kRed);
    if (outcome == "error") Say("failed", Text(step, "status_message"), Style::kRed);
    out_ += "\n";
  }

  std::string Take() { return std::move(out_); }

 private:
  void Head(const json::value& step) {
    std::string line = fmt::format("{:.0f}  {}  {}", Number(step, "n"), Text(step, "model"),
                                   DurationText(Number(step, "duration_ms")));
    if (const std::string agent = Text(step, "agent"); !agent.empty()) line += " · " + agent;
    line += fmt::format(" · {}→{}", ShortCount(Number(step, "input_tokens")),
                        ShortCount(Number(step, "output_tokens")));
    if (!IsNull(step, "cost_usd")) line += " · " + CostText(step);
    if (const double context = Number(step, "context_messages"); context > 0) {
      line +=
          fmt::format(" · {:.0f} of {:.0f} messages new", Number(step, "new_messages"), context);
    }
    out_ +=
        Styled(terminal_, Style::kBold, Fit(std::string(indent_, ' ') + line, terminal_.width)) +
        "\n";
  }

  void Chosen(const json::value& choice) {
    const json::value& outcome = Part(choice, "outcome");
    Say("chose " + Text(choice, "tool"), Words(Part(choice, "arguments")));
    if (!outcome.is_object()) return Label("  nothing is known to have come of it", Style::kDim);
    const std::string status = Text(outcome, "tool_status");
    std::string words =
        fmt::format("  {} after {}", status.empty() ? Text(outcome, "status") : status,
                    DurationText(Number(outcome, "duration_ms")));
    if (const double retries = Number(outcome, "retry_count"); retries > 0) {
      words += ", " + Plural(retries, "retry", "retries");
    }
    if (const std::string agent = Text(choice, "delegated_to"); !agent.empty()) {
      words += ", by agent " + agent;
    }
    const bool bad = Text(outcome, "status") == "error" || (!status.empty() && status != "success");
    Label(words, bad ? Style::kRed : Style::kGreen);
    if (const std::string error = Text(outcome, "error"); !error.empty()) Say("  error", error);
    if (const std::string result = Words(Part(outcome, "result")); !result.empty()) {
      Say("  result", result);
    }
  }

  void Label(std::string_view text, Style style) {
    out_ += Styled(terminal_, style,
                   Fit(std::string(indent_ + 2, ' ') + std::string(text), terminal_.width)) +
            "\n";
  }

  // The first lines of a text; what is left out is said.
  void Say(std::string_view label, const std::string& text, Style style = Style::kDim) {
    Label(label, style);
    const size_t indent = indent_ + kTextIndent;
    size_t shown = 0;
    size_t left = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      const std::string lines = Wrapped(text.substr(at, end - at), indent, terminal_.width);
      for (size_t from = 0; from < lines.size();) {
        const size_t stop = lines.find('\n', from);
        if (shown < kTextLines) {
          out_ += Fit(lines.substr(from, stop - from), terminal_.width) + "\n";
          ++shown;
        } else {
          ++left;
        }
        from = stop + 1;
      }
      at = end + 1;
    }
    if (left > 0) {
      out_ += Styled(terminal_, Style::kDim,
                     fmt::format("{}… {} more: --json has all\n", std::string(indent, ' '),
                                 Plural(static_cast<double>(left), "line", "lines")));
    }
  }

  const Terminal& terminal_;
  size_t indent_ = 0;
  std::string out_;
};

}  // namespace

std::string RenderStory(const json::value& answer, const Terminal& terminal) {
  const json::array& steps = List(answer, "steps");
  std::string head = Text(answer, "root_name");
  if (steps.empty()) return head + "\nNo model was called in this run.\n";
  Story story(terminal);
  for (const json::value& step : steps) story.Add(step);
  return Styled(terminal, Style::kBold, Fit(head, terminal.width)) + "\n\n" + story.Take();
}

}  // namespace pitot
