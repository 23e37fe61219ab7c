#include "api/views/saved_views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/status.h"
#include "store/state.h"
#include "store/testing/server.h"

namespace pitot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Caller Of(const char* id, uint32_t scopes = 0) {
  auto key = std::make_shared<ApiKey>();
  key->id = id;
  key->name = std::string("key ") + id;
  key->scopes = scopes;
  return {.key = std::move(key), .peer = "127.0.0.1:5", .csrf_token = ""};
}

const Caller kNobody{nullptr, "127.0.0.1:5", ""};

ViewRequest Named(std::string name, std::string page = "/traces") {
  return {.id = "", .name = std::move(name), .page = std::move(page), .search = {{"q", "a = 1"}}};
}

class SavedViewsTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open(size_t most = 3) {
    state_.reset();
    state_ = *StateLog::Open(folder_ / "state", clock_);
    views_ = std::make_unique<SavedViews>(state_.get(), most);
  }
  std::vector<std::string> Names(std::string_view project) const {
    std::vector<std::string> names;
    for (const SavedView& view : views_->List(project))
      names.push_back(view.page + " " + view.name);
    return names;
  }

  TempFolder folder_;
  FakeClock clock_{1'795'000'000'000'000'000};
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<SavedViews> views_;
};

TEST_F(SavedViewsTest, AreListedByPageAndNameAndSurvive) {
  const Caller ada = Of("ada");
  ASSERT_TRUE(views_->Save("shop", Named("b"), ada).ok());
  ASSERT_TRUE(views_->Save("shop", Named("a"), kNobody).ok());
  ASSERT_TRUE(views_->Save("shop", Named("z", "/cost"), ada).ok());
  ASSERT_TRUE(views_->Save("other", Named("c"), ada).ok());
  EXPECT_THAT(Names("shop"), ElementsAre("/cost z", "/traces a", "/traces b"));
  const std::vector<SavedView> before = views_->List("shop");
  Open();
  const std::vector<SavedView> after = views_->List("shop");
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].id, before[i].id);
    EXPECT_EQ(after[i].search, (std::map<std::string, std::string>{{"q", "a = 1"}}));
    EXPECT_EQ(after[i].created_at, before[i].created_at);
  }
  EXPECT_EQ(after[1].created_by, "");
  EXPECT_EQ(after[2].created_by, "key ada");
}

TEST_F(SavedViewsTest, AreChangedByTheirMakerAndAdmins) {
  const Caller ada = Of("ada");
  const Caller admin = Of("ops", *ParseScopes({"admin"}));
  const auto saved = views_->Save("shop", Named("mine"), ada);
  ASSERT_TRUE(saved.ok()) << saved.status();
  EXPECT_TRUE(saved->MayChange(ada));
  EXPECT_TRUE(saved->MayChange(admin));
  EXPECT_TRUE(saved->MayChange(kNobody)) << "where no key is needed";
  EXPECT_FALSE(saved->MayChange(Of("bob")));

  ViewRequest request = Named("taken");
  request.id = saved->id;
  EXPECT_EQ(views_->Save("shop", request, Of("bob")).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(views_->Save("other", request, ada).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(views_->Remove("shop", saved->id, Of("bob")).code(),
            absl::StatusCode::kPermissionDenied);
  clock_.Advance(std::chrono::minutes(5));
  const auto changed = views_->Save("shop", request, admin);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->created_at, saved->created_at);
  EXPECT_GT(changed->changed_at, saved->changed_at);
  EXPECT_EQ(changed->owner, "ada");
  EXPECT_THAT(Names("shop"), ElementsAre("/traces taken"));
  EXPECT_TRUE(views_->Remove("shop", saved->id, ada).ok());
  EXPECT_EQ(views_->Remove("shop", saved->id, ada).code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Names("shop"), ElementsAre());
}

TEST_F(SavedViewsTest, AProjectHasALimit) {
  for (const char* name : {"a", "b", "c"})
    ASSERT_TRUE(views_->Save("p", Named(name), kNobody).ok());
  const auto more = views_->Save("p", Named("d"), kNobody);
  EXPECT_EQ(more.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(Message(more.status())), HasSubstr("limits.views is 3"));
  EXPECT_TRUE(views_->Save("q", Named("d"), kNobody).ok()) << "another project's";
  ViewRequest change = Named("e");
  change.id = views_->List("p")[0].id;
  EXPECT_TRUE(views_->Save("p", change, kNobody).ok()) << "one that is there already";
}

TEST_F(SavedViewsTest, WithoutALogNothingIsSaved) {
  SavedViews none(nullptr, 3);
  EXPECT_TRUE(none.List("p").empty());
  EXPECT_EQ(none.Save("p", Named("a"), kNobody).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(none.Remove("p", "x", kNobody).code(), absl::StatusCode::kUnavailable);
}

TEST_F(SavedViewsTest, WhatCannotBeReadIsLeftOut) {
  for (const char* body : {"", "[]", "{}", R"({"project":"p","name":1})"}) {
    StateEvent event;
    event.kind = "view";
    event.id = fmt::format("v{}", body);
    event.body = body;
    ASSERT_TRUE(state_->Append(std::move(event)).ok());
  }
  EXPECT_THAT(Names("p"), ElementsAre());
}

TEST(ViewRequest, Rejects) {
  const auto bad = [](const char* why, const std::string& body) {
    const auto request = ViewRequest::Parse(body);
    ASSERT_FALSE(request.ok()) << why;
    EXPECT_EQ(request.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(Message(request.status())), HasSubstr(why)) << body;
  };
  const auto with = [](std::string page) {
    return fmt::format(R"({{"name":"n","page":"{}"}})", page);
  };
  bad("must be a JSON object", "");
  bad("must be a JSON object", "[]");
  bad("name is missing", R"({"page":"/traces"})");
  bad("name is missing", R"({"name":"  ","page":"/traces"})");
  bad("name must be a text", R"({"name":5,"page":"/traces"})");
  bad("name has control characters", R"({"name":"a\u0007","page":"/traces"})");
  bad("name has 101 characters", R"({"page":"/","name":")" + std::string(101, 'x') + R"("})");
  bad("is no path of a page", R"({"name":"n"})");
  bad("is no path of a page", with("traces"));
  bad("is no path of a page", with("//evil.example"));
  bad("is no path of a page", with("/traces?q=1"));
  bad("is no path of a page", with("https://evil.example"));
  bad("is no path of a page", with("/" + std::string(200, 'x')));
  bad("search must be an object", R"({"name":"n","page":"/","search":[]})");
  bad("a member of search must be a text", R"({"name":"n","page":"/","search":{"q":1}})");
  bad("\"serach\" is not expected", R"({"name":"n","page":"/","serach":{}})");
  std::string many;
  for (int i = 0; i <= 32; ++i) many += fmt::format("{}\"{}\":\"\"", i == 0 ? "" : ",", i);
  bad("search has 33 members", R"({"name":"n","page":"/","search":{)" + many + "}}");
  bad("bytes; at most 16384",
      R"({"name":"n","page":"/","search":{"q":")" + std::string(16 << 10, 'x') + R"("}})");
}

TEST(ViewRequest, CountsCharactersNotBytes) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "ö";
  const auto request = ViewRequest::Parse(R"({"page":"/cost/budgets","name":")" + name + R"("})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->name, name);
}

}  // namespace
}  // namespace pitot
