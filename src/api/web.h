// api/web.h
//
// Serves the web pages: hashed files that a browser keeps for good, and one document for every
// page, asked for anew each time but sent only when it has changed. Pure.
#pragma once

#include <optional>

#include "api/web_files.h"
#include "http/message.h"

namespace pitot {

// Whether `request` is for a page (GET or HEAD), not for one of its files.
bool IsWebPage(const WebFiles& web, const HttpRequest& request);

// The answer when `request` names a file or a page, for whatever method: 200, 304, or 405 for others
// than GET and HEAD. Nothing when it names neither.
std::optional<HttpResponse> ServeWeb(const WebFiles& web, const HttpRequest& request);

}  // namespace pitot
