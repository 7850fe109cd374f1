#include "flow/read/export_messages.hpp"

#include "base/input/block_window.hpp"
#include "flow/read/capture_run.hpp"
#include "flow/read/cloud_log.hpp"
#include "flow/read/eve_log.hpp"
#include "flow/read/export_boundary.hpp"
#include "flow/read/nfdump_file.hpp"
#include "flow/read/vpc_log.hpp"

#include <algorithm>
#include <utility>

namespace hw::flow::read {
namespace {
namespace messages_detail {

constexpr std::size_t kLongestMessage = 0x10000 + 64;

/// Takes the frames of a capture and gives the payload of the UDP datagrams in them to `visit(packet, payload)`.
template <typename Visit>
class DatagramTap final : public FrameTap {
public:
    DatagramTap(ReadReport& report, const Visit& visit) : decoder_(0, report), visit_(visit) {}
    void frame(LinkType link, const Frame& frame) override {
        packets_.clear();
        decoder_.decode(link, frame, packets_);
        visit_(packets_.empty() ? nullptr : &packets_.front(), decoder_.udp_payload(), frame);
    }

private:
    Decoder decoder_;
    const Visit& visit_;
    std::vector<Packet> packets_;
};

}  // namespace messages_detail
}  // namespace

void ExportInput::feed(const net::Endpoint& exporter, Time observed_at, std::span<const std::byte> message, std::uint64_t offset, ReadReport& report) {
    batch_.clear();
    decoder_.feed(exporter, observed_at, message, offset, report, batch_);
    flows_.add(batch_);
}

Result<void> ExportInput::read_messages(ByteSource& bytes, const std::stop_token& stop, ReadReport& report) {
    using namespace messages_detail;
    BlockWindow window(bytes);
    while (!stop.stop_requested()) {
        HW_TRY(const auto head, window.peek(4));
        if (head.empty()) { return {}; }
        HW_TRY(const auto seen, window.peek(kLongestMessage));
        const auto size = export_message_size(seen);
        if (!size) {
            if (window.offset() == 0) {
                return fail(Errc::malformed, "the first message of this file of flow exports is damaged or cut off", report.path + ":0",
                            "the file must hold whole NetFlow or IPFIX messages, one after the other");
            }
            report.skip("no export message: the rest of the file was not read", window.offset());
            report.damaged_tail = true;
            return {};
        }
        if (window.offset() == 0) { report.format = export_message_kind(seen); }
        feed({}, {}, seen.first(*size), window.offset(), report);
        window.consume(*size);
    }
    return {};
}

Result<void> ExportInput::read_capture(ByteSource& bytes, const std::stop_token& stop, ReadReport& report) {
    using namespace messages_detail;
    const auto take = [&](const Packet* packet, std::span<const std::byte> payload, const Frame& frame) {
        if (packet == nullptr) { return; }  // the decoder has counted why
        if (export_message_kind(payload).empty()) { return report.skip("packet that holds no flow export", frame.offset); }
        feed({packet->source, net::Port{packet->source_port}}, packet->time, payload, frame.offset, report);
    };
    DatagramTap tap(report, take);
    return read_frames(bytes, tap, stop, report);
}

Result<void> ExportInput::read_nfdump_file(ByteSource& bytes, const std::stop_token& stop, ReadReport& report) {
    const auto take = [this](ExportRecord&& record, const net::Address& exporter) {
        record.exporter = decoder_.exporter_of(exporter);
        flows_.add(record);
    };
    return read_nfdump(bytes, take, stop, report);
}

void ExportInput::take_record(const ExportRecord& record) {
    ExportRecord mine = record;
    mine.exporter = decoder_.exporter_of(net::Address());
    flows_.add(mine);
}

Result<void> ExportInput::read_eve_log(ByteSource& bytes, const std::stop_token& stop, ReadReport& report) {
    return read_eve(bytes, [this](ExportRecord&& record) { take_record(record); }, stop, report);
}

Result<void> ExportInput::read_vpc_log(ByteSource& bytes, const std::stop_token& stop, ReadReport& report) {
    return read_vpc(bytes, [this](ExportRecord&& record) { take_record(record); }, stop, report);
}

Result<void> ExportInput::read_azure_log(ByteSource& bytes, const std::stop_token& stop, ReadReport& report) {
    return read_azure(bytes, [this](ExportRecord&& record) { take_record(record); }, stop, report);
}

Result<void> ExportInput::read_gcp_log(ByteSource& bytes, const std::stop_token& stop, ReadReport& report) {
    const auto take = [this](ExportRecord&& record, const net::Address& machine) {
        record.exporter = decoder_.exporter_of(machine);
        flows_.add(record);
    };
    return read_gcp(bytes, take, stop, report);
}

std::vector<std::string> ExportInput::exporter_names() const {
    std::vector<std::string> names;
    names.reserve(decoder_.exporters().size());
    for (const net::Address& exporter : decoder_.exporters()) { names.push_back(flows_.name_of(exporter)); }
    return names;
}

std::vector<std::uint32_t> ExportInput::exporter_rates() const {
    std::vector<std::uint32_t> rates;
    const auto count = static_cast<std::uint32_t>(decoder_.exporters().size());
    rates.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) { rates.push_back(decoder_.sampling_of(i)); }
    return rates;
}

std::vector<std::string> ExportInput::take(ReadReport& report, const Give& give) {
    decoder_.finish(report);
    auto names = exporter_names();
    const auto rates = exporter_rates();
    flows_.take({.addresses = decoder_.exporters(), .late_rates = rates}, report, [&](std::span<Flow> flows) { give(flows, names); });
    return names;
}

void ExportInput::take_settled(ReadReport& report, const Give& give) {
    const auto names = exporter_names();
    const auto rates = exporter_rates();
    flows_.take_settled({.addresses = decoder_.exporters(), .late_rates = rates}, report, [&](std::span<Flow> flows) { give(flows, names); });
}

bool holds_exports(std::span<const std::byte> capture_head) {
    using namespace messages_detail;
    ReadReport report;
    std::size_t frames = 0;
    std::size_t exports = 0;
    const auto count = [&](const Packet* packet, std::span<const std::byte> payload, const Frame&) {
        ++frames;
        const auto size = packet != nullptr ? export_message_size(payload) : std::nullopt;
        // An sFlow datagram may end in what its count of samples leaves out.
        if (size && (*size == payload.size() || (*size < payload.size() && export_message_kind(payload) == "sflow"))) { ++exports; }
    };
    DatagramTap tap(report, count);
    MemoryBytes bytes(capture_head.first(std::min(capture_head.size(), std::size_t{256} << 10U)));
    if (!read_frames(bytes, tap, {}, report)) { return false; }
    constexpr std::size_t kOneIn = 5;
    return exports > 0 && exports * kOneIn >= frames;
}

}  // namespace hw::flow::read
