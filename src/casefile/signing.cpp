#include "casefile/signing.hpp"

#include <sodium.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hw::casefile {
namespace {
namespace signing {

static_assert(crypto_sign_PUBLICKEYBYTES == 32 && crypto_sign_SECRETKEYBYTES == 64 && crypto_sign_BYTES == 64 && crypto_sign_SEEDBYTES == 32);

constexpr std::string_view kHeading = "headwater-ed25519-secret/1\n";
constexpr std::size_t kFileSize = kHeading.size() + 64 + 1;

Result<void> ready() {
    static const bool started = sodium_init() >= 0;
    if (!started) { return fail(Errc::internal, "libsodium could not be started"); }
    return {};
}

const unsigned char* bytes_of(std::string_view text) { return static_cast<const unsigned char*>(static_cast<const void*>(text.data())); }

/// A file descriptor that is closed when it goes.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) { ::close(number_); }
    }
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

}  // namespace signing
}  // namespace

std::string to_hex(std::span<const std::uint8_t> bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) { (hex += kDigits[byte >> 4U]) += kDigits[byte & 15U]; }
    return hex;
}

Result<void> from_hex(std::string_view hex, std::span<std::uint8_t> into) {
    std::size_t length = 0;
    const char* end = nullptr;
    if (hex.size() != into.size() * 2 || sodium_hex2bin(into.data(), into.size(), hex.data(), hex.size(), nullptr, &length, &end) != 0 || length != into.size()) {
        return fail(Errc::malformed, "not " + std::to_string(into.size() * 2) + " hexadecimal digits");
    }
    return {};
}

Result<PublicKey> PublicKey::parse(std::string_view hex) {
    PublicKey key;
    HW_CHECK(from_hex(hex, key.bytes_));
    return key;
}

Result<PublicKey> PublicKey::from_bytes(std::span<const std::uint8_t> bytes) {
    PublicKey key;
    if (bytes.size() != kSize) { return fail(Errc::malformed, "a public key of another length than 32 bytes"); }
    std::ranges::copy(bytes, key.bytes_.begin());
    return key;
}

std::string PublicKey::hex() const { return to_hex(bytes_); }

bool PublicKey::verifies(const Signature& signature, std::string_view message) const {
    using namespace signing;
    return ready() && crypto_sign_verify_detached(signature.data(), bytes_of(message), message.size(), bytes_.data()) == 0;
}

Result<SigningKey> SigningKey::from_seed(std::span<const std::uint8_t, kSeed> seed) {
    SigningKey key;
    std::array<std::uint8_t, PublicKey::kSize> shown{};
    crypto_sign_seed_keypair(shown.data(), key.secret_.data(), seed.data());
    key.public_ = PublicKey(shown);
    return key;
}

Result<SigningKey> SigningKey::generate() {
    using namespace signing;
    HW_CHECK(ready());
    std::array<std::uint8_t, kSeed> seed{};
    randombytes_buf(seed.data(), seed.size());
    auto key = from_seed(seed);
    sodium_memzero(seed.data(), seed.size());
    return key;
}

Result<SigningKey> SigningKey::read(const std::string& path) {
    using namespace signing;
    HW_CHECK(ready());
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));  // NOLINT(cppcoreguidelines-pro-type-vararg): POSIX has no other
    if (file.number() < 0) {
        const bool missing = errno == ENOENT;
        return fail(missing ? Errc::not_found : Errc::unreadable, missing ? "there is no signing key" : "cannot read the signing key", path,
                    missing ? "'headwater case new' makes one; --key names another" : "check its permissions");
    }
    struct stat about {};
    if (::fstat(file.number(), &about) != 0 || !S_ISREG(about.st_mode)) { return fail(Errc::unreadable, "the signing key is no file", path); }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fail(Errc::refused, "others may read or write the signing key", path, "chmod 600 the file, and make a new key if others may have read it");
    }
    std::array<char, kFileSize + 1> text{};
    const ssize_t got = ::read(file.number(), text.data(), text.size());
    std::array<std::uint8_t, kSeed> seed{};
    const std::string_view told(text.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
    const bool well = told.size() == kFileSize && told.starts_with(kHeading) && told.ends_with('\n') && from_hex(told.substr(kHeading.size(), kSeed * 2), seed);
    sodium_memzero(text.data(), text.size());
    if (!well) { return fail(Errc::malformed, "not a signing key of Headwater's", path, "'headwater case new' makes one where there is none"); }
    auto key = from_seed(seed);
    sodium_memzero(seed.data(), seed.size());
    return key;
}

Result<void> SigningKey::write(const std::string& path) const {
    using namespace signing;
    namespace fs = std::filesystem;
    std::error_code problem;
    if (const auto folder = fs::path(path).parent_path(); !folder.empty() && !fs::exists(folder, problem)) {
        fs::create_directories(folder, problem);
        fs::permissions(folder, fs::perms::owner_all, problem);
    }
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));  // NOLINT(cppcoreguidelines-pro-type-vararg)
    if (file.number() < 0) {
        return fail(Errc::unreadable, std::string("cannot make a file for the signing key: ") + std::strerror(errno), path, "name a place that can be written with --key");
    }
    std::string text(kHeading);
    text += to_hex(std::span(secret_).first(kSeed));
    text += '\n';
    const ssize_t written = ::write(file.number(), text.data(), text.size());
    const bool well = written == static_cast<ssize_t>(text.size()) && ::fsync(file.number()) == 0;
    sodium_memzero(text.data(), text.size());
    if (!well) {
        ::unlink(path.c_str());
        return fail(Errc::unreadable, "cannot write the signing key", path, "check that the disk has room");
    }
    return {};
}

SigningKey::SigningKey(SigningKey&& other) noexcept : secret_(other.secret_), public_(other.public_) { sodium_memzero(other.secret_.data(), kSecret); }

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
    if (this != &other) {
        secret_ = other.secret_;
        public_ = other.public_;
        sodium_memzero(other.secret_.data(), kSecret);
    }
    return *this;
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), kSecret); }

Signature SigningKey::sign(std::string_view message) const {
    using namespace signing;
    Signature signature{};
    crypto_sign_detached(signature.data(), nullptr, bytes_of(message), message.size(), secret_.data());
    return signature;
}

}  // namespace hw::casefile
