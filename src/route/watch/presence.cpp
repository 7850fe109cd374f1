#include "route/watch/presence.hpp"

#include <algorithm>

namespace hw::route {
namespace {
namespace presence_detail {

std::uint32_t seconds_of(Time time) {
    const std::int64_t seconds = time.micros() / 1'000'000;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 1, 0xffff'ffffLL));
}

}  // namespace presence_detail
}  // namespace

Presence::PrefixId Presence::id_of(const net::Prefix& prefix) {
    if (last_ != kNone && prefixes_[last_] == prefix) { return last_; }
    if (const PrefixId* known = ids_.find(prefix)) { return last_ = *known; }
    last_ = static_cast<PrefixId>(prefixes_.size());
    ids_.insert_or_assign(prefix, last_);
    prefixes_.push_back(prefix);
    rows_.emplace_back();
    bits_.resize(bits_.size() + room_ / 64, 0);
    return last_;
}

void Presence::make_room(Sessions::Id peer) {
    const std::size_t before = room_ / 64;
    while (room_ <= peer) { room_ *= 2; }
    const std::size_t after = room_ / 64;
    std::vector<std::uint64_t> wider(prefixes_.size() * after, 0);
    for (std::size_t p = 0; p < prefixes_.size(); ++p) {
        std::copy_n(bits_.begin() + static_cast<std::ptrdiff_t>(p * before), before, wider.begin() + static_cast<std::ptrdiff_t>(p * after));
    }
    bits_ = std::move(wider);
}

bool Presence::add(PrefixId prefix, Sessions::Id peer, net::Asn upstream) {
    if (peer >= room_) { make_room(peer); }
    rows_[prefix].upstream = upstream;
    rows_[prefix].dark = 0;
    std::uint64_t& w = bits_[prefix * (room_ / 64) + peer / 64];
    const std::uint64_t bit = std::uint64_t{1} << (peer % 64);
    const bool fresh = (w & bit) == 0;
    w |= bit;
    return fresh;
}

bool Presence::remove(PrefixId prefix, Sessions::Id peer, Time now) {
    if (!has(prefix, peer)) { return false; }
    bits_[prefix * (room_ / 64) + peer / 64] &= ~(std::uint64_t{1} << (peer % 64));
    if (count(prefix) == 0) { rows_[prefix].dark = presence_detail::seconds_of(now); }
    return true;
}

std::size_t Presence::count(PrefixId prefix) const {
    std::size_t n = 0;
    const std::size_t words = room_ / 64;
    for (std::size_t i = 0; i < words; ++i) { n += static_cast<std::size_t>(std::popcount(bits_[prefix * words + i])); }
    return n;
}

bool Presence::went_dark(PrefixId prefix, Interval when) const {
    const std::uint32_t dark = rows_[prefix].dark;
    return dark != 0 && dark >= presence_detail::seconds_of(when.from) && dark <= presence_detail::seconds_of(when.to);
}

Presence::Fallen Presence::fallen_behind(net::Asn upstream, Interval when) const {
    const std::uint32_t from = presence_detail::seconds_of(when.from), to = presence_detail::seconds_of(when.to);
    Fallen out;
    for (const Row& row : rows_) {
        if (row.upstream != upstream || (row.dark != 0 && row.dark < from)) { continue; }
        ++out.known;
        out.dark += row.dark >= from && row.dark <= to ? 1 : 0;
    }
    return out;
}

Presence::Fallen Presence::fallen(Interval when) const {
    const std::uint32_t from = presence_detail::seconds_of(when.from), to = presence_detail::seconds_of(when.to);
    Fallen out;
    for (const Row& row : rows_) {
        if (row.dark != 0 && row.dark < from) { continue; }
        ++out.known;
        out.dark += row.dark >= from && row.dark <= to ? 1 : 0;
    }
    return out;
}

bool Presence::restore() {
    ids_ = {};
    if (room_ < 64 || room_ % 64 != 0 || room_ > std::size_t{1} << 20U || rows_.size() != prefixes_.size() || bits_.size() != prefixes_.size() * (room_ / 64)) { return false; }
    for (PrefixId id = 0; id < prefixes_.size(); ++id) { ids_.insert_or_assign(prefixes_[id], id); }
    last_ = kNone;
    return true;
}

}  // namespace hw::route
