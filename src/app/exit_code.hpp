#pragma once

#include "base/error.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace hw::app {

/// How the program ends (CLI contract, "Everywhere").
enum class ExitCode : std::uint8_t {
    done = 0,
    nothing_found = 1,
    usage = 2,
    bad_input = 3,
    refused = 4,
    partial = 5,
    internal = 70,
    interrupted = 130,
};

/// A code and what it tells a script, as `headwater help exit-codes` lists them.
struct ExitMeaning {
    ExitCode code{};
    std::string_view meaning = {};
};

/// The codes and their meaning, for `help exit-codes` and the manual page.
inline constexpr std::array kExitMeanings{
    ExitMeaning{ExitCode::done, "done"},
    ExitMeaning{ExitCode::nothing_found, "ran, but found nothing: no flow of the victim, no link, no flow"},
    ExitMeaning{ExitCode::usage, "wrong usage or configuration"},
    ExitMeaning{ExitCode::bad_input, "an input does not exist, cannot be read or is malformed, and no other could be used"},
    ExitMeaning{ExitCode::refused, "refused by policy"},
    ExitMeaning{ExitCode::partial, "partial: some inputs could not be used, or a limit was reached"},
    ExitMeaning{ExitCode::internal, "internal error"},
    ExitMeaning{ExitCode::interrupted, "interrupted; what was known so far has been printed"},
};

/// The exit code that an error leads to.
[[nodiscard]] ExitCode exit_code(Errc code);

}  // namespace hw::app
