// sdk/track/text.h
//
// Figures as people and programs read them. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/money.h"

namespace pitot {
inline namespace sdk {

// "1,204"
std::string WithThousands(uint64_t value);
// "1,204", from ten million on "12.3 M", "4.56 G": nine characters at most.
std::string Compact(uint64_t value);

// Three digits and a unit: "412 ms", "1.90 s", "12.5 min".
std::string FormatDuration(int64_t nanoseconds);

// With that many decimals, rounded half up, without the dollar sign: "12.40".
std::string DecimalUsd(NanoUsd amount, int decimals);
// "$12.40" or "-$12.40", of what DecimalUsd made.
std::string WithDollar(std::string_view decimal);
// For a sentence, "$12.40": two decimals from a dollar on, four from a cent on, else all there are.
std::string ShortUsd(NanoUsd amount);

// "62 %", below ten "6.2 %". Of a share: 0.62.
std::string FormatPercent(double share);

// The shortest text that reads back as the same number, without a needless exponent; `null` for what is
// no number in JSON.
std::string FormatDouble(double value);

// Characters on a terminal, each code point taken as one.
size_t TextWidth(std::string_view text);
// What a terminal would act on, and bytes that are not UTF-8, as '?'; no wider than `width`, which is
// told by "..." at the end. REQUIRES: width >= 4.
std::string FitText(std::string_view text, size_t width);
std::string PadLeft(std::string_view text, size_t width);
std::string PadRight(std::string_view text, size_t width);

}  // namespace sdk
}  // namespace pitot
