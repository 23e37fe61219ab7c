// normalize/normalize_impl.h
//
// The inside of Normalizer, shared by normalize.cc (attributes, events) and fill.cc (fields).
#pragma once

#include <bitset>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "normalize/dialect.h"
#include "normalize/messages.h"
#include "normalize/normalize.h"
#include "normalize/selection.h"

namespace pitot {

class Normalizer::Impl {
 public:
  Impl(const RawBatch& batch, Arena& arena, const Limits& limits, DropCounts& drops, Source source);

  void Normalize(const RawSpan& raw, Span* out);

 private:
  // What a resource or a scope gives to all its spans.
  struct SharedValue {
    Field field;
    uint16_t rank;
    Candidate candidate;
    JsonAttr attribute;  // For spans that have a better source.
  };
  struct Shared {
    uint32_t emitters = 0;
    std::vector<SharedValue> values;
    std::vector<JsonAttr> attributes;
  };
  // Marks of attributes that no rule knows, for DetectKind.
  struct Marks {
    bool vector = false;
    bool guard = false;
  };

  Shared ReadShared(std::span<const Attr> attributes, Standing standing, std::string_view prefix);

  // Reading, in normalize.cc.
  void ReadAttributes(const RawSpan& raw);
  void ReadUnmapped(const Attr& attr);
  void OfferAll(const Attr& attr, const KeyEntry& entry, Standing standing);
  void OfferEvents(const RawSpan& raw);
  void WriteAttributes(Span* out);
  void WriteShared(const Shared& shared);
  void WriteEvents(const RawSpan& raw, Span* out);
  void WriteLinks(const RawSpan& raw, Span* out);
  bool Took(const Attr& attr, const KeyEntry& entry) const;

  // Filling fields from the selection, in fill.cc.
  void FillIdentity(const RawSpan& raw, Span* out);
  void FillAttribution(Span* out);
  void FillModel(Span* out);
  void FillUsage(Span* out);
  bool FillExactUsage(Span* out);
  void FillMoney(Span* out);
  void FillKind(const RawSpan& raw, Span* out);
  void FillErrors(const RawSpan& raw, Span* out);
  void FillTool(Span* out);
  void FillTags(Span* out);
  void FillContent(const RawSpan& raw, Span* out);
  void ReadMessageEvents(const RawSpan& raw, bool inputs, bool outputs);
  void FillToolContent(const RawSpan& raw, Span* out);
  void FillFinish(Span* out);
  std::span<Piece> TakePieces(std::vector<Piece>& pieces);

  const RawBatch& batch_;
  Arena& arena_;
  const Limits& limits_;
  DropCounts& drops_;
  const Source source_;
  std::vector<Shared> resources_;
  std::vector<Shared> scopes_;
  MessageReader messages_;

  // Of the span at hand.
  Selection selection_;
  std::bitset<kFields> keep_;  // Fields whose attribute says more than the field could take.
  uint32_t emitters_ = 0;
  Emitter emitter_ = Emitter::kGeneric;
  Marks marks_;
  bool input_from_events_ = false;
  bool output_from_events_ = false;
  std::string_view finish_;  // From messages; the attribute comes first.
  std::span<const Attr> attrs_;
  std::vector<const KeyEntry*> entries_;
  std::vector<JsonAttr> json_attrs_;
  std::vector<JsonAttr> tags_;
  std::vector<std::string_view> list_;
  std::vector<Piece> input_;
  std::vector<Piece> output_;
  std::vector<Piece> other_;
  std::vector<SpanEvent> events_;
};

}  // namespace pitot
