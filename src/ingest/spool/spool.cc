#include "ingest/spool/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/hash.h"
#include "base/log.h"
#include "base/status.h"
#include "ingest/spool/spool_format.h"

namespace pitot {
namespace {

constexpr std::string_view kSuffix = ".spool";
constexpr size_t kReadBytes = 1 << 20;
constexpr uint64_t kJournalBytesMax = 256 << 10;

std::string SegmentPath(const std::string& folder, uint64_t first_seq) {
  return fmt::format("{}/{:016x}{}", folder, first_seq, kSuffix);
}

std::string JournalLine(std::string_view words) {
  return fmt::format("{} {:08x}\n", words, Crc32c(words));
}

// "B 12 40 crc" or "D 40 crc" into numbers; false when the line is torn or rotten.
bool ParseJournalLine(std::string_view line, char* kind, std::vector<uint64_t>* numbers) {
  const size_t space = line.rfind(' ');
  if (space == std::string_view::npos || line.size() < 3) return false;
  const std::string_view words = line.substr(0, space);
  if (line.substr(space + 1) != fmt::format("{:08x}", Crc32c(words))) return false;
  *kind = words[0];
  numbers->clear();
  for (size_t at = 1; at < words.size();) {
    uint64_t number = 0;
    const auto [end, error] =
        std::from_chars(words.data() + at + 1, words.data() + words.size(), number);
    if (error != std::errc()) return false;
    numbers->push_back(number);
    at = static_cast<size_t>(end - words.data());
  }
  return (*kind == 'B' && numbers->size() == 2) || (*kind == 'D' && numbers->size() == 1);
}

}  // namespace

Spool::Spool(SpoolOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

Spool::~Spool() { Stop(); }

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(SpoolOptions options, const Clock& clock) {
  RETURN_IF_ERROR(MakeFolders(options.folder));
  std::unique_ptr<Spool> spool(new Spool(std::move(options), clock));
  RETURN_IF_ERROR(Annotate(spool->Recover(), "spool"));
  return spool;
}

absl::Status Spool::Recover() {
  RETURN_IF_ERROR(RecoverJournal());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(options_.folder));
  MutexLock lock(&mutex_);
  for (const std::string& name : names) {
    uint64_t first = 0;
    const char* const end = name.data() + name.size();
    if (name.size() != 16 + kSuffix.size() || !name.ends_with(kSuffix) ||
        std::from_chars(name.data(), end - kSuffix.size(), first, 16).ptr != end - kSuffix.size()) {
      continue;
    }
    Segment segment{first, options_.folder + "/" + name, nullptr, 0, false};
    ASSIGN_OR_RETURN(File file, File::Open(segment.path, O_RDWR));
    segment.file = std::make_shared<File>(std::move(file));
    ASSIGN_OR_RETURN(segment.durable_bytes, segment.file->Size());
    std::string header(kSegmentHeaderBytes, '\0');
    ASSIGN_OR_RETURN(const size_t read, segment.file->ReadAt(0, header.data(), header.size()));
    const uint32_t version = SegmentVersionOf(std::string_view(header).substr(0, read));
    if (version > kSegmentVersion) {
      return absl::FailedPreconditionError(
          fmt::format("{} has format version {}, this program reads up to {}: use the newer pitot",
                      segment.path, version, kSegmentVersion));
    }
    segments_.push_back(std::move(segment));
  }
  uint64_t last_seq = done_seq_;
  if (!segments_.empty() && segments_.back().durable_bytes < kSegmentHeaderBytes) {
    // Died while the segment was made: nothing in it was ever acknowledged.
    ::unlink(segments_.back().path.c_str());
    segments_.pop_back();
  }
  if (!segments_.empty()) RETURN_IF_ERROR(RecoverTail(segments_.back(), &last_seq));
  for (const Segment& segment : segments_) pending_bytes_ += segment.durable_bytes;
  next_seq_ = std::max(last_seq, done_seq_) + 1;
  durable_seq_ = next_seq_ - 1;
  read_seq_ = done_seq_;
  return absl::OkStatus();
}

absl::Status Spool::RecoverJournal() {
  const std::string path = options_.folder + "/journal";
  const auto content = ReadFile(path);
  if (!content.ok() && content.status().code() != absl::StatusCode::kNotFound) {
    return content.status();
  }
  uint64_t done = 0;
  if (content.ok()) {
    std::string_view rest = *content;
    for (size_t eol = rest.find('\n'); eol != std::string_view::npos; eol = rest.find('\n')) {
      char kind = 0;
      std::vector<uint64_t> numbers;
      if (ParseJournalLine(rest.substr(0, eol), &kind, &numbers)) {
        if (kind == 'B') batch_ends_.push_back(numbers[1]);
        if (kind == 'D') done = std::max(done, numbers[0]);
      }
      rest.remove_prefix(eol + 1);
    }
  }
  std::erase_if(batch_ends_, [done](uint64_t end) { return end <= done; });
  std::sort(batch_ends_.begin(), batch_ends_.end());
  batch_ends_.erase(std::unique(batch_ends_.begin(), batch_ends_.end()), batch_ends_.end());
  replay_ends_ = batch_ends_;
  // Rewritten at each start, so that it never grows without bound and a torn tail is gone.
  RETURN_IF_ERROR(RewriteJournal(done));
  MutexLock lock(&mutex_);
  done_seq_ = done;
  return absl::OkStatus();
}

// Finds the end of the last whole record and cuts what follows: a write that was never
// acknowledged.
absl::Status Spool::RecoverTail(Segment& segment, uint64_t* last_seq) {
  std::string bytes(segment.durable_bytes, '\0');
  ASSIGN_OR_RETURN(const size_t read, segment.file->ReadAt(0, bytes.data(), bytes.size()));
  std::string_view rest = std::string_view(bytes).substr(0, read);
  size_t end = std::min(read, kSegmentHeaderBytes);
  rest.remove_prefix(end);
  *last_seq = std::max(*last_seq, segment.first_seq - 1);
  size_t at = end;
  while (!rest.empty()) {
    SpoolRecordView record;
    size_t need = 0;
    size_t step = 0;
    if (ParseSpoolRecord(rest, &record, &need) == SpoolParse::kRecord) {
      *last_seq = std::max(*last_seq, record.seq);
      step = record.bytes;
      end = at + step;
    } else {
      step = FindSpoolRecord(rest);
      if (step == std::string_view::npos) break;
    }
    rest.remove_prefix(step);
    at += step;
  }
  if (end < read) {
    // A write that was cut off begins as a record does and lacks its end. Anything else was whole
    // once, and may have been acknowledged.
    SpoolRecordView record;
    size_t need = 0;
    const std::string_view cut = std::string_view(bytes).substr(end, read - end);
    if (ParseSpoolRecord(cut, &record, &need) == SpoolParse::kDamaged) {
      corrupt_records_ += 1;
      LogError("spool {}: cut {} damaged bytes after sequence {}", segment.path, cut.size(),
               *last_seq);
    } else {
      LogWarning("spool {}: cut {} bytes of a write that was never acknowledged", segment.path,
                 cut.size());
    }
    RETURN_IF_ERROR(segment.file->Truncate(end));
  }
  segment.durable_bytes = end;
  if (::lseek(segment.file->fd(), static_cast<off_t>(end), SEEK_SET) < 0) {
    return ErrnoStatus("seek " + segment.path, errno);
  }
  return absl::OkStatus();
}

void Spool::Start() {
  thread_ = std::jthread([this] { CommitLoop(); });
}

void Spool::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status Spool::CheckRoom(uint64_t bytes) {
  if (stopping_) return WithRetryAfter(Unavailable("the server is stopping"), options_.retry_after);
  const uint64_t waiting = pending_bytes_ + queued_bytes_;
  if (waiting + bytes > options_.max_bytes) {
    return WithRetryAfter(
        absl::UnavailableError(
            fmt::format("the spool is full: {} bytes wait for the store, spool.max_bytes is {}",
                        waiting, options_.max_bytes)),
        options_.retry_after);
  }
  const absl::Status disk = CheckDisk();
  return disk.ok() ? disk : WithRetryAfter(disk, options_.retry_after);
}

// Asks the file system once a second.
absl::Status Spool::CheckDisk() const {
  const int64_t now = clock_.MonotonicNanos();
  if (disk_checked_ns_ == 0 || now - disk_checked_ns_ > kNanosPerSecond) {
    disk_checked_ns_ = now;
    if (const auto free = FreeBytes(options_.folder); free.ok()) disk_free_ = *free;
  }
  if (disk_free_ >= options_.disk_free_bytes_min) return absl::OkStatus();
  return Unavailable("the disk of {} has {} bytes left, spool.disk_free_bytes is {}",
                     options_.folder, disk_free_, options_.disk_free_bytes_min);
}

void Spool::Append(std::vector<std::string> records, Done done) {
  uint64_t bytes = 0;
  for (const std::string& record : records) bytes += record.size() + kRecordHeaderBytes;
  absl::Status room;
  {
    MutexLock lock(&mutex_);
    room = CheckRoom(bytes);
    if (room.ok()) {
      queued_bytes_ += bytes;
      queue_.push_back({std::move(records), std::move(done), bytes});
      changed_.NotifyAll();
      return;
    }
  }
  done(room);
}

void Spool::CommitLoop() {
  while (true) {
    std::deque<Pending> group;
    {
      MutexLock lock(&mutex_);
      while (!stopping_ && queue_.empty()) changed_.Wait(mutex_);
      if (queue_.empty()) return;
      group.swap(queue_);
    }
    uint64_t last_seq = 0;
    absl::Status status = Commit(group, &last_seq);
    if (!status.ok()) {
      LogError("spool: {}: senders are told to retry", Message(status));
      // Whatever the disk said: to a sender it passes, and nothing of its request was kept.
      status = WithRetryAfter(Unavailable("the spool cannot be written: {}", Message(status)),
                              options_.retry_after);
    }
    {
      MutexLock lock(&mutex_);
      error_ = Message(status);
      for (const Pending& pending : group) {
        queued_bytes_ -= pending.bytes;
        if (status.ok()) pending_bytes_ += pending.bytes;
      }
      if (status.ok()) durable_seq_ = last_seq;
      changed_.NotifyAll();
    }
    for (Pending& pending : group) pending.done(status);
  }
}

absl::Status Spool::StartSegment(uint64_t first_seq) {
  const std::string path = SegmentPath(options_.folder, first_seq);
  ASSIGN_OR_RETURN(File file, File::Open(path, O_RDWR | O_CREAT | O_EXCL));
  absl::Status status = file.WriteAll(SegmentHeader());
  if (status.ok()) status = file.SyncData();
  if (status.ok()) status = SyncFolder(options_.folder);
  if (!status.ok()) {
    ::unlink(path.c_str());
    return status;
  }
  MutexLock lock(&mutex_);
  segments_.push_back(
      {first_seq, path, std::make_shared<File>(std::move(file)), kSegmentHeaderBytes, false});
  pending_bytes_ += kSegmentHeaderBytes;
  return absl::OkStatus();
}

// Writes and syncs the group. On an error the segment is left as it is and never written again
// (what an fsync that failed left behind is unknown); sequence numbers are not used twice.
absl::Status Spool::Commit(std::deque<Pending>& group, uint64_t* last_seq) {
  std::shared_ptr<File> file;
  uint64_t at = 0;
  {
    MutexLock lock(&mutex_);
    if (!segments_.empty() && !segments_.back().sealed &&
        segments_.back().durable_bytes < options_.segment_bytes) {
      file = segments_.back().file;
      at = segments_.back().durable_bytes;
    }
  }
  if (file == nullptr) {
    RETURN_IF_ERROR(StartSegment(next_seq_));
    MutexLock lock(&mutex_);
    file = segments_.back().file;
    at = segments_.back().durable_bytes;
  }
  std::string buffer;
  size_t total = 0;
  for (const Pending& pending : group) total += pending.bytes;
  buffer.reserve(std::min<size_t>(total, 8 << 20));
  const auto write = [&]() -> absl::Status {
    for (const Pending& pending : group) {
      for (const std::string& record : pending.records) {
        AppendSpoolRecord(next_seq_++, record, buffer);
        if (buffer.size() >= 4 << 20) {
          RETURN_IF_ERROR(file->WriteAll(buffer));
          buffer.clear();
        }
      }
    }
    RETURN_IF_ERROR(file->WriteAll(buffer));
    return file->SyncData();
  };
  const int64_t started = clock_.MonotonicNanos();
  const absl::Status status = write();
  MutexLock lock(&mutex_);
  syncs_ += 1;
  sync_ns_ += static_cast<uint64_t>(std::max<int64_t>(0, clock_.MonotonicNanos() - started));
  if (status.ok()) {
    segments_.back().durable_bytes = at + total;
    *last_seq = next_seq_ - 1;
    return status;
  }
  // Readers keep to durable_bytes; the next commit starts a new segment under a new number.
  next_seq_ += 1;
  if (at <= kSegmentHeaderBytes) {
    ::unlink(segments_.back().path.c_str());
    pending_bytes_ -= segments_.back().durable_bytes;
    segments_.pop_back();
  } else {
    (void)file->Truncate(at);
    segments_.back().sealed = true;
  }
  return status;
}

bool Spool::WaitReadable(std::chrono::milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  MutexLock lock(&mutex_);
  while (!stopping_ && durable_seq_ <= read_seq_ && changed_.WaitUntil(mutex_, until)) {
  }
  return durable_seq_ > read_seq_;
}

// The segment to read from: the one being read, else the next one that has unread bytes.
std::optional<Spool::Segment> Spool::ReadableSegment() {
  MutexLock lock(&mutex_);
  for (size_t i = 0; i < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    if (segment.first_seq < read_segment_) continue;
    // Everything in it is done when the next one starts at or before the next unread entry.
    if (i + 1 < segments_.size() && segments_[i + 1].first_seq <= read_seq_ + 1) continue;
    if (segment.first_seq != read_segment_) {
      read_segment_ = segment.first_seq;
      read_offset_ = kSegmentHeaderBytes;
      read_buffer_.clear();
      read_buffer_at_ = read_offset_;
    }
    if (read_offset_ < segment.durable_bytes) return segment;
  }
  // All is read. Without this, damage at the very end would be waited for, without a pause.
  read_seq_ = std::max(read_seq_, durable_seq_);
  return std::nullopt;
}

absl::StatusOr<std::optional<SpoolEntry>> Spool::ReadNext() {
  while (true) {
    const std::optional<Segment> segment = ReadableSegment();
    if (!segment) return std::nullopt;
    size_t want = kReadBytes;
    while (true) {
      const size_t skip = read_offset_ - read_buffer_at_;
      std::string_view bytes = std::string_view(read_buffer_).substr(skip);
      SpoolRecordView record;
      size_t need = kRecordHeaderBytes;
      const bool at_end = read_buffer_at_ + read_buffer_.size() >= segment->durable_bytes;
      const SpoolParse parse =
          bytes.empty() ? SpoolParse::kNeedMore : ParseSpoolRecord(bytes, &record, &need);
      if (parse == SpoolParse::kRecord) {
        read_offset_ += record.bytes;
        if (record.seq <= read_seq_) break;  // Done before the restart.
        read_seq_ = record.seq;
        return SpoolEntry{record.seq, record.bytes, std::string(record.payload)};
      }
      if (parse == SpoolParse::kNeedMore && !at_end) {
        want = std::max(want, need);
        RETURN_IF_ERROR(FillReadBuffer(*segment, want));
        continue;
      }
      // Damage, or a record that claims more than the segment has: on to the next that holds.
      const size_t next = FindSpoolRecord(bytes);
      if (next != std::string_view::npos) {
        CountDamage(*segment);
        read_offset_ += next;
      } else if (!at_end) {
        read_offset_ += bytes.size() > 3 ? bytes.size() - 3 : 1;
        RETURN_IF_ERROR(FillReadBuffer(*segment, want));
      } else {
        CountDamage(*segment);
        read_offset_ = segment->durable_bytes;
        break;
      }
    }
  }
}

void Spool::CountDamage(const Segment& segment) {
  // A run of damage is one loss, however many magics inside it do not hold.
  if (damage_segment_ == segment.first_seq && damage_seq_ == read_seq_) return;
  damage_segment_ = segment.first_seq;
  damage_seq_ = read_seq_;
  corrupt_records_ += 1;
  LogError("spool {}: a damaged record after sequence {} at offset {} was skipped", segment.path,
           read_seq_, read_offset_);
}

// Drops what was consumed and reads so that at least `want` bytes follow read_offset_, or all.
absl::Status Spool::FillReadBuffer(const Segment& segment, size_t want) {
  const size_t consumed = read_offset_ - read_buffer_at_;
  read_buffer_.erase(0, std::min(consumed, read_buffer_.size()));
  read_buffer_at_ = read_offset_;
  const size_t have = read_buffer_.size();
  const uint64_t left = segment.durable_bytes - read_offset_;
  const size_t target = static_cast<size_t>(std::min<uint64_t>(std::max(want, have + 1), left));
  if (target <= have) return absl::OkStatus();
  read_buffer_.resize(target);
  ASSIGN_OR_RETURN(
      const size_t read,
      segment.file->ReadAt(read_buffer_at_ + have, read_buffer_.data() + have, target - have));
  if (read < target - have) {
    return Internal("{} is shorter than what was written to it: {} bytes at offset {}",
                    segment.path, read, read_buffer_at_ + have);
  }
  return absl::OkStatus();
}

// What matters of the journal: how far the store is, and the batches begun after that.
absl::Status Spool::RewriteJournal(uint64_t done) {
  const std::string path = options_.folder + "/journal";
  std::string fresh;
  if (done > 0) fresh += JournalLine(fmt::format("D {}", done));
  uint64_t first = done + 1;
  for (const uint64_t end : batch_ends_) {
    fresh += JournalLine(fmt::format("B {} {}", first, end));
    first = end + 1;
  }
  RETURN_IF_ERROR(WriteFileAtomic(path, fresh));
  ASSIGN_OR_RETURN(journal_, File::Open(path, O_WRONLY | O_APPEND));
  journal_bytes_ = fresh.size();
  return absl::OkStatus();
}

absl::Status Spool::AppendJournal(const std::string& line, bool sync) {
  if (journal_bytes_ > kJournalBytesMax) return RewriteJournal(Stats().done_seq);
  RETURN_IF_ERROR(journal_.WriteAll(line));
  journal_bytes_ += line.size();
  return sync ? journal_.SyncData() : absl::OkStatus();
}

absl::Status Spool::BeginBatch(uint64_t first, uint64_t last) {
  if (std::binary_search(batch_ends_.begin(), batch_ends_.end(), last)) {
    return absl::OkStatus();  // A replay: the journal has it.
  }
  RETURN_IF_ERROR(
      Annotate(AppendJournal(JournalLine(fmt::format("B {} {}", first, last)), true), "journal"));
  batch_ends_.push_back(last);
  return absl::OkStatus();
}

void Spool::FinishBatch(uint64_t last, uint64_t file_bytes) {
  // Not synced: losing this line replays a batch, which is harmless. The next BeginBatch syncs it.
  if (const absl::Status status = AppendJournal(JournalLine(fmt::format("D {}", last)), false);
      !status.ok()) {
    LogWarning("spool journal: {}: a restart would replay the last batch", Message(status));
  }
  std::erase_if(batch_ends_, [last](uint64_t end) { return end <= last; });
  MutexLock lock(&mutex_);
  done_seq_ = last;
  pending_bytes_ -= std::min(pending_bytes_, file_bytes);
  while (segments_.size() > 1 && segments_[1].first_seq <= done_seq_ + 1) {
    ::unlink(segments_.front().path.c_str());
    segments_.pop_front();
  }
  // Nothing waits: what is left are headers and skipped damage.
  if (done_seq_ >= durable_seq_) pending_bytes_ = 0;
}

SpoolStats Spool::Stats() const {
  MutexLock lock(&mutex_);
  SpoolStats stats;
  stats.pending_bytes = pending_bytes_ + queued_bytes_;
  stats.durable_seq = durable_seq_;
  stats.done_seq = done_seq_;
  stats.segments = segments_.size();
  stats.corrupt_records = corrupt_records_;
  stats.syncs = syncs_;
  stats.sync_ns = sync_ns_;
  stats.error = error_.empty() ? std::string(Message(CheckDisk())) : error_;
  return stats;
}

}  // namespace pitot
