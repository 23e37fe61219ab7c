// The catalogue's files, put into the program by the assembler: neither the preprocessor nor the
// compiler has to read a quarter of a megabyte of text.
#include "price/catalogue.h"

// clang-format off
#define PITOT_EMBED(symbol, file)            \
  asm(".pushsection .rodata, \"a\"\n"        \
      ".global " #symbol "_begin\n"          \
      ".hidden " #symbol "_begin\n"          \
      #symbol "_begin:\n"                    \
      ".incbin \"" file "\"\n"               \
      ".global " #symbol "_end\n"            \
      ".hidden " #symbol "_end\n"            \
      #symbol "_end:\n"                      \
      ".byte 0\n"                            \
      ".popsection\n");                      \
  extern "C" const char symbol##_begin[] __attribute__((visibility("hidden"))); \
  extern "C" const char symbol##_end[] __attribute__((visibility("hidden")))
// clang-format on

PITOT_EMBED(pitot_catalog_prices, PITOT_CATALOG_DIR "/prices.json");
PITOT_EMBED(pitot_catalog_rules, PITOT_CATALOG_DIR "/pricing_rules.json");

namespace pitot {

std::string_view BuiltInPrices() { return {pitot_catalog_prices_begin, pitot_catalog_prices_end}; }
std::string_view BuiltInRules() { return {pitot_catalog_rules_begin, pitot_catalog_rules_end}; }

}  // namespace pitot
