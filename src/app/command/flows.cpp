#include "app/command/holders.hpp"
#include "app/command/load.hpp"
#include "app/output/flows_output.hpp"
#include "app/shortened.hpp"
#include "app/write_file.hpp"
#include "base/log.hpp"
#include "flow/copies.hpp"
#include "flow/filter_scan.hpp"

#include <algorithm>
#include <filesystem>
#include <span>

namespace hw::app::command {
namespace {
namespace flow_questions {

/// What stands on the command line before options: the filter, perhaps, and the inputs.
struct Question {
    flow::Filter filter;
    std::vector<std::string> inputs;
};

bool is_input(const std::string& operand) {
    std::error_code ignored;
    return operand == "-" || operand.starts_with("clickhouse://") || std::filesystem::exists(operand, ignored);
}

/// Whether a text that could not be understood was meant as an expression: it has several words, or its first one is of the language.
bool meant_as_filter(const std::string& text, const Error& error) {
    return text.find_first_of(" \t(!<>=") != std::string::npos || error.where != "filter, column 1";
}

Result<Question> question_of(const Invocation& invocation) {
    Question question;
    std::span<const std::string> operands(invocation.operands);
    if (!operands.empty()) {
        const std::string& first = operands.front();
        const auto filter = flow::parse_filter(first);
        const bool input = is_input(first);
        if (filter && !first.empty() && input && first != "-") {
            return fail(Errc::usage, "\"" + shortened(first) + "\" is a filter and also a file", "the first argument",
                        "write ./" + shortened(first) + " for the file, or --filter for the expression");
        }
        if (!input && filter) {
            question.filter = *filter;
            operands = operands.subspan(1);
        } else if (!input && meant_as_filter(first, filter.error())) {
            Error error = filter.error();
            const bool unquoted = operands.size() > 1 && !is_input(operands[1]);
            if (unquoted) { error.hint = "write the whole expression as one argument, in quotes"; }
            else if (error.hint.empty()) { error.hint = "there is no file of that name either"; }
            return std::unexpected(std::move(error));
        }
    }
    question.inputs.assign(operands.begin(), operands.end());
    if (const auto store = invocation.settings.optional_text("store")) { question.inputs.push_back(*store); }
    if (const auto text = invocation.settings.optional_text("filter")) {
        HW_TRY(auto more, flow::parse_filter(*text));
        question.filter = flow::both(std::move(question.filter), std::move(more));
    }
    if (const auto hosts = invocation.settings.addresses("host"); !hosts.empty()) {
        std::vector<net::Prefix> prefixes;
        prefixes.reserve(hosts.size());
        for (const auto& host : hosts) { prefixes.push_back(net::Prefix::host(host)); }
        question.filter = flow::both(std::move(question.filter), flow::filter_of_hosts(std::move(prefixes)));
    }
    return question;
}

flow::FlowMeasure measure_of(const Invocation& invocation) {
    const std::string word = invocation.settings.text("order");
    return word == "packets" ? flow::FlowMeasure::packets : word == "flows" ? flow::FlowMeasure::flows : flow::FlowMeasure::bytes;
}

/// Options that contradict each other, or that would change nothing without another.
Result<void> check_options(const Invocation& invocation) {
    const Settings& settings = invocation.settings;
    const bool by = settings.is_set("by");
    const bool every = settings.is_set("every");
    if (by && every) { return fail(Errc::usage, "--by and --every are two different answers", "--every", "ask for one of them; a filter shows one group over time"); }
    if (settings.is_set("svg") && !every) { return fail(Errc::usage, "--svg needs --every", "--svg", "add --every 1m, or another step"); }
    if (settings.format() == "nfdump" && (by || every)) {
        return fail(Errc::usage, "--format nfdump lists flows only", "--format", "choose table, json, ndjson or csv with --by and --every");
    }
    if (every && settings.is_typed("top")) { return fail(Errc::usage, "--top does not go with --every", "--top", "a series has all its steps; --from and --to shorten it"); }
    if (!by && !every && settings.is_typed("order") && settings.text("order") == "flows") {
        return fail(Errc::usage, "a single flow has no number of flows to be ordered by", "--order", "order by bytes or packets, or add --by");
    }
    return {};
}

/// The stretch of time that is asked about: what `--from` and `--to` leave open is where the data begin and end.
Result<Interval> window_of(const Invocation& invocation, const Interval& data) {
    const auto from = invocation.settings.interval("from");
    const auto to = invocation.settings.interval("to");
    Interval window = data;
    if (from) { window.from = from->from; }
    if (from && from->to != from->from) { window.to = from->to; }
    if (to) { window.to = to->to; }
    if (from && to && window.to < window.from) {
        return fail(Errc::usage, "--to " + to_rfc3339(window.to) + " lies before --from " + to_rfc3339(window.from), "--to", "exchange them");
    }
    return window;
}

struct Asked {
    const flow::FlowSource& source;
    Interval window;
    flow::FilterBounds bounds;
    flow::FlowMatcher matcher;

    [[nodiscard]] Result<void> each(const std::function<bool(const flow::Flow&)>& visit) const {
        if (window.to < window.from) { return {}; }  // wholly after the data
        return flow::scan_matching(source, window, bounds, matcher, visit);
    }
};

/// What is said of the run, whatever was asked.
struct Answer {
    std::string out;
    bool found = false;
};

/// That sums are estimates, where they are.
void say_sampled(const Invocation& invocation, const flow::FlowTotals& total) {
    if (total.sampled_flows == 0 || invocation.quiet()) { return; }
    log::info(std::to_string(total.sampled_flows) + " of " + std::to_string(total.flows) +
              " flows were sampled: single flows show what was counted, sums are scaled up by each flow's rate and are estimates");
}

/// Shows each flow, or with `--once` each that is no other observer's copy; gives how many copies there were.
Result<std::uint64_t> each_once(const Invocation& invocation, const Asked& asked, const std::function<bool(const flow::Flow&)>& visit) {
    if (!invocation.settings.flag("once")) {
        HW_CHECK(asked.each(visit));
        return std::uint64_t{0};
    }
    flow::CopyMerger merger([&](const flow::Flow& flow, const flow::Flow*, std::span<const flow::ObserverId>) { return visit(flow); });
    HW_CHECK(asked.each([&](const flow::Flow& flow) { return merger.add(flow); }));
    merger.finish();
    return merger.copies();
}

Result<Answer> list(const Invocation& invocation, const Asked& asked, Loaded& loaded) {
    const output::Context& context = loaded.context;
    output::FlowsShown shown;
    const auto show = [&](const flow::Flow& flow, const flow::Flow* kept) {
        shown.flows.push_back(kept);
        shown.total.add(flow);
        return !invocation.stop.stop_requested();
    };
    flow::CopyMerger merger([&](const flow::Flow& flow, const flow::Flow* kept, std::span<const flow::ObserverId> observers) {
        if (observers.size() > 1) { shown.observers[kept].assign(observers.begin(), observers.end()); }
        return show(flow, kept);
    });
    const bool once = invocation.settings.flag("once");
    HW_CHECK(asked.each([&](const flow::Flow& flow) {
        const flow::Flow* kept = asked.source.keep(flow);
        return once ? merger.add(flow, kept) : show(flow, kept);
    }));
    if (once) {
        merger.finish();
        shown.copies = merger.copies();
        std::ranges::stable_sort(shown.flows, {}, [](const flow::Flow* f) { return std::tie(f->first, f->id); });
    }
    loaded.settle();
    say_sampled(invocation, shown.total);
    const auto measure = measure_of(invocation);
    if (invocation.settings.is_typed("order")) {
        const auto amount = [&](const flow::Flow* f) {
            flow::FlowTotals one;
            one.add(*f);
            return measured(one, measure);
        };
        std::ranges::stable_sort(shown.flows, std::ranges::greater{}, amount);
    }
    const auto top = static_cast<std::size_t>(invocation.settings.count("top"));
    if (invocation.settings.is_typed("top") && top > 0 && top < shown.flows.size()) { shown.flows.resize(top); }
    const std::string format = invocation.settings.format();
    Answer answer{.out = {}, .found = !shown.flows.empty()};
    if (format == "json") { answer.out = output::flows_json(shown, context); }
    else if (format == "ndjson") { answer.out = output::flows_ndjson(shown, context); }
    else if (format == "csv") { answer.out = output::flows_csv(shown, context); }
    else if (format == "nfdump") { answer.out = output::flows_nfdump(shown, context); }
    else { answer.out = output::flows_table(shown, context); }
    return answer;
}

Result<Answer> groups(const Invocation& invocation, const Asked& asked, std::vector<flow::GroupBy> by, Loaded& loaded) {
    const output::Context& context = loaded.context;
    flow::FlowGroups sums(by);
    output::GroupsShown shown{.by = {}, .order = measure_of(invocation), .groups = {}, .groups_total = 0, .total = {}};
    HW_TRY(shown.copies, each_once(invocation, asked, [&](const flow::Flow& flow) { return sums.add(flow) && !invocation.stop.stop_requested(); }));
    loaded.settle();
    shown.by = std::move(by);
    HW_TRY(shown.groups, sums.take(shown.order, static_cast<std::size_t>(invocation.settings.count("top"))));
    shown.groups_total = sums.groups();
    shown.total = sums.all();
    say_sampled(invocation, shown.total);
    const std::string format = invocation.settings.format();
    Answer answer{.out = {}, .found = !shown.groups.empty()};
    if (format == "json") { answer.out = output::groups_json(shown, context); }
    else if (format == "ndjson") { answer.out = output::groups_ndjson(shown, context); }
    else if (format == "csv") { answer.out = output::groups_csv(shown, context); }
    else { answer.out = output::groups_table(shown, context); }
    return answer;
}

Result<Answer> series(const Invocation& invocation, const Asked& asked, const std::string& filter, Loaded& loaded, std::string* picture) {
    const output::Context& context = loaded.context;
    const Duration width = invocation.settings.duration("every");
    HW_TRY(auto steps, flow::FlowSeries::make(asked.window, width));
    output::SeriesShown shown{.width = width, .measure = measure_of(invocation), .steps = {}, .total = {}, .filter = filter};
    HW_TRY(shown.copies, each_once(invocation, asked, [&](const flow::Flow& flow) {
        steps.add(flow);
        shown.total.add(flow);
        return !invocation.stop.stop_requested();
    }));
    loaded.settle();
    say_sampled(invocation, shown.total);
    shown.steps = steps.take();
    if (picture != nullptr) { *picture = output::series_svg(shown, context); }
    const std::string format = invocation.settings.format();
    Answer answer{.out = {}, .found = shown.total.flows > 0};
    if (format == "json") { answer.out = output::series_json(shown, context); }
    else if (format == "ndjson") { answer.out = output::series_ndjson(shown, context); }
    else if (format == "csv") { answer.out = output::series_csv(shown, context); }
    else { answer.out = output::series_table(shown, context); }
    return answer;
}

}  // namespace flow_questions
}  // namespace

Result<Outcome> flows(const Invocation& invocation) {
    using namespace flow_questions;
    HW_CHECK(check_options(invocation));
    HW_TRY(auto question, question_of(invocation));
    std::vector<flow::GroupBy> by;
    if (const auto text = invocation.settings.optional_text("by")) {
        auto parsed = flow::parse_group_by(*text);
        if (!parsed) {
            Error error = std::move(parsed).error();
            error.where = "--by";
            return std::unexpected(std::move(error));
        }
        by = *std::move(parsed);
    }
    const auto svg = invocation.settings.optional_text("svg");
    if (svg) { HW_CHECK(check_writable(*svg)); }
    if (question.inputs.empty()) {
        return fail(Errc::usage, "no input given", {}, "name captures, logs or folders of them after the expression, or - for standard input");
    }
    Progress progress(invocation.progress());
    HW_TRY(auto loaded, load(invocation, question.inputs, progress));

    const bool all = question.filter == flow::Filter{};
    const std::string filter = all ? std::string() : to_string(question.filter);
    if (!all) { loaded.context.parameters.emplace_back("filter", filter); }
    // Defaults that shaped nothing are no part of what one needs to repeat it.
    std::erase_if(loaded.context.parameters, [&](const auto& parameter) {
        const bool shapes = parameter.first == "top" ? !by.empty() : parameter.first != "order" || !by.empty();
        return !shapes && !invocation.settings.is_typed(parameter.first);
    });
    const flow::FlowSource& source = loaded.source();
    HW_TRY(const auto window, window_of(invocation, loaded.context.interval));
    HW_TRY(const auto holders, Holders::load(invocation, loaded.context));
    HW_TRY(auto matcher, flow::FlowMatcher::compile(question.filter, source.observers(), holders ? holders->whereabouts() : flow::Whereabouts{}));
    flow::FilterBounds bounds = bounds_of(question.filter);
    bounds.window = window;
    const Asked asked{.source = source, .window = window, .bounds = std::move(bounds), .matcher = std::move(matcher)};

    std::string picture;
    HW_TRY(auto answer, !by.empty()                              ? groups(invocation, asked, std::move(by), loaded)
                        : invocation.settings.is_set("every")    ? series(invocation, asked, filter, loaded, svg ? &picture : nullptr)
                                                                 : list(invocation, asked, loaded));
    if (invocation.stop.stop_requested()) { loaded.context.interrupted = true; }
    if (loaded.context.interrupted) { log::warning("interrupted: this is what was known until then"); }
    Outcome outcome;
    outcome.code = loaded.code(answer.found ? ExitCode::done : ExitCode::nothing_found);
    outcome.out = std::move(answer.out);
    if (svg) {
        if (auto written = write_file(*svg, picture); !written) { outcome.late = std::move(written).error(); }
    }
    return outcome;
}

}  // namespace hw::app::command
