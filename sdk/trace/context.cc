#include "pitot/context.h"

#include <utility>

#include "sdk/trace/extras.h"
#include "sdk/trace/scopes.h"
#include "sdk/trace/utf8_cut.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr size_t kTagBytesMax = 256;

template <size_t N>
std::string Hex(const Id<N>& id) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * N);
  for (const uint8_t byte : id.bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

// Never destroyed: static objects may trace in their destructors.
const Tags& NoTags() {
  static const Tags& none = *new Tags;
  return none;
}
const Baggage& NoBaggage() {
  static const Baggage& none = *new Baggage;
  return none;
}

constexpr std::string Tags::*kTagFields[] = {&Tags::feature,       &Tags::user,  &Tags::session,
                                             &Tags::workflow,      &Tags::agent, &Tags::prompt,
                                             &Tags::prompt_version};

}  // namespace

Tags merged(const Tags& base, const Tags& own) {
  Tags tags = own;
  for (std::string Tags::*field : kTagFields) {
    if ((tags.*field).empty()) tags.*field = base.*field;
  }
  return tags;
}

Context::Context(const TraceId& trace_id, const SpanId& span_id, bool sampled)
    : trace_id_(trace_id), span_id_(span_id), sampled_(sampled) {}

Context Context::current() { return CurrentContext(); }

std::string Context::trace_id_hex() const { return Hex(trace_id_); }
std::string Context::span_id_hex() const { return Hex(span_id_); }

const Tags& Context::tags() const { return extras_ != nullptr ? extras_->tags : NoTags(); }
const Baggage& Context::baggage() const {
  return extras_ != nullptr ? extras_->baggage : NoBaggage();
}
std::string_view Context::trace_state() const { return ContextAccess::TraceStateOf(extras_); }

Context::Extras Context::copy_extras() const { return extras_ != nullptr ? *extras_ : Extras(); }

Context Context::with_extras(Extras extras) const {
  Context context = *this;
  context.extras_ = std::make_shared<const Extras>(std::move(extras));
  return context;
}

Context Context::with_tags(const Tags& tags) const {
  Extras extras = copy_extras();
  extras.tags = merged(extras.tags, tags);
  for (std::string Tags::*field : kTagFields) {
    std::string& text = extras.tags.*field;
    text.resize(CutUtf8(text, kTagBytesMax).size());
  }
  extras.has_tags = extras.tags != Tags();
  return with_extras(std::move(extras));
}

Context Context::with_baggage(Baggage baggage) const {
  Extras extras = copy_extras();
  extras.baggage = std::move(baggage);
  return with_extras(std::move(extras));
}

Context Context::with_trace_state(std::string trace_state) const {
  Extras extras = copy_extras();
  extras.trace_state = std::move(trace_state);
  return with_extras(std::move(extras));
}

Context Context::with_span(const SpanId& span_id) const {
  Context context = *this;
  context.span_id_ = span_id;
  return context;
}

ContextScope::ContextScope(const Context& context) : frame_(PushScope(context)) {}
ContextScope::~ContextScope() {
  if (frame_ != nullptr) EndScope(frame_, nullptr);
}

}  // namespace sdk
}  // namespace pitot
