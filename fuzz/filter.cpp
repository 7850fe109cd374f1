// The filter language: what is taken prints and reads back as the same filter, can be asked of a flow, and gives bounds that hold
// for it.
#include "flow/filter.hpp"
#include "flow/filter_match.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    const auto filter = hw::flow::parse_filter(text);
    if (!filter) { return 0; }
    // A name with both kinds of quotes cannot be typed, so it is never here.
    const auto again = hw::flow::parse_filter(to_string(*filter));
    if (!again || *again != *filter) { std::abort(); }
    const std::vector<hw::flow::Observer> observers{{"a", {}}};
    const hw::flow::Whereabouts where{.asn = [](const hw::net::Address&) { return hw::net::Asn(64'500); },
                                      .country = [](const hw::net::Address&) { return hw::net::Country(); }};
    const auto matcher = hw::flow::FlowMatcher::compile(*filter, observers, where);
    if (!matcher) { return 0; }
    hw::flow::Flow flow;
    flow.client = {hw::net::Address::v4(0xc000'0201U), hw::net::Port{40'000}};
    flow.server = {hw::net::Address::v6(1, 2), hw::net::Port{22}};
    flow.protocol = hw::flow::Protocol::tcp;
    flow.request.bytes = 1000;
    flow.reply.bytes = 2000;
    const auto bounds = bounds_of(*filter);
    if (!(*matcher)(flow)) { return 0; }
    if (!bounds.bytes.contains(3000) || !bounds.duration.contains(0) || !(bounds.ports.contains(22) || bounds.ports.contains(40'000))) { std::abort(); }
    if (bounds.hosts) {
        bool in = false;
        for (const auto& p : *bounds.hosts) { in = in || p.contains(flow.client.address) || p.contains(flow.server.address); }
        if (!in) { std::abort(); }
    }
    return 0;
}
