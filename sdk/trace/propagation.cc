#include "pitot/propagation.h"

#include <unistd.h>

#include <array>
#include <cstdlib>

#include "wire/trace_context.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr size_t kTraceStateChars = 512;

// Where a tag travels. Of the other names, which programs with another SDK use, tags are filled too;
// those entries stay in the baggage, as they are not ours.
struct TagRow {
  std::string Tags::*tag;
  std::string_view key;
  std::string_view other;
};
constexpr TagRow kTags[] = {
    {&Tags::feature, "pitot.feature", "feature"},
    {&Tags::user, "pitot.user", "user.id"},
    {&Tags::session, "pitot.session", "session.id"},
    {&Tags::workflow, "pitot.workflow", ""},
    {&Tags::agent, "pitot.agent", ""},
    {&Tags::prompt, "pitot.prompt", ""},
    {&Tags::prompt_version, "pitot.prompt_version", ""},
};

struct Variable {
  std::string_view name;
  std::string_view header;
};
constexpr Variable kVariables[] = {
    {"TRACEPARENT", "traceparent"}, {"TRACESTATE", "tracestate"}, {"BAGGAGE", "baggage"}};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string TraceStateOf(const Context& context) {
  if (context.trace_state().empty()) return {};
  return FormatTraceState(ParseTraceState(context.trace_state()), kTraceStateChars);
}

std::string BaggageOf(const Context& context) {
  std::vector<BaggageMember> members;
  // Tags first: when the limit cuts, they are what somebody counts money by.
  const Tags& tags = context.tags();
  for (const TagRow& row : kTags) {
    const std::string& value = tags.*row.tag;
    if (!value.empty()) members.push_back({std::string(row.key), value, {}});
  }
  const size_t tagged = members.size();
  for (const auto& [key, value] : context.baggage()) {
    const bool is_tag = std::ranges::any_of(
        members.begin(), members.begin() + static_cast<ptrdiff_t>(tagged),
        [&key = key](const BaggageMember& member) { return member.key == key; });
    if (!is_tag) members.push_back({key, value, {}});
  }
  return FormatBaggage(members);
}

Context WithTraceState(const Context& context, std::string_view header,
                       std::vector<std::string>& problems) {
  std::string problem;
  const std::vector<TraceStateMember> members = ParseTraceState(header, &problem);
  if (!problem.empty()) problems.push_back(std::move(problem));
  if (members.empty()) return context;
  const std::string whole = FormatTraceState(members, std::string::npos);
  std::string state = FormatTraceState(members, kTraceStateChars);
  if (state.size() < whole.size()) {
    problems.push_back("tracestate of " + std::to_string(whole.size()) +
                       " characters cut to whole members of at most " +
                       std::to_string(kTraceStateChars));
  }
  return state.empty() ? context : context.with_trace_state(std::move(state));
}

Context WithBaggage(const Context& context, std::string_view header,
                    std::vector<std::string>& problems) {
  const std::vector<BaggageMember> members = ParseBaggage(header, &problems);
  Tags tags;
  for (const TagRow& row : kTags) {
    std::string_view value = FindBaggage(members, row.key).value_or("");
    if (value.empty() && !row.other.empty()) value = FindBaggage(members, row.other).value_or("");
    tags.*row.tag = value;
  }
  Baggage rest;
  for (const BaggageMember& member : members) {
    if (std::ranges::find(kTags, member.key, &TagRow::key) != std::end(kTags)) continue;
    rest.emplace_back(member.key, member.value);
  }
  Context out = context;
  if (!rest.empty()) out = out.with_baggage(std::move(rest));
  return tags == Tags() ? out : out.with_tags(tags);
}

// Repeated headers mean what one with commas does.
void Join(std::string_view value, std::string& list) {
  if (!list.empty()) list += ',';
  list += value;
}

bool IsOurs(std::string_view variable) {
  const std::string_view name = variable.substr(0, variable.find('='));
  return std::ranges::find(kVariables, name, &Variable::name) != std::end(kVariables);
}

}  // namespace

namespace propagation {

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

bool wanted(std::string_view name) {
  return std::ranges::any_of(kPropagationHeaders,
                             [name](std::string_view header) { return same_name(name, header); });
}

std::vector<Field> fields_of(const Context& context, const InjectOptions& options) {
  std::vector<Field> fields;
  if (context.valid()) {
    TraceParent parent;
    parent.trace_id = context.trace_id().bytes;
    parent.parent_id = context.span_id().bytes;
    parent.sampled = context.sampled();
    fields.push_back({"traceparent", FormatTraceParent(parent)});
    if (std::string state = TraceStateOf(context); !state.empty()) {
      fields.push_back({"tracestate", std::move(state)});
    }
  }
  if (options.baggage) {
    if (std::string baggage = BaggageOf(context); !baggage.empty()) {
      fields.push_back({"baggage", std::move(baggage)});
    }
  }
  return fields;
}

Extracted read(const std::vector<std::pair<std::string_view, std::string_view>>& fields) {
  size_t parents = 0;
  bool has_state = false;
  std::string_view parent_text;
  std::string state;
  std::string baggage;
  for (const auto& [name, value] : fields) {
    if (same_name(name, "traceparent")) {
      ++parents;
      parent_text = value;
    } else if (same_name(name, "tracestate")) {
      has_state = true;
      Join(value, state);
    } else if (same_name(name, "baggage")) {
      Join(value, baggage);
    }
  }
  Extracted out;
  std::optional<TraceParent> parent;
  if (parents == 1) {
    std::string problem;
    parent = ParseTraceParent(parent_text, &problem);
    if (!parent) out.problems.push_back(std::move(problem));
  } else if (parents > 1) {
    out.problems.push_back("traceparent is there " + std::to_string(parents) +
                           " times: none is used");
  } else if (has_state) {
    out.problems.push_back("tracestate without a traceparent left out");
  }
  if (parent) {
    out.context = Context(TraceId{parent->trace_id}, SpanId{parent->parent_id}, parent->sampled);
    out.context = WithTraceState(out.context, state, out.problems);
  }
  out.context = WithBaggage(out.context, baggage, out.problems);
  return out;
}

}  // namespace propagation

Extracted extract_from_environment() {
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  for (const Variable& variable : kVariables) {
    const char* const value = std::getenv(variable.name.data());
    // An empty variable is how shells say that there is none.
    if (value != nullptr && *value != '\0') fields.emplace_back(variable.header, value);
  }
  return propagation::read(fields);
}

ChildEnvironment::ChildEnvironment(std::vector<std::string> variables)
    : variables_(std::make_unique<std::vector<std::string>>(std::move(variables))) {
  for (std::string& variable : *variables_) pointers_.push_back(variable.data());
  pointers_.push_back(nullptr);
}

ChildEnvironment child_environment(const Context& context, std::vector<std::string> base,
                                   const InjectOptions& options) {
  std::erase_if(base, IsOurs);
  for (const propagation::Field& field : propagation::fields_of(context, options)) {
    const auto* const variable = std::ranges::find(kVariables, field.name, &Variable::header);
    std::string text(variable->name);
    base.push_back(text.append("=").append(field.value));
  }
  return ChildEnvironment(std::move(base));
}

ChildEnvironment child_environment(const Context& context, const InjectOptions& options) {
  std::vector<std::string> base;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    base.emplace_back(*variable);
  }
  return child_environment(context, std::move(base), options);
}

}  // namespace sdk
}  // namespace pitot
