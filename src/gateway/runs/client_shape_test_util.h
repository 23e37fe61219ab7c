// gateway/runs/client_shape_test_util.h
//
// What clients send and providers answer, in the words of each API.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "wire/api.h"

namespace pitot::testing {

// How the client writes. None may make a difference.
enum class ClientStyle {
  kVerbatim,  // The same bytes for a message each time, answers as they came.
  kRewrites,  // Every second request is written differently: order, escapes, blocks, cache marks.
  kShortIds,  // Tool calls are "call_0", "call_1", ..., in each answer anew.
  kById,      // Responses: new items only, with previous_response_id.
};

struct ClientCall {
  std::string id;
  std::string tool;
  boost::json::value args;
  std::string result;
  bool error = false;
};

// A message in both ways to write it, made once: a transcript of four hundred turns sends each message
// four hundred times.
struct Written {
  boost::json::value value;
  std::string verbatim;
  std::string rewritten;
};

class ClientShape {
 public:
  ClientShape(WireApi api, ClientStyle style) : api_(api), style_(style) {}

  boost::json::array User(const std::string& text) const;
  // As the provider sends it, and the client resends it.
  boost::json::array Answer(const std::string& text, const std::vector<ClientCall>& calls) const;
  boost::json::array Results(const std::vector<ClientCall>& calls) const;

  std::vector<Written> Write(const boost::json::array& messages) const;
  // Of the client's request number `request`.
  std::string Body(const std::vector<Written>& history, const std::string& previous,
                   int64_t request) const;
  // The provider's, of an Answer.
  std::string AnswerBody(const boost::json::array& items, const std::string& id,
                         const std::string& stop, int64_t input) const;

 private:
  boost::json::object Rewritten(const boost::json::object& message) const;

  const WireApi api_;
  const ClientStyle style_;
};

}  // namespace pitot::testing
