#include "normalize/normalize.h"

#include <string>

#include "normalize/normalize_impl.h"
#include "normalize/value.h"

namespace pitot {

Normalizer::Normalizer(const RawBatch& batch, Arena& arena, const Limits& limits, DropCounts& drops,
                       Source source)
    : impl_(std::make_unique<Impl>(batch, arena, limits, drops, source)) {}
Normalizer::~Normalizer() = default;

void Normalizer::Normalize(const RawSpan& raw, Span* out) { impl_->Normalize(raw, out); }

Normalizer::Impl::Impl(const RawBatch& batch, Arena& arena, const Limits& limits, DropCounts& drops,
                       Source source)
    : batch_(batch),
      arena_(arena),
      limits_(limits),
      drops_(drops),
      source_(source),
      messages_(arena) {
  for (const RawResource& resource : batch.resources) {
    resources_.push_back(ReadShared(resource.attributes, Standing::kResource, "resource."));
  }
  for (const RawScope& scope : batch.scopes) {
    scopes_.push_back(ReadShared(scope.attributes, Standing::kScope, "scope."));
    scopes_.back().emitters |= EmittersOfScope(scope.name);
  }
}

void Normalizer::Impl::Normalize(const RawSpan& raw, Span* out) {
  if (raw.whole != nullptr) {
    *out = *raw.whole;
    return;
  }
  static const Shared& none = *new Shared;
  *out = Span();
  const Shared& resource = raw.resource < resources_.size() ? resources_[raw.resource] : none;
  const Shared& scope = raw.scope < scopes_.size() ? scopes_[raw.scope] : none;
  selection_.Clear();
  keep_.reset();
  marks_ = {};
  finish_ = {};
  json_attrs_.clear();
  tags_.clear();
  emitters_ = resource.emitters | EmittersOfSpanName(raw.name);
  for (const Shared* shared : {&resource, &scope}) {
    for (const SharedValue& value : shared->values) {
      selection_.Offer(value.field, value.candidate, value.rank);
    }
  }
  ReadAttributes(raw);
  if (!raw.events.empty()) OfferEvents(raw);
  emitter_ = Detect(scope.emitters, emitters_);

  FillIdentity(raw, out);
  FillAttribution(out);
  FillModel(out);
  FillUsage(out);
  FillMoney(out);
  FillKind(raw, out);
  if (out->kind == Kind::kEmbedding && (out->usage_flags & kUsageTotalOnly) != 0) FillUsage(out);
  FillErrors(raw, out);
  FillTool(out);
  FillContent(raw, out);
  FillFinish(out);
  FillTags(out);

  WriteEvents(raw, out);
  WriteLinks(raw, out);
  WriteShared(resource);
  WriteShared(scope);
  WriteAttributes(out);
}

Normalizer::Impl::Shared Normalizer::Impl::ReadShared(std::span<const Attr> attributes,
                                                      Standing standing, std::string_view prefix) {
  Shared shared;
  for (const Attr& attr : attributes) {
    std::string key(prefix);
    key += attr.key;
    const JsonAttr json = {arena_.Copy(key), AsJson(attr.value, arena_)};
    const KeyEntry* const entry = FindKey(attr.key);
    bool taken = false;
    for (const Rule& rule : entry != nullptr ? entry->rules : std::span<const Rule>()) {
      const FieldRow& row = RowOf(rule.field);
      if ((row.traits & kShared) == 0) continue;
      Candidate candidate;
      if (ReadCandidate(attr.value, rule, arena_, &candidate) != Selection::Outcome::kReadable) {
        continue;
      }
      candidate.attr = &attr;
      candidate.rule = &rule;
      shared.values.push_back({rule.field, RankOf(rule, standing), candidate, json});
      taken = taken || (row.traits & kKept) == 0;
    }
    if (!taken) shared.attributes.push_back(json);
    shared.emitters |= EmittersOfValue(attr.key, attr.value.text);
  }
  return shared;
}

void Normalizer::Impl::ReadAttributes(const RawSpan& raw) {
  attrs_ = raw.attributes;
  entries_.clear();
  for (const Attr& attr : raw.attributes) {
    const KeyEntry* const entry = FindKey(attr.key);
    entries_.push_back(entry);
    if (entry == nullptr) {
      ReadUnmapped(attr);
    } else {
      OfferAll(attr, *entry, Standing::kSpan);
    }
  }
}

void Normalizer::Impl::OfferAll(const Attr& attr, const KeyEntry& entry, Standing standing) {
  emitters_ |= entry.emitters;
  for (const Rule& rule : entry.rules) {
    switch (selection_.Offer(attr, rule, standing, arena_)) {
      case Selection::Outcome::kUnreadable:
        drops_.Add(Drop::kAttrType);
        break;
      case Selection::Outcome::kOther:
        if (rule.field == Field::kProvider) emitters_ |= FrameworkOf(attr.value.text);
        break;
      default:
        break;
    }
  }
}

void Normalizer::Impl::ReadUnmapped(const Attr& attr) {
  emitters_ |= EmittersOfKey(attr.key) | EmittersOfValue(attr.key, attr.value.text);
  marks_.vector = marks_.vector || attr.key.starts_with("db.vector.");
  marks_.guard = marks_.guard || attr.key.starts_with("guard.") ||
                 attr.key.starts_with("gen_ai.guardrail.") ||
                 attr.key.starts_with("litellm.guardrail.");
}

void Normalizer::Impl::OfferEvents(const RawSpan& raw) {
  for (const RawEvent& event : raw.events) {
    marks_.vector = marks_.vector || event.name == "db.query.result";
    const EventRule* const rule = FindEvent(event.name);
    if (rule == nullptr ||
        (rule->event_role != EventRole::kDetails && rule->event_role != EventRole::kException)) {
      continue;
    }
    for (const Attr& attr : event.attributes) {
      const KeyEntry* const entry = FindKey(attr.key);
      if (entry != nullptr) OfferAll(attr, *entry, Standing::kEvent);
    }
  }
}

// True when a field holds everything `attr` says, so that it needs no place among the attributes.
bool Normalizer::Impl::Took(const Attr& attr, const KeyEntry& entry) const {
  for (const Rule& rule : entry.rules) {
    if ((RowOf(rule.field).traits & kKept) != 0 || keep_[static_cast<size_t>(rule.field)]) continue;
    const Candidate* const best = selection_.Get(rule.field);
    if (best != nullptr && best->attr == &attr) return true;
  }
  return false;
}

void Normalizer::Impl::WriteShared(const Shared& shared) {
  json_attrs_.insert(json_attrs_.end(), shared.attributes.begin(), shared.attributes.end());
  for (const SharedValue& value : shared.values) {
    if ((RowOf(value.field).traits & kKept) != 0) continue;  // Among the attributes already.
    const Candidate* const best = selection_.Get(value.field);
    if (best->attr != value.candidate.attr) json_attrs_.push_back(value.attribute);
  }
}

void Normalizer::Impl::WriteAttributes(Span* out) {
  constexpr std::string_view kTagPrefix = "tag.";
  for (size_t i = 0; i < attrs_.size(); ++i) {
    const Attr& attr = attrs_[i];
    if (entries_[i] != nullptr && Took(attr, *entries_[i])) continue;
    if (entries_[i] == nullptr && attr.key.starts_with(kTagPrefix)) continue;  // In tags.
    json_attrs_.push_back({attr.key, AsJson(attr.value, arena_)});
  }
  out->attributes = arena_.CopyArray(json_attrs_);
}

void Normalizer::Impl::WriteEvents(const RawSpan& raw, Span* out) {
  events_.clear();
  for (const RawEvent& event : raw.events) {
    const EventRule* const rule = FindEvent(event.name);
    if (rule != nullptr) {
      // Its content is in the pieces.
      if (rule->event_role == EventRole::kMessage && input_from_events_) continue;
      if (rule->event_role == EventRole::kChoice && output_from_events_) continue;
    }
    std::span<JsonAttr> attributes = arena_.NewArray<JsonAttr>(event.attributes.size());
    size_t count = 0;
    for (const Attr& attr : event.attributes) {
      const KeyEntry* const entry = FindKey(attr.key);
      if (entry != nullptr && Took(attr, *entry)) continue;
      attributes[count++] = {attr.key, AsJson(attr.value, arena_)};
    }
    const bool emptied = count == 0 && !event.attributes.empty();
    if (emptied && rule != nullptr && rule->event_role == EventRole::kDetails) continue;
    events_.push_back({event.time_ns, event.name, attributes.first(count)});
  }
  out->events = arena_.CopyArray(events_);
}

void Normalizer::Impl::WriteLinks(const RawSpan& raw, Span* out) {
  if (raw.links.empty()) return;
  const std::span<SpanLink> links = arena_.NewArray<SpanLink>(raw.links.size());
  for (size_t i = 0; i < links.size(); ++i) {
    const RawLink& link = raw.links[i];
    const std::span<JsonAttr> attributes = arena_.NewArray<JsonAttr>(link.attributes.size());
    for (size_t k = 0; k < attributes.size(); ++k) {
      attributes[k] = {link.attributes[k].key, AsJson(link.attributes[k].value, arena_)};
    }
    links[i] = {link.trace_id, link.span_id, attributes};
  }
  out->links = links;
}

}  // namespace pitot
