#include "route/bgp/attributes.hpp"

#include "base/byte_cursor.hpp"

#include <utility>

namespace hw::route::bgp {
namespace {
namespace attributes_detail {

using Bytes = std::span<const std::byte>;

/// Types (the IANA registry of BGP path attributes).
enum Type : std::uint8_t {
    origin = 1,
    as_path = 2,
    next_hop = 3,
    med = 4,
    local_preference = 5,
    atomic_aggregate = 6,
    aggregator = 7,
    communities = 8,
    originator = 9,
    cluster_list = 10,
    mp_reach = 14,
    mp_unreach = 15,
    extended_communities = 16,
    as4_path = 17,
    as4_aggregator = 18,
    large_communities = 32,
    only_to_customer = 35,
};

constexpr unsigned kOptional = 0x80;
constexpr unsigned kTransitive = 0x40;
constexpr unsigned kExtendedLength = 0x10;
constexpr std::uint32_t kAsTrans = 23'456;  // stands for a number that two bytes do not hold

/// Of two or four bytes.
std::uint32_t number(Bytes bytes) { return bytes.size() == 4 ? load_big<std::uint32_t>(bytes.data()) : load_big<std::uint16_t>(bytes.data()); }

net::Address address6(Bytes bytes) { return net::Address::v6(load_big<std::uint64_t>(bytes.data()), load_big<std::uint64_t>(&bytes[8])); }

std::optional<net::Address> next_hop_of(Bytes bytes) {
    switch (bytes.size()) {
        case 4: return net::Address::v4(number(bytes));
        case 16:
        case 32: return address6(bytes.first(16));
        case 12: return net::Address::v4(number(bytes.last(4)));   // behind a route distinguisher (RFC 4364)
        case 24:
        case 48: return address6(bytes.subspan(8, 16));
        default: return std::nullopt;
    }
}

/// Reads the attributes one after the other.
class Reader {
public:
    Reader(Bytes bytes, const AttributeForm& form, AttributesRead& read) : bytes_(bytes), form_(form), read_(read) { read_.attributes.as_width = form.as_width; }

    void read() {
        const std::byte* const begin = bytes_.data();
        const std::size_t end = bytes_.size();
        while (at_ < end) {
            const std::size_t left = end - at_;
            const unsigned flags = std::to_integer<unsigned>(begin[at_]);
            const std::size_t front = (flags & kExtendedLength) != 0 ? 4 : 3;
            if (left < front) { return cut_short(); }
            const std::size_t size = front == 4 ? load_big<std::uint16_t>(begin + at_ + 2) : std::to_integer<std::size_t>(begin[at_ + 2]);
            if (left - front < size) { return cut_short(); }
            take(flags, std::to_integer<std::uint8_t>(begin[at_ + 1]), bytes_.subspan(at_ + front, size));
            at_ += front + size;
        }
        settle_as4();
    }

private:
    /// RFC 7606, 4.
    void cut_short() {
        wrong(Fate::withdraw, "the attributes end inside one");
        settle_as4();
    }

    void wrong(Fate fate, std::string_view why) {
        if (!read_.why.empty() && fate <= read_.fate) { return; }
        read_.fate = std::max(read_.fate, fate);
        read_.why = why;
        read_.offset = at_;
    }

    /// Whether it is the first of its type (RFC 7606, 3 g).
    bool first_of(std::uint8_t type) {
        const std::uint64_t bit = std::uint64_t{1} << (type % 64U);
        std::uint64_t& seen = seen_[type / 64U];
        if ((seen & bit) == 0) {
            seen |= bit;
            return true;
        }
        const bool routes = type == mp_reach || type == mp_unreach;
        wrong(routes ? Fate::reset : Fate::discard, routes ? "routes of other families come twice" : "an attribute comes twice");
        return false;
    }

    /// Well-known attributes are transitive and not optional; the flags of optional ones must be those of their type (RFC 7606, 3 c).
    bool flags_fit(unsigned flags, unsigned wanted) {
        if ((flags & (kOptional | kTransitive)) == wanted) { return true; }
        wrong(Fate::withdraw, "an attribute's flags are not those of its type");
        return false;
    }

    void take(unsigned flags, std::uint8_t type, Bytes value) {
        if (!first_of(type)) { return; }
        Attributes& to = read_.attributes;
        ++to.count;
        switch (type) {
            case origin:
                if (!flags_fit(flags, kTransitive)) { return; }
                if (value.size() != 1 || std::to_integer<unsigned>(value[0]) > 2) { return wrong(Fate::withdraw, "ORIGIN is malformed"); }
                to.origin = Origin{std::to_integer<std::uint8_t>(value[0])};
                return;
            case as_path:
                if (!flags_fit(flags, kTransitive)) { return; }
                if (!is_as_path(value, form_.as_width)) { return wrong(Fate::withdraw, "AS_PATH is malformed"); }
                to.as_path_bytes = value;
                return;
            case next_hop:
                if (!flags_fit(flags, kTransitive)) { return; }
                if (value.size() != 4) {
                    if (form_.of_table && value.size() == 16) { to.next_hop = address6(value); }  // some routers' tables have IPv6 ones here
                    else { wrong(Fate::withdraw, "NEXT_HOP is malformed"); }
                    return;
                }
                to.next_hop = net::Address::v4(number(value));
                return;
            case med:
                if (!flags_fit(flags, kOptional)) { return; }
                if (value.size() != 4) { return wrong(Fate::withdraw, "MULTI_EXIT_DISC is malformed"); }
                to.med = number(value);
                return;
            case local_preference:
                if (!flags_fit(flags, kTransitive)) { return; }
                if (value.size() != 4) { return wrong(Fate::withdraw, "LOCAL_PREF is malformed"); }
                to.local_preference = number(value);
                return;
            case atomic_aggregate:
                if (!value.empty()) { return wrong(Fate::discard, "ATOMIC_AGGREGATE is malformed"); }
                to.atomic_aggregate = true;
                return;
            case aggregator:
                // OpenBGPD's tables of two-byte paths have four-byte numbers here.
                if (value.size() != form_.as_width + 4 && !(form_.of_table && value.size() == 8)) { return wrong(Fate::discard, "AGGREGATOR is malformed"); }
                to.aggregator = Aggregator{.asn = net::Asn(number(value.first(value.size() - 4))), .address = net::Address::v4(number(value.last(4)))};
                return;
            case communities: return listed(value, 4, to.communities, "COMMUNITIES is malformed");
            case extended_communities: return listed(value, 8, to.extended_communities, "EXTENDED COMMUNITIES is malformed");
            case large_communities: return listed(value, 12, to.large_communities, "LARGE_COMMUNITY is malformed");
            case mp_reach: return take_reach(value);
            case mp_unreach: return take_unreach(value);
            case as4_path:
                if (!is_as_path(value, 4)) { return wrong(Fate::discard, "AS4_PATH is malformed"); }  // RFC 6793, 6
                as4_path_ = value;
                return;
            case as4_aggregator:
                if (value.size() != 8) { return wrong(Fate::discard, "AS4_AGGREGATOR is malformed"); }
                as4_aggregator_ = Aggregator{.asn = net::Asn(number(value.first(4))), .address = net::Address::v4(number(value.last(4)))};
                return;
            case only_to_customer:
                if (value.size() != 4) { return wrong(Fate::withdraw, "ONLY_TO_CUSTOMER is malformed"); }  // RFC 9234, 5
                to.only_to_customer = net::Asn(number(value));
                return;
            case originator:
                if (value.size() != 4) { wrong(Fate::discard, "ORIGINATOR_ID is malformed"); }
                return;
            case cluster_list:
                if (value.empty() || value.size() % 4 != 0) { wrong(Fate::discard, "CLUSTER_LIST is malformed"); }
                return;
            default: return;
        }
    }

    void listed(Bytes value, std::size_t size, Bytes& to, std::string_view why) {
        if (value.empty() || value.size() % size != 0) { return wrong(Fate::withdraw, why); }
        to = value;
    }

    void take_reach(Bytes value) {
        MultiProtocol reach;
        // In a table the next hop may stand alone behind its length: no family's number begins with such a byte.
        if (form_.of_table && !value.empty() && value[0] != std::byte{0}) {
            const auto size = std::to_integer<std::size_t>(value[0]);
            if (size != value.size() - 1) { return wrong(Fate::discard, "MP_REACH_NLRI is malformed"); }
            reach.next_hop = next_hop_of(value.subspan(1));
            read_.attributes.reach = reach;
            return;
        }
        ByteCursor in(value);
        const auto afi = in.be16();
        const auto safi = in.u8();
        const auto size = in.u8();
        const auto hop = size ? in.take(*size) : std::nullopt;
        if (!hop || (!in.skip(1) && !form_.of_table)) { return wrong(form_.of_table ? Fate::discard : Fate::reset, "MP_REACH_NLRI is malformed"); }
        reach.afi = *afi;
        reach.safi = *safi;
        reach.next_hop = next_hop_of(*hop);
        reach.routes = in.rest();
        read_.attributes.reach = reach;
    }

    void take_unreach(Bytes value) {
        ByteCursor in(value);
        const auto afi = in.be16();
        const auto safi = in.u8();
        if (!afi || !safi) { return wrong(Fate::reset, "MP_UNREACH_NLRI is malformed"); }
        read_.attributes.unreach = MultiProtocol{.afi = *afi, .safi = *safi, .next_hop = {}, .routes = in.rest()};
    }

    /// The four-byte attributes of old speakers count where the aggregator's number, if any, says that they were kept (RFC 6793, 4.2.3).
    void settle_as4() {
        Attributes& to = read_.attributes;
        if (form_.as_width == 4) { return; }
        if (to.aggregator && as4_aggregator_) {
            if (to.aggregator->asn != net::Asn(kAsTrans)) { return; }
            to.aggregator = as4_aggregator_;
        }
        to.as4_path_bytes = as4_path_;
    }

    Bytes bytes_;
    AttributeForm form_;
    AttributesRead& read_;
    std::size_t at_ = 0;
    std::array<std::uint64_t, 4> seen_{};
    Bytes as4_path_;
    std::optional<Aggregator> as4_aggregator_;
};

}  // namespace attributes_detail
}  // namespace

std::optional<NlriRange> MultiProtocol::nlri(bool with_paths) const {
    if ((afi != 1 && afi != 2) || safi < 1 || safi > 3) { return std::nullopt; }
    return NlriRange(routes, Afi{afi}, with_paths);
}

void Attributes::as_path(AsPath& path) const {
    path.asns.clear();
    path.segments.clear();
    if (!as_path_bytes || !read_as_path(*as_path_bytes, as_width, path)) { return; }
    if (as4_path_bytes.empty()) { return; }
    AsPath four_byte;
    if (read_as_path(as4_path_bytes, 4, four_byte)) { path = merged(path, four_byte); }
}

void read_attributes(std::span<const std::byte> bytes, const AttributeForm& form, AttributesRead& read) { attributes_detail::Reader(bytes, form, read).read(); }

}  // namespace hw::route::bgp
