#include "ingest/quarantine.h"

#include "base/file.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/status.h"
#include "store/tables/attr_json.h"

namespace pitot {

void Quarantine::Put(std::string_view what, std::string_view name, const absl::Status& error,
                     std::string_view bytes) {
  receipts_.AddLater(Drop::kQuarantined);
  LogError("quarantine: {} {}: {}", what, name, Message(error));
  if (++files_ > files_max_) return;
  const std::string path = fmt::format("{}/{}.json", folder_, name);
  std::string text;
  const auto member = [&text](std::string_view key, std::string_view value) {
    text += text.empty() ? "{" : ",";
    AppendJsonString(key, text);
    text += ':';
    AppendJsonString(value, text);
  };
  member("what", what);
  member("name", name);
  member("error", Message(error));
  member("bytes_hex", ToHex(bytes));
  text += "}\n";
  absl::Status written = MakeFolders(folder_);
  if (written.ok()) written = WriteFileAtomic(path, text);
  if (!written.ok()) LogError("quarantine: {} could not be kept: {}", name, Message(written));
}

}  // namespace pitot
