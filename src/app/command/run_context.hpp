#pragma once

#include "app/command/invocation.hpp"
#include "app/output/context.hpp"
#include "flow/source.hpp"

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What every result says of the run that made it: the version, the settings that count, the inputs, whose view they are, and what is
/// to be known of them.
namespace hw::app::command {

/// The version and the settings that change the result; all else empty.
[[nodiscard]] output::Context begin_context(const Invocation& invocation);

/// Whether an option changes the result: it is not about how that is shown, where it is kept, or how the work is done.
[[nodiscard]] bool shapes_result(std::string_view option);

/// The arguments that run the verb again with the same result, without the program's name: operands, and the settings that count.
[[nodiscard]] std::vector<std::string> arguments_to_repeat(const Invocation& invocation);

/// Puts the observers, coverage and interval of `source` into `context`.
void say_where_from(output::Context& context, const flow::FlowSource& source);

/// What a marker beside the inputs says of them (SYNTHETIC, truth.json), or --note: traffic that was made must never pass for a victim's.
[[nodiscard]] std::string note_on(const Invocation& invocation, std::span<const std::string> inputs);

/// The notes of several inputs as one: each once, in order.
[[nodiscard]] std::string joined_notes(const std::set<std::string, std::less<>>& notes);

/// What the imports into a store or database noted of their inputs (made traffic, ...), or --note.
[[nodiscard]] std::string note_of_imports(const Invocation& invocation, const auto& imports) {
    if (invocation.settings.is_set("note")) { return invocation.settings.text("note"); }
    std::set<std::string, std::less<>> notes;
    for (const auto& import : imports) { notes.insert(import.note); }
    return joined_notes(notes);
}

/// What the result of an import says of its inputs.
[[nodiscard]] output::Context import_context(const Invocation& invocation, std::vector<flow::read::ReadReport> reports, std::vector<Error> failures, bool interrupted);

}  // namespace hw::app::command
