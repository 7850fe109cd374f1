#include "flow/read/zeek_json.hpp"

#include "base/text.hpp"
#include "flow/read/zeek_lines.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hw::flow::read::zeek {
namespace {
namespace json_detail {

namespace od = simdjson::ondemand;
static_assert(kLinePadding >= simdjson::SIMDJSON_PADDING);

/// The objects whose members may mean something to us; the number is what the code knows them by.
constexpr std::array<std::string_view, 8> kObjects{"", "id", "source", "destination", "network", "event", "zeek", "zeek.connection"};
constexpr std::uint8_t kNoObject = 0xff;

/// What to do with a member.
struct Meaning {
    Field field = Field::ignored;     ///< Where its value is a scalar.
    std::uint8_t object = kNoObject;  ///< Where it is an object: which one, to be walked in turn.
    bool names_log = false;           ///< `{"conn": {…}}`: the name of the member is that of the log.
};

Meaning look_up(std::uint8_t object, std::string_view key) {
    const std::string_view prefix = kObjects.at(object);
    const std::string name = prefix.empty() ? std::string(key) : fmt::format("{}.{}", prefix, key);
    Meaning meaning{.field = field_by_name(name)};
    if (const auto found = std::ranges::find(kObjects, name); found != kObjects.end()) {
        meaning.object = static_cast<std::uint8_t>(found - kObjects.begin());
    } else if (object == 0 && is_connection_log(key)) {
        meaning.object = 0;
        meaning.names_log = true;
    }
    return meaning;
}

/// Remembers members by their raw bytes in the order in which lines had them, as the next line will have them again.
class Shape {
public:
    void begin_line() { next_ = 0; }

    /// `raw` points behind the opening quote of a key; `kLinePadding` bytes past the end of the line may be read.
    [[nodiscard]] const Meaning* find(std::uint8_t object, const char* raw) {
        Words front{};
        std::memcpy(front.data(), raw, sizeof front);  // a call of memcmp a member costs more than all else here
        const auto is_it = [&](const Member& member) {
            const std::uint64_t differs = ((front[0] ^ member.front[0]) & member.mask[0]) | ((front[1] ^ member.front[1]) & member.mask[1]);
            return differs == 0 && member.object == object &&
                   (member.size <= sizeof front || std::memcmp(raw, member.key.data(), member.size) == 0);
        };
        for (std::size_t i = next_; i < members_.size(); ++i) {
            if (is_it(members_[i])) {
                next_ = i + 1;
                return &members_[i].meaning;
            }
        }
        for (std::size_t i = 0; i < std::min(next_, members_.size()); ++i) {
            if (is_it(members_[i])) { return &members_[i].meaning; }
        }
        return nullptr;
    }
    /// Keeps a key that has no escapes and is short; others are looked up each time.
    Meaning learn(std::uint8_t object, const char* raw, std::string_view key) {
        const Meaning meaning = look_up(object, key);
        if (members_.size() < kMost && key.size() < kLongest && std::memcmp(raw, key.data(), key.size()) == 0 && raw[key.size()] == '"') {
            Member member{.key = {}, .front = {}, .mask = {}, .size = static_cast<std::uint8_t>(key.size() + 1), .object = object, .meaning = meaning};
            std::memcpy(member.key.data(), raw, member.size);
            std::memcpy(member.front.data(), member.key.data(), sizeof member.front);
            std::array<char, kLongest> ones{};
            std::fill_n(ones.begin(), member.size, static_cast<char>(0xff));
            std::memcpy(member.mask.data(), ones.data(), sizeof member.mask);
            members_.push_back(member);
        }
        return meaning;
    }

private:
    static constexpr std::size_t kMost = 128;
    static constexpr std::size_t kLongest = 40;
    using Words = std::array<std::uint64_t, 2>;
    struct Member {
        std::array<char, kLongest> key;  ///< With the closing quote.
        Words front;                     ///< Its first bytes, and which of them count.
        Words mask;
        std::uint8_t size;
        std::uint8_t object;
        Meaning meaning;
    };
    std::vector<Member> members_;
    std::size_t next_ = 0;
};

/// Reads one file.
class Reader {
public:
    Reader(Connections& connections, ReadReport& report) : connections_(connections), report_(report) {}

    void take(const Line& line) {
        if (line.too_long) { return report_.skip("line longer than 1 MiB", line.offset); }
        if (line.text.find_first_not_of(" \t") == std::string_view::npos) { return; }
        ConnRecord record;
        if (!parse(line.text, record)) {
            if (!line.ended) {
                report_.damaged_tail = true;
                return report_.skip("last line is cut off", line.offset);
            }
            return report_.skip("not a JSON object", line.offset);
        }
        if (record.log_name.empty() ? !record.looks_like_connection() : !is_connection_log(record.log_name)) {
            if (other_log_.empty()) { other_log_ = record.log_name.empty() ? "other" : record.log_name.substr(0, kNameKept); }
            return report_.skip("line of another log", line.offset);
        }
        if (const std::string_view fault = record.fault(); !fault.empty()) { return report_.skip(fault, line.offset); }
        connections_.add(record, line.offset, report_);
    }

    /// The verdict on the file, once all lines are taken.
    [[nodiscard]] Result<void> finish() const {
        if (report_.records > 0 || report_.skipped.empty()) { return {}; }
        const std::uint64_t offset = report_.skipped.begin()->second.first_offsets.front();
        if (!other_log_.empty()) {
            return fail(Errc::unsupported, fmt::format("these are lines of a Zeek {} log; only conn logs tell of connections", printable(other_log_)),
                        report_.path, "give the conn log of the same sensor");
        }
        return fail(Errc::malformed, fmt::format("no line could be read as a Zeek conn record ({})", report_.skipped.begin()->first),
                    fmt::format("{}:{}", report_.path, offset), "a line must be one JSON object with ts, id.orig_h, id.resp_h and proto");
    }

private:
    static constexpr std::size_t kNameKept = 64;

    bool parse(std::string_view text, ConnRecord& record) {
        shape_.begin_line();
        od::document document;
        od::object object;
        if (parser_.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING).get(document) != simdjson::SUCCESS) { return false; }
        if (document.get_object().get(object) != simdjson::SUCCESS) { return false; }
        if (!walk(object, 0, 0, record)) { return false; }
        return document.current_location().error() == simdjson::OUT_OF_BOUNDS;  // nothing follows the object
    }

    bool walk(od::object& object, std::uint8_t number, int depth, ConnRecord& record) {
        for (auto member : object) {
            od::field field;
            if (std::move(member).get(field) != simdjson::SUCCESS) { return false; }
            const char* raw = field.key().raw();
            Meaning meaning;
            if (const Meaning* known = shape_.find(number, raw)) {
                meaning = *known;
            } else {
                std::string_view key;
                if (field.unescaped_key().get(key) != simdjson::SUCCESS) { return false; }
                meaning = shape_.learn(number, raw, key);
            }
            if (meaning.field == Field::ignored && meaning.object == kNoObject) { continue; }
            if (!take_value(field.value(), meaning, depth, record)) { return false; }
        }
        return true;
    }

    bool take_value(od::value& value, const Meaning& meaning, int depth, ConnRecord& record) {
        constexpr int kDeepest = 4;
        od::json_type type{};
        if (value.type().get(type) != simdjson::SUCCESS) { return false; }
        if (type == od::json_type::object) {
            if (meaning.object == kNoObject || depth == kDeepest) { return true; }
            od::object inner;
            if (value.get_object().get(inner) != simdjson::SUCCESS) { return false; }
            if (meaning.names_log) { record.log_name = "conn"; }
            return walk(inner, meaning.object, depth + 1, record);
        }
        if (type == od::json_type::array || meaning.field == Field::ignored) { return true; }
        std::string_view token = value.raw_json_token();
        while (!token.empty() && (token.back() == ' ' || token.back() == '\t')) { token.remove_suffix(1); }
        if (type == od::json_type::null) { return token == "null"; }
        if (type == od::json_type::string) {
            if (token.size() < 2 || token.back() != '"') { return false; }
            token = token.substr(1, token.size() - 2);
            if (token.find('\\') != std::string_view::npos && value.get_string().get(token) != simdjson::SUCCESS) { return false; }
            if (token.empty() || token == "-") { return true; }  // unset, as TSV has it
        }
        record.set(meaning.field, token);
        return true;
    }

    Connections& connections_;
    ReadReport& report_;
    od::parser parser_;
    Shape shape_;
    std::string other_log_;
};

}  // namespace json_detail
}  // namespace

Result<void> read_json(ByteSource& bytes, Connections& connections, const std::stop_token& stop, ReadReport& report) {
    report.format = "zeek-json";
    json_detail::Reader reader(connections, report);
    return read_lines(bytes, reader, stop);
}

}  // namespace hw::flow::read::zeek
