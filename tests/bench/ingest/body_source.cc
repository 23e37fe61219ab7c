#include "tests/bench/ingest/body_source.h"

#include "tests/bench/ingest/body_file.h"

namespace pitot {

std::unique_ptr<BodySource> BodySource::OfFile(const char* path) {
  std::optional<std::vector<std::string>> bodies = ReadBodies(path);
  if (!bodies) return nullptr;
  auto source = std::make_unique<BodySource>();
  source->bodies_ = *std::move(bodies);
  return source;
}

std::unique_ptr<BodySource> BodySource::OfLoad(const SpanLoadOptions& options) {
  auto source = std::make_unique<BodySource>();
  source->load_ = std::make_unique<SpanLoad>(options);
  return source;
}

std::optional<BodySource::Body> BodySource::Next() {
  const std::lock_guard lock(mutex_);
  Body body;
  body.index = next_;
  if (load_ != nullptr) {
    body.bytes = load_->NextRequest();
    if (body.bytes.empty()) return std::nullopt;
  } else {
    if (next_ == bodies_.size()) return std::nullopt;
    body.bytes = std::move(bodies_[next_]);
  }
  ++next_;
  return body;
}

}  // namespace pitot
