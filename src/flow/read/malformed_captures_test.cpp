#include "base/input/unpack.hpp"
#include "flow/read/input.hpp"
#include "flow/read/pcap_reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

namespace {

/// Captures kept beside the project, not in it: `HW_SHARED_DATA`, or `../shared/data` from the project's root.
std::filesystem::path shared_data() {
    if (const char* given = std::getenv("HW_SHARED_DATA")) { return given; }
    return std::filesystem::path(__FILE__).parent_path() / "../../../../shared/data";
}

std::vector<std::filesystem::path> captures() {
    std::vector<std::filesystem::path> out;
    std::error_code error;
    for (const char* folder : {"pcap/malformed", "pcap/relays-and-tunnels", "pcap/flow-export", "pcap/bmp"}) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(shared_data() / folder, error)) {
            if (entry.is_regular_file()) { out.push_back(entry.path()); }
        }
    }
    std::ranges::sort(out);
    return out;
}

struct Read {
    Result<void> result;
    std::vector<Flow> flows;
    ReadReport report;
};

Read read_one(const std::filesystem::path& path) {
    Read read;
    read.report.path = path.string();
    auto input = InputBytes::open(path.string());
    REQUIRE(input);
    read.result = read_capture(**input, "test", ObserverId{}, ReadOptions{}, [&](Flow&& f) { read.flows.push_back(std::move(f)); }, read.report);
    return read;
}

}  // namespace

TEST_CASE("captures made to break dissectors: each is read, or refused with its place; all packets are accounted for") {
    const auto paths = captures();
    if (paths.empty()) {
        MESSAGE("skipped: no captures at ", shared_data().string());
        return;
    }
    std::size_t refused = 0;
    std::uint64_t records = 0;
    std::uint64_t skipped = 0;
    for (const auto& path : paths) {
        CAPTURE(path.string());
        const Read read = read_one(path);
        if (!read.result) {
            CHECK_FALSE(read.result.error().message.empty());
            CHECK(read.result.error().where.starts_with(path.string() + ":"));
            ++refused;
            continue;
        }
        std::uint64_t in_flows = 0;
        for (const Flow& flow : read.flows) {
            in_flows += flow.request.packets + flow.reply.packets;
            CHECK(flow.first <= flow.last);
            for (const Direction d : {Direction::request, Direction::reply}) {
                std::uint64_t bytes = 0;
                for (const ActivityBin& bin : flow.activity.bins(d)) { bytes += bin.bytes; }
                CHECK(bytes == flow.half(d).payload_bytes);
            }
        }
        CHECK(in_flows >= read.report.records);  // more where tunnels hold packets
        for (const auto& [reason, what] : read.report.skipped) {
            CHECK(what.count > 0);
            CHECK_FALSE(what.first_offsets.empty());
        }
        const Read again = read_one(path);
        CHECK(again.flows == read.flows);
        records += read.report.records;
        skipped += read.report.skipped_total();
    }
    MESSAGE(paths.size(), " captures, ", refused, " refused; ", records, " packets in flows, ", skipped, " passed over by reason");
}
