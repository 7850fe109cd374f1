#pragma once

#include "base/error.hpp"
#include "base/json_value.hpp"
#include "base/time.hpp"
#include "casefile/signing.hpp"
#include "casefile/tlp.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace hw::casefile {

/// What an entry does.
enum class Act : std::uint8_t {
    open,     ///< The first entry: begins the case.
    put,      ///< Files an object, or a new wording of it.
    retract,  ///< Takes an object back; what it was stays readable in the log.
};
[[nodiscard]] std::string_view to_string(Act act);

/// Something to be filed.
struct Change {
    Act act = Act::put;
    std::string kind;
    std::string id;               ///< Empty: the next free one of the form `kind-7`.
    std::optional<Tlp> tlp = {};  ///< Nothing: the case's own.
    JsonValue body = {};          ///< An object; of a retraction, its `reason`.
};

/// One entry of the log. What is hashed and kept is its canonical JSON.
struct Entry {
    std::int64_t seq = 0;  ///< From 1, without gaps.
    Time time;
    Act act = Act::put;
    std::string kind;
    std::string id;
    Tlp tlp = Tlp::amber;
    JsonValue body;
};

using Hash = std::array<std::uint8_t, 32>;

/// How far a log goes, and what stands in it: two logs with one head are the same log.
struct Head {
    std::int64_t seq = 0;
    Hash hash{};
    friend bool operator==(const Head&, const Head&) = default;
};

/// `12:0a1b…`, the form to write down or tell somebody; and back.
[[nodiscard]] std::string to_string(const Head& head);
[[nodiscard]] Result<Head> parse_head(std::string_view text);

/// The entry's canonical JSON (RFC 8785).
[[nodiscard]] std::string entry_text(const Entry& entry);
/// Reads it. Fails with `malformed` on what `entry_text` does not write.
[[nodiscard]] Result<Entry> parse_entry(std::string_view text, std::string_view where);

/// The next link of the chain: SHA-256 of the last hash (zeros before the first), the digest of the keys that may sign the entry, and the
/// entry's bytes. The keys are in it so that a head also says who could sign up to it.
[[nodiscard]] Result<Hash> next_hash(const Hash& last, const Hash& signers, std::string_view entry);
/// SHA-256 over the keys in rising order.
[[nodiscard]] Result<Hash> digest_of(const std::set<PublicKey>& keys);

/// What a seal signs: the case, how far, and the hash there.
[[nodiscard]] std::string sealed_message(std::string_view case_id, const Head& head);

/// Whether `id` can name an object: 1 to 200 of letters, digits and `._:/@+-`.
[[nodiscard]] bool is_id(std::string_view id);
/// Whether `kind` can name a kind: 1 to 40 lower-case letters, digits and `-`.
[[nodiscard]] bool is_kind(std::string_view kind);

}  // namespace hw::casefile
