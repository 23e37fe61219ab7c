// Requests to providers: figures are the same with and without messages, views lie in the body, and a
// stream into which we asked for usage says what it said before, and that it asks. The first byte says
// which API.
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/estimate.h"
#include "wire/include_usage.h"
#include "wire/json_text.h"
#include "wire/request.h"

namespace {

using pitot::WireApi;
using pitot::WireRequest;

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

bool Inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

bool SameFigures(const WireRequest& a, const WireRequest& b) {
  return a.valid == b.valid && a.model == b.model && a.streamed == b.streamed &&
         a.max_tokens == b.max_tokens && a.choices == b.choices &&
         a.service_tier == b.service_tier && a.user == b.user &&
         a.input_unbounded == b.input_unbounded && a.server_tools == b.server_tools &&
         a.media_bytes == b.media_bytes && a.hidden_tokens_max == b.hidden_tokens_max &&
         a.cache_ttl == b.cache_ttl && a.system == b.system && a.tools == b.tools;
}

void CheckAsked(std::string_view body, const WireRequest& before) {
  const auto asked = pitot::AskForUsage(body);
  if (!asked) return;
  Check(pitot::IsJson(*asked) || !pitot::IsJson(body));
  const WireRequest after = pitot::ReadRequest(WireApi::kOpenAiChat, *asked, true);
  Check(after.include_usage && after.streamed && after.messages.size() == before.messages.size());
  Check(after.model == before.model && after.max_tokens == before.max_tokens);
  Check(!pitot::AskForUsage(*asked));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto api = static_cast<WireApi>(data[0] % static_cast<uint8_t>(WireApi::kEnd));
  const WireRequest full = pitot::ReadRequest(api, body, true);
  Check(SameFigures(full, pitot::ReadRequest(api, body, false)));
  Check(Inside(full.system, body) && Inside(full.tools, body));
  for (const pitot::WireMessage& message : full.messages) {
    Check(Inside(message.raw, body) && pitot::IsJson(message.raw));
  }
  Check(full.media_bytes >= 0 && full.choices >= 1);
  if (full.valid) Check(full.media_bytes <= static_cast<int64_t>(body.size()));
  const auto bound = pitot::InputUpperBound(full, static_cast<int64_t>(body.size()));
  Check(!bound || *bound >= full.hidden_tokens_max);
  if (api == WireApi::kOpenAiChat) CheckAsked(body, full);
  return 0;
}
