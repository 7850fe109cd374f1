// A watch's kept state with a sum that fits: whatever the rest is, it is refused, or taken up and goes on.
#include "route/watch/saved_watch.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <xxhash.h>

namespace {

using namespace hw;

std::vector<route::WatchTarget> targets() { return {{.name = "AS64510", .ases = {net::Asn(64'510)}, .prefixes = {}}}; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string bytes("HWWATCH\1", 8);
    const std::uint64_t front[2] = {size, XXH3_64bits(data, size)};
    bytes.append(static_cast<const char*>(static_cast<const void*>(front)), sizeof front);
    bytes.append(static_cast<const char*>(static_cast<const void*>(data)), size);
    route::Watcher watcher(targets(), {});
    const auto saved = route::load_watch(std::as_bytes(std::span(bytes)), watcher);
    if (!saved) { return 0; }
    // What was taken up goes on: time, a session that ends, one that comes up.
    const Time now = watcher.interval().to;
    watcher.advance(now + std::chrono::minutes(2));
    for (std::size_t i = 0; i < watcher.sessions().peers().size() && i < 4; ++i) {
        const route::Peer peer = watcher.sessions().peers()[i];
        watcher.state({.time = now, .form = route::MessageForm::bgp4mp, .peer = peer, .before = 6, .after = 1});
        watcher.state({.time = now, .form = route::MessageForm::bgp4mp, .peer = peer, .before = 5, .after = 6});
    }
    watcher.advance(now + std::chrono::hours(1));
    // Kept again it is taken up again.
    route::Watcher again(targets(), {});
    const std::string kept = route::save_watch(watcher, *saved);
    if (!route::load_watch(std::as_bytes(std::span(kept)), again)) { std::abort(); }
    return 0;
}
