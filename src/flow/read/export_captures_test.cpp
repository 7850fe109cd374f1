#include "base/input/byte_source.hpp"
#include "flow/read/export_messages.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

/// Captures kept beside the project, not in it: `HW_SHARED_DATA`, or `../shared/data` from the project's root.
std::filesystem::path export_captures() {
    if (const char* given = std::getenv("HW_SHARED_DATA")) { return std::filesystem::path(given) / "pcap/flow-export"; }  // NOLINT(concurrency-mt-unsafe): nothing here sets the environment
    return std::filesystem::path(__FILE__).parent_path() / "../../../../shared/data/pcap/flow-export";
}

/// Captures of real exporters, in the order in which one collector would have got them, and how many records they hold by a count of
/// their sets' lengths that was made without this decoder.
struct Expected {
    std::vector<std::string> files;
    std::uint64_t records = 0;
    std::uint64_t no_template = 0;  ///< Data sets.
    std::uint64_t no_flow = 0;      ///< Records that tell of no packets: events of a NAT.
};

const std::vector<Expected>& expected() {
    static const std::vector<Expected> kExpected{
        {{"akvorado-data+templates"}, 21},
        {{"akvorado-template", "akvorado-data"}, 4},
        {{"akvorado-data"}, 0, 1},
        {{"akvorado-options-template", "akvorado-options-data", "akvorado-template", "akvorado-data"}, 4},
        {{"akvorado-datalink-template", "akvorado-datalink-data"}, 1},
        {{"akvorado-ethernet-over-mpls-with-control-word-template", "akvorado-ethernet-over-mpls-with-control-word-data"}, 10},
        {{"akvorado-icmp-template", "akvorado-icmp-data"}, 4},
        {{"akvorado-ipfix-srv6-template", "akvorado-ipfix-srv6-data"}, 1},
        {{"akvorado-ipfixprobe-templates", "akvorado-ipfixprobe-data"}, 4},
        {{"akvorado-juniper-cpid-template", "akvorado-juniper-cpid-data"}, 1},
        {{"akvorado-samplingrate-template", "akvorado-samplingrate-data"}, 6},
        {{"akvorado-multiplesamplingrates-options-template", "akvorado-multiplesamplingrates-options-data", "akvorado-multiplesamplingrates-template",
          "akvorado-multiplesamplingrates-data"}, 12},
        {{"akvorado-mpls"}, 2},
        {{"akvorado-nat"}, 0, 0, 9},
        {{"akvorado-nfv5"}, 29},
        {{"akvorado-physicalinterfaces"}, 8},
        {{"pmacct-100-IPFIXv10-CISCO"}, 12},
        {{"pmacct-101-NFv9-CISCO-cust_primitives"}, 51},
        {{"pmacct-102-NFv9-CISCO-f2rd-pretag-sampling-reload"}, 35},
        {{"pmacct-103-IPFIXv10-CISCO-pretag-JSON_encoding"}, 12},
        {{"pmacct-104-IPFIXv10-IPv6-CISCO-sampling_option"}, 3},
        {{"pmacct-106-IPFIXv10-HUAWEI-vrf_name"}, 3},
        {{"pmacct-110-IPFIXv10-NFv9-multiple-sources"}, 12},
        {{"pmacct-111-IPFIXv10-NFv9-IPv6-IPv4-mix_sources"}, 11},
        {{"pmacct-112-IPFIXv10-CISCO-options-map-reassignment"}, 0, 6},
        {{"pmacct-400-IPFIXv10-BMP-CISCO-SRv6-multiple-sources"}, 657},
        {{"pmacct-401-IPFIXv10-BMP-IPv6-CISCO-MPLS-multiple-sources"}, 748},
        {{"pmacct-402-IPFIXv10-BMP-IPv6-high-availability"}, 716},
        {{"pmacct-403-IPFIXv10-BMP-IPv6-CISCO-locrib-peerdown-vrf"}, 480},
        {{"pmacct-500-IPFIXv10-BGP-CISCO-SRv6"}, 43},
        {{"pmacct-501-IPFIXv10-BGP-IPv6-CISCO-MPLS"}, 74},
        {{"pmacct-502-IPFIXv10-BGP-IPv6-CISCO-SRv6-lcomms"}, 75}};
    return kExpected;
}

std::uint64_t skipped(const ReadReport& report, std::string_view reason) {
    const auto found = report.skipped.find(reason);
    return found == report.skipped.end() ? 0 : found->second.count;
}

}  // namespace

TEST_CASE("export captures: real exporters' datagrams give as many records as their sets hold, and events of a NAT are no flows") {
    if (!std::filesystem::is_directory(export_captures())) {
        MESSAGE("skipped: no captures at ", export_captures().string());
        return;
    }
    for (const Expected& e : expected()) {
        CAPTURE(e.files.front());
        ExportInput input("test");
        ReadReport report;
        for (const std::string& name : e.files) {
            std::ifstream file(export_captures() / (name + ".pcap"), std::ios::binary);
            REQUIRE(file);
            const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
            MemoryBytes bytes(std::as_bytes(std::span(text)));
            REQUIRE(input.read_capture(bytes, {}, report));
        }
        std::size_t flows = 0;
        input.take(report, [&](std::span<Flow> some, std::span<const std::string> /*names*/) { flows += some.size(); });
        CHECK(report.records == e.records);
        CHECK(skipped(report, "data set without its template") == e.no_template);
        CHECK(skipped(report, "flow record without packets or bytes") == e.no_flow);
        CHECK((flows == 0) == (e.records == 0));
    }
}
