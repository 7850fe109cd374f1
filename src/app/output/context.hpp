#pragma once

#include "base/error.hpp"
#include "flow/read/report.hpp"
#include "flow/source.hpp"
#include "trace/trail.hpp"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hw::app::output {

/// Whether a table is coloured.
enum class Colour : bool { off, on };

/// What a result rests on: everything that a renderer says about a run beside the result itself. Renderers are pure
/// functions from a result and this to text.
struct Context {
    std::string version;
    std::vector<std::pair<std::string, std::string>> parameters;  ///< Options that shape the result, as one would type them.
    std::vector<flow::Observer> observers;
    std::vector<flow::CoveredHost> coverage;
    std::vector<flow::read::ReadReport> inputs;
    std::vector<Error> failures;  ///< Inputs that could not be used.
    std::string note;             ///< A banner, such as "laboratory traffic"; empty: none.
    Interval interval;            ///< First to last record.
    std::uint64_t flows = 0;      ///< Flows in the inputs.
    bool interrupted = false;     ///< Reading or searching was stopped early.

    /// The observer's name; `?` for one that is not in the list.
    [[nodiscard]] std::string observer_name(flow::ObserverId id) const;
};

}  // namespace hw::app::output
