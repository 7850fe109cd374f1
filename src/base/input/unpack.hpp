#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace hw {

/// What made the bytes end early or be passed over, and where.
struct UnpackDamage {
    std::string what;          ///< A reason as it stands in a report: `gzip data end too early`.
    std::uint64_t offset = 0;  ///< In the unpacked bytes: how many were good before it.
};

/// How bytes are packed, by their first bytes (RFC 1952; RFC 8878; the .xz file format 1.1.0, section 2.1.1.1; bzip2).
enum class Packing : std::uint8_t { none, gzip, zstd, xz, bzip2 };
[[nodiscard]] Packing recognise_packing(std::span<const std::byte> head);
/// `gzip`, `zstd`, `xz`, `bzip2`; empty for none.
[[nodiscard]] std::string_view to_string(Packing packing);

/// Unpacks one layer of `packed` on the fly, in bounded memory however much comes out: gzip of several members, zstd of
/// several frames, xz and bzip2 of several streams. Damage ends the bytes as if they ended there, and is told by `damage()`.
class Unpacker final : public ByteSource {
public:
    /// `first` are bytes already taken from `packed`, to be unpacked before those it gives next.
    Unpacker(std::unique_ptr<ByteSource> packed, Packing packing, std::span<const std::byte> first = {});
    ~Unpacker() override;

    [[nodiscard]] Result<std::span<const std::byte>> next() override;
    /// Known once `next` has given nothing more.
    [[nodiscard]] const std::optional<UnpackDamage>& damage() const { return damage_; }

    /// One library's decoder, seen alike.
    class Decoder;

private:
    [[nodiscard]] Result<void> refill();
    void end_with(std::string what);

    std::unique_ptr<ByteSource> packed_;
    std::unique_ptr<Decoder> decoder_;
    Packing packing_;
    std::span<const std::byte> pending_;  ///< Packed bytes not yet unpacked.
    bool packed_ended_ = false;
    bool between_ = true;  ///< At a boundary of members, frames or streams: a fine place to end.
    bool ended_ = false;
    std::uint64_t unpacked_ = 0;
    std::vector<std::byte> block_;
    std::optional<UnpackDamage> damage_;
};

/// A file, or standard input for `-`, unpacked by its content (one layer inside another at most), while the bytes as they
/// lie on the disk are counted and hashed.
class InputBytes final : public ByteSource {
public:
    /// `stop` also ends the wait for bytes that do not come (a pipe); `done`, where given, is raised by the bytes read
    /// from the disk. Fails with `not_found` or `unreadable`, or `unsupported` for packing inside packing inside packing.
    [[nodiscard]] static Result<std::unique_ptr<InputBytes>> open(const std::string& path, std::stop_token stop = {},
                                                                  std::atomic<std::uint64_t>* done = nullptr);
    ~InputBytes() override;

    /// The first block, which `next` will give first; 256 KiB where the input has them. Valid until the second `next`.
    [[nodiscard]] std::span<const std::byte> head() const { return head_; }
    [[nodiscard]] Result<std::span<const std::byte>> next() override;

    /// Damage in any layer; known once `next` has given nothing more.
    [[nodiscard]] std::vector<UnpackDamage> damages() const;
    /// Bytes read from the disk so far.
    [[nodiscard]] std::uint64_t raw_bytes() const;
    /// Reads what is left on the disk, so that the hash is of the whole file, and gives it. Once, last. Empty when
    /// `stop` was requested: a hash of a part would mislead.
    [[nodiscard]] Result<std::string> finish_sha256();

private:
    class File;
    InputBytes() = default;

    File* file_ = nullptr;           ///< At the bottom of `top_`, which owns it.
    std::vector<Unpacker*> layers_;  ///< Likewise, from the disk upwards.
    std::unique_ptr<ByteSource> top_;
    std::span<const std::byte> head_;
    bool head_given_ = false;
};

}  // namespace hw
