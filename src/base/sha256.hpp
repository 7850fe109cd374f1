#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace hw {

/// SHA-256 (FIPS 180-4) of bytes that come piece by piece.
class Sha256 {
public:
    Sha256();

    /// Adds bytes; how they are cut into pieces does not matter.
    void update(std::span<const std::byte> bytes);
    /// The digest of all bytes added, 64 lower-case hexadecimal digits. To be called once, last. Fails (`internal`)
    /// only when OpenSSL offers no SHA-256 or no memory.
    [[nodiscard]] Result<std::string> finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const noexcept;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
    bool ok_ = false;
};

/// The digest of bytes that are all there.
[[nodiscard]] Result<std::string> sha256_hex(std::span<const std::byte> bytes);

}  // namespace hw
