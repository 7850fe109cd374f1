#pragma once

#include "flow/filter.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

/// The words of the filter language, shared by its parser and its printer.
namespace hw::flow::filter_words {

struct FieldWord {
    std::string_view word;
    FilterField field;
};
/// Every word that begins a test; of several for one field the first is the one that is printed.
inline constexpr std::array kFields{
    FieldWord{"host", FilterField::host},         FieldWord{"net", FilterField::host},          FieldWord{"ip", FilterField::host},
    FieldWord{"port", FilterField::port},         FieldWord{"portrange", FilterField::port},    FieldWord{"proto", FilterField::protocol},
    FieldWord{"protocol", FilterField::protocol}, FieldWord{"bytes", FilterField::bytes},       FieldWord{"packets", FilterField::packets},
    FieldWord{"payload", FilterField::payload},   FieldWord{"duration", FilterField::duration}, FieldWord{"pps", FilterField::pps},
    FieldWord{"bps", FilterField::bps},           FieldWord{"bpp", FilterField::bpp},           FieldWord{"flags", FilterField::flags},
    FieldWord{"asn", FilterField::asn},           FieldWord{"as", FilterField::asn},            FieldWord{"country", FilterField::country},
    FieldWord{"geo", FilterField::country},       FieldWord{"observer", FilterField::observer}, FieldWord{"any", FilterField::any},
};

struct ProtocolWord {
    std::string_view word;
    std::uint8_t number;
};
inline constexpr std::array kProtocols{
    ProtocolWord{"tcp", 6},   ProtocolWord{"udp", 17}, ProtocolWord{"icmp", 1}, ProtocolWord{"icmp6", 58}, ProtocolWord{"sctp", 132},
    ProtocolWord{"gre", 47},  ProtocolWord{"esp", 50}, ProtocolWord{"ah", 51},  ProtocolWord{"igmp", 2},   ProtocolWord{"ospf", 89},
};

struct FamilyWord {
    std::string_view word;
    std::uint8_t family;
};
inline constexpr std::array kFamilies{FamilyWord{"ipv4", 4}, FamilyWord{"ipv6", 6}, FamilyWord{"inet", 4}, FamilyWord{"inet6", 6}, FamilyWord{"ip6", 6}};

struct EndWord {
    std::string_view word;
    FilterEnd end;
};
/// Whose end: before addresses and ports `src` and `dst` are printed, before amounts `request` and `reply`.
inline constexpr std::array kEnds{
    EndWord{"src", FilterEnd::client},     EndWord{"dst", FilterEnd::server},   EndWord{"client", FilterEnd::client}, EndWord{"server", FilterEnd::server},
    EndWord{"request", FilterEnd::client}, EndWord{"reply", FilterEnd::server}, EndWord{"in", FilterEnd::client},     EndWord{"out", FilterEnd::server},
};

/// The letters of nfdump for the TCP flags (RFC 9293, 3.1), in the order in which they are printed.
struct FlagLetter {
    char letter;
    std::uint8_t bit;
};
inline constexpr std::array kFlags{FlagLetter{'U', 0x20}, FlagLetter{'A', 0x10}, FlagLetter{'P', 0x08},
                                   FlagLetter{'R', 0x04}, FlagLetter{'S', 0x02}, FlagLetter{'F', 0x01},
                                   FlagLetter{'E', 0x40}, FlagLetter{'C', 0x80}};

/// Whether a field counts something, so that an end before it means what that end sent.
[[nodiscard]] constexpr bool is_amount(FilterField field) {
    using enum FilterField;
    return field == bytes || field == packets || field == payload || field == pps || field == bps || field == bpp || field == flags;
}
/// Whether `src`, `dst` and the like may stand before it.
[[nodiscard]] constexpr bool has_ends(FilterField field) {
    using enum FilterField;
    return is_amount(field) || field == host || field == port || field == asn || field == country;
}
/// The greatest number that makes sense for the field.
[[nodiscard]] constexpr std::uint64_t greatest(FilterField field) {
    switch (field) {
    case FilterField::port: return 65'535;
    case FilterField::protocol: return 255;
    case FilterField::asn: return 0xffff'ffffU;
    case FilterField::duration: return std::uint64_t{1} << 62U;
    default: return std::numeric_limits<std::uint64_t>::max();
    }
}

/// Ranges sorted and joined where they touch.
[[nodiscard]] std::vector<NumberRange> joined(std::vector<NumberRange> ranges);

}  // namespace hw::flow::filter_words
