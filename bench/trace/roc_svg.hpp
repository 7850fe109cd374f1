#pragma once

#include "roc.hpp"

#include <string>
#include <vector>

namespace hw::bench {

/// One curve of a chart.
struct RocCurve {
    std::string name;
    std::vector<Roc::Step> steps;
};

/// ROC curves as an SVG image: false-positive rate on a logarithmic axis down to the power of ten below 1/`negatives`, true-positive
/// rate from 0 to 1, dark on white, the legend beside the plot in the curves' order, `subtitle` under the title. Rates that
/// `negatives` do not resolve (fewer than ten false positives expected) lie on a grey ground. The same input gives the same bytes.
[[nodiscard]] std::string roc_svg(const std::string& title, const std::string& subtitle, const std::vector<RocCurve>& curves,
                                  std::size_t negatives);

namespace detail {
/// `text` for an SVG text node or attribute.
[[nodiscard]] std::string xml_escaped(const std::string& text);
}  // namespace detail

}  // namespace hw::bench
