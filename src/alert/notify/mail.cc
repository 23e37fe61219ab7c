#include "alert/notify/mail.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>

#include "alert/notify/text.h"
#include "base/sha256.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr size_t kSubjectBytesMax = 250;
constexpr size_t kMailWidth = 74;  // Below the 75 at which quoted-printable breaks a line.

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string HostOfAddress(std::string_view address) {
  const size_t at = address.rfind('@');
  return at == std::string_view::npos ? "pitot" : std::string(address.substr(at + 1));
}

// Stable over the group: what the mails of one thread refer to.
std::string ThreadId(const Notification& notification, std::string_view host) {
  return fmt::format("<group-{}@{}>", DigestToHex(Sha256(notification.group_key)).substr(0, 24),
                     host);
}

// "Pitot <a@b.c>" with the name encoded where it has to be.
std::string AddressText(std::string_view text) {
  const std::string bare = BareAddress(text);
  const size_t open = text.find('<');
  if (open == std::string_view::npos) return bare;
  std::string_view name = TrimText(text.substr(0, open));
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
    name = name.substr(1, name.size() - 2);
  }
  if (name.empty()) return bare;
  if (!IsPlain(name)) return fmt::format("{} <{}>", HeaderText(name), bare);
  std::string quoted;
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return fmt::format("\"{}\" <{}>", quoted, bare);
}

}  // namespace

std::string BareAddress(std::string_view text) {
  std::string_view address = TrimText(text);
  const size_t open = address.find('<');
  if (open != std::string_view::npos) {
    if (address.back() != '>') return {};
    address = address.substr(open + 1, address.size() - open - 2);
  }
  const size_t at = address.find('@');
  const bool good = at != std::string_view::npos && at > 0 && at + 1 < address.size() &&
                    IsPlain(address) && address.find_first_of(" <>,;\"") == std::string_view::npos;
  return good ? std::string(address) : std::string();
}

std::string HeaderText(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  if (IsPlain(line)) return line;
  constexpr size_t kWordMax = 75;  // With its frame.
  constexpr std::string_view kFrame = "=?utf-8?Q?";
  std::string out(kFrame);
  size_t column = kFrame.size();
  for (size_t at = 0; at < line.size();) {
    size_t end = at + 1;
    while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) ++end;
    std::string encoded;  // A character is whole within one word.
    for (; at < end; ++at) {
      const auto c = static_cast<unsigned char>(line[at]);
      const bool itself = std::isalnum(c) != 0 || c == '-' || c == '.' || c == '/' || c == ':';
      encoded += itself ? std::string(1, line[at]) : c == ' ' ? "_" : fmt::format("={:02X}", c);
    }
    if (column + encoded.size() + 2 > kWordMax) {
      out += fmt::format("?=\r\n {}", kFrame);
      column = kFrame.size();
    }
    out += encoded;
    column += encoded.size();
  }
  out += "?=";
  return out;
}

std::string QuotedPrintable(std::string_view text) {
  constexpr size_t kLineMax = 76;
  std::string out;
  size_t column = 0;
  const auto put = [&out, &column](std::string_view piece) {
    if (column + piece.size() > kLineMax - 1) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    if (c == '\n') {
      out += "\r\n";
      column = 0;
    } else if ((c > ' ' && c <= '~' && c != '=' && !(c == '.' && column == 0)) ||
               (c == ' ' && !ends_line)) {
      put(text.substr(i, 1));
    } else if (c != '\r') {
      // Also a dot that begins a line, which SMTP would otherwise have to double.
      put(fmt::format("={:02X}", c));
    }
  }
  return out;
}

std::string MailDate(UnixNanos at) {
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = at / kNanosPerSecond;
  std::tm time = {};
  ::gmtime_r(&seconds, &time);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[time.tm_wday], time.tm_mday,
                     kMonths[time.tm_mon], time.tm_year + 1900, time.tm_hour, time.tm_min,
                     time.tm_sec);
}

std::string MailOf(const Notification& notification, const MailAddresses& addresses,
                   const std::string& external_url) {
  TextOptions options;
  options.external_url = external_url;
  const NotificationText text = TextOf(notification, options);
  const std::string host = HostOfAddress(BareAddress(addresses.from));
  const std::string thread = ThreadId(notification, host);
  std::string to;
  for (const std::string& address : addresses.to) {
    to += (to.empty() ? "" : ",\r\n ") + AddressText(address);
  }
  std::string mail;
  const auto header = [&mail](std::string_view name, std::string_view value) {
    mail += fmt::format("{}: {}\r\n", name, value);
  };
  header("From", AddressText(addresses.from));
  header("To", to);
  header("Subject", HeaderText(Shortened(text.title, kSubjectBytesMax)));
  header("Date", MailDate(notification.at));
  header("Message-ID",
         fmt::format("<{}-{}-{}", notification.sequence, notification.at, thread.substr(1)));
  header("In-Reply-To", thread);
  header("References", thread);
  header("Auto-Submitted", "auto-generated");
  if (notification.firing() && notification.severity() == AlertSeverity::kPage) {
    header("X-Priority", "1");
  }
  header("MIME-Version", "1.0");
  header("Content-Type", "text/plain; charset=utf-8");
  header("Content-Transfer-Encoding", "quoted-printable");
  mail += "\r\n";
  mail += QuotedPrintable(PlainText(text, kMailWidth));
  return mail;
}

}  // namespace pitot
