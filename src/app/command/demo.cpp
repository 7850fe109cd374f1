#include "app/command/trace_run.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace hw::app::command {
namespace {
namespace fs = std::filesystem;

constexpr const char* kExampleFolder = "examples/captures/three-relays";
constexpr const char* kQuestion = "demo.args";
constexpr std::uintmax_t kLargestQuestion = 4096;

/// The example's folder: the one given, else the first found from the working directory upward.
Result<fs::path> example_folder(const Invocation& invocation) {
    std::error_code ignored;
    if (const auto given = invocation.settings.optional_text("dir")) {
        if (fs::is_directory(*given, ignored)) { return fs::path(*given); }
        return fail(Errc::not_found, "there is no such folder", *given,
                    "name a folder that holds captures and demo.args, such as examples/captures/three-relays");
    }
    for (fs::path place = fs::current_path(ignored); !place.empty(); place = place.parent_path()) {
        if (fs::is_directory(place / kExampleFolder, ignored)) { return (place / kExampleFolder).lexically_proximate(fs::current_path(ignored)); }
        if (place == place.root_path()) { break; }
    }
    return fail(Errc::not_found, "the example's captures are not here", kExampleFolder,
                "run it in Headwater's source folder, or name the folder with --dir");
}

/// The question of the example, `demo.args` in its folder: trace's options as one would type them, blanks between.
Result<CommandLine> example_query(const fs::path& folder) {
    const fs::path path = folder / kQuestion;
    std::ifstream stream(path);
    std::error_code ignored;
    if (!stream || fs::file_size(path, ignored) > kLargestQuestion) {
        return fail(Errc::not_found, "cannot read the example's question", path.string(),
                    "it holds options of trace, such as --victim 192.0.2.1:22");
    }
    std::vector<std::string> arguments{"trace"};
    for (std::string word; stream >> word;) { arguments.push_back(word); }
    auto typed = parse_command_line(arguments);
    if (!typed) {
        typed.error().where = path.string();
        return typed;
    }
    return typed;
}

bool is_capture(const fs::path& path) {
    const std::string name = path.filename().string();
    return name.find(".pcap") != std::string::npos || name.ends_with(".log") || name.find(".log.") != std::string::npos;
}

}  // namespace

Result<Outcome> demo(const Invocation& invocation) {
    HW_TRY(const auto folder, example_folder(invocation));
    HW_TRY(const auto typed, example_query(folder));
    HW_TRY(const auto asked, Settings::resolve("trace", typed, {}, {}, invocation.world.now));
    const auto victim = asked.endpoint("victim");
    if (!victim) { return fail(Errc::usage, "the example's question names no --victim", (folder / kQuestion).string()); }

    std::vector<std::string> inputs;
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator(folder, problem)) {
        if (entry.is_regular_file(problem) && is_capture(entry.path())) { inputs.push_back(entry.path().string()); }
    }
    if (inputs.empty()) { return fail(Errc::not_found, "no captures in the example's folder", folder.string()); }
    std::ranges::sort(inputs);

    trace::TraceQuery query{.victim = *victim, .peer = {}, .at = asked.interval("at")};
    if (const auto peers = asked.addresses("peer"); !peers.empty()) { query.peer = peers.front(); }
    std::string command = "headwater trace " + folder.string();
    std::vector<std::pair<std::string, std::string>> parameters;
    for (const char* name : {"victim", "peer", "at"}) {
        if (!asked.is_set(name)) { continue; }
        parameters.emplace_back(name, asked.text(name));
        command += " --" + std::string(name) + " " + asked.text(name);
    }
    if (!invocation.quiet()) { log::info("this is: " + printable(command)); }
    return run_trace(invocation, inputs, query, parameters);
}

}  // namespace hw::app::command
