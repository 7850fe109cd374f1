#pragma once

#include "flow/flow.hpp"
#include "flow/read/conversations.hpp"
#include "flow/read/export_record.hpp"
#include "flow/read/report.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
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

    /// Who the records are of, as the decoder has them, and the rates that exporters told later than their records.
    struct Exporters {
        std::span<const net::Address> addresses;
        std::span<const std::uint32_t> late_rates;
        std::span<const std::string> names = {};  ///< What they are called, where not by `name_of` of their addresses.
    };
    /// Gets flows, which it may move from, at most `kBatch` at a time.
    using Give = std::function<void(std::span<Flow>)>;
    static constexpr std::size_t kBatch = 2048;  ///< What stays in a processor's cache until it has been taken on.

    /// Gives the flows of all records, `observer` being the exporter's index; empties the collection.
    /// A single exporter without an address (a file of messages) goes by the observer's name. What is merged away is counted.
    void take(const Exporters& exporters, ReadReport& report, const Give& give);
    /// The same as one vector.
    [[nodiscard]] std::vector<Flow> take(const Exporters& exporters, ReadReport& report);

    /// The flows of which nothing more is to come, the rest staying: for inputs that are not to be held whole. A record is settled when
    /// `kSettled` of the exporters' time have gone by since its end (both directions of a conversation are told within that), and where
    /// nobody said why it ended and it may have been cut, `kNextCut`. Where less than half would be settled, the older half is
    /// taken to be all the same: the memory counts. What had to go so while its other direction was not there is counted.
    void take_settled(const Exporters& exporters, ReadReport& report, const Give& give);
    [[nodiscard]] std::size_t held() const { return records_.size(); }
    static constexpr Duration kSettled = std::chrono::minutes(2);
    static constexpr Duration kNextCut = std::chrono::minutes(32);  ///< The usual active timeout is half an hour at most.

    /// The name of one exporter's observer.
    [[nodiscard]] std::string name_of(const net::Address& exporter) const;

private:
    /// From when on records stay.
    struct Settling {
        Time settled;         ///< Those that end then or later,
        Time settled_if_cut;  ///< and of those that may go on in another piece.
        Time in_time;         ///< Those that end then or later are taken too early, if they are.
    };
    void make(const Settling& until, const Exporters& exporters, ReadReport& report, const Give& give);

    std::string observer_name_;
    std::vector<ExportRecord> records_;
    Conversations conversations_;
};

}  // namespace hw::flow::read
