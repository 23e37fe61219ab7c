// alert/notify/mail.h
//
// A notification as an e-mail (RFC 5322, MIME): plain text, quoted-printable. Pure functions of their
// arguments. Nothing of an alert can add a header or end the message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"

namespace pitot {

struct MailAddresses {
  std::string from;  // "pitot@example.com" or "Pitot <pitot@example.com>"
  std::vector<std::string> to;
};

// With CRLF line ends. Mails about one group are one thread: all refer to an id that stands for it.
std::string MailOf(const Notification& notification, const MailAddresses& addresses,
                   const std::string& external_url);

// "a@b.c" of "A <a@b.c>"; empty when there is none, or it holds blanks, line breaks or <>.
std::string BareAddress(std::string_view text);

// As a header's value: itself when it is printable ASCII, else encoded words (RFC 2047), folded.
std::string HeaderText(std::string_view text);
// RFC 2045, 6.7: lines of at most 76, CRLF.
std::string QuotedPrintable(std::string_view text);
// "Fri, 20 Nov 2026 10:31:30 +0000"
std::string MailDate(UnixNanos at);

}  // namespace pitot
