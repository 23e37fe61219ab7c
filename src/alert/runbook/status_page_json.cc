// What a status page says, read leniently: whatever is not understood is unknown, never fine.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "alert/runbook/status_page_files.h"
#include "alert/runbook/status_pages.h"
#include "base/text.h"
#include "decode/instant.h"

namespace pitot {
namespace json = boost::json;
namespace {

constexpr size_t kTextBytes = 300;
constexpr size_t kIncidentsMax = 5;

std::optional<json::object> ParseObject(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string TextIn(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return "";
  std::string out(text->data(), std::min(text->size(), kTextBytes));
  // Cut between characters.
  while (text->size() > out.size() && !out.empty() &&
         (static_cast<uint8_t>(out.back()) & 0xC0) == 0x80) {
    out.pop_back();
  }
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return out;
}

const json::array* ListIn(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

PageState StateOfComponent(std::string_view status) {
  if (status == "operational") return PageState::kOk;
  if (status == "under_maintenance") return PageState::kMaintenance;
  if (status == "degraded_performance") return PageState::kDegraded;
  if (status == "partial_outage" || status == "major_outage" || status == "full_outage") {
    return PageState::kOutage;
  }
  return PageState::kUnknown;
}

PageState StateOfIndicator(std::string_view indicator) {
  if (indicator == "none") return PageState::kOk;
  if (indicator == "maintenance") return PageState::kMaintenance;
  if (indicator == "minor") return PageState::kDegraded;
  if (indicator == "major" || indicator == "critical") return PageState::kOutage;
  return PageState::kUnknown;
}

bool Watched(const std::vector<std::string>& components, std::string_view name) {
  return components.empty() || std::ranges::any_of(components, [&](const std::string& c) {
           return EqualsIgnoreCase(c, name);
         });
}

bool IsOpen(std::string_view status) { return status != "resolved" && status != "postmortem"; }

void ReadIncidents(const json::array& list, PageReport& report) {
  for (const json::value& value : list) {
    const json::object* incident = value.if_object();
    if (incident == nullptr) continue;
    PageIncident out;
    out.name = TextIn(*incident, "name");
    out.impact = TextIn(*incident, "impact");
    out.status = TextIn(*incident, "status");
    out.url = TextIn(*incident, "shortlink");
    if (!IsOpen(out.status)) continue;
    std::string began = TextIn(*incident, "started_at");
    if (began.empty()) began = TextIn(*incident, "created_at");
    out.started_at = ParseRfc3339(began).value_or(0);
    const json::array* updates = ListIn(*incident, "incident_updates");
    if (updates != nullptr && !updates->empty() && (*updates)[0].is_object()) {
      out.last_update = TextIn((*updates)[0].get_object(), "body");
    }
    report.incidents.push_back(std::move(out));
  }
  std::ranges::stable_sort(
      report.incidents, [](const auto& a, const auto& b) { return a.started_at > b.started_at; });
  if (report.incidents.size() > kIncidentsMax) report.incidents.resize(kIncidentsMax);
}

}  // namespace

std::optional<StatusPageOptions> KnownStatusPage(std::string_view provider) {
  const auto catalogue = ParseObject(StatusPageFiles()[0].text);
  const json::array* pages = catalogue ? ListIn(*catalogue, "pages") : nullptr;
  for (size_t i = 0; pages != nullptr && i < pages->size(); ++i) {
    const json::object* page = (*pages)[i].if_object();
    if (page == nullptr || TextIn(*page, "provider") != provider) continue;
    StatusPageOptions out;
    out.provider = provider;
    out.url = TextIn(*page, "url");
    const json::array* components = ListIn(*page, "components");
    for (size_t at = 0; components != nullptr && at < components->size(); ++at) {
      if (const json::string* name = (*components)[at].if_string()) {
        out.components.emplace_back(name->data(), name->size());
      }
    }
    return out;
  }
  return std::nullopt;
}

bool NeedsIncidents(std::string_view summary_json) {
  const auto summary = ParseObject(summary_json);
  return summary && ListIn(*summary, "incidents") == nullptr;
}

PageReport ParseStatusPage(std::string_view summary_json, std::string_view incidents_json,
                           const std::vector<std::string>& components) {
  PageReport report;
  const auto summary = ParseObject(summary_json);
  if (!summary) {
    report.description = "the answer is no JSON object";
    return report;
  }
  const json::value* status = summary->if_contains("status");
  const json::object* page = status == nullptr ? nullptr : status->if_object();
  const std::string indicator = page == nullptr ? "" : TextIn(*page, "indicator");
  if (page != nullptr) report.description = TextIn(*page, "description");

  const json::array* incidents = ListIn(*summary, "incidents");
  std::optional<json::object> more;
  if (incidents == nullptr && (more = ParseObject(incidents_json))) {
    incidents = ListIn(*more, "incidents");
  }
  if (incidents != nullptr) ReadIncidents(*incidents, report);

  PageState worst = PageState::kUnknown;
  int watched = 0;
  if (const json::array* list = ListIn(*summary, "components")) {
    for (const json::value& value : *list) {
      const json::object* component = value.if_object();
      if (component == nullptr) continue;
      const std::string name = TextIn(*component, "name");
      if (!Watched(components, name)) continue;
      const std::string word = TextIn(*component, "status");
      const PageState state = StateOfComponent(word);
      ++watched;
      worst = std::max(worst, state);
      if (state != PageState::kOk) report.components.push_back({name, word});
    }
  }
  if (!components.empty()) {
    // Only these matter: an outage of something else is none.
    if (watched == 0) {
      report.description = "the page names none of the components that are watched";
      return report;
    }
    report.state = worst;
  } else {
    report.state = std::max(worst, StateOfIndicator(indicator));
  }
  if (report.state == PageState::kUnknown && report.description.empty()) {
    report.description = "the page's form is not known";
  }
  return report;
}

}  // namespace pitot
