#include "flow/store/segment.hpp"

#include "base/byte_cursor.hpp"
#include "flow/store/extras.hpp"
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
constexpr std::array<const char*, 7> kSectionNames{"rows", "index of groups", "kinds", "marks", "hosts", "host entries", "host lists"};

std::optional<Time> time_of(ByteCursor& cursor) {
    const auto v = cursor.u64(kOrder);
    return v ? std::optional(Time::from_micros(static_cast<std::int64_t>(*v))) : std::nullopt;
}

Time plus(Time from, std::uint64_t micros) { return Time::from_micros(static_cast<std::int64_t>(static_cast<std::uint64_t>(from.micros()) + micros)); }

/// `time` − `by`, and not before the beginning of all times.
std::int64_t back(Time time, Duration by) {
    const std::int64_t least = std::numeric_limits<std::int64_t>::min();
    return time.micros() < least + by.count() ? least : time.micros() - by.count();
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
    if (*version != kSegmentVersion) { return fail(Errc::unsupported, "a segment of version " + std::to_string(*version), name_, "a later headwater may have written it"); }
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
    if (!sections || *rows == 0 || *rows > kSegmentRows || *sections != kSections || *data_size != data_.size()) { return damaged(kFrontFixed, "the front's fields"); }
    facts_ = {.rows = *rows, .first = *first, .first_last = *first_last, .last = *last, .longest = Duration(static_cast<std::int64_t>(*longest))};
    derived_ids_ = *derived != 0;
    if (facts_.longest < Duration(0)) { return damaged(kFrontFixed, "the longest flow"); }
    for (Section& s : sections_) {
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
    HW_TRY(const auto hosts, whole(kHosts));
    hosts_ = HostDictionary(hosts);
    if (sections_[kEntries].size != hosts_.size() * 4) { return damaged(data_start_ + sections_[kHosts].offset, "hosts and their entries differ in number"); }
    HW_CHECK(whole(kGroupIndex));
    return {};
}

bool Segment::verified(std::uint64_t offset, std::uint64_t size) const {
    if (size == 0) { return true; }
    for (std::uint64_t chunk = offset / kChunk; chunk <= (offset + size - 1) / kChunk; ++chunk) {
        if (checked_[chunk].load(std::memory_order_relaxed)) { continue; }
        const auto bytes = data_.subspan(chunk * kChunk, std::min<std::size_t>(kChunk, data_.size() - chunk * kChunk));
        if (XXH3_64bits(bytes.data(), bytes.size()) != load_little<std::uint64_t>(sums_.data() + chunk * 8)) { return false; }
        checked_[chunk].store(true, std::memory_order_relaxed);
    }
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

Result<GroupView> Segment::group(std::size_t number) const {
    using namespace segment_detail;
    const std::byte* entry = section(kGroupIndex).data() + number * kGroupEntry;
    const std::uint64_t begin = load_little<std::uint64_t>(entry);
    const std::size_t groups = sections_[kGroupIndex].size / kGroupEntry;
    const std::uint64_t end = number + 1 < groups ? load_little<std::uint64_t>(entry + kGroupEntry) : sections_[kGroups].size;
    if (begin > end || end > sections_[kGroups].size) { return damaged(data_start_ + sections_[kGroupIndex].offset, "the index of groups"); }
    const std::uint64_t offset = sections_[kGroups].offset + begin;
    if (!verified(offset, end - begin)) { return damaged(data_start_ + offset, "rows of a segment"); }
    const std::size_t rows = std::min(kGroupRows, facts_.rows - number * kGroupRows);
    auto view = GroupView::open(data_.subspan(offset, end - begin), rows, shapes_);
    if (!view) { return damaged(data_start_ + offset, "rows of a segment are not as they should be"); }
    return *view;
}

Result<std::pair<std::uint32_t, std::uint32_t>> Segment::row_range(Interval interval) const {
    using namespace segment_detail;
    const std::byte* index = section(kGroupIndex).data();
    const std::size_t groups = sections_[kGroupIndex].size / kGroupEntry;
    const auto first_of = [&](std::size_t g) { return load_little<std::int64_t>(index + g * kGroupEntry + 8); };
    const auto groups_until = [&](std::int64_t time) {  // how many groups begin at or before `time`
        std::size_t low = 0;
        for (std::size_t high = groups; low < high;) {
            const std::size_t middle = low + (high - low) / 2;
            if (first_of(middle) <= time) { low = middle + 1; }
            else { high = middle; }
        }
        return low;
    };
    const std::size_t from = groups_until(back(interval.from, facts_.longest));
    // Groups with equal first packets may stand before the one found: go back over them.
    std::size_t begin = from == 0 ? 0 : from - 1;
    while (begin > 0 && first_of(begin) >= back(interval.from, facts_.longest)) { --begin; }
    const std::size_t end = groups_until(interval.to.micros());
    return std::pair(static_cast<std::uint32_t>(begin * kGroupRows), static_cast<std::uint32_t>(std::min<std::size_t>(end * kGroupRows, facts_.rows)));
}

Result<void> Segment::keep_overlapping(Interval interval, std::vector<std::uint32_t>& rows, std::size_t from) const {
    using namespace segment_detail;
    if (interval.from <= facts_.first && interval.to >= facts_.first_last) { return {}; }  // all began inside the window
    std::size_t kept = from;
    std::size_t open = std::numeric_limits<std::size_t>::max();
    std::optional<GroupView> view;
    for (std::size_t i = from; i < rows.size(); ++i) {
        const std::size_t g = rows[i] / kGroupRows;
        if (g != open) {
            const std::int64_t latest = load_little<std::int64_t>(section(kGroupIndex).data() + g * kGroupEntry + 16);
            open = g;
            if (latest < interval.from.micros()) {
                view.reset();
            } else {
                HW_TRY(auto found, group(g));
                view = found;
            }
        }
        if (!view) { continue; }
        const std::size_t r = rows[i] % kGroupRows;
        const Time first = plus(facts_.first, view->value(Column::first, r));
        if (first > interval.to || plus(first, view->value(Column::duration, r)) < interval.from) { continue; }
        rows[kept++] = rows[i];
    }
    rows.resize(kept);
    return {};
}

Result<void> Segment::rows_of(const net::Address& host, Interval interval, std::vector<std::uint32_t>& out) const {
    if (facts_.first > interval.to || facts_.last < interval.from) { return {}; }
    const auto number = hosts_.find(host);
    if (!number) { return {}; }
    HW_TRY(const auto range, row_range(interval));
    HW_TRY(const auto entries, whole(kEntries));
    HW_TRY(const auto lists, whole(kLists));
    const std::size_t before = out.size();
    if (!rows_of_host(entries, lists, *number, range.first, range.second, out)) { return damaged(data_start_ + sections_[kLists].offset, "host lists"); }
    return keep_overlapping(interval, out, before);
}

Result<void> Segment::rows_in(Interval interval, std::vector<std::uint32_t>& out) const {
    if (facts_.first > interval.to || facts_.last < interval.from) { return {}; }
    HW_TRY(const auto range, row_range(interval));
    const std::size_t before = out.size();
    for (std::uint32_t row = range.first; row < range.second; ++row) { out.push_back(row); }
    return keep_overlapping(interval, out, before);
}

Result<Flow> Segment::flow(std::uint32_t row, bool slim) const {
    using namespace segment_detail;
    if (row >= facts_.rows) { return damaged(data_start_, "a row that is not there"); }
    HW_TRY(const auto view, group(row / kGroupRows));
    const std::size_t r = row % kGroupRows;
    HW_TRY(const auto kinds, whole(kKinds));
    Flow f;
    const auto client = view.value(Column::client, r);
    const auto server = view.value(Column::server, r);
    const auto kind = view.value(Column::kind, r);
    if (client >= hosts_.size() || server >= hosts_.size() || kind >= kinds.size() / 8) { return damaged(data_start_, "a row that names a host or kind that is not there"); }
    set_kind(f, load_little<std::uint64_t>(kinds.data() + kind * 8));
    if (static_cast<std::size_t>(f.observer) >= observers_.size()) { return damaged(data_start_, "a row that names an observer that is not there"); }
    f.client = {hosts_.at(client), net::Port{static_cast<std::uint16_t>(view.value(Column::client_port, r))}};
    f.server = {hosts_.at(server), net::Port{static_cast<std::uint16_t>(view.value(Column::server_port, r))}};
    f.first = plus(facts_.first, view.value(Column::first, r));
    f.last = std::max(f.first, plus(f.first, view.value(Column::duration, r)));
    f.request.packets = view.value(Column::request_packets, r);
    f.request.bytes = view.value(Column::request_bytes, r);
    f.reply.packets = view.value(Column::reply_packets, r);
    f.reply.bytes = view.value(Column::reply_bytes, r);
    if (slim) { return f; }
    f.request.payload_bytes = view.value(Column::request_payload, r);
    f.reply.payload_bytes = view.value(Column::reply_payload, r);
    f.sampling = static_cast<std::uint32_t>(view.value(Column::sampling, r));
    HW_TRY(const auto marks, whole(kMarks));
    const auto request = view.value(Column::request_marks, r);
    const auto reply = view.value(Column::reply_marks, r);
    if (request >= marks.size() / 8 || reply >= marks.size() / 8) { return damaged(data_start_, "a row that names marks that are not there"); }
    set_marks(f.request, load_little<std::uint64_t>(marks.data() + request * 8));
    set_marks(f.reply, load_little<std::uint64_t>(marks.data() + reply * 8));
    f.id = derived_ids_ ? make_flow_id(observers_[static_cast<std::size_t>(f.observer)], f.client, f.server, f.protocol, f.first, f.tunnel_depth)
                        : FlowId{view.value(Column::id, r)};
    if (const auto extra = view.value(Column::extra, r); extra != 0) {
        if (extra > view.extras().size() || !take_extras(view.extras().subspan(extra - 1), f)) { return damaged(data_start_, "the extras of a row"); }
    }
    return f;
}

Result<Segment::Totals> Segment::totals(std::span<const std::uint32_t> rows) const {
    Totals sum;
    std::optional<GroupView> view;
    std::size_t open = std::numeric_limits<std::size_t>::max();
    for (const std::uint32_t row : rows) {
        if (row >= facts_.rows) { return damaged(data_start_, "a row that is not there"); }
        if (row / kGroupRows != open) {
            open = row / kGroupRows;
            HW_TRY(view, group(open));
        }
        const std::size_t r = row % kGroupRows;
        ++sum.flows;
        sum.packets += view->value(Column::request_packets, r) + view->value(Column::reply_packets, r);
        sum.bytes += view->value(Column::request_bytes, r) + view->value(Column::reply_bytes, r);
    }
    return sum;
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
    for (std::uint32_t row = 0; row < facts_.rows; ++row) {
        if (auto read = flow(row); !read) {
            found.push_back({.offset = data_start_, .size = 0, .what = "row " + std::to_string(row) + ": " + read.error().message});
            break;
        }
    }
    return found;
}

}  // namespace hw::flow::store
