#include "net/registry/stretches.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <tuple>

namespace hw::net {
namespace {
namespace stretches_detail {

std::uint64_t ones(unsigned bits) { return bits == 0 ? 0 : bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1; }

/// How many addresses come after the first, as two halves.
std::pair<std::uint64_t, std::uint64_t> width(const Stretches::Stretch& s) {
    const std::uint64_t borrow = s.second.low() < s.first.low() ? 1 : 0;
    return {s.second.high() - s.first.high() - borrow, s.second.low() - s.first.low()};
}

}  // namespace stretches_detail
}  // namespace

Address last_address(const Prefix& prefix) {
    using stretches_detail::ones;
    const unsigned host = (prefix.is_v4() ? 32U : 128U) - prefix.length();
    return Address::v6(prefix.address().high() | (host > 64 ? ones(host - 64) : 0), prefix.address().low() | ones(std::min(host, 64U)));
}

std::vector<Prefix> prefixes_between(const Address& first, const Address& last) {
    std::vector<Prefix> out;
    const bool v4 = first.is_v4();
    const unsigned bits = v4 ? 32 : 128;
    Address at = first;
    while (true) {
        // The largest prefix that begins here, made smaller until it does not pass the end.
        const unsigned zeros = at.low() != 0 ? static_cast<unsigned>(std::countr_zero(at.low())) : 64U + static_cast<unsigned>(std::countr_zero(at.high()));
        unsigned length = bits - std::min(zeros, bits);
        const auto prefix = [&](unsigned of) { return v4 ? Prefix::v4(at.v4_bits(), of) : Prefix::v6(at.high(), at.low(), of); };
        while (last_address(prefix(length)) > last) { ++length; }
        out.push_back(prefix(length));
        const Address end = last_address(out.back());
        if (end >= last) { return out; }
        at = Address::v6(end.high() + (end.low() == ~std::uint64_t{0} ? 1 : 0), end.low() + 1);
    }
}

Result<Stretches> Stretches::build(std::span<const Stretch> stretches) {
    // The table's last of equal prefixes counts: so the wide ones come first, and of equally wide ones the earlier.
    std::vector<std::uint32_t> order(stretches.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::uint32_t i) { return stretches_detail::width(stretches[i]); });
    Stretches out;
    std::vector<Prefix> prefixes;
    prefixes.reserve(stretches.size() + stretches.size() / 4);
    for (const std::uint32_t i : order) {
        for (const Prefix& prefix : prefixes_between(stretches[i].first, stretches[i].second)) {
            if (prefixes.size() >= LongestMatch::kMaxPrefixes) { return fail(Errc::limit, "the stretches of addresses come to more prefixes than a table holds", {}, "give fewer of them"); }
            prefixes.push_back(prefix);
            out.of_prefix_.push_back(i);
        }
    }
    HW_TRY(out.longest_, LongestMatch::build(prefixes));
    return out;
}

std::uint32_t Stretches::find(const Address& address) const {
    const std::uint32_t at = longest_.find(address);
    return at == LongestMatch::kNone ? kNone : of_prefix_[at];
}

}  // namespace hw::net
