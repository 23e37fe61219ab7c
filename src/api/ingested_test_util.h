// api/ingested_test_util.h
//
// For tests of reads over spans that came through the real ingest, in both engines.
#pragma once

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "ingest/ingest.h"
#include "query/scope.h"
#include "store/testing/store_test_base.h"

namespace pitot {

class IngestedTestBase : public StoreTestBase {
 protected:
  void SetUp() override {
    StoreTestBase::SetUp();
    IngestOptions options;
    options.data_dir = folder_ / "data";
    options.workers = 1;
    options.spool.disk_free_bytes_min = 0;
    options.flusher.batch_delay = std::chrono::milliseconds(5);
    options.flusher.tick = std::chrono::milliseconds(20);
    auto ingest = Ingest::Open(options, engine(), PriceBook::BuiltIn({}), nullptr, wall_);
    ASSERT_TRUE(ingest.ok()) << ingest.status().ToString();
    ingest_ = *std::move(ingest);
    ingest_->Start();
  }
  void TearDown() override { ingest_.reset(); }

  // Returns when the spans of `body` are in answers.
  void Ingested(std::string body, std::string project = "default",
                WireFormat format = WireFormat::kJsonLines) {
    IngestRequest request;
    request.project = std::move(project);
    request.format = format;
    request.source = Source::kJsonl;
    request.import = true;
    request.body = std::move(body);
    std::latch done(1);
    IngestReply answer;
    ingest_->Accept(std::move(request), [&](IngestReply reply) {
      answer = std::move(reply);
      done.count_down();
    });
    done.wait();
    ASSERT_TRUE(answer.status.ok()) << answer.status.ToString();
    ASSERT_EQ(answer.rejected, 0) << answer.message;
    const absl::Status written = ingest_->WaitWritten();
    ASSERT_TRUE(written.ok()) << written.ToString();
  }

  // Of a request at `now`.
  QueryContext ContextAt(UnixNanos now, CancelTokenPtr cancel = nullptr) {
    return {.engine = engine(),
            .limits = limits_,
            .now = now,
            .deadline = std::chrono::steady_clock::now() + kStoreTestDeadline,
            .cancel = std::move(cancel)};
  }

  const Limits limits_;
  const SystemClock wall_;
  std::unique_ptr<Ingest> ingest_;
};

}  // namespace pitot
