#pragma once

#include "flow/collect/sealer.hpp"
#include "flow/collect/write_ahead.hpp"
#include "flow/read/export_decoder.hpp"

#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hw::flow::collect {

/// Puts into the store what earlier collectors had received and written ahead, but not sealed when they were killed; each file is one change to
/// the store, which says that the file is done with. On a thread of its own: nothing waits for it. A file that cannot be read is
/// left where it is, and told of.
class Replay {
public:
    /// `sealer` must outlive it.
    Replay(std::string folder, const read::ExportLimits& limits, Sealer& sealer);
    ~Replay();
    Replay(const Replay&) = delete;
    Replay& operator=(const Replay&) = delete;

    /// What has not been begun is left for the next time.
    void stop();
    void add_status(AheadStatus& status) const;

private:
    void run(const std::stop_token& stop);
    [[nodiscard]] Result<void> replay(const std::string& name);

    std::string folder_;
    read::ExportLimits limits_;
    Sealer* sealer_;
    std::vector<std::string> names_;  ///< In the order in which they were begun.
    mutable std::mutex mutex_;
    AheadStatus status_;
    std::jthread thread_;
};

}  // namespace hw::flow::collect
