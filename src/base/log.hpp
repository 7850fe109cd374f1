#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

/// What the program says about its own work, on standard error. Results never go this way.
namespace hw::log {

/// How much a line weighs.
enum class Level : std::uint8_t { debug, info, warning, error };

/// What is written, and how.
struct Options {
    Level level = Level::info;  ///< What is less weighty is left out.
    bool json = false;          ///< One JSON object a line: `time`, `level`, `message`, then the fields.
    bool times = false;         ///< Text lines begin with the time (a long-running server wants it; a command does not).
    bool quiet = false;         ///< Only errors, whatever `level` says.
};

/// Sets how lines are written from now on; until it is called, as `Options{}`. May be called from one thread at a time,
/// while others log.
void configure(const Options& options);

/// A named value of a line: `path=/tmp/a.pcap`. Text is escaped, so a line stays a line.
struct Field {
    std::string_view name;
    std::variant<std::string_view, std::int64_t, std::uint64_t, double> value;
};

/// Writes one line: `warning: message name=value …`. From any thread; lines do not mix.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::debug, message, fields); }
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::info, message, fields); }
inline void warning(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::warning, message, fields); }
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::error, message, fields); }

/// The line that `write` would write, without its line end and without `time` unless `time` is given (RFC 3339).
[[nodiscard]] std::string format_line(const Options& options, Level level, std::string_view message,
                                      std::initializer_list<Field> fields, std::string_view time = {});

}  // namespace hw::log
