#pragma once

// Made-up whole intrusions for the tests of this room, as totals only: a company at work (directory, updates, backup,
// monitoring, administration, software distribution, file shares, the web, programs that call home) and an intruder
// who is driven by call-back, enters at one host and goes on over pivots to a victim. Every law and size is drawn anew for each
// seed; nothing here was measured.

#include "flow/memory_source.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace hw::trace::test {

/// Who really drove whom: what a trace is judged by.
struct IntrusionTruth {
    std::vector<net::Address> chain;    ///< Entry host first, then the pivots.
    std::vector<net::Address> control;  ///< Hosts that the deed's order came through, next to the victim first.
    net::Address controller;
    net::Address victim;
    flow::Flow deed;
    std::vector<net::Address> uninvolved;
};

class IntrusionTraffic {
public:
    explicit IntrusionTraffic(std::uint64_t seed) : random_(seed) {
        length_s_ = 300;
        found_company();
        intrude();
        work();
        for (const auto& h : inside_) {
            const bool involved = h == truth.victim || std::ranges::find(truth.chain, h) != truth.chain.end();
            if (!involved) { truth.uninvolved.push_back(h); }
        }
    }

    IntrusionTruth truth;

    [[nodiscard]] std::unique_ptr<flow::MemorySource> source() const {
        const std::vector<flow::DeclaredCoverage> covers{{std::nullopt, *net::Prefix::make(inside(0), 16)}};
        return std::make_unique<flow::MemorySource>(std::vector<flow::Observer>{{"company", {}}}, flows_, covers);
    }

private:
    struct Control {
        bool call_back = true;
        bool poll = false;
        bool fresh = true;
        int master = -1;
        double period_s = 5;
        double jitter = 0.2;
        std::uint16_t port = 443;
        double begin_s = 0;
        double next_s = 0;
        double in = 0;   // bytes so far, where one connection holds them all
        double out = 0;
        bool alive = false;
    };

    static net::Address inside(unsigned n) { return net::Address::v4(0x0A2C0000U + n); }
    static net::Address outside(unsigned n) { return net::Address::v4(0xC6120000U + n); }
    static Time at(double seconds) { return Time::from_micros(1'700'000'000'000'000 + static_cast<std::int64_t>(seconds * 1e6)); }

    double unit() { return std::uniform_real_distribution<double>(0, 1)(random_); }
    double between(double low, double high) { return low + (high - low) * unit(); }
    double pause(double mean) { return -mean * std::log(1 - unit()); }
    double size(double median, double spread) { return median * std::exp(spread * std::normal_distribution<double>(0, 1)(random_)); }
    bool chance(double p) { return unit() < p; }
    std::size_t pick(std::size_t count) { return static_cast<std::size_t>(unit() * static_cast<double>(count)) % count; }

    flow::Flow& add(const net::Address& client, const net::Address& server, std::uint16_t port, double start, double length, double request,
                    double reply, flow::Protocol protocol = flow::Protocol::tcp) {
        flow::Flow f;
        f.client = {client, net::Port{static_cast<std::uint16_t>(32768 + next_port_++ % 28000)}};
        f.server = {server, net::Port{port}};
        f.protocol = protocol;
        f.basis = flow::InitiatorBasis::syn;
        f.first = at(start);
        f.last = at(std::min(length_s_ + 5, start + length));
        const auto half = [](double bytes) {
            const auto payload = static_cast<std::uint64_t>(bytes);
            const auto packets = 4 + payload / 1400;
            return flow::HalfFlow{packets, payload + 40 * packets, payload, flow::tcp_flag::syn | flow::tcp_flag::ack, 0, 0, 0};
        };
        f.request = half(request);
        f.reply = half(reply);
        f.id = flow::make_flow_id("company", f.client, f.server, f.protocol, f.first);
        flows_.push_back(f);
        return flows_.back();
    }

    void found_company() {
        unsigned n = 10;
        const auto some = [&](std::vector<net::Address>& group, double low, double high) {
            for (auto left = static_cast<int>(between(low, high + 0.999)); left > 0; --left) {
                group.push_back(inside(n));
                inside_.push_back(inside(n++));
            }
        };
        some(stations_, 4, 9);
        some(administrator_, 1, 1);
        some(directory_, 1, 1);
        some(files_, 1, 2);
        some(applications_, 2, 3);
        some(updates_, 1, 1);
        some(backup_, 1, 1);
        some(monitor_, 1, 1);
        some(distribution_, 1, 1);
    }

    // The intruder

    void intrude() {
        truth.controller = outside(666);
        truth.victim = files_[pick(files_.size())];
        const auto depth = 2 + pick(3);
        std::vector<net::Address> possible;
        for (const auto& h : inside_) {
            const bool spared = h == truth.victim || h == directory_[0] || h == updates_[0] || h == monitor_[0];
            if (!spared) { possible.push_back(h); }
        }
        truth.chain.push_back(chance(0.8) ? stations_[pick(stations_.size())] : applications_[pick(applications_.size())]);
        while (truth.chain.size() < depth) {
            const auto& h = possible[pick(possible.size())];
            if (std::ranges::find(truth.chain, h) == truth.chain.end()) { truth.chain.push_back(h); }
        }
        controls_.resize(depth);
        const double begin = between(8, 25);
        double now = begin;
        draw_call_back(0, -1);
        call_home(0, now);
        for (std::size_t node = 0; node < depth; ++node) {
            if (node > 0) { now = take_over(node, now); }
            now = survey(node, now);
        }
        const auto& last = truth.chain.back();
        const std::uint16_t service = chance(0.75) ? 445 : 22;
        now = order(depth - 1, now, 300);
        add(last, truth.victim, service, now, between(0.3, 2), 3000, size(6000, 0.5));
        now = report(depth - 1, now + 1, size(3000, 0.7));
        now = order(depth - 1, now, 300);
        const double volume = size(4e6, 0.5);
        const bool collects = chance(0.4);
        truth.deed = add(last, truth.victim, service, now, between(1, 5), collects ? 9000 : volume, collects ? volume : 9000);
        now = report(depth - 1, now + 5, 400);
        now = order(depth - 1, now, 200);
        now = report(depth - 1, now + 1, collects ? volume * between(0.4, 1) : 2000);
        end_s_ = std::min(length_s_, now + between(8, 18));
        for (std::size_t node = 0; node < depth; ++node) { finish(node); }
        for (int node = static_cast<int>(depth) - 1; node >= 0; node = controls_[static_cast<std::size_t>(node)].master) {
            truth.control.push_back(truth.chain[static_cast<std::size_t>(node)]);
        }
    }

    void draw_call_back(std::size_t node, int master) {
        auto& c = controls_[node];
        c.master = master;
        c.poll = chance(0.5);
        c.fresh = chance(0.6);
        c.period_s = between(2, 7);
        c.jitter = between(0.1, 0.5);
        const std::uint16_t odd = chance(0.5) ? 8443 : 4444;
        c.port = c.poll && master < 0 ? 443 : odd;
    }

    [[nodiscard]] net::Address end_of(int node) const { return node < 0 ? truth.controller : truth.chain[static_cast<std::size_t>(node)]; }

    void call_home(std::size_t node, double now) {
        auto& c = controls_[node];
        c.alive = true;
        c.begin_s = c.next_s = now;
    }

    void poll(std::size_t node, double in, double out) {
        auto& c = controls_[node];
        if (c.fresh) {
            add(truth.chain[node], end_of(c.master), c.port, c.next_s, between(0.05, 0.25), 900 + between(0, 70) + out, 1500 + in);
        } else {
            c.in += 150 + in;
            c.out += 250 + out;
        }
        c.next_s += c.period_s * (1 + c.jitter * between(-1, 1));
    }

    /// An order on its way from the operator to a node; returns when it is there.
    double order(std::size_t node, double now, double bytes, bool thinks = true) {
        if (thinks) { now += std::clamp(size(5, 0.6), 1.2, 28.0); }
        std::vector<std::size_t> way{node};
        while (controls_[way.back()].master >= 0) { way.push_back(static_cast<std::size_t>(controls_[way.back()].master)); }
        for (auto hop = way.rbegin(); hop != way.rend(); ++hop) {
            auto& c = controls_[*hop];
            if (c.call_back && c.poll) {
                while (c.next_s < now) { poll(*hop, 0, 0); }
                now = c.next_s + 0.1;
                poll(*hop, bytes, 0);
            } else {
                drive(*hop, now, bytes, 0);
                now += 0.05;
            }
        }
        return now + between(0.02, 0.2);
    }

    double report(std::size_t node, double now, double bytes) {
        for (int at_node = static_cast<int>(node); at_node >= 0; at_node = controls_[static_cast<std::size_t>(at_node)].master) {
            auto& c = controls_[static_cast<std::size_t>(at_node)];
            if (c.call_back && c.poll) {
                while (c.next_s < now) { poll(static_cast<std::size_t>(at_node), 0, 0); }
                c.next_s = now + 0.05;
                poll(static_cast<std::size_t>(at_node), 0, bytes);
            } else {
                drive(static_cast<std::size_t>(at_node), now, 0, bytes);
            }
            now += 0.1;
        }
        return now;
    }

    void drive(std::size_t node, double now, double in, double out) {
        auto& c = controls_[node];
        c.in += 200 + in;
        c.out += 200 + out;
        if (!c.call_back && c.port == 5985) { add(end_of(c.master), truth.chain[node], 5985, now, between(0.1, 2.5), 800 + in, 900 + out); }
    }

    void finish(std::size_t node) {
        auto& c = controls_[node];
        if (c.call_back && c.poll && c.fresh) {
            while (c.next_s < end_s_) { poll(node, 0, 0); }
        } else if (c.call_back) {
            add(truth.chain[node], end_of(c.master), c.port, c.begin_s, end_s_ - c.begin_s, 600 + c.out, 2200 + c.in);
        } else if (c.port != 5985) {
            add(end_of(c.master), truth.chain[node], c.port, c.begin_s, end_s_ - c.begin_s, 3000 + c.in, 3000 + c.out);
        }
    }

    double survey(std::size_t node, double now) {
        now = order(node, now, 300);
        now = report(node, now + between(0.2, 2), size(6000, 1));
        if (chance(0.5)) {
            now = order(node, now, 300);
            add(truth.chain[node], directory_[0], 389, now, 0.2, 400, size(20000, 0.5));
            now = report(node, now + 0.5, size(15000, 0.5));
        }
        if (chance(0.4)) {
            now = order(node, now, 300);
            for (int i = 0; i < 3; ++i) { add(truth.chain[node], inside_[pick(inside_.size())], 445, now + 0.3 * i, 0.1, 200, 100); }
            now = report(node, now + 1.5, 300);
        }
        return now;
    }

    double take_over(std::size_t node, double now) {
        const std::size_t parent = node - 1;
        const double tool = std::clamp(size(6e5, 0.7), 1.5e5, 3e6);
        const auto& from = truth.chain[parent];
        const auto& to = truth.chain[node];
        const int master = controls_[parent].master;
        if (controls_[parent].call_back && chance(0.6)) {
            now = order(parent, now, 300);
            add(from, end_of(master), master < 0 ? 443 : controls_[parent].port, now, between(0.5, 4), 700, tool + 2300);
            now = report(parent, now + 4, 200);
        } else {
            now = order(parent, now, tool);
            now = report(parent, now + 0.3, 200);
        }
        now = order(parent, now, 400);
        const std::uint16_t method = chance(0.45) ? 445 : chance(0.5) ? 22 : 5985;
        const double copying = between(0.3, 4);
        add(from, to, method, now, copying, tool * between(1.002, 1.03) + 3000, 4000);
        now += copying;
        if (chance(0.5)) {
            now += between(0.5, 3);
            add(from, to, method, now, 0.3, 3500, 3000);
        }
        const double kind = unit();
        auto& c = controls_[node];
        if (kind < 0.3) {
            c.call_back = false;
            c.master = static_cast<int>(parent);
            c.port = method;
        } else {
            draw_call_back(node, kind < 0.5 ? -1 : static_cast<int>(parent));
        }
        now += between(0.3, 2);
        call_home(node, now);
        return report(parent, now, 300);
    }

    // Everybody else

    template <typename Act>
    void again_and_again(double mean, Act act) {
        for (double t = pause(mean); t < length_s_; t += pause(mean)) { act(t); }
    }
    template <typename Act>
    void each_period(double period, double jitter, Act act) {
        for (double t = between(0, period); t < length_s_; t += period * (1 + jitter * between(-1, 1))) { act(t); }
    }

    void work() {
        for (const auto& h : inside_) {
            if (h != directory_[0]) {
                again_and_again(between(15, 50), [&](double t) { add(h, directory_[0], 389, t, 0.1, 500, size(1500, 0.5)); });
                again_and_again(between(10, 30), [&](double t) { add(h, directory_[0], 53, t, 0.01, 45, 90, flow::Protocol::udp); });
                again_and_again(between(60, 160), [&](double t) { add(h, directory_[0], 445, t, 0.4, 2500, size(6000, 1)); });
            }
            if (h != updates_[0]) {
                again_and_again(between(25, 80), [&](double t) { add(h, updates_[0], 8530, t, 0.3, 400, size(30000, 1.8)); });
            }
            if (chance(0.35)) { phone_home(h); }
            if (chance(0.3)) { add(h, outside(100 + static_cast<unsigned>(pick(2))), 443, between(0, 3), length_s_, size(4000, 0.5), size(9000, 0.5)); }
        }
        auto desks = stations_;
        desks.push_back(administrator_[0]);
        for (const auto& h : desks) {
            again_and_again(between(4, 12), [&](double t) { add(h, outside(50 + static_cast<unsigned>(pick(8))), chance(0.8) ? 443 : 80, t, between(0.2, 6), 1200, size(40000, 1.5)); });
            again_and_again(between(20, 60), [&](double t) { add(h, files_[pick(files_.size())], 445, t, between(0.2, 8), size(6000, 1.5), size(60000, 1.5)); });
            again_and_again(between(10, 40), [&](double t) { add(h, applications_[pick(applications_.size())], 8080, t, 0.3, 700, size(9000, 1)); });
        }
        for (const auto& h : applications_) {
            again_and_again(between(25, 70), [&](double t) { add(h, files_[pick(files_.size())], 445, t, between(0.2, 3), size(9000, 1.5), size(50000, 1.5)); });
        }
        run_the_company();
    }

    void phone_home(const net::Address& h) {
        const auto to = outside(100 + static_cast<unsigned>(pick(2)));
        const double period = between(3, 25);
        const double jitter = between(0.05, 0.4);
        if (chance(0.6)) {
            each_period(period, jitter, [&](double t) { add(h, to, 443, t, 0.15, 1000 + between(0, 60), chance(0.05) ? size(9000, 0.8) : 1700); });
        } else {
            add(h, to, 443, between(0, period), length_s_, 250 * length_s_ / period, 300 * length_s_ / period);
        }
    }

    void run_the_company() {
        const auto other = [&](const net::Address& me) {
            while (true) {
                const auto& h = inside_[pick(inside_.size())];
                if (h != me) { return h; }
            }
        };
        const auto acting = [&] { return static_cast<std::uint16_t>(chance(0.4) ? 445 : chance(0.5) ? 22 : 5985); };
        each_period(between(5, 15), 0.05, [&](double t) {
            for (const auto& h : inside_) {
                if (h != monitor_[0]) { add(monitor_[0], h, acting(), t + between(0, 0.5), 0.05, 60, 400); }
            }
        });
        again_and_again(between(6, 20), [&](double t) { add(backup_[0], other(backup_[0]), 22, t, between(0.5, 6), size(5000, 0.5), size(5e5, 1)); });
        for (int i = 0; i < 2; ++i) {
            again_and_again(between(10, 35), [&](double t) {
                add(administrator_[0], other(administrator_[0]), acting(), t, chance(0.5) ? between(0.2, 2) : between(5, 40), size(4000, 1), size(9000, 1.2));
            });
        }
        again_and_again(between(25, 60), [&](double t) {
            const double package = size(8e5, 0.9);
            add(distribution_[0], outside(90), 443, t, between(0.5, 3), 600, package + 2300);
            const int copies = 1 + static_cast<int>(pick(4));
            for (int i = 0; i < copies; ++i) {
                add(distribution_[0], other(distribution_[0]), acting(), t + 3 + 2 * i + between(0, 2), between(0.3, 2), package * 1.01 + 2500, 3000);
            }
        });
    }

    std::mt19937_64 random_;
    double length_s_ = 300;
    double end_s_ = 300;
    std::uint32_t next_port_ = 0;
    std::vector<flow::Flow> flows_;
    std::vector<Control> controls_;
    std::vector<net::Address> inside_, stations_, administrator_, directory_, files_, applications_, updates_, backup_, monitor_, distribution_;
};

}  // namespace hw::trace::test
