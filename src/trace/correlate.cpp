#include "trace/correlate.hpp"

#include <bit>
#include <complex>
#include <kissfft/kissfft.hh>

namespace hw::trace {

namespace detail {

std::vector<double> products_by_pairs(const SparseSeries& a, const SparseSeries& b) {
    const std::size_t n = a.size;
    std::vector<double> sums(n, 0.0);
    for (std::size_t i = 0; i < a.index.size(); ++i) {
        const double x = a.value[i];
        const std::size_t at = a.index[i];
        // Two runs, so that the inner loops need no remainder: b's bins before a's bin wrap around.
        std::size_t j = 0;
        for (; j < b.index.size() && b.index[j] < at; ++j) { sums[b.index[j] + n - at] += x * b.value[j]; }
        for (; j < b.index.size(); ++j) { sums[b.index[j] - at] += x * b.value[j]; }
    }
    return sums;
}

std::vector<double> products_by_transform(const SparseSeries& a, const SparseSeries& b) {
    using Complex = std::complex<double>;
    const std::size_t n = a.size;
    const std::size_t padded = std::bit_ceil(2 * n);
    std::vector<Complex> time(padded);
    std::vector<Complex> spectrum(padded);
    // Both real series ride on one transform: a as the real, b as the imaginary part.
    for (std::size_t i = 0; i < a.index.size(); ++i) { time[a.index[i]].real(a.value[i]); }
    for (std::size_t i = 0; i < b.index.size(); ++i) { time[b.index[i]].imag(b.value[i]); }
    kissfft<double>(padded, false).transform(time.data(), spectrum.data());
    for (std::size_t k = 0; k < padded; ++k) {
        const Complex here = spectrum[k];
        const Complex mirror = std::conj(spectrum[(padded - k) % padded]);
        const Complex of_a = 0.5 * (here + mirror);
        const Complex of_b = Complex(0, -0.5) * (here - mirror);
        time[k] = std::conj(of_a) * of_b;
    }
    kissfft<double>(padded, true).transform(time.data(), spectrum.data());
    std::vector<double> sums(n);
    const auto scale = 1.0 / static_cast<double>(padded);
    for (std::size_t l = 0; l < n; ++l) {
        // Lags l and l − n of the padded, hence linear, correlation are one lag of the circular one.
        sums[l] = (spectrum[l].real() + spectrum[(padded + l - n) % padded].real()) * scale;
    }
    return sums;
}

}  // namespace detail

std::vector<double> circular_correlation(const SparseSeries& a, const SparseSeries& b) {
    const std::size_t n = a.size;
    if (n == 0 || a.norm <= 0 || b.norm <= 0) { return {}; }
    // A transform costs about as much as 25·N·log2 N of the pairs' multiply-adds; the choice changes no figure.
    const std::size_t padded = std::bit_ceil(2 * n);
    const std::size_t transform_cost = 25 * padded * static_cast<std::size_t>(std::bit_width(padded));
    const bool sparse = a.index.size() * b.index.size() <= transform_cost;
    auto rho = sparse ? detail::products_by_pairs(a, b) : detail::products_by_transform(a, b);
    const double offset = static_cast<double>(n) * a.mean * b.mean;
    const double scale = 1.0 / (a.norm * b.norm);
    for (auto& r : rho) { r = (r - offset) * scale; }
    return rho;
}

}  // namespace hw::trace
