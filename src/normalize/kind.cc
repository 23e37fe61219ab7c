#include "normalize/kind.h"

#include <algorithm>

#include "normalize/dialect.h"

namespace pitot {
namespace {

constexpr std::string_view kPlainSpanWords[] = {"span", "event", "http", "db", "internal"};

constexpr std::string_view kVectorStores[] = {
    "pinecone", "chroma", "chromadb", "qdrant",   "weaviate", "milvus",         "lancedb",
    "faiss",    "vespa",  "marqo",    "pgvector", "astra",    "azure_ai_search"};

bool Contains(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

Kind KindOfMcpMethod(std::string_view method) {
  return method == "resources/read" || method == "prompts/get" ? Kind::kRetriever : Kind::kTool;
}

}  // namespace

std::optional<Kind> KindOfWord(std::string_view lower_word) {
  if (const Kind* const kind = FindKindWord(lower_word)) return *kind;
  // Operations on memories have many names.
  if (lower_word.starts_with("memory") || lower_word.ends_with("_memory") ||
      lower_word.ends_with("_memory_store")) {
    return Kind::kRetriever;
  }
  return std::nullopt;
}

Kind DetectKind(const KindClues& clues) {
  if (!clues.kind_word.empty()) {
    if (const std::optional<Kind> kind = KindOfWord(clues.kind_word)) return *kind;
    if (Contains(kPlainSpanWords, clues.kind_word)) return Kind::kSpan;
  }
  if (clues.word) return *clues.word;
  if (!clues.mcp_method.empty()) return KindOfMcpMethod(clues.mcp_method);
  // With usage it is a model call that mentions the tools it offered.
  if (clues.has_tool && !clues.has_usage) return Kind::kTool;
  if (clues.has_vector_attribute || Contains(kVectorStores, clues.db_system)) {
    return Kind::kRetriever;
  }
  if (clues.has_guard_attribute) return Kind::kGuardrail;
  if (clues.has_model && (clues.has_usage || clues.has_messages)) return Kind::kLlm;
  return Kind::kSpan;
}

}  // namespace pitot
