#pragma once

#include "app/command/invocation.hpp"
#include "app/output/context.hpp"
#include "app/progress.hpp"
#include "flow/clickhouse/http.hpp"
#include "flow/read/input.hpp"
#include "flow/store/source.hpp"
#include "trace/link.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hw::app::command {

/// The inputs of a run as flows, with what a result must say of them.
struct Loaded {
    std::unique_ptr<flow::FlowSource> flows;  ///< From files, a store or a cluster.
    std::vector<flow::ConnectionTimings> timings;  ///< For `relay-test`, of captures.
    output::Context context;
    const flow::store::StoreSource* store = nullptr;  ///< `flows`, where it is a store.

    [[nodiscard]] const flow::FlowSource& source() const { return *flows; }

    /// To be called when the flows have been asked and before the result is written: says what of a store was damaged.
    void settle();
    /// `partial` where inputs failed or were damaged, `interrupted` where reading was stopped; else `otherwise`.
    [[nodiscard]] ExitCode code(ExitCode otherwise) const;

private:
    bool damaged_ = false;
};

/// Reads the inputs with the timeouts, coverage and threads of the settings; says on standard error (unless quiet) what
/// could not be used and what was passed over. `leave_out`: files that are not to be read again.
[[nodiscard]] Result<Loaded> load(const Invocation& invocation, std::span<const std::string> inputs, Progress& progress,
                                  std::vector<std::string> leave_out = {});

/// A connection to a ClickHouse database; the password may come from HEADWATER_CLICKHOUSE_PASSWORD, where others do not see it.
[[nodiscard]] flow::clickhouse::Http connect(const Invocation& invocation, flow::clickhouse::Url url);

/// How inputs are read by the settings: timeouts, coverage, threads, stop.
[[nodiscard]] flow::read::ReadOptions read_options(const Invocation& invocation);

/// What a result must say of inputs that have been read from `paths`; says on standard error what could not be used.
[[nodiscard]] Loaded describe(const Invocation& invocation, flow::read::Inputs inputs, std::span<const std::string> paths);

/// The link options of the settings. Fails when the background profile named (`--profile`) cannot be used.
[[nodiscard]] Result<trace::LinkOptions> link_options(const Invocation& invocation);

/// `--threads`, at most the number of cores; that number for 0.
[[nodiscard]] unsigned threads(const Invocation& invocation);

}  // namespace hw::app::command
