#include "app/exit_code.hpp"
#include "app/help.hpp"
#include "app/version.hpp"

namespace hw::app {
namespace {

/// Escapes text for roff: backslashes, hyphens that must stay hyphens, and what would pose as a request.
std::string roff(std::string_view text) {
    std::string out;
    bool line_start = true;
    for (const char c : text) {
        if (line_start && (c == '.' || c == '\'')) { out += "\\&"; }
        if (c == '\\') { out += "\\e"; }
        else if (c == '-') { out += "\\-"; }
        else { out += c; }
        line_start = c == '\n';
    }
    return out;
}

std::string roff_option(const OptionSpec& option) {
    std::string out = ".TP\n";
    if (option.letter != 0) { out += "\\fB\\-" + std::string(1, option.letter) + "\\fR, "; }
    out += "\\fB\\-\\-" + roff(option.name) + "\\fR";
    if (!option.metavar.empty()) { out += " \\fI" + roff(option.metavar) + "\\fR"; }
    out += "\n" + roff(option.help);
    if (!option.choices.empty()) {
        std::string list;
        for (const auto choice : choices_of(option)) { list += (list.empty() ? "" : ", ") + std::string(choice); }
        out += roff(" (" + list + ")");
    }
    if (!option.fallback.empty()) { out += roff(" Default: " + std::string(option.fallback) + "."); }
    if (option.configurable) { out += "\nEnvironment: \\fB" + environment_name(option) + "\\fR; key: \\fB" + config_key(option) + "\\fR."; }
    return out + "\n";
}

bool of_every_verb(const OptionSpec& option) { return option.verbs.empty(); }

}  // namespace

std::string man_page() {
    std::string page = ".TH HEADWATER 1 \"\" \"headwater " + std::string(version()) + "\" \"User Commands\"\n";
    page += ".SH NAME\nheadwater \\- follow an attack upstream to where it starts, and say how sure that is\n";
    page += ".SH SYNOPSIS\n.B headwater\n.I VERB\n[\\fIOPTIONS\\fR] [\\fIINPUT\\fR...]\n.SH VERBS\n";
    for (const VerbSpec& verb : verb_table()) {
        page += ".SS \"" + std::string(verb.name) + (verb.operands.empty() ? "" : " " + std::string(verb.operands)) + "\"\n";
        std::string_view rest = verb.description;
        while (!rest.empty()) {
            const auto gap = rest.find("\n\n");
            page += roff(rest.substr(0, gap)) + "\n";
            if (gap == std::string_view::npos) { break; }
            page += ".PP\n";
            rest.remove_prefix(gap + 2);
        }
        for (const OptionSpec* option : options_of(verb.name)) {
            if (!of_every_verb(*option)) { page += roff_option(*option); }
        }
        for (const Example& example : verb.examples) {
            page += ".PP\n" + roff(example.meaning) + ":\n.PP\n.RS\n.nf\n" + roff(example.command) + "\n.fi\n.RE\n";
        }
    }
    page += ".SH OPTIONS OF EVERY VERB\n";
    for (const OptionSpec& option : option_table()) {
        if (of_every_verb(option)) { page += roff_option(option); }
    }
    page += ".SH EXIT STATUS\n";
    for (const ExitMeaning& row : kExitMeanings) {
        page += ".TP\n.B " + std::to_string(static_cast<int>(row.code)) + "\n" + roff(row.meaning) + "\n";
    }
    page += ".SH FILES\n.TP\n.I $XDG_CONFIG_HOME/headwater/config.toml\nSettings of the user (TOML).\n";
    page += ".TP\n.I /etc/headwater/config.toml\nSettings of the machine.\n";
    return page;
}

}  // namespace hw::app
