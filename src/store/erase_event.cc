#include "store/erase_event.h"

#include <boost/json.hpp>

namespace pitot {
namespace {

constexpr std::string_view kWhat[] = {"trace", "user"};

std::string Text(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

template <typename T>
T Number(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_int64() && value->as_int64() > 0
             ? static_cast<T>(value->as_int64())
             : T{0};
}

boost::json::object Body(const Erasure& erasure) {
  return {
      {"what", NameOf(erasure.what)}, {"project", erasure.project}, {"subject", erasure.subject}};
}

StateEvent Event(const ErasureEvent& event, std::string_view actor,
                 const boost::json::object& body) {
  StateEvent out;
  out.kind = kErasureKind;
  out.id = event.erasure.id;
  out.actor = actor;
  out.body = boost::json::serialize(body);
  return out;
}

boost::json::object EndBody(const ErasureEvent& event, uint64_t payloads) {
  boost::json::object body = Body(event.erasure);
  body["traces"] = event.mark.traces;
  body["spans"] = event.mark.spans;
  body["payloads"] = payloads;
  return body;
}

}  // namespace

std::string_view NameOf(Erasure::What what) { return kWhat[static_cast<size_t>(what)]; }

StateEvent ToStateEvent(const ErasureEvent& event, std::string_view actor) {
  boost::json::object body = Body(event.erasure);
  body["received_until_ns"] = event.erasure.at_ns;
  body["phase"] = event.mark.at_ns > 0 ? "listed" : "begun";
  if (event.mark.at_ns > 0) {
    body["resolved_until_ns"] = event.mark.at_ns;
    body["traces"] = event.mark.traces;
    body["spans"] = event.mark.spans;
    body["min_day"] = event.mark.min_day;
    body["max_day"] = event.mark.max_day;
  }
  return Event(event, actor, body);
}

std::optional<ErasureEvent> ParseErasureEvent(const StateEvent& event) {
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(event.body, error);
  if (error || !body.is_object()) return std::nullopt;
  const boost::json::object& object = body.as_object();
  ErasureEvent out;
  out.erasure.id = event.id;
  out.erasure.what = Text(object, "what") == NameOf(Erasure::What::kUser) ? Erasure::What::kUser
                                                                          : Erasure::What::kTrace;
  out.erasure.project = Text(object, "project");
  out.erasure.subject = Text(object, "subject");
  out.erasure.at_ns = Number<UnixNanos>(object, "received_until_ns");
  if (out.erasure.project.empty() || out.erasure.subject.empty() || out.erasure.at_ns == 0) {
    return std::nullopt;
  }
  out.mark.at_ns = Number<UnixNanos>(object, "resolved_until_ns");
  out.mark.traces = Number<uint64_t>(object, "traces");
  out.mark.spans = Number<uint64_t>(object, "spans");
  out.mark.min_day = Number<uint16_t>(object, "min_day");
  out.mark.max_day = Number<uint16_t>(object, "max_day");
  return out;
}

StateEvent EndOf(const ErasureEvent& event, std::string_view actor, uint64_t payloads) {
  StateEvent out = Event(event, actor, EndBody(event, payloads));
  out.is_deleted = true;
  return out;
}

StateEvent AuditOf(const ErasureEvent& event, std::string_view actor, uint64_t payloads) {
  boost::json::object body = EndBody(event, payloads);
  body["action"] = "erase";
  StateEvent out = Event(event, actor, body);
  out.kind = kAuditKind;
  return out;
}

}  // namespace pitot
