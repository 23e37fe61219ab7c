// Anthropic Messages requests. Sources: the types of @anthropic-ai/sdk, its beta part included.
#include <algorithm>

#include "wire/blocks.h"
#include "wire/request_parts.h"

namespace pitot {
namespace {

constexpr int kNestingMax = 8;  // Of content within tool results; deeper is passed over.

// Tools by the beginning of their type. What the provider runs has results the body does not show; of
// what the client runs under a type of Anthropic's, the schema is added there.
struct ToolRow {
  std::string_view prefix;
  bool server;
  int64_t schema_tokens;
};
constexpr ToolRow kTools[] = {
    {"web_search_", true, 0},     {"web_fetch_", true, 0},        {"code_execution_", true, 0},
    {"advisor_", true, 0},        {"tool_search_", true, 0},      {"mcp_toolset", true, 0},
    {"bash_", false, 1'000},      {"text_editor_", false, 2'000}, {"memory_", false, 3'000},
    {"computer_", false, 10'000}, {"browser_", false, 20'000},
};
class AnthropicRequest final : public RequestReader {
 public:
  using RequestReader::RequestReader;

  bool TakeMember(std::string_view key, JsonCursor& cursor) override;

 private:
  // Where an image or document has its bytes.
  struct Source {
    std::string_view type;
    std::string_view data;
  };

  bool ReadMetadata(JsonCursor& cursor);
  bool ReadSystem(JsonCursor& cursor);
  bool ReadTools(JsonCursor& cursor);
  bool ReadTool(JsonCursor& cursor);
  bool ReadMessages(JsonCursor& cursor);
  bool ReadMessage(JsonCursor& cursor);
  // `draft`, unless null, gets texts, calls and results.
  bool ReadContent(JsonCursor& cursor, MessageDraft* draft, int depth);
  bool ReadBlock(JsonCursor& cursor, MessageDraft* draft, int depth);
  bool ReadSource(JsonCursor& cursor, Source* source, int depth);
  bool ReadCacheControl(JsonCursor& cursor);
  void CountMedia(std::string_view type, const Source& source);
};

bool AnthropicRequest::TakeMember(std::string_view key, JsonCursor& cursor) {
  std::string_view raw;
  if (key == "model") return ReadText(cursor, &out_.model);
  if (key == "max_tokens") return ReadWhole(cursor, &out_.max_tokens);
  if (key == "stream") return ReadBool(cursor, &out_.streamed);
  if (key == "temperature") return ReadNumber(cursor, &out_.temperature);
  if (key == "metadata") return ReadMetadata(cursor);
  if (key == "system") return ReadSystem(cursor);
  if (key == "tools") return ReadTools(cursor);
  if (key == "messages") return ReadMessages(cursor);
  if (key == "cache_control") return ReadCacheControl(cursor);
  if (!ReadRaw(cursor, &raw)) return false;
  if (raw.empty()) return true;
  if (key == "service_tier" && out_.service_tier.empty()) out_.service_tier = Text(raw);
  if (key == "speed" && raw == R"("fast")") out_.service_tier = "fast";
  if (key == "mcp_servers" && raw != "[]") ServerTool("mcp");
  if (key == "thread") Unbounded("thread");
  if (key == "fallbacks") Unbounded("fallbacks");
  if (key == "compaction") Unbounded("compaction");
  if (key == "context_management" && raw.find("\"compact") != std::string_view::npos) {
    Unbounded("compaction");
  }
  return true;
}

bool AnthropicRequest::ReadMetadata(JsonCursor& cursor) {
  return VisitMembers(cursor, [&](std::string_view key) {
    return key == "user_id" ? ReadText(cursor, &out_.user) : cursor.Skip();
  });
}

bool AnthropicRequest::ReadCacheControl(JsonCursor& cursor) {
  std::string_view raw;
  if (!ReadRaw(cursor, &raw)) return false;
  CacheTtl(raw);
  return true;
}

bool AnthropicRequest::ReadSystem(JsonCursor& cursor) {
  cursor.Peek();
  const char* const from = cursor.position();
  if (!ReadContent(cursor, nullptr, 0)) return false;
  out_.system = {from, static_cast<size_t>(cursor.position() - from)};
  if (IsNull(out_.system)) out_.system = {};
  return true;
}

bool AnthropicRequest::ReadTools(JsonCursor& cursor) {
  cursor.Peek();
  const char* const from = cursor.position();
  if (!VisitElements(cursor, [&] { return ReadTool(cursor); })) return false;
  out_.tools = {from, static_cast<size_t>(cursor.position() - from)};
  if (IsNull(out_.tools)) out_.tools = {};
  return true;
}

bool AnthropicRequest::ReadTool(JsonCursor& cursor) {
  std::string type;
  const bool read = VisitMembers(cursor, [&](std::string_view key) {
    if (key == "type") return ReadText(cursor, &type);
    if (key == "cache_control") return ReadCacheControl(cursor);
    return cursor.Skip();
  });
  if (!read || type.empty() || type == "custom") return read;
  const auto* const row = std::ranges::find_if(
      kTools, [&](const ToolRow& known) { return type.starts_with(known.prefix); });
  if (row == std::end(kTools)) {
    ServerTool(type);  // Newer than the table: taken to be the provider's, the safe reading.
  } else if (row->server) {
    const std::string_view name = row->prefix;  // Without its version.
    ServerTool(name.substr(0, name.find_last_not_of('_') + 1));
  } else {
    out_.hidden_tokens_max += row->schema_tokens;
  }
  return true;
}

bool AnthropicRequest::ReadMessages(JsonCursor& cursor) {
  out_.messages.clear();
  return VisitElements(cursor, [&] { return ReadMessage(cursor); });
}

bool AnthropicRequest::ReadMessage(JsonCursor& cursor) {
  MessageDraft draft;
  MessageDraft* const wanted = want_messages_ ? &draft : nullptr;
  cursor.Peek();
  const char* const from = cursor.position();
  const bool read = VisitMembers(cursor, [&](std::string_view key) {
    if (key == "role" && want_messages_) return ReadText(cursor, &draft.message.role);
    if (key == "content") return ReadContent(cursor, wanted, 0);
    return cursor.Skip();
  });
  if (!read) return false;
  if (want_messages_) {
    draft.Give({from, static_cast<size_t>(cursor.position() - from)}, out_.messages);
  }
  return true;
}

bool AnthropicRequest::ReadContent(JsonCursor& cursor, MessageDraft* draft, int depth) {
  if (depth > kNestingMax) return cursor.Skip();
  if (cursor.Peek() != '"') {
    return VisitElements(cursor, [&] { return ReadBlock(cursor, draft, depth); });
  }
  std::string_view text;
  if (!cursor.String(&text)) return false;
  if (draft != nullptr) draft->AddText(text);
  return true;
}

bool AnthropicRequest::ReadBlock(JsonCursor& cursor, MessageDraft* draft, int depth) {
  cursor.Peek();
  const char* const from = cursor.position();
  std::string_view type;
  Source source;
  const bool read = VisitMembers(cursor, [&](std::string_view key) {
    if (key == "type") {
      std::string_view raw;
      if (!cursor.Value(&raw)) return false;
      type = Inside(raw);
      return true;
    }
    if (key == "source") return ReadSource(cursor, &source, depth);
    if (key == "content") return ReadContent(cursor, nullptr, depth + 1);
    if (key == "cache_control") return ReadCacheControl(cursor);
    return cursor.Skip();
  });
  if (!read) return false;
  if (type == "image" || type == "document") CountMedia(type, source);
  if (type == "container_upload") Unbounded("file input");
  if (draft == nullptr) return true;
  if (type == "image" || type == "document") {
    draft->has_text = true;
    return true;
  }
  AnthropicBlock block;
  block.Read({from, static_cast<size_t>(cursor.position() - from)});
  if (block.type == "text") draft->AddText(Inside(block.text));
  if (block.is_call()) draft->message.calls.push_back(block.Call());
  if (block.is_result()) draft->message.results.push_back(block.Result());
  return true;
}

bool AnthropicRequest::ReadSource(JsonCursor& cursor, Source* source, int depth) {
  return VisitMembers(cursor, [&](std::string_view key) {
    if (key == "content") return ReadContent(cursor, nullptr, depth + 1);
    std::string_view raw;
    if (!cursor.Value(&raw)) return false;
    if (key == "type") source->type = Inside(raw);
    if (key == "data") source->data = Inside(raw);
    return true;
  });
}

void AnthropicRequest::CountMedia(std::string_view type, const Source& source) {
  if (source.type == "base64") Media(source.data);
  if (type == "image") Image();
  if (source.type == "url") Unbounded(type == "image" ? "image url" : "file url");
  if (source.type == "file") Unbounded("file input");
  // How many pages a PDF has its size does not say.
  if (type == "document" && source.type == "base64") Unbounded("document");
}

}  // namespace

std::unique_ptr<RequestReader> NewAnthropicRequest(WireRequest& out, bool want_messages) {
  return std::make_unique<AnthropicRequest>(out, want_messages);
}

}  // namespace pitot
