#pragma once

#include "flow/flow.hpp"

#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace hw::flow {

/// Gathers flows whose number is not known beforehand. Grows piece by piece, so that it never holds two copies of them, as a
/// growing vector would; `take` gives pieces back to the system while it makes the one vector of all.
class FlowList {
public:
    void add(Flow&& flow) {
        if (pieces_.empty() || pieces_.back().size() == pieces_.back().capacity()) { pieces_.emplace_back().reserve(kPiece); }
        pieces_.back().push_back(std::move(flow));
        ++size_;
    }
    void add(std::vector<Flow>&& flows) {
        size_ += flows.size();
        if (!flows.empty()) { pieces_.push_back(std::move(flows)); }
    }
    void add(FlowList&& other) {
        for (auto& piece : other.pieces_) { add(std::move(piece)); }
        other = {};
    }
    [[nodiscard]] std::size_t size() const { return size_; }

    template <typename Visit>
    void for_each(const Visit& visit) {
        for (auto& piece : pieces_) {
            for (Flow& flow : piece) { visit(flow); }
        }
    }

    /// All of them, in the order in which they were added; the list is empty afterwards.
    [[nodiscard]] std::vector<Flow> take() {
        FlowList taken = std::exchange(*this, {});
        if (taken.pieces_.size() == 1) { return std::move(taken.pieces_.front()); }
        std::vector<Flow> all;
        all.reserve(taken.size_);
        for (auto& piece : taken.pieces_) {
            all.insert(all.end(), std::make_move_iterator(piece.begin()), std::make_move_iterator(piece.end()));
            std::vector<Flow>().swap(piece);  // `= {}` would keep the memory
        }
        return all;
    }

private:
    static constexpr std::size_t kPiece = std::size_t{1} << 17U;  // over 32 MiB, which the C library gives back when freed
    std::vector<std::vector<Flow>> pieces_;
    std::size_t size_ = 0;
};

}  // namespace hw::flow
