#include "api/openapi.h"

#include <boost/json.hpp>

#include "api/handlers.h"

namespace pitot {
namespace {

// Paths and schemas of all files into the document of base.json.
boost::json::value Assemble() {
  boost::json::value document = boost::json::parse(OpenApiFiles()[0].text);
  document.at("info").as_object()["version"] = PITOT_VERSION;
  boost::json::object& paths = document.at("paths").as_object();
  boost::json::object& schemas = document.at("components").at("schemas").as_object();
  for (const EmbeddedText& file : OpenApiFiles().subspan(1)) {
    const boost::json::value part = boost::json::parse(file.text);
    for (const auto& [path, operations] : part.at("paths").as_object()) paths[path] = operations;
    for (const auto& [name, schema] : part.at("schemas").as_object()) schemas[name] = schema;
  }
  return document;
}

}  // namespace

const std::string& OpenApiDocument() {
  static const std::string kDocument = boost::json::serialize(Assemble());
  return kDocument;
}

void GetOpenApi(ApiCall call) { call.responder.Send(JsonResponse(200, OpenApiDocument())); }

}  // namespace pitot
