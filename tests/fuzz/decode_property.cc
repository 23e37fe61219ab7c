#include "tests/fuzz/decode_property.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/status.h"
#include "decode/text.h"

namespace pitot {
namespace {

void Require(bool kept, const std::string& what) {
  if (kept) return;
  std::fprintf(stderr, "property broken: %s\n", what.c_str());
  std::abort();
}

}  // namespace

Limits FuzzLimits() {
  Limits limits;
  limits.payload_bytes = 64;
  limits.attributes = 40;
  limits.events = 8;
  limits.depth = 4;
  return limits;
}

void CheckDecode(const DecodeFunction& decode, std::string_view input, const CountFunction& count) {
  const Limits limits = FuzzLimits();
  DropCounts drops;
  absl::StatusOr<RawBatch> batch = decode(std::string(input), limits, drops);
  Require(IsUtf8(drops.first_refusal), "the refusal is UTF-8");
  Require((Refused(drops) > 0) == !drops.first_refusal.empty(), "a refusal has words");
  if (!batch.ok()) {
    Require(!Message(batch.status()).empty(), "an error has words");
    Require(IsUtf8(Message(batch.status())), "the error is UTF-8");
    Require(Dump(drops).empty(), "a refused request counts nothing");
    return;
  }
  const std::string breach = FindBreach(*batch, limits);
  Require(breach.empty(), breach);
  if (count) {
    const uint64_t seen = count(input);
    const uint64_t known = batch->spans.size() + Refused(drops);
    Require(seen == known, "of " + std::to_string(seen) + " spans " + std::to_string(known) +
                               " were accepted or refused");
  }
  const std::string text = Dump(*batch);
  const RawBatch moved = std::move(*batch);
  Require(Dump(moved) == text, "a moved batch is the same");
  DropCounts drops_again;
  const absl::StatusOr<RawBatch> again = decode(std::string(input), limits, drops_again);
  Require(again.ok() && Dump(*again) == text, "decoding again gives the same");
  Require(Dump(drops) == Dump(drops_again), "decoding again counts the same");
}

}  // namespace pitot
