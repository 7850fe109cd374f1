#include "app/run.hpp"

#include "app/help.hpp"
#include "app/shortened.hpp"
#include "app/stop_signal.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <chrono>
#include <cstdio>
#include <optional>

#include <unistd.h>

extern char** environ;

namespace hw::app {
namespace {

using Handler = Result<Outcome> (*)(const Invocation&);

Handler handler_of(std::string_view verb) {
    constexpr std::pair<std::string_view, Handler> kHandlers[] = {
        {"trace", command::trace},     {"link", command::link},     {"match", command::match},           {"calibrate", command::calibrate}, {"flows", command::flows},
        {"demo", command::demo},       {"config", command::config}, {"completion", command::completion},
        {"version", command::version}, {"help", command::help},   {"relay-test", command::relay_test},
        {"import", command::import},   {"store", command::store},   {"collect", command::collect},
        {"map", command::map},
        {"watch", command::watch},
        {"case", command::case_file},  {"weigh", command::weigh},
    };
    for (const auto& [name, handler] : kHandlers) {
        if (name == verb) { return handler; }
    }
    return nullptr;
}

int report(const Error& error) {
    // What was typed, and what stands in a file, must not steer the terminal.
    std::fputs(to_text({error.code, printable(error.message), printable(error.where), printable(error.hint)}).c_str(), stderr);
    return static_cast<int>(exit_code(error.code));
}

bool write_result(const std::string& text) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

Result<Invocation> prepare(const CommandLine& typed, const World& world) {
    Invocation invocation;
    invocation.verb = find_verb(typed.verb);
    invocation.operands = typed.operands;
    invocation.world = world;
    std::optional<std::string> chosen;
    for (const auto& [option, values] : typed.options) {
        if (option->name == "config") { chosen = values.back(); }
    }
    HW_TRY(invocation.files, load_configs(chosen, world.environment));
    HW_TRY(invocation.settings, Settings::resolve(typed.verb, typed, world.environment, invocation.files, world.now));
    return invocation;
}

/// What is wrong with the operands, if anything.
Result<void> check_operands(const VerbSpec& verb, const Invocation& invocation) {
    const std::string name(verb.name);
    if (verb.operands.empty() && !invocation.operands.empty()) {
        return fail(Errc::usage, name + " takes no input: \"" + shortened(invocation.operands.front()) + "\"", {}, "headwater help " + name);
    }
    const bool named_otherwise = invocation.settings.is_set("interface") || (verb.name == "flows" && invocation.settings.is_set("store"));
    if (verb.operands_required && invocation.operands.empty() && !named_otherwise) {
        return fail(Errc::usage, "no input given", {}, "name captures, logs or folders of them, or - for standard input");
    }
    return {};
}

}  // namespace

bool Invocation::colour() const {
    const std::string when = settings.text("color");
    if (when != "auto") { return when == "always"; }
    const auto set = [&](const char* name) {
        const auto found = world.environment.find(name);
        return found == world.environment.end() ? std::string() : found->second;
    };
    return world.output_is_terminal && set("NO_COLOR").empty() && set("TERM") != "dumb";
}

bool Invocation::progress() const { return world.errors_are_terminal && !quiet() && !settings.flag("no-progress"); }

Result<Outcome> run_verb(std::span<const std::string> arguments, Time now, std::stop_token stop) {
    HW_TRY(const auto typed, parse_command_line(arguments));
    const VerbSpec* verb = find_verb(typed.verb);
    if (verb == nullptr) { return fail(Errc::usage, "no verb is named"); }
    Invocation invocation;
    invocation.verb = verb;
    invocation.operands = typed.operands;
    invocation.world.now = now;
    HW_TRY(invocation.settings, Settings::resolve(typed.verb, typed, {}, {}, now));
    HW_CHECK(check_operands(*verb, invocation));
    invocation.stop = std::move(stop);
    return handler_of(verb->name)(invocation);
}

World process_world() {
    World world;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string text(*entry);
        if (const auto equals = text.find('='); equals != std::string::npos) {
            world.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    world.now = Time(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
    world.input_is_terminal = ::isatty(STDIN_FILENO) == 1;
    world.output_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    world.errors_are_terminal = ::isatty(STDERR_FILENO) == 1;
    return world;
}

int run(std::span<const std::string> arguments, const World& world) {
    const auto typed = parse_command_line(arguments);
    if (!typed) { return report(typed.error()); }
    if (typed->verb.empty()) {
        std::fputs(overview_text().c_str(), stderr);
        return static_cast<int>(ExitCode::usage);
    }
    const VerbSpec& verb = *find_verb(typed->verb);
    if (typed->has("help") && verb.name != "help") {
        return static_cast<int>(write_result(verb_text(verb)) ? ExitCode::done : ExitCode::bad_input);
    }
    if (verb.operands_required && typed->operands.empty() && !typed->has("interface") && !(verb.name == "flows" && typed->has("store")) && world.input_is_terminal) {
        std::fputs(verb_text(verb).c_str(), stderr);
        return static_cast<int>(ExitCode::usage);
    }
    auto invocation = prepare(*typed, world);
    if (!invocation) { return report(invocation.error()); }
    if (auto checked = check_operands(verb, *invocation); !checked) { return report(checked.error()); }
    log::configure({.quiet = invocation->quiet()});

    const StopSignal stop;
    invocation->stop = stop.token();
    invocation->tell = [](const std::string& line) { return write_result(line + "\n"); };
    const auto outcome = handler_of(verb.name)(*invocation);
    if (!outcome) { return report(outcome.error()); }
    if (!write_result(outcome->out)) {
        return report(Error{Errc::unreadable, "cannot write the result", "standard output",
                            "check that the disk has room and that nothing closed the pipe"});
    }
    if (outcome->late) { return report(*outcome->late); }
    return static_cast<int>(outcome->code);
}

}  // namespace hw::app
