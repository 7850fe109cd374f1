#pragma once

#include "flow/flow.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace hw::flow {

/// Takes away what several observers told of the same conversation, but for one of them: the one that counted most bytes (scaled up by
/// its sampling; of equals the first). What another saw while that one saw nothing stays. Records of the same two endpoints and protocol, either way round, belong to one conversation where
/// each overlaps the one before or follows it within `kApart`, so that pieces which observers' timeouts cut differently stay together.
class CopyMerger {
public:
    /// Clocks of observers, and what a packet takes from one to the next, differ by less.
    static constexpr Duration kApart = std::chrono::seconds(5);
    /// Held of one conversation; what comes after counts as another.
    static constexpr std::size_t kMostPieces = 4096;

    /// Gets what stays: the flow, where it was kept (as given to `add`), and all observers of its conversation, rising; one where only one saw it.
    /// Returns false to get no more.
    using Give = std::function<bool(const Flow& flow, const Flow* kept, std::span<const ObserverId> observers)>;
    explicit CopyMerger(Give give) : give_(std::move(give)) {}

    /// Takes flows in order of first packet. False once `give` has returned false.
    bool add(const Flow& flow, const Flow* kept = nullptr);
    /// Gives what is left.
    bool finish();
    /// Flows that were not given, as another observer's were.
    [[nodiscard]] std::uint64_t copies() const { return copies_; }

private:
    using Key = std::tuple<net::Endpoint, net::Endpoint, Protocol>;
    struct Piece {
        Flow flow;
        const Flow* kept = nullptr;
    };
    struct Conversation {
        Time last;
        std::vector<Piece> pieces;
    };
    bool close(const Conversation& conversation);
    [[nodiscard]] static bool mostly_within(const Flow& flow, std::span<const Interval> seen);
    bool sweep(Time now);

    Give give_;
    std::map<Key, Conversation> open_;
    std::size_t sweep_at_ = std::size_t{1} << 16U;  ///< How many are open before those that are over are looked for.
    std::uint64_t copies_ = 0;
    bool wanted_ = true;
};

}  // namespace hw::flow
