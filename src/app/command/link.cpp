#include "trace/link.hpp"

#include "app/command/load.hpp"
#include "app/output/link_output.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace hw::app::command {
namespace {

output::Colour colour_of(const Invocation& invocation) { return invocation.colour() ? output::Colour::on : output::Colour::off; }

}  // namespace

Result<Outcome> link(const Invocation& invocation) {
    output::LinkView view;
    view.hosts = invocation.settings.addresses("host");
    view.top = static_cast<std::size_t>(invocation.settings.count("top"));

    HW_TRY(auto options, link_options(invocation));  // a profile that cannot be used is told before the work
    Progress progress(invocation.progress());
    HW_TRY(auto loaded, load(invocation, invocation.operands, progress));
    const Duration began = progress.elapsed();
    options.progress = [&](std::size_t done, std::size_t all) {
        if (progress.due()) { progress.show(comparing_line(done, all, "outflows", progress.elapsed() - began)); }
    };
    HW_TRY(auto result, trace::link_relay(loaded.source(), view.hosts, options));
    progress.clear();
    loaded.settle();
    if (result.interrupted) { loaded.context.interrupted = true; }
    if (loaded.context.interrupted) { log::warning("interrupted: this is what was known until then"); }

    const bool found = std::ranges::any_of(result.inflows, [](const auto& inflow) { return !inflow.candidates.empty(); });
    Outcome outcome;
    outcome.code = loaded.code(found ? ExitCode::done : ExitCode::nothing_found);
    const std::string format = invocation.settings.format();
    if (format == "json") { outcome.out = output::link_json(result, view, loaded.context); }
    else if (format == "ndjson") { outcome.out = output::link_ndjson(result, view, loaded.context); }
    else if (format == "csv") { outcome.out = output::link_csv(result, view, loaded.context); }
    else { outcome.out = output::link_table(result, view, loaded.context, colour_of(invocation)); }
    return outcome;
}

}  // namespace hw::app::command
