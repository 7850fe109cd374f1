#include "flow/collect/collector.hpp"

#include "flow/store/files.hpp"
#include "net/socket_address.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace hw::flow::collect {
namespace {
namespace collector_detail {

/// Adds up exporters of one address.
void merge_exporters(std::vector<ExporterStatus>& exporters) {
    std::ranges::stable_sort(exporters, {}, &ExporterStatus::address);
    std::size_t kept = 0;
    for (ExporterStatus& e : exporters) {
        if (kept == 0 || exporters[kept - 1].address != e.address) {
            if (&exporters[kept] != &e) { exporters[kept] = std::move(e); }
            ++kept;
            continue;
        }
        ExporterStatus& same = exporters[kept - 1];
        for (const auto field : {&ExporterStatus::datagrams, &ExporterStatus::bytes, &ExporterStatus::records, &ExporterStatus::lost, &ExporterStatus::untemplated,
                                 &ExporterStatus::refused_templates, &ExporterStatus::too_fast, &ExporterStatus::queue_dropped, &ExporterStatus::restarts,
                                 &ExporterStatus::off_times, &ExporterStatus::templates}) {
            same.*field += e.*field;
        }
        if (e.last_seen > same.last_seen) { same.ahead = e.ahead; }
        same.last_seen = std::max(same.last_seen, e.last_seen);
        for (const auto& [reason, count] : e.skipped) { same.skipped[reason] += count; }
    }
    exporters.resize(kept);
}

/// How the names of a run's write-aheads begin: with the time, or one a little later where a clock that jumped back has brought an earlier run's again.
std::string name_begin(Time now, const store::Manifest& manifest) {
    for (std::int64_t micros = std::max<std::int64_t>(now.micros(), 0);; ++micros) {
        auto begin = fmt::format("{:016x}-{:08x}", micros, ::getpid());
        if (std::ranges::none_of(manifest.ahead, [&](const std::string& name) { return name.starts_with(begin); })) { return begin; }
    }
}

}  // namespace collector_detail
}  // namespace

Collector::~Collector() = default;

Result<std::unique_ptr<Collector>> Collector::start(const CollectorOptions& options) {
    for (const auto& where : options.udp) {
        if (!net::is_loopback(where.address) && options.lane.rules.allowed.empty()) {
            return fail(Errc::usage, "listening beyond this machine takes a list of the exporters to be believed", to_string(where),
                        "name them: --exporter 192.0.2.1 --exporter 198.51.100.0/24; datagrams of others are counted and dropped unread");
        }
    }
    { HW_TRY([[maybe_unused]] const auto lock, store::WriteLock::take(options.folder)); }  // tells early that it cannot be written to
    HW_TRY(const auto manifest, store::read_manifest_or_new(options.folder));
    auto collector = std::unique_ptr<Collector>(new Collector);
    const unsigned receivers = std::max(1U, options.receivers);
    std::vector<UdpReceiver> sockets;
    for (net::Endpoint where : options.udp) {
        for (unsigned i = 0; i < receivers; ++i) {
            HW_TRY(auto socket, UdpReceiver::open(where, {.receive_buffer = options.receive_buffer, .share = receivers > 1}));
            where = socket.address();  // where any port was asked for, the others take the same
            sockets.push_back(std::move(socket));
        }
    }
    collector->sealer_ = std::make_unique<Sealer>(options.folder, options.observer, options.backlog, options.now);
    for (const auto& interface : options.interfaces) {
        HW_TRY(auto capture, CaptureLane::start(interface, options.capture, *collector->sealer_));
        collector->captures_.push_back(std::move(capture));
    }
    // What an earlier run left, whether this one writes ahead or not.
    collector->replay_ = std::make_unique<Replay>(options.folder, options.lane.limits, *collector->sealer_);
    const std::string ahead_begin = collector_detail::name_begin(options.now(), manifest);
    LaneOptions lane = options.lane;
    for (auto& socket : sockets) {
        if (options.write_ahead) {
            lane.ahead = AheadPlace{.folder = options.folder, .observer = options.observer,
                                    .name_begin = fmt::format("{}-{:04x}", ahead_begin, collector->lanes_.size())};
        }
        collector->lanes_.push_back(std::make_unique<Lane>(std::move(socket), lane, *collector->sealer_));
    }
    return collector;
}

CollectorStatus Collector::status() const {
    CollectorStatus status;
    status.running = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began_);
    for (const auto& lane : lanes_) { lane->add_status(status); }
    for (const auto& capture : captures_) { capture->add_status(status); }
    collector_detail::merge_exporters(status.exporters);
    status.sealed = sealer_->status();
    replay_->add_status(status.ahead);
    if (status.sealed.copies > 0) { status.skipped["second record of the same packets"] += status.sealed.copies; }
    return status;
}

Collector::Finished Collector::finish(Duration patience) {
    sealer_->give_up_after(patience);
    for (const auto& lane : lanes_) { lane->stop(); }
    for (const auto& capture : captures_) { capture->stop(); }
    Finished finished;
    replay_->stop();
    const auto given_up = sealer_->finish();
    finished.unsealed = given_up.lost;
    finished.left_ahead = given_up.kept;
    finished.status = status();
    return finished;
}

}  // namespace hw::flow::collect
