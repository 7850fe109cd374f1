#pragma once

#include "base/input/block_window.hpp"
#include "flow/read/assembly.hpp"
#include "flow/read/connection_probe.hpp"
#include "flow/read/decode.hpp"
#include "flow/read/report.hpp"

#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace hw::flow::read {

/// Sees the frames of a capture as they are.
class FrameTap {
public:
    FrameTap() = default;
    FrameTap(const FrameTap&) = delete;
    FrameTap& operator=(const FrameTap&) = delete;
    virtual ~FrameTap() = default;
    virtual void frame(LinkType link, const Frame& frame) = 0;
};

/// What the pcap and the pcapng reader share: the way of a frame to the flows, and the words for damage.
class CaptureRun {
public:
    /// `probe`: where packets go as well, with their payload; may be null.
    CaptureRun(ByteSource& bytes, Decoder& decoder, Assembler& assembler, ConnectionProbe* probe, std::stop_token stop, ReadReport& read_report)
        : window(bytes), report(read_report), decoder_(decoder), assembler_(assembler), probe_(probe), stop_(std::move(stop)) {
        packets_.reserve(kGroup * 2);
    }

    /// Frames go to `tap` and nowhere else.
    CaptureRun(ByteSource& bytes, Decoder& decoder, Assembler& assembler, FrameTap& tap, std::stop_token stop, ReadReport& read_report)
        : CaptureRun(bytes, decoder, assembler, nullptr, std::move(stop), read_report) {
        tap_ = &tap;
    }

    void frame(LinkType link, const Frame& frame) {
        if (tap_ != nullptr) { return tap_->frame(link, frame); }
        const std::size_t before = packets_.size();
        decoder_.decode(link, frame, packets_);
        if (packets_.size() > before) {
            ++report.records;
            if (frame.wire_length > frame.bytes.size()) { ++report.snapped; }
            if (probe_ != nullptr) { probe_->see(packets_.back(), decoder_.tcp_payload()); }
        }
        if (packets_.size() >= kGroup) { flush(); }
    }
    void flush() {
        assembler_.add(packets_);
        packets_.clear();
    }
    /// Looked at once a block, so that it costs nothing a packet.
    [[nodiscard]] bool stopped() {
        if (window.blocks() == checked_block_) { return false; }
        checked_block_ = window.blocks();
        return stop_.stop_requested();
    }
    [[nodiscard]] std::string where(std::uint64_t offset) const { return report.path + ":" + std::to_string(offset); }

    BlockWindow window;
    ReadReport& report;

private:
    static constexpr std::size_t kGroup = 64;
    Decoder& decoder_;
    Assembler& assembler_;
    ConnectionProbe* probe_;
    FrameTap* tap_ = nullptr;
    std::stop_token stop_;
    std::uint64_t checked_block_ = 0;
    std::vector<Packet> packets_;
};

/// No record longer than this is believed, whatever the file says of its snap length.
inline constexpr std::uint32_t kMaxCaptured = 16U << 20U;
/// The last second that RFC 3339 can write: 9999-12-31T23:59:59Z.
inline constexpr std::int64_t kLastSecond = 253'402'300'799;

/// The two file formats; the caller flushes the run. Fail as `read_capture` does.
[[nodiscard]] Result<void> read_pcap_records(CaptureRun& run);
[[nodiscard]] Result<void> read_pcapng_blocks(CaptureRun& run);

/// Shows `tap` every frame of a capture, pcap or pcapng; `report` as for `CaptureReader::read`, but for `records`.
[[nodiscard]] Result<void> read_frames(ByteSource& bytes, FrameTap& tap, const std::stop_token& stop, ReadReport& report);

}  // namespace hw::flow::read
