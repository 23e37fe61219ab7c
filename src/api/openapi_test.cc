// The OpenAPI document and the table of routes say the same.
#include "api/openapi.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "api/api.h"

namespace pitot {
namespace {

using Params = std::set<std::string>;
using Operations = std::map<std::string, Params>;  // "GET /api/v1/traces" -> its query parameters.

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](char c) { return std::toupper(c); });
  return upper;
}

const boost::json::value& Resolve(const boost::json::value& document,
                                  const boost::json::value& value) {
  const auto* reference = value.as_object().if_contains("$ref");
  if (reference == nullptr) return value;
  return document.at_pointer(std::string_view(reference->as_string()).substr(1));
}

Operations Documented(const boost::json::value& document) {
  Operations operations;
  for (const auto& [path, methods] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : methods.as_object()) {
      Params& params = operations[fmt::format("{} {}", Upper(method), std::string_view(path))];
      const auto* list = operation.as_object().if_contains("parameters");
      if (list == nullptr) continue;
      for (const boost::json::value& item : list->as_array()) {
        const boost::json::value& param = Resolve(document, item);
        if (param.at("in").as_string() == "query") {
          params.emplace(param.at("name").as_string());
        }
      }
    }
  }
  return operations;
}

Operations Routed() {
  Operations operations;
  for (const ApiRoute& route : ApiRoutes()) {
    Params& params = operations[fmt::format("{} {}", route.method, route.path)];
    params = Params(route.params.begin(), route.params.end());
  }
  return operations;
}

TEST(OpenApi, DocumentsEveryRouteAndNothingElse) {
  const boost::json::value document = boost::json::parse(OpenApiDocument());
  const Operations documented = Documented(document);
  const Operations routed = Routed();
  for (const auto& [operation, params] : routed) {
    const auto found = documented.find(operation);
    if (found == documented.end()) {
      ADD_FAILURE() << operation << " is answered but stands in no file of src/api/openapi/";
      continue;
    }
    EXPECT_THAT(found->second, testing::ContainerEq(params))
        << operation << ": parameters in src/api/openapi/ and in the table of routes differ";
  }
  for (const auto& [operation, params] : documented) {
    EXPECT_TRUE(routed.contains(operation)) << operation << " is documented but not answered";
  }
}

// A reference to nothing makes every generator fail.
void CheckReferences(const boost::json::value& document, const boost::json::value& value) {
  if (const auto* array = value.if_array()) {
    for (const boost::json::value& item : *array) CheckReferences(document, item);
  } else if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      if (name != "$ref") {
        CheckReferences(document, member);
        continue;
      }
      boost::system::error_code error;
      const std::string_view pointer = member.as_string();
      document.find_pointer(pointer.substr(1), error);
      EXPECT_FALSE(error) << pointer << " is not defined";
    }
  }
}

TEST(OpenApi, EveryReferenceIsDefined) {
  const boost::json::value document = boost::json::parse(OpenApiDocument());
  CheckReferences(document, document);
}

}  // namespace
}  // namespace pitot
