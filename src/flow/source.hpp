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

struct FilterBounds;

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

/// How far apart the first packets of those conversations are that two observers both hold.
struct SharedStarts {
    ObserverId a{};
    ObserverId b{};          ///< Later in the list than `a`.
    Duration apart{0};       ///< Median, b's less a's.
    std::size_t shared = 0;  ///< Conversations that each of the two saw exactly once.
    friend bool operator==(const SharedStarts&, const SharedStarts&) = default;
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
    /// They stay as long as the source does; the same flow is the same object in every answer.
    [[nodiscard]] virtual Result<std::vector<const Flow*>> flows_of(const net::Address& host, Interval interval) const = 0;
    /// Every flow that overlaps `interval`, in order of first packet; stops early when `visit` returns false. What is shown may be
    /// gone after the visit: who needs it longer asks for it with `keep`.
    [[nodiscard]] virtual Result<void> scan(Interval interval, const std::function<bool(const Flow&)>& visit) const = 0;
    /// The same, less flows that `bounds` rules out, as far as the source can tell that cheaply: it may show too much, never too little.
    [[nodiscard]] virtual Result<void> scan_within(const FilterBounds& bounds, Interval interval, const std::function<bool(const Flow&)>& visit) const;
    /// The flow that `scan` is showing, to stay as long as the source does.
    [[nodiscard]] virtual const Flow* keep(const Flow& shown) const { return &shown; }
    /// Shows flows of `host` of all times and observers, in any order and perhaps one of them twice, until `visit` returns false:
    /// for questions that a few flows often decide. Of one that was cut and put together again it may show the first record alone where
    /// that was answered. What is shown may be gone after the visit.
    [[nodiscard]] virtual Result<void> visit_flows_of(const net::Address& host, const std::function<bool(const Flow&)>& visit) const;
    /// How far the observers' first packets are apart; pairs in order, those that share nothing left out. Goes over all flows where
    /// the source does not keep it.
    [[nodiscard]] virtual Result<std::vector<SharedStarts>> shared_starts() const;
    [[nodiscard]] virtual std::span<const Observer> observers() const = 0;
    /// Which hosts are seen from both sides, by whom, and why we think so; ordered by address, then observer.
    [[nodiscard]] virtual std::span<const CoveredHost> coverage() const = 0;
    /// The time from the first to the last record of any observer.
    [[nodiscard]] virtual Interval interval() const = 0;
};

}  // namespace hw::flow
