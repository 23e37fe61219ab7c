#include "sdk/export/wire_span.h"

#include <array>
#include <string>

#include "pitot/version.h"

namespace pitot {
inline namespace sdk {
namespace {

struct KindRow {
  Kind kind;
  std::string_view operation;  // gen_ai.operation.name; empty: the conventions have none.
  bool client;
};
// Source: OpenTelemetry semantic conventions for generative AI, "gen_ai.operation.name".
constexpr std::array<KindRow, static_cast<size_t>(Kind::kEnd)> kKindRows = {{
    {Kind::kSpan, "", false},
    {Kind::kAgent, "invoke_agent", false},
    {Kind::kLlm, "chat", true},
    {Kind::kTool, "execute_tool", false},
    {Kind::kRetriever, "", true},
    {Kind::kEmbedding, "embeddings", true},
    {Kind::kReranker, "", true},
    {Kind::kGuardrail, "", false},
    {Kind::kEvaluator, "", false},
    {Kind::kChain, "", false},
}};

constexpr const KindRow& RowOf(Kind kind) { return kKindRows[static_cast<size_t>(kind)]; }
static_assert([] {
  for (size_t i = 0; i < kKindRows.size(); ++i) {
    if (kKindRows[i].kind != static_cast<Kind>(i)) return false;
  }
  return true;
}());

struct TagRow {
  std::string_view key;
  std::string Tags::*tag;
};
constexpr TagRow kTagRows[] = {
    {"pitot.feature", &Tags::feature},
    {"user.id", &Tags::user},
    {"session.id", &Tags::session},
    {"pitot.workflow", &Tags::workflow},
    {"gen_ai.agent.name", &Tags::agent},
    {"gen_ai.prompt.name", &Tags::prompt},
    {"gen_ai.prompt.version", &Tags::prompt_version},
};

// OpenTelemetry's resource conventions.
struct ResourceRow {
  std::string_view key;
  std::string ExportResource::*value;
};
constexpr ResourceRow kResourceRows[] = {
    {"service.name", &ExportResource::service},
    {"service.version", &ExportResource::release},
    {"service.instance.id", &ExportResource::instance},
    {"deployment.environment.name", &ExportResource::environment},
};

}  // namespace

const AttributeValue* Find(std::span<const Attribute> attributes, std::string_view key) {
  for (const Attribute& attribute : attributes) {
    if (attribute.key == key) return &attribute.value;
  }
  return nullptr;
}

const std::vector<Attribute>& WireAttributes::Of(const SpanData& span) {
  list_.clear();
  list_.push_back({kKindKey, Name(span.kind)});
  if (span.status == SpanStatus::kRunning) list_.push_back({kRunningKey, true});
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty() && Find(span.attributes, key) == nullptr) list_.push_back({key, value});
  };
  add("gen_ai.operation.name", RowOf(span.kind).operation);
  if (span.tags != nullptr) {
    for (const TagRow& row : kTagRows) add(row.key, span.tags->*row.tag);
  }
  for (const Attribute& attribute : span.attributes) {
    if (attribute.key != kKindKey && attribute.key != kRunningKey) list_.push_back(attribute);
  }
  return list_;
}

std::vector<Attribute> ResourceAttributes(const ExportResource& resource) {
  std::vector<Attribute> list;
  for (const ResourceRow& row : kResourceRows) {
    const std::string& value = resource.*row.value;
    if (!value.empty()) list.push_back({row.key, value});
  }
  list.push_back({"telemetry.sdk.name", kScopeName});
  list.push_back({"telemetry.sdk.language", "cpp"});
  list.push_back({"telemetry.sdk.version", kSdkVersion});
  for (const auto& [key, value] : resource.attributes) {
    if (Find(list, key) == nullptr) list.push_back({key, value});
  }
  return list;
}

bool IsClientKind(Kind kind) { return RowOf(kind).client; }

}  // namespace sdk
}  // namespace pitot
