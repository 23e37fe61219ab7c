#include "server/config_section.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {

ConfigSection::ConfigSection(std::string_view file, YAML::Node node, std::string path, GetEnv env)
    : file_(file), node_(std::move(node)), path_(std::move(path)), env_(std::move(env)) {
  if (node_.IsDefined() && !node_.IsNull() && !node_.IsMap()) {
    FailAt(node_.Mark().line, fmt::format("{} must be a map of keys", path_));
  }
}

std::string ConfigSection::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

int ConfigSection::LineOf(std::string_view key) const {
  if (!node_.IsDefined() || !node_.IsMap()) return node_.IsDefined() ? node_.Mark().line : 0;
  const YAML::Node value = node_[std::string(key)];
  return value.IsDefined() ? value.Mark().line : node_.Mark().line;
}

void ConfigSection::FailAt(int line, std::string_view message) {
  if (status_.ok()) status_ = InvalidArgument("{}:{}: {}", file_, line + 1, message);
}

void ConfigSection::Fail(std::string_view key, std::string_view message) {
  FailAt(LineOf(key), fmt::format("{}: {}", PathOf(key), message));
}

void ConfigSection::Fail(const absl::Status& status) {
  if (!status.ok()) FailAt(node_.IsDefined() ? node_.Mark().line : 0, Message(status));
}

YAML::Node ConfigSection::Take(std::string_view key) {
  known_.emplace_back(key);
  if (!node_.IsDefined() || !node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  return node_[std::string(key)];
}

bool ConfigSection::Has(std::string_view key) const {
  return node_.IsDefined() && node_.IsMap() && node_[std::string(key)].IsDefined();
}

std::optional<std::string> ConfigSection::Scalar(std::string_view key) {
  const YAML::Node value = Take(key);
  if (env_ != nullptr) {
    std::string name = "PITOT_";
    for (const char c : PathOf(key)) {
      name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    if (const auto text = env_(name)) return text;
  }
  if (!value.IsDefined() || value.IsNull()) return std::nullopt;
  if (!value.IsScalar()) {
    Fail(key, "it must be a single value");
    return std::nullopt;
  }
  return value.Scalar();
}

void ConfigSection::Text(std::string_view key, std::string& out) {
  if (auto text = Scalar(key)) out = *std::move(text);
}

void ConfigSection::OneOf(std::string_view key, std::string_view names, std::string& out) {
  auto text = Scalar(key);
  if (!text) return;
  const std::vector<std::string_view> known = SplitText(names, '|');
  if (std::ranges::find(known, *text) == known.end()) {
    Fail(key, fmt::format("\"{}\" is not one of {}{}", *text, fmt::join(known, ", "),
                          DidYouMean(*text, known)));
    return;
  }
  out = *std::move(text);
}

void ConfigSection::Bool(std::string_view key, bool& out) {
  const auto text = Scalar(key);
  if (!text) return;
  if (*text != "true" && *text != "false") {
    Fail(key, fmt::format("\"{}\" is neither true nor false", *text));
    return;
  }
  out = *text == "true";
}

void ConfigSection::Int(std::string_view key, int64_t min, int64_t max, int64_t& out) {
  const auto text = Scalar(key);
  if (!text) return;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) {
    Fail(key, fmt::format("\"{}\" is not a whole number", *text));
  } else if (value < min || value > max) {
    Fail(key, fmt::format("{} is out of range: {} to {}", value, min, max));
  } else {
    out = value;
  }
}

void ConfigSection::Number(std::string_view key, double min, double max, double& out) {
  const auto text = Scalar(key);
  if (!text) return;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) {
    Fail(key, fmt::format("\"{}\" is not a number", *text));
  } else if (!(value >= min && value <= max)) {
    Fail(key, fmt::format("{} is out of range: {} to {}", *text, min, max));
  } else {
    out = value;
  }
}

void ConfigSection::Duration(std::string_view key, int64_t min_ns, int64_t max_ns,
                             int64_t& out_ns) {
  const auto text = Scalar(key);
  if (!text) return;
  const auto value = ParseDurationNs(*text, kNanosPerMilli);
  if (!value.ok()) {
    Fail(key, Message(value.status()));
  } else if (*value < min_ns || *value > max_ns) {
    Fail(key, fmt::format("{} is out of range: {} ms to {} s", *text, min_ns / kNanosPerMilli,
                          max_ns / kNanosPerSecond));
  } else {
    out_ns = *value;
  }
}

void ConfigSection::Millis(std::string_view key, std::chrono::milliseconds& out) {
  int64_t ns = out.count() * kNanosPerMilli;
  Duration(key, kNanosPerMilli, kNanosPerDay, ns);
  out = std::chrono::milliseconds(ns / kNanosPerMilli);
}

void ConfigSection::Usd(std::string_view key, NanoUsd& out) {
  constexpr double kUsdMax = 9e9;
  double dollars = -1;
  Number(key, 0, kUsdMax, dollars);
  if (dollars >= 0) out = NanoUsd{static_cast<int64_t>(dollars * 1e9 + 0.5)};
}

void ConfigSection::Texts(std::string_view key, std::vector<std::string>& out) {
  const YAML::Node value = Take(key);
  if (!value.IsDefined() || value.IsNull()) return;
  out.clear();
  if (value.IsScalar()) {
    out.push_back(value.Scalar());
    return;
  }
  if (!value.IsSequence()) return Fail(key, "it must be a list of words");
  for (const auto& item : value) {
    if (!item.IsScalar()) return Fail(key, "it must be a list of words");
    out.push_back(item.Scalar());
  }
}

void ConfigSection::Pairs(std::string_view key,
                          std::vector<std::pair<std::string, std::string>>& out) {
  const YAML::Node value = Take(key);
  if (!value.IsDefined() || value.IsNull()) return;
  if (!value.IsMap()) return Fail(key, "it must be a map of names to values");
  for (const auto& pair : value) {
    if (!pair.second.IsScalar()) return Fail(key, "its values must be single values");
    out.emplace_back(pair.first.Scalar(), pair.second.Scalar());
  }
}

void ConfigSection::Section(std::string_view key, const std::function<void(ConfigSection&)>& read) {
  ConfigSection section(file_, Take(key), PathOf(key), env_);
  read(section);
  if (const absl::Status done = section.Done(); status_.ok()) status_ = done;
}

void ConfigSection::EachNamed(std::string_view key,
                              const std::function<void(const std::string&, ConfigSection&)>& read) {
  const YAML::Node value = Take(key);
  if (!value.IsDefined() || value.IsNull()) return;
  if (!value.IsMap()) return Fail(key, "it must be a map of names");
  for (const auto& pair : value) {
    const std::string name = pair.first.Scalar();
    ConfigSection section(file_, pair.second, fmt::format("{}.{}", PathOf(key), name), nullptr);
    read(name, section);
    if (const absl::Status done = section.Done(); status_.ok()) status_ = done;
  }
}

void ConfigSection::EachItem(std::string_view key,
                             const std::function<void(ConfigSection&)>& read) {
  const YAML::Node value = Take(key);
  if (!value.IsDefined() || value.IsNull()) return;
  if (!value.IsSequence()) return Fail(key, "it must be a list");
  for (size_t i = 0; i < value.size(); ++i) {
    ConfigSection section(file_, value[i], fmt::format("{}[{}]", PathOf(key), i), nullptr);
    read(section);
    if (const absl::Status done = section.Done(); status_.ok()) status_ = done;
  }
}

std::vector<std::pair<std::string, std::string>> ConfigSection::AllTexts() {
  std::vector<std::pair<std::string, std::string>> out;
  if (!node_.IsDefined() || !node_.IsMap()) return out;
  for (const auto& pair : node_) {
    const std::string key = pair.first.Scalar();
    known_.push_back(key);
    if (!pair.second.IsScalar()) {
      Fail(key, "it must be a single value");
      continue;
    }
    out.emplace_back(key, pair.second.Scalar());
  }
  return out;
}

absl::Status ConfigSection::Done() {
  if (!status_.ok() || !node_.IsDefined() || !node_.IsMap()) return status_;
  std::vector<std::string> seen;
  for (const auto& pair : node_) {
    const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "";
    if (std::ranges::find(known_, key) == known_.end()) {
      const std::vector<std::string_view> names(known_.begin(), known_.end());
      FailAt(pair.first.Mark().line,
             fmt::format("unknown key \"{}\"{}", PathOf(key), DidYouMean(key, names)));
      break;
    }
    if (std::ranges::find(seen, key) != seen.end()) {
      FailAt(pair.first.Mark().line, fmt::format("{} is given twice", PathOf(key)));
      break;
    }
    seen.push_back(key);
  }
  return status_;
}

}  // namespace pitot
