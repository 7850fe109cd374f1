#pragma once

#include "base/time.hpp"
#include "flow/read/export_decoder.hpp"
#include "net/address.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <vector>

namespace hw::flow::collect {

/// Keeps of what came the parts that a decoder needs to read what is still to come: sets of templates, sets of options data (sampling rates), and data that
/// wait for their template. Fed to a new decoder in order, they bring it to where the old one is, and everything they yield
/// meanwhile is known already. Holds at most 1 MiB of one exporter and 16 MiB in all; past that the oldest go, as templates are sent again and again.
class StateKeeper {
public:
    /// To be told of each datagram that `decoder` has just been fed.
    void see(const net::Endpoint& sender, Time at, std::span<const std::byte> message, const read::ExportDecoder& decoder);

    using Give = std::function<void(const net::Endpoint& sender, Time at, std::span<const std::byte> message)>;
    /// Messages of one set each, in the order in which they came.
    void each(const Give& give) const;
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    enum class Kind : std::uint8_t { definition, options, waiting };
    /// What a kept message stands for: a newer one of the same key takes its place.
    struct Key {
        std::uint16_t version = 0;
        std::uint16_t port = 0;
        std::uint32_t domain = 0;
        Kind kind{};
        std::uint16_t set = 0;
        std::uint64_t which = 0;  ///< Of templates a hash of the set, else a number.
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    struct Kept {
        Key key;
        net::Endpoint sender;
        Time at;
        std::vector<std::byte> message;
    };
    struct Exporter {
        std::map<Key, std::uint64_t> numbers;
        std::set<std::uint64_t> order;        ///< The same numbers, the oldest first.
        std::uint64_t options = 0;            ///< Sets of options data so far.
        std::size_t bytes = 0;
    };
    void keep(const Key& key, const net::Endpoint& sender, Time at, std::span<const std::byte> header, std::span<const std::byte> set);
    void drop(std::uint64_t number);
    void release_waiting(const Key& scope, const net::Endpoint& sender, const read::ExportDecoder& decoder);

    std::map<net::Address, Exporter> exporters_;  // ordered: senders choose the keys
    std::map<std::uint64_t, Kept> kept_;          ///< By the order in which they came.
    std::uint64_t next_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace hw::flow::collect
