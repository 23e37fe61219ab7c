#include "store/state.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "base/hash.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "store/tables/row_binary.h"
#include "store/tables/state_table.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kDeadline(30'000);
constexpr std::chrono::milliseconds kRetryMin(200);
constexpr std::chrono::milliseconds kRetryMax(10'000);
// A journal this long is replaced by a snapshot once the table has its events.
constexpr uint64_t kJournalBytesMax = 256 << 10;
constexpr std::string_view kHeader = "pitot state 1\n";

void AppendEscaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
  }
}

std::string Unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    ++i;
    out += text[i] == 't' ? '\t' : text[i] == 'n' ? '\n' : text[i];
  }
  return out;
}

std::string Line(const StateEvent& event) {
  std::string line;
  AppendEscaped(event.kind, line);
  line += '\t';
  AppendEscaped(event.id, line);
  line += fmt::format("\t{}\t{}\t{}\t", event.at_ns, event.seq, event.is_deleted ? 1 : 0);
  AppendEscaped(event.actor, line);
  line += '\t';
  AppendEscaped(event.body, line);
  return fmt::format("{:08x}\t{}\n", Crc32c(line), line);
}

template <typename T>
bool ParseNumber(std::string_view text, T& to, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to, base);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<StateEvent> ParseLine(std::string_view line) {
  uint32_t crc = 0;
  if (line.size() < 9 || line[8] != '\t' || !ParseNumber(line.substr(0, 8), crc, 16) ||
      Crc32c(line.substr(9)) != crc) {
    return std::nullopt;
  }
  const std::vector<std::string_view> fields = SplitText(line.substr(9), '\t');
  StateEvent event;
  if (fields.size() != 7 || !ParseNumber(fields[2], event.at_ns) ||
      !ParseNumber(fields[3], event.seq)) {
    return std::nullopt;
  }
  event.kind = Unescape(fields[0]);
  event.id = Unescape(fields[1]);
  event.is_deleted = fields[4] == "1";
  event.actor = Unescape(fields[5]);
  event.body = Unescape(fields[6]);
  return event;
}

auto OrderOf(const StateEvent& event) { return std::tie(event.at_ns, event.seq); }

absl::StatusOr<std::vector<StateEvent>> ReadEvents(Engine& engine, std::string_view sql,
                                                   QueryOptions options) {
  options.format = "RowBinary";
  ASSIGN_OR_RETURN(const QueryResult result, engine.Query(sql, options));
  RowBinaryReader in(result.body);
  std::vector<StateEvent> events;
  while (!in.AtEnd()) {
    StateEvent& event = events.emplace_back();
    event.kind = in.String();
    event.id = in.String();
    event.at_ns = in.Number<int64_t>();
    event.seq = in.Number<uint64_t>();
    event.actor = in.String();
    event.body = in.String();
    event.is_deleted = in.Bool();
  }
  if (!in.ok()) return Internal("{} answered with broken RowBinary", engine.Describe());
  return events;
}

}  // namespace

StateLog::StateLog(std::string folder, const Clock& clock)
    : folder_(std::move(folder)), clock_(clock) {}

StateLog::~StateLog() { Stop(); }

absl::StatusOr<std::unique_ptr<StateLog>> StateLog::Open(std::string folder, const Clock& clock) {
  RETURN_IF_ERROR(MakeFolders(folder));
  std::unique_ptr<StateLog> log(new StateLog(std::move(folder), clock));
  RETURN_IF_ERROR(log->Load());
  return log;
}

absl::Status StateLog::Load() {
  MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const auto files, ListFolder(folder_));
  if (std::ranges::find(files, "snapshot") != files.end()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(folder_ + "/snapshot"));
    std::vector<std::string_view> lines = SplitText(text, '\n');
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
    for (size_t i = 0; i < lines.size(); ++i) {
      if (i == 0 && fmt::format("{}\n", lines[0]) == kHeader) continue;
      std::optional<StateEvent> event = i == 0 ? std::nullopt : ParseLine(lines[i]);
      if (!event) {
        return Error(absl::StatusCode::kFailedPrecondition,
                     "{}/snapshot is damaged in line {}, or a newer pitot wrote it. Move it away, "
                     "and what holds is read from the store's table `state`",
                     folder_, i + 1);
      }
      Take(*std::move(event));
    }
  }
  RETURN_IF_ERROR(LoadJournal());
  return OpenJournal();
}

absl::Status StateLog::LoadJournal() {
  const auto text = ReadFile(folder_ + "/journal");
  if (!text.ok()) return absl::OkStatus();  // None yet.
  std::string_view left = *text;
  while (!left.empty()) {
    const size_t end = left.find('\n');
    std::optional<StateEvent> event =
        end == std::string_view::npos ? std::nullopt : ParseLine(left.substr(0, end));
    if (!event) {
      // The last line was never acknowledged. One with others behind it was.
      if (end == std::string_view::npos || end + 1 == left.size()) break;
      return Error(absl::StatusCode::kFailedPrecondition,
                   "{}/journal is damaged at byte {}: cut the file there or move it away; what the "
                   "store's table `state` has is not lost",
                   folder_, journal_bytes_);
    }
    unapplied_.push_back(*event);
    Take(*std::move(event));
    left.remove_prefix(end + 1);
    journal_bytes_ += end + 1;
  }
  return absl::OkStatus();
}

absl::Status StateLog::OpenJournal() {
  ASSIGN_OR_RETURN(journal_, File::Open(folder_ + "/journal", O_RDWR | O_CREAT | O_APPEND));
  RETURN_IF_ERROR(journal_.Truncate(journal_bytes_));
  return SyncFolder(folder_);
}

void StateLog::Take(StateEvent event) {
  last_at_ns_ = std::max(last_at_ns_, event.at_ns);
  last_seq_ = std::max(last_seq_, event.seq);
  if (event.kind == kAuditKind) return;
  const auto [at, added] = latest_.try_emplace(Key{event.kind, event.id});
  if (added || OrderOf(at->second) < OrderOf(event)) at->second = std::move(event);
}

absl::StatusOr<StateEvent> StateLog::Append(StateEvent event) {
  MutexLock lock(&mutex_);
  // What is open may not be what the folder has: written anew, it is.
  absl::Status status = journal_broken_ ? WriteSnapshot() : absl::OkStatus();
  if (!status.ok()) return Unavailable("{}/journal: {}", folder_, Message(status));
  event.at_ns = std::max(clock_.Now(), last_at_ns_);
  event.seq = last_seq_ + 1;
  const std::string line = Line(event);
  status = journal_.WriteAll(line);
  if (status.ok()) status = journal_.SyncData();
  if (!status.ok()) {
    // Whatever of it is in the file must not be found there later.
    if (!journal_.Truncate(journal_bytes_).ok()) journal_broken_ = true;
    return Unavailable("{}/journal: {}", folder_, Message(status));
  }
  journal_bytes_ += line.size();
  unapplied_.push_back(event);
  Take(event);
  changed_.NotifyAll();
  return event;
}

std::optional<StateEvent> StateLog::Find(std::string_view kind, std::string_view id) const {
  MutexLock lock(&mutex_);
  const auto at = latest_.find(Key{kind, id});
  if (at == latest_.end()) return std::nullopt;
  return at->second;
}

std::vector<StateEvent> StateLog::Latest(std::string_view kind) const {
  MutexLock lock(&mutex_);
  std::vector<StateEvent> events;
  for (auto at = latest_.lower_bound(Key{kind, ""}); at != latest_.end(); ++at) {
    if (at->first.first != kind) break;
    if (!at->second.is_deleted) events.push_back(at->second);
  }
  return events;
}

absl::StatusOr<std::vector<StateEvent>> StateLog::History(
    Engine& engine, std::string_view kind, std::string_view id, size_t limit,
    std::chrono::milliseconds deadline) const {
  std::vector<StateEvent> events;
  {
    MutexLock lock(&mutex_);
    for (const StateEvent& event : unapplied_) {
      if (event.kind == kind && (id.empty() || event.id == id)) events.push_back(event);
    }
  }
  QueryOptions options;
  options.deadline = deadline;
  options.params = {
      {"kind", std::string(kind)}, {"id", std::string(id)}, {"limit", fmt::to_string(limit)}};
  ASSIGN_OR_RETURN(
      const std::vector<StateEvent> stored,
      ReadEvents(engine,
                 "SELECT kind, id, at_ns, seq, actor, body, is_deleted FROM state FINAL "
                 "WHERE kind = {kind:String} AND (empty({id:String}) OR id = {id:String}) "
                 "ORDER BY at_ns DESC, seq DESC LIMIT {limit:UInt64}",
                 options));
  events.insert(events.end(), stored.begin(), stored.end());
  std::ranges::sort(events, [](const auto& a, const auto& b) { return OrderOf(b) < OrderOf(a); });
  // What was written to the table meanwhile, or twice.
  events.erase(std::unique(events.begin(), events.end()), events.end());
  if (events.size() > limit) events.resize(limit);
  return events;
}

size_t StateLog::unapplied() const {
  MutexLock lock(&mutex_);
  return unapplied_.size();
}

absl::Status StateLog::ReadTable(Engine& engine) {
  QueryOptions options;
  options.deadline = kDeadline;
  options.params = {{"audit", std::string(kAuditKind)}};
  ASSIGN_OR_RETURN(std::vector<StateEvent> events,
                   ReadEvents(engine,
                              "SELECT kind, id, at_ns, seq, actor, body, is_deleted FROM state "
                              "WHERE kind != {audit:String} "
                              "ORDER BY at_ns DESC, seq DESC LIMIT 1 BY kind, id",
                              options));
  MutexLock lock(&mutex_);
  for (StateEvent& event : events) Take(std::move(event));
  table_read_ = true;
  return absl::OkStatus();
}

absl::Status StateLog::Apply(Engine& engine) {
  MutexLock applying(&apply_mutex_);
  std::vector<StateEvent> events;
  bool table_read = false;
  {
    MutexLock lock(&mutex_);
    events = unapplied_;
    table_read = table_read_;
  }
  if (!table_read) RETURN_IF_ERROR(ReadTable(engine));
  if (events.empty()) return absl::OkStatus();
  StateBlock block;
  for (const StateEvent& event : events) block.Append(event);
  RETURN_IF_ERROR(engine.Insert(StateBlock::kTable, block.Finish(), kDeadline));
  MutexLock lock(&mutex_);
  unapplied_.erase(unapplied_.begin(), unapplied_.begin() + static_cast<ptrdiff_t>(events.size()));
  // Events appended since are in memory and in the journal; both stay.
  if (journal_bytes_ < kJournalBytesMax) return absl::OkStatus();
  return WriteSnapshot();
}

absl::Status StateLog::WriteSnapshot() {
  std::string text(kHeader);
  for (const auto& [key, event] : latest_) text += Line(event);
  RETURN_IF_ERROR(WriteFileAtomic(folder_ + "/snapshot", text));
  // A crash here leaves events in both, which is one and the same.
  std::string journal;
  for (const StateEvent& event : unapplied_) journal += Line(event);
  journal_broken_ = true;  // Until the new file is the one that is open.
  RETURN_IF_ERROR(WriteFileAtomic(folder_ + "/journal", journal));
  journal_bytes_ = journal.size();
  RETURN_IF_ERROR(OpenJournal());
  journal_broken_ = false;
  return absl::OkStatus();
}

void StateLog::Start(Engine& engine) {
  thread_ = std::jthread([this, &engine] { Run(engine); });
}

void StateLog::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void StateLog::Run(Engine& engine) {
  auto retry = kRetryMin;
  bool said = false;
  while (true) {
    const absl::Status status = Apply(engine);
    if (!status.ok() && !std::exchange(said, true)) {
      LogWarning("state: {}: events wait in {}", Message(status), folder_);
    }
    if (status.ok()) {
      said = false;
      retry = kRetryMin;
    }
    const auto until = std::chrono::steady_clock::now() + retry;
    MutexLock lock(&mutex_);
    if (status.ok()) {
      while (!stopping_ && unapplied_.empty()) changed_.Wait(mutex_);
    } else {
      while (!stopping_ && changed_.WaitUntil(mutex_, until)) {
      }
      retry = std::min(retry * 2, kRetryMax);
    }
    if (stopping_) return;
  }
}

}  // namespace pitot
