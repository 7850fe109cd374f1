#include "flow/store/segment_front.hpp"

#include <algorithm>

#include <xxhash.h>

namespace hw::flow::store {
namespace {
namespace front_detail {

std::uint64_t place_bits(const std::optional<bool>& local) { return !local ? 0 : *local ? 2 : 1; }
std::optional<bool> place_of(std::uint64_t bits) { return bits == 0 ? std::nullopt : std::optional(bits == 2); }

void append_text(std::vector<std::byte>& out, const std::string& text) {
    append_little(out, static_cast<std::uint16_t>(std::min<std::size_t>(text.size(), 0xffff)));
    const auto bytes = std::as_bytes(std::span(text)).first(std::min<std::size_t>(text.size(), 0xffff));
    out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace front_detail
}  // namespace

std::uint64_t kind_bits(const Flow& f) {
    using namespace front_detail;
    return std::uint64_t{number(f.protocol)} | static_cast<std::uint64_t>(f.end) << 8U | static_cast<std::uint64_t>(f.basis) << 12U |
           std::uint64_t{f.tunnel_depth} << 16U | static_cast<std::uint64_t>(f.observer) << 24U | place_bits(f.client_local) << 40U |
           place_bits(f.server_local) << 42U;
}

void set_kind(Flow& f, std::uint64_t bits) {
    f.protocol = Protocol{static_cast<std::uint8_t>(bits)};
    f.end = static_cast<FlowEnd>(std::min<std::uint64_t>(bits >> 8U & 0xfU, static_cast<std::uint64_t>(FlowEnd::lack_of_resources)));
    f.basis = static_cast<InitiatorBasis>(std::min<std::uint64_t>(bits >> 12U & 0xfU, static_cast<std::uint64_t>(InitiatorBasis::exporter)));
    f.tunnel_depth = static_cast<std::uint8_t>(bits >> 16U);
    f.observer = ObserverId{static_cast<std::uint16_t>(bits >> 24U)};
    f.client_local = front_detail::place_of(bits >> 40U & 3U);
    f.server_local = front_detail::place_of(bits >> 42U & 3U);
}

std::uint64_t mark_bits(const HalfFlow& half) {
    return std::uint64_t{half.tcp_flags} | std::uint64_t{half.ttl_min} << 8U | std::uint64_t{half.ttl_max} << 16U | std::uint64_t{half.link_sender} << 24U;
}

void set_marks(HalfFlow& half, std::uint64_t bits) {
    half.tcp_flags = static_cast<std::uint8_t>(bits);
    half.ttl_min = static_cast<std::uint8_t>(bits >> 8U);
    half.ttl_max = static_cast<std::uint8_t>(bits >> 16U);
    half.link_sender = static_cast<std::uint32_t>(bits >> 24U);
}

std::vector<std::byte> write_front(const FrontFields& front, std::span<const std::byte> data) {
    using namespace front_detail;
    std::vector<std::byte> body;
    append_little(body, front.facts.rows);
    append_little(body, std::uint32_t{front.derived_ids});
    append_little(body, front.facts.first.micros());
    append_little(body, front.facts.first_last.micros());
    append_little(body, front.facts.last.micros());
    append_little(body, front.facts.longest.count());
    append_little(body, std::uint64_t{data.size()});
    append_little(body, static_cast<std::uint32_t>(front.sections.size()));
    for (const auto& place : front.sections) {
        append_little(body, place.offset);
        append_little(body, place.size);
    }
    append_little(body, static_cast<std::uint32_t>(kColumns));
    for (const ColumnShape& shape : front.shapes) {
        append_little(body, shape.min);
        append_little(body, shape.max);
        append_little(body, shape.scale);
    }
    append_little(body, static_cast<std::uint32_t>(front.observers.size()));
    for (const std::string& name : front.observers) { append_text(body, name); }
    for (std::size_t at = 0; at < data.size(); at += kChunk) {
        const auto chunk = data.subspan(at, std::min(kChunk, data.size() - at));
        append_little(body, std::uint64_t{XXH3_64bits(chunk.data(), chunk.size())});
    }
    body.resize((kFrontFixed + body.size() + kChunk - 1) / kChunk * kChunk - kFrontFixed);

    std::vector<std::byte> out;
    out.reserve(kFrontFixed + body.size());
    const auto magic = std::as_bytes(std::span(kSegmentMagic)).first(8);
    out.insert(out.end(), magic.begin(), magic.end());
    append_little(out, kSegmentVersion);
    append_little(out, static_cast<std::uint32_t>(kFrontFixed + body.size()));
    append_little(out, std::uint64_t{XXH3_64bits(body.data(), body.size())});
    out.insert(out.end(), body.begin(), body.end());
    return out;
}

}  // namespace hw::flow::store
