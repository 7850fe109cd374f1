#include "flow/collect/header_watch.hpp"

#include "flow/read/export_sample.hpp"
#include "flow/read/export_template.hpp"

namespace hw::flow::collect {
namespace {
namespace watch_detail {

/// Datagrams overtake one another: a step back of less is no restart.
constexpr std::uint32_t kLate = 60'000;
/// The milliseconds begin anew after 49.7 days: from this near the end it is no restart either.
constexpr std::uint32_t kNearEnd = 0xffff'ffffU - 3'600'000U;
/// IPFIX counts records; a restart begins near zero.
constexpr std::uint32_t kLateRecords = 100'000;

}  // namespace watch_detail
}  // namespace

HeaderNews HeaderWatch::see(net::Port port, Time at, std::span<const std::byte> message) {
    using namespace watch_detail;
    HeaderNews news;
    constexpr std::size_t kLeast = 20;
    if (message.size() < kLeast) { return news; }
    const auto number = [&](std::size_t offset, std::size_t size) { return static_cast<std::uint32_t>(read::export_number(message.subspan(offset, size))); };
    const std::uint32_t version = number(0, 2);
    std::uint32_t count = 0;
    std::uint32_t domain = 0;
    std::optional<std::uint32_t> seconds;
    switch (version) {
        case 5:
        case 7:
        case 9:
            count = number(4, 4);
            seconds = number(8, 4);
            if (version == 9) { domain = number(16, 4); }
            if (version == 5 && message.size() >= 22) { domain = number(20, 2); }
            break;
        case 10:
            seconds = number(4, 4);
            count = number(8, 4);
            domain = number(12, 4);
            break;
        case 0: {
            const auto header = read::sflow_header(message);
            if (!header || header->size < 8) { return news; }
            domain = header->sub_agent ^ static_cast<std::uint32_t>(header->agent.low() ^ header->agent.high());  // one sender may speak for several agents
            count = number(header->size - 8, 4);  // sequence, uptime, number of samples end the header
            break;
        }
        default: return news;
    }
    if (seconds) { news.ahead = Time::from_micros(std::int64_t{*seconds} * 1'000'000) - at; }
    const auto key = std::pair((std::uint32_t{net::number(port)} << 16U) | version, domain);
    const auto known = streams_.find(key);
    if (known == streams_.end()) {
        if (streams_.size() < kStreams) { streams_.emplace(key, Last{count}); }
        return news;
    }
    const std::uint32_t last = known->second.count;
    if (count < last) {
        const std::uint32_t back = last - count;
        if (version == 10) {
            news.restarted = back > kLateRecords || (count < last / 2 && count < kLateRecords && back > 1000);
            if (last > kNearEnd) { news.restarted = false; }
        } else {
            news.restarted = last < kNearEnd && (back > kLate || count < last / 2);
        }
        if (!news.restarted && last < kNearEnd) { return news; }  // an older one that came late
    }
    known->second.count = count;
    return news;
}

}  // namespace hw::flow::collect
