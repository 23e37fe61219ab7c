// receive/otlp_http.h
//
// OTLP over HTTP: POST .../v1/traces, .../v1/logs, .../v1/metrics in protobuf or JSON. Translates
// between HTTP and ingest; decides nothing about records.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/drops.h"
#include "http/message.h"
#include "http/server.h"
#include "ingest/request.h"

namespace pitot {

// Counts a request that never reached ingest. `request` has no body.
using CountRefusedFn =
    std::function<void(const IngestRequest& request, Drop drop, const absl::Status& status)>;

// Thread-safe: holds no state of its own.
class OtlpHttp {
 public:
  OtlpHttp(IngestFn ingest, CountRefusedFn count_refused)
      : ingest_(std::move(ingest)), count_refused_(std::move(count_refused)) {}

  static bool IsOtlp(std::string_view path);

  // By the head alone, before the body is read: 405, 415. REQUIRES: IsOtlp(head.path).
  std::optional<HttpResponse> Admit(const HttpRequest& head) const;

  // REQUIRES: Admit(request) had no objection. The reply comes from ingest's thread.
  void Handle(HttpRequest request, Responder responder, std::string project = "default") const;

  // How the server's own refusals look to a sender (HttpService::refuse), counted.
  // REQUIRES: IsOtlp(head.path).
  HttpResponse Refuse(const HttpRequest& head, int status, std::string_view message) const;

 private:
  IngestFn ingest_;
  CountRefusedFn count_refused_;
};

}  // namespace pitot
