#pragma once

#include "base/error.hpp"
#include "flow/read/report.hpp"
#include "flow/source.hpp"
#include "net/asn.hpp"
#include "net/country.hpp"
#include "trace/trail.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hw::app::output {

/// Whether a table is coloured.
enum class Colour : bool { off, on };

/// Who runs the network of an address, as far as the run was told.
struct Holder {
    std::optional<net::Asn> asn;
    std::string name;  ///< Of the AS's holder; empty: unknown.
    std::optional<net::Country> country;
};

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
    std::map<net::Address, Holder> holders;  ///< Of addresses that the result names, where registry data were given.
    bool interrupted = false;     ///< Reading or searching was stopped early.

    /// The observer's name; `?` for one that is not in the list.
    [[nodiscard]] std::string observer_name(flow::ObserverId id) const;
};

}  // namespace hw::app::output
