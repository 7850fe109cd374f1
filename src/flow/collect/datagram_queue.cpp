#include "flow/collect/datagram_queue.hpp"

#include <utility>

namespace hw::flow::collect {
namespace {
namespace queue_detail {

constexpr std::size_t kChunk = std::size_t{256} << 10U;
constexpr std::size_t kSpare = 8;

}  // namespace queue_detail
}  // namespace

bool DatagramQueue::offer(const QueuedDatagram& datagram, std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    if (held_by_.size() <= datagram.exporter) { held_by_.resize(datagram.exporter + 1U); }
    std::size_t& mine = held_by_[datagram.exporter];
    const std::size_t size = cost(bytes.size());
    if (closed_ || held_ + size > capacity_ || mine + size > capacity_ - held_) { return false; }
    const bool idle = chunks_.empty();
    if (idle || chunks_.back().bytes.size() + bytes.size() > queue_detail::kChunk) {
        if (spare_.empty()) {
            chunks_.emplace_back();
            chunks_.back().bytes.reserve(queue_detail::kChunk);
        } else {
            chunks_.push_back(std::move(spare_.back()));
            spare_.pop_back();
        }
    }
    DatagramChunk& chunk = chunks_.back();
    QueuedDatagram placed = datagram;
    placed.begin = static_cast<std::uint32_t>(chunk.bytes.size());
    placed.size = static_cast<std::uint32_t>(bytes.size());
    chunk.bytes.insert(chunk.bytes.end(), bytes.begin(), bytes.end());
    chunk.datagrams.push_back(placed);
    mine += size;
    held_ += size;
    if (idle) { came_.notify_one(); }
    return true;
}

bool DatagramQueue::take(DatagramChunk& chunk, Duration patience) {
    std::unique_lock lock(mutex_);
    chunk.bytes.clear();
    chunk.datagrams.clear();
    if (spare_.size() < queue_detail::kSpare && chunk.bytes.capacity() > 0) { spare_.push_back(std::exchange(chunk, {})); }
    came_.wait_for(lock, patience, [this] { return !chunks_.empty() || closed_; });
    if (chunks_.empty()) { return false; }
    chunk = std::move(chunks_.front());
    chunks_.pop_front();
    for (const QueuedDatagram& d : chunk.datagrams) {
        const std::size_t size = cost(d.size);
        held_by_[d.exporter] -= size;
        held_ -= size;
    }
    return true;
}

void DatagramQueue::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    came_.notify_all();
}

bool DatagramQueue::ended() const {
    const std::lock_guard lock(mutex_);
    return closed_ && chunks_.empty();
}

std::size_t DatagramQueue::held() const {
    const std::lock_guard lock(mutex_);
    return held_;
}

}  // namespace hw::flow::collect
