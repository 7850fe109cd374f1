#pragma once

#include "cut.hpp"

#include <cstddef>
#include <vector>

namespace hw::bench {

/// Zhang & Paxson, "Detecting Stepping Stones", USENIX Security 2000, section 4, with the constants that Zeek shipped until 2021:
/// a flow is idle after 0.5 s of silence; two flows coincide where they end an idle period within 80 ms, the second after
/// the first; the share of idle periods that coincide decides, at 0.3 as shipped; a pair needs coincidences in a row as well.
struct OnOffRule {
    double idle_s = 0.5;
    double delta_s = 0.08;
    double in_a_row = 4;     ///< Coincidences two in a row that two flows without a common host must show ...
    double row_scale = 100;  ///< ... for each so many idle periods of the one with fewer, once there are more.
};

/// The moments at which one way of a flow resumed after an idle period, its first packet included.
[[nodiscard]] std::vector<double> resumptions(const std::vector<double>& times, double idle_s);

/// A flow as the rule sees it.
struct OnOffView {
    std::vector<double> commands;
    std::vector<double> answers;
};
[[nodiscard]] OnOffView on_off_view(const Cut& cut, const OnOffRule& rule);

/// The share of idle periods that coincide, of the better way (commands from `up` to `down`, answers from `down` to `up`); less 1
/// where too few coincide two in a row, so that those pairs rank behind all others.
[[nodiscard]] double on_off_score(const OnOffView& up, const OnOffView& down, const OnOffRule& rule);

namespace detail {
struct Coincidences {
    std::size_t hits = 0;
    std::size_t in_a_row = 0;
};
/// How often `later` resumes within `delta_s` after `earlier`; in a row: the resumptions before these coincided too.
[[nodiscard]] Coincidences coincidences(const std::vector<double>& earlier, const std::vector<double>& later, double delta_s);
}  // namespace detail

}  // namespace hw::bench
