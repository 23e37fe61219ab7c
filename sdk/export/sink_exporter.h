// sdk/export/sink_exporter.h
//
// Hands spans to a SpanSink of the program's, in the collector's thread.
#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "pitot/exporters.h"
#include "sdk/base/problems.h"
#include "sdk/export/drop_reason.h"
#include "sdk/export/exporter.h"

namespace pitot {
inline namespace sdk {

class SinkExporter : public Exporter {
 public:
  SinkExporter(std::shared_ptr<SpanSink> sink, Problems& problems)
      : sink_(std::move(sink)), problems_(problems) {
    stats_.name = kName;
  }

  std::string_view name() const override { return kName; }

  void Take(std::span<const SpanData> spans) override {
    std::string error;
    try {
      sink_->on_spans(spans);
      std::lock_guard lock(mutex_);
      stats_.sent += spans.size();
      return;
    } catch (const std::exception& thrown) {
      error = thrown.what();
    } catch (...) {
      error = "something that is no std::exception";
    }
    {
      std::lock_guard lock(mutex_);
      stats_.dropped[std::string(Name(DropReason::kThrew))] += spans.size();
      stats_.last_error = error;
    }
    problems_.Report("sink threw",
                     "sink: " + std::to_string(spans.size()) +
                         " spans dropped (threw): the SpanSink threw an exception: " + error);
  }

  ExporterStats Stats() const override {
    std::lock_guard lock(mutex_);
    return stats_;
  }

  void PrepareFork() override { mutex_.lock(); }
  void ParentAfterFork() override { mutex_.unlock(); }
  void ChildAfterFork() override {
    stats_ = {};
    stats_.name = kName;
    mutex_.unlock();
  }

 private:
  static constexpr std::string_view kName = "sink";

  const std::shared_ptr<SpanSink> sink_;
  Problems& problems_;
  mutable std::mutex mutex_;
  ExporterStats stats_;  // Guarded by mutex_.
};

}  // namespace sdk
}  // namespace pitot
