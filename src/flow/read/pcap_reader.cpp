#include "flow/read/pcap_reader.hpp"

#include "base/byte_cursor.hpp"
#include "base/random_key.hpp"
#include "flow/read/capture_run.hpp"
#include "flow/read/header_bytes.hpp"

#include <bit>
#include <optional>
#include <utility>

namespace hw::flow::read {
namespace {
namespace pcap_detail {

/// What the first four bytes of a classic capture say.
struct Magic {
    std::endian order = std::endian::big;
    bool nanoseconds = false;
    bool modified = false;  ///< Kuznetzov's variant: eight more bytes a record.
};

std::optional<Magic> magic_of(std::uint32_t first) {
    for (const std::endian order : {std::endian::big, std::endian::little}) {
        switch (order == std::endian::big ? first : std::byteswap(first)) {
            case 0xa1b2'c3d4: return Magic{order, false, false};
            case 0xa1b2'3c4d: return Magic{order, true, false};
            case 0xa1b2'cd34: return Magic{order, false, true};
            default: break;
        }
    }
    return std::nullopt;
}

struct RecordHeader {
    std::uint32_t seconds = 0;
    std::uint32_t fraction = 0;
    std::uint32_t captured = 0;
    std::uint32_t wire = 0;
};

/// Has all packets counted before it asks for more bytes, so that a source may wait for them with everything in order.
class FlushingBytes final : public ByteSource {
public:
    explicit FlushingBytes(ByteSource& inner) : inner_(inner) {}
    void of(CaptureRun& run) { run_ = &run; }
    [[nodiscard]] Result<std::span<const std::byte>> next() override {
        if (run_ != nullptr) { run_->flush(); }
        return inner_.next();
    }

private:
    ByteSource& inner_;
    CaptureRun* run_ = nullptr;
};

constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kRecordHeader = 16;
constexpr std::size_t kModifiedHeader = 24;

RecordHeader record_header(HeaderBytes<kRecordHeader> bytes, std::endian order) {
    const auto in_order = [order](std::uint32_t big) { return order == std::endian::big ? big : std::byteswap(big); };
    return {.seconds = in_order(be32_at<0>(bytes)), .fraction = in_order(be32_at<4>(bytes)),
            .captured = in_order(be32_at<8>(bytes)), .wire = in_order(be32_at<12>(bytes))};
}

}  // namespace pcap_detail
}  // namespace

std::optional<CaptureFormat> recognise_capture(std::span<const std::byte> head) {
    ByteCursor cursor(head);
    const auto first = cursor.be32();
    if (!first) { return std::nullopt; }
    if (pcap_detail::magic_of(*first)) { return CaptureFormat::pcap; }
    if (*first == 0x0a0d'0d0a && cursor.skip(4)) {
        const auto order = cursor.be32();
        if (order == 0x1a2b'3c4dU || order == 0x4d3c'2b1aU) { return CaptureFormat::pcapng; }
    }
    return std::nullopt;
}

Result<void> read_pcap_records(CaptureRun& run) {
    using namespace pcap_detail;  // within this function only
    HW_TRY(const auto head, run.window.peek(kFileHeader));
    ByteCursor file(head);
    const auto magic = magic_of(file.be32().value_or(0));
    if (!magic) { return fail(Errc::malformed, "not a capture file", run.where(0)); }
    const std::endian order = magic->order;
    if (head.size() < kFileHeader) {
        return fail(Errc::truncated, "the capture ends within its file header", run.where(head.size()), "was it copied while being written?");
    }
    [[maybe_unused]] const bool skipped = file.skip(12);  // version, zone, accuracy: never used
    const std::uint32_t snap_length = file.u32(order).value_or(0);
    const LinkType link{static_cast<std::uint16_t>(file.u32(order).value_or(0) & 0xffffU)};
    run.window.consume(kFileHeader);

    const std::size_t header_length = magic->modified ? kModifiedHeader : kRecordHeader;
    const std::uint32_t most = std::min(kMaxCaptured, std::max(snap_length, std::uint32_t{262'144}));
    while (true) {
        if (run.stopped()) { return {}; }
        HW_TRY(const auto header_bytes, run.window.peek(header_length));
        const std::uint64_t offset = run.window.offset();
        if (header_bytes.size() < header_length) {
            run.report.damaged_tail = !header_bytes.empty();
            return {};
        }
        const RecordHeader record = record_header(header_of<kRecordHeader>(header_bytes), order);
        if (record.captured > most) {
            run.report.skip("record length impossible: the rest of the file was not read", offset);
            return {};
        }
        HW_TRY(const auto bytes, run.window.peek(header_length + record.captured));
        if (bytes.size() < header_length + record.captured) {
            run.report.damaged_tail = true;
            return {};
        }
        const std::int64_t micros = std::int64_t{record.seconds} * 1'000'000 + record.fraction / (magic->nanoseconds ? 1000 : 1);
        run.frame(link, {.bytes = bytes.subspan(header_length), .wire_length = std::max(record.wire, record.captured),
                         .time = Time::from_micros(micros), .offset = offset});
        run.window.consume(header_length + record.captured);
    }
}

struct CaptureReader::Parts {
    Parts(const std::string& observer_name, ObserverId observer, const ReadOptions& read_options, FlowSink sink)
        : decoder(random_key(), none),
          assembler({.observer_name = observer_name, .observer = observer, .timeouts = read_options.timeouts,
                     .max_live_flows = read_options.max_live_flows, .hash_seed = random_key()},
                    std::move(sink), none),
          stop(read_options.stop) {
        if (read_options.timings) { probe = std::make_unique<ConnectionProbe>(observer, random_key(), kMostTimed); }
    }
    static constexpr std::size_t kMostTimed = 500'000;  ///< Connections alive at one time that are timed: below 1 GB.

    ReadReport none;  ///< Until there is one.
    Decoder decoder;
    Assembler assembler;
    std::unique_ptr<ConnectionProbe> probe;  ///< Only where timings were asked for.
    std::stop_token stop;
};

CaptureReader::CaptureReader(const std::string& observer_name, ObserverId observer, const ReadOptions& options, FlowSink sink)
    : parts_(std::make_unique<Parts>(observer_name, observer, options, std::move(sink))) {}
CaptureReader::~CaptureReader() = default;

Result<void> CaptureReader::read(ByteSource& bytes, ReadReport& report) {
    parts_->decoder.report_to(report);
    parts_->assembler.report_to(report);
    pcap_detail::FlushingBytes flushing(bytes);
    CaptureRun run(flushing, parts_->decoder, parts_->assembler, parts_->probe.get(), parts_->stop, report);
    flushing.of(run);
    const auto head = run.window.peek(kCaptureHeadBytes);
    if (!head) { return std::unexpected(head.error()); }
    const auto format = recognise_capture(*head);
    if (!format) { return fail(Errc::malformed, "not a capture file", run.where(0)); }
    report.format = *format == CaptureFormat::pcap ? "pcap" : "pcapng";
    auto result = *format == CaptureFormat::pcap ? read_pcap_records(run) : read_pcapng_blocks(run);
    run.flush();
    return result;
}

Result<void> read_frames(ByteSource& bytes, FrameTap& tap, const std::stop_token& stop, ReadReport& report) {
    Decoder decoder(0, report);
    Assembler assembler({.observer_name = {}, .observer = {}, .timeouts = {}, .max_live_flows = 1, .hash_seed = 0}, [](Flow&&) {}, report);
    CaptureRun run(bytes, decoder, assembler, tap, stop, report);
    const auto head = run.window.peek(kCaptureHeadBytes);
    if (!head) { return std::unexpected(head.error()); }
    const auto format = recognise_capture(*head);
    if (!format) { return fail(Errc::malformed, "not a capture file", run.where(0)); }
    return *format == CaptureFormat::pcap ? read_pcap_records(run) : read_pcapng_blocks(run);
}

void CaptureReader::snapshot(const FlowSink& sink) const { parts_->assembler.snapshot(sink); }

void CaptureReader::cut(Time before) { parts_->assembler.cut(before); }

void CaptureReader::finish(ReadReport& report) {
    parts_->assembler.report_to(report);
    parts_->assembler.finish();
    if (parts_->probe && parts_->probe->passed_over() > 0) {
        report.skip("connection not timed: too many alive at a time", 0, parts_->probe->passed_over());
    }
}

std::vector<ConnectionTimings> CaptureReader::timings() { return parts_->probe ? parts_->probe->finish() : std::vector<ConnectionTimings>(); }

Result<void> read_capture(ByteSource& bytes, const std::string& observer_name, ObserverId observer, const ReadOptions& options,
                          const FlowSink& sink, ReadReport& report) {
    CaptureReader reader(observer_name, observer, options, sink);
    auto result = reader.read(bytes, report);
    reader.finish(report);
    return result;
}

}  // namespace hw::flow::read
