#include "flow/read/recognise.hpp"

#include "base/byte_cursor.hpp"
#include "base/text.hpp"
#include "flow/read/cloud_log.hpp"
#include "flow/read/eve_log.hpp"
#include "flow/read/export_boundary.hpp"
#include "flow/read/export_messages.hpp"
#include "flow/read/nfdump_file.hpp"
#include "flow/read/pcap_reader.hpp"
#include "flow/read/vpc_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string>

namespace hw::flow::read {
namespace {
namespace recognise_detail {

using Bytes = std::span<const std::byte>;

constexpr std::uint32_t kPcapMicros = 0xa1b2c3d4;
constexpr std::uint32_t kPcapNanos = 0xa1b23c4d;
constexpr std::uint32_t kPcapKuznetzov = 0xa1b2cd34;  // "modified" pcap with 8 more bytes a record
constexpr std::uint32_t kPcapngByteOrder = 0x1a2b3c4d;
constexpr std::string_view kUnderstood =
    "understood are pcap and pcapng captures, NetFlow v5, v7, v9 and IPFIX messages (raw or in captures; in captures sFlow v5 too), nfdump files, Zeek conn logs (TSV or JSON), Suricata's EVE "
    "logs and flow logs of Amazon's VPC, Azure and Google's VPC, "
    "plain or packed with gzip, zstd, xz or bzip2";

/// The first bytes as text; char may alias any bytes.
std::string_view as_text(Bytes head) {
    return {static_cast<const char*>(static_cast<const void*>(head.data())), head.size()};
}

/// A form that we know by its first bytes and do not read.
struct Known {
    std::string_view magic;
    std::size_t offset;
    std::string_view name;
};

using namespace std::string_view_literals;
constexpr std::array kKnown{
    Known{"%PDF-"sv, 0, "a PDF document"},
    Known{"PK\x03\x04"sv, 0, "a ZIP archive"},
    Known{"BZh"sv, 0, "bzip2 data"},
    Known{"\x04\x22\x4d\x18"sv, 0, "LZ4 data"},
    Known{"7z\xbc\xaf\x27\x1c"sv, 0, "a 7-Zip archive"},
    Known{"ustar"sv, 257, "a tar archive"},
    Known{"\x89PNG"sv, 0, "a PNG picture"},
    Known{"\xff\xd8\xff"sv, 0, "a JPEG picture"},
    Known{"\x7f" "ELF"sv, 0, "a program (ELF)"},
    Known{"SQLite format 3"sv, 0, "an SQLite database"},
    Known{"snoop\0\0\0"sv, 0, "a snoop capture"},
    Known{"PAR1"sv, 0, "a Parquet file"},
    Known{"<?xml"sv, 0, "an XML document"},
    Known{"<!DOCTYPE"sv, 0, "an HTML page"},
    Known{"<html"sv, 0, "an HTML page"},
    Known{"ts,uid"sv, 0, "a table with commas (CSV)"},
};

std::optional<std::string_view> known_name(std::string_view text) {
    for (const Known& known : kKnown) {
        if (text.size() >= known.offset && text.substr(known.offset).starts_with(known.magic)) { return known.name; }
    }
    return std::nullopt;
}

/// The first lines of a log of Zeek in TSV form, its header lost or cut away: a time, tabs, addresses.
bool looks_like_headless_tsv(std::string_view text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos || tab < 3) { return false; }
    const std::string_view time = line.substr(0, tab);
    return std::ranges::all_of(time, [](char c) { return (c >= '0' && c <= '9') || c == '.'; }) &&
           std::ranges::count(line, '\t') >= 5;
}

std::string first_bytes(Bytes head) {
    constexpr std::size_t kShown = 16;
    const std::string_view text = as_text(head.first(std::min(kShown, head.size())));
    if (std::ranges::all_of(text, [](char c) { return (c >= ' ' && c <= '~') || c == '\t' || c == '\n' || c == '\r'; })) {
        return fmt::format("begins with text: \"{}\"", printable(text));
    }
    std::string hex;
    for (const char c : text) { hex += fmt::format("{}{:02x}", hex.empty() ? "" : " ", static_cast<unsigned char>(c)); }
    return "begins with bytes " + hex;
}

std::optional<std::endian> pcap_order(Bytes head) {
    const auto big = ByteCursor(head).u32(std::endian::big);
    if (!big) { return std::nullopt; }
    const auto is_magic = [](std::uint32_t v) { return v == kPcapMicros || v == kPcapNanos || v == kPcapKuznetzov; };
    if (is_magic(*big)) { return std::endian::big; }
    if (is_magic(std::byteswap(*big))) { return std::endian::little; }
    return std::nullopt;
}

std::optional<Time> first_in_pcap(Bytes head) {
    const auto order = pcap_order(head);
    ByteCursor cursor(head);
    if (!order) { return std::nullopt; }
    const auto magic = cursor.u32(*order);
    constexpr std::size_t kRestOfHeader = 20;
    if (!magic || !cursor.skip(kRestOfHeader)) { return std::nullopt; }
    const auto seconds = cursor.u32(*order);
    const auto fraction = cursor.u32(*order);
    if (!seconds || !fraction) { return std::nullopt; }
    const std::int64_t micros = *magic == kPcapNanos ? *fraction / 1000 : *fraction;
    return Time::from_micros(static_cast<std::int64_t>(*seconds) * 1'000'000 + micros);
}

/// The first interface's units of time in a second, from its description block's options (pcapng, `if_tsresol`).
double units_a_second(Bytes options, std::endian order) {
    constexpr std::uint16_t kTimeResolution = 9;
    ByteCursor cursor(options);
    while (true) {
        const auto code = cursor.u16(order);
        const auto size = cursor.u16(order);
        if (!code || !size || *code == 0) { return 1e6; }
        const auto value = cursor.take(*size);
        if (!value) { return 1e6; }
        if (*code == kTimeResolution && !value->empty()) {
            const auto power = std::to_integer<unsigned>(value->front());
            double units = 1;
            for (unsigned i = 0; i < (power & 0x7fU); ++i) { units *= (power & 0x80U) != 0 ? 2 : 10; }
            return units;
        }
        static_cast<void>(cursor.skip((4U - *size % 4U) % 4U));
    }
}

std::optional<Time> first_in_pcapng(Bytes head) {
    ByteCursor cursor(head);
    constexpr std::size_t kBeforeOrder = 8;
    if (!cursor.skip(kBeforeOrder)) { return std::nullopt; }
    const auto mark = cursor.u32(std::endian::big);
    if (!mark) { return std::nullopt; }
    const std::endian order = *mark == kPcapngByteOrder ? std::endian::big : std::endian::little;
    constexpr std::uint32_t kInterface = 1;
    constexpr std::uint32_t kEnhancedPacket = 6;
    double units = 1e6;
    bool described = false;
    for (cursor = ByteCursor(head); !cursor.empty();) {
        const auto type = cursor.u32(order);
        const auto length = cursor.u32(order);
        if (!type || !length || *length < 12 || *length % 4 != 0) { return std::nullopt; }
        const auto body = cursor.take(*length - 12);
        if (!body || !cursor.skip(4)) { return std::nullopt; }
        if (*type == kInterface && !described && body->size() >= 8) {
            units = units_a_second(body->subspan(8), order);
            described = true;
        }
        if (*type == kEnhancedPacket) {
            ByteCursor packet(*body);
            if (!packet.skip(4)) { return std::nullopt; }
            const auto high = packet.u32(order);
            const auto low = packet.u32(order);
            if (!high || !low) { return std::nullopt; }
            const double seconds = (static_cast<double>(*high) * 4294967296.0 + static_cast<double>(*low)) / units;
            if (!(seconds < 1e12)) { return std::nullopt; }
            return Time::from_micros(static_cast<std::int64_t>(seconds * 1e6));
        }
    }
    return std::nullopt;
}

/// When the first message was made, by its header.
std::optional<Time> first_export(Bytes head) {
    ByteCursor cursor(head);
    const auto version = cursor.be16();
    if (!version || !cursor.skip(*version == 10 ? 2 : 6)) { return std::nullopt; }
    const auto seconds = cursor.be32();
    return seconds ? std::optional(Time::from_micros(std::int64_t{*seconds} * 1'000'000)) : std::nullopt;
}

}  // namespace recognise_detail
}  // namespace

std::string_view to_string(Format format) {
    switch (format) {
        case Format::pcap: return "pcap";
        case Format::pcapng: return "pcapng";
        case Format::zeek_tsv: return "zeek-tsv";
        case Format::zeek_json: return "zeek-json";
        case Format::export_messages: return "flow-exports";
        case Format::suricata_eve: return "suricata-eve";
        case Format::aws_vpc: return "aws-vpc";
        case Format::azure_log: return "azure-flow-log";
        case Format::gcp_vpc: return "gcp-vpc";
        case Format::nfdump: return "nfdump";
        case Format::export_capture: return "flow-exports in pcap";
    }
    return "";
}

Result<Format> recognise(std::span<const std::byte> head, std::string_view where) {
    using namespace recognise_detail;
    const auto refuse = [&](std::string message) { return fail(Errc::unsupported, std::move(message), std::string(where), std::string(kUnderstood)); };
    if (head.empty()) { return fail(Errc::truncated, "the input is empty", std::string(where), "check that the capture ran and that the file was copied whole"); }
    if (const auto capture = recognise_capture(head)) {
        if (holds_exports(head)) { return Format::export_capture; }
        return *capture == CaptureFormat::pcap ? Format::pcap : Format::pcapng;
    }
    if (recognise_nfdump(head)) { return Format::nfdump; }
    if (export_message_size(head)) {
        if (export_message_kind(head) != "sflow") { return Format::export_messages; }
        return refuse("these are sFlow messages without the time at which they came, which sFlow itself does not tell; capture them as pcap");
    }

    std::string_view text = as_text(head);
    if (text.starts_with("\xef\xbb\xbf")) { text.remove_prefix(3); }  // a byte order mark, as some editors leave
    if (const auto kind = export_message_kind(head); !kind.empty() && !text.starts_with('\xef')) {
        return refuse(fmt::format("this begins like a {} message, which is damaged or cut off", kind));
    }
    if (const auto name = known_name(text)) { return refuse(fmt::format("this looks like {}, which is not read yet", *name)); }
    const std::size_t start = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    text.remove_prefix(start);
    // Any header line of Zeek's will do: files joined or cut may begin in the middle of a header.
    for (const std::string_view line : {"#separator", "#set_separator", "#empty_field", "#unset_field", "#path", "#open", "#fields", "#types", "#close"}) {
        if (text.starts_with(line)) { return Format::zeek_tsv; }
    }
    const std::string_view first_line = text.substr(0, text.find_first_of("\r\n"));
    if (looks_like_eve(first_line)) { return Format::suricata_eve; }
    if (looks_like_vpc(first_line)) { return Format::aws_vpc; }
    if (looks_like_azure(text)) { return Format::azure_log; }
    if (looks_like_gcp(text)) { return Format::gcp_vpc; }
    if (text.starts_with('{')) {
        const std::size_t after = text.find_first_not_of(" \t\r\n", 1);
        if (after == std::string_view::npos || text[after] == '"' || text[after] == '}') { return Format::zeek_json; }
    }
    if (text.starts_with('[')) { return refuse("this looks like a JSON array; Zeek's JSON logs have one object a line"); }
    if (looks_like_headless_tsv(text)) {
        return refuse("this looks like a Zeek log without its header lines, so its columns are not known");
    }
    return refuse(fmt::format("this is no capture or log that is known; it {}", first_bytes(head)));
}

std::optional<Time> first_packet_time(std::span<const std::byte> head, Format format) {
    if (format == Format::export_messages) { return recognise_detail::first_export(head); }
    const auto capture = recognise_capture(head);
    if (capture == CaptureFormat::pcap) { return recognise_detail::first_in_pcap(head); }
    if (capture == CaptureFormat::pcapng) { return recognise_detail::first_in_pcapng(head); }
    return std::nullopt;
}

}  // namespace hw::flow::read
