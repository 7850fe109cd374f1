#include "app/help.hpp"
#include "app/shortened.hpp"

#include <algorithm>

namespace hw::app {
namespace {
namespace completion_scripts {

/// Single-quoted for a shell.
std::string shell_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') { out += "'\\''"; }
        else { out += c; }
    }
    return out + "'";
}

std::string words(const std::vector<std::string_view>& list) {
    std::string out;
    for (const auto word : list) { out += (out.empty() ? "" : " ") + std::string(word); }
    return out;
}

std::string verb_words() {
    std::vector<std::string_view> names;
    for (const VerbSpec& verb : verb_table()) { names.push_back(verb.name); }
    return words(names);
}

/// What may follow the verb besides options and files.
std::string operand_words(const VerbSpec& verb) {
    if (verb.name == "help") { return verb_words() + " exit-codes formats environment"; }
    if (verb.name == "completion") { return "bash zsh fish"; }
    if (verb.name == "config") { return "show"; }
    return {};
}

std::string bash() {
    std::string out =
        "# bash completion for headwater\n"
        "_headwater() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]}\n"
        "    COMPREPLY=()\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        COMPREPLY=($(compgen -W " + shell_quoted(verb_words()) + " -- \"$word\"))\n"
        "        return\n"
        "    fi\n"
        "    case $before in\n";
    for (const OptionSpec& option : option_table()) {
        if (option.choices.empty()) { continue; }
        out += "        --" + std::string(option.name) + ") COMPREPLY=($(compgen -W " + shell_quoted(words(choices_of(option))) +
               " -- \"$word\")); return ;;\n";
    }
    out += "    esac\n    case $word in\n        -*) case $verb in\n";
    for (const VerbSpec& verb : verb_table()) {
        std::string list;
        for (const OptionSpec* option : options_of(verb.name)) { list += (list.empty() ? "--" : " --") + std::string(option->name); }
        out += "            " + std::string(verb.name) + ") COMPREPLY=($(compgen -W " + shell_quoted(list) + " -- \"$word\")) ;;\n";
    }
    out += "            esac; return ;;\n    esac\n    case $verb in\n";
    for (const VerbSpec& verb : verb_table()) {
        const std::string list = operand_words(verb);
        if (!list.empty()) {
            out += "        " + std::string(verb.name) + ") COMPREPLY=($(compgen -W " + shell_quoted(list) + " -- \"$word\")); return ;;\n";
        }
    }
    return out + "    esac\n    COMPREPLY=($(compgen -f -- \"$word\"))\n}\ncomplete -o filenames -F _headwater headwater\n";
}

std::string zsh_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') { out += '\\'; }
        out += c;
    }
    return out;
}

std::string zsh() {
    std::string out = "#compdef headwater\n# zsh completion for headwater\n_headwater() {\n    local -a verbs\n    verbs=(\n";
    for (const VerbSpec& verb : verb_table()) {
        out += "        " + shell_quoted(std::string(verb.name) + ":" + zsh_escaped(verb.summary)) + "\n";
    }
    out += "    )\n    if (( CURRENT == 2 )); then\n        _describe verb verbs\n        return\n    fi\n    case $words[2] in\n";
    for (const VerbSpec& verb : verb_table()) {
        out += "        " + std::string(verb.name) + ")\n            _arguments -s";
        for (const OptionSpec* option : options_of(verb.name)) {
            std::string row = (option->repeatable ? "*--" : "--") + std::string(option->name) + "[" + zsh_escaped(option->help) + "]";
            if (option->kind != ValueKind::flag) {
                row += ":" + zsh_escaped(option->metavar) + ":";
                if (!option->choices.empty()) { row += "(" + words(choices_of(*option)) + ")"; }
                else if (option->kind == ValueKind::file) { row += "_files"; }
                else if (option->kind == ValueKind::folder) { row += "_files -/"; }
            }
            out += " \\\n                " + shell_quoted(row);
        }
        const std::string list = operand_words(verb);
        out += " \\\n                " + shell_quoted(list.empty() ? "*:input:_files" : "*:word:(" + list + ")") + " ;;\n";
    }
    return out + "    esac\n}\nif [ \"$funcstack[1]\" = \"_headwater\" ]; then _headwater \"$@\"; else compdef _headwater headwater; fi\n";
}

std::string fish() {
    std::string out = "# fish completion for headwater\nset -l verbs " + verb_words() + "\n";
    for (const VerbSpec& verb : verb_table()) {
        out += "complete -c headwater -n \"not __fish_seen_subcommand_from $verbs\" -f -a " + std::string(verb.name) + " -d " +
               shell_quoted(verb.summary) + "\n";
    }
    for (const VerbSpec& verb : verb_table()) {
        const std::string when = "complete -c headwater -n " + shell_quoted("__fish_seen_subcommand_from " + std::string(verb.name));
        for (const OptionSpec* option : options_of(verb.name)) {
            out += when + " -l " + std::string(option->name);
            if (option->letter != 0) { out += std::string(" -s ") + option->letter; }
            if (option->kind != ValueKind::flag) { out += " -r"; }
            if (!option->choices.empty()) { out += " -f -a " + shell_quoted(words(choices_of(*option))); }
            out += " -d " + shell_quoted(option->help) + "\n";
        }
        if (const std::string list = operand_words(verb); !list.empty()) { out += when + " -f -a " + shell_quoted(list) + "\n"; }
    }
    return out;
}

}  // namespace completion_scripts
}  // namespace

Result<std::string> completion_script(std::string_view shell) {
    if (shell == "bash") { return completion_scripts::bash(); }
    if (shell == "zsh") { return completion_scripts::zsh(); }
    if (shell == "fish") { return completion_scripts::fish(); }
    return fail(Errc::usage, "there are no completions for \"" + shortened(shell) + "\"", {}, "bash, zsh and fish are known");
}

}  // namespace hw::app
