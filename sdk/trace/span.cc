#include "pitot/span.h"

#include <utility>

#include "sdk/base/clock.h"
#include "sdk/base/random.h"
#include "sdk/trace/pool.h"
#include "sdk/trace/scopes.h"

namespace pitot {
inline namespace sdk {

// How a span is opened:
// its ids and whether it is recorded come from the parent; then a record is filled and the span, where
// it is wanted, made current. What cannot be had (a collector, a record, memory for a frame) is done
// without.
struct SpanFactory {
  static Span Open(const Context& parent, std::string_view name, Kind kind, Attributes attributes,
                   bool current) {
    Span span;
    Context own;
    const bool root = !parent.valid();
    own.span_id_ = NewSpanId();
    own.trace_id_ = root ? NewTraceId() : parent.trace_id_;
    own.extras_ = parent.extras_;
    SpanPool* pool = SpanPool::Default();
    const bool sampled = root ? pool == nullptr || pool->Samples(own.trace_id_) : parent.sampled_;
    own.sampled_ = sampled;
    if (pool != nullptr) {
      const uint32_t shard = OwnScopes().shard;
      if (sampled) {
        span.record_ =
            Record(*pool, shard, own, root ? SpanId() : parent.span_id_, name, kind, attributes);
      } else {
        pool->CountUnsampled(shard);
      }
    }
    span.exceptions_ = std::uncaught_exceptions();
    // `parent` may be the context on top, which pushing does not move.
    if (current) span.frame_ = PushScope(std::move(own));
    if (span.frame_ == nullptr) span.context_ = std::move(own);
    return span;
  }

 private:
  static SpanRecord* Record(SpanPool& pool, uint32_t shard, const Context& own,
                            const SpanId& parent_span_id, std::string_view name, Kind kind,
                            Attributes attributes) {
    const int64_t now_ns = MonotonicNanos();
    SpanRecord* record = pool.Open(shard, now_ns);
    if (record == nullptr) return nullptr;
    record->trace_id = own.trace_id_;
    record->span_id = own.span_id_;
    record->parent_span_id = parent_span_id;
    record->start_ns = now_ns + UnixOffsetNanos(now_ns);
    record->kind = kind < Kind::kEnd ? kind : Kind::kSpan;
    record->extras = own.extras_;
    record->Open(name, attributes);
    pool.Filled(record);
    return record;
  }
};

void Span::take(Span& other) noexcept {
  record_ = std::exchange(other.record_, nullptr);
  frame_ = std::exchange(other.frame_, nullptr);
  context_ = std::exchange(other.context_, Context());
  // Where it is from now on, fewer or more exceptions may be in flight.
  exceptions_ = std::uncaught_exceptions();
}

Span::Span(Span&& other) noexcept { take(other); }

Span& Span::operator=(Span&& other) noexcept {
  if (this != &other) {
    end();
    take(other);
  }
  return *this;
}

Span::~Span() {
  if (record_ != nullptr && std::uncaught_exceptions() > exceptions_) fail_unwound();
  end();
}

void Span::end() {
  if (record_ != nullptr) {
    SpanRecord* record = std::exchange(record_, nullptr);
    record->end_ns = record->start_ns + (MonotonicNanos() - record->start_monotonic_ns);
    SpanPool::End(record);
  }
  if (frame_ != nullptr) EndScope(std::exchange(frame_, nullptr), &context_);
}

Context Span::context() const { return frame_ != nullptr ? frame_->context : context_; }

Span& Span::set(std::string_view key, AttributeValue value) {
  if (record_ != nullptr) record_->Set(key, value);
  return *this;
}

Span& Span::set(Attributes attributes) {
  for (const Attribute& attribute : attributes) set(attribute.key, attribute.value);
  return *this;
}

Span& Span::event(std::string_view name, Attributes attributes) {
  if (record_ != nullptr) record_->AddEvent(UnixNow(), name, attributes);
  return *this;
}

Span& Span::link(const Context& other, Attributes attributes) {
  if (record_ != nullptr && other.valid()) {
    record_->AddLink(other.trace_id(), other.span_id(), attributes);
  }
  return *this;
}

Span& Span::rename(std::string_view name) {
  if (record_ != nullptr) record_->Rename(name);
  return *this;
}

Span& Span::status(SpanStatus status, std::string_view message) {
  if (record_ != nullptr && status <= SpanStatus::kError) record_->SetStatus(status, message);
  return *this;
}

Span traced(std::string_view name, Kind kind, Attributes attributes) {
  return SpanFactory::Open(CurrentContext(), name, kind, attributes, true);
}

Span traced_under(const Context& parent, std::string_view name, Kind kind, Attributes attributes) {
  return SpanFactory::Open(parent, name, kind, attributes, true);
}

Span open_span(std::string_view name, Kind kind, Attributes attributes) {
  return SpanFactory::Open(CurrentContext(), name, kind, attributes, false);
}

Span open_span_under(const Context& parent, std::string_view name, Kind kind,
                     Attributes attributes) {
  return SpanFactory::Open(parent, name, kind, attributes, false);
}

}  // namespace sdk
}  // namespace pitot
