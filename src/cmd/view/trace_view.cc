#include "cmd/view/trace_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <vector>

#include "base/text.h"
#include "cmd/client.h"
#include "cmd/view/span_contents.h"
#include "cmd/view/span_tree.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kGap = 2;
constexpr size_t kNameMin = 24;
constexpr size_t kChildrenShown = 40;
constexpr std::string_view kInputBuckets[] = {"input_tokens",          "cache_read_tokens",
                                              "cache_write_5m_tokens", "cache_write_1h_tokens",
                                              "input_audio_tokens",    "input_image_tokens"};
constexpr std::string_view kOutputBuckets[] = {"output_tokens", "reasoning_tokens",
                                               "output_audio_tokens", "output_image_tokens"};

constexpr const char* kUnpriced = "unpriced";

// Why usage that a span reports does not count; for roll-ups the legend says it.
struct NotCountedRow {
  std::string_view reason;  // counted_reason of the API.
  std::string_view words;
};
constexpr NotCountedRow kNotCounted[] = {
    {"wraps_call", "not counted: the call below it reports the same usage"},
    {"same_response", "not counted: another span has the same response id and counts"},
    {"same_call", "not counted: another span reports the same call and counts"},
};

Style KindStyle(std::string_view kind) {
  if (kind == "llm") return Style::kCyan;
  if (kind == "tool") return Style::kYellow;
  if (kind == "agent") return Style::kMagenta;
  if (kind == "retriever" || kind == "embedding" || kind == "reranker") return Style::kBlue;
  return Style::kDim;
}

template <size_t N>
double Sum(const json::value& span, const std::string_view (&buckets)[N]) {
  double sum = 0;
  for (const std::string_view bucket : buckets) sum += Number(span, bucket);
  return sum;
}

bool Failed(const json::value& span) { return Text(span, "status") == "error"; }

// Usage that another span reports too, or better.
bool HasUncountedUsage(const json::value& span) {
  return !Flag(span, "counted") && !Text(span, "usage_role").empty();
}

std::string TokensText(const json::value& span) {
  const double in = Sum(span, kInputBuckets);
  const double out = Sum(span, kOutputBuckets);
  if (in == 0 && out == 0) return "";
  return fmt::format("{}→{}", ShortCount(in), ShortCount(out));
}

std::string SpanCost(const json::value& span) {
  if (!IsNull(span, "cost_usd")) {
    return (Flag(span, "estimated") ? "~" : "") + CostText(span);
  }
  // Unknown, unlike the cost of what costs nothing. What another span pays for needs no price.
  return TokensText(span).empty() || HasUncountedUsage(span) ? "" : kUnpriced;
}

// What a span's own line has besides the tree.
struct Figures {
  std::string duration;
  std::string tokens;
  std::string cost;
};

Figures FiguresOf(const json::value& span) {
  Figures figures;
  const std::string status = Text(span, "status");
  figures.duration = status == "running"      ? "…"
                     : status == "unfinished" ? "?"
                                              : DurationText(Number(span, "duration_ms"));
  figures.tokens = TokensText(span);
  figures.cost = SpanCost(span);
  if (HasUncountedUsage(span)) {
    if (!figures.tokens.empty()) figures.tokens = fmt::format("({})", figures.tokens);
    if (!figures.cost.empty()) figures.cost = fmt::format("({})", figures.cost);
  }
  return figures;
}

std::string ErrorNote(const json::value& span) {
  std::vector<std::string> words;
  const std::string tool_status = Text(span, "tool_status");
  const bool status_says_it = !tool_status.empty() && tool_status != "error";
  for (const std::string_view name : {"tool_status", "error_category", "error_type"}) {
    if (status_says_it && name == "error_category") continue;
    std::string word = Text(span, name);
    if (!word.empty() && word != "success" && word != "unknown" && word != "error" &&
        std::ranges::find(words, word) == words.end()) {
      words.push_back(std::move(word));
    }
  }
  std::string note = fmt::format("{}", fmt::join(words, ", "));
  const std::string message = Text(span, "status_message");
  if (message.empty() || message == note) return note.empty() ? "failed" : note;
  return note.empty() ? message : note + ": " + message;
}

// What a person must know that the figures do not say.
std::vector<std::string> NotesOf(const json::value& span) {
  std::vector<std::string> notes;
  const std::string status = Text(span, "status");
  if (status == "running") notes.push_back("still running");
  if (status == "unfinished") notes.push_back("its end never came");
  if (Flag(span, "is_orphan")) notes.push_back("its parent has not arrived");
  if (const double retries = Number(span, "retry_count"); retries > 0) {
    notes.push_back(Plural(retries, "retry", "retries"));
  }
  const std::string finish = Text(span, "finish_reason");
  if (!finish.empty() && finish != "stop" && finish != "tool_use" && finish != "error") {
    notes.push_back("finished by " + finish);
  }
  if (Text(span, "kind") == "llm" && Flag(span, "counted") && IsNull(span, "cost_usd")) {
    notes.push_back("no price is known for " + Text(span, "model"));
  }
  const std::string reason = Text(span, "counted_reason");
  for (const NotCountedRow& row : kNotCounted) {
    if (!Flag(span, "counted") && reason == row.reason) notes.emplace_back(row.words);
  }
  return notes;
}

class TraceView {
 public:
  TraceView(const json::value& answer, const Terminal& terminal, const TraceViewOptions& options)
      : terminal_(terminal), options_(options), rows_(TreeOf(List(answer, "spans"))) {
    if (!options.all) rows_ = FoldTree(rows_, kChildrenShown);
    const auto* object = answer.if_object();
    const json::value* trace = object == nullptr ? nullptr : object->if_contains("trace");
    if (trace != nullptr) trace_ = *trace;
    Measure();
  }

  std::string Render() {
    RenderHead();
    RenderTitles();
    for (const TreeRow& row : rows_) {
      row.span == nullptr ? RenderLeftOut(row) : RenderRow(row);
    }
    RenderLegend();
    return std::move(out_);
  }

 private:
  void Measure() {
    total_ms_ = std::max(Number(trace_, "duration_ms"), 0.0);
    size_t tokens = TextWidth("tokens");
    size_t cost = TextWidth("cost");
    size_t duration = TextWidth("duration");
    for (const TreeRow& row : rows_) {
      if (row.span == nullptr) continue;
      const Figures figures = FiguresOf(*row.span);
      tokens = std::max(tokens, TextWidth(figures.tokens));
      cost = std::max(cost, TextWidth(figures.cost));
      duration = std::max(duration, TextWidth(figures.duration));
      uncounted_ = uncounted_ || HasUncountedUsage(*row.span);
      estimated_ = estimated_ || Flag(*row.span, "estimated");
      unpriced_ = unpriced_ || figures.cost == kUnpriced;
    }
    duration_width_ = duration;
    tokens_width_ = tokens;
    cost_width_ = cost;
    const size_t figures = duration + tokens + cost + 3 * kGap;
    const size_t left = terminal_.width > figures ? terminal_.width - figures : 0;
    bar_width_ = left > kNameMin + 10 ? std::min<size_t>((left - kNameMin) / 2, 40) : 0;
    name_width_ = std::max(kNameMin, left - (bar_width_ == 0 ? 0 : bar_width_ + kGap));
  }

  void Line(std::string_view text, Style style = Style::kPlain) {
    out_ += Styled(terminal_, style, Fit(text, terminal_.width)) + "\n";
  }

  void RenderHead() {
    const std::string status = Text(trace_, "status");
    const double errors = Number(trace_, "errors");
    const Style style = status == "error"     ? Style::kRed
                        : status == "running" ? Style::kYellow
                                              : Style::kGreen;
    const std::string word = status == "error" ? "failed" : status == "unset" ? "" : status;
    const size_t room = terminal_.width - (word.empty() ? 0 : TextWidth(word) + kGap);
    out_ += Styled(terminal_, Style::kBold, Fit(Text(trace_, "root_name"), room));
    if (!word.empty()) out_ += "  " + Styled(terminal_, style, word);
    out_ += "\n";
    Line(fmt::format("{}  {} UTC", Text(trace_, "trace_id"), TimeText(Text(trace_, "started_at"))));
    std::string sums = fmt::format("{} · {} · {} · {}", DurationText(total_ms_),
                                   Plural(Number(trace_, "spans"), "span", "spans"),
                                   Plural(Number(trace_, "llm_calls"), "model call", "model calls"),
                                   Plural(Number(trace_, "tool_calls"), "tool call", "tool calls"));
    if (errors > 0) sums += " · " + Plural(errors, "error", "errors");
    Line(sums);
    std::string money = fmt::format(
        "{} tokens in, {} out", FormatCount(static_cast<uint64_t>(Number(trace_, "input_tokens"))),
        FormatCount(static_cast<uint64_t>(Number(trace_, "output_tokens"))));
    if (!IsNull(trace_, "cost_usd")) money += " · " + CostText(trace_);
    if (const double unpriced = Number(trace_, "unpriced_calls"); unpriced > 0) {
      money += fmt::format(" · {} unpriced", Plural(unpriced, "call", "calls"));
    }
    Line(money);
    std::vector<std::string> whose;
    for (const auto& [name, label] : {std::pair("feature", "feature"),
                                      {"workflow", "workflow"},
                                      {"user_id", "user"},
                                      {"session_id", "session"},
                                      {"agent", "agent"},
                                      {"service", "service"},
                                      {"environment", "environment"}}) {
      if (std::string value = Text(trace_, name); !value.empty()) {
        whose.push_back(fmt::format("{} {}", label, value));
      }
    }
    RenderItems(whose);
  }

  // "a · b · c", broken between items.
  void RenderItems(const std::vector<std::string>& items) {
    std::string line;
    for (const std::string& item : items) {
      if (!line.empty() && TextWidth(line) + 3 + TextWidth(item) > terminal_.width) {
        Line(line);
        line.clear();
      }
      line += line.empty() ? item : " · " + item;
    }
    if (!line.empty()) Line(line);
  }

  void RenderTitles() {
    out_ += "\n";
    std::string titles(name_width_, ' ');
    titles += std::string(kGap, ' ') + PadLeft("duration", duration_width_);
    if (bar_width_ != 0) titles += std::string(kGap + bar_width_, ' ');
    titles += std::string(kGap, ' ') + PadLeft("tokens", tokens_width_);
    titles += std::string(kGap, ' ') + PadLeft("cost", cost_width_);
    out_ += Styled(terminal_, Style::kDim, titles) + "\n";
  }

  // "│  ├─ " of a row; lines below it continue with `below`.
  std::string Prefix(const TreeRow& row, std::string* below) {
    open_.resize(row.depth + 1);
    open_[row.depth] = !row.last;
    // Deep rows keep room for their names.
    const size_t levels_max = name_width_ / 6;
    const size_t first = row.depth > levels_max ? row.depth - levels_max : 0;
    std::string prefix = first > 0 ? "… " : "";
    *below = prefix;
    for (size_t level = std::max<size_t>(first, 1); level < row.depth; ++level) {
      prefix += open_[level] ? "│ " : "  ";
      *below += open_[level] ? "│ " : "  ";
    }
    if (row.depth > 0) {
      prefix += row.last ? "└─" : "├─";
      *below += row.last ? "  " : "│ ";
    }
    *below += row.has_children ? "│ " : "  ";
    return prefix;
  }

  std::string NameCell(const TreeRow& row, const std::string& prefix) {
    const json::value& span = *row.span;
    const std::string kind = Text(span, "kind");
    const std::string model = Text(span, "model");
    const bool failed = Failed(span);
    std::string label = kind == "span" ? "" : kind + " ";
    if (failed) label = "✗ " + label;
    std::string name = Text(span, "name");
    // "chat gpt-4o" after "llm" says nothing more than "gpt-4o".
    const std::string op = Text(span, "op") + " ";
    if (!label.empty() && op.size() > 1 && name.size() > op.size() && name.starts_with(op)) {
      name.erase(0, op.size());
    }
    if (!model.empty() && name.find(model) == std::string::npos) name += " (" + model + ")";
    if (row.other_service) name += " @" + Text(span, "service");
    // The tree's lines, the kind and the name have styles of their own; what fits is decided first.
    const size_t prefix_width = TextWidth(prefix);
    const size_t room = name_width_ > prefix_width ? name_width_ - prefix_width : 0;
    label = Fit(label, room);
    name = Fit(name, room - TextWidth(label));
    const size_t used = prefix_width + TextWidth(label) + TextWidth(name);
    return Styled(terminal_, Style::kDim, prefix) +
           Styled(terminal_, failed ? Style::kRed : KindStyle(kind), label) +
           Styled(terminal_, failed ? Style::kRed : Style::kPlain, name) +
           std::string(name_width_ > used ? name_width_ - used : 0, ' ');
  }

  std::string Bar(const json::value& span) {
    const double from = Number(span, "offset_ms");
    const double to = from + Number(span, "duration_ms");
    const auto cell = [&](double ms) {
      if (total_ms_ <= 0) return size_t{0};
      const double at = std::clamp(ms / total_ms_, 0.0, 1.0) * static_cast<double>(bar_width_);
      return static_cast<size_t>(std::lround(at));
    };
    const size_t begin = std::min(cell(from), bar_width_ - 1);
    const size_t end = std::clamp(cell(to), begin + 1, bar_width_);
    std::string bar;
    for (size_t i = begin; i < end; ++i) bar += "━";
    return std::string(begin, ' ') +
           Styled(terminal_, Failed(span) ? Style::kRed : KindStyle(Text(span, "kind")), bar) +
           std::string(bar_width_ - end, ' ');
  }

  void RenderRow(const TreeRow& row) {
    const json::value& span = *row.span;
    std::string below;
    const std::string prefix = Prefix(row, &below);
    const Figures figures = FiguresOf(span);
    const std::string gap(kGap, ' ');
    std::string line = NameCell(row, prefix) + gap + PadLeft(figures.duration, duration_width_);
    if (bar_width_ != 0) line += gap + Bar(span);
    line += gap + PadLeft(figures.tokens, tokens_width_) + gap + PadLeft(figures.cost, cost_width_);
    line.erase(line.find_last_not_of(' ') + 1);
    out_ += line + "\n";

    if (Failed(span)) Note(below, ErrorNote(span), Style::kRed);
    if (const auto notes = NotesOf(span); !notes.empty()) {
      Note(below, fmt::format("{}", fmt::join(notes, " · ")), Style::kYellow);
    }
    if (options_.read_span) RenderContents(below, Text(span, "span_id"));
  }

  void RenderLeftOut(const TreeRow& row) {
    std::string below;
    const std::string prefix = Prefix(row, &below);
    std::string words =
        fmt::format("… {}", Plural(static_cast<double>(row.left_out), "more span", "more spans"));
    if (row.left_out_errors > 0) words += fmt::format(", {} failed", row.left_out_errors);
    Line(prefix + words + "; --all shows them", Style::kDim);
  }

  void Note(const std::string& below, std::string_view text, Style style) {
    const size_t room = terminal_.width - std::min(terminal_.width, TextWidth(below) + 2);
    out_ += Styled(terminal_, Style::kDim, below) + "  " +
            Styled(terminal_, style, Fit(text, room)) + "\n";
  }

  void RenderContents(const std::string& below, const std::string& span_id) {
    const std::optional<std::string> body = options_.read_span(span_id);
    if (!body) return Note(below, "its contents could not be read", Style::kRed);
    for (const SpanText& one : SpanContents(*body)) Paragraph(below, one.label, one.text);
  }

  // "label  text", the text wrapped at the terminal's edge.
  void Paragraph(const std::string& below, const std::string& label, std::string_view text) {
    const std::string clean_label = CleanLine(label) + "  ";
    const size_t indent = TextWidth(below) + 2 + TextWidth(clean_label);
    const size_t room = terminal_.width > indent + 20 ? terminal_.width - indent : 20;
    bool first = true;
    const std::string clean = CleanText(text);
    for (std::string_view line : SplitText(clean, '\n')) {
      do {
        // Bytes that fill the room, at a space when there is one.
        std::string piece = TextWidth(line) <= room ? std::string(line) : Fit(line, room + 1);
        if (piece.size() != line.size()) {
          piece.resize(piece.size() - std::string_view("…").size());
          const size_t space = piece.rfind(' ');
          if (space != std::string::npos && space > piece.size() / 2) piece.resize(space + 1);
        }
        line.remove_prefix(piece.size());
        piece.erase(piece.find_last_not_of(' ') + 1);
        out_ += Styled(terminal_, Style::kDim, below) + "  " +
                (first ? Styled(terminal_, Style::kDim, clean_label)
                       : std::string(TextWidth(clean_label), ' ')) +
                piece + "\n";
        first = false;
      } while (!line.empty());
    }
  }

  void RenderLegend() {
    std::vector<std::string_view> legend;
    if (uncounted_) legend.push_back("( ) not counted: other spans report the same usage");
    if (estimated_) legend.push_back("~ estimated");
    if (unpriced_)
      legend.push_back(
          "unpriced: give the model a price in a file of your own, set as prices.file");
    if (!legend.empty()) out_ += "\n";
    for (const std::string_view line : legend) Line(line, Style::kDim);
  }

  const Terminal terminal_;
  const TraceViewOptions& options_;
  std::vector<TreeRow> rows_;
  json::value trace_;
  double total_ms_ = 0;
  size_t name_width_ = 0;
  size_t duration_width_ = 0;
  size_t bar_width_ = 0;
  size_t tokens_width_ = 0;
  size_t cost_width_ = 0;
  bool uncounted_ = false;
  bool estimated_ = false;
  bool unpriced_ = false;
  std::vector<bool> open_;  // By depth: siblings follow below.
  std::string out_;
};

}  // namespace

std::string RenderTrace(const json::value& answer, const Terminal& terminal,
                        const TraceViewOptions& options) {
  return TraceView(answer, terminal, options).Render();
}

}  // namespace pitot
