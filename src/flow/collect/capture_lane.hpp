#pragma once

#include "flow/collect/sealer.hpp"
#include "flow/collect/status.hpp"
#include "flow/read/input.hpp"

#include <functional>
#include <memory>
#include <string>

namespace hw::flow::collect {

/// How packets of an interface are made into flows that can be sealed.
struct CaptureLaneOptions {
    read::Timeouts timeouts;
    std::size_t max_live_flows = 4'000'000;
    std::size_t batch_flows = 250'000;          ///< So many that have ended are sealed at once.
    Duration seal_every = std::chrono::seconds(60);
    std::function<Time()> now = {};             ///< The time of day, by which packets are stamped.
};

/// One network interface with the thread that captures from it. With each seal the conversations that go on are cut, as an active
/// timeout does, so that no more than the time since the last seal is open; whoever reads the store joins them again.
class CaptureLane {
public:
    /// Fails with `not_found` for an interface that is not there, and `unreadable` where the right to capture is missing.
    [[nodiscard]] static Result<std::unique_ptr<CaptureLane>> start(const std::string& interface, const CaptureLaneOptions& options, Sealer& sealer);
    ~CaptureLane();

    /// Ends all conversations and hands everything to the sealer.
    void stop();
    void add_status(CollectorStatus& status) const;

private:
    class Work;
    explicit CaptureLane(std::unique_ptr<Work> work);
    std::unique_ptr<Work> work_;
};

}  // namespace hw::flow::collect
