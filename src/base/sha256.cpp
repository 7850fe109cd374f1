#include "base/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <string_view>

namespace hw {

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    ok_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
}

void Sha256::update(std::span<const std::byte> bytes) {
    ok_ = ok_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
}

Result<std::string> Sha256::finish() {
    constexpr std::string_view kHexDigits = "0123456789abcdef";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    ok_ = ok_ && EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1;
    if (!ok_) { return fail(Errc::internal, "OpenSSL could not compute a SHA-256", {}, "check the OpenSSL installation and its configuration"); }
    ok_ = false;  // a second call fails
    std::string hex;
    hex.reserve(std::size_t{2} * size);
    for (unsigned i = 0; i < size; ++i) {
        hex += kHexDigits[digest.at(i) >> 4U];
        hex += kHexDigits[digest.at(i) & 0x0fU];
    }
    return hex;
}

Result<std::string> sha256_hex(std::span<const std::byte> bytes) {
    Sha256 hasher;
    hasher.update(bytes);
    return hasher.finish();
}

}  // namespace hw
