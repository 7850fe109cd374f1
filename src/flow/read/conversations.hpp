#pragma once

#include "flow/read/export_record.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::flow::read {

/// Puts export records of one conversation (exporter, protocol and the two endpoints, whichever is the source) next to each other, in
/// time that grows with their number, whatever the keys are: ordered by a hash's bits, then compared. The memory it works in is kept from
/// one use to the next.
class Conversations {
public:
    /// A record's place and which way it goes: whether from the lower endpoint to the higher.
    struct Member {
        std::uint64_t hash = 0;
        std::uint32_t place = 0;
        bool upward = false;
    };

    /// Begins with `records`, at most 2^32 - 1, which stay where they are, their keys unchanged, until the last has been given.
    void begin(std::span<const ExportRecord> records);

    /// The records of the next conversation in the order in which they were given; none after the last. The conversations' own order
    /// rests on nothing but their keys. Valid until the next call.
    [[nodiscard]] std::span<const Member> next();

private:
    void spread(const std::vector<Member>& from, std::vector<Member>& to, unsigned shift) const;
    void sort_some();
    [[nodiscard]] bool together(const Member& a, const Member& b) const;
    std::span<const ExportRecord> records_;
    std::vector<Member> members_;
    std::vector<Member> scratch_;
    std::size_t at_ = 0;      ///< The next to be given.
    std::size_t sorted_ = 0;  ///< Up to here they are in order of hash,
    std::size_t keyed_ = 0;   ///< and up to here of key where that had to be.
};

}  // namespace hw::flow::read
