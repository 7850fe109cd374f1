#include "flow/copies.hpp"

#include "flow/aggregate.hpp"

#include <algorithm>
#include <utility>

namespace hw::flow {

bool CopyMerger::add(const Flow& flow, const Flow* kept) {
    if (!wanted_) { return false; }
    if (open_.size() >= sweep_at_ && !sweep(flow.first)) { return false; }
    const auto& [low, high] = std::minmax(flow.client, flow.server);
    Conversation& conversation = open_[Key(low, high, flow.protocol)];
    const bool full = conversation.pieces.size() >= kMostPieces;  // endless ones, and those made to look so, must not fill the memory
    if (!conversation.pieces.empty() && (full || flow.first - kApart > conversation.last)) {
        const Conversation over = std::exchange(conversation, {});
        wanted_ = close(over);
    }
    conversation.last = conversation.pieces.empty() ? flow.last : std::max(conversation.last, flow.last);
    conversation.pieces.push_back({.flow = flow, .kept = kept});
    return wanted_;
}

bool CopyMerger::finish() {
    for (const auto& [key, conversation] : open_) { wanted_ = wanted_ && close(conversation); }
    open_.clear();
    return wanted_;
}

bool CopyMerger::sweep(Time now) {
    for (auto at = open_.begin(); at != open_.end();) {
        if (now - kApart <= at->second.last) {
            ++at;
            continue;
        }
        wanted_ = wanted_ && close(at->second);
        at = open_.erase(at);
    }
    sweep_at_ = std::max(sweep_at_, open_.size() * 2);
    return wanted_;
}

/// Whether half of a flow's lifetime at the least lies where the other observer saw something, the clocks being apart as they may.
bool CopyMerger::mostly_within(const Flow& flow, std::span<const Interval> seen) {
    Duration covered{0};
    bool met = false;
    for (const Interval& s : seen) {
        const Time from = std::max(flow.first, s.from - kApart);
        const Time to = std::min(flow.last, s.to + kApart);
        if (from > to) { continue; }
        met = true;
        covered += to - from;
    }
    return met && covered * 2 >= flow.last - flow.first;
}

bool CopyMerger::close(const Conversation& conversation) {
    std::map<ObserverId, FlowTotals> by_observer;
    for (const Piece& piece : conversation.pieces) { by_observer[piece.flow.observer].add(piece.flow); }
    std::vector<ObserverId> observers;
    observers.reserve(by_observer.size());
    for (const auto& [observer, totals] : by_observer) { observers.push_back(observer); }
    const ObserverId best = std::ranges::max_element(by_observer, {}, [](const auto& o) { return o.second.bytes(); })->first;
    // When the best one saw it: pieces stand in order of first packet. What another saw while it did not (the path has moved) is no copy.
    std::vector<Interval> seen;
    for (const Piece& piece : conversation.pieces) {
        if (piece.flow.observer != best) { continue; }
        if (seen.empty() || piece.flow.first - kApart > seen.back().to) { seen.push_back(piece.flow.interval()); }
        else { seen.back().to = std::max(seen.back().to, piece.flow.last); }
    }
    for (const Piece& piece : conversation.pieces) {
        if (piece.flow.observer != best && mostly_within(piece.flow, seen)) {
            ++copies_;
        } else if (!give_(piece.flow, piece.kept, observers)) {
            return false;
        }
    }
    return true;
}

}  // namespace hw::flow
