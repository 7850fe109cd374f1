#include "flow/collect/capture_lane.hpp"

#include "flow/flow_list.hpp"
#include "flow/read/live_bytes.hpp"
#include "flow/read/pcap_reader.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace hw::flow::collect {
namespace {
namespace capture_detail {

using Clock = std::chrono::steady_clock;
/// Conversations younger than this are not cut: their opening is still under way.
constexpr Duration kYoung = std::chrono::seconds(10);
/// Batches of ended flows that may wait in memory; past them nothing is read, and the kernel drops and counts.
constexpr std::size_t kMostBatches = 4;

}  // namespace capture_detail
}  // namespace

/// The reading thread holds the lock while it works on a block and lets go of it while it waits for the next one; then the sealing
/// thread may look.
class CaptureLane::Work final : public hw::ByteSource {
public:
    Work(std::string interface, const CaptureLaneOptions& options, Sealer& sealer) : interface_(std::move(interface)), options_(options), sealer_(&sealer) {}
    ~Work() override { stop(); }

    Result<void> start() {
        HW_TRY(live_, read::LiveBytes::open(interface_, stop_.get_token()));
        read::ReadOptions reading;
        reading.timeouts = options_.timeouts;
        reading.max_live_flows = options_.max_live_flows;
        reader_ = std::make_unique<read::CaptureReader>(interface_, ObserverId{}, reading, [this](Flow&& flow) { ended_.add(std::move(flow)); });
        reading_ = std::jthread([this] { read_all(); });
        sealing_ = std::jthread([this](const std::stop_token& stop) { seal_all(stop); });
        return {};
    }

    Result<std::span<const std::byte>> next() override {
        note_source();
        while (ended_.size() > capture_detail::kMostBatches * options_.batch_flows && !stop_.stop_requested()) {
            room_.wait_for(*lock_, std::chrono::milliseconds(200));
        }
        lock_->unlock();
        auto block = live_->next();
        lock_->lock();
        return block;
    }

    void stop() {
        stop_.request_stop();
        room_.notify_all();
        if (reading_.joinable()) { reading_.join(); }
        sealing_.request_stop();
        if (sealing_.joinable()) { sealing_.join(); }
        if (!reader_) { return; }
        {
            const std::lock_guard lock(mutex_);
            note_source();
            reader_->finish(report_);
            reader_.reset();
        }
        hand_over(false);
    }

    void add_status(CollectorStatus& status) {
        const std::lock_guard lock(mutex_);
        status.interfaces.push_back({.name = interface_, .packets = report_.records, .bytes = report_.bytes, .kernel_dropped = dropped_, .failure = failure_});
        status.records += report_.records;
        status.bytes += report_.bytes;
        status.kernel_dropped += dropped_;
        for (const auto& [reason, skipped] : report_.skipped) { status.skipped[reason] += skipped.count; }
    }

private:
    void read_all() {
        std::unique_lock lock(mutex_);
        lock_ = &lock;
        try {
            auto read = reader_->read(*this, report_);
            if (!read && !stop_.stop_requested()) { failure_ = std::move(read).error(); }
        } catch (const std::exception& thrown) {  // memory
            if (!lock.owns_lock()) { lock.lock(); }
            failure_ = Error{Errc::limit, thrown.what(), interface_, "give the collector more memory"};
        }
    }

    void seal_all(const std::stop_token& stop) {
        using namespace capture_detail;
        auto due = Clock::now() + options_.seal_every;
        std::mutex sleep;
        std::condition_variable_any wake;
        while (!stop.stop_requested()) {
            std::unique_lock lock(sleep);
            wake.wait_for(lock, stop, std::chrono::milliseconds(200), [] { return false; });
            const bool time = Clock::now() >= due;
            if (time || ended() >= options_.batch_flows) { hand_over(time); }
            if (time) { due = Clock::now() + options_.seal_every; }
        }
    }

    std::size_t ended() {
        const std::lock_guard lock(mutex_);
        return ended_.size();
    }

    void hand_over(bool cut) {
        Batch batch;
        {
            const std::lock_guard lock(mutex_);
            if (cut) { reader_->cut(options_.now() - capture_detail::kYoung); }
            batch.flows = ended_.take();
            batch.records = report_.records - std::exchange(records_sealed_, report_.records);
        }
        room_.notify_all();
        batch.observers = {interface_};
        if (!batch.flows.empty()) { sealer_->submit(std::move(batch)); }
    }

    void note_source() {
        report_.bytes = live_->bytes();
        const std::uint64_t dropped = live_->dropped();
        if (dropped > dropped_) { report_.skip("dropped by the kernel: the machine was too slow", report_.bytes, dropped - dropped_); }
        dropped_ = std::max(dropped, dropped_);
    }

    std::string interface_;
    CaptureLaneOptions options_;
    Sealer* sealer_;
    std::mutex mutex_;
    std::condition_variable room_;
    std::unique_lock<std::mutex>* lock_ = nullptr;  ///< The reading thread's own hold of `mutex_`.
    std::stop_source stop_;
    read::ReadReport report_;
    std::uint64_t records_sealed_ = 0;
    std::uint64_t dropped_ = 0;
    std::optional<Error> failure_;
    std::unique_ptr<read::LiveBytes> live_;
    FlowList ended_;
    std::unique_ptr<read::CaptureReader> reader_;
    std::jthread reading_;
    std::jthread sealing_;
};

CaptureLane::CaptureLane(std::unique_ptr<Work> work) : work_(std::move(work)) {}
CaptureLane::~CaptureLane() = default;

Result<std::unique_ptr<CaptureLane>> CaptureLane::start(const std::string& interface, const CaptureLaneOptions& options, Sealer& sealer) {
    auto work = std::make_unique<Work>(interface, options, sealer);
    HW_CHECK(work->start());
    return std::unique_ptr<CaptureLane>(new CaptureLane(std::move(work)));
}

void CaptureLane::stop() { work_->stop(); }
void CaptureLane::add_status(CollectorStatus& status) const { work_->add_status(status); }

}  // namespace hw::flow::collect
