#include "trace/relay_verdict.hpp"

#include "app/command/case_filing.hpp"
#include "app/command/load.hpp"
#include "app/output/relay_test_output.hpp"
#include "base/log.hpp"

namespace hw::app::command {

Result<Outcome> relay_test(const Invocation& invocation) {
    trace::RelayTestOptions options;
    if (const auto named = invocation.settings.addresses("peer"); !named.empty()) { options.peer = named.front(); }
    HW_CHECK(check_filing(invocation));
    Progress progress(invocation.progress());
    HW_TRY(auto loaded, load(invocation, invocation.operands, progress));
    if (loaded.context.interrupted) { log::warning("interrupted: this is what was known until then"); }

    const auto peers = trace::test_relays(loaded.timings, loaded.source(), options);
    loaded.settle();
    Outcome outcome;
    outcome.code = loaded.code(peers.empty() ? ExitCode::nothing_found : ExitCode::done);
    const std::string format = invocation.settings.format();
    if (format == "json") { outcome.out = output::relay_test_json(peers, loaded.context); }
    else if (format == "ndjson") { outcome.out = output::relay_test_ndjson(peers, loaded.context); }
    else if (format == "csv") { outcome.out = output::relay_test_csv(peers, loaded.context); }
    else { outcome.out = output::relay_test_table(peers, loaded.context, invocation.colour() ? output::Colour::on : output::Colour::off); }
    if (invocation.settings.is_typed("here") && loaded.context.observers.size() > 1) { return fail(Errc::usage, "--here is one place, and several observers made these captures", "--here", "file the captures of each by themselves"); }
    if (auto filed = file_run(invocation, loaded.context, output::relay_test_json(peers, loaded.context)); !filed) { outcome.late = std::move(filed).error(); }
    return outcome;
}

}  // namespace hw::app::command
