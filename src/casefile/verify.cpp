#include "casefile/verify.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace hw::casefile {
namespace {
namespace verifying {

constexpr std::int64_t kProgressEvery = 16'384;

/// Where an object stands by what was read of the log.
struct Place {
    std::int64_t seq = 0;
    std::int64_t first = 0;
    bool retracted = false;
};

class Walk {
public:
    Walk(CaseFile& file, const VerifyOptions& options, Verification& told) : file_(file), options_(options), told_(told) {}

    /// False: a fault was found, or it was stopped.
    Result<bool> run() {
        if (options_.founder && *options_.founder != file_.about().founder) { return fault(1, "the case was founded by another key: " + file_.about().founder.hex()); }
        if (options_.since) {
            HW_TRY(const bool known, begin_after(*options_.since));
            if (!known) { return false; }
        }
        HW_TRY(auto counted, file_.database().prepare("SELECT max(seq) FROM log"));
        HW_TRY(const bool any, counted.step());
        const std::int64_t last = any ? counted.number(0) : 0;
        told_.from = told_.head.seq + 1;
        HW_TRY(auto row, file_.database().prepare("SELECT l.seq, l.entry, l.hash, s.key, s.signature FROM log l LEFT JOIN seal s ON s.seq = l.seq WHERE l.seq > ? ORDER BY l.seq"));
        row.bind(0, told_.head.seq);
        while (true) {
            auto more = row.step();
            if (!more) { return damaged(std::move(more).error()); }
            if (!*more) { break; }
            HW_TRY(const bool holds, entry(row));
            if (!holds) { return false; }
            if (told_.head.seq % kProgressEvery != 0) { continue; }
            if (options_.stop.stop_requested()) {
                told_.interrupted = true;
                return false;
            }
            if (options_.progress) { options_.progress(told_.head.seq, last); }
        }
        if (!sealed_) { return fault(told_.head.seq, "the last entry is not signed"); }
        return objects();
    }

private:
    Result<bool> fault(std::int64_t seq, std::string what) {
        told_.fault = Fault{seq, std::move(what)};
        return false;
    }

    Result<bool> damaged(Error error) {
        if (error.code != Errc::malformed && error.code != Errc::limit) { return std::unexpected(std::move(error)); }
        return fault(told_.head.seq + 1, error.message);
    }

    /// Goes on from a head that was told: its hash must come out of what stands there, with the keys that the file says may sign.
    Result<bool> begin_after(const Head& since) {
        HW_TRY(auto row, file_.database().prepare("SELECT l.entry, l.hash, p.hash FROM log l LEFT JOIN log p ON p.seq = l.seq - 1 WHERE l.seq = ?"));
        auto there = row.bind(0, since.seq).step();
        if (!there) { return damaged(std::move(there).error()); }
        if (!*there) { return fault(since.seq, "the log ends before the head that was told"); }
        HW_CHECK(keys_before(since.seq));
        HW_TRY(const auto signers, digest_of(signers_));
        Hash last{};
        if (row.bytes(2).size() == last.size()) { std::ranges::copy(row.bytes(2), last.begin()); }
        HW_TRY(const auto hash, next_hash(last, signers, row.text(0)));
        if (hash != since.hash || !std::ranges::equal(row.bytes(1), since.hash)) { return fault(since.seq, "the log does not lead to the head that was told: entries up to it were changed"); }
        told_.head = since;
        auto read = parse_entry(row.text(0), "entry");
        if (!read) { return fault(since.seq, read.error().message); }
        take_key(*read);
        HW_TRY(signers_digest_, digest_of(signers_));
        HW_TRY(auto seal, file_.database().prepare("SELECT 1 FROM seal WHERE seq = ?"));
        HW_TRY(sealed_, seal.bind(0, since.seq).step());
        return true;
    }

    /// Who might sign when entry `seq` was filed, as the table of objects and the log say; the head's hash decides whether that is so.
    Result<void> keys_before(std::int64_t seq) {
        HW_TRY(auto row, file_.database().prepare("SELECT entry FROM log WHERE seq < ? AND (seq <= 2 OR seq IN (SELECT seq FROM object WHERE kind = 'key') OR seq IN (SELECT first FROM object WHERE kind = 'key')) ORDER BY seq"));
        row.bind(0, seq);
        while (true) {
            HW_TRY(const bool more, row.step());
            if (!more) { return {}; }
            HW_TRY(const auto read, parse_entry(row.text(0), file_.path()));
            take_key(read);
        }
    }

    void take_key(const Entry& entry) {
        if (entry.act == Act::open) {
            if (const auto founder = PublicKey::parse(entry.body.text("founder").value_or(""))) { signers_.insert(*founder); }
        } else if (entry.kind == "key") {
            if (const auto key = PublicKey::parse(entry.id)) {
                if (entry.act == Act::retract) { signers_.erase(*key); }
                else { signers_.insert(*key); }
            }
        }
    }

    Result<bool> entry(const Statement& row) {
        const std::int64_t seq = row.number(0);
        if (seq != told_.head.seq + 1) { return fault(told_.head.seq + 1, "an entry is missing from the log"); }
        const std::string_view text = row.text(1);
        if (seq == 1) { HW_TRY(signers_digest_, digest_of(signers_)); }
        HW_TRY(const auto hash, next_hash(told_.head.hash, signers_digest_, text));
        if (!std::ranges::equal(row.bytes(2), hash)) { return fault(seq, "the entry was changed: its hash is another"); }
        auto read = parse_entry(text, "entry");
        if (!read) { return fault(seq, read.error().message); }
        if (read->seq != seq) { return fault(seq, "the entry stands in another's place"); }
        if ((seq == 1) != (read->act == Act::open)) { return fault(seq, "a case begins with its first entry, and only there"); }
        told_.head = {seq, hash};
        ++told_.entries;
        if (read->act == Act::open || read->kind == "key") {
            take_key(*read);
            HW_TRY(signers_digest_, digest_of(signers_));
        }
        auto& place = places_[read->kind + "\n" + read->id];
        if (place.first == 0) { place.first = seq; }
        place.seq = seq;
        place.retracted = read->act == Act::retract;
        sealed_ = !row.bytes(3).empty();
        if (!sealed_) { return true; }
        return seal(row);
    }

    Result<bool> seal(const Statement& row) {
        const auto key = PublicKey::from_bytes(row.bytes(3));
        Signature signature{};
        const auto bytes = row.bytes(4);
        const bool whole = key && bytes.size() == signature.size();
        if (whole) { std::ranges::copy(bytes, signature.begin()); }
        if (!whole || !key->verifies(signature, sealed_message(file_.about().id, told_.head))) { return fault(told_.head.seq, "the signature does not hold"); }
        if (!signers_.contains(*key)) { return fault(told_.head.seq, "signed by a key that may not sign in this case: " + key->hex()); }
        ++told_.seals;
        const auto known = std::ranges::find(told_.seals_by, *key, &std::pair<PublicKey, std::uint64_t>::first);
        if (known == told_.seals_by.end()) { told_.seals_by.emplace_back(*key, 1); }
        else { ++known->second; }
        return true;
    }

    /// The table of objects is what the log says; after a told head only for what came later.
    Result<bool> objects() {
        HW_TRY(auto row, file_.database().prepare("SELECT kind, id, seq, first, retracted FROM object WHERE seq >= ?"));
        row.bind(0, told_.from);
        std::size_t met = 0;
        while (true) {
            auto more = row.step();
            if (!more) { return damaged(std::move(more).error()); }
            if (!*more) { break; }
            const auto found = places_.find(std::string(row.text(0)) + "\n" + std::string(row.text(1)));
            const bool same = found != places_.end() && found->second.seq == row.number(2) && found->second.retracted == (row.number(4) != 0) &&
                              (found->second.first == row.number(3) || (options_.since && row.number(3) < told_.from));
            if (!same) { return fault(row.number(2), fmt::format("the table of objects says otherwise than the log of {} {}", row.text(0), row.text(1))); }
            ++met;
        }
        if (met != places_.size()) { return fault(0, "the table of objects lacks some that the log has"); }
        return true;
    }

    CaseFile& file_;
    const VerifyOptions& options_;
    Verification& told_;
    std::set<PublicKey> signers_;
    Hash signers_digest_{};
    std::unordered_map<std::string, Place> places_;
    bool sealed_ = false;
};

}  // namespace verifying
}  // namespace

Result<Verification> verify(CaseFile& file, const VerifyOptions& options) {
    Verification told;
    HW_TRY(const bool holds, verifying::Walk(file, options, told).run());
    static_cast<void>(holds);
    return told;
}

}  // namespace hw::casefile
