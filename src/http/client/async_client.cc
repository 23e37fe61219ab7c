#include "http/async_client.h"

#include <atomic>
#include <utility>

#include "http/client/client_call.h"
#include "http/client/client_thread.h"
#include "http/io_core.h"

namespace pitot {
namespace {

std::atomic<uint64_t> last_client = 0;

class Handle final : public RunningCall {
 public:
  explicit Handle(std::shared_ptr<ClientCall> call) : call_(std::move(call)) {}
  ~Handle() override { call_->Cancel(); }
  void Pause() override { call_->Pause(); }
  void Resume() override { call_->Resume(); }

 private:
  const std::shared_ptr<ClientCall> call_;
};

}  // namespace

class AsyncClient::Impl {
 public:
  explicit Impl(Options options) : shared(std::make_shared<ClientShared>(std::move(options))) {}

  const std::shared_ptr<ClientShared> shared;
  const uint64_t id = ++last_client;
};

AsyncClient::AsyncClient(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
AsyncClient::~AsyncClient() = default;

std::unique_ptr<RunningCall> AsyncClient::Start(AsyncCall call, AsyncHandler& handler) {
  IoThread& thread = *IoThread::Current();
  std::shared_ptr<IoThread::Core::Guest>& guest = thread.core().GuestOf(impl_->id);
  if (guest == nullptr) guest = std::make_shared<ClientThread>(impl_->shared, thread);
  auto running = std::make_shared<ClientCall>(thread, std::static_pointer_cast<ClientThread>(guest),
                                              std::move(call), handler);
  running->Start();
  return std::make_unique<Handle>(std::move(running));
}

}  // namespace pitot
