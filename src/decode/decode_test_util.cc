#include "decode/decode_test_util.h"

#include <fmt/format.h>

#include <set>

#include "base/hex.h"
#include "decode/json_source.h"
#include "decode/text.h"

namespace pitot {
namespace {

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string Dump(std::span<const Attr> attributes, std::string_view indent) {
  std::string out;
  for (const Attr& attr : attributes) {
    out += fmt::format("{}{} = {}\n", indent, Quoted(attr.key), Dump(attr.value));
  }
  return out;
}

template <size_t N>
std::string IdText(const Id<N>& id) {
  return id.empty() ? "-" : ToHex(id.view());
}

std::string Dump(const RawSpan& span) {
  std::string out = fmt::format(
      "span {} trace={} parent={} name={} kind={} status={} message={} start={} end={}{} "
      "resource={} scope={}",
      IdText(span.span_id), IdText(span.trace_id), IdText(span.parent_span_id), Quoted(span.name),
      span.otel_kind, span.status_code, Quoted(span.status_message), span.start_ns, span.end_ns,
      span.running ? " running" : "", span.resource, span.scope);
  if (!span.kind_word.empty()) out += " word=" + Quoted(span.kind_word);
  out += "\n" + Dump(span.attributes, "  ");
  for (const RawEvent& event : span.events) {
    out += fmt::format("  event {} at={}\n", Quoted(event.name), event.time_ns);
    out += Dump(event.attributes, "    ");
  }
  for (const RawLink& link : span.links) {
    out += fmt::format("  link {} trace={}\n", IdText(link.span_id), IdText(link.trace_id));
    out += Dump(link.attributes, "    ");
  }
  return out;
}

std::string Dump(const RawLog& log) {
  return fmt::format(
             "log time={} observed={} severity={} {} event={} body={} trace={} span={} "
             "resource={} scope={}\n",
             log.time_ns, log.observed_ns, log.severity, Quoted(log.severity_text),
             Quoted(log.event_name), Dump(log.body), IdText(log.trace_id), IdText(log.span_id),
             log.resource, log.scope) +
         Dump(log.attributes, "  ");
}

std::string Dump(const RawPoint& point) {
  constexpr std::string_view kTypes[] = {"gauge", "sum", "histogram", "exp_histogram", "summary"};
  return fmt::format(
             "point {} unit={} type={} temporality={} monotonic={} start={} time={} value={} "
             "count={} detail={} resource={} scope={}\n",
             Quoted(point.metric), Quoted(point.unit), kTypes[static_cast<size_t>(point.type)],
             point.temporality, point.monotonic, point.start_ns, point.time_ns, point.value,
             point.count, point.detail, point.resource, point.scope) +
         Dump(point.attributes, "  ");
}

// Collects the first breach of a rule.
class Checker {
 public:
  Checker(const RawBatch& batch, const Limits& limits) : batch_(batch), limits_(limits) {}

  std::string Check() {
    for (const RawResource& resource : batch_.resources)
      Attributes("resource", resource.attributes);
    for (const RawScope& scope : batch_.scopes) {
      Text("scope.name", scope.name);
      Text("scope.version", scope.version);
      Attributes("scope", scope.attributes);
    }
    for (const RawSpan& span : batch_.spans) Span(span);
    for (const RawLog& log : batch_.logs) {
      Owner("log", log.resource, log.scope);
      Text("log.severity_text", log.severity_text);
      Text("log.event_name", log.event_name);
      Value("log.body", log.body);
      Attributes("log", log.attributes);
    }
    for (const RawPoint& point : batch_.points) {
      Owner("point", point.resource, point.scope);
      Text("point.metric", point.metric);
      Text("point.unit", point.unit);
      Value("point.detail", {.type = point.detail.empty() ? AttrType::kEmpty : AttrType::kString,
                             .text = point.detail});
      Attributes("point", point.attributes);
    }
    return breach_;
  }

 private:
  void Expect(bool kept, std::string_view what, std::string_view rule) {
    if (!kept && breach_.empty()) breach_ = fmt::format("{}: {}", what, rule);
  }

  void Span(const RawSpan& span) {
    Owner("span", span.resource, span.scope);
    Expect(!span.trace_id.empty() && !span.span_id.empty(), "span", "has no id");
    Expect(span.start_ns <= span.end_ns, "span", "ends before it starts");
    Text("span.name", span.name);
    Text("span.status_message", span.status_message);
    Text("span.kind_word", span.kind_word);
    Attributes("span", span.attributes);
    Expect(Within(span.events.size(), limits_.events), "span", "has too many events");
    Expect(Within(span.links.size(), limits_.events), "span", "has too many links");
    for (const RawEvent& event : span.events) {
      Text("event.name", event.name);
      Attributes("event", event.attributes);
    }
    for (const RawLink& link : span.links) Attributes("link", link.attributes);
  }

  void Owner(std::string_view what, uint32_t resource, uint32_t scope) {
    Expect(resource < batch_.resources.size(), what, "refers to a resource that is not there");
    Expect(scope < batch_.scopes.size(), what, "refers to a scope that is not there");
  }

  static bool Within(size_t size, int64_t limit) { return size <= static_cast<size_t>(limit); }

  void Text(std::string_view what, std::string_view text) {
    constexpr int64_t kMarkBytes = 100;
    Expect(Within(text.size(), limits_.payload_bytes + kMarkBytes), what, "is too long");
    // Byte by byte, so that a sanitizer sees every one read.
    std::string mended;
    AppendMended(text, mended);
    Expect(mended == text, what, "is no UTF-8");
  }

  void Value(std::string_view what, const AttrValue& value) {
    if (value.type == AttrType::kBytes) {
      Expect(Within(value.text.size(), limits_.payload_bytes), what, "has too many bytes");
      return;
    }
    Text(what, value.text);
    if (value.type == AttrType::kJson) {
      Expect(FindJsonFlaw(value.text).words.empty(), what, "is no JSON");
      Expect(value.text.starts_with('[') || value.text.starts_with('{'), what, "is no container");
    } else if (value.type != AttrType::kString) {
      Expect(value.text.empty(), what, "has a text that its type has not");
    }
  }

  void Attributes(std::string_view what, std::span<const Attr> attributes) {
    Expect(Within(attributes.size(), limits_.attributes), what, "has too many attributes");
    std::set<std::string_view> keys;
    for (const Attr& attr : attributes) {
      Text("key", attr.key);
      Value("attribute", attr.value);
      Expect(keys.insert(attr.key).second, what, "has a key twice");
    }
  }

  const RawBatch& batch_;
  const Limits& limits_;
  std::string breach_;
};

}  // namespace

std::string Dump(const AttrValue& value) {
  switch (value.type) {
    case AttrType::kEmpty:
      return "empty";
    case AttrType::kString:
      return "string " + Quoted(value.text);
    case AttrType::kBool:
      return value.boolean ? "bool true" : "bool false";
    case AttrType::kInt:
      return fmt::format("int {}", value.integer);
    case AttrType::kDouble:
      return fmt::format("double {}", value.number);
    case AttrType::kBytes:
      return "bytes " + ToHex(value.text);
    case AttrType::kJson:
      return fmt::format("json {}", value.text);
  }
  return "?";
}

std::string Dump(const RawBatch& batch) {
  std::string out;
  for (size_t i = 0; i < batch.resources.size(); ++i) {
    out += fmt::format("resource {}\n", i) + Dump(batch.resources[i].attributes, "  ");
  }
  for (size_t i = 0; i < batch.scopes.size(); ++i) {
    const RawScope& scope = batch.scopes[i];
    out +=
        fmt::format("scope {} name={} version={}\n", i, Quoted(scope.name), Quoted(scope.version)) +
        Dump(scope.attributes, "  ");
  }
  for (const RawSpan& span : batch.spans) out += Dump(span);
  for (const RawLog& log : batch.logs) out += Dump(log);
  for (const RawPoint& point : batch.points) out += Dump(point);
  return out;
}

std::string Dump(const DropCounts& drops) {
  std::string out;
  for (const DropRow& row : kDropRows) {
    if (drops[row.drop] > 0) out += fmt::format("drop {} {}\n", row.name, drops[row.drop]);
  }
  if (!drops.first_refusal.empty()) out += "refusal " + drops.first_refusal + "\n";
  return out;
}

std::string FindBreach(const RawBatch& batch, const Limits& limits) {
  return Checker(batch, limits).Check();
}

uint64_t Refused(const DropCounts& drops) {
  return uint64_t{drops[Drop::kSpanIdInvalid]} + drops[Drop::kSpanMalformed] +
         drops[Drop::kLogMalformed] + drops[Drop::kPointMalformed];
}

}  // namespace pitot
