// POST /api/v1/spans: spans as JSON Lines (decode/decode.h says which fields a line has).
#include "api/handlers.h"
#include "base/status.h"

namespace pitot {

void PostSpans(ApiCall call) {
  IngestRequest request;
  request.signal = Signal::kTraces;
  request.format = WireFormat::kJsonLines;
  request.source = Source::kJsonl;
  request.project = call.Project();
  const std::string_view agent = call.request.headers.Get("User-Agent");
  request.sender = agent.empty() ? "http" : std::string(agent);
  request.body = std::move(call.request.body);
  request.import = call.request.Param("import") == "1";
  // Copyable, as std::function wants it.
  auto responder = std::make_shared<Responder>(std::move(call.responder));
  call.context.deps.ingest.Accept(std::move(request), [responder](IngestReply reply) {
    if (!reply.status.ok()) return responder->Send(StatusResponse(reply.status));
    responder->Send(JsonResponse(
        200,
        fmt::format("{{\"accepted\":{},\"rejected\":{},\"message\":{},\"duplicate\":{}}}",
                    reply.accepted, reply.rejected, QuoteJson(reply.message), reply.duplicate)));
  });
}

}  // namespace pitot
