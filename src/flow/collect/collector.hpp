#pragma once

#include "flow/collect/capture_lane.hpp"
#include "flow/collect/lane.hpp"
#include "flow/collect/replay.hpp"
#include "flow/collect/sealer.hpp"
#include "flow/collect/status.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hw::flow::collect {

/// What is collected, and where it goes.
struct CollectorOptions {
    std::string folder;                        ///< The store, made where there is none.
    std::string observer = "collect";          ///< What exporters' names begin with: `collect/192.0.2.1`.
    std::vector<net::Endpoint> udp;
    unsigned receivers = 1;                    ///< Sockets, each with its threads, that share an address.
    std::size_t receive_buffer = std::size_t{32} << 20U;
    std::vector<std::string> interfaces;
    LaneOptions lane;
    CaptureLaneOptions capture;
    std::size_t backlog = 2;                   ///< Batches that wait to be sealed.
    bool write_ahead = true;                   ///< Datagrams are written into the store's folder until they are sealed, and those of an earlier run replayed.
    std::function<Time()> now;                 ///< The time of day, for what is told and for names of files; nothing is steered by it.
};

/// Takes in exports and packets, and seals them into a store.
class Collector {
public:
    /// Fails (`usage`) when told to listen beyond loopback without a list of exporters, and where an address or interface cannot be used, or the
    /// store not be written to.
    [[nodiscard]] static Result<std::unique_ptr<Collector>> start(const CollectorOptions& options);
    ~Collector();

    /// Exporters by address.
    [[nodiscard]] CollectorStatus status() const;
    /// Of `status()`, the part that costs nothing to ask for.
    [[nodiscard]] SealStatus sealed() const { return sealer_->status(); }

    struct Finished {
        CollectorStatus status;
        std::uint64_t unsealed = 0;  ///< Records that could not be put into the store within `patience`, and are lost.
        std::uint64_t left_ahead = 0;  ///< The same, but they lie in a write-ahead for the next run.
    };
    /// Stops listening and seals what has come. Once, last.
    [[nodiscard]] Finished finish(Duration patience);

private:
    Collector() = default;

    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::unique_ptr<Sealer> sealer_;  // before those who use it
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::vector<std::unique_ptr<CaptureLane>> captures_;
    std::unique_ptr<Replay> replay_;
};

}  // namespace hw::flow::collect
