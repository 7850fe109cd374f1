#include "app/output/weigh_pictures.hpp"

#include "app/output/markup.hpp"
#include "app/output/weigh_words.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace weigh_drawing {

using weigh_words::chance;
using weigh_words::signed_db;
using weigh_words::Step;
using weigh_words::waterfall;

constexpr double kWidth = 1080;
constexpr double kRow = 30;
constexpr double kLabel = 300;
constexpr double kRight = kWidth - 70;

std::string begin(double height, std::string_view what) {
    return fmt::format("<svg class=\"chart\" viewBox=\"0 0 {:g} {:g}\" role=\"img\" aria-label=\"{}\">", kWidth, height, escaped(what));
}

std::string label(double y, std::string_view text) { return fmt::format("<text x=\"{:g}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", kLabel - 12, y + 4, escaped(shortened(text, 42))); }

}  // namespace weigh_drawing
}  // namespace

std::string range_picture(const WeighView& view) {
    using namespace weigh_drawing;
    const auto& standings = view.assessment.standings;
    const double height = kRow * static_cast<double>(standings.size()) + 34;
    const auto x = [](double chance_of) { return kLabel + (kRight - kLabel) * chance_of; };
    std::string svg = begin(height, "how likely each hypothesis is, with its range");
    for (int tenth = 0; tenth <= 10; tenth += 2) {
        svg += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"4\" y2=\"{1:.1f}\"/><text class=\"tick\" x=\"{0:.1f}\" y=\"{2:.1f}\">{3}</text>", x(tenth / 10.0), height - 26, height - 10, tenth == 0 ? "0" : tenth == 10 ? "1" : fmt::format(".{}", tenth));
    }
    for (std::size_t h = 0; h < standings.size(); ++h) {
        const double y = kRow * (static_cast<double>(h) + 0.5) + 4;
        const auto& standing = standings[h];
        svg += label(y, view.evidence.hypotheses[h].id + "  " + view.evidence.hypotheses[h].statement);
        svg += fmt::format("<rect class=\"in\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"12\" rx=\"3\"/>", x(standing.low), y - 6, std::max(2.0, x(standing.high) - x(standing.low)));
        svg += fmt::format("<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>", x(standing.prior), y - 9, y + 9);
        svg += fmt::format("<circle class=\"mark\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"6\"/><text class=\"value\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x(standing.probability), y, std::max(x(standing.high), x(standing.probability)) + 14, y + 4, chance(standing.probability));
    }
    return svg + "</svg>";
}

std::string waterfall_picture(const WeighView& view) {
    using namespace weigh_drawing;
    auto steps = waterfall(view);
    if (steps.empty()) { return {}; }
    constexpr std::size_t kMost = 16;
    if (steps.size() > kMost) {
        Step rest{"all others", 0};
        for (std::size_t i = kMost; i < steps.size(); ++i) { rest.db += steps[i].db; }
        steps.resize(kMost);
        steps.push_back(rest);
    }
    double at = 0, least = 0, most = 0;
    for (const Step& step : steps) {
        at += step.db;
        least = std::min(least, at);
        most = std::max(most, at);
    }
    const double span = std::max(1.0, most - least);
    const auto x = [&](double db) { return kLabel + 20 + (kRight - kLabel - 60) * (db - least) / span; };
    const double height = kRow * static_cast<double>(steps.size() + 1) + 30;
    const auto& hypotheses = view.evidence.hypotheses;
    std::string svg = begin(height, "weights by origin, adding up");
    svg += fmt::format("<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"4\" y2=\"{1:.1f}\"/><text class=\"tick\" x=\"{0:.1f}\" y=\"{2:.1f}\">even</text>", x(0), height - 26, height - 10);
    at = 0;
    double y = kRow / 2 + 4;
    for (const Step& step : steps) {
        const double from = std::min(at, at + step.db), to = std::max(at, at + step.db);
        svg += label(y, step.what);
        svg += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"16\" rx=\"2\"/>", step.db >= 0 ? "zone" : "zone z0", x(from), y - 8, std::max(1.5, x(to) - x(from)));
        svg += fmt::format("<text class=\"value\" x=\"{:.1f}\" y=\"{:.1f}\">{} dB</text>", x(to) + 8, y + 4, signed_db(step.db));
        at += step.db;
        y += kRow;
    }
    svg += label(y, fmt::format("{} against {} now", hypotheses[view.assessment.leader].id, hypotheses[*view.assessment.runner_up].id));
    svg += fmt::format("<circle class=\"mark\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"6\"/><text class=\"value\" x=\"{:.1f}\" y=\"{:.1f}\">{} dB</text>", x(at), y, x(at) + 12, y + 4, signed_db(at));
    return svg + "</svg>";
}

std::string citation_picture(const WeighView& view) {
    using namespace weigh_drawing;
    // A layer is the longest way to a root, at most so many; a ring ends it.
    constexpr int kDeepest = 5;
    constexpr std::size_t kMostNodes = 60;
    std::map<std::string, std::vector<std::string>> cites;
    std::set<std::string> nodes;
    for (const auto& item : view.evidence.items) {
        for (const auto* links : {&item.cites, &item.basis}) {
            for (const auto& cited : *links) {
                if (nodes.size() >= kMostNodes) { continue; }
                cites[item.id].push_back(cited);
                nodes.insert(item.id);
                nodes.insert(cited);
            }
        }
    }
    if (nodes.empty()) { return {}; }
    std::map<std::string, int> layer;
    for (int round = 0; round < kDeepest; ++round) {
        for (const auto& [from, to] : cites) {
            for (const auto& cited : to) { layer[from] = std::min(kDeepest, std::max(layer[from], layer[cited] + 1)); }
        }
    }
    int deepest = 1;
    std::map<int, std::vector<std::string>> by_layer;
    for (const auto& node : nodes) {
        deepest = std::max(deepest, layer[node]);
        by_layer[layer[node]].push_back(node);
    }
    std::size_t tallest = 0;
    for (const auto& [depth, names] : by_layer) { tallest = std::max(tallest, names.size()); }
    const double height = kRow * static_cast<double>(tallest) + 20;
    const double column = (kWidth - 160) / deepest;
    std::map<std::string, std::pair<double, double>> at;
    for (const auto& [depth, names] : by_layer) {
        const double step = height / static_cast<double>(names.size() + 1);
        for (std::size_t i = 0; i < names.size(); ++i) { at[names[i]] = {kWidth - 80 - column * depth, step * static_cast<double>(i + 1)}; }
    }
    constexpr double kHalf = 70;
    std::string svg = begin(height, "who cites whom");
    for (const auto& [from, to] : cites) {
        for (const auto& cited : to) {
            svg += fmt::format("<path class=\"act\" d=\"M{:.1f} {:.1f} C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}\"/>", at[from].first + kHalf, at[from].second, at[from].first + kHalf + 60, at[from].second, at[cited].first - kHalf - 60, at[cited].second, at[cited].first - kHalf, at[cited].second);
            svg += fmt::format("<circle class=\"tip\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"/>", at[cited].first - kHalf, at[cited].second);
        }
    }
    for (const auto& [name, place] : at) {
        const bool root = layer[name] == 0;
        const bool here = std::ranges::find(view.evidence.items, name, &weigh::Item::id) != view.evidence.items.end();
        svg += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:g}\" height=\"22\" rx=\"6\"/><text text-anchor=\"middle\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", !here ? "end open" : root ? "end" : "strip", place.first - kHalf, place.second - 11, 2 * kHalf, place.first,
                           place.second + 4, escaped(shortened(name, 18)));
    }
    return svg + "</svg>";
}

}  // namespace hw::app::output
