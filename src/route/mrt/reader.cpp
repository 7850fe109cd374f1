#include "route/mrt/reader.hpp"

#include "base/byte_cursor.hpp"
#include "route/mrt/records.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace hw::route::mrt {
namespace {
namespace reader_detail {

using Bytes = std::span<const std::byte>;

std::optional<net::Address> take_address(ByteCursor& in, bool v6) {
    if (!v6) {
        const auto v = in.be32();
        return v ? std::optional(net::Address::v4(*v)) : std::nullopt;
    }
    const auto high = in.be64();
    const auto low = high ? in.be64() : std::nullopt;
    return low ? std::optional(net::Address::v6(*high, *low)) : std::nullopt;
}

std::optional<net::Asn> take_asn(ByteCursor& in, bool wide) {
    if (wide) {
        const auto v = in.be32();
        return v ? std::optional(net::Asn(*v)) : std::nullopt;
    }
    const auto v = in.be16();
    return v ? std::optional(net::Asn(*v)) : std::nullopt;
}

/// One prefix as it lies in a table: its length in bits, then as many bytes as that takes.
std::optional<net::Prefix> take_prefix(ByteCursor& in, bgp::Afi afi) {
    const Bytes rest = in.rest();
    if (rest.empty()) { return std::nullopt; }
    const std::size_t size = 1 + (std::to_integer<std::size_t>(rest[0]) + 7) / 8;
    if (size > rest.size()) { return std::nullopt; }
    std::optional<net::Prefix> prefix;
    const bool good = bgp::NlriRange(rest.first(size), afi, false).for_each([&](const bgp::Nlri& route) { prefix = route.prefix; });
    if (!good || !in.skip(size)) { return std::nullopt; }
    return prefix;
}

/// Turns records into routes, one after the other.
class Reader {
public:
    Reader(RouteSink& sink, InputReport& report) : sink_(sink), report_(report) {}

    /// False where the sink wants no more.
    bool take(const Record& record) {
        record_ = &record;
        switch (static_cast<RecordType>(record.type)) {
            case RecordType::bgp4mp:
            case RecordType::bgp4mp_et: return take_bgp4mp();
            case RecordType::table_dump_v2: return take_table_v2();
            case RecordType::table_dump: return take_table_dump();
            case RecordType::bgp: return take_old_bgp();
        }
        return skip("a record of a type that is not read");
    }

private:
    bool skip(std::string_view why) {
        report_.skip(why, record_->offset);
        return true;
    }
    bool skip_at(std::string_view why, std::size_t in_body) {
        report_.skip(why, record_->body_offset + in_body);
        return true;
    }
    [[nodiscard]] MessageForm form() const {
        const auto type = static_cast<RecordType>(record_->type);
        return type == RecordType::bgp4mp_et ? MessageForm::bgp4mp_et : type == RecordType::bgp ? MessageForm::bgp : MessageForm::bgp4mp;
    }

    struct Session {
        Peer peer;
        bool v6 = false;
    };
    /// The front that BGP4MP records share (RFC 6396, 4.4.1).
    static std::optional<Session> take_session(ByteCursor& in, bool wide) {
        // Nearly all are of this form: one look at the size instead of six.
        constexpr std::size_t kWideV4 = 20;
        if (const Bytes rest = in.rest(); wide && rest.size() >= kWideV4 && load_big<std::uint16_t>(&rest[10]) == 1) {
            (void)in.skip(kWideV4);
            return Session{.peer = {.address = net::Address::v4(load_big<std::uint32_t>(&rest[12])), .asn = net::Asn(load_big<std::uint32_t>(rest.data()))}, .v6 = false};
        }
        Session session;
        const auto asn = take_asn(in, wide);
        const auto local = take_asn(in, wide);
        const auto interface = in.be16();
        const auto afi = in.be16();
        if (!asn || !local || !interface || !afi || *afi < 1 || *afi > 2) { return std::nullopt; }
        session.v6 = *afi == 2;
        const auto address = take_address(in, session.v6);
        const auto own = take_address(in, session.v6);
        if (!address || !own) { return std::nullopt; }
        session.peer = {.address = *address, .asn = *asn};
        return session;
    }

    bool take_bgp4mp() {
        ByteCursor in(record_->body);
        switch (record_->subtype) {
            case 0: return take_state(in, false);
            case 5: return take_state(in, true);
            case 1: return take_message(in, false, false);
            case 4: return take_message(in, true, false);
            case 8: return take_message(in, false, true);
            case 9: return take_message(in, true, true);
            case 6:
            case 7:
            case 10:
            case 11: return skip("a message of the collector itself, not of its peer");
            case 2: return take_entry(in);
            default: return skip("a BGP4MP record of a kind that is not read");
        }
    }

    bool take_state(ByteCursor& in, bool wide) {
        const auto session = take_session(in, wide);
        const auto before = session ? in.be16() : std::nullopt;
        const auto after = before ? in.be16() : std::nullopt;
        if (!after) { return skip_at("a change of state ends too early", in.offset()); }
        ++report_.records;
        return sink_.state({.time = record_->time, .form = form(), .peer = session->peer, .before = *before, .after = *after});
    }

    bool take_message(ByteCursor& in, bool wide, bool with_paths) {
        const auto session = take_session(in, wide);
        if (!session) { return skip_at("a message without its session", in.offset()); }
        const auto marker = in.take(16);
        const auto size = marker ? in.be16() : std::nullopt;
        const auto type = size ? in.u8() : std::nullopt;
        if (!type) { return skip_at("a message ends inside its header", in.offset()); }
        if (*size < bgp::kHeader) { return skip_at("a message shorter than its header", in.offset()); }
        const auto body = in.take(*size - bgp::kHeader);
        if (!body) { return skip_at("a message longer than its record", in.offset()); }
        if (*type != static_cast<std::uint8_t>(bgp::MessageType::update)) {
            ++report_.records;
            return true;
        }
        return give_update(session->peer, *body, in.offset() - body->size(), wide, with_paths);
    }

    bool give_update(const Peer& peer, Bytes body, std::size_t at, bool wide, bool with_paths) {
        bgp::Update update;
        bgp::read_update(body, wide ? 4 : 2, with_paths, update);
        if (!with_paths && bgp::has_untold_paths(update)) {
            with_paths = true;
            update = {};
            bgp::read_update(body, wide ? 4 : 2, true, update);
            report_.note("prefixes with path identifiers in a record for those without", record_->offset);
        }
        if (!update.why.empty()) { report_.skip(update.why, record_->body_offset + at + update.offset); }
        for (const auto* others : {&update.attributes.reach, &update.attributes.unreach}) {
            if (*others && !(*others)->nlri(with_paths) && !(*others)->routes.empty()) { skip("routes of a family that is not read"); }
        }
        ++report_.records;
        return sink_.update({.time = record_->time, .form = form(), .peer = peer, .update = &update});
    }

    /// Attributes of a table's route; false where the record ends in them.
    bool table_attributes(ByteCursor& in, std::size_t as_width, bgp::AttributesRead& read) {
        const auto size = in.be16();
        const std::size_t at = in.offset();
        const auto bytes = size ? in.take(*size) : std::nullopt;
        if (!bytes) {
            skip_at("a route ends inside its attributes", in.offset());
            return false;
        }
        bgp::read_attributes(*bytes, {.as_width = as_width, .with_paths = false, .of_table = true}, read);
        if (!read.why.empty()) { skip_at(read.why, at + read.offset); }
        return true;
    }

    bool give_table(TableRoute& route, const bgp::AttributesRead& read) {
        if (read.fate >= bgp::Fate::withdraw) { return true; }  // counted already
        ++report_.records;
        route.attributes = &read;
        return sink_.table(route);
    }

    /// RFC 6396, 4.2; kinds 3 and 4 are a common extension with four-byte numbers.
    bool take_table_dump() {
        if (record_->subtype < 1 || record_->subtype > 4) { return skip("a TABLE_DUMP record of a kind that is not read"); }
        const bool v6 = record_->subtype % 2 == 0;
        const bool wide = record_->subtype > 2;
        ByteCursor in(record_->body);
        TableRoute route{.form = TableForm::table_dump, .dumped = record_->time, .originated = {}, .peer = {}, .route = {}};
        if (!in.skip(4)) { return skip_at("a route ends too early", in.offset()); }
        const auto address = take_address(in, v6);
        const auto length = in.u8();
        const auto status = in.u8();
        const auto originated = in.be32();
        const auto peer = originated ? take_address(in, v6) : std::nullopt;
        const auto asn = peer ? take_asn(in, wide) : std::nullopt;
        if (!address || !length || !status || !asn) { return skip_at("a route ends too early", in.offset()); }
        if (*length > (v6 ? 128U : 32U) || address->is_v4() == v6) { return skip("a prefix is malformed"); }
        route.route.prefix = v6 ? net::Prefix::v6(address->high(), address->low(), *length) : net::Prefix::v4(address->v4_bits(), *length);
        route.originated = Time::from_micros(std::int64_t{*originated} * 1'000'000);
        route.peer = {.address = *peer, .asn = *asn};
        bgp::AttributesRead read;
        return !table_attributes(in, wide ? 4 : 2, read) || give_table(route, read);
    }

    bool take_table_v2() {
        ByteCursor in(record_->body);
        const unsigned kind = record_->subtype;
        if (kind == 1) { return take_peers(in); }
        if ((kind < 2 || kind > 6) && (kind < 8 || kind > 12)) { return skip("a TABLE_DUMP_V2 record of a kind that is not read"); }
        const bool with_paths = kind >= 8;
        const unsigned plain = with_paths ? kind - 6 : kind;
        if (!in.skip(4)) { return skip_at("a route ends too early", in.offset()); }
        bgp::Afi afi = plain >= 4 ? bgp::Afi::ipv6 : bgp::Afi::ipv4;
        if (plain == 6) {
            const auto family = in.be16();
            const auto kind_of = in.u8();
            if (!kind_of) { return skip_at("a route ends too early", in.offset()); }
            if (*family < 1 || *family > 2 || *kind_of < 1 || *kind_of > 2) { return skip("routes of a family that is not read"); }
            afi = bgp::Afi{*family};
        }
        const auto prefix = take_prefix(in, afi);
        if (!prefix) { return skip_at("a prefix is malformed", in.offset()); }
        const auto count = in.be16();
        if (!count) { return skip_at("a route ends too early", in.offset()); }
        for (unsigned i = 0; i < *count; ++i) {
            TableRoute route{.form = with_paths ? TableForm::v2_paths : TableForm::v2, .dumped = record_->time, .originated = {}, .peer = {}, .route = {.prefix = *prefix, .path = {}}};
            const auto index = in.be16();
            const auto originated = in.be32();
            if (with_paths) { route.route.path = in.be32(); }
            if (!index || !originated || (with_paths && !route.route.path)) { return skip_at("a route ends too early", in.offset()); }
            route.originated = Time::from_micros(std::int64_t{*originated} * 1'000'000);
            bgp::AttributesRead read;
            if (!table_attributes(in, 4, read)) { return true; }
            if (*index >= peers_.size()) {
                skip("a route of a peer that no peer index names");
                continue;
            }
            route.peer = peers_[*index];
            if (!give_table(route, read)) { return false; }
        }
        return true;
    }

    bool take_peers(ByteCursor& in) {
        peers_.clear();
        const auto collector = in.be32();
        const auto name = collector ? in.be16() : std::nullopt;
        if (!name || !in.skip(*name)) { return skip_at("the index of peers ends too early", in.offset()); }
        const auto count = in.be16();
        if (!count) { return skip_at("the index of peers ends too early", in.offset()); }
        for (unsigned i = 0; i < *count; ++i) {
            const auto type = in.u8();
            const auto id = in.be32();
            const auto address = id ? take_address(in, (*type & 1U) != 0) : std::nullopt;
            const auto asn = address ? take_asn(in, (*type & 2U) != 0) : std::nullopt;
            if (!asn) { return skip_at("the index of peers ends too early", in.offset()); }
            peers_.push_back({.address = *address, .asn = *asn});
        }
        ++report_.records;
        return true;
    }

    /// BGP4MP_ENTRY (RFC 6396, B.2.5).
    bool take_entry(ByteCursor& in) {
        const auto session = take_session(in, false);
        const bool front = session && in.skip(4);
        const auto originated = front ? in.be32() : std::nullopt;
        const auto afi = originated ? in.be16() : std::nullopt;
        const auto safi = afi ? in.u8() : std::nullopt;
        const auto hop_size = safi ? in.u8() : std::nullopt;
        const auto hop = hop_size ? in.take(*hop_size) : std::nullopt;
        if (!hop) { return skip_at("a route ends too early", in.offset()); }
        if (*afi < 1 || *afi > 2 || *safi < 1 || *safi > 2) { return skip("routes of a family that is not read"); }
        const auto prefix = take_prefix(in, bgp::Afi{*afi});
        if (!prefix) { return skip_at("a prefix is malformed", in.offset()); }
        bgp::AttributesRead read;
        if (!table_attributes(in, 2, read)) { return true; }
        ByteCursor hop_in(*hop);
        if (!read.attributes.any_next_hop()) { read.attributes.next_hop = take_address(hop_in, hop->size() >= 16); }
        TableRoute route{.form = TableForm::entry, .dumped = record_->time, .originated = Time::from_micros(std::int64_t{*originated} * 1'000'000), .peer = session->peer, .route = {.prefix = *prefix, .path = {}}};
        return give_table(route, read);
    }

    /// Type 5 (RFC 6396, B.2.1): of IPv4 sessions and two-byte numbers only.
    bool take_old_bgp() {
        ByteCursor in(record_->body);
        const auto asn = take_asn(in, false);
        const auto address = asn ? take_address(in, false) : std::nullopt;
        if (!address) { return skip_at("a message without its session", in.offset()); }
        const Peer peer{.address = *address, .asn = *asn};
        switch (record_->subtype) {
            case 1: {
                if (!in.skip(6)) { return skip_at("a message without its session", in.offset()); }
                return give_update(peer, in.rest(), in.offset(), false, false);
            }
            case 3: {
                const auto before = in.be16();
                const auto after = before ? in.be16() : std::nullopt;
                if (!after) { return skip_at("a change of state ends too early", in.offset()); }
                ++report_.records;
                return sink_.state({.time = record_->time, .form = form(), .peer = peer, .before = *before, .after = *after});
            }
            case 5:
            case 6:
            case 7: ++report_.records; return true;
            default: return skip("a record of type 5 of a kind that is not read");
        }
    }

    RouteSink& sink_;
    InputReport& report_;
    const Record* record_ = nullptr;
    std::vector<Peer> peers_;  ///< Of the last index.
};

}  // namespace reader_detail
}  // namespace

Result<bool> read_mrt(ByteSource& source, RouteSink& sink, const ReadOptions& options, InputReport& report) {
    Records records(source);
    reader_detail::Reader reader(sink, report);
    report.format = "mrt";
    bool any = false;
    while (!options.stop.stop_requested()) {
        HW_TRY(const auto record, records.next());
        if (!record) { break; }
        any = true;
        if (!reader.take(*record)) { return false; }
        if (options.progress) { options.progress(record->body_offset + record->body.size()); }
    }
    if (!records.damage().empty()) {
        if (!any) { return fail(Errc::malformed, "this is no MRT file", report.path + ":0", "headwater map and watch read BGP tables and updates in MRT form (RFC 6396), plain or packed"); }
        report.skip(records.damage(), records.offset());
        report.damaged_tail = true;
    }
    return true;
}

}  // namespace hw::route::mrt
