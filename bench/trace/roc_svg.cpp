#include "roc_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace hw::bench {

namespace {

constexpr double kWidth = 860;
constexpr double kHeight = 500;
constexpr double kLeft = 64;
constexpr double kRight = 600;   // of the plot; the legend stands to its right
constexpr double kTop = 72;
constexpr double kBottom = 440;

struct Look {
    const char* colour;
    const char* dash;
    double width;
};

/// The first curve is ours: drawn thicker. Colours from Okabe and Ito's palette, which people who see colours differently can
/// tell apart; the dashes tell them apart without any.
constexpr std::array<Look, 10> kLooks{{
    {"#0b3d91", "", 3.2},
    {"#0072b2", "7 3", 2.2},
    {"#56b4e9", "2 3", 2.2},
    {"#d55e00", "", 1.8},
    {"#e69f00", "6 3", 1.8},
    {"#009e73", "", 1.8},
    {"#2f6b2f", "6 3", 1.8},
    {"#7a9a01", "2 3", 1.8},
    {"#cc79a7", "", 1.8},
    {"#555555", "4 3", 1.8},
}};

std::string power(int exponent) {
    if (exponent == 0) { return "1"; }
    return fmt::format("10<tspan dy=\"-6\" font-size=\"10\">\u2212{}</tspan>", -exponent);
}

}  // namespace

namespace detail {

std::string xml_escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

}  // namespace detail

std::string roc_svg(const std::string& title, const std::string& subtitle, const std::vector<RocCurve>& curves, std::size_t negatives) {
    const int lowest = negatives > 0 ? -static_cast<int>(std::ceil(std::log10(static_cast<double>(negatives)) - 1e-9)) : -1;
    const auto x_of = [&](double rate) {
        const double at = std::log10(std::clamp(rate, std::pow(10.0, lowest), 1.0));
        return kLeft + (at - lowest) / static_cast<double>(-std::min(lowest, -1)) * (kRight - kLeft);
    };
    const auto y_of = [&](double rate) { return kBottom - rate * (kBottom - kTop); };

    std::string svg;
    auto out = std::back_inserter(svg);
    fmt::format_to(out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
                   "font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#1a1a1a\">\n<title>{2}</title>\n"
                   "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
                   kWidth, kHeight, detail::xml_escaped(title));
    fmt::format_to(out, "<text x=\"{}\" y=\"28\" font-size=\"17\" font-weight=\"600\">{}</text>\n", kLeft, detail::xml_escaped(title));
    fmt::format_to(out, "<text x=\"{}\" y=\"50\" fill=\"#444444\">{}</text>\n", kLeft, detail::xml_escaped(subtitle));

    const double resolved = negatives > 0 ? std::min(1.0, 10.0 / static_cast<double>(negatives)) : 1.0;
    fmt::format_to(out, "<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"#efefef\"/>\n", kLeft, kTop, x_of(resolved) - kLeft,
                   kBottom - kTop);
    for (int e = lowest; e <= 0; ++e) {
        const double x = x_of(std::pow(10.0, e));
        fmt::format_to(out, "<path d=\"M{0:.1f} {1}V{2}\" stroke=\"#c8c8c8\"/>\n<text x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4}</text>\n", x,
                       kTop, kBottom, kBottom + 22, power(e));
    }
    for (int k = 0; k <= 5; ++k) {
        const double y = y_of(k / 5.0);
        fmt::format_to(out, "<path d=\"M{} {:.1f}H{}\" stroke=\"#c8c8c8\"/>\n<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:.1f}</text>\n", kLeft, y,
                       kRight, kLeft - 8, y + 4.5, k / 5.0);
    }
    fmt::format_to(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">false-positive rate (grey: fewer than ten expected)</text>\n", (kLeft + kRight) / 2,
                   kBottom + 46);
    fmt::format_to(out, "<text transform=\"translate(20 {}) rotate(-90)\" text-anchor=\"middle\">true-positive rate</text>\n", (kTop + kBottom) / 2);

    for (std::size_t k = curves.size(); k-- > 0;) {  // ours last, on top
        const Look& look = kLooks[k % kLooks.size()];
        std::string path;
        for (std::size_t s = 0; s < curves[k].steps.size(); ++s) {
            const auto& step = curves[k].steps[s];
            const double x = x_of(step.false_rate);
            if (s == 0) {
                fmt::format_to(std::back_inserter(path), "M{:.1f} {:.1f}", kLeft, y_of(step.true_rate));
            } else {
                fmt::format_to(std::back_inserter(path), "H{:.1f}V{:.1f}", x, y_of(step.true_rate));
            }
        }
        if (!path.empty()) { fmt::format_to(std::back_inserter(path), "H{:.1f}", kRight); }
        fmt::format_to(out, "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{}/>\n", path, look.colour, look.width,
                       look.dash[0] != '\0' ? fmt::format(" stroke-dasharray=\"{}\"", look.dash) : "");
        const double y = kTop + 12 + 24 * static_cast<double>(k);
        fmt::format_to(out, "<path d=\"M{} {:.1f}h34\" stroke=\"{}\" stroke-width=\"{}\"{}/>\n<text x=\"{}\" y=\"{:.1f}\">{}</text>\n", kRight + 22, y,
                       look.colour, look.width, look.dash[0] != '\0' ? fmt::format(" stroke-dasharray=\"{}\"", look.dash) : "", kRight + 64, y + 4.5,
                       detail::xml_escaped(curves[k].name));
    }
    svg += "</svg>\n";
    return svg;
}

}  // namespace hw::bench
