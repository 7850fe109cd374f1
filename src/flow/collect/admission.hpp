#pragma once

#include "base/time.hpp"
#include "flow/collect/udp_receiver.hpp"
#include "net/address.hpp"
#include "net/prefix.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

namespace hw::flow::collect {

/// Who is listened to, and how much of each. UDP senders can be forged: whatever a sender does, it costs a bounded amount of memory, and what
/// it may use up is its own share.
struct AdmissionRules {
    std::vector<net::Prefix> allowed = {};       ///< Empty: everybody.
    std::size_t exporters = 4096;           ///< Addresses that are told apart.
    std::uint64_t rate = 100'000;           ///< Datagrams a second of one exporter, and as many at once; 0: any number.
    std::size_t agents = 64;                ///< sFlow agents that one sender may speak for.
};

/// What becomes of a datagram before it is read.
enum class Admission : std::uint8_t { taken, stranger, one_too_many, too_fast, agent_too_many };

/// Judges datagrams by their sender; knows nothing of their content but sFlow's agent address. One thread's.
class Gate {
public:
    explicit Gate(AdmissionRules rules) : rules_(std::move(rules)) {}

    struct Judged {
        Admission admission = Admission::taken;
        std::uint32_t exporter = 0;  ///< Its place in `exporters()`; meaningless for `stranger` and `one_too_many`.
    };
    /// `now` by a clock that never goes back, from any beginning.
    [[nodiscard]] Judged judge(const net::Address& sender, std::span<const std::byte> datagram, Duration now);

    /// The senders listened to, in the order in which they were first heard.
    [[nodiscard]] const std::vector<net::Address>& exporters() const { return exporters_; }

private:
    struct Sender {
        double left = 0;  ///< Datagrams that it may still send.
        Duration filled{0};
        std::set<net::Address> agents;
    };
    AdmissionRules rules_;
    std::map<net::Address, std::uint32_t> index_;  // ordered: senders choose the keys
    std::vector<net::Address> exporters_;
    std::vector<Sender> senders_;
};

}  // namespace hw::flow::collect
