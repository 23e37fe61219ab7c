#include "cmd/view/lists.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "base/text.h"
#include "cmd/client.h"
#include "cmd/view/json_slice.h"
#include "cmd/view/table.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kWholeIdWidth = 100;
constexpr size_t kShortIdDigits = 12;

std::string StatusWord(const json::value& trace) {
  const std::string status = Text(trace, "status");
  if (status == "error") return "failed";
  if (status == "running" || status == "unfinished") return status;
  const double errors = Number(trace, "errors");
  if (errors == 0) return "ok";
  return fmt::format("{:.0f} error{}", errors, errors == 1 ? "" : "s");
}

// Six digits are what a person reads; --json has them all.
std::string NumberText(std::string_view written) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(written.data(), written.data() + written.size(), number);
  const bool is_whole = written.find_first_of(".eE") == std::string_view::npos;
  const double size = std::abs(number);
  if (is_whole || error != std::errc() || size >= 1e15) return std::string(written);
  if (size >= 1000) return fmt::format("{:.2f}", number);
  if (size >= 1e-4 || size < 1e-12) return fmt::format("{:.6g}", number);
  // Money in small change: 0.0000355, not 3.55e-05.
  std::string text = fmt::format("{:.{}f}", number, 5 - std::lround(std::floor(std::log10(size))));
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

// A value in a table's cell, as it is written in the answer.
std::string CellText(std::string_view value) {
  if (value == "null") return "NULL";
  if (value.starts_with('-') || (!value.empty() && std::isdigit(static_cast<uint8_t>(value[0])))) {
    return NumberText(value);
  }
  return CleanLine(JsonAsText(value));
}

bool IsNumberType(std::string_view type) {
  for (const std::string_view wrapper : {"LowCardinality(", "Nullable("}) {
    if (type.starts_with(wrapper)) type.remove_prefix(wrapper.size());
  }
  return type.starts_with("Int") || type.starts_with("UInt") || type.starts_with("Float") ||
         type.starts_with("Decimal");
}

Style SeverityStyle(std::string_view severity) {
  if (severity == "data_loss") return Style::kRed;
  return severity == "warning" ? Style::kYellow : Style::kPlain;
}

std::string SourcesTable(const json::array& sources, const Terminal& terminal) {
  Table table({{"source"},
               {"signal"},
               {"sender", false, true},
               {"project", false, true, 100},
               {"requests", true},
               {"accepted", true},
               {"rejected", true},
               {"bytes", true, false, 100},
               {"last", true, false, 90}});
  for (const json::value& source : sources) {
    const bool bad = Number(source, "rejected") + Number(source, "failed_requests") > 0;
    const std::string last = TimeText(Text(source, "last_at"));
    table.AddRow(
        {Text(source, "source"), Text(source, "signal"), Text(source, "sender"),
         Text(source, "project"), CountText(source, "requests"), CountText(source, "accepted"),
         CountText(source, "rejected"), FormatBytes(static_cast<uint64_t>(Number(source, "bytes"))),
         last.size() > 11 ? last.substr(11) : last},
        bad ? Style::kRed : Style::kPlain);
  }
  return table.Render(terminal);
}

std::string DropsText(const json::array& drops, const Terminal& terminal) {
  std::string out;
  for (const json::value& drop : drops) {
    const std::string severity = Text(drop, "severity");
    const std::string word = severity == "data_loss" ? "LOST"
                             : severity == "warning" ? "warn"
                                                     : "info";
    out += Styled(terminal, SeverityStyle(severity),
                  fmt::format("{}  {} × {}", word, Text(drop, "name"), CountText(drop, "count")));
    out += "\n" + Wrapped(Text(drop, "remedy"), 6, terminal.width);
  }
  return out;
}

std::string StoreText(const json::value& answer, const Terminal& terminal) {
  const json::value& store = Part(answer, "store");
  const json::value& spool = Part(answer, "spool");
  const uint64_t waiting = static_cast<uint64_t>(Number(spool, "pending_bytes"));
  std::string out = fmt::format("Store   {}\n", Text(store, "engine"));
  out +=
      IsNull(store, "last_flush_at")
          ? "        nothing written yet\n"
          : Wrapped(fmt::format("{} spans written, last at {} UTC, {} after they came",
                                CountText(store, "spans"), TimeText(Text(store, "last_flush_at")),
                                DurationText(Number(store, "lag_ms"))),
                    8, terminal.width);
  out += waiting == 0 ? "Spool   everything acknowledged is in the store\n"
                      : fmt::format("Spool   {} acknowledged, waiting for the store\n",
                                    FormatBytes(waiting));
  for (const char* name : {"error", "flush_error"}) {
    if (const std::string error = Text(store, name); !error.empty()) {
      out +=
          Styled(terminal, Style::kRed, "The store does not take what is waiting: ") + error + "\n";
    }
  }
  if (const double corrupt = Number(spool, "corrupt_records"); corrupt > 0) {
    out += Styled(terminal, Style::kRed,
                  fmt::format("Damaged spool records skipped: {:.0f}\n", corrupt));
  }
  return out;
}

}  // namespace

std::string RenderTraces(const json::value& answer, const Terminal& terminal) {
  Table table({{"started (UTC)"},
               {"trace"},
               {"name", false, true},
               {"duration", true},
               {"status"},
               {"calls", true, false, 130},
               {"tools", true, false, 130},
               {"tokens", true, false, 110},
               {"cost", true},
               {"feature", false, true, 120},
               {"user", false, true, 150}});
  // `pitot trace` takes the beginning of an id, too.
  const size_t id_digits = terminal.width < kWholeIdWidth ? kShortIdDigits : 32;
  bool unpriced = false;
  for (const json::value& trace : List(answer, "traces")) {
    const std::string status = StatusWord(trace);
    const double tokens = Number(trace, "input_tokens") + Number(trace, "output_tokens");
    const std::string more =
        Number(trace, "unpriced_calls") > 0 && !IsNull(trace, "cost_usd") ? "+" : "";
    unpriced = unpriced || !more.empty();
    const std::string started = TimeText(Text(trace, "started_at"));
    table.AddRow({started.size() > 5 ? started.substr(5) : started,
                  Text(trace, "trace_id").substr(0, id_digits), Text(trace, "root_name"),
                  status == "running" ? "…" : DurationText(Number(trace, "duration_ms")), status,
                  CountText(trace, "llm_calls"), CountText(trace, "tool_calls"), ShortCount(tokens),
                  CostText(trace) + more, Text(trace, "feature"), Text(trace, "user_id")},
                 status == "failed" ? Style::kRed : Style::kPlain);
  }
  std::string out = table.Render(terminal);
  if (unpriced) out += Styled(terminal, Style::kDim, "+ and calls of unknown price") + "\n";
  return out;
}

std::string RenderSqlResult(std::string_view body, const Terminal& terminal) {
  std::vector<TableColumn> columns;
  for (const std::string_view column : JsonElements(JsonMember(body, "columns"))) {
    const bool is_number = IsNumberType(JsonAsText(JsonMember(column, "type")));
    columns.push_back({CleanLine(JsonAsText(JsonMember(column, "name"))), is_number, !is_number});
  }
  Table table(std::move(columns));
  for (const std::string_view row : JsonElements(JsonMember(body, "rows"))) {
    std::vector<std::string> cells;
    for (const std::string_view value : JsonElements(row)) cells.push_back(CellText(value));
    table.AddRow(std::move(cells));
  }
  std::string out =
      table.Fits(terminal.width) ? table.Render(terminal) : table.RenderRows(terminal);
  const size_t rows = table.rows();
  std::string end =
      fmt::format("{} row{}, {}", FormatCount(rows), rows == 1 ? "" : "s",
                  DurationText(std::atof(JsonAsText(JsonMember(body, "elapsed_ms")).c_str())));
  out += Styled(terminal, Style::kDim, end) + "\n";
  if (JsonMember(body, "truncated") == "true") {
    out += Styled(terminal, Style::kYellow,
                  "There are more rows: the result was cut at limits.sql_rows.") +
           "\n";
  }
  return out;
}

std::string RenderReceipts(const json::value& answer, const Terminal& terminal) {
  const json::array& sources = List(answer, "sources");
  const json::array& totals = List(answer, "totals");
  std::string out = fmt::format("Since {} UTC\n\n", TimeText(Text(answer, "since")));
  if (sources.empty()) {
    out += Wrapped(
        "Nothing has arrived yet. Point an OpenTelemetry program here with "
        "OTEL_EXPORTER_OTLP_ENDPOINT.",
        0, terminal.width);
  } else {
    out += SourcesTable(sources, terminal);
  }
  for (const json::value& source : sources) {
    if (const std::string error = Text(source, "last_error"); !error.empty()) {
      out += Styled(terminal, Style::kRed,
                    Fit(fmt::format("Last refusal of {}: {}", Text(source, "sender"), error),
                        terminal.width)) +
             "\n";
    }
  }
  out += "\n" + StoreText(answer, terminal) + "\n";
  out += totals.empty() ? "Nothing was lost, mended or left out.\n" : DropsText(totals, terminal);
  for (const json::value& note : List(answer, "notes")) {
    if (note.is_string())
      out += "\n" + Wrapped(std::string_view(note.get_string()), 0, terminal.width);
  }
  return out;
}

}  // namespace pitot
