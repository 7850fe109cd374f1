#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hw::flow::clickhouse {

/// What is known of the partitions of `flows`: one a day, by the day on which a flow ended.
class Partitions {
public:
    struct Day {
        std::uint64_t flows = 0;
        Time min_first;
        Time max_last;
    };
    /// Adds what one import put into a day (days since the epoch).
    void add(std::uint16_t day, const Day& part);

    /// The condition that a query for flows touching `window` needs so that the servers open no partition in which none does, and
    /// stop at the last moment at which one can end: `day IN/BETWEEN … AND last >= … AND last <= …`. Nothing when no flow touches it.
    [[nodiscard]] std::optional<std::string> condition(Interval window) const;

    /// Stretches of time, one after the other, that between them hold the first packets of all flows touching `window`, each with
    /// about `flows` flows or less; none where no flow begins.
    [[nodiscard]] std::vector<Interval> pieces(Interval window, std::uint64_t flows) const;

    /// From the first packet of all to the last; nothing when there are no flows.
    [[nodiscard]] std::optional<Interval> interval() const;

private:
    std::map<std::uint16_t, Day> days_;
};

}  // namespace hw::flow::clickhouse
