#include "flow/collect/admission.hpp"

#include "flow/read/export_sample.hpp"

#include <algorithm>

namespace hw::flow::collect {

Gate::Judged Gate::judge(const net::Address& sender, std::span<const std::byte> datagram, Duration now) {
    auto known = index_.find(sender);
    if (known == index_.end()) {
        const bool allowed = rules_.allowed.empty() || std::ranges::any_of(rules_.allowed, [&](const net::Prefix& p) { return p.contains(sender); });
        if (!allowed) { return {.admission = Admission::stranger}; }
        if (exporters_.size() >= rules_.exporters) { return {.admission = Admission::one_too_many}; }
        known = index_.emplace(sender, static_cast<std::uint32_t>(exporters_.size())).first;
        exporters_.push_back(sender);
        senders_.push_back({.left = static_cast<double>(rules_.rate), .filled = now, .agents = {}});
    }
    const std::uint32_t exporter = known->second;
    Sender& s = senders_[exporter];
    if (rules_.rate > 0) {  // a bucket of tokens, one second's worth deep
        const double rate = static_cast<double>(rules_.rate);
        const double passed = static_cast<double>(std::max(now - s.filled, Duration(0)).count()) * 1e-6;
        s.left = std::min(rate, s.left + passed * rate);
        s.filled = std::max(s.filled, now);
        if (s.left < 1) { return {.admission = Admission::too_fast, .exporter = exporter}; }
        s.left -= 1;
    }
    constexpr std::size_t kSflowBegin = 4;
    if (datagram.size() >= kSflowBegin && datagram[0] == std::byte{0} && datagram[1] == std::byte{0}) {
        if (const auto header = read::sflow_header(datagram); header && !s.agents.contains(header->agent)) {
            if (s.agents.size() >= rules_.agents) { return {.admission = Admission::agent_too_many, .exporter = exporter}; }
            s.agents.insert(header->agent);
        }
    }
    return {.admission = Admission::taken, .exporter = exporter};
}

}  // namespace hw::flow::collect
