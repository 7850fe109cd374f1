#include "flow/collect/lane.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace hw::flow::collect {
namespace {
namespace lane_detail {

constexpr auto kPatience = std::chrono::milliseconds(100);  // how soon a request to stop is seen
constexpr auto kLastLook = std::chrono::seconds(1);
constexpr Duration kFarOff = std::chrono::hours(24);

/// Adds up the reasons of a report that contain `words`.
std::uint64_t count_of(const read::ReadReport& report, std::string_view words) {
    std::uint64_t count = 0;
    for (const auto& [reason, skipped] : report.skipped) {
        if (reason.find(words) != std::string::npos) { count += skipped.count; }
    }
    return count;
}

}  // namespace lane_detail
}  // namespace

Lane::Lane(UdpReceiver receiver, const LaneOptions& options, Sealer& sealer)
    : options_(options), sealer_(&sealer), receiver_(std::move(receiver)), gate_(options.rules), queue_(options.queue_bytes), decoder_(options.limits),
      began_(Clock::now()) {
    listener_.address = receiver_.address();
    listener_.buffer = receiver_.buffer();
    if (options_.ahead) { ahead_.emplace(*options_.ahead); }
    decoding_ = std::jthread([this] { decode(); });
    receiving_ = std::jthread([this](const std::stop_token& stop) { receive(stop); });
}

Lane::~Lane() { stop(); }

void Lane::stop() {
    receiving_.request_stop();
    if (receiving_.joinable()) { receiving_.join(); }
    if (decoding_.joinable()) { decoding_.join(); }
}

Lane::Exporter& Lane::exporter(std::uint32_t number) {
    while (exporters_.size() <= number) {
        exporters_.push_back(std::make_unique<Exporter>());
        exporters_.back()->counts.address = gate_.exporters()[exporters_.size() - 1];
    }
    return *exporters_[number];
}

void Lane::take_in(const Datagram& datagram, Duration now) {
    const auto judged = gate_.judge(datagram.sender.address, datagram.bytes, now);
    if (judged.admission == Admission::stranger || judged.admission == Admission::one_too_many) {
        ++(judged.admission == Admission::stranger ? strangers_ : too_many_);
        return;
    }
    Exporter& from = exporter(judged.exporter);
    from.counts.last_seen = std::max(from.counts.last_seen, datagram.at);
    if (judged.admission == Admission::too_fast) {
        ++from.counts.too_fast;
    } else if (judged.admission == Admission::agent_too_many) {
        from.report.skip("sFlow agent past what one sender may speak for", 0);
    } else if (queue_.offer({.sender = datagram.sender, .at = datagram.at, .exporter = judged.exporter}, datagram.bytes)) {
        ++from.counts.datagrams;
        from.counts.bytes += datagram.bytes.size();
    } else {
        ++from.counts.queue_dropped;
    }
}

void Lane::receive(const std::stop_token& stop) {
    const auto receive_some = [&](Duration patience) -> std::size_t {
        std::unique_lock lock(mutex_, std::defer_lock);
        const auto got = receiver_.receive(patience, [&](const Datagram& datagram) {
            if (!lock.owns_lock()) { lock.lock(); }
            take_in(datagram, std::chrono::duration_cast<Duration>(Clock::now() - began_));
        });
        if (!lock.owns_lock()) { lock.lock(); }
        listener_.datagrams = receiver_.counts().datagrams;
        listener_.bytes = receiver_.counts().bytes;
        listener_.kernel_dropped = receiver_.counts().lost;
        if (!got) { listener_.failure = got.error(); }
        return got ? *got : 0;
    };
    const auto failed = [&] {
        const std::lock_guard lock(mutex_);
        return listener_.failure.has_value();
    };
    while (!stop.stop_requested() && !failed()) { receive_some(Duration(lane_detail::kPatience)); }
    // What lies in the socket when the stop comes is taken in too, but nobody can hold the end up by sending on.
    const auto end = Clock::now() + lane_detail::kLastLook;
    while (receive_some(Duration(0)) > 0 && Clock::now() < end) {}
    queue_.close();
}

void Lane::decode_chunk(const DatagramChunk& chunk) {
    if (ahead_) { ahead_->write(chunk); }
    const std::lock_guard lock(mutex_);
    if (ahead_) { ahead_status_ = ahead_->status(); }
    for (const QueuedDatagram& datagram : chunk.datagrams) {
        Exporter& from = *exporters_[datagram.exporter];
        const auto bytes = chunk.bytes_of(datagram);
        const HeaderNews news = from.watch.see(datagram.sender.port, datagram.at, bytes);
        from.counts.restarts += news.restarted ? 1U : 0U;
        if (news.ahead) { from.counts.ahead = news.ahead; }
        const std::size_t before = batch_.size();
        decoder_.feed(datagram.sender, datagram.at, bytes, from.counts.bytes, from.report, batch_);
        if (ahead_) { ahead_->note(datagram.sender, datagram.at, bytes, decoder_); }
        for (std::size_t i = before; i < batch_.size(); ++i) {
            const Duration off = batch_[i].last - datagram.at;
            from.counts.off_times += off > lane_detail::kFarOff || off < -lane_detail::kFarOff ? 1U : 0U;
        }
    }
}

void Lane::hand_over(bool goes_on) {
    const bool kept = ahead_ && goes_on && !ahead_->full();  // what waits for its template stays written where it is
    if (batch_.empty() && kept) { return; }
    Batch batch;
    if (ahead_) { batch.ahead = ahead_->hand_over(goes_on); }
    if (batch_.empty()) {
        if (batch.ahead) { batch.ahead->remove(); }
        return;
    }
    batch.records = batch_.size();
    batch.exported = std::exchange(batch_, {});
    batch_.reserve(std::min(batch.exported.capacity(), options_.batch_records));
    batch.exporters.assign(decoder_.exporters().begin(), decoder_.exporters().end());
    batch.rates.reserve(batch.exporters.size());
    for (std::uint32_t i = 0; i < batch.exporters.size(); ++i) { batch.rates.push_back(decoder_.sampling_of(i)); }
    sealer_->submit(std::move(batch));
}

void Lane::decode() {
    DatagramChunk chunk;
    auto due = Clock::now() + options_.seal_every;
    while (!queue_.ended()) {
        if (queue_.take(chunk, Duration(lane_detail::kPatience))) { decode_chunk(chunk); }
        const auto now = Clock::now();
        if (now >= due || batch_.size() >= options_.batch_records || (ahead_ && ahead_->full())) {
            hand_over(true);
            due = now + options_.seal_every;
        }
    }
    {
        const std::lock_guard lock(mutex_);
        read::ReadReport report;
        decoder_.finish(report);
    }
    hand_over(false);
}

void Lane::add_status(CollectorStatus& status) const {
    using lane_detail::count_of;
    const std::lock_guard lock(mutex_);
    status.listeners.push_back(listener_);
    status.strangers += strangers_;
    status.exporters_too_many += too_many_;
    status.kernel_dropped += listener_.kernel_dropped;
    status.bytes += listener_.bytes;
    status.queued += queue_.held();
    if (ahead_) {
        status.ahead.on = true;
        status.ahead.bytes += ahead_status_.bytes;
        status.ahead.unwritten += ahead_status_.unwritten;
        if (ahead_status_.trouble) { status.ahead.trouble = ahead_status_.trouble; }
    }
    std::map<net::Address, std::uint64_t> templates;
    const auto counts = decoder_.template_counts();
    for (std::size_t i = 0; i < counts.size(); ++i) { templates[decoder_.exporters()[i]] += counts[i]; }
    for (const auto& known : exporters_) {
        ExporterStatus mine = known->counts;
        if (const auto held = templates.find(mine.address); held != templates.end()) { mine.templates = held->second; }
        mine.records = known->report.records;
        mine.lost = count_of(known->report, "lost on the way");
        mine.untemplated = count_of(known->report, "data set without its template");
        mine.refused_templates = count_of(known->report, "template past what is kept");
        for (const auto& [reason, skipped] : known->report.skipped) { mine.skipped[reason] = skipped.count; }
        status.records += mine.records;
        status.lost += mine.lost;
        status.queue_dropped += mine.queue_dropped;
        for (const auto& [reason, count] : mine.skipped) { status.skipped[reason] += count; }
        status.exporters.push_back(std::move(mine));
    }
}

}  // namespace hw::flow::collect
