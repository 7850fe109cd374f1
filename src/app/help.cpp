#include "app/help.hpp"

#include "app/exit_code.hpp"
#include "app/shortened.hpp"
#include "app/version.hpp"
#include "base/nearest.hpp"

#include <algorithm>
#include <vector>

namespace hw::app {
namespace {
namespace help_pages {

constexpr std::size_t kOptionColumn = 30;

std::string examples_of(const VerbSpec& verb) {
    std::string text = "Examples:\n";
    for (const Example& example : verb.examples) {
        text += "  " + std::string(example.command) + "\n" + wrapped(example.meaning, 6);
    }
    return text;
}

std::string option_line(const OptionSpec& option) {
    std::string left = option.letter == 0 ? "      " : std::string("  -") + option.letter + ", ";
    left += "--" + std::string(option.name);
    if (!option.metavar.empty()) { left += " " + std::string(option.metavar); }
    std::string right(option.help);
    if (!option.choices.empty()) {
        std::string list;
        for (const auto choice : choices_of(option)) { list += (list.empty() ? "" : ", ") + std::string(choice); }
        right += " (" + list + ")";
    }
    if (option.required) { right += " Required."; }
    if (!option.fallback.empty()) { right += " Default: " + std::string(option.fallback) + "."; }
    const std::string body = wrapped(right, kOptionColumn);
    if (left.size() + 2 > kOptionColumn) { return left + "\n" + body; }
    return left + body.substr(left.size());
}

std::string exit_codes() {
    std::string text = "Exit codes:\n";
    for (const ExitMeaning& row : kExitMeanings) {
        const std::string number = std::to_string(static_cast<int>(row.code));
        text += std::string(5 - number.size(), ' ') + number + "  " + std::string(row.meaning) + "\n";
    }
    return text;
}

template <typename List>
std::string joined(const List& list) {
    std::string text;
    for (const auto item : list) { text += (text.empty() ? "" : ", ") + std::string(item); }
    return text;
}

std::string formats() {
    std::string text = "Read:\n";
    text += wrapped(joined(kFormatsRead) + ", each also packed with " + joined(kCompressionsRead) +
                        ". Recognised by content, never by name. A folder means all of its files; - is standard input.", 2);
    text += "\nWritten (--format):\n";
    text += "  table   for reading; the same with and without a terminal, but for colour\n";
    text += "  json    one object, \"schema\": \"headwater.VERB/1\"\n";
    text += "  ndjson  one object a line: a trail, an inflow, a flow\n";
    text += "  csv     one line a hop, a candidate, a flow\n";
    text += "  and with --html FILE, for trace, a report: one self-contained page without scripts\n\n";
    text += wrapped("In all of them times are RFC 3339 in UTC with microseconds, probabilities lie between 0 and 1, weights are in "
                    "decibans (_db: 10 log10 of a likelihood ratio), lengths of time are _ms or _s.", 0);
    return text;
}

std::string environment() {
    std::string text =
        wrapped("A value comes from the flag, else from the environment, else from the configuration file, else it is the default. "
                "\"headwater config show --origin\" says which.", 0) +
        "\nConfiguration files (TOML), the first stronger than the second:\n"
        "  $XDG_CONFIG_HOME/headwater/config.toml   (by default ~/.config/headwater/config.toml)\n"
        "  /etc/headwater/config.toml\n"
        "or, with --config FILE, that file alone. A key at the top holds for every verb, in a table for one:\n\n"
        "  color = \"never\"\n"
        "  [trace]\n"
        "  max_lag = \"10s\"\n\n"
        "Environment and keys:\n";
    for (const OptionSpec& option : option_table()) {
        if (!option.configurable) { continue; }
        const std::string name = environment_name(option);
        if (text.find("  " + name + " ") != std::string::npos) { continue; }  // one setting for several verbs
        text += "  " + name + std::string(name.size() < 26 ? 26 - name.size() : 1, ' ') + config_key(option) + "\n";
    }
    text += "  NO_COLOR                  no colour, unless --color always\n";
    return text;
}

}  // namespace help_pages
}  // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
    std::string out;
    std::string line;
    const auto end_line = [&] {
        if (!line.empty()) { out += std::string(indent, ' ') + line; }
        out += '\n';
        line.clear();
    };
    while (!text.empty()) {
        const auto stop = text.find_first_of(" \n");
        const std::string_view word = text.substr(0, stop);
        if (!line.empty() && indent + line.size() + 1 + word.size() > width) { end_line(); }
        if (!word.empty()) { line += (line.empty() ? "" : " ") + std::string(word); }
        if (stop == std::string_view::npos) { break; }
        if (text[stop] == '\n') { end_line(); }
        text.remove_prefix(stop + 1);
    }
    if (!line.empty()) { end_line(); }
    return out;
}

std::string overview_text() {
    std::string text =
        "headwater: follow an attack upstream to where it starts, and say how sure that is.\n\n"
        "  headwater VERB [OPTIONS] [INPUT...]\n\nVerbs:\n";
    for (const VerbSpec& verb : verb_table()) {
        text += "  " + std::string(verb.name) + std::string(13 - verb.name.size(), ' ') + std::string(verb.summary) + "\n";
    }
    text += "\n" + help_pages::examples_of(verb_table()[0]);
    text += "\nMore: headwater help VERB, or exit-codes, formats, environment.\n";
    return text;
}

std::string verb_text(const VerbSpec& verb) {
    std::string text = "headwater " + std::string(verb.name) + ": " + std::string(verb.summary) + "\n\n  headwater " + std::string(verb.name);
    const auto options = options_of(verb.name);
    for (const OptionSpec* option : options) {
        if (option->required) { text += " --" + std::string(option->name) + " " + std::string(option->metavar); }
    }
    text += " [OPTIONS]";
    if (!verb.operands.empty()) { text += " " + std::string(verb.operands); }
    text += "\n\n" + wrapped(verb.description, 0) + "\nOptions:\n";
    for (const OptionSpec* option : options) { text += help_pages::option_line(*option); }
    return text + "\n" + help_pages::examples_of(verb);
}

Result<std::string> topic_text(std::string_view topic) {
    if (topic.empty()) { return overview_text(); }
    if (const VerbSpec* verb = find_verb(topic)) { return verb_text(*verb); }
    if (topic == "exit-codes") { return help_pages::exit_codes(); }
    if (topic == "formats") { return help_pages::formats(); }
    if (topic == "environment") { return help_pages::environment(); }
    std::vector<std::string> topics{"exit-codes", "formats", "environment"};
    for (const VerbSpec& verb : verb_table()) { topics.emplace_back(verb.name); }
    return fail(Errc::usage, "there is no help on \"" + shortened(topic) + "\"", {},
                did_you_mean(topic, topics, "headwater help lists the verbs"));
}

}  // namespace hw::app
