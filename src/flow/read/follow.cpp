#include "flow/read/follow.hpp"

#include "flow/flow_list.hpp"
#include "flow/read/growing_bytes.hpp"
#include "flow/read/input_names.hpp"
#include "flow/read/live_bytes.hpp"
#include "flow/read/pcap_reader.hpp"
#include "flow/rejoin.hpp"

#include <exception>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

namespace hw::flow::read {

/// One input with its thread. The thread holds the lock while it works on a block, and lets go of it while it waits for the
/// next one: then everything is in order, and may be looked at.
class Follow::Input final : public ByteSource {
public:
    static Result<std::unique_ptr<Input>> open(const std::string& path, bool interface, const ReadOptions& options) {
        auto input = std::unique_ptr<Input>(new Input);
        input->report_.path = path;
        if (interface) {
            HW_TRY(input->live_, LiveBytes::open(path, input->stop_.get_token()));
        } else {
            HW_TRY(input->file_, GrowingBytes::open(path, input->stop_.get_token()));
        }
        input->options_ = options;
        input->options_.stop = {};  // it ends when its bytes end
        input->name_ = interface ? path : name_input(path).stem;
        return input;
    }
    ~Input() override { stop(); }

    void start(std::string observer) {
        name_ = std::move(observer);
        reader_ = std::make_unique<CaptureReader>(name_, ObserverId{}, options_, [this](Flow&& flow) { finished_.add(std::move(flow)); });
        thread_ = std::jthread([this] {
            std::unique_lock lock(mutex_);
            lock_ = &lock;
            try {
                auto read = reader_->read(*this, report_);
                if (!read) {
                    failure_ = std::move(read).error();
                    if (failure_->hint.empty()) { failure_->hint = "what is followed is pcap or pcapng as it is written, not packed"; }
                }
            } catch (const std::exception& thrown) {  // memory
                if (!lock.owns_lock()) { lock.lock(); }
                failure_ = Error{Errc::limit, thrown.what(), report_.path, "follow fewer inputs, or trace a part of the time"};
            }
            ended_ = true;
        });
    }

    Result<std::span<const std::byte>> next() override {
        note_source();
        lock_->unlock();
        auto block = file_ ? file_->next() : live_->next();
        lock_->lock();
        return block;
    }

    void stop() {
        stop_.request_stop();
        if (thread_.joinable()) { thread_.join(); }
    }
    void finish() {
        stop();
        note_source();
        if (reader_) { reader_->finish(report_); }
        if (file_) { report_.sha256 = file_->finish_sha256().value_or(std::string()); }
        reader_.reset();
    }

    /// Its flows so far, how it fared and what went wrong.
    void gather(std::vector<Flow>& flows, ObserverId id, ReadReport& report, std::optional<Error>& failure) {
        const std::lock_guard lock(mutex_);
        const auto add = [&](const Flow& flow) {
            flows.push_back(flow);
            flows.back().observer = id;
        };
        finished_.for_each(add);
        if (reader_) { reader_->snapshot(add); }
        report = report_;
        failure = failure_;
    }
    std::uint64_t records() {
        const std::lock_guard lock(mutex_);
        return report_.records;
    }
    std::optional<Error> failure() {
        const std::lock_guard lock(mutex_);
        return failure_;
    }
    bool ended() {
        const std::lock_guard lock(mutex_);
        return ended_;
    }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool is_interface() const { return live_ != nullptr; }

private:
    Input() = default;
    void note_source() {
        report_.bytes = file_ ? file_->bytes() : live_->bytes();
        if (!live_) { return; }
        const std::uint64_t dropped = live_->dropped();
        if (dropped > dropped_) { report_.skip("dropped by the kernel: the machine was too slow", report_.bytes, dropped - dropped_); }
        dropped_ = std::max(dropped, dropped_);
    }

    std::mutex mutex_;
    std::unique_lock<std::mutex>* lock_ = nullptr;  ///< The thread's own hold of `mutex_`.
    std::stop_source stop_;
    ReadOptions options_;
    std::string name_;
    ReadReport report_;
    std::optional<Error> failure_;
    bool ended_ = false;
    std::uint64_t dropped_ = 0;
    std::unique_ptr<GrowingBytes> file_;
    std::unique_ptr<LiveBytes> live_;
    FlowList finished_;
    std::unique_ptr<CaptureReader> reader_;
    std::jthread thread_;
};

Follow::~Follow() = default;

Result<std::unique_ptr<Follow>> Follow::start(const FollowedInputs& inputs, const ReadOptions& options) {
    auto follow = std::unique_ptr<Follow>(new Follow);
    follow->options_ = options;
    std::vector<InputName> names;
    for (const auto& path : inputs.captures) {
        HW_TRY(auto input, Input::open(path, false, options));
        follow->inputs_.push_back(std::move(input));
        names.push_back(name_input(path));
    }
    for (const auto& interface : inputs.interfaces) {
        HW_TRY(auto input, Input::open(interface, true, options));
        follow->inputs_.push_back(std::move(input));
        names.push_back({.folder = {}, .stem = interface, .piece = {}});
    }
    const std::vector<std::string> unique = unique_names(names);
    for (std::size_t i = 0; i < unique.size(); ++i) { follow->inputs_[i]->start(unique[i]); }
    return follow;
}

Inputs Follow::gather(bool last) const {
    Inputs all;
    std::vector<Observer> observers;
    std::vector<Flow> flows;
    for (const auto& input : inputs_) {
        ReadReport report;
        std::optional<Error> failure;
        input->gather(flows, static_cast<ObserverId>(observers.size()), report, failure);
        if (!last) { report.damaged_tail = false; }  // it is being written just now
        observers.push_back({.name = input->name(), .interval = {}});
        all.reports.push_back(std::move(report));
        if (failure) { all.failures.push_back(*std::move(failure)); }
    }
    if (options_.rejoin) { flows = rejoin(std::move(flows)); }
    all.source = std::make_unique<MemorySource>(std::move(observers), std::move(flows), options_.declared);
    return all;
}

Inputs Follow::snapshot() const { return gather(false); }

std::uint64_t Follow::records() const {
    std::uint64_t sum = 0;
    for (const auto& input : inputs_) { sum += input->records(); }
    return sum;
}

std::vector<Error> Follow::failures() const {
    std::vector<Error> all;
    for (const auto& input : inputs_) {
        if (auto failure = input->failure()) { all.push_back(*std::move(failure)); }
    }
    return all;
}

bool Follow::ended() const {
    for (const auto& input : inputs_) {
        if (!input->ended()) { return false; }
    }
    return true;
}

Inputs Follow::finish() {
    for (const auto& input : inputs_) { input->finish(); }
    return gather(true);
}

}  // namespace hw::flow::read
