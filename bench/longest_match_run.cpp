// longest_match_run [--prefixes FILE] [--hosts N] [--seed N]: builds the read-only table from a full routing table and times look-ups
// beside the trie and, where it was built with it, DPDK's rte_fib. Without a file (one prefix a line) the table is made up, in the
// shape of one of 2015; N single hosts within its prefixes are added. Prints Markdown; every rate is a median in processor time of
// one core.

#include "longest_match_rival.hpp"
#include "net/longest_match.hpp"
#include "net/prefix_map.hpp"
#include "routing_table.hpp"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace hw;
using net::Address;
using net::LongestMatch;
using net::Prefix;

namespace {

constexpr std::size_t kAsked = std::size_t{1} << 22U;
constexpr std::size_t kBatch = 4096;
constexpr int kRuns = 9;

double cpu_seconds() {
    timespec at{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

std::size_t heap_bytes() {
    const struct mallinfo2 now = mallinfo2();
    return now.uordblks + now.hblkhd;
}

struct Figure {
    double median = 0;
    double least = 0;
    double most = 0;
};

Figure figure_of(std::vector<double> each) {
    std::ranges::sort(each);
    return {each[each.size() / 2], each.front(), each.back()};
}

/// What building one of them took, the median where it was built several times.
struct Built {
    double seconds = 0;
    double bytes = 0;
};

struct Call {
    std::string name;
    const Built* built = nullptr;           ///< None where an earlier row says it.
    std::function<void(std::size_t)> find;  ///< Looks up the batch that begins there.
    std::size_t asked = kAsked;
};

/// Million look-ups a second of processor time for each: all take turns, so that a busy moment of the machine strikes all alike.
std::vector<Figure> rates_of(const std::vector<Call>& calls) {
    std::vector<std::vector<double>> each(calls.size());
    for (int run = 0; run < kRuns; ++run) {
        for (std::size_t c = 0; c < calls.size(); ++c) {
            // The caches hold what the one before left there: so many batches are not counted.
            for (std::size_t at = 0; at < calls[c].asked / 8; at += kBatch) { calls[c].find(at); }
            const double began = cpu_seconds();
            for (std::size_t at = 0; at < calls[c].asked; at += kBatch) { calls[c].find(at); }
            each[c].push_back(static_cast<double>(calls[c].asked) / (cpu_seconds() - began) * 1e-6);
        }
    }
    std::vector<Figure> figures;
    figures.reserve(each.size());
    for (auto& rates : each) { figures.push_back(figure_of(std::move(rates))); }
    return figures;
}

void print(bool v4, const std::vector<Call>& calls, const std::array<std::vector<Figure>, 2>& rates) {
    std::printf("| %s | build | memory | M a second, %s | LongestMatch to it | M a second, within prefixes | LongestMatch to it |\n|---|---|---|---|---|---|---|\n", v4 ? "IPv4" : "IPv6",
                v4 ? "any address" : "within 2000::/3");
    for (std::size_t c = 0; c < calls.size(); ++c) {
        std::printf("| %s |", calls[c].name.c_str());
        if (const Built* const built = v4 ? calls[c].built : nullptr) { std::printf(" %.3f s | %.2f MB |", built->seconds, built->bytes * 1e-6); }
        else { std::printf(" | |"); }
        for (const std::vector<Figure>& figures : rates) {
            std::printf(" %.1f (%.1f to %.1f) | %.2f |", figures[c].median, figures[c].least, figures[c].most, figures.front().median / figures[c].median);
        }
        std::printf("\n");
    }
    std::printf("\n");
}

/// All that are measured, over one list of prefixes.
class Comparison {
public:
    explicit Comparison(std::span<const Prefix> all) : all_(all), v4_alone_(net::match_runs(all, true)) {
        std::vector<double> builds;
        for (int i = 0; i < kRuns; ++i) {
            const double began = cpu_seconds();
            table_ = LongestMatch::build(all).value();
            builds.push_back(cpu_seconds() - began);
        }
        table_built_ = {figure_of(builds).median, static_cast<double>(table_.bytes())};
        const std::size_t heap_before = heap_bytes();
        double began = cpu_seconds();
        for (std::size_t i = 0; i < all.size(); ++i) { map_.insert_or_assign(all[i], static_cast<std::uint32_t>(i)); }
        map_built_ = {cpu_seconds() - began, static_cast<double>(heap_bytes() - heap_before)};
        if (!start_fib_rival()) { return; }
        began = cpu_seconds();
        fib_ = make_fib_rival(all);
        if (fib_) { fib_built_ = {cpu_seconds() - began, fib_->bytes()}; }
    }

    /// False where they do not agree, for then no figure means anything.
    bool run(bool v4, std::mt19937_64& random) {
        std::array<std::vector<Figure>, 2> rates;
        std::vector<Call> calls;
        for (const bool inside : {false, true}) {
            asked_ = drawn_addresses(all_, v4, inside, kAsked, random);
            numbers_.clear();
            numbers_.reserve(kAsked);
            for (const Address& a : asked_) { numbers_.push_back(a.v4_bits()); }
            mixed_ = asked_;
            for (std::size_t i = 0; i < mixed_.size(); i += 2) { mixed_[i] = Address::v4(static_cast<std::uint32_t>(random())); }
            calls = v4 ? v4_calls() : v6_calls();
            rates[inside] = rates_of(calls);
            if (!agree(v4)) { return false; }
        }
        print(v4, calls, rates);
        return true;
    }

    [[nodiscard]] std::uint64_t sum() const { return sum_; }

private:
    std::span<const std::uint32_t> numbers(std::size_t at) const { return std::span(numbers_).subspan(at, kBatch); }
    std::span<const Address> addresses(std::size_t at) const { return std::span(asked_).subspan(at, kBatch); }
    std::uint32_t of_map(const Address& a) const {
        const auto match = map_.longest_match(a);
        return match ? *match->value : LongestMatch::kNone;
    }

    std::vector<Call> v4_calls() {
        std::vector<Call> calls{{"LongestMatch, batch", &table_built_, [this](std::size_t at) { table_.find(numbers(at), out_); }},
                                {"LongestMatch, batch of `Address`", nullptr, [this](std::size_t at) { table_.find(addresses(at), out_); }},
                                one_by_one(),
                                {"LongestMatch, batch, without popcnt", nullptr, [this](std::size_t at) { v4_alone_.find(numbers(at), out_, net::RunBitmap::kernels().front()); }},
                                map_call()};
        for (const bool vector : {false, true}) {
            if (!fib_ || !fib_->choose_vector(vector)) { continue; }
            calls.push_back({vector ? "rte_fib, DIR24_8, AVX-512" : "rte_fib, DIR24_8, scalar", vector ? nullptr : &fib_built_, [this, vector](std::size_t at) {
                                 fib_->choose_vector(vector);
                                 fib_->find(numbers(at), wide_);
                             }});
        }
        return calls;
    }
    std::vector<Call> v6_calls() {
        return {{"LongestMatch, batch", nullptr, [this](std::size_t at) { table_.find(addresses(at), out_); }},
                {"LongestMatch, batch, every other IPv4", nullptr, [this](std::size_t at) { table_.find(std::span<const Address>(mixed_).subspan(at, kBatch), out_); }},
                one_by_one(),
                map_call()};
    }
    Call one_by_one() {
        return {"LongestMatch, one by one", nullptr, [this](std::size_t at) {
                    for (const Address& a : addresses(at)) { sum_ += table_.find(a); }
                }};
    }
    Call map_call() {
        return {"PrefixMap", &map_built_,
                [this](std::size_t at) {
                    for (const Address& a : addresses(at)) { sum_ += of_map(a); }
                },
                kAsked / 8};
    }

    bool agree(bool v4) {
        for (std::size_t at = 0; at < kAsked / 8; at += kBatch) {
            table_.find(addresses(at), out_);
            if (v4 && fib_) { fib_->find(numbers(at), wide_); }
            for (std::size_t i = 0; i < kBatch; ++i) {
                const std::uint32_t wanted = of_map(asked_[at + i]);
                if (out_[i] == wanted && (!v4 || !fib_ || wide_[i] == (wanted == LongestMatch::kNone ? FibRival::kNone : wanted))) { continue; }
                std::printf("they differ at %s: %u, not %u\n", to_string(asked_[at + i]).c_str(), out_[i], wanted);
                return false;
            }
        }
        return true;
    }

    std::span<const Prefix> all_;
    LongestMatch table_;
    net::RunBitmap v4_alone_;
    net::PrefixMap<std::uint32_t> map_;
    std::unique_ptr<FibRival> fib_;
    Built table_built_;
    Built map_built_;
    Built fib_built_;
    std::vector<Address> asked_;
    std::vector<std::uint32_t> numbers_;
    std::vector<Address> mixed_;
    std::vector<std::uint32_t> out_ = std::vector<std::uint32_t>(kBatch);
    std::vector<std::uint64_t> wide_ = std::vector<std::uint64_t>(kBatch);
    std::uint64_t sum_ = 0;  // so that nothing is optimised away
};

}  // namespace

int main(int count, char** given) {
    std::uint64_t seed = 1;
    std::size_t hosts = 0;
    std::string file;
    for (int i = 1; i + 1 < count; i += 2) {
        if (std::string(given[i]) == "--prefixes") { file = given[i + 1]; }
        else if (std::string(given[i]) == "--hosts") { hosts = std::strtoull(given[i + 1], nullptr, 10); }
        else if (std::string(given[i]) == "--seed") { seed = std::strtoull(given[i + 1], nullptr, 10); }
    }
    std::mt19937_64 random(seed + 1);
    std::vector<Prefix> all = file.empty() ? made_up_table(seed) : read_table(file);
    add_hosts(all, hosts, random);
    std::ranges::shuffle(all, random);  // or sorting would cost nothing
    const auto v4 = std::ranges::count(all, true, &Prefix::is_v4);
    std::printf("%td IPv4 and %td IPv6 prefixes, in no order; %zu addresses asked in batches of %zu, median (least to most) of %d runs that take turns, processor time of one core\n\n", v4,
                std::ssize(all) - v4, kAsked, kBatch, kRuns);
    Comparison comparison(all);
    if (v4 > 0 && !comparison.run(true, random)) { return 1; }
    if (v4 < std::ssize(all) && !comparison.run(false, random)) { return 1; }
    return comparison.sum() == 0 ? 1 : 0;
}
