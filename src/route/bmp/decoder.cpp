#include "route/bmp/decoder.hpp"

#include "base/byte_cursor.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw::route::bmp {
namespace {
namespace decoding {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kPeerHeader = 42;
constexpr std::size_t kMostPeers = 10'000;
constexpr std::size_t kLongestName = 255;
constexpr Duration kDay = std::chrono::hours(24);

enum MessageType : std::uint8_t { routes = 0, statistics = 1, peer_down = 2, peer_up = 3, initiation = 4, termination = 5, mirroring = 6 };
enum PeerType : std::uint8_t { global = 0, distinguished = 1, local = 2, loc_rib = 3 };
constexpr unsigned kV6 = 0x80, kAfterPolicy = 0x40, kTwoByte = 0x20, kOut = 0x10;

/// What an OPEN says of path identifiers: by family, whether its speaker sends and takes them (RFC 7911, 4).
struct Paths {
    std::array<bool, 2> sends{};
    std::array<bool, 2> takes{};
};

void take_capabilities(Bytes bytes, Paths& paths) {
    ByteCursor in(bytes);
    while (!in.empty()) {
        const auto code = in.u8();
        const auto size = in.u8();
        const auto value = size ? in.take(*size) : std::nullopt;
        if (!value) { return; }
        constexpr std::uint8_t kAddPath = 69;
        if (*code != kAddPath) { continue; }
        ByteCursor each(*value);
        while (each.remaining() >= 4) {
            const auto afi = *each.be16();
            const auto safi = *each.u8();
            const auto how = *each.u8();
            if (afi < 1 || afi > 2 || safi != 1) { continue; }
            paths.takes[afi - 1U] = (how & 1U) != 0;
            paths.sends[afi - 1U] = (how & 2U) != 0;
        }
    }
}

/// An OPEN (RFC 4271, 4.2; RFC 5492; RFC 9072) at the cursor; nothing where it is malformed.
std::optional<Paths> take_open(ByteCursor& in) {
    const auto marker = in.take(16);
    const auto size = marker ? in.be16() : std::nullopt;
    const auto type = size ? in.u8() : std::nullopt;
    if (!type || *type != 1 || *size < bgp::kHeader) { return std::nullopt; }
    const auto body = in.take(*size - bgp::kHeader);
    if (!body) { return std::nullopt; }
    ByteCursor open(*body);
    if (!open.skip(9)) { return std::nullopt; }
    const auto short_size = open.u8();
    if (!short_size) { return std::nullopt; }
    const Bytes rest = open.rest();
    const bool extended = *short_size == 255 && !rest.empty() && rest[0] == std::byte{255};
    if (extended && !open.skip(3)) { return std::nullopt; }
    Paths paths;
    while (!open.empty()) {
        const auto kind = open.u8();
        const auto length = extended ? open.be16() : [&open] {
            const auto n = open.u8();
            return n ? std::optional<std::uint16_t>(*n) : std::nullopt;
        }();
        const auto value = kind && length ? open.take(*length) : std::nullopt;
        if (!value) { return std::nullopt; }
        constexpr std::uint8_t kCapabilities = 2;
        if (*kind == kCapabilities) { take_capabilities(*value, paths); }
    }
    return paths;
}

}  // namespace decoding
}  // namespace

bool looks_like_bmp(std::span<const std::byte> head) {
    if (head.size() < kHeader || head[0] != std::byte{3}) { return false; }
    const auto size = load_big<std::uint32_t>(&head[1]);
    return size >= kHeader && size <= kLongestMessage && std::to_integer<unsigned>(head[5]) <= decoding::mirroring;
}

bool Decoder::skip(std::string_view why) {
    report_.skip(why, message_at_);
    return true;
}

Result<bool> Decoder::feed(std::span<const std::byte> block, std::optional<Time> now) {
    // A message that lies in the block whole is read where it lies; one that straddles blocks is put together first.
    while (!block.empty() || waiting_.size() >= kHeader) {
        if (waiting_.empty() && block.size() >= kHeader && looks_like_bmp(block)) {
            const std::size_t size = load_big<std::uint32_t>(&block[1]);
            if (block.size() >= size) {
                message_at_ = offset_;
                offset_ += size;
                if (!take(block.first(size), now)) { return false; }
                block = block.subspan(size);
                continue;
            }
        }
        const auto more = [&](std::size_t wanted) {
            const std::size_t part = std::min(wanted - std::min(wanted, waiting_.size()), block.size());
            waiting_.insert(waiting_.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(part));
            block = block.subspan(part);
            return waiting_.size() >= wanted;
        };
        if (!more(kHeader)) { return true; }
        if (!looks_like_bmp(waiting_)) {
            return fail(Errc::malformed, fmt::format("this is no BMP message: version {}, length {}, type {}", std::to_integer<unsigned>(waiting_[0]), load_big<std::uint32_t>(&waiting_[1]), std::to_integer<unsigned>(waiting_[5])),
                        fmt::format("byte {}", offset_), "BMP version 3 (RFC 7854) is read; does something else speak on this port?");
        }
        const std::size_t size = load_big<std::uint32_t>(&waiting_[1]);
        if (!more(size)) { return true; }
        message_at_ = offset_;
        offset_ += size;
        const auto message = std::exchange(waiting_, {});
        if (!take(message, now)) { return false; }
    }
    return true;
}

std::optional<Decoder::Front> Decoder::take_front(ByteCursor& in, std::optional<Time> now) {
    using namespace decoding;
    if (in.remaining() < kPeerHeader) {
        skip("a message ends inside its peer's header");
        return std::nullopt;
    }
    Front front;
    const auto type = *in.u8();
    const unsigned flags = *in.u8();
    const auto distinguisher = *in.be64();
    const auto high = *in.be64();
    const auto low = *in.be64();
    const net::Asn asn(*in.be32());
    const auto id = *in.be32();
    const std::int64_t seconds = *in.be32();
    const std::int64_t micros = *in.be32();
    front.time = Time::from_micros(seconds * 1'000'000 + std::min<std::int64_t>(micros, 999'999));
    if (now && (front.time < *now - kDay || front.time > *now + kDay)) { front.time = *now; }
    if (!now && seconds == 0) { front.time = last_; }
    last_ = front.time;
    if (type == loc_rib) {
        front.view = View::own_choice;
        front.instance = distinguisher != 0;
        front.peer = {.address = net::Address::v4(id), .asn = asn, .router = router_};
        return front;
    }
    front.instance = type != global;
    front.view = (flags & kAfterPolicy) != 0 ? View::after_policy : View::before_policy;
    front.out = (flags & kOut) != 0;
    front.as_width = (flags & kTwoByte) != 0 ? 2 : 4;
    front.peer = {.address = (flags & kV6) != 0 ? net::Address::v6(high, low) : net::Address::v4(static_cast<std::uint32_t>(low)), .asn = asn, .router = router_};
    return front;
}

bool Decoder::take(std::span<const std::byte> message, std::optional<Time> now) {
    using namespace decoding;
    const auto type = std::to_integer<std::uint8_t>(message[5]);
    ++report_.records;
    if (type == initiation || type == termination) {
        if (type == initiation) { take_names(message.subspan(kHeader)); }
        return true;
    }
    ByteCursor in(message.subspan(kHeader));
    const auto told = take_front(in, now);
    if (!told || type == statistics) { return true; }
    if (type == mirroring) { return skip("messages mirrored as they came are not read"); }
    if (told->instance) { return skip("of a VPN or another instance of the router"); }
    if (told->out) { return skip("what goes out to a peer is not read"); }
    if (type == peer_up) { return take_up(*told, in.rest()); }
    if (type == peer_down) { return take_down(*told); }
    if (view_ && *view_ != told->view) { return skip("another view of the same routes"); }
    view_ = told->view;
    return take_routes(*told, in.rest(), kHeader + kPeerHeader);
}

bool Decoder::take_routes(const Front& told, std::span<const std::byte> bytes, std::size_t at) {
    ByteCursor in(bytes);
    const auto marker = in.take(16);
    const auto size = marker ? in.be16() : std::nullopt;
    const auto type = size ? in.u8() : std::nullopt;
    const auto body = type && *size >= bgp::kHeader ? in.take(*size - bgp::kHeader) : std::nullopt;
    if (!body || *type != static_cast<std::uint8_t>(bgp::MessageType::update)) { return skip("routes without a sound UPDATE"); }
    const auto session = peers_.find(told.peer);
    const std::array<bool, 2> paths = session == peers_.end() ? std::array<bool, 2>{} : session->second.paths;
    bgp::Update update;
    bgp::read_update(*body, told.as_width, paths[0], update);
    const auto& attributes = update.attributes;
    const bool v6 = (attributes.reach && attributes.reach->afi == 2) || (attributes.unreach && attributes.unreach->afi == 2);
    if (v6 && paths[0] != paths[1] && update.announced.empty() && update.withdrawn.empty()) {
        update = {};
        bgp::read_update(*body, told.as_width, paths[1], update);
    }
    if (session == peers_.end() && bgp::has_untold_paths(update)) {  // we came after the session had come up
        update = {};
        bgp::read_update(*body, told.as_width, true, update);
        report_.note("prefixes with path identifiers of a session whose beginning was not heard", message_at_);
    }
    if (!update.why.empty()) { report_.skip(update.why, message_at_ + at + bgp::kHeader + update.offset); }
    for (const auto* others : {&update.attributes.reach, &update.attributes.unreach}) {
        if (*others && !(*others)->nlri(update.with_paths) && !(*others)->routes.empty()) { skip("routes of a family that is not read"); }
    }
    return sink_.update({.time = told.time, .form = MessageForm::bgp4mp_et, .peer = told.peer, .update = &update});
}

bool Decoder::take_up(const Front& told, std::span<const std::byte> bytes) {
    using namespace decoding;
    ByteCursor in(bytes);
    if (!in.skip(20)) { return skip("a session that came up ends too early"); }
    const auto sent = take_open(in);
    const auto received = sent ? take_open(in) : std::nullopt;
    if (!received) { return skip("a session came up with a malformed OPEN"); }
    if (!peers_.contains(told.peer) && peers_.size() >= kMostPeers) { return skip("more peers than a router has"); }
    Session session;
    for (std::size_t f = 0; f < 2; ++f) { session.paths[f] = received->sends[f] && sent->takes[f]; }
    peers_[told.peer] = session;
    return sink_.state({.time = told.time, .form = MessageForm::bgp4mp_et, .peer = told.peer, .before = static_cast<std::uint16_t>(SessionState::open_confirm), .after = static_cast<std::uint16_t>(SessionState::established)});
}

bool Decoder::take_down(const Front& told) {
    peers_.erase(told.peer);
    return sink_.state({.time = told.time, .form = MessageForm::bgp4mp_et, .peer = told.peer, .before = static_cast<std::uint16_t>(SessionState::established), .after = static_cast<std::uint16_t>(SessionState::idle)});
}

void Decoder::take_names(std::span<const std::byte> tlvs) {
    ByteCursor in(tlvs);
    while (in.remaining() >= 4) {
        const auto type = *in.be16();
        const auto value = in.take(*in.be16());
        if (!value) { return; }
        constexpr std::uint16_t kSysName = 2;
        if (type != kSysName) { continue; }
        const auto kept = value->first(std::min(value->size(), decoding::kLongestName));
        name_.assign(static_cast<const char*>(static_cast<const void*>(kept.data())), kept.size());
    }
}

void Decoder::end(std::optional<Time> now) {
    if (!waiting_.empty()) {
        report_.skip("the stream ends inside a message", offset_);
        report_.damaged_tail = true;
        waiting_.clear();
    }
    for (const auto& [peer, session] : std::exchange(peers_, {})) {
        (void)sink_.state({.time = now.value_or(last_), .form = MessageForm::bgp4mp_et, .peer = peer, .before = static_cast<std::uint16_t>(SessionState::established), .after = static_cast<std::uint16_t>(SessionState::idle)});
    }
}

}  // namespace hw::route::bmp
