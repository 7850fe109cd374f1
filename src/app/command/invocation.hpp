#pragma once

#include "app/exit_code.hpp"
#include "app/settings.hpp"
#include "base/error.hpp"

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace hw::app {

/// What the program finds around it when it starts.
struct World {
    std::map<std::string, std::string> environment;
    Time now;
    bool input_is_terminal = false;
    bool output_is_terminal = false;
    bool errors_are_terminal = false;
};

/// One run of one verb: everything that it may look at.
struct Invocation {
    const VerbSpec* verb = nullptr;
    Settings settings;
    std::vector<std::string> operands;
    std::vector<ConfigFile> files;
    World world;
    std::stop_token stop;
    /// Writes a line of the result at once, for verbs that tell as they go; false when nobody takes it any more.
    std::function<bool(const std::string& line)> tell;

    [[nodiscard]] bool colour() const;
    [[nodiscard]] bool progress() const;
    [[nodiscard]] bool quiet() const { return settings.flag("quiet"); }
};

/// What a verb has to say: standard output, and how the program ends.
struct Outcome {
    std::string out;
    ExitCode code = ExitCode::done;
    std::optional<Error> late = {};  ///< What went wrong once the result was known: told after it, and decides the exit code.
};

/// One function a verb: what it prints and the code it ends with, or why it could not run. They write nothing to standard
/// output themselves.
namespace command {
[[nodiscard]] Result<Outcome> trace(const Invocation& invocation);
[[nodiscard]] Result<Outcome> link(const Invocation& invocation);
[[nodiscard]] Result<Outcome> match(const Invocation& invocation);
[[nodiscard]] Result<Outcome> relay_test(const Invocation& invocation);
[[nodiscard]] Result<Outcome> calibrate(const Invocation& invocation);
[[nodiscard]] Result<Outcome> flows(const Invocation& invocation);
[[nodiscard]] Result<Outcome> import(const Invocation& invocation);
[[nodiscard]] Result<Outcome> collect(const Invocation& invocation);
[[nodiscard]] Result<Outcome> store(const Invocation& invocation);
[[nodiscard]] Result<Outcome> map(const Invocation& invocation);
[[nodiscard]] Result<Outcome> watch(const Invocation& invocation);
[[nodiscard]] Result<Outcome> case_file(const Invocation& invocation);
[[nodiscard]] Result<Outcome> weigh(const Invocation& invocation);
[[nodiscard]] Result<Outcome> demo(const Invocation& invocation);
[[nodiscard]] Result<Outcome> config(const Invocation& invocation);
[[nodiscard]] Result<Outcome> completion(const Invocation& invocation);
[[nodiscard]] Result<Outcome> version(const Invocation& invocation);
[[nodiscard]] Result<Outcome> help(const Invocation& invocation);
/// `import` where `--store` names a ClickHouse database.
[[nodiscard]] Result<Outcome> import_to_cluster(const Invocation& invocation);
}  // namespace command

}  // namespace hw::app
