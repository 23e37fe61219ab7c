// alert/notify/text.h
//
// A notification in words: one place for all channels. Numbers first: what, where, how much, since
// when, what it costs, the first cause the runbook found, where to look.
//
//   PAGE: p99 of openai gpt-5 is 14.8 s, 5.1 times its usual 2.9 s
//     Likely cause  openai answers 5 times slower than usual, in all features
//     Where         project shop, provider openai, model gpt-5
//     Value         14.8 s (threshold 8.7 s)
//     Since         2026-11-20 10:31:30 UTC, for 4m 00s
//     Traces        https://pitot.example/traces/0af7651916cd43dd8448eb211c80319c
//
// Pure functions of their arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alert/alert.h"

namespace pitot {

struct TextLink {
  std::string title;
  std::string url;
};

// One alert, spelled out.
struct AlertText {
  std::string headline;
  bool firing = true;
  std::vector<std::pair<std::string, std::string>> facts;  // "Where" -> "project shop, ...".
  std::vector<TextLink> links;
};

struct NotificationText {
  std::string title;              // One line, whole.
  std::vector<AlertText> alerts;  // The first few.
  std::vector<std::string> more;  // A line for each of the others that still fit.
  uint64_t left_out = 0;          // Not even that.
  std::string footer;             // Why it is sent now, and by whom.
};

struct TextOptions {
  std::string external_url;  // Without a slash at its end; empty: no links to traces.
  size_t alerts_max = 5;     // Spelled out.
  size_t lines_max = 20;     // Of the others.
};

NotificationText TextOf(const Notification& notification, const TextOptions& options);

// 14832.5 and "ms" -> "14.8 s"; "usd" -> "$1.20"; "ratio" -> "6.2 %"; "x" -> "5.1x".
std::string ValueText(double value, std::string_view unit);

// The whole for a terminal or an e-mail: wrapped at `width`, but no word (a link) is cut.
std::string PlainText(const NotificationText& text, size_t width = 80);

// For Slack: *bold*, <links|titles>; &, < and > escaped, and nothing of ours can name @channel.
std::string SlackEscape(std::string_view text);
std::string SlackAlert(const AlertText& alert);

// At most `bytes` long, cut before a character, with "..." at its end.
std::string Shortened(std::string_view text, size_t bytes);

}  // namespace pitot
