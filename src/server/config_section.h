// server/config_section.h
//
// One map of the configuration file, read key by key: each value is taken once, from the environment
// (PITOT_<PATH>) before the file; what nobody took is an unknown key. Errors name file, line, path,
// value and what is accepted; the first one is kept and everything after it is ignored, so that a
// reader is a list of keys.
#pragma once

#include <absl/status/status.h>
#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/money.h"
#include "server/config.h"

namespace pitot {

class ConfigSection {
 public:
  // `node` may be undefined or null: then only the environment speaks. `env` empty: nothing does (the
  // items of a list have no path).
  ConfigSection(std::string_view file, YAML::Node node, std::string path, GetEnv env);

  // Each leaves `out` as it is when the key is absent.
  void Text(std::string_view key, std::string& out);
  void OneOf(std::string_view key, std::string_view names, std::string& out);  // "a|b|c"
  void Bool(std::string_view key, bool& out);
  void Int(std::string_view key, int64_t min, int64_t max, int64_t& out);
  void Number(std::string_view key, double min, double max, double& out);
  void Duration(std::string_view key, int64_t min_ns, int64_t max_ns, int64_t& out_ns);
  void Millis(std::string_view key, std::chrono::milliseconds& out);  // 1 ms to 24 h.
  void Usd(std::string_view key, NanoUsd& out);                       // Dollars, not negative.
  void Texts(std::string_view key, std::vector<std::string>& out);    // A list of words.
  void Pairs(std::string_view key, std::vector<std::pair<std::string, std::string>>& out);

  // A map below this one; `read` is called also when it is absent.
  void Section(std::string_view key, const std::function<void(ConfigSection&)>& read);
  // Every entry of the map or list below `key`.
  void EachNamed(std::string_view key,
                 const std::function<void(const std::string& name, ConfigSection&)>& read);
  void EachItem(std::string_view key, const std::function<void(ConfigSection&)>& read);
  // Every key and value of this map, as text: for readers with a table of their own.
  std::vector<std::pair<std::string, std::string>> AllTexts();

  // Known, and read by other means or not at all.
  void Ignore(std::string_view key) { known_.emplace_back(key); }

  bool Has(std::string_view key) const;
  void Fail(std::string_view key, std::string_view message);  // Of a value that was read.
  void Fail(const absl::Status& status);                      // Of the section as a whole.
  // The first error so far; keys that nobody took are none of its business.
  const absl::Status& first_error() const { return status_; }
  // Call last: refuses what nobody took.
  absl::Status Done();

 private:
  std::optional<std::string> Scalar(std::string_view key);
  YAML::Node Take(std::string_view key);
  std::string PathOf(std::string_view key) const;
  int LineOf(std::string_view key) const;
  void FailAt(int line, std::string_view message);

  const std::string file_;
  const YAML::Node node_;
  const std::string path_;
  const GetEnv env_;
  std::vector<std::string> known_;
  absl::Status status_;
};

}  // namespace pitot
