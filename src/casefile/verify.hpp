#pragma once

#include "casefile/case_file.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace hw::casefile {

/// What does not hold, and where.
struct Fault {
    std::int64_t seq = 0;  ///< The first log entry that fails; 0: the file as a whole.
    std::string what;
};

/// What to check a case against.
struct VerifyOptions {
    std::optional<Head> since = {};          ///< A head that was verified before: only what came after is read.
    std::optional<PublicKey> founder = {};   ///< Whose case it must be.
    std::stop_token stop = {};
    std::function<void(std::int64_t done, std::int64_t all)> progress = {};
};

/// What was checked.
struct Verification {
    Head head;
    std::int64_t from = 0;       ///< The first entry that was read.
    std::uint64_t entries = 0;   ///< Whose hashes were computed again.
    std::uint64_t seals = 0;     ///< Signatures that hold.
    std::vector<std::pair<PublicKey, std::uint64_t>> seals_by;  ///< Who signed how many, in the order in which each first did.
    std::optional<Fault> fault;  ///< Nothing: all holds.
    bool interrupted = false;
};

/// Computes every hash again, checks every signature and that its key might sign at that point, and that the table of objects is what the
/// log says (with `since`: for the entries after it). Fails only where the file cannot be read at all; damage is a `fault`.
[[nodiscard]] Result<Verification> verify(CaseFile& file, const VerifyOptions& options);

}  // namespace hw::casefile
