// The answer of a server through the reader of rows: what is accepted must be written as the same bytes that were read.
#include "flow/clickhouse/flow_row.hpp"
#include "flow/clickhouse/url.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw::flow::clickhouse;
    std::string bytes;
    bytes.reserve(size);
    for (std::size_t i = 0; i < size; ++i) { bytes += static_cast<char>(data[i]); }
    if (const auto url = parse_url(bytes)) {
        auto shown = *url;
        shown.password.clear();
        if (parse_url(to_string(*url)) != shown) { std::abort(); }
    }
    for (RowReader in(bytes); !in.at_end();) {
        const auto row = read_flow_row(in);
        if (!row) { break; }
        RowWriter out;
        write_flow_row(out, row->flow, row->observer, row->batch, row->row);
        std::string written;
        for (const std::byte b : out.bytes()) { written += static_cast<char>(b); }
        RowReader again(written);
        const auto same = read_flow_row(again);
        if (!same || same->flow != row->flow || same->observer != row->observer) { std::abort(); }
        for (const auto direction : {hw::flow::Direction::request, hw::flow::Direction::reply}) {
            if (row->flow.activity.bins(direction).size() > hw::flow::Activity::kMaxStoredBins) { std::abort(); }
        }
    }
    return 0;
}
