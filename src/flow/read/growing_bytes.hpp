#pragma once

#include "base/input/byte_source.hpp"
#include "base/sha256.hpp"

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace hw::flow::read {

/// A capture file that is still being written, or a pipe (`-`: standard input): gives what is there, then waits for more.
/// A file ends only when `stop` is requested, a pipe also when its writer closes it.
class GrowingBytes final : public ByteSource {
public:
    /// Fails with `not_found` or `unreadable`.
    [[nodiscard]] static Result<std::unique_ptr<GrowingBytes>> open(const std::string& path, std::stop_token stop);
    ~GrowingBytes() override;

    /// Blocks until there is more. Fails with `malformed` when the file has become shorter than what was read of it.
    [[nodiscard]] Result<std::span<const std::byte>> next() override;

    /// Bytes given so far, and their SHA-256 (once, last).
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] Result<std::string> finish_sha256() { return hash_.finish(); }

private:
    GrowingBytes(int descriptor, std::string path, bool file, std::stop_token stop);

    int descriptor_;
    std::string path_;
    bool file_;  ///< Its end is not the end: it may grow.
    std::stop_token stop_;
    std::uint64_t bytes_ = 0;
    Sha256 hash_;
    std::vector<std::byte> block_;
};

}  // namespace hw::flow::read
