// The price book's rows, and models that have none.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "cmd/client.h"
#include "cmd/view/lists.h"
#include "cmd/view/table.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

std::string Price(const json::value& model, std::string_view name) {
  return IsNull(model, name) ? "" : fmt::format("{:.6g}", Number(model, name));
}

}  // namespace

std::string RenderPrices(const json::value& answer, const Terminal& terminal) {
  const json::array& models = List(answer, "models");
  std::string out = Styled(terminal, Style::kBold,
                           fmt::format("{}, {}", Text(answer, "version"),
                                       Plural(Number(answer, "models_total"), "model", "models")));
  if (const double own = Number(answer, "overrides"); own > 0) {
    out += fmt::format(", {} of your own first", Plural(own, "price", "prices"));
  }
  out += "\n";
  const json::array& unpriced = List(answer, "unpriced");
  if (!unpriced.empty()) {
    Table table({{"provider", false, true},
                 {"model without a price", false, true},
                 {"calls", true},
                 {"tokens", true},
                 {"last (UTC)"}});
    for (const json::value& row : unpriced) {
      table.AddRow({Text(row, "provider"), Text(row, "model"), CountText(row, "calls"),
                    ShortCount(Number(row, "tokens")), ClockText(Text(row, "last_at"))},
                   Style::kYellow);
    }
    out +=
        "\n" + table.Render(terminal) +
        Wrapped("Give them a price in the file that prices.file names, then run `pitot reprice`.",
                0, terminal.width);
  }
  if (models.empty()) return out;
  Table table({{"provider", false, true},
               {"model", false, true},
               {"in", true},
               {"cache read", true},
               {"cache write", true, false, 100},
               {"out", true},
               {"source", false, true, 110},
               {"rule", false, true, 120}});
  for (const json::value& model : models) {
    table.AddRow(
        {Text(model, "provider"), Text(model, "model"), Price(model, "input_per_million_usd"),
         Price(model, "cache_read_per_million_usd"), Price(model, "cache_write_5m_per_million_usd"),
         Price(model, "output_per_million_usd"), Text(model, "source"), Text(model, "rule")});
  }
  out += "\n" + table.Render(terminal) +
         Styled(terminal, Style::kDim, "US dollars a million tokens") + "\n";
  if (const double more = Number(answer, "models_total") - static_cast<double>(models.size());
      more > 0) {
    out += Styled(terminal, Style::kDim,
                  Fit(Plural(more, "model more", "models more") +
                          ": --limit, or name one: pitot prices gpt-4o",
                      terminal.width)) +
           "\n";
  }
  return out;
}

}  // namespace pitot
