#pragma once

#include "app/output/context.hpp"
#include "trace/link.hpp"

#include <cstddef>
#include <string>

namespace hw::app::output {

/// What was asked of `link`.
struct LinkView {
    std::vector<net::Address> hosts;
    std::size_t top = 3;  ///< Candidates shown for each inflow; 0: all.
};

/// `headwater.link/1`: `links` holds the inflows with a candidate, `unlinked` the others.
[[nodiscard]] std::string link_json(const trace::RelayLinks& result, const LinkView& view, const Context& context);
/// One inflow a line, each with `"schema": "headwater.link.inflow/1"`.
[[nodiscard]] std::string link_ndjson(const trace::RelayLinks& result, const LinkView& view, const Context& context);
/// One candidate a line; an inflow without any is one line with an empty candidate.
[[nodiscard]] std::string link_csv(const trace::RelayLinks& result, const LinkView& view, const Context& context);
[[nodiscard]] std::string link_table(const trace::RelayLinks& result, const LinkView& view, const Context& context, Colour colour);

}  // namespace hw::app::output
