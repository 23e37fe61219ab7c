#include "query/sql_files.h"

#include <cstdlib>

namespace pitot {

std::string_view SqlFile(std::string_view name) {
  for (const EmbeddedText& file : SqlFiles()) {
    if (file.name != name) continue;
    // Comments stand at the top only, so that the engine's messages show none of them.
    std::string_view text = file.text;
    while (text.starts_with("--")) text.remove_prefix(text.find('\n') + 1);
    return text;
  }
  std::abort();
}

}  // namespace pitot
