#pragma once

#include "base/time.hpp"
#include "flow/read/flow_index.hpp"
#include "net/address.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace hw::flow::read {

/// What names the fragments of one IP packet (RFC 791, RFC 8200 4.5).
struct FragmentKey {
    net::Address source;
    net::Address destination;
    std::uint32_t identification = 0;
    std::uint8_t protocol = 0;
    std::uint8_t tunnel_depth = 0;
    friend bool operator==(const FragmentKey&, const FragmentKey&) = default;
};

/// What only the first fragment says and the others are counted by.
struct FragmentHead {
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    /// TCP: the sequence number that the packet's first byte after the IP header would have; adding a fragment's offset
    /// gives the sequence number of its data.
    std::uint32_t sequence_base = 0;
    bool tcp = false;
};

/// Remembers the last `kRemembered` first fragments for their followers; an older one gives way to a newer, so that no input
/// makes it grow. Found by a keyed hash, which changes nothing in what is found.
class FragmentTable {
public:
    static constexpr std::size_t kRemembered = 8192;

    explicit FragmentTable(std::uint64_t seed) : seed_(seed) {}
    void remember(const FragmentKey& key, const FragmentHead& head, Time time);
    /// The first fragment's word, if it passed at most 60 s before or after `time` (RFC 8200 4.5).
    [[nodiscard]] std::optional<FragmentHead> find(const FragmentKey& key, Time time) const;

private:
    struct Place {
        FragmentKey key;
        FragmentHead head;
        Time time;
    };
    [[nodiscard]] std::uint32_t hash_of(const FragmentKey& key) const;
    [[nodiscard]] std::uint32_t number_of(const FragmentKey& key) const;

    std::uint64_t seed_;
    FlowIndex index_;
    std::vector<Place> places_;  ///< In the order in which they came, around a ring.
    std::size_t oldest_ = 0;
};

}  // namespace hw::flow::read
