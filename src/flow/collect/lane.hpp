#pragma once

#include "flow/collect/admission.hpp"
#include "flow/collect/datagram_queue.hpp"
#include "flow/collect/header_watch.hpp"
#include "flow/collect/sealer.hpp"
#include "flow/collect/status.hpp"
#include "flow/collect/udp_receiver.hpp"
#include "flow/collect/write_ahead.hpp"
#include "flow/read/export_decoder.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace hw::flow::collect {

/// How a lane works.
struct LaneOptions {
    AdmissionRules rules;
    /// Beside the limits of all, shares of each exporter: several at their limit still leave room for the others.
    read::ExportLimits limits = [] {
        read::ExportLimits shares;
        shares.exporter_scopes = 256;
        shares.exporter_templates = 4096;
        shares.exporter_template_bytes = std::size_t{2} << 20U;
        shares.exporter_waiting = std::size_t{1} << 20U;
        return shares;
    }();
    std::size_t queue_bytes = std::size_t{128} << 20U;
    std::size_t batch_records = 1'000'000;      ///< A batch of so many is sealed at once.
    Duration seal_every = std::chrono::seconds(60);
    std::optional<AheadPlace> ahead = {};       ///< Where what has been received is written until it is sealed; nothing: nowhere.
};

/// One socket with the thread that empties it and the thread that writes down and decodes what came: an exporter's datagrams all come the same way, so
/// that its templates are where its data are.
class Lane {
public:
    Lane(UdpReceiver receiver, const LaneOptions& options, Sealer& sealer);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    /// Takes in what the kernel still holds, decodes it and hands everything to the sealer.
    void stop();

    /// Adds what it knows to `status`; an exporter that several lanes hear stands there several times.
    void add_status(CollectorStatus& status) const;
    [[nodiscard]] const net::Endpoint& address() const { return listener_.address; }

private:
    using Clock = std::chrono::steady_clock;
    /// What is known of one sender; counted by either thread.
    struct Exporter {
        ExporterStatus counts;      ///< Under `mutex_`.
        read::ReadReport report;    ///< Under `mutex_`.
        HeaderWatch watch;          ///< The decoding thread's.
    };
    void receive(const std::stop_token& stop);
    void decode();
    void take_in(const Datagram& datagram, Duration now);
    void decode_chunk(const DatagramChunk& chunk);
    /// `goes_on`: more will be decoded.
    void hand_over(bool goes_on);
    [[nodiscard]] Exporter& exporter(std::uint32_t number);

    LaneOptions options_;
    Sealer* sealer_;
    UdpReceiver receiver_;
    Gate gate_;
    DatagramQueue queue_;
    read::ExportDecoder decoder_;
    std::vector<read::ExportRecord> batch_;
    std::optional<AheadWriter> ahead_;  ///< The decoding thread's.
    Clock::time_point began_;

    mutable std::mutex mutex_;
    ListenerStatus listener_;
    std::vector<std::unique_ptr<Exporter>> exporters_;
    std::uint64_t strangers_ = 0;
    std::uint64_t too_many_ = 0;
    AheadStatus ahead_status_;  ///< As of the last chunk; under `mutex_`.

    std::jthread decoding_;
    std::jthread receiving_;
};

}  // namespace hw::flow::collect
