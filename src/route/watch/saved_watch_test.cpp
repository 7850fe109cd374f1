#include "route/watch/saved_watch.hpp"

#include "route/test_messages.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hw;
using namespace hw::route;
using namespace hw::route::testing;

namespace {

std::vector<WatchTarget> targets() { return {{.name = "AS64501", .ases = {net::Asn(64'501)}, .prefixes = {}}, {.name = "net", .ases = {}, .prefixes = {net::parse_prefix("10.0.0.0/8").value()}}}; }

Time at(int seconds) { return Time::from_micros(1'419'264'900'000'000 + seconds * 1'000'000LL); }

void tell(Watcher& watcher, int seconds, std::uint32_t router, const Bytes& body) {
    bgp::Update update;
    bgp::read_update(body.view(), 4, false, update);
    watcher.update({.time = at(seconds), .form = MessageForm::bgp4mp, .peer = {.address = net::Address::v4(router), .asn = net::Asn(64'500)}, .update = &update});
}

/// Routes come at first; at 5000 s they go, then others announce them.
void play(Watcher& watcher, int from, int to) {
    for (int s = from; s < to; s += 100) {
        for (std::uint32_t r = 1; r <= 4; ++r) {
            if (s < 5000) { tell(watcher, s, r, update_of({}, usual_attributes(), Bytes().u8(8).u8(10))); }
            else if (s < 6000) { tell(watcher, s, r, update_of(Bytes().u8(8).u8(10), {}, {})); }
            else { tell(watcher, s, r, update_of({}, Bytes().add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path4({64'500, 64'509}))).add(attribute(0x40, 3, Bytes().u32(1))), Bytes().u8(8).u8(10))); }
        }
    }
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("saved watch: stopped anywhere and taken up again, it comes to the same events and the same state") {
    Watcher whole(targets(), {.learn = std::chrono::minutes(30)});
    play(whole, 0, 9000);
    REQUIRE(whole.events().size() >= 3);
    const std::string at_end = save_watch(whole, {});
    for (const int stop : {100, 2000, 5100, 5200, 5600, 6100, 8900}) {
        Watcher first(targets(), {.learn = std::chrono::minutes(30)});
        play(first, 0, stop);
        const std::string state = save_watch(first, {.files = {"a", "b"}});
        Watcher second(targets(), {.learn = std::chrono::minutes(30)});
        const auto loaded = load_watch(bytes_of(state), second);
        REQUIRE(loaded);
        CHECK(loaded->files == std::set<std::string>{"a", "b"});
        play(second, stop, 9000);
        CHECK(second.events() == whole.events());
        CHECK(save_watch(second, {}) == at_end);
    }
}

TEST_CASE("saved watch: what is cut short, damaged or of other targets is told and not used") {
    Watcher watcher(targets(), {});
    play(watcher, 0, 6000);
    const std::string state = save_watch(watcher, {});
    for (std::size_t size = 0; size < state.size(); size += 97) {
        Watcher into(targets(), {});
        CHECK_FALSE(load_watch(bytes_of(state.substr(0, size)), into));
    }
    for (std::size_t i = 0; i < state.size(); i += 31) {
        std::string bad = state;
        bad[i] = static_cast<char>(bad[i] ^ 4);
        Watcher into(targets(), {});
        CHECK_FALSE(load_watch(bytes_of(bad), into));
    }
    Watcher other({targets().front()}, {});
    const auto read = load_watch(bytes_of(state), other);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::usage);
}
