#include "gateway/keys/key_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "base/status.h"
#include "gateway/keys/key_json.h"
#include "store/state.h"

namespace pitot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr uint32_t kAdmin = static_cast<uint32_t>(KeyScope::kAdmin);
constexpr uint32_t kGateway = static_cast<uint32_t>(KeyScope::kGateway);

ApiKey Spec(std::string name, uint32_t scopes) {
  ApiKey key;
  key.name = std::move(name);
  key.scopes = scopes;
  return key;
}

std::string HashText(std::string_view secret) { return DigestToHex(Sha256(secret)); }

class KeyRingTest : public testing::Test {
 protected:
  KeyRingTest() {
    char name[] = "/tmp/pitot_keys_XXXXXX";
    folder_ = mkdtemp(name);
    options_.config_file = "pitot.yaml";
    options_.use_file = folder_ / "key_use";
    options_.env = [this](const std::string& variable) -> std::optional<std::string> {
      const auto at = environment_.find(variable);
      return at == environment_.end() ? std::nullopt : std::optional(at->second);
    };
    Open();
  }
  ~KeyRingTest() override {
    ring_.reset();
    state_.reset();
    std::filesystem::remove_all(folder_);
  }

  absl::Status TryOpen() {
    ring_.reset();
    state_.reset();
    auto state = StateLog::Open(folder_ / "state", clock_);
    if (!state.ok()) return state.status();
    state_ = *std::move(state);
    auto ring = KeyRing::Open(options_, *state_, clock_);
    if (!ring.ok()) return ring.status();
    ring_ = *std::move(ring);
    return absl::OkStatus();
  }
  void Open() {
    const absl::Status status = TryOpen();
    ASSERT_TRUE(status.ok()) << status;
  }

  NewKey Create(std::string name, uint32_t scopes) {
    auto made = ring_->Create(Spec(std::move(name), scopes), "tester");
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : NewKey{};
  }
  std::string IdOf(std::string_view secret) const {
    const auto key = ring_->Find(secret);
    return key == nullptr ? "none" : key->id;
  }
  // Every byte of every file of the data folder.
  std::string Disk() const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> environment_;
  FakeClock clock_{1'800'000'000 * kNanosPerSecond};
  KeyRingOptions options_;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<KeyRing> ring_;
};

TEST_F(KeyRingTest, AKeyIsFoundByItsSecretAlsoAfterARestart) {
  EXPECT_TRUE(ring_->empty());
  const NewKey admin = Create("ops", kAdmin);
  EXPECT_FALSE(ring_->empty());
  ApiKey spec = Spec("checkout", kGateway);
  spec.project = "shop";
  spec.pins = {{"feature", "checkout"}};
  spec.defaults = {{"workflow", "w"}};
  spec.require = {"session", "traceparent"};
  spec.provider_keys = {{"openai", "env:OPENAI_KEY"}};
  spec.models = {"gpt-*"};
  spec.budget = BudgetLine{NanoUsd{2'500'000'000}, "month", "Europe/Berlin", false};
  spec.cache = false;
  spec.expires_ns = clock_.Now() + 10 * kNanosPerDay;
  const auto made = ring_->Create(spec, "tester");
  ASSERT_TRUE(made.ok()) << made.status();

  for (const bool restarted : {false, true}) {
    if (restarted) Open();
    EXPECT_EQ(IdOf(admin.secret), admin.key.id);
    const auto key = ring_->Find(made->secret);
    ASSERT_NE(key, nullptr);
    EXPECT_EQ(key->name, "checkout");
    EXPECT_EQ(key->project, "shop");
    EXPECT_EQ(key->scopes, kGateway);
    EXPECT_EQ(key->pins, spec.pins);
    EXPECT_EQ(key->defaults, spec.defaults);
    EXPECT_EQ(key->require, spec.require);
    EXPECT_EQ(key->provider_keys, spec.provider_keys);
    EXPECT_EQ(key->models, spec.models);
    EXPECT_EQ(key->budget, spec.budget);
    EXPECT_EQ(key->cache, spec.cache);
    EXPECT_EQ(key->expires_ns, spec.expires_ns);
    EXPECT_FALSE(ring_->empty());
  }
}

TEST_F(KeyRingTest, NoSecretIsOnTheDisk) {
  const NewKey made = Create("ops", kAdmin);
  const auto rotated = ring_->Rotate(made.key.id, kNanosPerDay, "tester");
  ASSERT_TRUE(rotated.ok());
  ASSERT_TRUE(ring_->SaveUse().ok());
  const std::string disk = Disk();
  EXPECT_THAT(disk, HasSubstr(HashText(rotated->secret)));
  for (const std::string& secret : {made.secret, rotated->secret}) {
    // Not even the part of it that is random.
    EXPECT_THAT(disk, Not(HasSubstr(secret.substr(secret.size() - kSecretChars))));
  }
}

TEST_F(KeyRingTest, WhatIsNotAKeyIsNotFound) {
  const NewKey made = Create("ops", kAdmin);
  const auto none = [&](const char* why, std::string_view secret) {
    EXPECT_EQ(ring_->Find(secret), nullptr) << why;
  };
  none("empty", "");
  none("one character differs",
       made.secret.substr(0, made.secret.size() - 1) + (made.secret.back() == 'a' ? "b" : "a"));
  none("another secret with the same id", MakeSecret(made.key.id));
  none("its hash", HashText(made.secret));
  none("its id", made.key.id);
}

TEST_F(KeyRingTest, ARevokedKeyIsGoneForGood) {
  Create("ops", kAdmin);
  const NewKey made = Create("ci", kGateway);
  ASSERT_TRUE(ring_->Revoke(made.key.id, "tester").ok());
  EXPECT_EQ(ring_->Find(made.secret), nullptr);
  EXPECT_EQ(ring_->Get(made.key.id), std::nullopt);
  Open();
  EXPECT_EQ(ring_->Find(made.secret), nullptr);
  EXPECT_EQ(ring_->Revoke(made.key.id, "tester").code(), absl::StatusCode::kNotFound);
}

TEST_F(KeyRingTest, AnExpiredKeyIsNotValidButStillThere) {
  ApiKey spec = Spec("ops", kAdmin);
  spec.expires_ns = clock_.Now() + kNanosPerDay;
  const auto made = ring_->Create(spec, "tester");
  ASSERT_TRUE(made.ok());
  clock_.Advance(std::chrono::hours(24) - std::chrono::nanoseconds(1));
  EXPECT_NE(ring_->Find(made->secret), nullptr);
  clock_.Advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(ring_->Find(made->secret), nullptr);
  // Else the server would open itself to everybody on that day.
  EXPECT_FALSE(ring_->empty());
  EXPECT_FALSE(ring_->HasAdmin());
  EXPECT_EQ(ring_->Rotate(made->key.id, 0, "tester").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(KeyRingTest, RotationLeavesTheOldSecretItsGrace) {
  const NewKey made = Create("ops", kAdmin);
  const auto second = ring_->Rotate(made.key.id, kNanosPerDay, "tester");
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->key.id, made.key.id);
  EXPECT_EQ(IdOf(made.secret), made.key.id);
  EXPECT_EQ(IdOf(second->secret), made.key.id);
  EXPECT_EQ(ring_->Get(made.key.id)->old_secret_until_ns, clock_.Now() + kNanosPerDay);
  Open();
  EXPECT_EQ(IdOf(made.secret), made.key.id);
  clock_.Advance(std::chrono::hours(24));
  EXPECT_EQ(IdOf(made.secret), "none");
  EXPECT_EQ(IdOf(second->secret), made.key.id);
  EXPECT_EQ(ring_->Get(made.key.id)->old_secret_until_ns, 0);

  const auto third = ring_->Rotate(made.key.id, kNanosPerDay, "tester");
  const auto fourth = ring_->Rotate(made.key.id, 0, "tester");
  ASSERT_TRUE(third.ok() && fourth.ok());
  EXPECT_EQ(IdOf(second->secret), "none") << "two rotations ago";
  EXPECT_EQ(IdOf(third->secret), "none") << "no grace";
  EXPECT_EQ(IdOf(fourth->secret), made.key.id);
}

TEST_F(KeyRingTest, AnOldSecretDoesNotOutliveItsKey) {
  Create("ops", kAdmin);
  ApiKey spec = Spec("ci", kGateway);
  spec.expires_ns = clock_.Now() + kNanosPerMinute;
  const auto made = ring_->Create(spec, "tester");
  ASSERT_TRUE(made.ok() && ring_->Rotate(made->key.id, kNanosPerDay, "tester").ok());
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_EQ(ring_->Find(made->secret), nullptr);
}

TEST_F(KeyRingTest, NobodyLocksHimselfOut) {
  const auto first = ring_->Create(Spec("ci", kGateway), "tester");
  EXPECT_EQ(first.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(first.status())), HasSubstr("--scopes admin"));
  EXPECT_TRUE(ring_->empty());

  const NewKey admin = Create("ops", kAdmin);
  const NewKey other = Create("ci", kGateway);
  EXPECT_THAT(std::string(Message(ring_->Revoke(admin.key.id, "tester"))),
              HasSubstr("the last admin key"));
  EXPECT_NE(ring_->Find(admin.secret), nullptr);
  ASSERT_TRUE(ring_->Revoke(other.key.id, "tester").ok());
  EXPECT_TRUE(ring_->Revoke(admin.key.id, "tester").ok()) << "the very last one may go";
  EXPECT_TRUE(ring_->empty());
}

TEST_F(KeyRingTest, KeysOfTheConfiguration) {
  const std::string by_hash = MakeSecret("config01");
  environment_["PITOT_CI_KEY"] = MakeSecret("config02") + "\n";
  options_.keys = {{Spec("by-hash", kAdmin), HashText(by_hash), ""},
                   {Spec("From the environment", kGateway), "", "PITOT_CI_KEY"}};
  options_.keys[1].key.id = "ci";
  Open();
  EXPECT_FALSE(ring_->empty());
  EXPECT_EQ(IdOf(by_hash), "by-hash");
  EXPECT_EQ(IdOf(environment_["PITOT_CI_KEY"].substr(0, by_hash.size())), "ci");
  EXPECT_TRUE(ring_->Find(by_hash)->from_config);

  for (const absl::Status& status :
       {ring_->Revoke("ci", "tester"), ring_->Rotate("ci", 0, "tester").status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(Message(status)), HasSubstr("pitot.yaml"));
  }
  // An admin key in the file is one.
  const NewKey made = Create("ci2", kGateway);
  EXPECT_THAT(Disk(), Not(HasSubstr(HashText(by_hash)))) << "what the file says is not stored";
  const std::vector<ApiKey> keys = ring_->List();
  ASSERT_EQ(keys.size(), 3u);
  EXPECT_EQ(keys[0].id, "by-hash");
  EXPECT_EQ(keys[2].id, made.key.id);
}

TEST_F(KeyRingTest, RefusesAWrongConfiguration) {
  const std::string secret = MakeSecret("config01");
  environment_["SHORT"] = "pk-pitot-abc";
  const ConfigKey good{Spec("a", kAdmin), HashText(secret), ""};
  const auto bad = [&](std::vector<ConfigKey> keys, const char* words) {
    options_.keys = std::move(keys);
    const absl::Status status = TryOpen();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << words;
    EXPECT_THAT(std::string(Message(status)), HasSubstr(words));
    EXPECT_THAT(std::string(Message(status)), HasSubstr("pitot.yaml"));
  };
  bad({{Spec("a", kAdmin), "", ""}}, "one of hash and env");
  bad({{Spec("a", kAdmin), HashText(secret), "X"}}, "one of hash and env");
  bad({{Spec("a", kAdmin), "abc", ""}}, "64 hex digits");
  bad({{Spec("a", kAdmin), "", "ABSENT"}}, "no variable ABSENT");
  bad({{Spec("a", kAdmin), "", "SHORT"}}, "does not have the form of a key");
  bad({{Spec("a", 0), HashText(secret), ""}}, "scopes");
  bad({{Spec("two words", kAdmin), HashText(secret), ""}}, "id: \"two words\"");
  bad({good, good}, "same secret");
  bad({good, {Spec("a", kAdmin), HashText(MakeSecret("config02")), ""}}, "given twice");

  options_.keys.clear();
  Open();
  const NewKey made = Create("ops", kAdmin);
  bad({{Spec(made.key.id, kAdmin), HashText(secret), ""}}, "a key made by API");
}

TEST_F(KeyRingTest, LastUseIsKnownAfterARestart) {
  const NewKey made = Create("ops", kAdmin);
  EXPECT_EQ(ring_->Get(made.key.id)->last_used_ns, 0);
  clock_.Advance(std::chrono::seconds(5));
  ring_->Find(made.secret);
  const UnixNanos used_ns = clock_.Now();
  EXPECT_EQ(ring_->List()[0].last_used_ns, used_ns);
  ring_->FindByHash(Sha256(made.secret));
  Open();
  EXPECT_EQ(ring_->Get(made.key.id)->last_used_ns, used_ns);
  ASSERT_TRUE(ring_->Rotate(made.key.id, 0, "tester").ok());
  EXPECT_EQ(ring_->Get(made.key.id)->last_used_ns, used_ns);
}

TEST_F(KeyRingTest, KeysAreBounded) {
  options_.keys_max = 2;
  Open();
  Create("a", kAdmin);
  Create("b", kGateway);
  const auto third = ring_->Create(Spec("c", kGateway), "tester");
  EXPECT_EQ(third.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(third.status())), HasSubstr("limits.api_keys"));
}

TEST_F(KeyRingTest, AKeyThatCannotBeReadIsNotValidAndTheOthersAre) {
  const NewKey made = Create("ops", kAdmin);
  StateEvent broken;
  broken.kind = kKeyKind;
  broken.id = "broken00";
  broken.body = R"({"spec":{"name":"x","scopes":["everything"]},"hash":"00"})";
  ASSERT_TRUE(state_->Append(broken).ok());
  Open();
  EXPECT_EQ(IdOf(made.secret), made.key.id);
  EXPECT_EQ(ring_->List().size(), 1u);
}

// No file of this process may grow while it lives: as on a full disk.
class FullDisk {
 public:
  FullDisk() {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_ = {};
};

TEST_F(KeyRingTest, WhatTheDiskRefusesDidNotHappen) {
  const NewKey admin = Create("ops", kAdmin);
  const NewKey made = Create("ci", kGateway);
  {
    const FullDisk full;
    EXPECT_EQ(ring_->Create(Spec("no", kGateway), "tester").status().code(),
              absl::StatusCode::kUnavailable);
    EXPECT_EQ(ring_->Revoke(made.key.id, "tester").code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ring_->Rotate(made.key.id, 0, "tester").status().code(),
              absl::StatusCode::kUnavailable);
  }
  for (const bool restarted : {false, true}) {
    if (restarted) Open();
    EXPECT_EQ(ring_->List().size(), 2u);
    EXPECT_EQ(IdOf(admin.secret), admin.key.id);
    EXPECT_EQ(IdOf(made.secret), made.key.id);
  }
}

TEST_F(KeyRingTest, FindsWhileKeysChange) {
  const NewKey made = Create("ops", kAdmin);
  std::atomic<bool> stop = false;
  std::vector<std::jthread> readers;
  std::atomic<int64_t> found = 0;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto key = ring_->Find(made.secret);
        ASSERT_NE(key, nullptr);
        ASSERT_EQ(key->name, "ops");
        ++found;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const NewKey other = Create("ci", kGateway);
    ASSERT_TRUE(ring_->Rotate(other.key.id, kNanosPerDay, "tester").ok());
    ASSERT_TRUE(ring_->Revoke(other.key.id, "tester").ok());
  }
  while (found < 1000) std::this_thread::yield();
  stop = true;
}

TEST(ApiKeyValidate, NamesWhatIsWrong) {
  const auto bad = [](const char* words, auto change) {
    ApiKey key = Spec("ci", kGateway);
    change(key);
    const absl::Status status = key.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << words;
    EXPECT_THAT(std::string(Message(status)), HasSubstr(words));
  };
  EXPECT_TRUE(Spec("ci", kGateway).Validate().ok());
  bad("name is empty", [](ApiKey& key) { key.name = ""; });
  bad("name has 101 bytes", [](ApiKey& key) { key.name = std::string(101, 'x'); });
  bad("control character", [](ApiKey& key) { key.name = "a\nb"; });
  bad("project", [](ApiKey& key) { key.project = "a b"; });
  bad("scopes", [](ApiKey& key) { key.scopes = 0; });
  bad("did you mean \"feature\"", [](ApiKey& key) { key.pins = {{"featur", "x"}}; });
  bad("defaults.user is empty", [](ApiKey& key) { key.defaults = {{"user", ""}}; });
  bad("did you mean \"traceparent\"", [](ApiKey& key) { key.require = {"traceparnt"}; });
  bad("require names \"user\" twice", [](ApiKey& key) { key.require = {"user", "user"}; });
  bad("provider_keys.openai", [](ApiKey& key) { key.provider_keys = {{"openai", "sk-1"}}; });
  bad("no upstream's name", [](ApiKey& key) { key.provider_keys = {{"a/b", "env:A"}}; });
  bad("models is empty", [](ApiKey& key) { key.models = {""}; });
  bad("more than 0", [](ApiKey& key) { key.budget = BudgetLine{}; });
  bad("budget.window", [](ApiKey& key) { key.budget = BudgetLine{NanoUsd{1}, "year"}; });
  bad("time zone", [](ApiKey& key) { key.budget = BudgetLine{NanoUsd{1}, "day", "Mars"}; });
}

TEST(KeyJson, ReadsBackWhatItWrites) {
  ApiKey key = Spec("n\u00e4me \"x\"", kAdmin | kGateway);
  key.pins = {{"user", "u"}};
  key.models = {"a", "b*"};
  key.budget = BudgetLine{NanoUsd{1'234'567'891}, "week", "UTC", false};
  key.cache = true;
  const boost::json::object json = KeySpecJson(key);
  const auto read = ParseKeySpec(json);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(KeySpecJson(*read), json);
  EXPECT_EQ(read->budget, key.budget);
  EXPECT_EQ(read->name, key.name);
}

TEST(KeyJson, RefusesWhatItDoesNotKnow) {
  const auto bad = [](std::string_view text, const char* words) {
    const auto key = ParseKeySpec(boost::json::parse(text).as_object());
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(Message(key.status())), HasSubstr(words));
  };
  bad(R"({"nam":"x"})", "did you mean \"name\"");
  bad(R"({"name":1})", "name must be a text");
  bad(R"({"scopes":["gatway"]})", "did you mean \"gateway\"");
  bad(R"({"scopes":"gateway"})", "scopes must be a list of texts");
  bad(R"({"pins":{"user":1}})", "pins.user must be a text");
  bad(R"({"budget":5})", "budget must be an object");
  bad(R"({"budget":{"limit":5}})", "no member \"limit\"");
  bad(R"({"budget":{"limit_usd":-1}})", "limit_usd must be dollars");
  bad(R"({"cache":"yes"})", "cache must be true or false");
}

TEST(Scopes, HaveNames) {
  EXPECT_THAT(ScopeNames(kAllScopes), ElementsAre("ingest", "read", "sql", "gateway", "admin"));
  EXPECT_EQ(*ParseScopes({"admin", "ingest", "admin"}), kAdmin | 1u);
  ApiKey key = Spec("ops", kAdmin);
  EXPECT_TRUE(key.May(KeyScope::kSql)) << "admin may everything";
  key.scopes = kGateway;
  EXPECT_FALSE(key.May(KeyScope::kRead));
}

}  // namespace
}  // namespace pitot
