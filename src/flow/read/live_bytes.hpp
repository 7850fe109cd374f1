#pragma once

#include "base/input/byte_source.hpp"

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

namespace hw::flow::read {

/// A network interface as a capture file without end: what libpcap hands over, written as the classic pcap format with
/// nanoseconds, so that everything behind it is the same as for a file. It only listens; it never sends.
class LiveBytes final : public ByteSource {
public:
    /// Fails with `not_found` for an interface that is not there and `unreadable` where the right to capture is missing.
    [[nodiscard]] static Result<std::unique_ptr<LiveBytes>> open(const std::string& interface, std::stop_token stop);
    ~LiveBytes() override;

    /// Blocks until packets have come; empty once `stop` was requested.
    [[nodiscard]] Result<std::span<const std::byte>> next() override;
    /// Packets that the kernel had no room for so far.
    [[nodiscard]] std::uint64_t dropped() const;
    [[nodiscard]] std::uint64_t bytes() const;

private:
    struct State;
    explicit LiveBytes(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hw::flow::read
