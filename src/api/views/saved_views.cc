#include "api/views/saved_views.h"

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>

#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "gateway/keys/secret.h"
#include "store/state.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr std::string_view kKind = "view";
constexpr size_t kIdChars = 16;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

size_t Characters(std::string_view utf8) {
  return std::ranges::count_if(utf8, [](char c) { return (c & 0xc0) != 0x80; });
}

absl::StatusOr<std::string> TextOf(std::string_view name, const json::value& value) {
  if (!value.is_string()) return InvalidArgument("{} must be a text", name);
  return std::string(value.get_string());
}

absl::Status CheckName(std::string_view name) {
  if (name.empty()) return InvalidArgument("name is missing: a view needs one");
  if (const size_t chars = Characters(name); chars > kViewNameCharsMax) {
    return InvalidArgument("name has {} characters; at most {} are possible", chars,
                           kViewNameCharsMax);
  }
  if (std::ranges::any_of(name, IsControl)) {
    return InvalidArgument("name has control characters");
  }
  return absl::OkStatus();
}

// A path of our own pages: what is opened later must not lead elsewhere, as //host would.
absl::Status CheckPage(std::string_view page) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/_.-").find(c) != std::string_view::npos;
  };
  if (page.starts_with('/') && page.find("//") == std::string_view::npos &&
      page.size() <= kViewPageBytesMax && std::ranges::all_of(page, is_plain)) {
    return absl::OkStatus();
  }
  return InvalidArgument("page \"{}\" is no path of a page: write /traces, with at most {} of {}",
                         page.substr(0, kViewPageBytesMax), kViewPageBytesMax,
                         "A-Z a-z 0-9 / _ . -");
}

absl::StatusOr<std::map<std::string, std::string>> SearchOf(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return InvalidArgument("search must be an object of texts");
  if (object->size() > kViewSearchMax) {
    return InvalidArgument("search has {} members; at most {} are possible", object->size(),
                           kViewSearchMax);
  }
  std::map<std::string, std::string> search;
  size_t bytes = 0;
  for (const auto& [name, member] : *object) {
    ASSIGN_OR_RETURN(std::string text, TextOf("a member of search", member));
    bytes += name.size() + text.size();
    search.emplace(std::string(name), std::move(text));
  }
  if (bytes > kViewSearchBytesMax) {
    return InvalidArgument("search has {} bytes; at most {} are possible", bytes,
                           kViewSearchBytesMax);
  }
  return search;
}

std::string BodyOf(const SavedView& view) {
  json::object search;
  for (const auto& [name, value] : view.search) search[name] = value;
  return json::serialize(json::object{{"project", view.project},
                                      {"name", view.name},
                                      {"page", view.page},
                                      {"search", std::move(search)},
                                      {"owner", view.owner},
                                      {"created_by", view.created_by},
                                      {"created_ns", view.created_at}});
}

// Nothing: it cannot be read, which is logged.
std::optional<SavedView> ViewOf(const StateEvent& event) {
  boost::system::error_code error;
  const json::value body = json::parse(event.body, error);
  const json::object* object = error ? nullptr : body.if_object();
  SavedView view;
  view.id = event.id;
  view.changed_at = event.at_ns;
  view.created_at = event.at_ns;
  for (const auto& [name, into] :
       {std::pair("project", &view.project), std::pair("name", &view.name),
        std::pair("page", &view.page), std::pair("owner", &view.owner),
        std::pair("created_by", &view.created_by)}) {
    const json::value* member = object == nullptr ? nullptr : object->if_contains(name);
    if (member == nullptr || !member->is_string()) {
      LogWarning("views: {} cannot be read and is left out", event.id);
      return std::nullopt;
    }
    *into = member->get_string();
  }
  // The event that made it does not know its own time.
  const json::value* created = object->if_contains("created_ns");
  if (created != nullptr && created->is_int64() && created->get_int64() != 0) {
    view.created_at = created->get_int64();
  }
  if (const json::value* search = object->if_contains("search")) {
    if (auto texts = SearchOf(*search); texts.ok()) view.search = *std::move(texts);
  }
  return view;
}

}  // namespace

bool SavedView::MayChange(const Caller& caller) const {
  return caller.SeesAll() || (caller.key != nullptr && caller.key->id == owner);
}

absl::StatusOr<ViewRequest> ViewRequest::Parse(std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error || !value.is_object()) return InvalidArgument("the body must be a JSON object");
  ViewRequest request;
  for (const auto& [key, member] : value.get_object()) {
    const std::string_view name = key;
    if (name == "id") {
      ASSIGN_OR_RETURN(request.id, TextOf(name, member));
    } else if (name == "name") {
      ASSIGN_OR_RETURN(const std::string text, TextOf(name, member));
      request.name = TrimText(text);
    } else if (name == "page") {
      ASSIGN_OR_RETURN(request.page, TextOf(name, member));
    } else if (name == "search") {
      ASSIGN_OR_RETURN(request.search, SearchOf(member));
    } else {
      return InvalidArgument(
          "\"{}\" is not expected: a view has name, page, search, and the id of one to change",
          name);
    }
  }
  RETURN_IF_ERROR(CheckName(request.name));
  RETURN_IF_ERROR(CheckPage(request.page));
  return request;
}

SavedViews::SavedViews(StateLog* state, size_t per_project_max)
    : state_(state), per_project_max_(per_project_max) {}

std::vector<SavedView> SavedViews::List(std::string_view project) const {
  std::vector<SavedView> views;
  if (state_ == nullptr) return views;
  for (const StateEvent& event : state_->Latest(kKind)) {
    auto view = ViewOf(event);
    if (view && view->project == project) views.push_back(*std::move(view));
  }
  std::ranges::sort(views, {},
                    [](const SavedView& view) { return std::tie(view.page, view.name, view.id); });
  return views;
}

absl::StatusOr<SavedView> SavedViews::Own(std::string_view project, std::string_view id,
                                          const Caller& caller) const {
  const std::optional<StateEvent> event = state_->Find(kKind, id);
  auto view = event && !event->is_deleted ? ViewOf(*event) : std::nullopt;
  if (!view || view->project != project) {
    return Error(absl::StatusCode::kNotFound, "no view of project {} has the id \"{}\"", project,
                 id);
  }
  if (!view->MayChange(caller)) {
    return Error(absl::StatusCode::kPermissionDenied,
                 "view \"{}\" was made by {}: only its maker and admins may change or remove it",
                 view->name, view->created_by.empty() ? "nobody known" : view->created_by);
  }
  return *std::move(view);
}

absl::StatusOr<SavedView> SavedViews::Save(std::string_view project, ViewRequest request,
                                           const Caller& caller) {
  if (state_ == nullptr) return Unavailable("this server keeps no views");
  MutexLock lock(&mutex_);
  SavedView view;
  if (!request.id.empty()) {
    ASSIGN_OR_RETURN(view, Own(project, request.id, caller));
  } else {
    if (const size_t views = List(project).size(); views >= per_project_max_) {
      return Error(absl::StatusCode::kResourceExhausted,
                   "project {} has {} views; limits.views is {}: remove one", project, views,
                   per_project_max_);
    }
    view.id = RandomText(kIdChars);
    view.project = project;
    if (caller.key != nullptr) {
      view.owner = caller.key->id;
      view.created_by = caller.key->name;
    }
  }
  view.name = std::move(request.name);
  view.page = std::move(request.page);
  view.search = std::move(request.search);
  StateEvent event;
  event.kind = kKind;
  event.id = view.id;
  event.actor = caller.Actor();
  event.body = BodyOf(view);
  ASSIGN_OR_RETURN(event, state_->Append(std::move(event)));
  view.changed_at = event.at_ns;
  if (view.created_at == 0) view.created_at = event.at_ns;
  return view;
}

absl::Status SavedViews::Remove(std::string_view project, std::string_view id,
                                const Caller& caller) {
  if (state_ == nullptr) return Unavailable("this server keeps no views");
  MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Own(project, id, caller).status());
  StateEvent event;
  event.kind = kKind;
  event.id = id;
  event.actor = caller.Actor();
  event.body = "{}";
  event.is_deleted = true;
  return state_->Append(std::move(event)).status();
}

}  // namespace pitot
