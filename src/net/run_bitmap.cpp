#include "net/run_bitmap.hpp"

#include <algorithm>
#include <array>

namespace hw::net {
namespace {
namespace run_bitmap_detail {

constexpr std::size_t kOuterWords = std::size_t{1} << 18U;
constexpr std::size_t kGroupWords = 4;

/// Bits set, for processors that have no instruction for it (Hacker's Delight, 5-1).
struct CountPortable {
    [[gnu::always_inline]] static std::uint64_t of(std::uint64_t x) {
        x -= (x >> 1U) & 0x5555'5555'5555'5555ULL;
        x = (x & 0x3333'3333'3333'3333ULL) + ((x >> 2U) & 0x3333'3333'3333'3333ULL);
        return (((x + (x >> 4U)) & 0x0f0f'0f0f'0f0f'0f0fULL) * 0x0101'0101'0101'0101ULL) >> 56U;
    }
};

/// Inlined into a function for processors with `popcnt`, it is that instruction.
struct CountBuiltin {
    [[gnu::always_inline]] static std::uint64_t of(std::uint64_t x) { return static_cast<std::uint64_t>(__builtin_popcountll(x)); }
};

}  // namespace run_bitmap_detail
}  // namespace

/// The look-up itself; always inlined, so that it is compiled for the processor of the function that it stands in.
struct RunBitmap::Lookup {
    template <typename Count>
    [[gnu::always_inline]] static std::uint32_t place(const RunBitmap& table, std::size_t word, unsigned bit) {
        return table.before_.data()[word] + static_cast<std::uint32_t>(Count::of(table.begins_.data()[word] << (63U - bit)));
    }
    /// Where the value of the address's /24 stands.
    template <typename Count>
    [[gnu::always_inline]] static std::uint32_t outer(const RunBitmap& table, std::uint32_t address) {
        return place<Count>(table, address >> 14U, (address >> 8U) & 63U);
    }
    /// Where that of the address within a group stands.
    template <typename Count>
    [[gnu::always_inline]] static std::uint32_t inner(const RunBitmap& table, std::uint32_t group, std::uint32_t address) {
        using run_bitmap_detail::kGroupWords;
        return place<Count>(table, run_bitmap_detail::kOuterWords + std::size_t{group & ~MatchRuns::kGroup} * kGroupWords + ((address >> 6U) & 3U), address & 63U);
    }
    template <typename Count>
    [[gnu::always_inline]] static std::uint32_t one(const RunBitmap& table, std::uint32_t address) {
        const std::uint32_t* const values = table.values_.data();
        const std::uint32_t value = values[outer<Count>(table, address)];
        return MatchRuns::is_group(value) ? values[inner<Count>(table, value, address)] : value;
    }
    /// A block at a time: first where all values stand, then the values, then once more for those in groups. Nothing waits for what
    /// was loaded just before and nothing branches on it, so that the processor has the memory of many look-ups under way at once.
    template <typename Count>
    [[gnu::always_inline]] static void many(const RunBitmap& table, std::span<const std::uint32_t> addresses, std::uint32_t* out) {
        constexpr std::size_t kBlock = 128;
        std::array<std::uint32_t, kBlock> places;
        std::array<std::uint32_t, kBlock> grouped;
        const std::uint32_t* const values = table.values_.data();
        for (std::size_t begin = 0; begin < addresses.size(); begin += kBlock) {
            const std::span<const std::uint32_t> block = addresses.subspan(begin, std::min(kBlock, addresses.size() - begin));
            std::uint32_t* const found = out + begin;
            for (std::size_t i = 0; i < block.size(); ++i) {
                places[i] = outer<Count>(table, block[i]);
                __builtin_prefetch(values + places[i]);
            }
            std::size_t waiting = 0;
            for (std::size_t i = 0; i < block.size(); ++i) {
                const std::uint32_t value = values[places[i]];
                found[i] = value;
                grouped[waiting] = static_cast<std::uint32_t>(i);
                waiting += MatchRuns::is_group(value) ? 1U : 0U;
            }
            for (std::size_t i = 0; i < waiting; ++i) {
                places[i] = inner<Count>(table, found[grouped[i]], block[grouped[i]]);
                __builtin_prefetch(values + places[i]);
            }
            for (std::size_t i = 0; i < waiting; ++i) { found[grouped[i]] = values[places[i]]; }
        }
    }

    static std::uint32_t one_portable(const RunBitmap& table, std::uint32_t address) { return one<run_bitmap_detail::CountPortable>(table, address); }
    static void many_portable(const RunBitmap& table, std::span<const std::uint32_t> addresses, std::uint32_t* out) {
        many<run_bitmap_detail::CountPortable>(table, addresses, out);
    }
#if defined(__x86_64__)
    [[gnu::target("popcnt")]] static std::uint32_t one_popcnt(const RunBitmap& table, std::uint32_t address) { return one<run_bitmap_detail::CountBuiltin>(table, address); }
    [[gnu::target("popcnt")]] static void many_popcnt(const RunBitmap& table, std::span<const std::uint32_t> addresses, std::uint32_t* out) {
        many<run_bitmap_detail::CountBuiltin>(table, addresses, out);
    }
#endif
};

RunBitmap::RunBitmap(const MatchRuns& runs) {
    if (runs.outer.size() == 1 && runs.outer.front().value == kNoMatch) { return; }
    const std::size_t words = run_bitmap_detail::kOuterWords + (runs.groups.size() - 1) * run_bitmap_detail::kGroupWords;
    begins_.resize(words);
    before_.resize(words);
    values_.reserve(1 + runs.outer.size() + runs.inner.size());
    values_.push_back(kNoMatch);
    const auto begin_at = [&](std::uint64_t bit, std::uint32_t value) {
        begins_[bit / 64] |= std::uint64_t{1} << bit % 64;
        values_.push_back(value);
    };
    for (const MatchRuns::Run& run : runs.outer) { begin_at(run.first, run.value); }
    for (std::size_t g = 0; g + 1 < runs.groups.size(); ++g) {
        const std::uint64_t group_begins = (run_bitmap_detail::kOuterWords + g * run_bitmap_detail::kGroupWords) * 64;
        for (const MatchRuns::Run& run : runs.group(g)) { begin_at(group_begins + run.first, run.value); }
    }
    std::uint64_t before = 0;
    for (std::size_t w = 0; w < words; ++w) {
        before_[w] = static_cast<std::uint32_t>(before);
        before += run_bitmap_detail::CountPortable::of(begins_[w]);
    }
}

std::vector<RunBitmap::Kernel> RunBitmap::kernels() {
    std::vector<Kernel> kernels{{"portable", Lookup::one_portable, Lookup::many_portable}};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("popcnt") != 0) { kernels.push_back({"popcnt", Lookup::one_popcnt, Lookup::many_popcnt}); }
#endif
    return kernels;
}

namespace {
namespace run_bitmap_detail {

const RunBitmap::Kernel& best() {
    static const RunBitmap::Kernel kernel = RunBitmap::kernels().back();
    return kernel;
}

}  // namespace run_bitmap_detail
}  // namespace

std::uint32_t RunBitmap::find(std::uint32_t address) const { return begins_.empty() ? kNoMatch : run_bitmap_detail::best().one(*this, address); }

void RunBitmap::find(std::span<const std::uint32_t> addresses, std::span<std::uint32_t> out) const { find(addresses, out, run_bitmap_detail::best()); }

void RunBitmap::find(std::span<const std::uint32_t> addresses, std::span<std::uint32_t> out, const Kernel& kernel) const {
    const std::size_t count = std::min(addresses.size(), out.size());
    if (begins_.empty()) { std::ranges::fill(out.first(count), kNoMatch); }
    else { kernel.many(*this, addresses.first(count), out.data()); }
}

std::size_t RunBitmap::bytes() const { return begins_.size() * sizeof(std::uint64_t) + (before_.size() + values_.size()) * sizeof(std::uint32_t); }

}  // namespace hw::net
