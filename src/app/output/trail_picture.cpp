#include "app/output/markup.hpp"
#include "app/output/pictures.hpp"
#include "app/output/time_axis.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hw::app::output {
namespace {
namespace trail_pictures {

constexpr double kWidth = 1080;
constexpr double kTop = 58;         ///< Of the first lane.
constexpr double kBetween = 124;    ///< From lane to lane.
constexpr double kRightMargin = 30;  ///< Room for half of the last moment's label.
constexpr double kStrip = 19;       ///< Half the height of a strip.
constexpr double kMono = 7.9;       ///< Width of a letter of an address, at the style sheet's size.
constexpr std::size_t kLongestName = 26;
constexpr double kColumn = 2.5;     ///< Width of one column of activity.

struct Lane {
    net::Address host;
    std::string role;
    double y = 0;
};

/// A flow between the lanes `upper` (nearer the victim) and `upper` + 1.
struct Strip {
    const flow::Flow* flow = nullptr;
    std::size_t upper = 0;
    Interval shown;        ///< Corrected by the clock of its observer.
    Duration ahead{0};
};

class Picture {
public:
    Picture(const trace::Trail& trail, std::span<const trace::ClockOffset> clocks, const Context& context)
        : trail_(trail), clocks_(clocks), context_(context) {
        lay_lanes();
        lay_strips();
        lay_axis();
    }

    std::string draw() {
        const bool open_end = trail_.ending.kind != trace::EndingKind::source;
        const double last = lanes_.back().y;
        const double height = last + (open_end ? 104 : 44);
        svg_ = fmt::format("<svg class=\"trail\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">", kWidth, height,
                           escaped(description()));
        svg_ += "<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
                "<path class=\"tip\" d=\"M0 0L10 5L0 10Z\"/></marker>"
                "<marker id=\"ltip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
                "<path class=\"ltip\" d=\"M0 0L10 5L0 10Z\"/></marker></defs>";
        draw_grid(last + 20);
        for (const Lane& lane : lanes_) { draw_lane(lane); }
        for (const Strip& strip : strips_) { draw_strip(strip); }
        for (std::size_t i = 0; i < trail_.hops.size(); ++i) { draw_link(i); }
        draw_ending();
        return std::move(svg_) + labels_ + "</svg>";
    }

private:
    void lay_lanes() {
        const auto add = [&](const net::Address& host, std::string role) {
            lanes_.push_back({host, std::move(role), kTop + kBetween * static_cast<double>(lanes_.size())});
        };
        const net::Address upstream = trail_.hops.empty() ? trail_.ending.address : trail_.hops.front().relay;
        if (trail_.attack != nullptr) {
            const bool serves = trail_.attack->client.address == upstream;
            add(serves ? trail_.attack->server.address : trail_.attack->client.address, "victim");
        }
        for (std::size_t i = 0; i < trail_.hops.size(); ++i) { add(trail_.hops[i].relay, fmt::format("relay {}", i + 1)); }
        add(trail_.ending.address, trail_.ending.kind == trace::EndingKind::source ? "source" : "farthest host known");
        std::size_t longest = 18;
        for (const Lane& lane : lanes_) { longest = std::max(longest, net::to_string(lane.host).size()); }
        left_ = std::min(360.0, 22 + kMono * static_cast<double>(longest));
    }

    [[nodiscard]] Duration ahead_of(flow::ObserverId observer) const {
        const auto found = std::ranges::find(clocks_, observer, &trace::ClockOffset::observer);
        return found == clocks_.end() ? Duration::zero() : found->ahead;
    }

    void lay_strips() {
        const auto add = [&](const flow::Flow* flow, std::size_t upper) {
            if (flow == nullptr) { return; }
            const Duration ahead = ahead_of(flow->observer);
            strips_.push_back({flow, upper, {flow->first - ahead, flow->last - ahead}, ahead});
        };
        add(trail_.attack, 0);
        for (std::size_t i = 0; i < trail_.hops.size(); ++i) { add(trail_.hops[i].link.inbound, i + (trail_.attack == nullptr ? 0 : 1)); }
    }

    void lay_axis() {
        Interval span = strips_.empty() ? context_.interval : strips_.front().shown;
        const Interval attack = span;
        for (const Strip& strip : strips_) { span = {std::min(span.from, strip.shown.from), std::max(span.to, strip.shown.to)}; }
        // A control session of days must not press the attack into a hair: then only its surroundings are shown.
        const Duration reach = std::max<Duration>(attack.to - attack.from, std::chrono::seconds(60));
        span = {std::max(span.from, attack.from - reach), std::min(span.to, attack.to + reach)};
        if (span.to - span.from < std::chrono::seconds(2)) { span.to = span.from + std::chrono::seconds(2); }
        const Duration margin = (span.to - span.from) / 50;
        axis_ = {{span.from - margin, span.to + margin}, left_, kWidth - kRightMargin};
    }

    [[nodiscard]] std::string description() const {
        std::string text = "The trail from the victim backward: ";
        for (std::size_t i = 0; i < lanes_.size(); ++i) {
            text += (i == 0 ? "" : ", ") + lanes_[i].role + " " + net::to_string(lanes_[i].host);
        }
        return text + ". The sections below say the same in words.";
    }

    void draw_grid(double bottom) {
        for (const Tick& tick : ticks(axis_.span, 9)) {
            const double x = axis_.x(tick.time);
            svg_ += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"24\" y2=\"{1:.1f}\"/>"
                                "<text class=\"tick\" x=\"{0:.1f}\" y=\"16\">{2}</text>", x, bottom, tick.label);
        }
        svg_ += fmt::format("<text class=\"tick first\" x=\"0\" y=\"16\">UTC, {}</text>", Clock(axis_.span.from).day());
    }

    void draw_lane(const Lane& lane) {
        std::string seen;
        for (const flow::CoveredHost& covered : context_.coverage) {
            if (covered.address != lane.host) { continue; }
            seen += (seen.empty() ? "" : ", ") + context_.observer_name(covered.observer);
        }
        svg_ += fmt::format("<line class=\"lane{0}\" x1=\"{1:.1f}\" x2=\"{2:.1f}\" y1=\"{3:.1f}\" y2=\"{3:.1f}\"/>", seen.empty() ? " unseen" : "",
                            left_, kWidth - kRightMargin, lane.y);
        svg_ += fmt::format("<text class=\"role\" x=\"0\" y=\"{:.1f}\">{}</text><text class=\"host\" x=\"0\" y=\"{:.1f}\">{}</text>",
                            lane.y - 11, lane.role, lane.y + 5, net::to_string(lane.host));
        const std::string words = seen.empty() ? "not watched" : "watched: " + seen;
        svg_ += fmt::format("<text class=\"seen\" x=\"0\" y=\"{:.1f}\">{}<title>{}</title></text>", lane.y + 20,
                            escaped(shortened(words, kLongestName)), escaped(words));
    }

    /// The strip's activity in columns: above the middle what goes towards the victim.
    std::string activity_path(const Strip& strip, double middle, bool upward) const {
        const flow::Activity& activity = strip.flow->activity;
        const bool client_is_lower = strip.flow->client.address == lanes_[strip.upper + 1].host;
        const auto half = upward == client_is_lower ? flow::Direction::request : flow::Direction::reply;
        const auto count = static_cast<std::size_t>((axis_.right - axis_.left) / kColumn) + 1;
        std::vector<double> sums(count);
        for (const flow::ActivityBin& bin : activity.bins(half)) {
            const Time at = Time::from_micros(bin.index * activity.width().count()) + activity.width() / 2 - strip.ahead;
            if (!axis_.span.contains(at)) { continue; }
            sums[static_cast<std::size_t>((axis_.x(at) - axis_.left) / kColumn)] += bin.packets;
        }
        const double highest = std::sqrt(*std::ranges::max_element(sums));
        std::string path;
        for (std::size_t i = 0; i < count; ++i) {
            if (sums[i] <= 0) { continue; }
            const double rise = std::sqrt(sums[i]) / highest * (kStrip - 2);
            path += fmt::format("M{:.1f} {:.1f}v{:.1f}", axis_.left + (static_cast<double>(i) + 0.5) * kColumn, middle, upward ? -rise : rise);
        }
        return path;
    }

    void draw_strip(const Strip& strip) {
        const double middle = (lanes_[strip.upper].y + lanes_[strip.upper + 1].y) / 2;
        const double x0 = axis_.x(strip.shown.from);
        const double x1 = std::max(axis_.x(strip.shown.to), x0 + 4);
        const bool upward = strip.flow->client.address == lanes_[strip.upper + 1].host;
        const double from = lanes_[strip.upper + (upward ? 1 : 0)].y;
        const double to = lanes_[strip.upper + (upward ? 0 : 1)].y;
        if (strip.shown.from >= axis_.span.from) {
            svg_ += fmt::format("<line class=\"open\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" marker-end=\"url(#tip)\"/>"
                                "<circle class=\"tip\" cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"3\"/>", x0, from, to);
        }
        svg_ += fmt::format("<rect class=\"strip\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"5\"/>", x0, middle - kStrip,
                            x1 - x0, 2 * kStrip);
        if (strip.flow->activity.fine()) {
            svg_ += fmt::format("<path class=\"act\" d=\"{}\"/><path class=\"act back\" d=\"{}\"/>", activity_path(strip, middle, true),
                                activity_path(strip, middle, false));
        } else if (x1 - x0 > 260) {
            svg_ += fmt::format("<text class=\"seen\" text-anchor=\"middle\" x=\"{:.1f}\" y=\"{:.1f}\">totals only: no course over time</text>",
                                (x0 + x1) / 2, middle + 4);
        }
        // Where the strip goes on beyond what is shown, its edge is left open.
        if (strip.shown.from < axis_.span.from) { svg_ += fmt::format("<text class=\"more\" x=\"{:.1f}\" y=\"{:.1f}\">‹</text>", x0 + 6, middle + 5); }
        if (strip.shown.to > axis_.span.to) { svg_ += fmt::format("<text class=\"more\" x=\"{:.1f}\" y=\"{:.1f}\">›</text>", x1 - 8, middle + 5); }
        const flow::Flow& flow = *strip.flow;
        const std::string label = fmt::format("{} → {} {}, {} →, ← {}", net::to_string(flow.client), net::to_string(flow.server),
                                              flow::to_string(flow.protocol), human_bytes(flow.request.bytes), human_bytes(flow.reply.bytes));
        // Beside the arrow at the start where there is room, else before it, else at the right edge.
        const double length = 6.6 * static_cast<double>(label.size());
        const bool after = x0 + 8 + length < axis_.right;
        const bool before = !after && x0 - 8 - length > axis_.left;
        labels_ += fmt::format("<text class=\"label\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>",
                               after ? x0 + 8 : before ? x0 - 8 : axis_.right, middle - kStrip - 6, after ? "start" : "end", label);
    }

    void draw_link(std::size_t index) {
        const trace::Link& link = trail_.hops[index].link;
        const std::size_t lane = index + (trail_.attack == nullptr ? 0 : 1);
        const double y = lanes_[lane].y;
        const Duration ahead = ahead_of(link.inbound->observer);
        const Interval in{link.inbound->first - ahead, link.inbound->last - ahead};
        const Interval out{link.outbound->first - ahead, link.outbound->last - ahead};
        const double x_in = std::max(axis_.x(std::max(in.from, out.from)), axis_.left);
        const double x_out = std::min(axis_.x(std::min(in.to, out.to)), axis_.right);
        const std::string label = fmt::format("{}, {} · {}{}", decibans_text(link.llr), strength(link.llr), lag_text(link),
                                              link.control == trace::Control::call_back ? " · call-back" : "");
        const double half = 12 + 3.4 * static_cast<double>(label.size());
        const double x = std::clamp((x_in + x_out) / 2, axis_.left, axis_.right);
        const double pill = std::clamp(x, axis_.left + half + 4, axis_.right - half - 4);
        svg_ += fmt::format("<line class=\"link\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" marker-end=\"url(#ltip)\"/>", x,
                            y + kBetween / 2 - kStrip - 2, y - kBetween / 2 + kStrip + 2);
        svg_ += fmt::format("<rect class=\"pill\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"22\" rx=\"11\"/>"
                            "<text class=\"pilltext\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", pill - half, y - 11, 2 * half, pill, y + 4, label);
    }

    void draw_ending() {
        const Lane& lane = lanes_.back();
        const double x = strips_.empty() ? axis_.left + 14 : std::max(axis_.x(strips_.back().shown.from), axis_.left + 14);
        std::string words;
        switch (trail_.ending.kind) {
            case trace::EndingKind::source: 
                words = covered_by_word(trail_.ending.address, context_) ? "source: all seen by the operator's word, nothing upstream fits"
                                                                         : "source: all its traffic was seen, nothing upstream fits";
                break;
            case trace::EndingKind::relay_upstream_unseen: words = "upstream unseen: what drives this host was not seen"; break;
            case trace::EndingKind::lost: words = "lost: nothing that was seen decides what drives this host"; break;
        }
        const bool before = x + 470 > axis_.right;
        const bool open = trail_.ending.kind != trace::EndingKind::source;
        double y = lane.y;
        if (!open) {
            svg_ += fmt::format("<circle class=\"end\" cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"10\"/><circle class=\"core\" cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"4\"/>", x, y);
        } else {
            y = lane.y + 74;
            svg_ += fmt::format("<line class=\"link\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>"
                                "<circle class=\"end open\" cx=\"{0:.1f}\" cy=\"{3:.1f}\" r=\"13\"/>"
                                "<text class=\"pilltext strong\" x=\"{0:.1f}\" y=\"{4:.1f}\">{5}</text>",
                                x, lane.y + 2, y - 14, y, y + 5, trail_.ending.kind == trace::EndingKind::lost ? "×" : "?");
        }
        svg_ += fmt::format("<text class=\"endtext\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{} ({})</text>", before ? x - 20 : x + 20,
                            open ? y + 5 : y + 26, before ? "end" : "start", words, percent(trail_.ending.probability));
    }

    const trace::Trail& trail_;
    std::span<const trace::ClockOffset> clocks_;
    const Context& context_;
    std::vector<Lane> lanes_;
    std::vector<Strip> strips_;
    TimeAxis axis_;
    double left_ = 200;
    std::string svg_;
    std::string labels_;  ///< Drawn last, over everything.
};

}  // namespace trail_pictures
}  // namespace

std::string trail_picture(const trace::Trail& trail, std::span<const trace::ClockOffset> clocks, const Context& context) {
    return trail_pictures::Picture(trail, clocks, context).draw();
}

}  // namespace hw::app::output
