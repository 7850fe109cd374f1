#include "route/watch/watcher.hpp"

#include "route/test_messages.hpp"
#include "route/watch/leak.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <vector>

using namespace hw;
using namespace hw::route;
using namespace hw::route::testing;

namespace {

net::Prefix prefix(const char* text) { return net::parse_prefix(text).value(); }

Bytes nlri(const net::Prefix& p) {
    Bytes out;
    out.u8(p.length());
    const std::uint32_t bits = p.address().v4_bits();
    for (unsigned i = 0; i < (p.length() + 7) / 8; ++i) { out.u8(bits >> (24 - 8 * i) & 0xffU); }
    return out;
}

Bytes attributes_of(const std::vector<std::uint32_t>& path) {
    Bytes out;
    return out.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path4(path))).add(attribute(0x40, 3, Bytes().u32(1)));
}

/// Ten routers, each of an AS of its own (64496 and on), that tell of AS65001's four prefixes by AS65010, and of a hundred of others behind the same.
class Scene {
public:
    explicit Scene(WatchOptions options = {}, std::size_t routers = 10) : routers_(routers), watcher(targets(), std::move(options), [this](Watcher::EventId, const Event& e) { told.push_back(e); }) {
        for (std::uint32_t r = 0; r < routers_; ++r) {
            for (const char* p : kOwn) { table(r, prefix(p), {as_of(r), 65'010, 65'001}); }
            for (std::uint32_t i = 0; i < 100; ++i) { table(r, net::Prefix::v4(0x0a00'0000U + (i << 16U), 16), {as_of(r), 65'010, 65'100 + i}); }
        }
        for (std::uint32_t r = 0; r < routers_; ++r) { announce(0, r, "192.88.99.0/24", {as_of(r), 65'020}); }  // time begins
    }
    static constexpr std::array kOwn{"175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24"};
    static std::uint32_t as_of(std::uint32_t r) { return 64'496 + r; }
    static Peer router(std::uint32_t r) { return {.address = net::Address::v4(0xc000'0201U + r), .asn = net::Asn(as_of(r))}; }
    static Time at(double seconds) { return Time::from_micros(1'419'264'900'000'000 + static_cast<std::int64_t>(seconds * 1e6)); }
    static std::vector<WatchTarget> targets() { return {{.name = "AS65001", .ases = {net::Asn(65'001)}, .prefixes = {}}}; }

    void announce(double seconds, std::uint32_t r, const char* p, const std::vector<std::uint32_t>& path) { tell(seconds, r, update_of({}, attributes_of(path), nlri(prefix(p)))); }
    void withdraw(double seconds, std::uint32_t r, const char* p) { tell(seconds, r, update_of(nlri(prefix(p)), {}, {})); }
    void all_withdraw(double seconds, const char* p) {
        for (std::uint32_t r = 0; r < routers_; ++r) { withdraw(seconds + r, r, p); }
    }
    void all_announce(double seconds, const char* p) {
        for (std::uint32_t r = 0; r < routers_; ++r) { announce(seconds + r, r, p, {as_of(r), 65'010, 65'001}); }
    }
    void state(double seconds, std::uint32_t r, SessionState before, SessionState after) {
        watcher.state({.time = at(seconds), .form = MessageForm::bgp4mp, .peer = router(r), .before = static_cast<std::uint16_t>(before), .after = static_cast<std::uint16_t>(after)});
    }
    void wait(double seconds) { watcher.advance(at(seconds)); }
    [[nodiscard]] std::vector<Event> of(EventKind kind) const {
        std::vector<Event> out;
        std::ranges::copy_if(watcher.events(), std::back_inserter(out), [&](const Event& e) { return e.kind == kind; });
        return out;
    }

private:
    void table(std::uint32_t r, const net::Prefix& p, const std::vector<std::uint32_t>& path) {
        const Bytes bytes = attributes_of(path);
        bgp::AttributesRead read;
        bgp::read_attributes(bytes.view(), {}, read);
        watcher.table({.form = TableForm::v2, .dumped = at(-3600), .originated = at(-7200), .peer = router(r), .route = {.prefix = p, .path = {}}, .attributes = &read});
    }
    void tell(double seconds, std::uint32_t r, const Bytes& body) {
        bgp::Update update;
        bgp::read_update(body.view(), 4, false, update);
        watcher.update({.time = at(seconds), .form = MessageForm::bgp4mp, .peer = router(r), .update = &update});
    }
    std::size_t routers_;

public:
    std::vector<Event> told;
    Watcher watcher;
};

Fit fit_of(const Event& event, std::string_view cause) {
    const auto at = std::ranges::find(event.causes, cause, &Cause::name);
    REQUIRE(at != event.causes.end());
    return at->fit;
}

}  // namespace

TEST_CASE("watch: four prefixes that go and come back are one outage with its times") {
    Scene scene;
    for (const char* p : Scene::kOwn) { scene.all_withdraw(600, p); }
    scene.wait(720);
    REQUIRE(scene.told.size() >= 1);
    CHECK_FALSE(scene.told.front().end);
    for (const char* p : Scene::kOwn) { scene.all_announce(34'860, p); }
    scene.wait(36'000);
    const auto outages = scene.of(EventKind::outage);
    REQUIRE(outages.size() == 1);
    CHECK(scene.watcher.events().size() == 1);
    CHECK(outages[0].start >= Scene::at(600));
    CHECK(outages[0].start <= Scene::at(610));
    REQUIRE(outages[0].end);
    CHECK(*outages[0].end >= Scene::at(34'860));
    CHECK(*outages[0].end <= Scene::at(34'880));
    CHECK(outages[0].severity == doctest::Approx(34'260.0 / 60).epsilon(0.01));
    CHECK(fit_of(outages[0], "only-upstream") == Fit::fits);
    CHECK(fit_of(outages[0], "withdrawn-by-origin") == Fit::fits);
    CHECK(fit_of(outages[0], "several-upstreams-at-once") == Fit::does_not_fit);
    CHECK(fit_of(outages[0], "collector") == Fit::does_not_fit);
}

TEST_CASE("watch: others behind the same upstream that go too are said, and speak against the origin") {
    Scene scene;
    for (const char* p : Scene::kOwn) { scene.all_withdraw(600, p); }
    for (std::uint32_t i = 0; i < 60; ++i) { scene.all_withdraw(600, net::to_string(net::Prefix::v4(0x0a00'0000U + (i << 16U), 16)).c_str()); }
    scene.wait(800);
    const auto outages = scene.of(EventKind::outage);
    REQUIRE(outages.size() == 1);
    CHECK(fit_of(outages[0], "withdrawn-by-origin") == Fit::does_not_fit);
    CHECK(fit_of(outages[0], "trouble-shared-with-others") == Fit::fits);
}

TEST_CASE("watch: one prefix that is gone for half a minute is no outage, one of four for long is one of a quarter") {
    Scene scene;
    scene.all_withdraw(600, Scene::kOwn[0]);
    scene.all_announce(630, Scene::kOwn[0]);
    scene.wait(3000);
    CHECK(scene.watcher.events().empty());
    scene.all_withdraw(3600, Scene::kOwn[1]);
    scene.wait(3800);
    const auto outages = scene.of(EventKind::outage);
    REQUIRE(outages.size() == 1);
    CHECK(outages[0].signals.front().name == "prefixes_down");
    CHECK(outages[0].signals.front().value == 1);
}

TEST_CASE("watch: a prefix that lies in another of the target's that is there is not missed") {
    Scene scene;
    scene.all_announce(10, "175.45.176.128/25");
    scene.wait(3600);
    scene.all_withdraw(3700, "175.45.176.128/25");
    scene.wait(7200);
    CHECK(scene.watcher.events().empty());
}

TEST_CASE("watch: sessions that end take no prefix down, however many") {
    Scene scene;
    for (std::uint32_t r = 0; r < 10; ++r) { scene.state(600 + r, r, SessionState::established, SessionState::idle); }
    scene.wait(4000);
    CHECK(scene.of(EventKind::outage).empty());
    CHECK(scene.of(EventKind::instability).empty());
    CHECK(scene.of(EventKind::session_down).size() == 10);
    for (std::uint32_t r = 0; r < 10; ++r) {
        scene.state(4000 + r, r, SessionState::open_confirm, SessionState::established);
        for (const char* p : Scene::kOwn) { scene.announce(4000 + r, r, p, {Scene::as_of(r), 65'010, 65'001}); }
    }
    scene.wait(6000);
    CHECK(scene.of(EventKind::outage).empty());
    for (const Event& e : scene.of(EventKind::session_down)) { CHECK(e.end.has_value()); }
}

TEST_CASE("watch: an outage while some sessions are down is seen by the others") {
    Scene scene;
    for (std::uint32_t r = 0; r < 4; ++r) { scene.state(500, r, SessionState::established, SessionState::idle); }
    for (const char* p : Scene::kOwn) {
        for (std::uint32_t r = 4; r < 10; ++r) { scene.withdraw(600, r, p); }
    }
    scene.wait(800);
    CHECK(scene.of(EventKind::outage).size() == 1);
}

TEST_CASE("watch: routes that come and go are unstable, and do not hide when they stay away") {
    Scene scene;
    for (int i = 0; i < 10; ++i) {
        scene.all_withdraw(1000 + 600 * i, Scene::kOwn[0]);
        scene.all_announce(1120 + 600 * i, Scene::kOwn[0]);
    }
    for (const char* p : Scene::kOwn) { scene.all_withdraw(7300, p); }
    scene.wait(9000);
    const auto unstable = scene.of(EventKind::instability);
    REQUIRE(unstable.size() == 1);
    CHECK(unstable[0].start >= Scene::at(1000));
    CHECK(unstable[0].start < Scene::at(1700));
    const auto outages = scene.of(EventKind::outage);
    REQUIRE_FALSE(outages.empty());
    CHECK(outages.back().start >= Scene::at(7300));
    CHECK(outages.back().start <= Scene::at(7312));
}

TEST_CASE("watch: a single router's word suffices after a quarter of an hour, and the loss is dated back") {
    Scene scene({}, 1);
    for (const char* p : Scene::kOwn) { scene.withdraw(600, 0, p); }
    scene.wait(900);
    CHECK(scene.watcher.events().empty());
    scene.wait(3000);
    const auto outages = scene.of(EventKind::outage);
    REQUIRE(outages.size() == 1);
    CHECK(outages[0].start == Scene::at(600));
}

TEST_CASE("watch: who announces a prefix or a part of it for the first time is told once three routers follow, and again at the end") {
    Scene scene;
    scene.announce(600, 0, Scene::kOwn[0], {64'496, 65'066});
    scene.announce(601, 1, Scene::kOwn[0], {64'497, 65'066});
    CHECK(scene.watcher.events().empty());
    scene.announce(602, 2, Scene::kOwn[0], {64'498, 65'066});
    REQUIRE(scene.of(EventKind::new_origin).size() == 1);
    CHECK(scene.of(EventKind::new_origin)[0].start == Scene::at(600));
    CHECK(scene.of(EventKind::new_origin)[0].subject == "175.45.176.0/24 announced by AS65066");
    for (std::uint32_t r = 0; r < 3; ++r) { scene.announce(900, r, Scene::kOwn[0], {Scene::as_of(r), 65'010, 65'001}); }
    CHECK(scene.of(EventKind::new_origin)[0].end == Scene::at(900));
    for (std::uint32_t r = 0; r < 5; ++r) { scene.announce(1000, r, "175.45.179.128/25", {Scene::as_of(r), 65'067}); }
    REQUIRE(scene.of(EventKind::more_specific).size() == 1);
    CHECK(scene.of(EventKind::more_specific)[0].subject == "175.45.179.128/25 announced by AS65067");
    for (std::uint32_t r = 0; r < 5; ++r) { scene.announce(1100, r, Scene::kOwn[1], {Scene::as_of(r), 65'011, 65'001}); }
    REQUIRE(scene.of(EventKind::new_upstream).size() == 1);
    CHECK(scene.of(EventKind::new_upstream)[0].subject == "AS65001 reached through AS65011");
}

TEST_CASE("watch: what is announced while there is learning is known afterwards") {
    Scene scene({.learn = std::chrono::hours(1)});
    for (std::uint32_t r = 0; r < 5; ++r) { scene.announce(600, r, Scene::kOwn[0], {Scene::as_of(r), 65'066}); }
    scene.all_announce(700, Scene::kOwn[0]);
    for (std::uint32_t r = 0; r < 5; ++r) { scene.announce(7200, r, Scene::kOwn[0], {Scene::as_of(r), 65'066}); }
    CHECK(scene.watcher.events().empty());
}

TEST_CASE("watch: a silence of everything is the collector's, and told as such") {
    Scene scene;
    for (int i = 0; i < 600; ++i) { scene.announce(i, 0, "192.88.99.0/24", {64'496, 65'020}); }
    scene.announce(4200, 0, "192.88.99.0/24", {64'496, 65'020});
    REQUIRE(scene.watcher.events().size() == 1);
    CHECK(scene.watcher.events()[0].kind == EventKind::collector_silent);
    CHECK(scene.watcher.events()[0].start == Scene::at(599));
}

TEST_CASE("watch: a way that goes up again after it came down is a leak") {
    const auto graph = AsGraph::build(std::vector<AsLink>{{net::Asn(1), net::Asn(3), Relation::provider_customer}, {net::Asn(2), net::Asn(3), Relation::provider_customer}, {net::Asn(1), net::Asn(4), Relation::provider_customer}});
    const auto path = [](std::initializer_list<std::uint32_t> asns) {
        std::vector<net::Asn> out;
        for (const auto a : asns) { out.emplace_back(a); }
        return out;
    };
    CHECK(find_leak(graph, path({2, 3, 1, 4}), {}) == Leak{.from = net::Asn(1), .leaker = net::Asn(3), .to = net::Asn(2), .type = 1});
    CHECK_FALSE(find_leak(graph, path({2, 3}), {}));
    CHECK_FALSE(find_leak(graph, path({3, 1, 4}), {}));
    CHECK_FALSE(find_leak(graph, path({2, 9, 1, 4}), {}));
}
