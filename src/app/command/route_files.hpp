#pragma once

#include "app/command/invocation.hpp"
#include "app/output/context.hpp"
#include "app/progress.hpp"
#include "base/input/input_report.hpp"
#include "route/graph/relationships.hpp"
#include "route/routes.hpp"
#include "route/rpki/cache.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::app::command {

/// How routing data fared.
struct RouteFiles {
    std::vector<InputReport> reports;  ///< In the order given, a folder's files by name.
    std::vector<Error> failures;       ///< Files that could not be used.
    bool wanted_all = true;            ///< False where the sink wanted no more.
    bool interrupted = false;

    /// `done`; `partial` where a file could not be used or something was passed over; `interrupted`.
    [[nodiscard]] ExitCode code(ExitCode otherwise) const;
};

/// The files behind a path, a folder's by name, those in folders in it too; of anything else the path itself.
[[nodiscard]] Result<std::vector<std::string>> route_files_behind(const std::string& path);

/// Reads MRT files, folders of them and standard input (`-`), one after the other, plain or packed, into the sink. What was passed over is said on
/// standard error with its first places. Fails where no file can be used.
[[nodiscard]] Result<RouteFiles> read_route_files(const Invocation& invocation, std::span<const std::string> paths, route::RouteSink& sink, Progress& progress);

/// Puts what was read of routing data among a result's inputs.
void add_route_inputs(output::Context& context, std::span<const InputReport> reports);

/// One line a reason on standard error, with where it happened first: whoever made the file can look there.
void say_what_was_passed_over(const InputReport& report);

/// Connects to the RPKI cache that `--rtr` names, and waits until it has told all; nothing where none is named.
[[nodiscard]] Result<std::optional<route::rpki::Cache>> connect_rpki(const Invocation& invocation);

/// Reads a relationship file, plain or packed, and puts it among the inputs of `context`. What was passed over is said on standard error.
[[nodiscard]] Result<route::Relationships> read_relationships(const std::string& path, const std::stop_token& stop, output::Context& context);

}  // namespace hw::app::command
