#pragma once

#include "flow/flow.hpp"
#include "flow/flow_list.hpp"
#include "flow/read/export_record.hpp"
#include "flow/read/report.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hw::flow::read {

/// Makes flows of export records. The two directions of a conversation, as one exporter saw them, become one flow when they
/// overlap in time or miss each other by at most 5 s; a direction without the other stands alone. A copy of a record that the
/// same exporter made of the same packets at another interface counts once. Pieces that an active timeout cut stay apart, each marked as cut
/// (`FlowEnd::active_timeout`, also where the format has no word for it: the next piece begins within 10 s and opens nothing),
/// for `rejoin`.
///
/// Single packets that an exporter has drawn (sFlow) make a pseudo-flow for each conversation, direction and minute.
///
/// Client and server: the exporter's word where it gives one; else who sent a SYN without answering one; else who began
/// earlier, which for TCP counts as `InitiatorBasis::syn` where both sides' SYN was seen; else the port: below 1024 or the
/// lower one is the server's.
///
/// What such flows lack: payload. `payload_bytes` is 0 in both halves, which stands for "not counted" (a flow that carried
/// none, by a source that counts payload, has packets without payload as well; the record channel tells them apart by
/// neither, and takes the payload of both from `bytes` less the headers of `packets`). No activity, handshake or sender's
/// interface either; TTL only where exported. `sampling` is the exporter's rate, 1 where it told none; counts are not scaled.
class ExportFlows {
public:
    /// `observer_name`: of the file or capture; an exporter's own name is made of it and its address.
    explicit ExportFlows(std::string observer_name) : observer_name_(std::move(observer_name)) {}

    void add(const ExportRecord& record) { records_.push_back(record); }
    void add(std::vector<ExportRecord>&& records) {
        if (records_.empty()) { std::swap(records_, records); } else { add(std::span<const ExportRecord>(records)); }
    }
    void add(std::span<const ExportRecord> records) { records_.insert(records_.end(), records.begin(), records.end()); }

    /// The flows of all records, `observer` being the exporter's index; empties the collection. `exporters` as of the decoder.
    /// A single exporter without an address (a file of messages) goes by the observer's name. What is merged away is counted.
    [[nodiscard]] std::vector<Flow> take(std::span<const net::Address> exporters, std::span<const std::uint32_t> late_rates, ReadReport& report);

    /// The flows of which nothing more is to come, the rest staying: for inputs that are not to be held whole. A record is settled when
    /// `kSettled` of the exporters' time have gone by since its end (both directions of a conversation are told within that), and where
    /// nobody said why it ended and it may have been cut, `kNextCut`. Where less than half would be settled, the older half is
    /// taken to be all the same: the memory counts.
    [[nodiscard]] std::vector<Flow> take_settled(std::span<const net::Address> exporters, std::span<const std::uint32_t> late_rates, ReadReport& report);
    [[nodiscard]] std::size_t held() const { return records_.size(); }
    static constexpr Duration kSettled = std::chrono::minutes(2);
    static constexpr Duration kNextCut = std::chrono::minutes(32);  ///< The usual active timeout is half an hour at most.

    /// The name of one exporter's observer.
    [[nodiscard]] std::string name_of(const net::Address& exporter) const;

private:
    /// Makes flows of the records; those that end at `settled` or later stay (a cut one: at `settled_if_cut`).
    [[nodiscard]] std::vector<Flow> make(Time settled, Time settled_if_cut, std::span<const net::Address> exporters, std::span<const std::uint32_t> late_rates,
                                         ReadReport& report);

    std::string observer_name_;
    std::vector<ExportRecord> records_;
};

}  // namespace hw::flow::read
