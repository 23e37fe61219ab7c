// price/book_entry.h
//
// Inside price/: what the names of a call resolved to, and words of names.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "price/catalogue.h"
#include "price/price.h"

namespace pitot {

struct PriceBook::Entry {
  std::vector<uint32_t> overrides;  // Those whose names fit, in order.
  const CatalogueModel* model = nullptr;
  PriceConfidence confidence = PriceConfidence::kNone;
  bool guessed = false;  // The provider was not one the catalogue knows.
};

// `text` in any case is the lower-case word.
inline bool SameWord(std::string_view lower, std::string_view text) {
  return lower.size() == text.size() && std::ranges::equal(lower, text, [](char l, char c) {
           return l == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
         });
}

inline bool HasWord(const std::vector<std::string>& words, std::string_view text) {
  return std::ranges::any_of(words, [&](const std::string& w) { return SameWord(w, text); });
}

inline bool HasPricedName(std::string_view provider, std::string_view model) {
  return !model.empty() && std::max(provider.size(), model.size()) <= kPricedNameBytesMax;
}

}  // namespace pitot
