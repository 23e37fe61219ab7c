// api/login_page.h
//
// What a browser gets in place of a page while nobody is logged in: a form for a key, without a
// script. Pure but for a random nonce.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace pitot {

// Answers `request` for a page: after the login the browser goes on to it. Status 401.
HttpResponse LoginPage(const HttpRequest& request, std::string_view error);

// The same with another target than the request's own.
HttpResponse LoginPageTo(std::string_view next, std::string_view error);

// `next` where it is a path of ours, else "/": an address of another site in a link to the login must
// lead nowhere.
std::string SafeTarget(std::string_view next);

}  // namespace pitot
