#pragma once

#include "flow/collect/status.hpp"
#include "flow/collect/write_ahead.hpp"
#include "flow/flow.hpp"
#include "flow/read/export_record.hpp"
#include "net/address.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace hw::flow::collect {

/// What goes into the store together.
struct Batch {
    std::uint64_t records = 0;
    std::vector<read::ExportRecord> exported;
    std::vector<net::Address> exporters;    ///< Of `exported`, as of the decoder.
    std::vector<std::uint32_t> rates;
    std::vector<Flow> flows;                ///< That are flows already.
    std::vector<std::string> observers;     ///< Of `flows`.
    std::string observer = {};              ///< What exporters' names begin with, where not as the sealer's.
    bool replayed = false;                  ///< Received by an earlier run.
    std::unique_ptr<AheadFile> ahead = {};  ///< Where it was written ahead; removed when it is sealed.
    std::uint64_t copies = 0;               ///< The sealer's: records that others repeat, found as the flows were made.
    bool unmakeable = false;                ///< The sealer's: its records are gone and no flows were made of them; its write-ahead stays.
};

/// Puts batches into the store on a thread of its own, each as one change. What fails (another program is writing, the disk
/// is full) is tried again until it succeeds; meanwhile `submit` waits, and whoever waits may have to drop and count. What is given up
/// keeps its write-ahead, for the next run.
class Sealer {
public:
    /// `observer`: what exporters' names begin with. `now` gives the time for the status.
    Sealer(std::string folder, std::string observer, std::size_t backlog, std::function<Time()> now);
    ~Sealer();
    Sealer(const Sealer&) = delete;
    Sealer& operator=(const Sealer&) = delete;

    /// Blocks while `backlog` batches are waiting.
    void submit(Batch&& batch);
    /// From `patience` on it gives up on batches that cannot be sealed, instead of trying again.
    void give_up_after(Duration patience);
    /// What could not be sealed, in records.
    struct GivenUp {
        std::uint64_t lost = 0;
        std::uint64_t kept = 0;  ///< They lie in a write-ahead, as far as that could be written.
    };
    /// Seals what waits, then ends. Once, last, after `give_up_after`.
    [[nodiscard]] GivenUp finish();
    [[nodiscard]] SealStatus status() const;

private:
    void run();
    /// One try.
    [[nodiscard]] Result<void> seal(Batch& batch);

    std::string folder_;
    std::string observer_;
    std::size_t backlog_;
    std::function<Time()> now_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Batch> waiting_;
    SealStatus status_;
    bool ending_ = false;
    std::chrono::steady_clock::time_point give_up_ = std::chrono::steady_clock::time_point::max();
    GivenUp given_up_;
    std::jthread thread_;
};

}  // namespace hw::flow::collect
