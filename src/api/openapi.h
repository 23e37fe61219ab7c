// api/openapi.h
//
// The OpenAPI 3.1 document of everything Api answers: GET /api/v1/openapi.json. Written by hand in
// openapi/*.json, one file a group of resources, put together here. A test holds it against the table
// of routes (openapi_test.cc), others against real answers (tests/e2e/openapi.test.mjs).
#pragma once

#include <span>
#include <string>

#include "base/embedded_text.h"

namespace pitot {

std::span<const EmbeddedText> OpenApiFiles();

// The whole document, as JSON. Made once. Thread-safe.
const std::string& OpenApiDocument();

}  // namespace pitot
