#pragma once

#include "base/time.hpp"
#include "net/asn.hpp"
#include "net/prefix_map.hpp"
#include "route/watch/sessions.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hw::route {

/// Who has a route to what: a bit for each prefix and router. It is the background that a target's loss is held against, and what tells a route that is
/// gone from one that was never there.
class Presence {
public:
    using PrefixId = std::uint32_t;
    static constexpr PrefixId kNone = 0xffff'ffffU;

    /// The number of a prefix, made where it is new.
    PrefixId id_of(const net::Prefix& prefix);
    [[nodiscard]] PrefixId find(const net::Prefix& prefix) const {
        const PrefixId* id = ids_.find(prefix);
        return id == nullptr ? kNone : *id;
    }
    [[nodiscard]] const net::Prefix& prefix(PrefixId id) const { return prefixes_[id]; }
    [[nodiscard]] std::size_t size() const { return prefixes_.size(); }

    /// The router has a route that comes in by `upstream`, the neighbour of who announces it. Returns whether it had none.
    bool add(PrefixId prefix, Sessions::Id peer, net::Asn upstream);
    /// It has none any more. Returns whether it had one.
    bool remove(PrefixId prefix, Sessions::Id peer, Time now);
    [[nodiscard]] bool has(PrefixId prefix, Sessions::Id peer) const { return peer < room_ && ((word(prefix, peer) >> (peer % 64)) & 1U) != 0; }
    /// Who announced it while announcements were learnt; AS0: nobody.
    void learn(PrefixId prefix, net::Asn origin) { rows_[prefix].learnt = origin; }
    [[nodiscard]] net::Asn learnt(PrefixId prefix) const { return rows_[prefix].learnt; }
    /// The neighbour of who announces it, by the route told last.
    [[nodiscard]] net::Asn upstream(PrefixId prefix) const { return rows_[prefix].upstream; }
    /// Whether it went dark to everyone in the interval and still is.
    [[nodiscard]] bool went_dark(PrefixId prefix, Interval when) const;
    /// How many routers have a route.
    [[nodiscard]] std::size_t count(PrefixId prefix) const;
    /// Takes everything of a router away; calls `visit(prefix)` for each.
    template <typename Visit>
    void remove_all(Sessions::Id peer, Visit&& visit) {
        if (peer >= room_) { return; }
        for (PrefixId p = 0; p < prefixes_.size(); ++p) {
            std::uint64_t& w = bits_[p * (room_ / 64) + peer / 64];
            if (((w >> (peer % 64)) & 1U) == 0) { continue; }
            w &= ~(std::uint64_t{1} << (peer % 64));
            visit(p);
        }
    }

    /// Of the prefixes that came in by an upstream lately, and of all: how many, and how many went dark to everyone in an interval and still are.
    struct Fallen {
        std::size_t known = 0;
        std::size_t dark = 0;
    };
    [[nodiscard]] Fallen fallen_behind(net::Asn upstream, Interval when) const;
    [[nodiscard]] Fallen fallen(Interval when) const;

    template <typename Visit>
    void each_member(Visit&& visit) {
        visit(prefixes_);
        visit(rows_);
        visit(bits_);
        visit(room_);
    }
    /// After `each_member` has filled it. False where what was filled in does not fit together.
    [[nodiscard]] bool restore();

private:
    struct Row {
        net::Asn upstream;       ///< Of the route told last.
        net::Asn learnt;
        std::uint32_t dark = 0;  ///< When the last router lost it, in seconds of POSIX time; 0: somebody has it.
        template <typename Visit>
        void each_member(Visit&& visit) {
            visit(upstream);
            visit(learnt);
            visit(dark);
        }
    };
    [[nodiscard]] std::uint64_t word(PrefixId prefix, Sessions::Id peer) const { return bits_[prefix * (room_ / 64) + peer / 64]; }
    void make_room(Sessions::Id peer);

    net::PrefixMap<PrefixId> ids_;
    std::vector<net::Prefix> prefixes_;
    std::vector<Row> rows_;
    std::vector<std::uint64_t> bits_;
    std::size_t room_ = 64;  ///< For so many routers, a multiple of 64.
    PrefixId last_ = kNone;
};

}  // namespace hw::route
