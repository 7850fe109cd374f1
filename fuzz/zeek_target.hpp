#pragma once

#include "base/input/byte_source.hpp"
#include "flow/read/zeek_connections.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

/// Reads `bytes` as a log, in one block and in blocks of 61 bytes: what comes of it must not depend on that, and every flow
/// must end after it began and be the only one of its connection.
template <typename Read>
void read_as_zeek_log(std::span<const std::byte> bytes, const Read& read) {
    using namespace hw::flow;
    const auto flows_in_blocks = [&](std::size_t block, read::ReadReport& report) {
        hw::MemoryBytes source(bytes, block);
        read::zeek::Connections connections("sensor");
        report.path = "log";
        const bool read_on = read(source, connections, std::stop_token(), report).has_value();
        return std::pair(read_on, connections.take());
    };
    read::ReadReport whole;
    read::ReadReport pieces;
    const auto one = flows_in_blocks(bytes.size() + 1, whole);
    if (one != flows_in_blocks(61, pieces) || whole.skipped_total() != pieces.skipped_total() || whole.records != pieces.records) { std::abort(); }
    if (whole.flows != one.second.size()) { std::abort(); }
    for (const Flow& flow : one.second) {
        if (flow.last < flow.first || flow.first < hw::Time()) { std::abort(); }
    }
}
