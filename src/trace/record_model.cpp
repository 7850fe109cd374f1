#include "trace/record_model.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hw::trace {

namespace {
namespace record_laws {

constexpr double kLeastShare = 1e-3;      // a class below it is not looked up
constexpr double kPriorPairs = 25;        // links that the prior of a table counts for
constexpr double kPriorShare = 0.01;      // and the part of it that remains however many links there are
constexpr double kSharePairs = 20;        // the same for a class's share
constexpr std::array<std::size_t, 3> kDelayReaches{1, 3, 8};          // bins that a link is spread over, either way
constexpr std::array<std::size_t, 5> kByteReaches{0, 6, 40, 200, 1000};
constexpr double kFewestForSlope = 30;    // links below which a class keeps its prior slope

double laplace(double x, double scale) { return std::exp(-std::abs(x) / scale) / (2 * scale); }
double exponential(double x, double mean) { return x < 0 ? 0 : std::exp(-x / mean) / mean; }
double log_normal(double x, double median, double sigma) {
    if (x <= 0) { return 0; }
    const double z = std::log(x / median) / sigma;
    return std::exp(-0.5 * z * z) / (x * sigma * std::sqrt(2 * std::numbers::pi));
}
double even(double x, double low, double high) { return x >= low && x <= high ? 1 / (high - low + 1) : 0; }
double even_in_log(double x, double low, double high) { return x >= low && x <= high ? 1 / (x * std::log(high / low)) : 0; }

// Most proxies dial at once or after a question; some sessions wait for a person, some tunnels stood before.
double start_law(double x) {
    return 0.6 * log_normal(x, 0.06, 2.2) + 0.25 * log_normal(x, 1.5, 1.5) + 0.1 * exponential(x, 60) + 0.05 * laplace(x, 30);
}
double both_law(double x) { return 0.4 * laplace(x, 0.02) + 0.4 * laplace(x, 0.5) + 0.2 * laplace(x, 60); }
double end_law(double x) { return 0.55 * laplace(x, 0.05) + 0.25 * laplace(x, 1) + 0.2 * laplace(x, 60); }

// The sizes are those of the protocols: SOCKS5 greets with 3 to 5 bytes and asks with 10, 22 or a name's length, and is
// answered with 2 and 10 or 22 (RFC 1928); SOCKS4 asks with 9 and more and is answered with 8; CONNECT asks with a line and a
// few headers; a TLS handshake takes some hundred bytes up and some thousand down unless resumed (RFC 8446); SSH's key
// exchange and log-in take some thousand each way (RFC 4253).
double plain_bytes(double x) { return 0.78 * laplace(x, 0.5) + 0.18 * laplace(x, 12) + 0.04 * laplace(x, 500); }
double socks_up(double x) { return 0.7 * even(x, 9, 40) + 0.26 * even(x, 41, 300) + 0.04 * laplace(x, 1000); }
double socks_down(double x) { return 0.95 * even(x, 8, 34) + 0.05 * laplace(x, 1000); }
double connect_up(double x) { return 0.95 * even(x, 40, 700) + 0.05 * laplace(x, 1000); }
double connect_down(double x) { return 0.95 * even(x, 19, 250) + 0.05 * laplace(x, 1000); }
double tls_up(double x) { return 0.93 * even_in_log(x, 200, 4000) + 0.07 * laplace(x, 4000); }
double tls_down(double x) { return 0.93 * even_in_log(x, 100, 12000) + 0.07 * laplace(x, 8000); }
double ssh_bytes(double x) { return 0.93 * even_in_log(x, 1200, 9000) + 0.07 * laplace(x, 8000); }
double packet_bytes(double x) { return 0.8 * laplace(x, 60) + 0.2 * laplace(x, 600); }
double any_bytes(double x) { return 0.5 / (2 * (std::abs(x) + 30) * 12) + 0.5 * laplace(x, 300); }

template <std::size_t Bins>
DensityTable<Bins> table_of(double (*law)(double), BinPlace (*place)(std::size_t)) {
    DensityTable<Bins> table;
    double sum = 0;
    for (std::size_t i = 0; i < Bins; ++i) {
        const BinPlace p = place(i);
        table.density[i] = static_cast<float>(law(p.middle) + 1e-15);
        sum += static_cast<double>(table.density[i]) * p.width;
    }
    for (auto& d : table.density) { d = static_cast<float>(d / sum); }
    return table;
}

/// The bytes by which the wrapped side exceeds what the law expects, in its unit, and that unit.
struct Offset {
    std::int64_t bytes = 0;
    double unit = 1;
};
Offset offset(const ByteLaw& law, std::int64_t in, std::int64_t out, std::uint32_t packets) {
    if (law.plain()) { return {in - out, 1}; }
    const auto carried = static_cast<double>(out);
    const double unit = 1 + law.spread * carried;
    const double over = static_cast<double>(in - out) - law.slope * carried - law.each_packet * packets;
    return {static_cast<std::int64_t>(std::lround(over / unit)), unit};
}
double density(const ByteLaw& law, const ByteTable& table, std::int64_t in, std::int64_t out, std::uint32_t packets) {
    const Offset at = offset(law, in, out, packets);
    return static_cast<double>(table.density[byte_bin(at.bytes)]) / at.unit;
}
double density(const ByteLaw& law, std::int64_t in, std::int64_t out, std::uint32_t packets) { return density(law, law.table, in, out, packets); }

std::int64_t start_delay(const RecordRow& in, const RecordRow& out) { return out.first_us - in.first_us; }
std::int64_t end_delay(const RecordRow& in, const RecordRow& out) { return out.last_us - in.last_us; }

double start_density(const DelayLaw& law, const RecordRow& in, const RecordRow& out) {
    return static_cast<double>(law.start.density[delay_bin(start_delay(in, out))]);
}
struct EndDensity {
    double alone = 0;
    double coupled = 0;
    [[nodiscard]] double sum() const { return alone + coupled; }
};
EndDensity end_density(const DelayLaw& law, const RecordRow& in, const RecordRow& out) {
    if (out.first_us == out.last_us) { return {1, 0}; }  // a moment, or an exporter that gives no end: the null weighs it likewise
    const std::int64_t end = end_delay(in, out);
    return {(1 - law.coupled) * static_cast<double>(law.end.density[delay_bin(end)]),
            law.coupled * static_cast<double>(law.both.density[delay_bin(end + start_delay(in, out))])};
}
void set_highest(ClassLaw& law) {
    for (ByteLaw* bytes : {&law.up, &law.down}) { bytes->highest = static_cast<double>(*std::ranges::max_element(bytes->table.density)); }
}

/// Mass spread over `reach` bins either way, as a tent: two passes of a moving average. What falls off the scale's ends is lost.
template <std::size_t Bins>
std::array<double, Bins> spread_out(const std::array<double, Bins>& mass, std::size_t reach) {
    const std::size_t width = reach + 1;  // a tent of this reach is a box of so many bins, met with itself
    const auto average = [&](const std::array<double, Bins>& from, std::size_t back) {
        std::array<double, Bins + 1> sum{};
        for (std::size_t i = 0; i < Bins; ++i) { sum[i + 1] = sum[i] + from[i]; }
        std::array<double, Bins> to{};
        for (std::size_t i = 0; i < Bins; ++i) {
            const std::size_t low = i >= back ? i - back : 0;
            const std::size_t high = std::min(Bins, i + width >= back ? i + width - back : 0);
            to[i] = high > low ? (sum[high] - sum[low]) / static_cast<double>(width) : 0;
        }
        return to;
    };
    return average(average(mass, reach / 2), reach - reach / 2);
}

/// Masses gathered a bin, smoothed and mixed with the prior. A relay that adds the same bytes each time shows a few sharp
/// values, one that pads a broad hump: the mass is spread at several widths, and how much each counts is what foretells best
/// those that were left out (deleted interpolation, Jelinek & Mercer 1980).
template <std::size_t Bins>
class Gathered {
public:
    void add(std::size_t bin, double weight) {
        mass_[bin] += weight;
        total_ += weight;
    }
    template <std::size_t Widths>
    [[nodiscard]] DensityTable<Bins> with_prior(const DensityTable<Bins>& prior, BinPlace (*place)(std::size_t), const std::array<std::size_t, Widths>& reaches) const {
        const double keep = std::max(kPriorPairs / (kPriorPairs + total_), kPriorShare);
        DensityTable<Bins> table;
        std::array<std::array<double, Bins>, Widths> smooth;
        std::array<double, Widths> peak;   // of a single mass of one, at its own bin
        std::array<double, Widths> shares;
        shares.fill(1.0 / static_cast<double>(Widths));
        for (std::size_t r = 0; r < Widths; ++r) {
            smooth[r] = reaches[r] == 0 ? mass_ : spread_out(mass_, reaches[r]);
            peak[r] = 1.0 / static_cast<double>(reaches[r] + 1);
        }
        constexpr int kSteps = 12;
        constexpr double kEach = 2;  // links that each width counts for beforehand
        for (int step = 0; step < kSteps && total_ > 0; ++step) {
            std::array<double, Widths> credit;
            credit.fill(kEach);
            for (std::size_t i = 0; i < Bins; ++i) {
                if (mass_[i] <= 0) { continue; }
                std::array<double, Widths> part;
                double sum = 1e-9 + kEach * static_cast<double>(prior.density[i]) * place(i).width;
                for (std::size_t r = 0; r < Widths; ++r) {
                    part[r] = shares[r] * std::max(0.0, smooth[r][i] - std::min(1.0, mass_[i]) * peak[r]);
                    sum += part[r];
                }
                for (std::size_t r = 0; r < Widths; ++r) { credit[r] += mass_[i] * part[r] / sum; }
            }
            double all = 0;
            for (const double c : credit) { all += c; }
            for (std::size_t r = 0; r < Widths; ++r) { shares[r] = credit[r] / all; }
        }
        for (std::size_t i = 0; i < Bins; ++i) {
            double own = 0;
            for (std::size_t r = 0; r < Widths && total_ > 0; ++r) { own += shares[r] * smooth[r][i] / total_ / place(i).width; }
            table.density[i] = static_cast<float>(keep * static_cast<double>(prior.density[i]) + (1 - keep) * own);
        }
        return table;
    }

private:
    std::array<double, Bins> mass_{};
    double total_ = 0;
};

/// Weighted least squares of (in − out) on out, packets and a constant, held to the prior's slopes (ridge).
class SlopeFit {
public:
    /// `links`: what the pair counts as; `weight`: how far it may be trusted, beside.
    void add(double over, double out, double packets, double links, double trust) {
        const double weight = links * trust;
        const std::array<double, 3> x{out, packets, 1};
        for (std::size_t i = 0; i < 3; ++i) {
            for (std::size_t j = 0; j < 3; ++j) { normal_[i][j] += weight * x[i] * x[j]; }
            normal_[i][3] += weight * x[i] * over;
        }
        total_ += links;
    }
    void apply(ByteLaw& law, const ByteLaw& prior) const {
        if (total_ < kFewestForSlope) { return; }
        auto m = normal_;
        // The prior's slopes as if seen in some links of 100 kB and 100 packets, at such links' weight.
        const std::array<double, 2> strength{1e10, 1e4};
        const std::array<double, 2> slopes{prior.slope, prior.each_packet};
        for (std::size_t i = 0; i < 2; ++i) {
            m[i][i] += strength[i] * 1e-4;
            m[i][3] += strength[i] * 1e-4 * slopes[i];
        }
        for (std::size_t i = 0; i < 3; ++i) {  // Gauss–Jordan; positive definite, hence no pivots
            const double pivot = m[i][i];
            if (!(pivot > 1e-12)) { return; }
            for (auto& v : m[i]) { v /= pivot; }
            for (std::size_t k = 0; k < 3; ++k) {
                const double factor = m[k][i];
                if (k == i) { continue; }
                for (std::size_t j = 0; j < 4; ++j) { m[k][j] -= factor * m[i][j]; }
            }
        }
        law.slope = std::clamp(m[0][3], -0.05, 0.3);
        law.each_packet = std::clamp(m[1][3], -20.0, 120.0);
    }

private:
    std::array<std::array<double, 4>, 3> normal_{};
    double total_ = 0;
};

struct DelayCounts {
    double coupled = 0;
    double total = 0;
    Gathered<kDelayBins> start;
    Gathered<kDelayBins> end;
    Gathered<kDelayBins> both;
};

struct ClassCounts {
    double total = 0;
    Gathered<kByteBins> up;
    Gathered<kByteBins> down;
    SlopeFit up_slope;
    SlopeFit down_slope;
};

/// Large flows are off by more, and a connection that broke off on one side is off by anything: both count less.
void add_slope(SlopeFit& fit, const ByteLaw& law, std::int64_t in, std::int64_t out, std::uint32_t packets, double weight) {
    constexpr double kOff = 4000;
    constexpr double kOffShare = 0.02;
    const auto carried = static_cast<double>(out);
    const auto over = static_cast<double>(in - out);
    const double unit = 1 + kOffShare / 4 * carried;
    const double rest = (over - law.slope * carried - law.each_packet * packets) / (kOff + kOffShare * carried);
    fit.add(over, carried, packets, weight, 1 / (unit * unit) / (1 + rest * rest * rest * rest));
}

}  // namespace record_laws
}  // namespace

std::string_view to_string(RelayClass relay_class) {
    switch (relay_class) {
    case RelayClass::tcp_forward: return "tcp-forward";
    case RelayClass::socks: return "socks";
    case RelayClass::http_connect: return "http-connect";
    case RelayClass::tls_wrap: return "tls-wrap";
    case RelayClass::ssh_channel: return "ssh-channel";
    case RelayClass::per_packet: return "per-packet";
    case RelayClass::other: break;
    }
    return "other";
}

RecordModel::RecordModel(std::shared_ptr<const Laws> laws) : laws_(std::move(laws)) {
    for (std::size_t k = 0; k < kRelayClasses; ++k) {
        const ClassLaw& law = laws_->classes[k];
        if (law.share < record_laws::kLeastShare) { continue; }
        live_.push_back(static_cast<std::uint8_t>(k));
        highest_bytes_ += law.share * law.up.highest * law.down.highest;
    }
}

RecordModel RecordModel::prior() {
    using namespace record_laws;
    static const std::shared_ptr<const Laws> kPrior = [] {
        struct Row {
            double share;
            double (*up)(double);
            double (*down)(double);
            double slope, each_packet, spread;
        };
        constexpr std::array<Row, kRelayClasses> kRows{{
            {0.28, plain_bytes, plain_bytes, 0, 0, 0},
            {0.24, socks_up, socks_down, 0, 0, 0},
            {0.24, connect_up, connect_down, 0, 0, 0},
            {0.12, tls_up, tls_down, 0.003, 3, 0},
            {0.06, ssh_bytes, ssh_bytes, 0.003, 8, 0},
            {0.04, packet_bytes, packet_bytes, 0, 40, 0},
            {0.02, any_bytes, any_bytes, 0, 0, 0.1},
        }};
        auto laws = std::make_shared<Laws>();
        laws->delays = {table_of<kDelayBins>(start_law, delay_place), table_of<kDelayBins>(end_law, delay_place),
                        table_of<kDelayBins>(both_law, delay_place)};
        for (std::size_t k = 0; k < kRelayClasses; ++k) {
            const Row& row = kRows[k];
            laws->classes[k] = {row.share,
                                {row.slope, row.each_packet, row.spread, table_of<kByteBins>(row.up, byte_place)},
                                {row.slope, row.each_packet, row.spread, table_of<kByteBins>(row.down, byte_place)}};
            set_highest(laws->classes[k]);
        }
        return laws;
    }();
    return RecordModel(kPrior);
}

RecordModel RecordModel::leaning(RelayClass relay_class) {
    constexpr double kLean = 0.9;
    auto laws = std::make_shared<Laws>(*prior().laws_);
    for (std::size_t k = 0; k < kRelayClasses; ++k) {
        laws->classes[k].share = (k == static_cast<std::size_t>(relay_class) ? kLean : 0) + (1 - kLean) * laws->classes[k].share;
    }
    return RecordModel(std::move(laws));
}

double RecordModel::ratio(const RecordRow& in, const RecordRow& out, const Usualness& usual, double least) const {
    using namespace record_laws;
    const DelayLaw& delays = laws_->delays;
    const double when = start_density(delays, in, out) * end_density(delays, in, out).sum() / usual.when;
    if (when * highest_bytes_ < least * (usual.same * highest_bytes_ + usual.unlike)) { return 0; }
    double both = 0;
    double downs = 0;
    for (const auto k : live_) {
        const ClassLaw& law = laws_->classes[k];
        const double down = law.share * density(law.down, in.down, out.down, out.down_packets);
        downs += down;
        if (when * down * law.up.highest < 1e-3 * least * usual.unlike) { continue; }
        both += down * density(law.up, in.up, out.up, out.up_packets);
    }
    return when * both / (usual.same * both + usual.same_down * downs + usual.unlike);
}

double RecordModel::times(const RecordRow& in, const RecordRow& out) const {
    return record_laws::start_density(laws_->delays, in, out) * record_laws::end_density(laws_->delays, in, out).sum();
}

double RecordModel::bytes(const RecordRow& in, const RecordRow& out) const {
    double sum = 0;
    for (const auto k : live_) {
        const ClassLaw& law = laws_->classes[k];
        sum += law.share * record_laws::density(law.down, in.down, out.down, out.down_packets) * record_laws::density(law.up, in.up, out.up, out.up_packets);
    }
    return sum;
}

RecordModel RecordModel::fit(std::span<const WeightedPair> pairs) const {
    using namespace record_laws;
    const auto counts = std::make_unique<std::array<ClassCounts, kRelayClasses>>();
    const auto delays = std::make_unique<DelayCounts>();
    const RecordModel before = prior();
    for (const auto& pair : pairs) {
        const RecordRow& in = *pair.in;
        const RecordRow& out = *pair.out;
        // Which class a pair is of, the protocols' own sizes say: what was learnt would let any class drift to any size.
        std::array<double, kRelayClasses> parts{};
        double sum = 0;
        for (const auto k : live_) {
            const ClassLaw& law = laws_->classes[k];
            const ClassLaw& plain = before.laws_->classes[k];
            parts[k] = law.share * density(law.down, plain.down.table, in.down, out.down, out.down_packets) *
                       density(law.up, plain.up.table, in.up, out.up, out.up_packets);
            sum += parts[k];
        }
        if (!(sum > 0) || !(pair.weight > 0)) { continue; }
        const EndDensity end = end_density(laws_->delays, in, out);
        const double coupled = pair.weight * end.coupled / end.sum();
        delays->total += pair.weight;
        delays->coupled += coupled;
        delays->start.add(delay_bin(start_delay(in, out)), pair.weight);
        if (out.first_us != out.last_us) {
            delays->end.add(delay_bin(end_delay(in, out)), pair.weight - coupled);
            delays->both.add(delay_bin(start_delay(in, out) + end_delay(in, out)), coupled);
        }
        for (const auto k : live_) {
            const double weight = pair.weight * parts[k] / sum;
            if (weight < 1e-6) { continue; }
            const ClassLaw& law = laws_->classes[k];
            ClassCounts& c = (*counts)[k];
            c.total += weight;
            c.up.add(byte_bin(offset(law.up, in.up, out.up, out.up_packets).bytes), weight);
            c.down.add(byte_bin(offset(law.down, in.down, out.down, out.down_packets).bytes), weight);
            if (!law.up.plain()) { add_slope(c.up_slope, law.up, in.up, out.up, out.up_packets, weight); }
            if (!law.down.plain()) { add_slope(c.down_slope, law.down, in.down, out.down, out.down_packets, weight); }
        }
    }
    const DelayLaw& first = before.laws_->delays;
    auto laws = std::make_shared<Laws>();
    laws->delays = {delays->start.with_prior(first.start, delay_place, kDelayReaches), delays->end.with_prior(first.end, delay_place, kDelayReaches),
                    delays->both.with_prior(first.both, delay_place, kDelayReaches),
                    (delays->coupled + kPriorPairs * first.coupled) / (delays->total + kPriorPairs)};
    for (std::size_t k = 0; k < kRelayClasses; ++k) {
        const ClassLaw& start = before.laws_->classes[k];
        const ClassCounts& c = (*counts)[k];
        ClassLaw& law = laws->classes[k];
        law = laws_->classes[k];
        law.share = (c.total + kSharePairs * start.share) / (delays->total + kSharePairs);
        if (k == static_cast<std::size_t>(RelayClass::other)) { continue; }  // whatever it is, there is nothing in it to learn
        law.up.table = c.up.with_prior(start.up.table, byte_place, kByteReaches);
        law.down.table = c.down.with_prior(start.down.table, byte_place, kByteReaches);
        // The tables were gathered around the slopes of before: both settle together over the steps.
        if (!law.up.plain()) { c.up_slope.apply(law.up, start.up); }
        if (!law.down.plain()) { c.down_slope.apply(law.down, start.down); }
        set_highest(law);
    }
    return RecordModel(std::move(laws));
}

}  // namespace hw::trace
