#include "trace/dot_kernel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#if defined(__x86_64__)
#include <immintrin.h>
#define HW_DOT_X86 1
#endif

namespace hw::trace {

namespace {
namespace dot_kernels_of {

void portable(const std::int8_t* a, const std::int8_t* b, std::size_t terms, std::size_t lags, std::int32_t* out) {
    for (std::size_t l = 0; l < lags; ++l) {
        std::int32_t sum = 0;
        for (std::size_t k = 0; k < terms; ++k) { sum += std::int32_t{a[k]} * std::int32_t{b[k + l]}; }
        out[l] = sum;
    }
}

constexpr std::size_t kBlockBytes = kDotRow * kRowsABlock;

void portable_rows(const std::int8_t* query, const std::int8_t* rows, std::size_t blocks, std::int32_t* out) {
    for (std::size_t i = 0; i < blocks; ++i, rows += kBlockBytes, out += kRowsABlock) {
        for (std::size_t r = 0; r < kRowsABlock; ++r) {
            std::int32_t sum = 0;
            for (std::size_t k = 0; k < kDotRow; ++k) { sum += std::int32_t{query[k]} * std::int32_t{rows[k / 4 * 64 + 4 * r + k % 4]}; }
            out[r] = sum;
        }
    }
}

#ifdef HW_DOT_X86

/// Four values as one word, to be repeated all over a register.
inline std::int32_t word_at(const std::int8_t* from) {
    std::array<std::int8_t, 4> four;
    std::copy_n(from, 4, four.begin());
    return std::bit_cast<std::int32_t>(four);
}

/// Loads that need no alignment. The intrinsics take pointers to vectors; this is the one place where bytes become them.
__attribute__((target("avx2"))) inline __m256i load_32(const std::int8_t* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(from)));
}
__attribute__((target("avx512f,avx512bw"))) inline __m512i load_64(const std::int8_t* from) {
    return _mm512_loadu_si512(static_cast<const void*>(from));
}

__attribute__((target("avx2"))) inline std::int32_t sum_of(__m256i v) {
    const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    const __m128i quarter = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(quarter, _mm_shuffle_epi32(quarter, 0xB1)));
}

/// Lags side by side, so that what is loaded of `a` serves several.
constexpr std::size_t kAbreast = 4;

/// |a|·(b with a's sign): the instruction multiplies unsigned by signed bytes. Two products, 2·127², just fit 16 bits.
template <std::size_t Count>
__attribute__((target("avx2"))) void avx2_lags(const std::int8_t* a, const std::int8_t* b, std::size_t terms, std::int32_t* out) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sums[Count];
    for (auto& sum : sums) { sum = _mm256_setzero_si256(); }
    for (std::size_t k = 0; k < terms; k += 32) {
        const __m256i x = load_32(a + k);
        const __m256i size = _mm256_abs_epi8(x);
        for (std::size_t l = 0; l < Count; ++l) {
            const __m256i y = _mm256_sign_epi8(load_32(b + k + l), x);
            sums[l] = _mm256_add_epi32(sums[l], _mm256_madd_epi16(_mm256_maddubs_epi16(size, y), ones));
        }
    }
    for (std::size_t l = 0; l < Count; ++l) { out[l] = sum_of(sums[l]); }
}

void avx2(const std::int8_t* a, const std::int8_t* b, std::size_t terms, std::size_t lags, std::int32_t* out) {
    std::size_t l = 0;
    for (; l + kAbreast <= lags; l += kAbreast) { avx2_lags<kAbreast>(a, b + l, terms, out + l); }
    for (; l < lags; ++l) { avx2_lags<1>(a, b + l, terms, out + l); }
}

__attribute__((target("avx2"))) void avx2_rows(const std::int8_t* query, const std::int8_t* rows, std::size_t blocks, std::int32_t* out) {
    const __m256i ones = _mm256_set1_epi16(1);
    for (std::size_t i = 0; i < blocks; ++i, rows += kBlockBytes, out += kRowsABlock) {
        __m256i low = _mm256_setzero_si256();
        __m256i high = _mm256_setzero_si256();
        for (std::size_t k = 0; k < kDotRow; k += 4) {
            const __m256i q = _mm256_set1_epi32(word_at(query + k));
            const __m256i size = _mm256_abs_epi8(q);
            const __m256i x = _mm256_sign_epi8(load_32(rows + 16 * k), q);
            const __m256i y = _mm256_sign_epi8(load_32(rows + 16 * k + 32), q);
            low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_maddubs_epi16(size, x), ones));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_maddubs_epi16(size, y), ones));
        }
        _mm256_storeu_si256(static_cast<__m256i*>(static_cast<void*>(out)), low);
        _mm256_storeu_si256(static_cast<__m256i*>(static_cast<void*>(out + 8)), high);
    }
}

template <std::size_t Blocks>
__attribute__((target("avx512f,avx512bw,avx512vnni"))) void vnni_blocks(const std::int8_t* query, const std::int8_t* rows, std::int32_t* out) {
    const __m512i zero = _mm512_setzero_si512();
    __m512i sums[Blocks];
    for (auto& sum : sums) { sum = zero; }
    for (std::size_t k = 0; k < kDotRow; k += 4) {
        const __m512i q = _mm512_set1_epi32(word_at(query + k));
        const __m512i size = _mm512_abs_epi8(q);
        const __mmask64 negative = _mm512_movepi8_mask(q);
        for (std::size_t i = 0; i < Blocks; ++i) {
            const __m512i y = load_64(rows + i * kBlockBytes + 16 * k);
            sums[i] = _mm512_dpbusd_epi32(sums[i], size, _mm512_mask_sub_epi8(y, negative, zero, y));
        }
    }
    for (std::size_t i = 0; i < Blocks; ++i) { _mm512_storeu_si512(out + i * kRowsABlock, sums[i]); }
}

void avx512_vnni_rows(const std::int8_t* query, const std::int8_t* rows, std::size_t blocks, std::int32_t* out) {
    std::size_t i = 0;
    for (; i + kAbreast <= blocks; i += kAbreast) { vnni_blocks<kAbreast>(query, rows + i * kBlockBytes, out + i * kRowsABlock); }
    for (; i < blocks; ++i) { vnni_blocks<1>(query, rows + i * kBlockBytes, out + i * kRowsABlock); }
}

template <std::size_t Count>
__attribute__((target("avx512f,avx512bw,avx512vnni"))) void vnni_lags(const std::int8_t* a, const std::int8_t* b, std::size_t terms,
                                                                      std::int32_t* out) {
    const __m512i zero = _mm512_setzero_si512();
    __m512i sums[Count];
    for (auto& sum : sums) { sum = zero; }
    for (std::size_t k = 0; k < terms; k += 64) {
        const __m512i x = load_64(a + k);
        const __m512i size = _mm512_abs_epi8(x);
        const __mmask64 negative = _mm512_movepi8_mask(x);
        for (std::size_t l = 0; l < Count; ++l) {
            const __m512i y = load_64(b + k + l);
            sums[l] = _mm512_dpbusd_epi32(sums[l], size, _mm512_mask_sub_epi8(y, negative, zero, y));
        }
    }
    for (std::size_t l = 0; l < Count; ++l) {  // not _mm512_reduce_add_epi32: g++ 12 warns of its insides
        std::array<std::int32_t, 16> parts;
        _mm512_storeu_si512(parts.data(), sums[l]);
        out[l] = std::accumulate(parts.begin(), parts.end(), 0);
    }
}

void avx512_vnni(const std::int8_t* a, const std::int8_t* b, std::size_t terms, std::size_t lags, std::int32_t* out) {
    constexpr std::size_t kWide = 2 * kAbreast;
    std::size_t l = 0;
    for (; l + kWide <= lags; l += kWide) { vnni_lags<kWide>(a, b + l, terms, out + l); }
    for (; l < lags; ++l) { vnni_lags<1>(a, b + l, terms, out + l); }
}

#endif

}  // namespace dot_kernels_of
}  // namespace

std::vector<DotKernel> dot_kernels() {
    std::vector<DotKernel> kernels{{"portable", dot_kernels_of::portable, dot_kernels_of::portable_rows}};
#ifdef HW_DOT_X86
    if (__builtin_cpu_supports("avx2") != 0) { kernels.push_back({"avx2", dot_kernels_of::avx2, dot_kernels_of::avx2_rows}); }
    if (__builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vnni") != 0) {
        kernels.push_back({"avx512-vnni", dot_kernels_of::avx512_vnni, dot_kernels_of::avx512_vnni_rows});
    }
#endif
    return kernels;
}

const DotKernel& dot_kernel() {
    static const DotKernel best = dot_kernels().back();
    return best;
}

}  // namespace hw::trace
