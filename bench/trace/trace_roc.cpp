// trace_roc: measures Headwater's activity channel and the classical methods on the same pairs of flows out of laboratory
// recordings, and writes ROC tables and curves. bench/trace/run plays the recordings and calls it.
#include "report.hpp"
#include "roc_svg.hpp"

#include "base/parse.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace hw;
using namespace hw::bench;

constexpr const char* kUsage =
    "usage: trace_roc RECORDING... [--cohort RECORDING]... [--window S] [--clocks corrected|as-seen] [--sampling N]\n"
    "                 [--threads N] [--markdown FILE] [--svg PREFIX] [--scores FILE]\n"
    "A recording is a folder with truth.json and captures, as lab/run makes it.\n";

constexpr std::size_t kFewestStrangers = 20;
constexpr std::size_t kFewestDrawn = 30;  // a curve of fewer true pairs is a table

struct Arguments {
    std::vector<std::string> recordings;
    std::vector<std::string> cohort;
    EvaluationOptions options;
    Clocks clocks = Clocks::corrected;
    std::string markdown;
    std::string svg;
    std::string scores;
};

bool parse(int argc, char** argv, Arguments& arguments) {
    for (int k = 1; k < argc; ++k) {
        const std::string_view word = argv[k];
        if (!word.starts_with("--")) {
            arguments.recordings.emplace_back(word);
            continue;
        }
        if (k + 1 == argc) { return false; }
        const std::string value = argv[++k];
        if (word == "--cohort") { arguments.cohort.push_back(value); }
        else if (word == "--window" && parse_double(value)) { arguments.options.window_s = *parse_double(value); }
        else if (word == "--clocks" && value == "as-seen") { arguments.clocks = Clocks::as_seen; }
        else if (word == "--clocks" && value == "corrected") { arguments.clocks = Clocks::corrected; }
        else if (word == "--sampling" && parse_integer<std::uint32_t>(value)) { arguments.options.sampling = *parse_integer<std::uint32_t>(value); }
        else if (word == "--threads" && parse_integer<unsigned>(value)) { arguments.options.threads = *parse_integer<unsigned>(value); }
        else if (word == "--markdown") { arguments.markdown = value; }
        else if (word == "--svg") { arguments.svg = value; }
        else if (word == "--scores") { arguments.scores = value; }
        else { return false; }
    }
    return !arguments.recordings.empty() && arguments.options.window_s > 0 && arguments.options.sampling > 0;
}

std::string file_word(std::string group) {
    for (char& c : group) {
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) { c = '-'; }
    }
    return group;
}

std::string times_table(const Evaluation& evaluation) {
    std::string out = "| method | time a pair |\n|---|---|\n";
    for (std::size_t m = 0; m < kMethods; ++m) {
        out += fmt::format("| {} | {:.3g} µs |\n", name_of(static_cast<Method>(m)), evaluation.nanoseconds[m] / 1000);
    }
    return out;
}

bool write(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    return static_cast<bool>(file);
}

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, "; ")); }

int run(const Arguments& arguments) {
    const auto tested = read_recordings(arguments.recordings, arguments.clocks);
    const auto cohort = read_recordings(arguments.cohort, arguments.clocks);
    for (const auto* recordings : {&tested, &cohort}) {
        if (!*recordings) {
            fmt::print(stderr, "{}\n", to_text(recordings->error()));
            return 3;
        }
    }
    const Evaluation evaluation = evaluate(tested->played, cohort->played, arguments.options);
    if (evaluation.cohort_least < kFewestStrangers) {
        fmt::print(stderr, "error: no cohort: a pair of two recordings needs a third\nhint: add recordings, or --cohort RECORDING\n");
        return 2;
    }
    const double window = arguments.options.window_s;
    std::string page = fmt::format("Window {:.0f} s; clock offsets {}; {}{} true pairs used, {} too short for the window, {} without packets; cohorts of at least {} flows a side.\n\n",
                                   window, arguments.clocks == Clocks::corrected ? "taken off" : "left in",
                                   arguments.options.sampling > 1 ? fmt::format("1 packet in {} sampled; ", arguments.options.sampling) : "",
                                   evaluation.used.size(), evaluation.too_short, tested->missing, evaluation.cohort_least);
    page += "Recordings: " + joined(tested->scenarios) + ".\n";
    if (!cohort->scenarios.empty()) { page += "Only in the cohorts: " + joined(cohort->scenarios) + ".\n"; }
    auto groups = groups_of(tested->played, evaluation);
    groups.emplace_back("all");
    for (const auto& group : groups) {
        const GroupResult result = group_result(group, tested->played, evaluation);
        page += fmt::format("\n### {}\n\n{} true pairs, {} wrong ones ({} within a recording).\n\n", group, result.positives, result.negatives,
                            result.negatives_within);
        page += markdown_table(result);
        const std::string misses = markdown_misses(result, tested->played, evaluation, 1e-3, 12);
        if (!misses.empty() && group != "all") { page += "\n" + misses; }
        if (!arguments.svg.empty() && group != "all" && result.positives >= kFewestDrawn) {
            std::vector<RocCurve> curves;
            for (std::size_t m = 0; m < kMethods; ++m) { curves.push_back({std::string(name_of(static_cast<Method>(m))), result.rocs[m].steps()}); }
            const std::string name = fmt::format("{}-{}-{:.0f}s.svg", arguments.svg, file_word(group), window);
            const std::string subtitle = fmt::format("{:.0f} s windows, {} true pairs, {} wrong ones", window, result.positives, result.negatives);
            if (!write(name, roc_svg("Network mode: " + group, subtitle, curves, result.negatives))) {
                fmt::print(stderr, "error: cannot write {}\n", name);
                return 3;
            }
            page += fmt::format("\n![ROC, {}]({})\n", group, std::filesystem::path(name).filename().string());
        }
    }
    page += "\n### Time\n\n" + times_table(evaluation);
    if (!arguments.scores.empty()) {
        std::string lines;
        for (const auto& pair : evaluation.scores) {
            const auto& a = tested->played[pair.up];
            const auto& b = tested->played[pair.down];
            lines += fmt::format("{} {} {} {} {}\n", a.recording, a.pair.session, b.recording, b.pair.session, fmt::join(pair.score, " "));
        }
        if (!write(arguments.scores, lines)) { return 3; }
    }
    if (arguments.markdown.empty()) {
        fmt::print("{}", page);
        return 0;
    }
    return write(arguments.markdown, page) ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    if (!parse(argc, argv, arguments)) {
        fmt::print(stderr, "{}", kUsage);
        return 2;
    }
    return run(arguments);
}
