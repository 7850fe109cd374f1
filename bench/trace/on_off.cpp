#include "on_off.hpp"

#include <algorithm>

namespace hw::bench {

std::vector<double> resumptions(const std::vector<double>& times, double idle_s) {
    std::vector<double> out;
    double last = 0;
    for (const double t : times) {
        if (out.empty() || t > last + idle_s) { out.push_back(t); }
        last = t;
    }
    return out;
}

OnOffView on_off_view(const Cut& cut, const OnOffRule& rule) {
    return {resumptions(cut.commands, rule.idle_s), resumptions(cut.answers, rule.idle_s)};
}

namespace detail {

Coincidences coincidences(const std::vector<double>& earlier, const std::vector<double>& later, double delta_s) {
    Coincidences out;
    std::size_t e = 0;
    for (std::size_t l = 0; l < later.size(); ++l) {
        while (e < earlier.size() && earlier[e] < later[l] - delta_s) { ++e; }
        if (e == earlier.size()) { break; }
        if (earlier[e] > later[l]) { continue; }
        ++out.hits;
        if (e > 0 && l > 0) {
            const double before = later[l - 1] - earlier[e - 1];
            if (before >= 0 && before <= delta_s) { ++out.in_a_row; }
        }
    }
    return out;
}

}  // namespace detail

double on_off_score(const OnOffView& up, const OnOffView& down, const OnOffRule& rule) {
    const auto forth = detail::coincidences(up.commands, down.commands, rule.delta_s);
    const auto back = detail::coincidences(down.answers, up.answers, rule.delta_s);
    const auto fewer_forth = static_cast<double>(std::min(up.commands.size(), down.commands.size()));
    const auto fewer_back = static_cast<double>(std::min(up.answers.size(), down.answers.size()));
    const auto share = [](std::size_t hits, double of) { return of > 0 ? static_cast<double>(hits) / of : 0; };
    const double score = std::max(share(forth.hits, fewer_forth), share(back.hits, fewer_back));
    const double needed = rule.in_a_row * std::max(1.0, std::max(fewer_forth, fewer_back) / rule.row_scale);
    return static_cast<double>(forth.in_a_row + back.in_a_row) < needed ? score - 1 : score;
}

}  // namespace hw::bench
