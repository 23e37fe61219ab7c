// api/prometheus.h
//
// Writes the Prometheus text exposition format, version 0.0.4. Source: Prometheus documentation,
// "Exposition formats".
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace pitot {

class PrometheusText {
 public:
  struct Label {
    std::string_view name;
    std::string_view value;
  };

  // Starts a metric; its samples follow.
  void Counter(std::string_view name, std::string_view help) { Start(name, help, "counter"); }
  void Gauge(std::string_view name, std::string_view help) { Start(name, help, "gauge"); }

  void Sample(double value, std::initializer_list<Label> labels = {});

  const std::string& text() const { return text_; }

 private:
  void Start(std::string_view name, std::string_view help, std::string_view type);

  std::string text_;
  std::string name_;
};

}  // namespace pitot
