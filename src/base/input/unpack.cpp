#include "base/input/unpack.hpp"

#include "base/sha256.hpp"

#include <bzlib.h>
#include <fcntl.h>
#include <lzma.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace hw {
namespace {
namespace unpack_detail {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kBlock = std::size_t{256} * 1024;          // fits the second-level cache with what a reader needs
constexpr std::uint64_t kXzMemory = std::uint64_t{256} << 20U;   // xz -9 asks for 65 MiB
constexpr std::size_t kLayers = 2;

bool starts_with(Bytes head, std::initializer_list<unsigned> magic) {
    return head.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), head.begin(), [](unsigned a, std::byte b) { return a == std::to_integer<unsigned>(b); });
}

std::string cut_reason(Packing packing) { return std::string(to_string(packing)) + " data end too early"; }
std::string broken_reason(Packing packing) { return std::string(to_string(packing)) + " data are damaged"; }

}  // namespace unpack_detail
}  // namespace

Packing recognise_packing(std::span<const std::byte> head) {
    using unpack_detail::starts_with;
    if (starts_with(head, {0x1f, 0x8b, 0x08})) { return Packing::gzip; }
    if (starts_with(head, {0x28, 0xb5, 0x2f, 0xfd})) { return Packing::zstd; }
    // A skippable frame (RFC 8878, 3.1.2) may come first, as pzstd writes it.
    if (head.size() >= 4 && (std::to_integer<unsigned>(head[0]) & 0xf0U) == 0x50U && starts_with(head.subspan(1), {0x2a, 0x4d, 0x18})) {
        return Packing::zstd;
    }
    if (starts_with(head, {0xfd, '7', 'z', 'X', 'Z', 0x00})) { return Packing::xz; }
    const bool bzip2 = starts_with(head, {'B', 'Z', 'h'}) && head.size() >= 10 && head[3] >= std::byte{'1'} && head[3] <= std::byte{'9'};
    if (bzip2 && (starts_with(head.subspan(4), {0x31, 0x41, 0x59, 0x26, 0x53, 0x59}) || starts_with(head.subspan(4), {0x17, 0x72, 0x45, 0x38, 0x50, 0x90}))) {
        return Packing::bzip2;
    }
    return Packing::none;
}

std::string_view to_string(Packing packing) {
    switch (packing) {
        case Packing::none: return "";
        case Packing::gzip: return "gzip";
        case Packing::zstd: return "zstd";
        case Packing::xz: return "xz";
        case Packing::bzip2: return "bzip2";
    }
    return "";
}

/// What one call of a library did.
struct UnpackStep {
    std::size_t used = 0;
    std::size_t made = 0;
    bool finished = false;  ///< A member, frame or stream is complete.
    bool failed = false;
};

class Unpacker::Decoder {
public:
    Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    virtual ~Decoder() = default;
    /// Unpacks from `in` to `out`; may use and make nothing where it needs more of either.
    [[nodiscard]] virtual UnpackStep step(std::span<const std::byte> in, std::span<std::byte> out) = 0;
    /// Makes ready for the next member, frame or stream; false where the library cannot.
    [[nodiscard]] virtual bool restart() = 0;
};

namespace {
namespace unpack_detail {

// zlib and liblzma take unsigned char; std::byte may be read as such, but says so only through void*.
unsigned char* as_uchar(std::byte* bytes) { return static_cast<unsigned char*>(static_cast<void*>(bytes)); }
const unsigned char* as_uchar(const std::byte* bytes) { return static_cast<const unsigned char*>(static_cast<const void*>(bytes)); }

class Gzip final : public Unpacker::Decoder {
public:
    Gzip() { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }  // 32 KiB window, gzip header and trailer checked
    ~Gzip() override { inflateEnd(&stream_); }
    UnpackStep step(Bytes in, std::span<std::byte> out) override {
        if (!ready_) { return {.failed = true}; }
        stream_.next_in = const_cast<unsigned char*>(as_uchar(in.data()));  // zlib's interface; it does not write there
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = as_uchar(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        const int code = inflate(&stream_, Z_NO_FLUSH);
        UnpackStep step{.used = in.size() - stream_.avail_in, .made = out.size() - stream_.avail_out};
        step.finished = code == Z_STREAM_END;
        step.failed = code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR;
        return step;
    }
    bool restart() override { return inflateReset(&stream_) == Z_OK; }

private:
    z_stream stream_{};
    bool ready_ = false;
};

class Zstd final : public Unpacker::Decoder {
public:
    Zstd() : stream_(ZSTD_createDStream()) {}  // windows past 128 MiB (ZSTD_WINDOWLOG_LIMIT_DEFAULT) are refused
    ~Zstd() override { ZSTD_freeDStream(stream_); }
    UnpackStep step(Bytes in, std::span<std::byte> out) override {
        if (stream_ == nullptr) { return {.failed = true}; }
        ZSTD_inBuffer input{in.data(), in.size(), 0};
        ZSTD_outBuffer output{out.data(), out.size(), 0};
        const std::size_t code = ZSTD_decompressStream(stream_, &output, &input);
        UnpackStep step{.used = input.pos, .made = output.pos};
        step.failed = ZSTD_isError(code) != 0;
        step.finished = !step.failed && code == 0;
        return step;
    }
    bool restart() override { return ZSTD_isError(ZSTD_DCtx_reset(stream_, ZSTD_reset_session_only)) == 0; }

private:
    ZSTD_DStream* stream_;
};

class Xz final : public Unpacker::Decoder {
public:
    Xz() { ready_ = restart(); }
    ~Xz() override { lzma_end(&stream_); }
    UnpackStep step(Bytes in, std::span<std::byte> out) override {
        if (!ready_) { return {.failed = true}; }
        stream_.next_in = as_uchar(in.data());
        stream_.avail_in = in.size();
        stream_.next_out = as_uchar(out.data());
        stream_.avail_out = out.size();
        const lzma_ret code = lzma_code(&stream_, LZMA_RUN);
        UnpackStep step{.used = in.size() - stream_.avail_in, .made = out.size() - stream_.avail_out};
        step.finished = code == LZMA_STREAM_END;
        step.failed = code != LZMA_OK && code != LZMA_STREAM_END && code != LZMA_BUF_ERROR;
        return step;
    }
    bool restart() override { return lzma_stream_decoder(&stream_, kXzMemory, 0) == LZMA_OK; }

private:
    lzma_stream stream_ = LZMA_STREAM_INIT;
    bool ready_ = false;
};

class Bzip2 final : public Unpacker::Decoder {
public:
    Bzip2() { ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK; }
    ~Bzip2() override { BZ2_bzDecompressEnd(&stream_); }
    UnpackStep step(Bytes in, std::span<std::byte> out) override {
        if (!ready_) { return {.failed = true}; }
        stream_.next_in = const_cast<char*>(static_cast<const char*>(static_cast<const void*>(in.data())));  // its interface; it does not write there
        stream_.avail_in = static_cast<unsigned>(in.size());
        stream_.next_out = static_cast<char*>(static_cast<void*>(out.data()));
        stream_.avail_out = static_cast<unsigned>(out.size());
        const int code = BZ2_bzDecompress(&stream_);
        UnpackStep step{.used = in.size() - stream_.avail_in, .made = out.size() - stream_.avail_out};
        step.finished = code == BZ_STREAM_END;
        step.failed = code != BZ_OK && code != BZ_STREAM_END;
        return step;
    }
    bool restart() override {
        BZ2_bzDecompressEnd(&stream_);
        stream_ = {};
        ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK;
        return ready_;
    }

private:
    bz_stream stream_{};
    bool ready_ = false;
};

std::unique_ptr<Unpacker::Decoder> make_decoder(Packing packing) {
    switch (packing) {
        case Packing::gzip: return std::make_unique<Gzip>();
        case Packing::zstd: return std::make_unique<Zstd>();
        case Packing::xz: return std::make_unique<Xz>();
        case Packing::bzip2: return std::make_unique<Bzip2>();
        case Packing::none: break;
    }
    return nullptr;
}

}  // namespace unpack_detail
}  // namespace

Unpacker::Unpacker(std::unique_ptr<ByteSource> packed, Packing packing, std::span<const std::byte> first)
    : packed_(std::move(packed)), decoder_(unpack_detail::make_decoder(packing)), packing_(packing), pending_(first), block_(unpack_detail::kBlock) {}

Unpacker::~Unpacker() = default;

Result<void> Unpacker::refill() {
    if (packed_ended_) { return {}; }
    HW_TRY(pending_, packed_->next());
    packed_ended_ = pending_.empty();
    return {};
}

void Unpacker::end_with(std::string what) {
    ended_ = true;
    damage_ = UnpackDamage{std::move(what), unpacked_};
}

Result<std::span<const std::byte>> Unpacker::next() {
    if (decoder_ == nullptr) { return packed_->next(); }
    std::size_t filled = 0;
    while (!ended_ && filled < block_.size()) {
        if (pending_.empty()) { HW_CHECK(refill()); }
        if (between_) {
            // Padding: gzip data may be filled up with zeros to a block's end, xz streams with zeros in fours.
            if (packing_ != Packing::zstd) {
                while (!pending_.empty() && pending_.front() == std::byte{0}) { pending_ = pending_.subspan(1); }
            }
            if (pending_.empty()) {
                ended_ = packed_ended_;
                continue;
            }
        }
        const UnpackStep step = decoder_->step(pending_, std::span(block_).subspan(filled));
        pending_ = pending_.subspan(step.used);
        filled += step.made;
        unpacked_ += step.made;
        const bool fresh = std::exchange(between_, step.finished);
        if (step.failed) {
            end_with(fresh && unpacked_ > 0 ? "bytes after the end of the " + std::string(to_string(packing_)) + " data"
                                            : unpack_detail::broken_reason(packing_));
        } else if (step.finished) {
            if (!decoder_->restart()) { end_with(unpack_detail::broken_reason(packing_)); }
        } else if (packed_ended_ && pending_.empty() && step.made == 0) {
            end_with(unpack_detail::cut_reason(packing_));
        } else if (step.used == 0 && step.made == 0 && !pending_.empty()) {
            end_with(unpack_detail::broken_reason(packing_));  // a decoder with room and food that takes neither never will
        }
    }
    return std::span<const std::byte>(block_).first(filled);
}

/// The file on the disk, or standard input.
class InputBytes::File final : public ByteSource {
public:
    File(int descriptor, std::string path, bool waits, std::stop_token stop, std::atomic<std::uint64_t>* done)
        : descriptor_(descriptor), path_(std::move(path)), waits_(waits), stop_(std::move(stop)), done_(done), block_(unpack_detail::kBlock) {}
    ~File() override {
        if (descriptor_ > STDERR_FILENO) { ::close(descriptor_); }
    }

    Result<std::span<const std::byte>> next() override {
        std::size_t filled = 0;
        while (filled < block_.size()) {
            if (stop_.stop_requested()) {
                stopped_ = true;
                break;
            }
            if (waits_) {
                pollfd wait{.fd = descriptor_, .events = POLLIN, .revents = 0};
                constexpr int kPatienceMs = 100;  // how soon a request to stop is seen
                if (::poll(&wait, 1, kPatienceMs) <= 0) { continue; }
            }
            const ssize_t got = ::read(descriptor_, block_.data() + filled, block_.size() - filled);
            if (got < 0 && (errno == EINTR || errno == EAGAIN)) { continue; }
            if (got < 0) {
                return fail(Errc::unreadable, std::string("cannot read: ") + std::strerror(errno), path_ + ":" + std::to_string(bytes_ + filled),
                            "check the disk and the file's permissions");
            }
            if (got == 0) { break; }
            filled += static_cast<std::size_t>(got);
        }
        const auto block = std::span<const std::byte>(block_).first(filled);
        hash_.update(block);
        bytes_ += filled;
        if (done_ != nullptr) { done_->fetch_add(filled, std::memory_order_relaxed); }
        return block;
    }

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] bool stopped() const { return stopped_; }
    [[nodiscard]] Result<std::string> digest() { return hash_.finish(); }

private:
    int descriptor_;
    std::string path_;
    bool waits_;  ///< A pipe, socket or terminal.
    bool stopped_ = false;
    std::stop_token stop_;
    std::atomic<std::uint64_t>* done_;
    std::uint64_t bytes_ = 0;
    Sha256 hash_;
    std::vector<std::byte> block_;
};

InputBytes::~InputBytes() = default;

Result<std::unique_ptr<InputBytes>> InputBytes::open(const std::string& path, std::stop_token stop, std::atomic<std::uint64_t>* done) {
    // O_NONBLOCK for the opening alone: a pipe without a writer would hold it up, deaf to an interruption.
    const int descriptor = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (path != "-" && descriptor >= 0) { static_cast<void>(::fcntl(descriptor, F_SETFL, O_RDONLY)); }
    if (descriptor < 0) {
        const int reason = errno;
        if (reason == ENOENT || reason == ENOTDIR) { return fail(Errc::not_found, "no such file", path, "check the path"); }
        return fail(Errc::unreadable, std::string("cannot open: ") + std::strerror(reason), path, "check the file's permissions");
    }
    struct stat status {};
    const bool known = ::fstat(descriptor, &status) == 0;
    const bool regular = known && S_ISREG(status.st_mode);
    auto file = std::make_unique<File>(descriptor, path, !regular, std::move(stop), done);
    if (known && S_ISDIR(status.st_mode)) { return fail(Errc::unreadable, "this is a directory", path, "name the files in it"); }
    if (regular) { static_cast<void>(::posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)); }

    std::unique_ptr<InputBytes> input(new InputBytes());
    input->file_ = file.get();
    input->top_ = std::move(file);
    HW_TRY(input->head_, input->top_->next());
    for (Packing packing = recognise_packing(input->head_); packing != Packing::none; packing = recognise_packing(input->head_)) {
        if (input->layers_.size() == unpack_detail::kLayers) {
            return fail(Errc::unsupported, "packed more than twice over", path, "unpack it first");
        }
        auto layer = std::make_unique<Unpacker>(std::move(input->top_), packing, input->head_);
        input->layers_.push_back(layer.get());
        input->top_ = std::move(layer);
        HW_TRY(input->head_, input->top_->next());
    }
    return input;
}

Result<std::span<const std::byte>> InputBytes::next() {
    if (!std::exchange(head_given_, true)) { return head_; }
    return top_->next();
}

std::vector<UnpackDamage> InputBytes::damages() const {
    std::vector<UnpackDamage> all;
    if (file_->stopped()) { return all; }  // that the bytes end early is then our doing
    for (const Unpacker* layer : layers_) {
        if (layer->damage()) { all.push_back(*layer->damage()); }
    }
    return all;
}

std::uint64_t InputBytes::raw_bytes() const { return file_->bytes(); }

Result<std::string> InputBytes::finish_sha256() {
    while (true) {
        HW_TRY(const auto block, file_->next());
        if (block.empty()) { break; }
    }
    if (file_->stopped()) { return std::string(); }
    return file_->digest();
}

}  // namespace hw
