#include "base/sha256.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

constexpr std::string_view kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

}  // namespace

TEST_CASE("sha256: the examples of FIPS 180") {
    CHECK(hw::sha256_hex({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hw::sha256_hex(bytes_of("abc")) == kAbc);
    CHECK(hw::sha256_hex(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(hw::sha256_hex(bytes_of(std::string(1'000'000, 'a'))) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256: how the bytes are cut does not matter") {
    const std::string text(300, 'q');
    const auto whole = hw::sha256_hex(bytes_of(text));
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        hw::Sha256 hasher;
        hasher.update(bytes_of(text).first(cut));
        hasher.update(bytes_of(text).subspan(cut));
        REQUIRE(hasher.finish() == whole);
    }
}

TEST_CASE("sha256: a second finish fails, it does not give a wrong digest") {
    hw::Sha256 hasher;
    hasher.update(bytes_of("abc"));
    CHECK(hasher.finish() == kAbc);
    CHECK(hasher.finish().error().code == hw::Errc::internal);
}
