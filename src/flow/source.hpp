#pragma once

#include "base/time.hpp"
#include "flow/flow.hpp"
#include "net/address.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace hw::flow {

/// Why an observer is believed to see all of a host's traffic.
enum class CoverageBasis : std::uint8_t {
    declared,   ///< The operator said so (`--covers`).
    capture_point,  ///< The packets say so: captured on the host itself, or where its segment's inner traffic shows too.
    segment,    ///< The packets say so, but of what neighbours on its segment say to it nothing shows (a router's interface).
    log_local,  ///< The log marks the address as local and its sensor as the network's border (Zeek `local_*`).
};

/// One host of which one observer sees both sides: all that goes in and all that comes out.
struct CoveredHost {
    net::Address address;
    ObserverId observer{};
    Interval interval;  ///< The observer's first to last packet.
    CoverageBasis basis{};
    friend bool operator==(const CoveredHost&, const CoveredHost&) = default;
};

/// A capture point or log source.
struct Observer {
    std::string name;    ///< The input's name without folder and suffixes; unique within a source.
    Interval interval;   ///< First to last record.
};

/// Where flows come from: a capture in memory, the store, a cluster. All look-ups give the same order on every run:
/// by first packet, then by id.
class FlowSource {
public:
    FlowSource() = default;
    FlowSource(const FlowSource&) = delete;
    FlowSource& operator=(const FlowSource&) = delete;
    virtual ~FlowSource() = default;

    /// The flows of `host`, either end, that overlap `interval`, of all observers.
    [[nodiscard]] virtual Result<std::vector<const Flow*>> flows_of(const net::Address& host, Interval interval) const = 0;
    /// Every flow that overlaps `interval`, in order of first packet; stops early when `visit` returns false.
    [[nodiscard]] virtual Result<void> scan(Interval interval, const std::function<bool(const Flow&)>& visit) const = 0;
    [[nodiscard]] virtual std::span<const Observer> observers() const = 0;
    /// Which hosts are seen from both sides, by whom, and why we think so; ordered by address, then observer.
    [[nodiscard]] virtual std::span<const CoveredHost> coverage() const = 0;
    /// The time from the first to the last record of any observer.
    [[nodiscard]] virtual Interval interval() const = 0;
};

}  // namespace hw::flow
