#include "query/story/story.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/hex.h"
#include "base/status.h"
#include "query/story/context.h"
#include "query/story/step.h"

namespace pitot {
namespace {

// Steps whose contents are loaded together.
constexpr size_t kBatchSteps = 64;

void AddKeys(uint16_t day, const std::vector<std::string_view>& pieces, size_t first,
             std::set<StoryPayloadKey>& keys) {
  for (size_t i = first; i < pieces.size(); ++i) {
    if (pieces[i].starts_with('#')) keys.emplace(day, pieces[i].substr(1));
  }
}

class Teller {
 public:
  Teller(std::span<const StorySpan> spans, const StoryOutline& outline, StorySource& source,
         const StoryOptions& options)
      : spans_(spans), outline_(outline), source_(source), options_(options) {}

  absl::StatusOr<StoryPage> Tell() {
    StoryPage page;
    const size_t total = outline_.steps.size();
    const size_t end = std::min(total, options_.first_step + options_.steps_max);
    for (size_t first = options_.first_step; first < end; first += kBatchSteps) {
      const size_t last = std::min(end, first + kBatchSteps);
      RETURN_IF_ERROR(LoadBatch(first, last));
      for (size_t n = first; n < last; ++n) {
        if (!page.steps.empty()) page.steps += ",\n";
        page.steps += TellStep(n);
        if (page.steps.size() > options_.page_bytes && n + 1 < total) {
          page.next = n + 1;
          return page;
        }
      }
    }
    if (end < total) page.next = end;
    return page;
  }

 private:
  // Of the step being told or of one before it.
  struct Call {
    StoryContents contents;
    StoryContext context;
  };

  const SpanId& ContentsId(size_t step) const {
    return spans_[outline_.steps[step].contents].span_id;
  }

  absl::Status LoadBatch(size_t first, size_t last) {
    RETURN_IF_ERROR(LoadCalls(first, last));
    changes_.clear();
    answers_.clear();
    choices_.clear();
    payloads_.clear();
    std::set<StoryPayloadKey> keys;
    for (size_t n = first; n < last; ++n) {
      const Call& call = calls_[n];
      std::vector<const StoryContext*> before;
      for (const uint32_t step : outline_.steps[n].before) before.push_back(&calls_[step].context);
      changes_[n] = CompareContexts(call.context, before);
      AddKeys(call.contents.day, call.contents.input, changes_[n].known, keys);
      AddKeys(call.contents.day, call.contents.output, 0, keys);
      AddKeys(call.contents.day, call.contents.reasoning, 0, keys);
    }
    RETURN_IF_ERROR(LoadPayloads(keys));

    std::vector<SpanId> tools;
    for (size_t n = first; n < last; ++n) {
      const StoryContents& contents = calls_[n].contents;
      for (const std::string_view piece : contents.output) {
        ReadAnswer(Resolve(contents.day, piece), answers_[n]);
      }
      choices_[n] = MatchChoices(spans_, outline_, outline_.steps[n], answers_[n]);
      for (const StoryChoice& choice : choices_[n]) {
        if (choice.span != kNoSpan) tools.push_back(spans_[choice.span].span_id);
      }
    }
    ASSIGN_OR_RETURN(tools_, source_.Contents(tools));
    keys.clear();
    for (const auto& [id, contents] : tools_) {
      AddKeys(contents.day, contents.input, 0, keys);
      AddKeys(contents.day, contents.output, 0, keys);
    }
    return LoadPayloads(keys);
  }

  // Calls [first, last) and those that they may continue; others are forgotten.
  absl::Status LoadCalls(size_t first, size_t last) {
    std::set<size_t> needed;
    for (size_t n = first; n < last; ++n) {
      needed.insert(n);
      needed.insert(outline_.steps[n].before.begin(), outline_.steps[n].before.end());
    }
    std::erase_if(calls_, [&](const auto& entry) { return !needed.contains(entry.first); });
    std::vector<SpanId> ids;
    for (const size_t n : needed) {
      if (!calls_.contains(n)) ids.push_back(ContentsId(n));
    }
    ASSIGN_OR_RETURN(auto loaded, source_.Contents(ids));
    for (const size_t n : needed) {
      if (calls_.contains(n)) continue;
      Call& call = calls_[n];
      if (const auto found = loaded.find(ContentsId(n)); found != loaded.end()) {
        call.contents = found->second;
      }
      call.context = {.input = call.contents.input,
                      .system = call.contents.system,
                      .output = call.contents.output,
                      .model = spans_[outline_.steps[n].span].model};
    }
    return absl::OkStatus();
  }

  absl::Status LoadPayloads(const std::set<StoryPayloadKey>& keys) {
    std::vector<StoryPayloadKey> wanted;
    for (const StoryPayloadKey& key : keys) {
      if (!payloads_.contains(key)) wanted.push_back(key);
    }
    if (wanted.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(StoryPayloads loaded, source_.Payloads(wanted));
    for (auto& [key, payload] : loaded) payloads_[key] = std::move(payload);
    // What is not there gets an entry too: views into it stay.
    for (const StoryPayloadKey& key : wanted) missing_.try_emplace(key, ToHex(key.second));
    return absl::OkStatus();
  }

  StoryPiece Resolve(uint16_t day, std::string_view piece) {
    if (!piece.starts_with('#')) {
      const std::string_view text = piece.substr(piece.empty() ? 0 : 1);
      return {.text = text, .bytes = text.size()};
    }
    const StoryPayloadKey key(day, piece.substr(1));
    const auto found = payloads_.find(key);
    if (found == payloads_.end()) return {.missing = missing_[key]};
    return {.text = found->second.first, .bytes = found->second.bytes};
  }

  std::string TellStep(size_t n) {
    const StoryContents& contents = calls_[n].contents;
    StepParts parts;
    parts.number = n + 1;
    parts.trace_start_ns = spans_.front().start_ns;
    parts.context_messages = contents.input.size();
    parts.change = changes_[n];
    for (size_t i = parts.change.known; i < contents.input.size(); ++i) {
      parts.new_messages.push_back(Resolve(contents.day, contents.input[i]));
    }
    for (const std::string_view piece : contents.reasoning) {
      parts.reasoning.push_back(Resolve(contents.day, piece));
    }
    parts.answer = std::move(answers_[n]);
    parts.choices = std::move(choices_[n]);
    for (const StoryChoice& choice : parts.choices) parts.tools.push_back(ToolOf(choice));
    return StepJson(spans_, outline_, outline_.steps[n], parts, options_.text_bytes);
  }

  ToolContents ToolOf(const StoryChoice& choice) {
    ToolContents tool;
    if (choice.span == kNoSpan) return tool;
    const auto found = tools_.find(spans_[choice.span].span_id);
    if (found == tools_.end()) return tool;
    const StoryContents& contents = found->second;
    if (!contents.input.empty()) tool.arguments = Resolve(contents.day, contents.input.front());
    if (!contents.output.empty()) tool.result = Resolve(contents.day, contents.output.front());
    return tool;
  }

  std::span<const StorySpan> spans_;
  const StoryOutline& outline_;
  StorySource& source_;
  const StoryOptions& options_;

  std::map<size_t, Call> calls_;  // By step.
  std::map<size_t, ContextChange> changes_;
  std::map<size_t, Answer> answers_;
  std::map<size_t, std::vector<StoryChoice>> choices_;
  absl::flat_hash_map<SpanId, StoryContents, IdHash<8>> tools_;
  std::map<StoryPayloadKey, StoryPayload> payloads_;  // Nodes: views into them stay.
  std::map<StoryPayloadKey, std::string> missing_;    // Hashes as hex.
};

}  // namespace

absl::StatusOr<StoryPage> TellSteps(std::span<const StorySpan> spans, const StoryOutline& outline,
                                    StorySource& source, const StoryOptions& options) {
  return Teller(spans, outline, source, options).Tell();
}

}  // namespace pitot
