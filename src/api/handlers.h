// api/handlers.h
//
// The handlers of all resources, for api.cc's table of routes. Each answers call.responder once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "query/sql.h"

namespace pitot {

// What handlers share. Thread-safe.
struct ApiContext {
  ApiDeps deps;
  SqlRunner sql;
  UnixNanos started_ns;
};

struct ApiCall {
  ApiContext& context;
  HttpRequest request;
  std::vector<std::string> args;  // From the path.
  Responder responder;

  // The query parameter `project`, or "default".
  std::string Project() const;
};

// Quick; run on the I/O thread.
void GetHealthz(ApiCall call);
void GetMetrics(ApiCall call);
void PostSpans(ApiCall call);

// May wait for the store; run on a worker.
void GetReadyz(ApiCall call);
void GetReceipts(ApiCall call);
void GetTraces(ApiCall call);
void GetTrace(ApiCall call);
void GetSpan(ApiCall call);
void PostSql(ApiCall call);

// reply.cc
HttpResponse StatusResponse(const absl::Status& status);
void SendJson(ApiCall& call, absl::StatusOr<std::string> json);

}  // namespace pitot
