// make_outage_replay CASE FOLDER [PREFIXES [ROUTERS [SEED]]]: writes a table (rib.mrt) and updates (updates.mrt) as a collector would have recorded them around a published
// outage, CASE 2014 or 2013, into FOLDER, with a file SYNTHETIC that says so. The events of the case stand at the times that were published (Dyn Research, December
// 2014 and March 2013); everything else is made up from the seed: the other networks (private AS numbers), the routers, the ways, the everyday changes. PREFIXES of the table:
// 577706, the size of a full one in 2015; ROUTERS: 12; SEED: 1. What was drawn at random, such as the flaps before the outage, is written to truth.txt.
#include "routing_table.hpp"

#include "base/time.hpp"
#include "net/asn.hpp"
#include "net/prefix.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

using hw::Duration;
using hw::Time;
using hw::net::Prefix;

namespace {

using namespace std::chrono_literals;
using Path = std::vector<std::uint32_t>;

constexpr std::uint32_t kFirstMadeUp = 4'200'000'000;  // RFC 6996
constexpr std::uint32_t kCollector = kFirstMadeUp + 90'000'000;

class Bytes {
public:
    Bytes& u8(std::uint64_t v) { return number(v, 1); }
    Bytes& u16(std::uint64_t v) { return number(v, 2); }
    Bytes& u32(std::uint64_t v) { return number(v, 4); }
    Bytes& add(const Bytes& other) { text_ += other.text_; return *this; }
    Bytes& nlri(const Prefix& p) {
        u8(p.length());
        return number(p.address().v4_bits() >> (32 - 8 * ((p.length() + 7) / 8)), (p.length() + 7) / 8);
    }
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::size_t size() const { return text_.size(); }

private:
    Bytes& number(std::uint64_t v, unsigned size) {
        for (unsigned i = size; i-- > 0;) { text_.push_back(static_cast<char>(v >> (8 * i) & 0xffU)); }
        return *this;
    }
    std::string text_;
};

Bytes attributes_of(const Path& path, std::uint32_t hop) {
    Bytes out;
    out.u8(0x40).u8(1).u8(1).u8(0);
    out.u8(0x40).u8(2).u8(2 + 4 * path.size()).u8(2).u8(path.size());
    for (const auto asn : path) { out.u32(asn); }
    return out.u8(0x40).u8(3).u8(4).u32(hop);
}

struct Change {
    Time at;
    std::uint32_t router = 0;
    enum class Kind : std::uint8_t { announce, withdraw, down, up } kind = Kind::announce;
    Prefix prefix;
    Path path;
    std::size_t order = 0;
};

/// One everyday network of the table.
struct Other {
    Prefix prefix;
    std::uint32_t origin = 0;
    std::uint32_t upstream = 0;
};

class Replay {
public:
    Replay(std::size_t prefixes, std::size_t routers, std::uint64_t seed) : random_(seed), routers_(routers) {
        const Prefix around = hw::net::parse_prefix("175.45.176.0/20").value();
        for (const Prefix& p : made_up_table(seed)) {
            if (others_.size() == prefixes) { break; }
            if (!p.is_v4() || around.contains(p) || p.contains(around)) { continue; }
            // Some 50,000 origins behind some 1,500 providers; one in 800 behind the operator of the case.
            const std::uint32_t origin = 100'000 + static_cast<std::uint32_t>(random_() % 50'000);
            others_.push_back({.prefix = p, .origin = kFirstMadeUp + origin, .upstream = random_() % 800 == 0 ? 4837 : kFirstMadeUp + 1000 + origin % 1500});
        }
    }
    [[nodiscard]] static std::uint32_t router_as(std::uint32_t r) { return kFirstMadeUp + 1 + r; }
    [[nodiscard]] static std::uint32_t router_address(std::uint32_t r) { return 0xc000'0201U + r; }
    /// From a router over one or two carriers to the upstream; `how` chooses between ways.
    [[nodiscard]] static Path way(std::uint32_t r, std::uint32_t upstream, std::uint32_t origin, std::uint32_t how = 0) {
        Path path{router_as(r), kFirstMadeUp + 500 + (r * 7 + upstream + how) % 17};
        if ((upstream + r + how) % 3 == 0) { path.push_back(kFirstMadeUp + 600 + (upstream + how) % 40); }
        path.push_back(upstream);
        path.push_back(origin);
        return path;
    }
    [[nodiscard]] std::size_t routers() const { return routers_; }
    [[nodiscard]] std::uint64_t below(std::uint64_t n) { return random_() % n; }
    [[nodiscard]] double unit() { return static_cast<double>(random_() >> 11U) * 0x1.0p-53; }
    [[nodiscard]] const std::vector<Other>& others() const { return others_; }

    void own(const Prefix& prefix, std::vector<Path> by_router) { own_.push_back({prefix, std::move(by_router)}); }
    void change(Change c) {
        c.order = changes_.size();
        changes_.push_back(std::move(c));
    }
    /// A withdrawal reaches each router within half a minute, most within seconds; some try a longer way first.
    void gone(const Prefix& p, Time at, std::uint32_t upstream, std::uint32_t origin) {
        for (std::uint32_t r = 0; r < routers_; ++r) {
            const Duration late = hw::Duration(static_cast<std::int64_t>(30e6 * unit() * unit()));
            if (below(3) == 0) { change({.at = at + late / 2, .router = r, .kind = Change::Kind::announce, .prefix = p, .path = way(r, upstream, origin, 5)}); }
            change({.at = at + late, .router = r, .kind = Change::Kind::withdraw, .prefix = p, .path = {}});
        }
    }
    void back(const Prefix& p, Time at, std::uint32_t upstream, std::uint32_t origin) {
        for (std::uint32_t r = 0; r < routers_; ++r) {
            change({.at = at + Duration(static_cast<std::int64_t>(30e6 * unit() * unit())), .router = r, .kind = Change::Kind::announce, .prefix = p, .path = way(r, upstream, origin)});
        }
    }
    /// What happens every day, at `rate` a second: other ways, and networks that go for minutes.
    void everyday(Time from, Time to, double rate) {
        const double seconds = std::chrono::duration<double>(to - from).count();
        const auto count = static_cast<std::size_t>(seconds * rate);
        for (std::size_t i = 0; i < count; ++i) {
            const Other& o = others_[below(others_.size())];
            const Time at = from + Duration(static_cast<std::int64_t>(1e6 * seconds * unit()));
            const auto r = static_cast<std::uint32_t>(below(routers_));
            if (below(200) == 0) {
                gone(o.prefix, at, o.upstream, o.origin);
                back(o.prefix, at + Duration(static_cast<std::int64_t>(1e6 * (60 + 1200 * unit()))), o.upstream, o.origin);
            } else {
                change({.at = at, .router = r, .kind = Change::Kind::announce, .prefix = o.prefix, .path = way(r, o.upstream, o.origin, static_cast<std::uint32_t>(below(3)))});
            }
        }
    }
    /// A session that ends and comes up again, with the whole table told anew over some minutes.
    void restart(std::uint32_t r, Time down, Duration away, Duration filling) {
        change({.at = down, .router = r, .kind = Change::Kind::down, .prefix = {}, .path = {}});
        const Time up = down + away;
        change({.at = up, .router = r, .kind = Change::Kind::up, .prefix = {}, .path = {}});
        const auto step = filling / static_cast<std::int64_t>(std::max<std::size_t>(others_.size(), 1));
        for (std::size_t i = 0; i < others_.size(); ++i) {
            const Other& o = others_[i];
            change({.at = up + 1s + step * static_cast<std::int64_t>(i), .router = r, .kind = Change::Kind::announce, .prefix = o.prefix, .path = way(r, o.upstream, o.origin)});
        }
        for (const auto& [prefix, by_router] : own_) { change({.at = up + filling / 2, .router = r, .kind = Change::Kind::announce, .prefix = prefix, .path = by_router[r]}); }
    }

    void write_table(const std::filesystem::path& file, Time at) const {
        std::ofstream out(file, std::ios::binary);
        const auto seconds = static_cast<std::uint64_t>(at.micros() / 1'000'000);
        const auto record = [&](std::uint64_t subtype, const Bytes& body) {
            out << Bytes().u32(seconds).u16(13).u16(subtype).u32(body.size()).text() << body.text();
        };
        Bytes index;
        index.u32(0xc000'02feU).u16(0).u16(routers_);
        for (std::uint32_t r = 0; r < routers_; ++r) { index.u8(2).u32(router_address(r)).u32(router_address(r)).u32(router_as(r)); }
        record(1, index);
        std::uint64_t number = 0;
        const auto row = [&](const Prefix& p, const auto& path_of) {
            Bytes body;
            body.u32(number++).nlri(p).u16(routers_);
            for (std::uint32_t r = 0; r < routers_; ++r) {
                const Bytes attributes = attributes_of(path_of(r), router_address(r));
                body.u16(r).u32(seconds - 86'400).u16(attributes.size()).add(attributes);
            }
            record(2, body);
        };
        for (const Other& o : others_) {
            row(o.prefix, [&](std::uint32_t r) { return way(r, o.upstream, o.origin); });
        }
        for (const auto& [prefix, by_router] : own_) {
            row(prefix, [&](std::uint32_t r) { return by_router[r]; });
        }
    }
    void write_updates(const std::filesystem::path& file, Time end) {
        std::erase_if(changes_, [end](const Change& c) { return c.at > end; });
        std::ranges::sort(changes_, {}, [](const Change& c) { return std::pair(c.at, c.order); });
        std::ofstream out(file, std::ios::binary);
        for (const Change& c : changes_) {
            Bytes body;
            body.u32(router_as(c.router)).u32(kCollector).u16(0).u16(1).u32(router_address(c.router)).u32(0xc000'02feU);
            const bool state = c.kind == Change::Kind::down || c.kind == Change::Kind::up;
            if (state) {
                body.u16(c.kind == Change::Kind::down ? 6 : 5).u16(c.kind == Change::Kind::down ? 1 : 6);
            } else {
                Bytes withdrawn, attributes, announced;
                if (c.kind == Change::Kind::withdraw) { withdrawn.nlri(c.prefix); }
                else {
                    attributes = attributes_of(c.path, router_address(c.router));
                    announced.nlri(c.prefix);
                }
                const std::size_t length = 19 + 4 + withdrawn.size() + attributes.size() + announced.size();
                for (int i = 0; i < 4; ++i) { body.u32(0xffff'ffffU); }
                body.u16(length).u8(2).u16(withdrawn.size()).add(withdrawn).u16(attributes.size()).add(attributes).add(announced);
            }
            const auto micros = static_cast<std::uint64_t>(c.at.micros());
            out << Bytes().u32(micros / 1'000'000).u16(17).u16(state ? 5 : 4).u32(body.size() + 4).u32(micros % 1'000'000).text() << body.text();
        }
    }

private:
    std::mt19937_64 random_;
    std::size_t routers_;
    std::vector<Other> others_;
    std::vector<std::pair<Prefix, std::vector<Path>>> own_;
    std::vector<Change> changes_;
};

Time at(std::string_view text) { return hw::parse_rfc3339(text).value(); }

std::vector<Prefix> own_prefixes() {
    std::vector<Prefix> out;
    for (const std::uint32_t third : {176U, 177U, 178U, 179U}) { out.push_back(Prefix::v4(0xaf2d'0000U | third << 8U, 24)); }
    return out;
}

/// Off on 2014-12-22 at 16:15 after a day of instability, back after 9 h 31 min; one provider.
std::string case_2014(Replay& replay, Time& table, Time& end) {
    table = at("2014-12-21T15:00:00Z");
    const Time begin = at("2014-12-21T15:00:05Z"), off = at("2014-12-22T16:15:00Z"), on = off + 9h + 31min;
    end = at("2014-12-23T08:00:00Z");
    const auto own = own_prefixes();
    std::string truth = fmt::format("off {}\non {}\n", to_rfc3339(off), to_rfc3339(on));
    for (const Prefix& p : own) {
        std::vector<Path> ways;
        for (std::uint32_t r = 0; r < replay.routers(); ++r) { ways.push_back(Replay::way(r, 4837, 131279)); }
        replay.own(p, std::move(ways));
    }
    // Unsteady from 16:15 of the day before: about twice an hour some of the four are gone for a fraction of a minute to three minutes.
    for (Time t = at("2014-12-21T16:15:00Z") + Duration(static_cast<std::int64_t>(1e6 * 600 * replay.unit())); t < off - 5min;) {
        const Duration away = Duration(static_cast<std::int64_t>(1e6 * (20 + 160 * replay.unit())));
        const std::uint64_t which = 1 + replay.below(15);
        for (std::size_t i = 0; i < own.size(); ++i) {
            if ((which >> i & 1U) == 0) { continue; }
            replay.gone(own[i], t, 4837, 131279);
            replay.back(own[i], t + away, 4837, 131279);
        }
        truth += fmt::format("flap {} for {} s\n", to_rfc3339(t), std::chrono::duration_cast<std::chrono::seconds>(away).count());
        t = t + away + Duration(static_cast<std::int64_t>(1e6 * (60 + 3600 * replay.unit())));
    }
    for (const Prefix& p : own) {
        replay.gone(p, off, 4837, 131279);
        replay.back(p, on, 4837, 131279);
    }
    replay.everyday(begin, end, 3);
    replay.restart(2, at("2014-12-23T04:00:00Z"), 90s, 4min);
    truth += "session restart 2014-12-23T04:00:00Z\n";
    return truth;
}

/// March 2013: withdrawn on the 13th at 00:59:30, one of the four back by way of a second provider, by satellite; off again at about 22:40 for two hours.
std::string case_2013(Replay& replay, Time& table, Time& end) {
    table = at("2013-03-12T22:00:00Z");
    const Time begin = at("2013-03-12T22:00:05Z"), off = at("2013-03-13T00:59:30Z"), again = at("2013-03-13T22:40:00Z");
    end = at("2013-03-14T04:00:00Z");
    const Time satellite = off + 25min, on = off + 5h;  // made up: when is not published
    const auto own = own_prefixes();
    for (std::size_t i = 0; i < own.size(); ++i) {
        std::vector<Path> ways;
        for (std::uint32_t r = 0; r < replay.routers(); ++r) { ways.push_back(Replay::way(r, i == 3 && r % 2 == 0 ? 22351 : 4837, 131279)); }
        replay.own(own[i], std::move(ways));
    }
    for (const Prefix& p : own) { replay.gone(p, off, 4837, 131279); }
    replay.back(own[3], satellite, 22351, 131279);
    for (std::size_t i = 0; i < 3; ++i) { replay.back(own[i], on, 4837, 131279); }
    for (const Prefix& p : own) {
        replay.gone(p, again, p == own[3] ? 22351 : 4837, 131279);
        replay.back(p, again + 2h, p == own[3] ? 22351 : 4837, 131279);
    }
    replay.everyday(begin, end, 3);
    return fmt::format("off {}\none back by the second provider {} (made up)\non {} (made up)\noff {}\non {}\n", to_rfc3339(off), to_rfc3339(satellite), to_rfc3339(on), to_rfc3339(again), to_rfc3339(again + 2h));
}

std::uint64_t number_of(const char* text) {
    std::uint64_t value = 0;
    const std::string_view view(text);
    std::from_chars(view.data(), view.data() + view.size(), value);
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view which = argc > 1 ? argv[1] : "";
    if (argc < 3 || argc > 6 || (which != "2014" && which != "2013")) {
        std::fputs("usage: make_outage_replay 2014|2013 FOLDER [PREFIXES [ROUTERS [SEED]]]\n", stderr);
        return 2;
    }
    const std::filesystem::path folder = argv[2];
    const std::size_t prefixes = argc > 3 ? number_of(argv[3]) : 577'706;
    const std::size_t routers = std::clamp<std::size_t>(argc > 4 ? number_of(argv[4]) : 12, 1, 200);
    Replay replay(prefixes, routers, argc > 5 ? number_of(argv[5]) : 1);
    std::filesystem::create_directories(folder);
    Time table, end;
    const std::string truth = which == "2014" ? case_2014(replay, table, end) : case_2013(replay, table, end);
    replay.write_table(folder / "rib.mrt", table);
    replay.write_updates(folder / "updates.mrt", end);
    std::ofstream(folder / "truth.txt") << truth;
    std::ofstream(folder / "SYNTHETIC") << fmt::format("Synthetic routing data after the published times of the outage of {}: no router recorded this.\n", which);
    return 0;
}
