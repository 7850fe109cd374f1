#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace hw {

/// The closed set of ways in which something expected can fail. The exit code a command ends with follows from it
/// (CLI contract, "Everywhere").
enum class Errc {
    usage,        ///< The user asked for something the program does not offer, or options contradict (exit 2).
    not_found,    ///< A file, host or record that was named does not exist (exit 3).
    unreadable,   ///< The operating system refused to read or write: permission, I/O error (exit 3).
    malformed,    ///< The input as a whole does not have the form it claims (exit 3).
    truncated,    ///< The input ends before a value that it announced (exit 3).
    unsupported,  ///< Well formed, but of a version or kind that is not handled (exit 3).
    limit,        ///< A cap on size, count or time was reached (exit 5).
    interrupted,  ///< The user or the caller asked to stop (exit 130).
    refused,      ///< Policy forbids it (exit 4).
    internal,     ///< A library failed in a way that input cannot cause (exit 70).
};

/// The word for `code`, as it stands in JSON and logs.
[[nodiscard]] std::string_view to_string(Errc code);

/// A failure as told to a person: what happened, where, and what to do about it.
struct Error {
    Errc code = Errc::internal;
    std::string message;  ///< What: one sentence without a full stop.
    std::string where;    ///< Where: `file`, `file:offset` or an option; may be empty.
    std::string hint;     ///< What to do; may be empty.

    friend bool operator==(const Error&, const Error&) = default;
};

/// Three lines at most: `error: message`, `where: …`, `hint: …`; the latter two only where they say something.
[[nodiscard]] std::string to_text(const Error& error);

/// A value, or the reason why there is none. Never to be ignored: functions returning it are `[[nodiscard]]`.
template <typename T>
using Result = std::expected<T, Error>;

/// Builds the failing side of a `Result`.
[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string message, std::string where = {}, std::string hint = {}) {
    return std::unexpected(Error{code, std::move(message), std::move(where), std::move(hint)});
}

}  // namespace hw

#define HW_CONCAT_INNER(a, b) a##b
#define HW_CONCAT(a, b) HW_CONCAT_INNER(a, b)
// NOLINTBEGIN(bugprone-macro-parentheses): a name and a declaration cannot stand in parentheses.
#define HW_TRY_IMPL(tmp, declaration, expression)              \
    auto tmp = (expression);                                   \
    if (!tmp) { return std::unexpected(std::move(tmp).error()); } \
    declaration = *std::move(tmp)
// NOLINTEND(bugprone-macro-parentheses)

/// `HW_TRY(auto x, f())` binds `x` to the value of `f()`, or returns its error from the enclosing function.
#define HW_TRY(declaration, expression) HW_TRY_IMPL(HW_CONCAT(hw_try_, __LINE__), declaration, expression)

/// `HW_CHECK(f())` returns the error of a `Result<void>` from the enclosing function.
#define HW_CHECK(expression)                                                                      \
    if (auto HW_CONCAT(hw_check_, __LINE__) = (expression); !HW_CONCAT(hw_check_, __LINE__)) {    \
        return std::unexpected(std::move(HW_CONCAT(hw_check_, __LINE__)).error());                \
    }                                                                                             \
    static_assert(true)
