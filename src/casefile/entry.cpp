#include "casefile/entry.hpp"

#include "base/sha256.hpp"

#include <algorithm>
#include <charconv>
#include <vector>
#include <span>

namespace hw::casefile {
namespace {
namespace entries {

constexpr std::size_t kLongestId = 200;
constexpr std::size_t kLongestKind = 40;
constexpr double kLargestWhole = 9007199254740992.0;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

Result<Act> parse_act(std::string_view text, std::string_view where) {
    for (const Act act : {Act::open, Act::put, Act::retract}) {
        if (to_string(act) == text) { return act; }
    }
    return fail(Errc::malformed, "a log entry does what is not known", std::string(where));
}

Result<Hash> hash_of(std::span<const std::span<const std::byte>> parts) {
    Sha256 sum;
    for (const auto part : parts) { sum.update(part); }
    HW_TRY(const auto hex, sum.finish());
    Hash hash{};
    HW_CHECK(from_hex(hex, hash));
    return hash;
}

}  // namespace entries
}  // namespace

std::string_view to_string(Act act) {
    switch (act) {
        case Act::open: return "open";
        case Act::put: return "put";
        case Act::retract: return "retract";
    }
    return "?";
}

std::string to_string(const Head& head) { return std::to_string(head.seq) + ":" + to_hex(head.hash); }

Result<Head> parse_head(std::string_view text) {
    using namespace entries;
    const auto fail_as = [] { return fail(Errc::usage, "not the head of a case's log", {}, "it has the form 12:0a1b... with 64 hexadecimal digits, as case verify prints it"); };
    Head head;
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) { return fail_as(); }
    const auto read = std::from_chars(text.data(), text.data() + colon, head.seq);
    if (read.ec != std::errc{} || read.ptr != text.data() + colon || head.seq < 1 || !from_hex(text.substr(colon + 1), head.hash)) { return fail_as(); }
    return head;
}

std::string entry_text(const Entry& entry) {
    JsonValue text;
    text.set("seq", static_cast<double>(entry.seq)).set("time", to_rfc3339(entry.time)).set("act", to_string(entry.act)).set("kind", entry.kind);
    text.set("id", entry.id).set("tlp", to_string(entry.tlp)).set("body", entry.body);
    return canonical_json(text);
}

Result<Entry> parse_entry(std::string_view text, std::string_view where) {
    using namespace entries;
    HW_TRY(const auto value, parse_json(text, where));
    const auto seq = value.number("seq");
    const auto time = value.text("time");
    const auto act = value.text("act");
    const auto kind = value.text("kind");
    const auto id = value.text("id");
    const auto tlp = value.text("tlp");
    const JsonValue* body = value.find("body");
    constexpr std::size_t kMembers = 7;
    const bool whole = seq && *seq >= 1 && *seq <= kLargestWhole && *seq == static_cast<double>(static_cast<std::int64_t>(*seq)) && time && act && kind && is_kind(*kind) && id && is_id(*id) && tlp &&
                       body != nullptr && body->as_object() != nullptr && value.as_object()->size() == kMembers;
    if (!whole) { return fail(Errc::malformed, "a log entry lacks what each has", std::string(where)); }
    Entry entry{.seq = static_cast<std::int64_t>(*seq), .time = {}, .act = Act::put, .kind = *kind, .id = *id, .tlp = Tlp::amber, .body = *body};
    HW_TRY(entry.time, parse_rfc3339(*time));
    HW_TRY(entry.act, parse_act(*act, where));
    HW_TRY(entry.tlp, parse_tlp(*tlp));
    return entry;
}

Result<Hash> next_hash(const Hash& last, const Hash& signers, std::string_view entry) {
    using namespace entries;
    const std::array<std::span<const std::byte>, 3> parts{std::as_bytes(std::span(last)), std::as_bytes(std::span(signers)), std::as_bytes(std::span(entry))};
    return hash_of(parts);
}

Result<Hash> digest_of(const std::set<PublicKey>& keys) {
    using namespace entries;
    std::vector<std::span<const std::byte>> parts;
    parts.reserve(keys.size());
    for (const PublicKey& key : keys) { parts.push_back(std::as_bytes(key.bytes())); }
    return hash_of(parts);
}

std::string sealed_message(std::string_view case_id, const Head& head) {
    return "headwater-case-seal/1\n" + std::string(case_id) + "\n" + to_string(head) + "\n";
}

bool is_id(std::string_view id) {
    using namespace entries;
    constexpr std::string_view kOthers = "._:/@+-";
    return !id.empty() && id.size() <= kLongestId && std::ranges::all_of(id, [&](char c) { return is_letter(c) || is_digit(c) || kOthers.find(c) != std::string_view::npos; });
}

bool is_kind(std::string_view kind) {
    using namespace entries;
    return !kind.empty() && kind.size() <= kLongestKind && std::ranges::all_of(kind, [](char c) { return (is_letter(c) && c >= 'a') || is_digit(c) || c == '-'; });
}

}  // namespace hw::casefile
