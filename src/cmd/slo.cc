#include "cmd/slo.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/status.h"
#include "cmd/view/slo_view.h"
#include "cmd/view/words.h"
#include "http/url.h"

namespace pitot {
namespace {

namespace json = boost::json;

bool IsBad(const json::value& slo) {
  const std::string state = Text(slo, "state");
  return state == "burning" || state == "exhausted" ||
         (!IsNull(slo, "budget_left") && Flag(slo, "loaded") && Number(slo, "budget_left") <= 0);
}

}  // namespace

int RunSlo(ApiClient& client, const SloArgs& args) {
  QueryParams params;
  if (!args.project.empty()) params.emplace_back("project", args.project);
  const bool all = args.name.empty();
  const std::string path =
      all ? "/api/v1/slos" : fmt::format("/api/v1/slos/{}", PercentEncode(args.name));
  const auto body = client.Get(path, params);
  if (!body.ok()) return PrintError(body.status());
  const auto answer = ParseJson(*body);
  if (!answer.ok()) return PrintError(answer.status());
  const Terminal terminal = StdoutTerminal();
  fmt::print("{}", args.json ? *body + "\n"
                   : all     ? RenderSlos(*answer, terminal)
                             : RenderSlo(*answer, terminal));
  if (!all) return IsBad(Part(*answer, "slo")) ? kExitBad : kExitOk;
  return std::ranges::any_of(List(*answer, "slos"), IsBad) ? kExitBad : kExitOk;
}

}  // namespace pitot
