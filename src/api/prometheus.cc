#include "api/prometheus.h"

#include <fmt/format.h>

namespace pitot {
namespace {

void AppendEscaped(std::string_view text, bool quoted, std::string& out) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || (c == '"' && quoted)) out += '\\';
      out += c;
    }
  }
}

}  // namespace

void PrometheusText::Start(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  text_ += fmt::format("# HELP {} ", name);
  AppendEscaped(help, false, text_);
  text_ += fmt::format("\n# TYPE {} {}\n", name, type);
}

void PrometheusText::Sample(double value, std::initializer_list<Label> labels) {
  text_ += name_;
  char separator = '{';
  for (const Label& label : labels) {
    text_ += fmt::format("{}{}=\"", separator, label.name);
    AppendEscaped(label.value, true, text_);
    text_ += '"';
    separator = ',';
  }
  if (separator == ',') text_ += '}';
  text_ += fmt::format(" {}\n", value);
}

}  // namespace pitot
