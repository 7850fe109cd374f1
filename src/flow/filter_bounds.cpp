#include "flow/filter.hpp"

#include <algorithm>

namespace hw::flow {
namespace {
namespace filter_bounding {

template <typename T>
using Choice = std::optional<std::vector<T>>;

/// What one of two allows.
template <typename T>
Choice<T> joined_choices(Choice<T> a, const Choice<T>& b) {
    if (!a || !b) { return std::nullopt; }
    a->insert(a->end(), b->begin(), b->end());
    std::ranges::sort(*a);
    a->erase(std::ranges::unique(*a).begin(), a->end());
    return a;
}
NumberRange hull(const NumberRange& a, const NumberRange& b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

/// What both demand. Two sets of hosts may each be met by another end, so that the narrower one is all that can be said.
Choice<net::Prefix> narrower(Choice<net::Prefix> a, Choice<net::Prefix> b) {
    if (!a || !b) { return a ? a : b; }
    const auto widest = [](const std::vector<net::Prefix>& list) {
        unsigned bits = 0;  // of addresses in the widest prefix
        for (const auto& p : list) { bits = std::max(bits, (p.is_v4() ? 32U : 128U) - p.length()); }
        return std::pair(bits, list.size());
    };
    return widest(*b) < widest(*a) ? b : a;
}
Choice<std::string> common(const Choice<std::string>& a, const Choice<std::string>& b) {
    if (!a || !b) { return a ? a : b; }
    std::vector<std::string> out;
    std::ranges::set_intersection(*a, *b, std::back_inserter(out));
    return out;
}
/// Of two ranges that one number must meet. Empty: kept as it was, for the matcher to refuse each flow.
NumberRange overlap(const NumberRange& a, const NumberRange& b) {
    const NumberRange both_of{std::max(a.low, b.low), std::min(a.high, b.high)};
    return both_of.low <= both_of.high ? both_of : a;
}

FilterBounds of_test(const FilterTest& test) {
    FilterBounds bounds;
    const auto hull_of = [&] { return NumberRange{test.numbers.front().low, test.numbers.back().high}; };
    // What one end sent is at most what both did.
    const auto amount = [&] { return test.end == FilterEnd::either ? hull_of() : NumberRange{test.numbers.front().low, NumberRange{}.high}; };
    switch (test.field) {
    case FilterField::host: bounds.hosts = test.prefixes; break;
    case FilterField::observer: bounds.observers = test.names; break;
    case FilterField::port: bounds.ports = hull_of(); break;
    case FilterField::bytes: bounds.bytes = amount(); break;
    case FilterField::packets: bounds.packets = amount(); break;
    case FilterField::duration: bounds.duration = hull_of(); break;
    default: break;
    }
    return bounds;
}

}  // namespace filter_bounding
}  // namespace

FilterBounds bounds_of(const Filter& filter) {
    using namespace filter_bounding;
    if (filter.kind == Filter::Kind::test) { return of_test(filter.test); }
    if (filter.kind == Filter::Kind::negation) { return {}; }
    const bool all = filter.kind == Filter::Kind::all_of;
    FilterBounds bounds = bounds_of(filter.parts.front());
    for (std::size_t i = 1; i < filter.parts.size(); ++i) {
        FilterBounds other = bounds_of(filter.parts[i]);
        if (all) {
            bounds.hosts = narrower(std::move(bounds.hosts), std::move(other.hosts));
            bounds.observers = common(bounds.observers, other.observers);
            // Two tests of ports may each be met by another end: either range holds, the narrower one says more.
            if (other.ports.high - other.ports.low < bounds.ports.high - bounds.ports.low) { bounds.ports = other.ports; }
            bounds.bytes = overlap(bounds.bytes, other.bytes);
            bounds.packets = overlap(bounds.packets, other.packets);
            bounds.duration = overlap(bounds.duration, other.duration);
        } else {
            bounds.hosts = joined_choices(std::move(bounds.hosts), other.hosts);
            bounds.observers = joined_choices(std::move(bounds.observers), other.observers);
            bounds.ports = hull(bounds.ports, other.ports);
            bounds.bytes = hull(bounds.bytes, other.bytes);
            bounds.packets = hull(bounds.packets, other.packets);
            bounds.duration = hull(bounds.duration, other.duration);
        }
    }
    return bounds;
}

}  // namespace hw::flow
