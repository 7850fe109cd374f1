#include "flow/store/segment.hpp"

#include "base/byte_cursor.hpp"
#include "flow/store/segment_front.hpp"

#include <algorithm>
#include <limits>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

namespace hw::flow::store {
namespace {
namespace segment_detail {

constexpr auto kOrder = std::endian::little;
constexpr std::size_t kGroupEntry = 24;
constexpr std::array<const char*, 8> kSectionNames{"rows", "index of groups", "kinds", "marks", "hosts", "host entries", "host lists", "ports"};

std::optional<Time> time_of(ByteCursor& cursor) {
    const auto v = cursor.u64(kOrder);
    return v ? std::optional(Time::from_micros(static_cast<std::int64_t>(*v))) : std::nullopt;
}

}  // namespace segment_detail
}  // namespace

Result<std::shared_ptr<const Segment>> Segment::open(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) { return fail(errno == ENOENT ? Errc::not_found : Errc::unreadable, "a segment of the store cannot be opened", path, "headwater store check names what is wrong"); }
    struct stat status {};
    const bool known = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
    const auto size = known ? static_cast<std::size_t>(status.st_size) : 0;
    void* at = known ? ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
    ::close(file);
    if (at == MAP_FAILED) { return fail(Errc::unreadable, "a segment of the store cannot be read", path, "headwater store check names what is wrong"); }
    std::shared_ptr<Segment> segment(new Segment);
    segment->name_ = path;
    segment->bytes_ = {static_cast<const std::byte*>(at), size};
    segment->mapped_ = size;
    ::madvise(at, size, MADV_RANDOM);
    ::madvise(at, std::min<std::size_t>(size, std::size_t{1} << 16U), MADV_WILLNEED);  // the front
    HW_CHECK(segment->read_front());
    return segment;
}

Result<std::shared_ptr<const Segment>> Segment::parse(std::span<const std::byte> bytes, const std::string& name) {
    std::shared_ptr<Segment> segment(new Segment);
    segment->name_ = name;
    segment->bytes_ = bytes;
    HW_CHECK(segment->read_front());
    return segment;
}

Segment::~Segment() {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): munmap takes what mmap gave
    if (mapped_ != 0) { ::munmap(const_cast<std::byte*>(bytes_.data()), mapped_); }
}

std::unexpected<Error> Segment::damaged(std::uint64_t offset, const char* what) const {
    return fail(Errc::malformed, std::string("the store is damaged: ") + what, name_ + ":" + std::to_string(offset),
                "headwater store check names all damage; import the same inputs into a new store");
}

Result<void> Segment::read_front() {
    using namespace segment_detail;
    ByteCursor fixed(bytes_);
    const auto magic = fixed.take(8);
    const auto version = fixed.u32(kOrder);
    const auto front_size = fixed.u32(kOrder);
    const auto sum = fixed.u64(kOrder);
    if (!sum || !std::ranges::equal(*magic, std::as_bytes(std::span(kSegmentMagic)).first(8))) { return damaged(0, "no segment begins here"); }
    version_ = *version;
    if (version_ != 1 && version_ != kSegmentVersion) { return fail(Errc::unsupported, "a segment of version " + std::to_string(*version), name_, "a later headwater may have written it"); }
    if (*front_size < kFrontFixed || *front_size > bytes_.size()) { return damaged(12, "the front's size"); }
    const auto body = bytes_.subspan(kFrontFixed, *front_size - kFrontFixed);
    if (XXH3_64bits(body.data(), body.size()) != *sum) { return damaged(0, "the front of a segment"); }
    data_start_ = *front_size;
    data_ = bytes_.subspan(data_start_);

    ByteCursor in(body);
    const auto rows = in.u32(kOrder);
    const auto derived = in.u32(kOrder);
    const auto first = time_of(in);
    const auto first_last = time_of(in);
    const auto last = time_of(in);
    const auto longest = in.u64(kOrder);
    const auto data_size = in.u64(kOrder);
    const auto sections = in.u32(kOrder);
    if (!sections || *rows == 0 || *rows > kSegmentRows || *sections != (version_ == 1 ? kSections - 1 : kSections) || *data_size != data_.size()) { return damaged(kFrontFixed, "the front's fields"); }
    facts_ = {.rows = *rows, .first = *first, .first_last = *first_last, .last = *last, .longest = Duration(static_cast<std::int64_t>(*longest))};
    derived_ids_ = *derived != 0;
    if (facts_.longest < Duration(0)) { return damaged(kFrontFixed, "the longest flow"); }
    for (Section& s : std::span(sections_).first(*sections)) {
        const auto offset = in.u64(kOrder);
        const auto size = in.u64(kOrder);
        if (!size || *offset > data_.size() || *size > data_.size() - *offset) { return damaged(kFrontFixed, "the place of a section"); }
        s = {.offset = *offset, .size = *size};
    }
    const auto columns = in.u32(kOrder);
    if (!columns || *columns != kColumns) { return damaged(kFrontFixed, "the number of columns"); }
    for (ColumnShape& shape : shapes_) {
        const auto low = in.u64(kOrder);
        const auto high = in.u64(kOrder);
        const auto scale = in.u64(kOrder);
        if (!scale || *scale == 0) { return damaged(kFrontFixed, "the shape of a column"); }
        shape = {.min = *low, .max = *high, .scale = *scale};
    }
    const auto names = in.u32(kOrder);
    if (!names || *names > in.remaining() / 2) { return damaged(kFrontFixed, "the observers"); }
    observers_.reserve(*names);
    for (std::uint32_t i = 0; i < *names; ++i) {
        const auto length = in.u16(kOrder);
        const auto text = length ? in.take(*length) : std::nullopt;
        if (!text) { return damaged(kFrontFixed, "the name of an observer"); }
        std::string name(text->size(), '\0');
        std::ranges::transform(*text, name.begin(), [](std::byte b) { return static_cast<char>(b); });
        observers_.push_back(std::move(name));
    }
    const std::size_t chunks = (data_.size() + kChunk - 1) / kChunk;
    const auto sums = in.take(chunks * 8);
    const std::size_t groups = (facts_.rows + kGroupRows - 1) / kGroupRows;
    if (!sums || sections_[kGroupIndex].size != groups * kGroupEntry) { return damaged(kFrontFixed, "the sums of the pieces"); }
    sums_ = *sums;
    checked_ = std::make_unique<std::atomic<bool>[]>(chunks);
    group_checked_ = std::make_unique<std::atomic<bool>[]>(groups);
    unchecked_ = chunks;
    return open_hosts();
}

Result<void> Segment::open_hosts() {
    if (version_ == 1) {
        HW_TRY(const auto hosts, whole(kHosts));
        hosts_ = HostDictionary(hosts);
        if (sections_[kEntries].size != hosts_.size() * 4) { return damaged(data_start_ + sections_[kHosts].offset, "hosts and their entries differ in number"); }
        HW_CHECK(whole(kGroupIndex));
        return {};
    }
    layout_ = RecordLayout(shapes_);
    const std::uint64_t begin = sections_[kGroupIndex].offset;
    expect(begin, std::max(begin, sections_[kPorts].offset) - begin);  // what is read whole lies together
    HW_CHECK(whole(kGroupIndex));
    HW_TRY(const auto fences, whole(kFences));
    const auto pages = HostPages::open(section(kHosts), fences);
    if (!pages) { return damaged(data_start_ + sections_[kHosts].offset, "the number of hosts"); }
    pages_ = *pages;
    return {};
}

void Segment::expect(std::uint64_t offset, std::uint64_t size) const {
    if (mapped_ == 0 || size == 0) { return; }
    const std::uint64_t first = offset / kChunk;
    const std::uint64_t last = (offset + size - 1) / kChunk;
    if (checked_[first].load(std::memory_order_relaxed) && checked_[last].load(std::memory_order_relaxed)) { return; }
    static const auto kPage = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t begin = (data_start_ + first * kChunk) / kPage * kPage;
    const std::uint64_t end = std::min<std::uint64_t>(bytes_.size(), data_start_ + (last + 1) * kChunk);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): advice only
    ::madvise(const_cast<std::byte*>(bytes_.data()) + begin, end - begin, MADV_WILLNEED);
}

bool Segment::verify_chunk(std::uint64_t chunk) const {
    // Who reads on from the piece before is read ahead of; others are not, for a look-up needs single pieces.
    constexpr std::uint64_t kAhead = 64;
    if (chunk % (kAhead / 2) == 0 && chunk > 0 && checked_[chunk - 1].load(std::memory_order_relaxed)) {
        expect(chunk * kChunk, std::min<std::uint64_t>(kAhead * kChunk, data_.size() - chunk * kChunk));
    }
    const auto bytes = data_.subspan(chunk * kChunk, std::min<std::size_t>(kChunk, data_.size() - chunk * kChunk));
    if (XXH3_64bits(bytes.data(), bytes.size()) != load_little<std::uint64_t>(sums_.data() + chunk * 8)) { return false; }
    if (!checked_[chunk].exchange(true, std::memory_order_relaxed)) { unchecked_.fetch_sub(1, std::memory_order_relaxed); }
    return true;
}

Result<std::span<const std::byte>> Segment::whole(SectionKind kind) const {
    const Section& place = sections_[kind];
    if (!whole_checked_[kind].load(std::memory_order_relaxed)) {
        if (!verified(place.offset, place.size)) { return damaged(data_start_ + place.offset, segment_detail::kSectionNames[kind]); }
        whole_checked_[kind].store(true, std::memory_order_relaxed);
    }
    return section(kind);
}

std::vector<Segment::Damage> Segment::scrub() const {
    std::vector<Damage> found;
    for (std::uint64_t at = 0; at < data_.size(); at += kChunk) {
        const std::uint64_t size = std::min<std::uint64_t>(kChunk, data_.size() - at);
        const auto bytes = data_.subspan(at, size);
        if (XXH3_64bits(bytes.data(), bytes.size()) == load_little<std::uint64_t>(sums_.data() + at / kChunk * 8)) { continue; }
        std::string what;
        for (std::size_t s = 0; s < kSections; ++s) {
            if (sections_[s].offset < at + size && at < sections_[s].offset + sections_[s].size) { what += (what.empty() ? "" : ", ") + std::string(segment_detail::kSectionNames[s]); }
        }
        found.push_back({.offset = data_start_ + at, .size = size, .what = what});
    }
    if (!found.empty()) { return found; }
    if (const char* wrong = unsound()) { return {{.offset = data_start_, .size = 0, .what = wrong}}; }
    for (std::uint32_t row = 0; row < facts_.rows; ++row) {
        if (auto read = flow(row); !read) {
            found.push_back({.offset = data_start_, .size = 0, .what = "row " + std::to_string(row) + ": " + read.error().message});
            break;
        }
    }
    return found;
}

}  // namespace hw::flow::store
