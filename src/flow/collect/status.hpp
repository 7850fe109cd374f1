#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "flow/read/report.hpp"
#include "net/address.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hw::flow::collect {

/// How one exporter fares.
struct ExporterStatus {
    net::Address address;
    std::uint64_t datagrams = 0;       ///< Taken in.
    std::uint64_t bytes = 0;           ///< Of these.
    std::uint64_t records = 0;
    std::uint64_t lost = 0;            ///< That never came, by the gaps in its numbers: records or messages, as the format counts.
    std::uint64_t untemplated = 0;     ///< Data sets whose template never came.
    std::uint64_t refused_templates = 0;
    std::uint64_t too_fast = 0;        ///< Datagrams past its rate, dropped unread.
    std::uint64_t queue_dropped = 0;   ///< Datagrams for which there was no room in the queue.
    std::uint64_t restarts = 0;
    std::uint64_t off_times = 0;       ///< Records whose times are more than a day from now; kept.
    std::uint64_t templates = 0;       ///< Held now.
    std::optional<Duration> ahead = std::nullopt;     ///< Of its clock to ours, by its last message that told.
    Time last_seen;
    std::map<std::string, std::uint64_t, std::less<>> skipped = {};  ///< By reason; holds `lost`, `untemplated`, `refused_templates` as well.
};

/// How one address that is listened on fares.
struct ListenerStatus {
    net::Endpoint address;
    std::size_t buffer = 0;            ///< Bytes that the kernel granted.
    std::uint64_t datagrams = 0;
    std::uint64_t bytes = 0;
    std::uint64_t kernel_dropped = 0;  ///< Its buffer was full.
    std::optional<Error> failure = std::nullopt;  ///< It is read no more.
};

/// How one interface that is captured from fares.
struct InterfaceStatus {
    std::string name;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t kernel_dropped = 0;
    std::optional<Error> failure = std::nullopt;  ///< It is read no more.
};

/// How writing ahead fares.
struct AheadStatus {
    bool on = false;
    std::uint64_t bytes = 0;       ///< Written.
    std::uint64_t unwritten = 0;   ///< Datagrams that could not be written ahead; until they are sealed they are in memory only.
    std::uint64_t files = 0;       ///< Write-aheads of earlier runs that were read.
    std::uint64_t torn_bytes = 0;  ///< At their ends, cut off.
    std::optional<Error> trouble = std::nullopt;  ///< The last thing that went wrong.
};

/// What lies in the store for good.
struct SealStatus {
    std::uint64_t seals = 0;
    std::uint64_t records = 0;   ///< Export records or packets that the flows came of.
    std::uint64_t replayed = 0;  ///< Export records that an earlier run had received and written ahead; not among `records`.
    std::uint64_t flows = 0;
    std::uint64_t bytes = 0;     ///< Of segments written.
    std::uint64_t copies = 0;    ///< Records of packets that another record had told of.
    std::optional<Time> last;
    std::optional<Error> trouble = std::nullopt;  ///< Why the last try failed; it is tried again.
    friend bool operator==(const SealStatus&, const SealStatus&) = default;
};

/// All that a collector knows of itself at one moment.
struct CollectorStatus {
    Duration running{0};
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;            ///< Of datagrams or packets.
    std::uint64_t strangers = 0;        ///< Datagrams of senders that are not on the list, dropped unread.
    std::uint64_t exporters_too_many = 0;
    std::uint64_t queue_dropped = 0;
    std::uint64_t kernel_dropped = 0;
    std::uint64_t lost = 0;
    std::size_t queued = 0;             ///< Bytes in the queues.
    std::vector<ListenerStatus> listeners;
    std::vector<InterfaceStatus> interfaces;
    std::vector<ExporterStatus> exporters;
    std::map<std::string, std::uint64_t, std::less<>> skipped;  ///< By reason, of all.
    SealStatus sealed;
    AheadStatus ahead;

    /// Whether a socket or an interface has failed, and whether all have.
    [[nodiscard]] bool any_failure() const {
        return std::ranges::any_of(listeners, [](const auto& l) { return l.failure.has_value(); }) ||
               std::ranges::any_of(interfaces, [](const auto& i) { return i.failure.has_value(); });
    }
    [[nodiscard]] bool ended() const {
        return std::ranges::all_of(listeners, [](const auto& l) { return l.failure.has_value(); }) &&
               std::ranges::all_of(interfaces, [](const auto& i) { return i.failure.has_value(); });
    }
};

}  // namespace hw::flow::collect
