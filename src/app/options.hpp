#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::app {

/// What an option's value is; checking, help and completion follow from it.
enum class ValueKind : std::uint8_t {
    flag,      ///< No value: given or not. In the environment and the configuration: true or false.
    text,      ///< Anything.
    count,     ///< A whole number, 0 or more.
    duration,  ///< `250ms`, `6s`, `10m`, `2h`, `7d`.
    time,      ///< A moment or a stretch, as `parse_time` and `parse_interval` read them.
    address,   ///< One IP address.
    addresses, ///< One IP address or several, commas between.
    endpoint,  ///< An IP address with or without a port.
    asns,      ///< The number of an AS or several, commas between.
    coverage,  ///< `[OBSERVER=]PREFIX`.
    prefix,    ///< An IP address or a network, `192.0.2.0/24`.
    file,      ///< A path to a file.
    folder,    ///< A path to a folder.
    choice,    ///< One of `choices`.
};

/// One option, said once: the command line, the environment, the configuration file, the help, the man page and the
/// completions are all made from this row.
struct OptionSpec {
    std::string_view name = {};           ///< Without the dashes.
    char letter = 0;                 ///< Short form; 0 where there is none.
    ValueKind kind = ValueKind::flag;
    std::string_view metavar = {};        ///< What stands for the value in help; empty for flags.
    std::string_view fallback = {};       ///< The default as one would type it; empty: none.
    std::string_view choices = {};        ///< `table|json`; only for `ValueKind::choice`.
    bool repeatable = false;
    bool takes_several = false;      ///< Takes all values up to the next option, as operands do.
    bool required = false;
    bool configurable = true;        ///< Also read from the environment and the configuration file.
    std::string_view verbs = {};          ///< ` trace link `, blanks around each; empty: every verb.
    std::string_view help = {};           ///< One or two sentences.
};

/// A worked example: the command line and what it does.
struct Example {
    std::string_view command = {};
    std::string_view meaning = {};
};

/// One verb of the program.
struct VerbSpec {
    std::string_view name = {};
    std::string_view operands = {};     ///< `INPUT...`; empty where it takes none.
    std::string_view summary = {};      ///< Half a line, without a full stop.
    std::string_view description = {};  ///< Paragraphs, separated by an empty line.
    std::array<Example, 2> examples = {};
    bool operands_required = false;
};

/// All options, in the order in which help shows them.
[[nodiscard]] std::span<const OptionSpec> option_table();
/// All verbs, in the order in which help shows them.
[[nodiscard]] std::span<const VerbSpec> verb_table();

/// The row of a verb, or nothing.
[[nodiscard]] const VerbSpec* find_verb(std::string_view name);
/// Whether `option` belongs to `verb`.
[[nodiscard]] bool applies(const OptionSpec& option, std::string_view verb);
/// The rows that belong to `verb`, in order.
[[nodiscard]] std::vector<const OptionSpec*> options_of(std::string_view verb);

/// `HEADWATER_MAX_LAG` for `max-lag`.
[[nodiscard]] std::string environment_name(const OptionSpec& option);
/// `max_lag` for `max-lag`.
[[nodiscard]] std::string config_key(const OptionSpec& option);
/// The choices of an option, taken apart.
[[nodiscard]] std::vector<std::string_view> choices_of(const OptionSpec& option);

}  // namespace hw::app
