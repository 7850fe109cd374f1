#pragma once

#include "base/time.hpp"
#include "flow/flow.hpp"
#include "net/address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hw::flow::read::zeek {

/// What a column or member of a conn log means to us.
enum class Field : std::uint8_t {
    ignored,
    ts,
    uid,
    orig_h,
    orig_p,
    resp_h,
    resp_p,
    proto,
    ip_proto,  ///< The protocol's number.
    duration,
    duration_ns,
    start,      ///< ECS `event.start`
    end,        ///< ECS `event.end`
    timestamp,  ///< ECS `@timestamp`: may be the time of writing, so only where nothing better is there.
    orig_bytes,
    resp_bytes,
    conn_state,
    local_orig,
    local_resp,
    missed_bytes,
    history,
    orig_pkts,
    orig_ip_bytes,
    resp_pkts,
    resp_ip_bytes,
    log_name,  ///< Which log a line belongs to, where one file holds several.
};

/// The meaning of a field by its name: Zeek's own (`id.orig_h`), `id_orig_h`, and ECS (`source.ip`) as Filebeat maps conn
/// logs (its `source.bytes` are IP bytes). Nested names come with points between.
[[nodiscard]] Field field_by_name(std::string_view name);

/// Whether a log of this name holds connections: `conn`, `conn_long`, `zeek.connection` and their like.
[[nodiscard]] bool is_connection_log(std::string_view name);

/// One line of a conn log, as far as it matters here. Views point into the line.
struct ConnRecord {
    std::optional<Time> ts;
    std::optional<Time> end;
    std::optional<Time> timestamp;
    std::optional<Duration> duration;
    std::string_view uid;
    std::optional<net::Address> orig_h;
    std::optional<net::Address> resp_h;
    std::optional<net::Port> orig_p;
    std::optional<net::Port> resp_p;
    std::optional<Protocol> proto;
    std::optional<std::uint64_t> orig_bytes;
    std::optional<std::uint64_t> resp_bytes;
    std::optional<std::uint64_t> missed_bytes;
    std::optional<std::uint64_t> orig_pkts;
    std::optional<std::uint64_t> orig_ip_bytes;
    std::optional<std::uint64_t> resp_pkts;
    std::optional<std::uint64_t> resp_ip_bytes;
    std::optional<bool> local_orig;
    std::optional<bool> local_resp;
    std::string_view conn_state;
    std::string_view history;
    std::string_view log_name;
    Field bad = Field::ignored;  ///< The first field with a value that is not of its kind.

    /// Takes a field's text, which is not unset. A bad value is remembered in `bad`.
    void set(Field field, std::string_view text);
    /// Whether a field is there that, among Zeek's logs, only conn has.
    [[nodiscard]] bool looks_like_connection() const {
        return !conn_state.empty() || !history.empty() || orig_pkts || resp_pkts || orig_bytes || resp_bytes || orig_ip_bytes || resp_ip_bytes;
    }
    /// Why the record cannot be used, in the words of a report; empty: it can.
    [[nodiscard]] std::string_view fault() const;
    /// The flow it tells of: the originator is the client. To be called when `fault()` is empty.
    [[nodiscard]] Flow to_flow(std::string_view observer_name) const;
};

}  // namespace hw::flow::read::zeek
