#include "route/rpki/rtr_session.hpp"

#include "base/byte_cursor.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace hw::route::rpki {
namespace {
namespace rtr_detail {

// Types of messages (RFC 8210, 5).
constexpr std::uint8_t kSerialNotify = 0;
constexpr std::uint8_t kSerialQuery = 1;
constexpr std::uint8_t kResetQuery = 2;
constexpr std::uint8_t kCacheResponse = 3;
constexpr std::uint8_t kIpv4Prefix = 4;
constexpr std::uint8_t kIpv6Prefix = 6;
constexpr std::uint8_t kEndOfData = 7;
constexpr std::uint8_t kCacheReset = 8;
constexpr std::uint8_t kErrorReport = 10;

constexpr std::size_t kHeader = 8;
constexpr std::uint16_t kUnsupportedVersion = 4;  // RFC 8210, 12
constexpr std::uint16_t kNoDataAvailable = 2;

std::uint16_t session_of(std::span<const std::byte> bytes) { return load_big<std::uint16_t>(bytes.data() + 2); }

Duration within(std::uint32_t seconds, std::uint32_t least, std::uint32_t most) { return std::chrono::seconds(std::clamp(seconds, least, most)); }

}  // namespace rtr_detail
}  // namespace

void RtrSession::put(std::uint8_t type, std::uint16_t session, std::optional<std::uint32_t> serial) {
    const auto byte = [this](unsigned v) { output_.push_back(static_cast<std::byte>(v & 0xffU)); };
    byte(version_);
    byte(type);
    byte(session >> 8U);
    byte(session);
    for (const unsigned shift : {24U, 16U, 8U, 0U}) { byte((serial ? 12U : 8U) >> shift); }
    if (!serial) { return; }
    for (const unsigned shift : {24U, 16U, 8U, 0U}) { byte(*serial >> shift); }
}

std::unexpected<Error> RtrSession::wrong(const std::string& what) const { return fail(Errc::malformed, "the RPKI cache does not speak RTR as it should: " + what, fmt::format("byte {} of the connection", offset_)); }

void RtrSession::ask_for_all() {
    asked_for_all_ = true;
    answering_ = false;
    changes_.clear();
    put(rtr_detail::kResetQuery, 0);
}

void RtrSession::begin() {
    input_.clear();
    output_.clear();
    changes_.clear();
    answering_ = false;
    version_agreed_ = false;
    offset_ = 0;
    if (session_) { refresh(); }
    else { ask_for_all(); }
}

void RtrSession::refresh() {
    if (answering_) { return; }  // it is telling
    if (!session_) {
        ask_for_all();
        return;
    }
    asked_for_all_ = false;
    put(rtr_detail::kSerialQuery, *session_, serial_);
}

void RtrSession::forget() {
    held_ = {};
    session_.reset();
    ++completed_;
}

Result<void> RtrSession::feed(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto take = [&](std::size_t until) {
            const std::size_t n = std::min(until - std::min(until, input_.size()), bytes.size());
            input_.insert(input_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
            bytes = bytes.subspan(n);
        };
        take(rtr_detail::kHeader);
        if (input_.size() < rtr_detail::kHeader) { return {}; }
        const auto length = load_big<std::uint32_t>(input_.data() + 4);
        if (length < rtr_detail::kHeader || length > kMaxMessage) { return wrong(fmt::format("a message of {} bytes", length)); }
        take(length);
        if (input_.size() < length) { return {}; }
        HW_CHECK(message(input_));
        offset_ += length;
        input_.clear();
    }
    return {};
}

Result<void> RtrSession::message(std::span<const std::byte> bytes) {
    using namespace rtr_detail;
    const auto version = static_cast<std::uint8_t>(bytes[0]);
    const auto type = static_cast<std::uint8_t>(bytes[1]);
    const std::uint16_t session = session_of(bytes);
    const std::size_t body = bytes.size() - kHeader;
    if (type == kErrorReport) {
        if (session == kUnsupportedVersion && version < version_ && !version_agreed_) {  // it speaks the older one (RFC 8210, 7)
            version_ = version;
            ask_for_all();
            return {};
        }
        if (session == kNoDataAvailable) { return fail(Errc::unreadable, "the RPKI cache has no data yet", {}, "wait until it has fetched them"); }
        // code, length of the message that was wrong, that, length of the text, the text (ibid., 5.11)
        ByteCursor cursor(bytes.subspan(kHeader));
        std::string text;
        if (const auto inner = cursor.be32(); inner && cursor.skip(*inner)) {
            const auto said = cursor.be32();
            const auto chars = said ? cursor.take(*said) : std::nullopt;
            if (chars) { text = std::string(static_cast<const char*>(static_cast<const void*>(chars->data())), chars->size()); }
        }
        return fail(Errc::malformed, fmt::format("the RPKI cache reports error {}{}", session, text.empty() ? "" : ": " + printable(text)));
    }
    if (version > version_) { return wrong(fmt::format("version {}", version)); }
    if (version < version_) {
        if (version_agreed_) { return wrong("another version than before"); }
        version_ = version;
    }
    if (type != kSerialNotify) { version_agreed_ = true; }  // one may come before the versions are agreed (ibid., 7)
    switch (type) {
        case kSerialNotify:
            if (body != 4) { return wrong("a Serial Notify of a wrong length"); }
            if (version_agreed_ && !answering_) { refresh(); }
            return {};
        case kCacheResponse:
            if (body != 0) { return wrong("a Cache Response of a wrong length"); }
            if (session_ && *session_ != session && !asked_for_all_) {  // it has begun anew, and its serials mean nothing here
                session_.reset();
                ask_for_all();
                return {};
            }
            answering_ = true;
            changes_.clear();
            session_ = session;
            return {};
        case kIpv4Prefix: return prefix(bytes.subspan(kHeader), true);
        case kIpv6Prefix: return prefix(bytes.subspan(kHeader), false);
        case kEndOfData: return end_of_data(bytes.subspan(kHeader), session);
        case kCacheReset: ask_for_all(); return {};
        default: return {};  // router keys, and what this side has no use for
    }
}

Result<void> RtrSession::prefix(std::span<const std::byte> bytes, bool v4) {
    if (bytes.size() != (v4 ? 12U : 24U)) { return wrong("a prefix of a wrong length"); }
    if (!answering_) { return {}; }  // of an answer that was given up
    ByteCursor cursor(bytes);
    const std::uint8_t flags = *cursor.u8(), length = *cursor.u8(), most = *cursor.u8();
    static_cast<void>(cursor.skip(1));
    const unsigned bits = v4 ? 32 : 128;
    if (length > bits || most > bits || most < length) { return wrong(fmt::format("a prefix of length {} to {}", length, most)); }
    Change change{.announced = (flags & 1U) != 0, .of = {}};
    if (v4) {
        change.of.prefix = net::Prefix::v4(*cursor.be32(), length);
    } else {
        const std::uint64_t high = *cursor.be64();
        change.of.prefix = net::Prefix::v6(high, *cursor.be64(), length);
    }
    change.of.max_length = most;
    change.of.origin = net::Asn(*cursor.be32());
    if (changes_.size() >= kMaxAuthorisations) { return fail(Errc::limit, fmt::format("the RPKI cache tells more than {} authorisations", kMaxAuthorisations)); }
    changes_.push_back(change);
    return {};
}

Result<void> RtrSession::end_of_data(std::span<const std::byte> bytes, std::uint16_t session) {
    if (bytes.size() != (version_ == 0 ? 4U : 16U)) { return wrong("an End of Data of a wrong length"); }
    if (!answering_) { return {}; }
    if (session_ && *session_ != session) { return wrong("an End of Data of another session"); }
    ByteCursor cursor(bytes);
    serial_ = *cursor.be32();
    if (version_ > 0) {  // bounds: RFC 8210, 6
        const std::uint32_t refresh = *cursor.be32(), retry = *cursor.be32(), expire = *cursor.be32();
        intervals_ = {.refresh = rtr_detail::within(refresh, 1, 86'400), .retry = rtr_detail::within(retry, 1, 7'200), .expire = rtr_detail::within(expire, 600, 172'800)};
    }
    if (asked_for_all_) { held_ = {}; }
    for (const Change& change : changes_) {
        if (change.announced) { static_cast<void>(held_.add(change.of)); }
        else { static_cast<void>(held_.remove(change.of)); }
    }
    if (held_.size() > kMaxAuthorisations) { return fail(Errc::limit, fmt::format("the RPKI cache tells more than {} authorisations", kMaxAuthorisations)); }
    changes_.clear();
    answering_ = false;
    asked_for_all_ = false;
    ++completed_;
    return {};
}

}  // namespace hw::route::rpki
