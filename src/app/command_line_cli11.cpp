// The one place that includes CLI11: it takes arguments apart by the option table.
#include "app/command_line.hpp"
#include "app/shortened.hpp"
#include "base/nearest.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace hw::app {
namespace {

std::vector<std::string> known_verbs() {
    std::vector<std::string> names;
    for (const VerbSpec& verb : verb_table()) { names.emplace_back(verb.name); }
    return names;
}

std::vector<std::string> known_options(std::string_view verb) {
    std::vector<std::string> names;
    for (const OptionSpec* option : options_of(verb)) { names.push_back("--" + std::string(option->name)); }
    return names;
}

std::unexpected<Error> unknown_option(const std::string& verb, const std::string& typed) {
    const std::string name = typed.substr(0, typed.find('='));
    return fail(Errc::usage, "headwater " + verb + " has no option \"" + shortened(name) + "\"", {},
                did_you_mean(name, known_options(verb), "headwater help " + verb + " shows its options"));
}

std::string option_forms(const OptionSpec& option) {
    std::string forms = "--" + std::string(option.name);
    if (option.letter != 0) { forms = std::string("-") + option.letter + "," + forms; }
    return forms;
}

}  // namespace

bool CommandLine::has(std::string_view option) const {
    return std::ranges::any_of(options, [&](const auto& entry) { return entry.first->name == option; });
}

Result<CommandLine> parse_command_line(std::span<const std::string> arguments) {
    CommandLine typed;
    if (arguments.empty()) { return typed; }
    typed.verb = arguments.front();
    if (typed.verb == "-h" || typed.verb == "--help") { typed.verb = "help"; }
    if (typed.verb == "-V" || typed.verb == "--version") { typed.verb = "version"; }
    if (find_verb(typed.verb) == nullptr) {
        if (typed.verb.starts_with('-')) {
            return fail(Errc::usage, "the verb comes first, before \"" + shortened(typed.verb) + "\"", {}, "headwater VERB [OPTIONS] [INPUT...]");
        }
        return fail(Errc::usage, "there is no verb \"" + shortened(typed.verb) + "\"", {},
                    did_you_mean(typed.verb, known_verbs(), "headwater help lists the verbs"));
    }

    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    std::map<const OptionSpec*, CLI::Option*> made;
    try {
        for (const OptionSpec* option : options_of(typed.verb)) {
            if (option->kind == ValueKind::flag) {
                made[option] = app.add_flag(option_forms(*option))->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
            } else {
                const auto ignore = [](const CLI::results_t&) { return true; };
                made[option] = app.add_option(option_forms(*option), ignore)
                                   ->type_size(1)
                                   ->expected(1, option->takes_several ? -1 : 1)
                                   ->allow_extra_args(option->takes_several)
                                   ->multi_option_policy(option->repeatable ? CLI::MultiOptionPolicy::TakeAll
                                                                            : CLI::MultiOptionPolicy::TakeLast);
            }
        }
        app.add_option("operands", typed.operands);
        std::vector<std::string> reversed(arguments.rbegin(), arguments.rend() - 1);
        app.parse(std::move(reversed));
    } catch (const CLI::ArgumentMismatch& problem) {
        const std::string what = problem.what();
        return fail(Errc::usage, what.substr(0, what.find(':')) + " needs a value", {}, "headwater help " + typed.verb + " shows its options");
    } catch (const CLI::ParseError& problem) {
        std::string what = problem.what();
        std::ranges::replace(what, '\n', ' ');
        return fail(Errc::usage, shortened(what, 2 * kLongestShown), {}, "headwater help " + typed.verb + " shows its options");
    } catch (const CLI::Error& problem) {
        return fail(Errc::internal, problem.what());
    }
    for (const std::string& extra : app.remaining()) {
        if (extra.size() > 1 && extra.starts_with('-') && extra != "--") { return unknown_option(typed.verb, extra); }
    }
    for (const auto& [option, parsed] : made) {
        if (parsed->count() == 0) { continue; }
        std::vector<std::string> values = parsed->results();
        if (!option->repeatable && values.size() > 1) { values.erase(values.begin(), values.end() - 1); }
        typed.options[option] = std::move(values);
    }
    return typed;
}

}  // namespace hw::app
