#pragma once

#include "base/input/input_report.hpp"

#include <cstdint>

namespace hw::flow::read {

/// How one input of flows fared.
struct ReadReport : InputReport {
    std::uint64_t flows = 0;
    bool of_flows = true;          ///< Not of what is asked beside the flows: routing data, registries' files.
    bool flows_known = true;       ///< Not of an input that was imported into a store earlier, which keeps no number of its flows.
    std::uint64_t snapped = 0;     ///< Packets captured shorter than they were; counted with their full length.
};

}  // namespace hw::flow::read
