#pragma once

#include "base/time.hpp"
#include "net/address.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

namespace hw::flow::collect {

/// A datagram that waits to be decoded; its bytes lie in its chunk.
struct QueuedDatagram {
    net::Endpoint sender;
    Time at;
    std::uint32_t exporter = 0;
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
};

/// Datagrams that are handed on together.
struct DatagramChunk {
    std::vector<std::byte> bytes;
    std::vector<QueuedDatagram> datagrams;
    [[nodiscard]] std::span<const std::byte> bytes_of(const QueuedDatagram& d) const { return std::span(bytes).subspan(d.begin, d.size); }
};

/// Between the thread that listens and the one that decodes: holds so many bytes and no more. No exporter may hold more than is left
/// free (the dynamic thresholds of Choudhury and Hahne, IEEE/ACM Trans. Networking 6(2), 1998, with alpha = 1): one alone gets half of it, and however fast it
/// sends, there is room for the others.
class DatagramQueue {
public:
    explicit DatagramQueue(std::size_t capacity) : capacity_(capacity) {}

    /// Takes a copy; false where there is no room for it. `exporter`: a small number.
    [[nodiscard]] bool offer(const QueuedDatagram& datagram, std::span<const std::byte> bytes);
    /// Gives what came first, in place of what `chunk` held (whose memory is used again). Waits for `patience` at most; false where nothing came.
    [[nodiscard]] bool take(DatagramChunk& chunk, Duration patience);
    /// Nothing more will be offered: `take` no longer waits.
    void close();
    /// Closed, and everything taken.
    [[nodiscard]] bool ended() const;
    /// Bytes that wait, with what is kept beside them.
    [[nodiscard]] std::size_t held() const;

private:
    [[nodiscard]] static std::size_t cost(std::size_t bytes) { return bytes + sizeof(QueuedDatagram); }

    mutable std::mutex mutex_;
    std::condition_variable came_;
    std::size_t capacity_;
    std::size_t held_ = 0;
    std::vector<std::size_t> held_by_;  ///< By exporter.
    std::deque<DatagramChunk> chunks_;
    std::vector<DatagramChunk> spare_;
    bool closed_ = false;
};

}  // namespace hw::flow::collect
