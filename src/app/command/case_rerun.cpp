#include "app/command/case_rerun.hpp"

#include "app/command/run_context.hpp"
#include "app/run.hpp"
#include "app/version.hpp"
#include "base/input/unpack.hpp"
#include "base/log.hpp"
#include "base/sha256.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string_view>

#include <fmt/format.h>

namespace hw::app::command {
namespace {
namespace rerunning {

using output::Rerun;

/// Verbs that are run again: what they print follows from their inputs, and they write nothing.
constexpr std::array<std::string_view, 4> kRepeatable{"trace", "relay-test", "map", "watch"};

/// Why its inputs cannot be read again; empty where they can.
Result<std::string> missing_input(const Invocation& invocation, const JsonValue& body) {
    const JsonValue* inputs = body.find("inputs");
    if (inputs == nullptr || inputs->as_array() == nullptr || inputs->as_array()->empty()) { return "its inputs are not named"; }
    for (const JsonValue& input : *inputs->as_array()) {
        const std::string path = input.text("path").value_or("");
        const std::string wanted = input.text("sha256").value_or("");
        if (path == "-") { return "it read standard input"; }
        if (wanted.empty()) { return path + " was read in part"; }
        // The file may name anything: a device without an end, a pipe that waits.
        std::error_code problem;
        const auto size = std::filesystem::is_regular_file(path, problem) ? std::filesystem::file_size(path, problem) : 0;
        if (problem || size == 0) { return path + " is not here"; }
        if (static_cast<double>(size) != input.number("bytes").value_or(-1)) { return path + " is another file than it was"; }
        auto opened = InputBytes::open(path, invocation.stop);
        if (!opened) { return path + " is not here"; }
        HW_TRY(const auto found, (*opened)->finish_sha256());
        if (found != wanted) { return path + " is another file than it was"; }
    }
    return std::string();
}

/// Whether every option shapes the result and does nothing else, and every operand is a file.
bool only_reads(const std::vector<std::string>& arguments) {
    constexpr std::array<std::string_view, 3> kAlso{"state", "bmp", "rtr"};  // shape it, and write, listen or ask
    const auto typed = parse_command_line(arguments);
    const auto names_others = [](const std::string& argument) { return argument.find("://") != std::string::npos; };
    return typed && std::ranges::none_of(arguments, names_others) && std::ranges::all_of(typed->options, [&](const auto& given) { return shapes_result(given.first->name) && std::ranges::find(kAlso, given.first->name) == kAlso.end(); });
}

Result<Rerun> run_one(const Invocation& invocation, const casefile::Object& run) {
    Rerun told{.id = run.id, .command = run.body.text("command").value_or("?"), .kind = Rerun::Kind::not_possible, .because = {}};
    const auto arguments = run.body.texts("arguments");
    // The file may come from anybody: only verbs that read, and of those no option that writes or listens.
    if (arguments.empty() || std::ranges::find(kRepeatable, arguments.front()) == kRepeatable.end() || !only_reads(arguments)) {
        told.because = "its command listens, writes, or asks others";
        return told;
    }
    if (run.body.find("interrupted") != nullptr) {
        told.because = "it was interrupted";
        return told;
    }
    HW_TRY(told.because, missing_input(invocation, run.body));
    if (!told.because.empty()) { return told; }
    auto typed = arguments;
    typed.emplace_back("--json");
    const auto outcome = run_verb(typed, invocation.world.now, invocation.stop);
    if (!outcome) {
        told.kind = Rerun::Kind::differs;
        told.because = outcome.error().message;
        return told;
    }
    HW_TRY(const auto digest, sha256_hex(std::as_bytes(std::span(outcome->out))));
    told.kind = digest == run.body.text("result_sha256") ? Rerun::Kind::same : Rerun::Kind::differs;
    const std::string made_by = run.body.text("version").value_or("?");
    if (told.kind == Rerun::Kind::differs && made_by != hw::app::version()) {  // another version may well say it otherwise
        told.kind = Rerun::Kind::not_possible;
        told.because = fmt::format("made by version {}, and {} says it otherwise", made_by, hw::app::version());
    }
    return told;
}

}  // namespace rerunning
}  // namespace

Result<std::vector<output::Rerun>> run_again(const Invocation& invocation, casefile::CaseFile& file, std::int64_t after, Progress& progress) {
    std::vector<output::Rerun> all;
    HW_TRY(const auto runs, file.all("run"));
    log::configure({.quiet = true});  // what the inputs' readers have to say was said when the run was filed
    for (const auto& run : runs) {
        if (run.seq <= after || invocation.stop.stop_requested()) { continue; }
        if (progress.due()) { progress.show(fmt::format("running {} again ({} of {})", run.id, all.size() + 1, runs.size())); }
        auto told = rerunning::run_one(invocation, run);
        if (!told) {
            log::configure({.quiet = invocation.quiet()});
            return std::unexpected(std::move(told).error());
        }
        all.push_back(*std::move(told));
    }
    log::configure({.quiet = invocation.quiet()});
    return all;
}

}  // namespace hw::app::command
