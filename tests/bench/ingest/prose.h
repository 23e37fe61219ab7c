// tests/bench/ingest/prose.h
//
// Random words that compress about as text does: few words are frequent, most are rare.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pitot {

class Prose {
 public:
  Prose() {
    std::mt19937 random(5);  // Always the same vocabulary.
    words_.reserve(kWords);
    for (size_t i = 0; i < kWords; ++i) {
      std::string word(2 + random() % 9, ' ');
      for (char& letter : word) letter = static_cast<char>('a' + random() % 26);
      words_.push_back(std::move(word));
    }
  }

  // At least `bytes` of words, each followed by a space.
  std::string Text(size_t bytes, std::mt19937_64& random) const {
    std::string text;
    while (text.size() < bytes) {
      // The product of two uniform numbers: low indices are the frequent words.
      const uint64_t draw = random();
      text += words_[(draw % kWords) * (draw >> 32 & 0xfff) / 4096];
      text += ' ';
    }
    return text;
  }

 private:
  static constexpr size_t kWords = 4000;
  std::vector<std::string> words_;
};

}  // namespace pitot
