#include <string>

#include "decode/otlp_json.h"

namespace pitot {
namespace {

class EnvelopeDecoder {
 public:
  EnvelopeDecoder(Intake& intake, const JsonEnvelope& envelope)
      : intake_(intake), envelope_(envelope) {}

  absl::Status Decode() {
    std::string_view text = intake_.body();
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return absl::OkStatus();
    JsonElement root;
    bool mended = false;
    RETURN_IF_ERROR(source_.Parse(text, root, &mended));
    intake_.CountMended(mended);
    intake_.set_in_record(false);
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, root, "the body", object)) {
      return InvalidArgument("{}", intake_.fault());
    }
    bool present = false;
    for (const auto& [key, value] : object) {
      if (key != envelope_.resources) continue;
      present = true;
      if (!Resources(value)) return Failure();
    }
    return present ? absl::OkStatus() : CheckForeign(object);
  }

 private:
  // A body without our key holds nothing for us. When it holds records under another known key,
  // they would be lost without a word.
  absl::Status CheckForeign(simdjson::dom::object object) {
    for (const auto& [key, value] : object) {
      const bool foreign = key == "resourceSpans" || key == "resourceLogs" ||
                           key == "resourceMetrics" || key == envelope_.snake_case;
      simdjson::dom::array array;
      if (!foreign || value.get(array) != simdjson::SUCCESS || array.size() == 0) continue;
      return InvalidArgument("the body holds \"{}\", \"{}\" was expected on this path", key,
                             envelope_.resources);
    }
    return absl::OkStatus();
  }

  absl::Status Failure() const {
    return status_.ok() ? InvalidArgument("{}", intake_.fault()) : status_;
  }

  bool Resources(JsonElement json) {
    if (json.is_null()) return true;
    simdjson::dom::array list;
    if (!ReadJsonArray(intake_, json, envelope_.resources, list)) return false;
    Place& place = intake_.place();
    for (const JsonElement item : list) {
      if (!Resource(item)) {
        return intake_.FaultWithin("{}[{}].", envelope_.resources, place.resource);
      }
      ++place.resource;
    }
    return true;
  }

  bool Resource(JsonElement json) {
    if (json.is_null()) return true;
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, "item", object)) return false;
    RawResource resource;
    intake_.BeginResource();
    intake_.place().scope = 0;
    for (const auto& [key, value] : object) {
      if (value.is_null()) continue;
      if (key == "resource") {
        if (!ResourceFields(value, resource)) return intake_.FaultWithin("resource.");
      } else if (key == envelope_.scopes || key == envelope_.old_scopes) {
        if (!Scopes(key, value)) return false;
      }
    }
    intake_.EndResource(resource);
    return true;
  }

  bool ResourceFields(JsonElement json, RawResource& resource) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, "value", object)) return false;
    for (const auto& [key, value] : object) {
      if (key != "attributes" || value.is_null()) continue;
      if (!KeepJsonAttrs(intake_, value, key, attrs_)) return false;
      resource.attributes = attrs_.Take(intake_.arena());
    }
    return true;
  }

  bool Scopes(std::string_view field, JsonElement json) {
    simdjson::dom::array list;
    if (!ReadJsonArray(intake_, json, field, list)) return false;
    Place& place = intake_.place();
    for (const JsonElement item : list) {
      if (!Scope(item)) return intake_.FaultWithin("{}[{}].", field, place.scope);
      ++place.scope;
    }
    return true;
  }

  bool Scope(JsonElement json) {
    if (json.is_null()) return true;
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, "item", object)) return false;
    RawScope scope;
    intake_.BeginScope();
    intake_.place().record = 0;
    for (const auto& [key, value] : object) {
      if (value.is_null()) continue;
      if (key == "scope" || key == "instrumentationLibrary") {
        if (!ScopeFields(value, scope)) return intake_.FaultWithin("{}.", key);
      } else if (key == envelope_.records) {
        if (!Records(value)) return false;
      }
    }
    intake_.EndScope(scope);
    return true;
  }

  bool ScopeFields(JsonElement json, RawScope& scope) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, "value", object)) return false;
    for (const auto& [key, value] : object) {
      if (value.is_null()) continue;
      if (key == "name" && !KeepJsonText(intake_, value, key, scope.name)) return false;
      if (key == "version" && !KeepJsonText(intake_, value, key, scope.version)) return false;
      if (key != "attributes") continue;
      if (!KeepJsonAttrs(intake_, value, key, attrs_)) return false;
      scope.attributes = attrs_.Take(intake_.arena());
    }
    return true;
  }

  bool Records(JsonElement json) {
    simdjson::dom::array list;
    if (!ReadJsonArray(intake_, json, envelope_.records, list)) return false;
    Place& place = intake_.place();
    for (const JsonElement record : list) {
      intake_.set_in_record(true);
      envelope_.read(record);
      intake_.set_in_record(false);
      ++place.record;
      ++place.seen;
      status_ = intake_.CheckGrowth();
      if (!status_.ok()) return false;
    }
    return true;
  }

  Intake& intake_;
  const JsonEnvelope& envelope_;
  JsonSource source_;
  absl::Status status_;
  AttrSet attrs_;
};

}  // namespace

absl::Status DecodeJsonEnvelope(Intake& intake, const JsonEnvelope& envelope) {
  return EnvelopeDecoder(intake, envelope).Decode();
}

}  // namespace pitot
