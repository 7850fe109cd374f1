#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"
#include "base/input/input_report.hpp"
#include "route/routes.hpp"

#include <functional>
#include <stop_token>

namespace hw::route::mrt {

/// How a file is read.
struct ReadOptions {
    std::stop_token stop = {};
    /// Called after each record with its end in the unpacked bytes, for progress.
    std::function<void(std::uint64_t offset)> progress = {};
};

/// Reads MRT records (RFC 6396, RFC 8050): TABLE_DUMP, TABLE_DUMP_V2, BGP4MP and BGP4MP_ET with their forms of four-byte numbers, of several
/// paths a prefix and of the local side, the older BGP4MP_ENTRY, and type 5. What is malformed is passed over, counted in `report` by reason with its
/// first offsets; routes of families that are not read (labelled, VPN) likewise. Fails where the source fails, and where the first bytes are
/// no MRT record at all. Returns whether the sink wanted all.
[[nodiscard]] Result<bool> read_mrt(ByteSource& source, RouteSink& sink, const ReadOptions& options, InputReport& report);

}  // namespace hw::route::mrt
