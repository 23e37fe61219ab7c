// Deletion of traces and users, over both kinds of store.
#include "ingest/history/erasure.h"

#include <gtest/gtest.h>

#include <future>
#include <random>

#include "ingest/write_test_util.h"

namespace pitot {
namespace {

constexpr std::string_view kAll[] = {"spans", "facts", "traces", "logs", "scores"};

class ErasureTest : public WriteTestBase {
 protected:
  ~ErasureTest() override { CloseAll(); }

  void OpenAll(bool start = true) {
    auto state = StateLog::Open(folder_ / "data/state", wall_);
    ASSERT_TRUE(state.ok()) << state.status();
    state_ = *std::move(state);
    OpenIngest();
    eraser_ = std::make_unique<Eraser>(*store_, *state_, *ingest_, 30);
    if (start) eraser_->Start();
  }
  void CloseAll() {
    if (ingest_ != nullptr) ingest_->Stop(std::chrono::milliseconds(0));
    eraser_.reset();
    ingest_.reset();
    state_.reset();
  }

  ErasureProgress Erase(Erasure::What what, std::string_view subject,
                        std::string_view project = "default") {
    auto ended = std::make_shared<std::promise<ErasureProgress>>();
    auto future = ended->get_future();
    const absl::Status begun =
        eraser_->Begin(what, project, subject, "tester", [ended](const ErasureProgress& progress) {
          if (progress.ended) ended->set_value(progress);
        });
    EXPECT_TRUE(begun.ok()) << begun;
    if (!begun.ok()) return {};
    ErasureProgress progress = future.get();
    EXPECT_TRUE(progress.status.ok()) << progress.status;
    return progress;
  }

  // A call with this text as its message.
  std::string Call(std::string_view trace, std::string_view span, std::string_view parent,
                   std::string_view user, std::string_view text) const {
    const std::string who = user.empty() ? "" : fmt::format(R"(,"user.id":"{}")", user);
    return Line(trace, span, parent,
                fmt::format(R"("name":"chat {1}","kind":"llm","duration_ms":10,"attrs":{{)"
                            R"("gen_ai.operation.name":"chat","gen_ai.provider.name":"openai",)"
                            R"("gen_ai.request.model":"gpt-4o","gen_ai.usage.input_tokens":1000,)"
                            R"("gen_ai.input.messages":[{{"role":"user","parts":[{{"type":"text",)"
                            R"("content":"{0}"}}]}}]{2}}})",
                            text, span, who));
  }
  static std::string Long(std::string_view mark) {
    return std::string(200, 'x') + std::string(mark);
  }

  std::string Rows(std::string_view table, std::string_view where) {
    return Tsv(fmt::format("SELECT count() FROM {} WHERE {}", table, where));
  }
  std::string Payloads(std::string_view mark) {
    return Rows("payloads", fmt::format("position(content, '{}') > 0", mark));
  }

  std::unique_ptr<StateLog> state_;
  std::unique_ptr<Eraser> eraser_;
};

PITOT_FOR_EACH_STORE(ErasureTest);

TEST_P(ErasureTest, ATraceGoesWithWhatOnlyItRefersTo) {
  OpenAll();
  ASSERT_EQ(Send(Call("a", "a1", "", "u", Long("own")) + Call("a", "a2", "a1", "", Long("shared")) +
                 Call("b", "b1", "", "u", Long("shared")))
                .accepted,
            3);
  ASSERT_EQ(Send(Call("a", "a1", "", "u", Long("other")), "elsewhere").accepted, 1);
  const ErasureProgress done = Erase(Erasure::What::kTrace, std::string(31, '0') + "a");
  EXPECT_EQ(done.traces, 1u);
  EXPECT_EQ(done.spans, 2u);
  EXPECT_EQ(done.payloads, 1u);
  for (const std::string_view table : kAll) {
    EXPECT_EQ(Rows(table, "project = 'default' AND trace_id = unhex(leftPad('A', 32, '0'))"), "0")
        << table;
  }
  EXPECT_EQ(Payloads("own"), "0");
  EXPECT_EQ(Payloads("shared"), "1");
  EXPECT_EQ(Tsv("SELECT project, spans FROM traces FINAL ORDER BY project"),
            "default\t1\nelsewhere\t1");
  // It stays away, in whatever request, also after a restart.
  for (int i = 0; i < 2; ++i) {
    const IngestReply again = Send(Call("a", fmt::format("a{}", 5 + i), "", "u", "again"));
    EXPECT_EQ(again.rejected, 1);
    EXPECT_NE(again.message.find("erased"), std::string::npos) << again.message;
    EXPECT_EQ(Dropped(Drop::kErased), 1u);
    CloseAll();
    OpenAll();
    // What was erased is known as soon as the flusher has begun to write.
    ASSERT_EQ(Send(Call("c", fmt::format("c{}", i), "", "u", "more")).accepted, 1);
    ExpectSoon("SELECT spans FROM traces FINAL WHERE trace_id = unhex(leftPad('C', 32, '0'))",
               fmt::format("{}", i + 1));
  }
  // Who did what is told, and the deletion is no pending state any more.
  EXPECT_TRUE(state_->Latest(kErasureKind).empty());
  const auto audit = state_->History(engine(), kAuditKind, "", 10, kStoreTestDeadline);
  ASSERT_TRUE(audit.ok()) << audit.status();
  ASSERT_EQ(audit->size(), 1u);
  EXPECT_EQ((*audit)[0].actor, "tester");
  EXPECT_NE((*audit)[0].body.find(R"("spans":2)"), std::string::npos) << (*audit)[0].body;
}

TEST_P(ErasureTest, AnErasedContentThatComesAgainIsStoredAgain) {
  OpenAll();
  ASSERT_EQ(Send(Call("a", "a1", "", "u", Long("text"))).accepted, 1);
  EXPECT_EQ(Erase(Erasure::What::kTrace, std::string(31, '0') + "a").payloads, 1u);
  EXPECT_EQ(Payloads("text"), "0");
  ASSERT_EQ(Send(Call("b", "b1", "", "u", Long("text"))).accepted, 1);
  ExpectSoon("SELECT count() FROM payloads", "1");
}

TEST_P(ErasureTest, AUserGoesFromEveryTraceAndComesAgainOnlyWithNewData) {
  OpenAll();
  ASSERT_EQ(
      Send(Call("a", "a1", "", "gone", Long("one")) + Call("a", "a2", "a1", "", Long("two")) +
           Call("b", "b1", "", "kept", Long("three")) +
           Call("b", "b2", "b1", "gone", Long("four")) + Call("c", "c1", "", "kept", Long("five")))
          .accepted,
      5);
  // Hides nothing for long: what comes right after Begin is new.
  const ErasureProgress done = Erase(Erasure::What::kUser, "gone");
  EXPECT_EQ(done.traces, 1u);
  EXPECT_EQ(done.spans, 3u);
  EXPECT_EQ(done.payloads, 3u);
  EXPECT_EQ(Tsv("SELECT name FROM spans FINAL ORDER BY name"), "chat b1\nchat c1");
  EXPECT_EQ(Tsv("SELECT name FROM facts FINAL ORDER BY name"), "chat b1\nchat c1");
  EXPECT_EQ(Tsv("SELECT lower(hex(substring(trace_id, 16))), spans, cost FROM traces FINAL "
                "ORDER BY trace_id"),
            "0b\t1\t2500000\n0c\t1\t2500000");
  EXPECT_EQ(Tsv("SELECT count() FROM payloads"), "2");
  // The same user, in an old trace and in a new one.
  ASSERT_EQ(Send(Call("a", "a3", "", "gone", Long("six")) + Call("d", "d1", "", "gone", "seven"))
                .rejected,
            0);
  ExpectSoon("SELECT name FROM facts FINAL WHERE user_id = 'gone' ORDER BY name",
             "chat a3\nchat d1");
  ExpectSoon("SELECT sum(spans) FROM traces FINAL WHERE user_id = 'gone'", "2");
  EXPECT_EQ(Payloads("six"), "1");
}

TEST_P(ErasureTest, WhatIsRecordedIsHiddenAtOnceAndAfterARestartAndThenGoes) {
  OpenAll(/*start=*/false);
  ASSERT_EQ(Send(Call("a", "a1", "", "gone", Long("one")) + Call("b", "b1", "", "kept", "x") +
                 Call("c", "c1", "", "kept", "y"))
                .accepted,
            3);
  ExpectSoon("SELECT count() FROM traces FINAL", "3");
  ASSERT_TRUE(eraser_->Begin(Erasure::What::kUser, "default", "gone", "t", nullptr).ok());
  ASSERT_TRUE(
      eraser_->Begin(Erasure::What::kTrace, "default", std::string(31, '0') + "c", "t", nullptr)
          .ok());
  const auto expect_hidden = [this] {
    for (const std::string_view table : {"spans", "facts", "traces"}) {
      EXPECT_EQ(Tsv(fmt::format("SELECT count() FROM {} AS x FINAL", table)), "1") << table;
    }
    EXPECT_EQ(Tsv("SELECT count() FROM facts AS f FINAL ANY LEFT JOIN spans AS s "
                  "ON f.span_id = s.span_id WHERE s.name != ''"),
              "1");
  };
  expect_hidden();
  CloseAll();
  OpenAll(/*start=*/false);
  EXPECT_EQ(eraser_->pending(), 2u);
  expect_hidden();
  eraser_->Start();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (eraser_->pending() > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(eraser_->pending(), 0u);
  expect_hidden();
  EXPECT_EQ(Payloads("one"), "0");
}

TEST_P(ErasureTest, BadSubjectsAreRefused) {
  OpenAll();
  const auto bad = [this](Erasure::What what, std::string_view subject) {
    EXPECT_EQ(eraser_->Begin(what, "default", subject, "t", nullptr).code(),
              absl::StatusCode::kInvalidArgument)
        << subject;
  };
  bad(Erasure::What::kTrace, "a");
  bad(Erasure::What::kTrace, "zz000000000000000000000000000000");
  bad(Erasure::What::kUser, "");
  bad(Erasure::What::kUser, std::string(5000, 'u'));
  // An id that would be SQL if it were pasted into any.
  EXPECT_EQ(Erase(Erasure::What::kUser, "x') OR 1 = 1 --").spans, 0u);
}

// Whatever arrives while users are deleted: of a user nothing from before is there, everything of
// others and from after is, with its content.
TEST_P(ErasureTest, BesideIngestNothingElseIsLost) {
  OpenAll();
  std::mt19937 random(7);
  std::atomic<bool> stop{false};
  std::atomic<int> sent_kept{0};
  std::thread sender([&] {
    for (int i = 0; !stop && i < 4000; ++i) {
      // Texts are shared between users, so that payloads go and come.
      std::string lines;
      for (int j = 0; j < 4; ++j) {
        const bool kept = j % 2 == 0;
        lines +=
            Call(fmt::format("{:x}", 0x1000 + i % 50 * 4 + j), fmt::format("{:x}", i * 4 + j + 1),
                 "", kept ? "kept" : "gone", Long(fmt::format("text{}", (i + j) % 5)));
        if (kept) ++sent_kept;
      }
      EXPECT_EQ(Send(lines).rejected, 0);
    }
  });
  for (int i = 0; i < 4; ++i) Erase(Erasure::What::kUser, "gone");
  stop = true;
  sender.join();
  const ErasureProgress last = Erase(Erasure::What::kUser, "gone");
  EXPECT_TRUE(last.status.ok());
  EXPECT_EQ(Rows("spans", "user_id = 'gone'"), "0");
  EXPECT_EQ(Rows("facts FINAL", "user_id = 'gone'"), "0");
  EXPECT_EQ(Rows("spans FINAL", "user_id = 'kept'"), fmt::format("{}", sent_kept.load()));
  EXPECT_EQ(Tsv("SELECT sum(spans) FROM traces FINAL"), fmt::format("{}", sent_kept.load()));
  EXPECT_EQ(Tsv("SELECT count() FROM spans FINAL ARRAY JOIN input AS piece "
                "WHERE startsWith(piece, '#') AND substring(piece, 2) NOT IN "
                "(SELECT toString(hash) FROM payloads)"),
            "0");
}

}  // namespace
}  // namespace pitot
