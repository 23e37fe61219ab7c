// POST /api/v1/sql: the body is the statement, as text or as {"query":"..."}.
#include <boost/json.hpp>

#include "api/handlers.h"
#include "base/status.h"

namespace pitot {
namespace {

absl::StatusOr<std::string> Statement(const HttpRequest& request) {
  if (request.headers.Get("Content-Type").find("json") == std::string_view::npos) {
    return request.body;
  }
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(request.body, error);
  const auto* object = error ? nullptr : body.if_object();
  const auto* query = object == nullptr ? nullptr : object->if_contains("query");
  if (query == nullptr || !query->is_string()) {
    return InvalidArgument(
        "the body must be {{\"query\":\"SELECT ...\"}}, or the statement itself "
        "as text/plain");
  }
  return std::string(query->as_string());
}

}  // namespace

void PostSql(ApiCall call) {
  const auto statement = Statement(call.request);
  if (!statement.ok()) return call.responder.Send(StatusResponse(statement.status()));
  SendJson(call, call.context.sql.Run(call.Project(), *statement, call.cancel));
}

}  // namespace pitot
