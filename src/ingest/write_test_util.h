// ingest/write_test_util.h
//
// For tests of the write path over both kinds of store: an Ingest that takes JSON Lines.
#pragma once

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "base/status.h"
#include "ingest/ingest.h"
#include "store/testing/store_test_base.h"

namespace pitot {

class WriteTestBase : public StoreTestBase {
 protected:
  ~WriteTestBase() override { ingest_.reset(); }

  void OpenIngest(std::shared_ptr<const PriceBook> book = PriceBook::BuiltIn({})) {
    IngestOptions options;
    options.data_dir = folder_ / "data";
    options.workers = 2;
    options.spool.disk_free_bytes_min = 0;
    options.flusher.batch_delay = batch_delay_;
    options.flusher.retry_max = std::chrono::milliseconds(200);
    options.flusher.tick = std::chrono::milliseconds(50);
    auto ingest = Ingest::Open(options, engine(), std::move(book), nullptr, wall_);
    ASSERT_TRUE(ingest.ok()) << ingest.status();
    ingest_ = *std::move(ingest);
    ingest_->Start();
  }

  // A line of a span that started now.
  std::string Line(std::string_view trace, std::string_view span, std::string_view parent,
                   std::string_view rest) const {
    return fmt::format(R"({{"trace_id":"{:0>32}","span_id":"{:0>16}",{}"start":{},{}}})"
                       "\n",
                       trace, span,
                       parent.empty() ? "" : fmt::format(R"("parent_id":"{:0>16}",)", parent),
                       wall_.Now() - kNanosPerSecond, rest);
  }

  IngestReply Send(std::string lines, std::string project = "default") {
    IngestRequest request;
    request.format = WireFormat::kJsonLines;
    request.source = Source::kJsonl;
    request.project = std::move(project);
    request.body = std::move(lines);
    std::latch done(1);
    IngestReply answer;
    ingest_->Accept(std::move(request), [&](IngestReply reply) {
      answer = std::move(reply);
      done.count_down();
    });
    done.wait();
    return answer;
  }

  // Waits until the query answers `want`.
  void ExpectSoon(const std::string& sql, const std::string& want) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    std::string got;
    do {
      got = Tsv(sql);
      if (got == want) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    } while (std::chrono::steady_clock::now() < deadline);
    ADD_FAILURE() << sql << "\n  answers: " << got << "\n  expected: " << want
                  << "\n  flusher error: " << ingest_->flusher_stats().error;
  }

  uint64_t Dropped(Drop drop) const {
    return ingest_->receipts().Totals()[static_cast<size_t>(drop)];
  }

  SystemClock wall_;
  std::chrono::milliseconds batch_delay_{20};
  std::unique_ptr<Ingest> ingest_;
};

}  // namespace pitot
