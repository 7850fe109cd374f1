#include "casefile/signing.hpp"

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::casefile;
namespace fs = std::filesystem;

TEST_CASE("signing: the second test vector of RFC 8032, section 7.1") {
    const auto key = PublicKey::parse("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").value();
    Signature signature{};
    REQUIRE(from_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00", signature).has_value());
    CHECK(key.verifies(signature, "\x72"));
    CHECK_FALSE(key.verifies(signature, "\x73"));
    signature[0] ^= 1U;
    CHECK_FALSE(key.verifies(signature, "\x72"));
}

TEST_CASE("signing: a key file is its owner's alone, is never written over, and reads back as the same key") {
    const fs::path folder = fs::temp_directory_path() / ("headwater-key-" + std::to_string(::getpid()));
    fs::remove_all(folder);
    const std::string path = (folder / "deep" / "key").string();
    const auto key = SigningKey::generate().value();
    CHECK(SigningKey::read(path).error().code == Errc::not_found);
    REQUIRE(key.write(path).has_value());
    CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK_FALSE(key.write(path).has_value());
    const auto again = SigningKey::read(path).value();
    CHECK(again.public_key() == key.public_key());
    CHECK(key.public_key().verifies(again.sign("m"), "m"));
    fs::permissions(path, fs::perms::group_read, fs::perm_options::add);
    CHECK(SigningKey::read(path).error().code == Errc::refused);
    const std::string bad = (folder / "bad").string();
    std::ofstream(bad) << "headwater-ed25519-secret/1\nzz\n";
    fs::permissions(bad, fs::perms::owner_read | fs::perms::owner_write);
    CHECK(SigningKey::read(bad).error().code == Errc::malformed);
    fs::remove_all(folder);
}

TEST_CASE("signing: hexadecimal digits of another length or kind are no key") {
    CHECK(PublicKey::parse("00").error().code == Errc::malformed);
    CHECK(PublicKey::parse(std::string(64, 'g')).error().code == Errc::malformed);
    CHECK(PublicKey::parse(std::string(64, 'A')).value().hex() == std::string(64, 'a'));
}
