// sdk/net/request_head.h
//
// The head of a request as it goes out. Pure.
#pragma once

#include <string>
#include <string_view>

#include "sdk/net/failure.h"
#include "sdk/net/url.h"

namespace pitot {
inline namespace sdk {

// `proxy`, unless null, is asked to forward it (absolute form). kUrl: the method or a header is not
// valid; the message names the header, never its value.
Failure RequestHead(const HttpRequest& request, const Url& url, const Url* proxy,
                    std::string* head);
std::string ConnectHead(const Url& url, const Url& proxy);

// For messages: without what may be secret (user, password, query) and no longer than 200 bytes.
std::string ShownUrl(std::string_view text);

}  // namespace sdk
}  // namespace pitot
