#include "trace/pair_search.hpp"

#include "app/command/load.hpp"
#include "app/output/match_output.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <chrono>

namespace hw::app::command {
namespace {
namespace matching {

trace::PairSearchOptions options_of(const Invocation& invocation) {
    trace::PairSearchOptions options;
    options.max_lag = invocation.settings.duration("max-lag");
    options.max_offset = invocation.settings.duration("max-offset");
    options.epoch = invocation.settings.duration("epoch");
    options.unclaimed = invocation.settings.flag("unclaimed");
    options.most_partners = static_cast<std::size_t>(invocation.settings.count("top"));
    options.seed = invocation.settings.count("seed");
    options.threads = threads(invocation);
    options.stop = invocation.stop;
    return options;
}

Result<void> check(const trace::PairSearchOptions& options) {
    using namespace std::chrono_literals;
    if (options.epoch < 20s || options.epoch > 30min) {
        return fail(Errc::usage, "--epoch must lie between 20s and 30m", "--epoch", "headwater help match shows its options");
    }
    if (options.max_lag + options.max_offset > 60s) {
        return fail(Errc::usage, "--max-lag and --max-offset together may be a minute at most", "--max-lag", "headwater help match shows its options");
    }
    return {};
}

}  // namespace matching
}  // namespace

Result<Outcome> match(const Invocation& invocation) {
    auto options = matching::options_of(invocation);
    HW_CHECK(matching::check(options));
    Progress progress(invocation.progress());
    HW_TRY(auto loaded_a, load(invocation, invocation.operands, progress));
    HW_TRY(auto loaded_b, load(invocation, invocation.settings.texts("against"), progress));
    const Duration began = progress.elapsed();
    options.progress = [&](std::size_t done, std::size_t all) {
        if (progress.due()) { progress.show(comparing_line(done, all, "epochs", progress.elapsed() - began)); }
    };
    HW_TRY(const auto result, trace::match_blind_spot(loaded_a.source(), loaded_b.source(), options));
    progress.clear();
    loaded_a.settle();
    loaded_b.settle();
    output::Context& a = loaded_a.context;
    output::Context& b = loaded_b.context;
    a.interrupted = a.interrupted || b.interrupted || result.interrupted;
    if (a.interrupted) { log::warning("interrupted: this is what was known until then"); }
    if (a.note.empty()) { a.note = b.note; }

    const bool found = std::ranges::any_of(result.matches, &trace::BlindMatch::claimed);
    Outcome outcome;
    outcome.code = loaded_a.code(loaded_b.code(found ? ExitCode::done : ExitCode::nothing_found));
    const std::string format = invocation.settings.format();
    const auto colour = invocation.colour() ? output::Colour::on : output::Colour::off;
    if (format == "json") { outcome.out = output::match_json(result, a, b); }
    else if (format == "ndjson") { outcome.out = output::match_ndjson(result, a, b); }
    else if (format == "csv") { outcome.out = output::match_csv(result, a, b); }
    else { outcome.out = output::match_table(result, a, b, colour); }
    return outcome;
}

}  // namespace hw::app::command
