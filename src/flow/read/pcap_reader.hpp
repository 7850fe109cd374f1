#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"
#include "flow/flow.hpp"
#include "flow/read/input.hpp"
#include "flow/read/report.hpp"
#include "flow/timings.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hw::flow::read {

/// Where finished flows go, in the order in which they end. `flow.observer` is the one given to the reader.
using FlowSink = std::function<void(Flow&&)>;

/// The two families of capture files.
enum class CaptureFormat : std::uint8_t { pcap, pcapng };

/// Bytes that `recognise_capture` wants to see.
inline constexpr std::size_t kCaptureHeadBytes = 12;

/// Tells a capture by its first bytes; nothing when it is none.
[[nodiscard]] std::optional<CaptureFormat> recognise_capture(std::span<const std::byte> head);

/// Reads one observer's captures (pcap or pcapng, unpacked) and hands its conversations to `sink`: one file, or the pieces of a
/// rotated recording one after the other, whose conversations go on from piece to piece. Memory grows with the flows alive
/// at one time, not with the files.
class CaptureReader {
public:
    /// Of `options` it uses `timeouts`, `max_live_flows`, `timings` and `stop` (looked at between blocks; once requested, `read` comes back
    /// early and succeeds).
    CaptureReader(const std::string& observer_name, ObserverId observer, const ReadOptions& options, FlowSink sink);
    ~CaptureReader();
    CaptureReader(const CaptureReader&) = delete;
    CaptureReader& operator=(const CaptureReader&) = delete;

    /// Reads one file to its end. `report` comes with `path` set; the reader sets `format`, `flows`, `skipped`, `snapped`,
    /// `damaged_tail`, and keeps `records` current while it reads, so that a byte source may tell of progress.
    ///
    /// Fails when the input as a whole is no capture, or when it cannot be read; what was understood before is used. A damaged
    /// record is skipped and counted; a damaged tail ends the reading without an error.
    [[nodiscard]] Result<void> read(ByteSource& bytes, ReadReport& report);

    /// All conversations that are going on, as they would be if the input ended here. To be called between blocks (while the byte
    /// source is asked for the next one) or between files; all packets before are then counted.
    void snapshot(const FlowSink& sink) const;

    /// Hands over all that conversations have gathered which began at `before` or earlier; they go on, as after an active timeout. When
    /// `snapshot` may be called.
    void cut(Time before);

    /// Ends all conversations, to be counted in `report`. Once, last.
    void finish(ReadReport& report);

    /// The connections' timings, where the options asked for them; after `finish`, once.
    [[nodiscard]] std::vector<ConnectionTimings> timings();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// One capture from begin to end: `CaptureReader::read`, then `finish`.
[[nodiscard]] Result<void> read_capture(ByteSource& bytes, const std::string& observer_name, ObserverId observer,
                                        const ReadOptions& options, const FlowSink& sink, ReadReport& report);

}  // namespace hw::flow::read
