#pragma once

#include "base/error.hpp"
#include "flow/read/report.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::read {

/// Which of the inputs of an import came with an earlier one.
struct KnownInputs {
    std::vector<ReadReport> known;  ///< Path, SHA-256 and bytes of each, passed over.
    std::vector<Error> failures;    ///< Paths that do not exist, folders that cannot be listed.
    bool others = false;            ///< There are inputs that are not known, or cannot be before they are read (standard input).

    /// The known ones' paths, to be left out by the reader.
    [[nodiscard]] std::vector<std::string> paths() const;
};

/// Reads each file behind `paths` once for its SHA-256, and asks `has` about it. `why` is what the report of a known one says. An empty `has`
/// knows nothing, and no file is read. A file that cannot be read counts among the others: reading it will tell why. Fails where `has` fails.
/// `may_have`, where given, tells whether any known input has that many bytes on the disk: a file of another size has other content, and is not
/// read here. Files of unknown size (pipes) and empty ones are always read.
[[nodiscard]] Result<KnownInputs> find_known_inputs(std::span<const std::string> paths, const std::function<Result<bool>(const std::string& sha256)>& has,
                                                    std::string_view why, const std::stop_token& stop = {},
                                                    const std::function<bool(std::uint64_t bytes)>& may_have = {});

}  // namespace hw::flow::read
