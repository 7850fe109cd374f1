#include "base/input/unpack.hpp"

#include "base/sha256.hpp"

#include <bzlib.h>
#include <doctest/doctest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

using namespace hw;

namespace {

std::string text_of_size(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) { text += "line " + std::to_string(i * i % 9973) + "\n"; }
    text.resize(size);
    return text;
}

std::string gzip(std::string_view text) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    std::string in(text);
    stream.next_in = static_cast<unsigned char*>(static_cast<void*>(in.data()));
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = static_cast<unsigned char*>(static_cast<void*>(out.data()));
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string zstd(std::string_view text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
}

std::string xz(std::string_view text) {
    std::string out(lzma_stream_buffer_bound(text.size()), '\0');
    std::size_t size = 0;
    REQUIRE(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr, static_cast<const unsigned char*>(static_cast<const void*>(text.data())), text.size(),
                                    static_cast<unsigned char*>(static_cast<void*>(out.data())), &size, out.size()) == LZMA_OK);
    out.resize(size);
    return out;
}

std::string bzip2(std::string_view text) {
    std::string in(text);
    auto size = static_cast<unsigned>(text.size() + text.size() / 100 + 600);
    std::string out(size, '\0');
    REQUIRE(BZ2_bzBuffToBuffCompress(out.data(), &size, in.data(), static_cast<unsigned>(in.size()), 9, 0, 0) == BZ_OK);
    out.resize(size);
    return out;
}

/// A file that is gone when the test ends.
class TemporaryFile {
public:
    explicit TemporaryFile(std::string_view content)
        : path_(std::filesystem::temp_directory_path() / ("headwater-unpack-" + std::to_string(::getpid()))) {
        std::ofstream(path_, std::ios::binary) << content;
    }
    ~TemporaryFile() { std::filesystem::remove(path_); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

struct Unpacked {
    std::string text;
    std::vector<UnpackDamage> damages;
    std::string sha256;
    std::uint64_t raw = 0;
};

Unpacked unpack(const std::string& path) {
    auto input = InputBytes::open(path);
    REQUIRE(input.has_value());
    Unpacked result;
    const std::string head(static_cast<const char*>(static_cast<const void*>((*input)->head().data())), (*input)->head().size());
    while (true) {
        const auto block = (*input)->next();
        REQUIRE(block.has_value());
        if (block->empty()) { break; }
        result.text.append(static_cast<const char*>(static_cast<const void*>(block->data())), block->size());
    }
    CHECK(result.text.starts_with(head));
    result.damages = (*input)->damages();
    result.sha256 = *(*input)->finish_sha256();
    result.raw = (*input)->raw_bytes();
    return result;
}

}  // namespace

TEST_CASE("unpack: plain, gzip, zstd, xz and bzip2 give the bytes, with the hash of the file on the disk") {
    const std::string text = text_of_size(900'000);
    for (const std::string& packed : {text, gzip(text), zstd(text), xz(text), bzip2(text)}) {
        const TemporaryFile file(packed);
        const Unpacked got = unpack(file.path());
        CHECK(got.text == text);
        CHECK(got.damages.empty());
        CHECK(got.raw == packed.size());
        CHECK(got.sha256 == *sha256_hex(std::as_bytes(std::span(packed))));
    }
}

TEST_CASE("unpack: members, frames and streams one after another are one text, padding between them is passed over") {
    const std::string zeros(8, '\0');
    const std::string skippable("\x50\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
    for (const std::string& packed : {gzip("one ") + gzip("") + gzip("two"), gzip("one ") + zeros + gzip("two") + zeros, zstd("one ") + zstd("two"),
                                      skippable + zstd("one ") + skippable + zstd("two"), xz("one ") + xz("two"), xz("one ") + zeros + xz("two") + zeros, bzip2("one ") + bzip2("") + bzip2("two")}) {
        const TemporaryFile file(packed);
        const Unpacked got = unpack(file.path());
        CHECK(got.text == "one two");
        CHECK(got.damages.empty());
    }
}

TEST_CASE("unpack: packed data that end too early keep what came before, with a note") {
    const std::string text = text_of_size(2'000'000);
    for (const std::string& packed : {gzip(text), zstd(text), xz(text), bzip2(text)}) {
        for (const std::size_t size : {packed.size() - 1, packed.size() / 2, std::size_t{20}}) {
            const TemporaryFile file(packed.substr(0, size));
            const Unpacked got = unpack(file.path());
            CHECK(text.starts_with(got.text));
            REQUIRE(got.damages.size() == 1);
            CHECK(got.damages[0].what.find("end too early") != std::string::npos);
            CHECK(got.damages[0].offset == got.text.size());
        }
    }
}

TEST_CASE("unpack: a flipped byte or garbage behind ends the text there, with a note") {
    const std::string text = text_of_size(2'000'000);
    for (std::string packed : {gzip(text), zstd(text), xz(text), bzip2(text)}) {
        const TemporaryFile behind(packed + "garbage that is not packed");
        const Unpacked whole = unpack(behind.path());
        CHECK(whole.text == text);
        REQUIRE(whole.damages.size() == 1);
        CHECK(whole.damages[0].what.starts_with("bytes after the end of the "));
        packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 0x55);
        const TemporaryFile flipped(packed);
        CHECK(unpack(flipped.path()).damages.size() <= 1);
    }
    std::string packed = gzip(text);
    packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 0x55);  // in the checksum
    const TemporaryFile file(packed);
    CHECK(unpack(file.path()).damages.size() == 1);
}

TEST_CASE("unpack: packing inside packing is taken off, a third layer is refused") {
    const TemporaryFile two(gzip(xz("text")));
    CHECK(unpack(two.path()).text == "text");
    const TemporaryFile three(gzip(xz(zstd("text"))));
    const auto refused = InputBytes::open(three.path());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::unsupported);
}

TEST_CASE("unpack: the hash is of the whole file, though a reader stopped in the middle") {
    const std::string packed = gzip(text_of_size(5'000'000));
    const TemporaryFile file(packed);
    auto input = InputBytes::open(file.path());
    REQUIRE(input.has_value());
    REQUIRE((*input)->next().has_value());
    CHECK((*input)->finish_sha256() == *sha256_hex(std::as_bytes(std::span(packed))));
    CHECK((*input)->raw_bytes() == packed.size());
}

TEST_CASE("unpack: what cannot be opened is an error with the path, an empty file is none") {
    const auto missing = InputBytes::open("/nonexistent/file");
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().code == Errc::not_found);
    CHECK(missing.error().where == "/nonexistent/file");
    CHECK_FALSE(InputBytes::open("/").has_value());
    const TemporaryFile empty("");
    CHECK(unpack(empty.path()).text.empty());
}

TEST_CASE("unpack: a request to stop ends the bytes without a word of damage, and leaves no hash") {
    const TemporaryFile file(gzip(text_of_size(5'000'000)));
    std::stop_source stop;
    auto input = InputBytes::open(file.path(), stop.get_token());
    REQUIRE(input.has_value());
    stop.request_stop();
    while (!(*input)->next()->empty()) {}
    CHECK((*input)->finish_sha256() == std::string());
    CHECK((*input)->damages().empty());
}
