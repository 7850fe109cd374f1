#pragma once

#include "trace/record_row.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace hw::trace {

/// What a relay does to the bytes that it passes on (DESIGN, section 5, B).
enum class RelayClass : std::uint8_t {
    tcp_forward,   ///< Nothing: socat, haproxy in TCP mode, a port forward.
    socks,         ///< A fixed handshake ahead of them (RFC 1928; SOCKS4).
    http_connect,  ///< A request and an answer ahead of them (RFC 9110, 9.3.6).
    tls_wrap,      ///< A handshake, then a header and a tag a record.
    ssh_channel,   ///< A key exchange, then a header, padding and a tag a packet.
    per_packet,    ///< A header a packet: VPN.
    other,         ///< Anything: rewritten requests, caches, compression.
};
inline constexpr std::size_t kRelayClasses = 7;
[[nodiscard]] std::string_view to_string(RelayClass relay_class);

/// A mass a bin, kept as a density in the scale's own unit (1/s, 1/byte).
template <std::size_t Bins>
struct DensityTable {
    std::array<float, Bins> density{};
};
using DelayTable = DensityTable<kDelayBins>;
using ByteTable = DensityTable<kByteBins>;

/// How one direction's bytes grow on the wrapped side: in = out + slope·out + each_packet·packets + γ, γ's law being a
/// table over (in − expected) / unit with unit = 1 + spread·out.
struct ByteLaw {
    double slope = 0;
    double each_packet = 0;
    double spread = 0;
    ByteTable table;
    double highest = 0;  ///< The table's greatest density.
    [[nodiscard]] bool plain() const { return slope == 0 && each_packet == 0 && spread == 0; }
};

/// One relay class with the law of its offsets.
struct ClassLaw {
    double share = 0;  ///< Of the links, those of this class.
    ByteLaw up;
    ByteLaw down;
};

/// When a host dials and hangs up. The client's round trip enters twice: its question comes so much after its SYN, its last
/// acknowledgement so much after the relay's goodbye. Hence the end's delay either has a law of its own, or its sum with the
/// start's delay has.
struct DelayLaw {
    DelayTable start;          ///< Outflow's first packet less the inflow's.
    DelayTable end;            ///< The same for the last packets.
    DelayTable both;           ///< The sum of the two.
    double coupled = 0.5;      ///< Of the links, those to which `both` applies, not `end`.
};

/// How usual an outflow is at its host, were it nobody's partner (record_background.hpp). A size that many outflows share to
/// the byte, the same object fetched by everybody, is a mass, not a density: chance finds it wherever a link finds it, and as
/// exactly as the relay lets it be recognised.
struct Usualness {
    double when = 1;       ///< Outflows that begin and end like it, 1/s².
    double same = 0;       ///< Share of the outflows with its bytes to the byte, both ways.
    double same_down = 0;  ///< Share with its answer's bytes, times the density of its request's, 1/byte.
    double unlike = 1;     ///< Density of its bytes among all sizes, 1/byte².
};

/// Weights of pairs believed to be links, by which a model is fitted.
struct WeightedPair {
    const RecordRow* in = nullptr;
    const RecordRow* out = nullptr;
    double weight = 0;
};

/// The density of an outflow's start, end and bytes given the inflow that it carries on: a mixture over relay classes.
/// It begins with what the protocols' own sizes say, and takes a host's own habits from its links (`fit`). Neither ports nor
/// addresses nor names enter.
class RecordModel {
public:
    /// What the protocols say, before any traffic was seen.
    [[nodiscard]] static RecordModel prior();
    /// The same, all but sure that the host is of one class: a start for `fit` where the mixture leads nowhere.
    [[nodiscard]] static RecordModel leaning(RelayClass relay_class);

    /// The density of `out` given that it carries on `in`, in 1/(s²·byte²); 0 where it is sure to be below `least`.
    [[nodiscard]] double operator()(const RecordRow& in, const RecordRow& out, double least = 0) const { return ratio(in, out, {}, least); }
    /// The density of `out` given that it carries on `in`, over that of an outflow like it that does not; 0 where it is sure to
    /// be below `least`, which most pairs show at once. The bytes that chance would have shown the inflow with are smeared by
    /// the relay as much as those of a link are: with outflows of one size as a mass, P(in's bytes | any outflow of this size)
    /// is that mass times the link's own density.
    [[nodiscard]] double ratio(const RecordRow& in, const RecordRow& out, const Usualness& usual, double least = 0) const;

    /// The two factors of that density: of the times, 1/s², and of the bytes, 1/byte².
    [[nodiscard]] double times(const RecordRow& in, const RecordRow& out) const;
    [[nodiscard]] double bytes(const RecordRow& in, const RecordRow& out) const;
    [[nodiscard]] double highest_bytes() const { return highest_bytes_; }  ///< No pair's `bytes` are above.

    /// One step of expectation and maximisation (Dempster, Laird & Rubin 1977): shares each pair's weight out among the
    /// classes and fits every class anew, the prior counting as so many pairs more that it can neither be drowned by
    /// a few wrong ones nor forgotten.
    [[nodiscard]] RecordModel fit(std::span<const WeightedPair> pairs) const;

    [[nodiscard]] const ClassLaw& law(RelayClass relay_class) const { return laws_->classes[static_cast<std::size_t>(relay_class)]; }
    [[nodiscard]] const DelayLaw& delays() const { return laws_->delays; }

private:
    struct Laws {
        DelayLaw delays;
        std::array<ClassLaw, kRelayClasses> classes;
    };
    explicit RecordModel(std::shared_ptr<const Laws> laws);

    std::shared_ptr<const Laws> laws_;       // some 150 kB, shared by copies
    std::vector<std::uint8_t> live_;         // the classes with a share worth the time
    double highest_bytes_ = 0;               // the greatest density of the bytes, whatever they are
};

}  // namespace hw::trace
