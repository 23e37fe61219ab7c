#include "alert/notify/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "alert/notify/sender.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr size_t kTitleBytesMax = 300;
constexpr size_t kFactBytesMax = 1500;  // Words of a rule or of another program.
constexpr size_t kTraceLinksMax = 3;

// Labels that say where, the widest first; others follow by name.
constexpr std::array<std::string_view, 8> kWhere = {
    kProjectLabel, "environment", "slo", "provider", "model", "feature", "tool", "budget"};

std::string_view AnnotationOf(const Alert& alert, std::string_view name) {
  const auto found = alert.annotations.find(name);
  return found == alert.annotations.end() ? std::string_view() : TrimText(found->second);
}

std::string_view FirstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string OneLine(std::string_view text) {
  std::string line(TrimText(text));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return line;
}

// "project shop, provider openai, model gpt-5": the labels that say where.
std::string WhereText(const Labels& labels) {
  std::string text;
  const auto add = [&text](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(text), "{}{} {}", text.empty() ? "" : ", ", name, value);
  };
  for (const std::string_view name : kWhere) {
    if (const auto label = labels.find(name); label != labels.end()) add(name, label->second);
  }
  for (const auto& [name, value] : labels) {
    const bool is_where = std::find(kWhere.begin(), kWhere.end(), name) != kWhere.end();
    if (!is_where && name != kAlertNameLabel && name != kSeverityLabel) add(name, value);
  }
  return OneLine(text);
}

// What is wrong, in one line: the rule's own words, else its name and where.
std::string Headline(const Alert& alert) {
  const std::string_view summary = FirstLine(AnnotationOf(alert, kSummaryAnnotation));
  if (!summary.empty()) return OneLine(summary);
  std::string text(alert.AlertName());
  if (alert.value) text += ": " + ValueText(*alert.value, alert.unit);
  const std::string where = WhereText(alert.labels);
  if (!where.empty()) text += fmt::format(" ({})", where);
  return OneLine(text);
}

UnixNanos BeginOf(const Alert& alert) {
  return alert.active_at != 0 ? alert.active_at : alert.fired_at;
}

// "2026-11-20 10:31:30 UTC"
std::string MomentText(UnixNanos at) {
  std::string text = FormatTime(at).substr(0, 19);
  text[10] = ' ';
  return text + " UTC";
}

std::string LengthText(int64_t ns) {
  return ns < kNanosPerSecond ? "less than a second" : FormatDuration(ns);
}

std::string SinceText(const Alert& alert, UnixNanos now) {
  const UnixNanos begin = BeginOf(alert);
  if (alert.state == AlertState::kResolved) {
    return fmt::format("{} to {}, {}", MomentText(begin), MomentText(alert.resolved_at),
                       LengthText(alert.resolved_at - begin));
  }
  return fmt::format("{}, for {}", MomentText(begin), LengthText(now - begin));
}

// What a person should know of the state beside "firing".
std::string StateText(const Alert& alert) {
  std::string text;
  if (alert.state == AlertState::kKeepFiring) {
    text = "below the threshold now; held until it stays there";
  } else if (alert.state == AlertState::kNoData) {
    text = "cannot be measured now; held as it was";
  }
  if (alert.flapping) text += text.empty() ? "flapping" : ", flapping";
  return text;
}

AlertText AlertTextOf(const Alert& alert, UnixNanos now, const TextOptions& options) {
  AlertText text;
  text.firing = alert.state != AlertState::kResolved;
  text.headline = (text.firing ? "" : "Resolved: ") + Headline(alert);
  const auto fact = [&text](std::string_view name, std::string_view value) {
    if (!value.empty()) text.facts.emplace_back(name, Shortened(value, kFactBytesMax));
  };
  fact("Likely cause", AnnotationOf(alert, kCauseAnnotation));
  fact("Impact", AnnotationOf(alert, kImpactAnnotation));
  fact("Where", WhereText(alert.labels));
  if (alert.value && text.firing) {
    std::string value = ValueText(*alert.value, alert.unit);
    if (alert.threshold) {
      value += fmt::format(" (threshold {})", ValueText(*alert.threshold, alert.unit));
    }
    fact("Value", value);
  }
  if (BeginOf(alert) != 0) fact("Since", SinceText(alert, now));
  if (text.firing) fact("State", StateText(alert));
  if (alert.ack && text.firing) fact("Acknowledged", "by " + alert.ack->by);
  fact("Details", AnnotationOf(alert, kDescriptionAnnotation));

  if (!alert.generator_url.empty()) text.links.push_back({"Open in Pitot", alert.generator_url});
  if (const std::string_view url = AnnotationOf(alert, kRunbookUrlAnnotation); !url.empty()) {
    text.links.push_back({"Runbook", std::string(url)});
  }
  const size_t traces = std::min(alert.exemplar_trace_ids.size(), kTraceLinksMax);
  for (size_t i = 0; i < traces && !options.external_url.empty(); ++i) {
    text.links.push_back(
        {traces == 1 ? "Trace" : fmt::format("Trace {}", i + 1),
         fmt::format("{}/traces/{}", options.external_url, alert.exemplar_trace_ids[i])});
  }
  if (options.external_url.empty() && !alert.exemplar_trace_ids.empty()) {
    fact("Trace", alert.exemplar_trace_ids.front());
  }
  return text;
}

std::string UpperName(AlertSeverity severity) {
  std::string name(Name(severity));
  for (char& c : name) c = static_cast<char>(c - ('a' <= c && c <= 'z' ? 'a' - 'A' : 0));
  return name;
}

std::string TitleOf(const Notification& notification) {
  const auto firing =
      static_cast<size_t>(std::count_if(notification.alerts.begin(), notification.alerts.end(),
                                        [](const Alert& alert) { return IsActive(alert.state); }));
  const size_t all = notification.alerts.size() + notification.alerts_left_out;
  const std::string first =
      notification.alerts.empty() ? "" : Headline(notification.alerts.front());
  if (firing == 0) {
    const std::string more = all > 1 ? fmt::format(", and {} more", all - 1) : "";
    return Shortened(fmt::format("RESOLVED: {}{}", first, more), kTitleBytesMax);
  }
  std::string head = UpperName(notification.severity());
  if (notification.reason == NotifyReason::kRepeat) {
    head +=
        ", still firing after " + FormatDuration(std::max<int64_t>(
                                      0, notification.at - BeginOf(notification.alerts.front())));
  }
  if (notification.reason == NotifyReason::kNewAlerts) head += ", more alerts";
  if (notification.reason == NotifyReason::kResolvedSome) head += ", some resolved";
  if (notification.reason == NotifyReason::kFlapping) head += ", flapping";
  const size_t more = firing - 1 + notification.alerts_left_out;
  return Shortened(
      fmt::format("{}: {}{}", head, first, more > 0 ? fmt::format(", and {} more", more) : ""),
      kTitleBytesMax);
}

std::string_view ReasonText(NotifyReason reason) {
  switch (reason) {
    case NotifyReason::kFirst:
      return "first notice";
    case NotifyReason::kNewAlerts:
      return "more alerts joined";
    case NotifyReason::kResolvedSome:
      return "some resolved";
    case NotifyReason::kAllResolved:
      return "all resolved";
    case NotifyReason::kRepeat:
      return "reminder";
    case NotifyReason::kFlapping:
      return "goes on and off: no further notices for a while";
    case NotifyReason::kEnd:
      break;
  }
  return "";
}

// Appends `text` word by word, lines after the first behind `indent` blanks.
void Wrap(std::string_view text, size_t indent, size_t width, std::string& out) {
  const std::string margin(indent, ' ');
  size_t column = out.size() - (out.rfind('\n') + 1);
  bool first = true;
  for (const std::string_view line : SplitText(text, '\n')) {
    if (!first) {
      out += '\n';
      column = 0;
    }
    bool line_begins = true;
    for (const std::string_view word : SplitText(line, ' ')) {
      if (word.empty()) continue;
      if (!line_begins && column + 1 + word.size() > width) {
        out += '\n';
        column = 0;
        line_begins = true;
      }
      std::string_view gap;
      if (!line_begins) {
        gap = " ";
      } else if (column == 0 && !first) {
        gap = margin;
      }
      out += gap;
      out += word;
      column += gap.size() + word.size();
      line_begins = false;
      first = false;
    }
    first = false;
  }
  out += '\n';
}

}  // namespace

std::string Shortened(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  size_t end = bytes < 3 ? 0 : bytes - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string ValueText(double value, std::string_view unit) {
  if (!std::isfinite(value)) return "unknown";
  if (unit == "ms" && std::abs(value) < 1e12) {
    return FormatDuration(static_cast<int64_t>(value * kNanosPerMilli));
  }
  if (unit == "usd" && std::abs(value) < 1e9) {
    return FormatUsd(static_cast<int64_t>(std::llround(value * 1e9)));
  }
  if (unit == "ratio") return fmt::format("{:.3g} %", value * 100);
  if (unit == "x") return fmt::format("{:.3g}x", value);
  const std::string number = value == std::floor(value) && value >= 0 && value < 1e15
                                 ? FormatCount(static_cast<uint64_t>(value))
                                 : fmt::format("{:.4g}", value);
  return unit.empty() ? number : fmt::format("{} {}", number, unit);
}

NotificationText TextOf(const Notification& notification, const TextOptions& options) {
  NotificationText text;
  text.title = TitleOf(notification);
  size_t n = 0;
  text.left_out = notification.alerts_left_out;
  for (const Alert& alert : notification.alerts) {
    if (n < options.alerts_max) {
      text.alerts.push_back(AlertTextOf(alert, notification.at, options));
    } else if (n < options.alerts_max + options.lines_max) {
      text.more.push_back((IsActive(alert.state) ? "" : "Resolved: ") + Headline(alert));
    } else {
      ++text.left_out;
    }
    ++n;
  }
  text.footer =
      fmt::format("Pitot, {}, to {}", ReasonText(notification.reason), notification.receiver);
  return text;
}

std::string PlainText(const NotificationText& text, size_t width) {
  constexpr size_t kIndent = 2;
  constexpr size_t kNames = 14;  // "Likely cause" and two blanks.
  std::string out;
  Wrap(text.title, kIndent, width, out);
  for (const AlertText& alert : text.alerts) {
    out += '\n';
    // A single alert's headline is the title.
    if (text.alerts.size() > 1 || !text.more.empty()) Wrap(alert.headline, kIndent, width, out);
    for (const auto& [name, value] : alert.facts) {
      out += fmt::format("{:{}}{:<{}}", "", kIndent, name, kNames);
      Wrap(value, kIndent + kNames, width, out);
    }
    for (const TextLink& link : alert.links) {
      out += fmt::format("{:{}}{:<{}}", "", kIndent, link.title, kNames);
      Wrap(link.url, kIndent + kNames, width, out);
    }
  }
  if (!text.more.empty() || text.left_out > 0) out += '\n';
  for (const std::string& line : text.more) {
    out += "- ";
    Wrap(line, kIndent, width, out);
  }
  if (text.left_out > 0) out += fmt::format("- and {} more\n", text.left_out);
  out += "\n-- " + text.footer + "\n";
  return out;
}

std::string SlackEscape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string SlackAlert(const AlertText& alert) {
  std::string out;
  for (const auto& [name, value] : alert.facts) {
    out += fmt::format("*{}:* {}\n", name, SlackEscape(value));
  }
  std::string links;
  for (const TextLink& link : alert.links) {
    // A bar or a line break would end the address.
    if (link.url.find_first_of("|<>\n ") != std::string::npos) continue;
    links += fmt::format("{}<{}|{}>", links.empty() ? "" : "  ", SlackEscape(link.url),
                         SlackEscape(link.title));
  }
  if (!links.empty()) out += links + "\n";
  if (!out.empty()) out.pop_back();
  return out;
}

}  // namespace pitot
