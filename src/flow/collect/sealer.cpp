#include "flow/collect/sealer.hpp"

#include "flow/read/export_flows.hpp"
#include "flow/store/store.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace hw::flow::collect {
namespace {
namespace sealer_detail {

using Clock = std::chrono::steady_clock;
constexpr auto kPause = std::chrono::milliseconds(500);  // before the next try

}  // namespace sealer_detail
}  // namespace

Sealer::Sealer(std::string folder, std::string observer, std::size_t backlog, std::function<Time()> now)
    : folder_(std::move(folder)), observer_(std::move(observer)), backlog_(backlog), now_(std::move(now)), thread_([this] { run(); }) {}

Sealer::~Sealer() {
    if (!thread_.joinable()) { return; }
    give_up_after(Duration(0));
    static_cast<void>(finish());
}

void Sealer::submit(Batch&& batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < backlog_; });
    waiting_.push_back(std::move(batch));
    changed_.notify_all();
}

void Sealer::give_up_after(Duration patience) {
    const std::lock_guard lock(mutex_);
    give_up_ = sealer_detail::Clock::now() + patience;
}

Sealer::GivenUp Sealer::finish() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) { thread_.join(); }
    return given_up_;
}

SealStatus Sealer::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

Result<void> Sealer::seal(Batch& batch) {
    if (!batch.exported.empty()) {  // once: the flows stay, whatever comes of the first try at writing them
        batch.unmakeable = true;    // until they are made: what is thrown meanwhile (memory) must not pass for an empty batch
        read::ExportFlows joiner(batch.observer.empty() ? observer_ : batch.observer);
        joiner.add(std::exchange(batch.exported, {}));
        read::ReadReport report;
        batch.flows = joiner.take({.addresses = batch.exporters, .late_rates = batch.rates}, report);
        batch.observers.clear();
        batch.observers.reserve(batch.exporters.size());
        for (const auto& exporter : batch.exporters) { batch.observers.push_back(joiner.name_of(exporter)); }
        batch.copies = report.skipped_total();
        batch.unmakeable = false;
    }
    std::uint64_t bytes = 0;
    if (!batch.flows.empty()) { HW_TRY(bytes, store::add_flows(folder_, batch.flows, batch.observers, {}, batch.ahead ? batch.ahead->name() : std::string())); }
    if (batch.ahead) {
        batch.ahead->remove();
        batch.ahead.reset();
    }
    const std::lock_guard lock(mutex_);
    status_.copies += batch.copies;
    ++status_.seals;
    (batch.replayed ? status_.replayed : status_.records) += batch.records;
    status_.flows += batch.flows.size();
    status_.bytes += bytes;
    status_.last = now_();
    status_.trouble.reset();
    return {};
}

void Sealer::run() {
    using namespace sealer_detail;
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return !waiting_.empty() || ending_; });
        if (waiting_.empty()) { return; }
        Batch& batch = waiting_.front();  // a deque's front stays where it is while others are added
        lock.unlock();
        Result<void> sealed;
        try {
            sealed = seal(batch);
        } catch (const std::exception& thrown) {  // memory
            sealed = fail(Errc::limit, thrown.what(), folder_, "give the collector more memory");
        }
        lock.lock();
        if (!sealed) {
            status_.trouble = std::move(sealed).error();
            if (Clock::now() < give_up_ && !batch.unmakeable) {
                changed_.wait_for(lock, kPause, [this] { return Clock::now() >= give_up_; });
                continue;
            }
            (batch.ahead ? given_up_.kept : given_up_.lost) += batch.records;
        }
        waiting_.pop_front();
        changed_.notify_all();
    }
}

}  // namespace hw::flow::collect
