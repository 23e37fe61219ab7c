// ingest/store_loader.h
//
// TraceLoader over the store's tables.
#pragma once

#include "ingest/resolve/trace_loader.h"
#include "store/engine.h"

namespace pitot {

// Not thread-safe: the flusher's thread. Borrows the engine.
class StoreLoader final : public TraceLoader {
 public:
  explicit StoreLoader(Engine& engine) : engine_(engine) {}

  absl::Status FilterExisting(std::span<const TraceRef> refs,
                              std::vector<uint32_t>& existing) override;
  absl::Status Load(std::span<const TraceRef> refs, TraceSink& sink) override;
  absl::StatusOr<bool> ListStored(std::string& cursor,
                                  const std::function<void(const TraceRef&)>& visit) override;
  absl::Status ListOpen(
      const std::function<void(const TraceRef&, int64_t start_ns)>& visit) override;

 private:
  absl::Status LoadProject(std::string_view project, std::span<const TraceId> ids,
                           std::span<const uint32_t> ref_of, TraceSink& sink);

  Engine& engine_;
};

}  // namespace pitot
