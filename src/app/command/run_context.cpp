#include "app/command/run_context.hpp"

#include "app/version.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>

namespace hw::app::command {
namespace {

constexpr std::size_t kLongestNote = 200;

/// Options that do not change the result: they are not part of what one needs to repeat it.
constexpr std::array<std::string_view, 16> kNotParameters{"html",   "format", "json", "quiet",  "color",     "no-progress", "threads",
                                                         "config", "help",   "for",  "follow", "interface", "svg", "case", "key", "here"};

std::vector<std::pair<std::string, std::string>> parameters_of(const Invocation& invocation) {
    std::vector<std::pair<std::string, std::string>> parameters;
    for (const Setting& setting : invocation.settings.all()) {
        if (!shapes_result(setting.option->name)) { continue; }
        // How often --follow looks; of flows it is the step of the series, and so of the result. What filters is said as it was understood.
        if ((setting.option->name == "every" && invocation.verb->name == "trace") || setting.option->name == "filter") { continue; }
        // An age such as -2h means nothing to whoever repeats the run: the moment itself is kept.
        if (setting.option->kind == ValueKind::time && !setting.values.empty()) {
            if (const auto at = invocation.settings.interval(setting.option->name)) {
                parameters.emplace_back(setting.option->name, at->from == at->to ? to_rfc3339(at->from) : to_rfc3339(at->from) + "/" + to_rfc3339(at->to));
            }
            continue;
        }
        for (const std::string& value : setting.values) { parameters.emplace_back(setting.option->name, value); }
    }
    return parameters;
}

std::string first_line(const std::filesystem::path& path) {
    std::ifstream stream(path);
    std::string line(kLongestNote, '\0');
    stream.read(line.data(), static_cast<std::streamsize>(line.size()));
    line.resize(static_cast<std::size_t>(stream.gcount()));
    return line.substr(0, line.find_first_of("\r\n"));
}

/// What a marker beside the inputs says of them: traffic that was made must never pass for a victim's.
std::string marker_note(std::span<const std::string> inputs) {
    for (const std::string& input : inputs) {
        std::error_code ignored;
        const std::filesystem::path path(input);
        const auto folder = std::filesystem::is_directory(path, ignored) ? path : path.parent_path();
        if (std::filesystem::is_regular_file(folder / "SYNTHETIC", ignored)) {
            const std::string line = first_line(folder / "SYNTHETIC");
            return line.empty() ? "synthetic traffic" : "synthetic traffic: " + line;
        }
        if (std::filesystem::is_regular_file(folder / "truth.json", ignored)) {
            return "laboratory traffic: real programs on a laboratory network (a truth file lies beside the captures)";
        }
    }
    return {};
}

}  // namespace

output::Context begin_context(const Invocation& invocation) {
    output::Context context;
    context.version = app::version();
    context.parameters = parameters_of(invocation);
    return context;
}

bool shapes_result(std::string_view option) { return std::ranges::find(kNotParameters, option) == kNotParameters.end(); }

std::vector<std::string> arguments_to_repeat(const Invocation& invocation) {
    std::vector<std::string> arguments{std::string(invocation.verb->name)};
    arguments.insert(arguments.end(), invocation.operands.begin(), invocation.operands.end());
    for (const Setting& setting : invocation.settings.all()) {
        if (!shapes_result(setting.option->name) || setting.origin == Origin::fallback || setting.origin == Origin::unset) { continue; }
        std::string name = "--";
        name += setting.option->name;
        if (setting.option->kind == ValueKind::flag) {
            if (invocation.settings.flag(setting.option->name)) { arguments.push_back(name); }
            continue;
        }
        // An age such as -2h means another moment to whoever repeats the run.
        if (const auto at = setting.option->kind == ValueKind::time ? invocation.settings.interval(setting.option->name) : std::nullopt) {
            arguments.push_back(fmt::format("{}={}{}{}", name, to_rfc3339(at->from), at->from == at->to ? "" : "/", at->from == at->to ? "" : to_rfc3339(at->to)));
            continue;
        }
        for (const std::string& value : setting.values) { arguments.push_back(fmt::format("{}={}", name, value)); }
    }
    return arguments;
}

void say_where_from(output::Context& context, const flow::FlowSource& source) {
    context.observers.assign(source.observers().begin(), source.observers().end());
    context.coverage.assign(source.coverage().begin(), source.coverage().end());
    context.interval = source.interval();
}

std::string note_on(const Invocation& invocation, std::span<const std::string> inputs) {
    return invocation.settings.is_set("note") ? invocation.settings.text("note") : marker_note(inputs);
}

std::string joined_notes(const std::set<std::string, std::less<>>& notes) {
    std::string out;
    for (const std::string& note : notes) {
        if (!note.empty()) { out += (out.empty() ? "" : "; ") + note; }
    }
    return out;
}

output::Context import_context(const Invocation& invocation, std::vector<flow::read::ReadReport> reports, std::vector<Error> failures, bool interrupted) {
    output::Context context = begin_context(invocation);
    context.inputs = std::move(reports);
    context.failures = std::move(failures);
    context.note = note_on(invocation, invocation.operands);
    context.interrupted = interrupted;
    return context;
}

}  // namespace hw::app::command
