#pragma once

#include "base/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hw::casefile {

using Signature = std::array<std::uint8_t, 64>;

/// Whose signatures are told apart by: an Ed25519 public key (RFC 8032).
class PublicKey {
public:
    static constexpr std::size_t kSize = 32;
    PublicKey() = default;
    explicit PublicKey(const std::array<std::uint8_t, kSize>& bytes) : bytes_(bytes) {}
    /// From 64 hexadecimal digits.
    [[nodiscard]] static Result<PublicKey> parse(std::string_view hex);
    [[nodiscard]] static Result<PublicKey> from_bytes(std::span<const std::uint8_t> bytes);

    [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }
    /// 64 hexadecimal digits.
    [[nodiscard]] std::string hex() const;
    [[nodiscard]] bool verifies(const Signature& signature, std::string_view message) const;

    friend auto operator<=>(const PublicKey&, const PublicKey&) = default;

private:
    std::array<std::uint8_t, kSize> bytes_{};
};

/// The secret half. It is wiped from memory when it goes, never copied, and written nowhere but into its own file.
class SigningKey {
public:
    /// A new one, from the system's randomness.
    [[nodiscard]] static Result<SigningKey> generate();
    /// Reads the file that `write` made. Fails with `refused` where others than its owner may read it.
    [[nodiscard]] static Result<SigningKey> read(const std::string& path);
    /// Writes it into a new file that only its owner may read, its folder made where it is missing. Fails where the file is there already.
    [[nodiscard]] Result<void> write(const std::string& path) const;

    SigningKey(SigningKey&& other) noexcept;
    SigningKey& operator=(SigningKey&& other) noexcept;
    SigningKey(const SigningKey&) = delete;
    SigningKey& operator=(const SigningKey&) = delete;
    ~SigningKey();

    [[nodiscard]] const PublicKey& public_key() const { return public_; }
    [[nodiscard]] Signature sign(std::string_view message) const;

private:
    static constexpr std::size_t kSeed = 32;
    static constexpr std::size_t kSecret = 64;
    SigningKey() = default;
    [[nodiscard]] static Result<SigningKey> from_seed(std::span<const std::uint8_t, kSeed> seed);

    std::array<std::uint8_t, kSecret> secret_{};
    PublicKey public_;
};

/// Lower-case hexadecimal digits, and back; fails where it is none or of another length than `into`.
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);
[[nodiscard]] Result<void> from_hex(std::string_view hex, std::span<std::uint8_t> into);

}  // namespace hw::casefile
