#include "longest_match_rival.hpp"

#include <rte_eal.h>
#include <rte_fib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string>

using hw::net::Prefix;

namespace {

class DpdkFib final : public FibRival {
public:
    DpdkFib(rte_fib* fib, std::size_t groups) : fib_(fib), groups_(groups) {}
    DpdkFib(const DpdkFib&) = delete;
    DpdkFib& operator=(const DpdkFib&) = delete;
    ~DpdkFib() override { rte_fib_free(fib_); }

    void find(std::span<const std::uint32_t> addresses, std::span<std::uint64_t> out) override {
        constexpr std::size_t kBurst = 64;  // its widest and fastest
        for (std::size_t i = 0; i + kBurst <= addresses.size(); i += kBurst) {
            std::array<std::uint32_t, kBurst> burst;  // its interface wants them writable
            std::ranges::copy(addresses.subspan(i, kBurst), burst.begin());
            rte_fib_lookup_bulk(fib_, burst.data(), out.data() + i, kBurst);
        }
    }
    /// Four bytes for each of 2²⁴ /24, and for each address of one that longer prefixes divide.
    [[nodiscard]] double bytes() const override { return 4.0 * (0x1p24 + 256.0 * static_cast<double>(groups_)); }
    bool choose_vector(bool vector) override { return rte_fib_select_lookup(fib_, vector ? RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512 : RTE_FIB_LOOKUP_DIR24_8_SCALAR_MACRO) == 0; }

private:
    rte_fib* fib_;
    std::size_t groups_;
};

}  // namespace

bool start_fib_rival() {
    std::array<std::string, 8> words{"longest_match_run", "--no-huge", "-m", "2048", "--no-pci", "--no-telemetry", "--log-level=error", "--force-max-simd-bitwidth=512"};
    std::array<char*, words.size()> given{};
    for (std::size_t i = 0; i < words.size(); ++i) { given[i] = words[i].data(); }
    return rte_eal_init(static_cast<int>(given.size()), given.data()) >= 0;
}

std::unique_ptr<FibRival> make_fib_rival(std::span<const Prefix> prefixes) {
    std::set<std::uint32_t> divided;
    for (const Prefix& p : prefixes) {
        if (p.is_v4() && p.length() > 24) { divided.insert(p.address().v4_bits() >> 8U); }
    }
    rte_fib_conf conf{};
    conf.type = RTE_FIB_DIR24_8;
    conf.default_nh = FibRival::kNone;
    conf.max_routes = 1 << 21;
    conf.dir24_8.nh_sz = RTE_FIB_DIR24_8_4B;
    conf.dir24_8.num_tbl8 = static_cast<std::uint32_t>(divided.size() + 1024);
    static int made = 0;
    rte_fib* const fib = rte_fib_create(("rival" + std::to_string(made++)).c_str(), -1, &conf);
    if (fib == nullptr) { return nullptr; }
    auto rival = std::make_unique<DpdkFib>(fib, divided.size());
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
        if (!prefixes[i].is_v4()) { continue; }
        if (rte_fib_add(fib, prefixes[i].address().v4_bits(), static_cast<std::uint8_t>(prefixes[i].length()), i) != 0) { return nullptr; }
    }
    return rival;
}
