// BMP streams (RFC 7854): fed whole and in pieces, what comes of it is the same, to the last message and the last thing passed over.
#include "route/bmp/decoder.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

using namespace hw;

/// Counts and mixes all that it is given.
class Mixed final : public route::RouteSink {
public:
    bool update(const route::PeerUpdate& u) override {
        mix(static_cast<std::uint64_t>(u.time.micros()));
        u.update->each_withdrawn([this](const route::bgp::Nlri& r) { see(r); });
        u.update->each_announced([this](const route::bgp::Nlri& r) { see(r); });
        route::bgp::AsPath path;
        u.update->attributes.as_path(path);
        for (const auto asn : path.asns) { mix(asn.number()); }
        return true;
    }
    bool state(const route::StateChange& s) override {
        mix(s.before * 31U + s.after + s.peer.asn.number());
        return true;
    }
    std::uint64_t mixed = 0;

private:
    void see(const route::bgp::Nlri& r) { mix(r.prefix.address().high() ^ r.prefix.address().low() ^ r.prefix.length() ^ r.path.value_or(0)); }
    void mix(std::uint64_t v) { mixed = mixed * 0x9e37'79b9'7f4a'7c15ULL + v + 1; }
};

struct Fed {
    std::uint64_t mixed = 0, records = 0, skipped = 0, offset = 0;
    bool good = true;
    friend bool operator==(const Fed&, const Fed&) = default;
};

Fed feed(std::span<const std::byte> bytes, std::size_t step) {
    Mixed sink;
    InputReport report;
    route::bmp::Decoder decoder(sink, report, {});
    Fed fed;
    for (std::size_t at = 0; at < bytes.size() && fed.good; at += step) { fed.good = decoder.feed(bytes.subspan(at, std::min(step, bytes.size() - at)), Time::from_micros(1'419'264'960'000'000)).has_value(); }
    if (fed.good) { decoder.end(Time::from_micros(1'419'264'960'000'000)); }
    return {.mixed = sink.mixed, .records = report.records, .skipped = report.skipped_total(), .offset = decoder.offset(), .good = fed.good};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const Fed whole = feed(bytes, std::max<std::size_t>(size, 1));
    if (whole != feed(bytes, 5)) { std::abort(); }
    return 0;
}
