#include "flow/clickhouse/partitions.hpp"

#include <algorithm>

namespace hw::flow::clickhouse {

void Partitions::add(std::uint16_t day, const Day& part) {
    const auto [at, fresh] = days_.try_emplace(day, part);
    if (fresh) { return; }
    Day& known = at->second;
    known.flows += part.flows;
    known.min_first = std::min(known.min_first, part.min_first);
    known.max_last = std::max(known.max_last, part.max_last);
}

std::optional<std::string> Partitions::condition(Interval window) const {
    std::string days;
    std::optional<Time> end;
    std::optional<std::pair<unsigned, unsigned>> run;
    const auto close = [&] {
        if (!run) { return; }
        days += days.empty() ? "" : " OR ";
        days += run->first == run->second ? "day = toDate(" + std::to_string(run->first) + ")"
                                          : "day BETWEEN toDate(" + std::to_string(run->first) + ") AND toDate(" + std::to_string(run->second) + ")";
        run.reset();
    };
    for (const auto& [day, known] : days_) {
        if (!Interval{known.min_first, known.max_last}.overlaps(window)) {
            close();
            continue;
        }
        if (run) { run->second = day; }
        else { run = {day, day}; }
        end = end ? std::max(*end, known.max_last) : known.max_last;
    }
    close();
    if (!end) { return std::nullopt; }
    return "(" + days + ") AND last >= " + std::to_string(window.from.micros()) + " AND last <= " + std::to_string(end->micros()) +
           " AND first <= " + std::to_string(window.to.micros());
}

std::vector<Interval> Partitions::pieces(Interval window, std::uint64_t flows) const {
    // Each day's flows are taken as spread evenly between its first packet and its last; what is uneven makes larger pieces only.
    std::vector<Time> edges;
    for (const auto& [day, known] : days_) {
        if (!Interval{known.min_first, known.max_last}.overlaps(window)) { continue; }
        const auto parts = static_cast<std::int64_t>(known.flows / std::max<std::uint64_t>(flows, 1) + 1);
        const Time last_first = std::min(known.max_last, window.to);
        const Duration step = (last_first - known.min_first) / parts;
        for (std::int64_t i = 0; i < parts; ++i) { edges.push_back(known.min_first + step * i); }
        edges.push_back(last_first + Duration(1));
    }
    std::ranges::sort(edges);
    const auto again = std::ranges::unique(edges);
    edges.erase(again.begin(), again.end());
    std::vector<Interval> out;
    for (std::size_t i = 1; i < edges.size(); ++i) { out.push_back({edges[i - 1], edges[i] - Duration(1)}); }
    return out;
}

std::optional<Interval> Partitions::interval() const {
    if (days_.empty()) { return std::nullopt; }
    Interval whole{days_.begin()->second.min_first, days_.begin()->second.max_last};
    for (const auto& [day, known] : days_) { whole = {std::min(whole.from, known.min_first), std::max(whole.to, known.max_last)}; }
    return whole;
}

}  // namespace hw::flow::clickhouse
