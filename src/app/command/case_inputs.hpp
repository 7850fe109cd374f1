#pragma once

#include "app/command/invocation.hpp"
#include "base/json_value.hpp"
#include "casefile/case_file.hpp"
#include "casefile/entry.hpp"
#include "casefile/signing.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What `case` and `weigh` read: documents of statements, exchanged reports, signing keys.
namespace hw::app::command {

/// A file as it was found.
struct FoundFile {
    std::string path;
    std::string format;     ///< `headwater-statements`, `stix`, `misp`; empty: none that is taken apart.
    std::string sha256;     ///< As it lies on the disk.
    std::uint64_t bytes = 0;
    std::string title;      ///< What it calls itself; may be empty.
    std::vector<casefile::Change> changes;  ///< What it says, to be filed.
};

/// Reads a file, packed or plain, and takes it apart where it is a document of statements (TOML, JSON), a STIX 2.1 bundle or a MISP event.
/// Any other file is only measured: a case keeps its hash. Fails where it cannot be read, or is one of those forms and wrong.
[[nodiscard]] Result<FoundFile> find_file(const Invocation& invocation, const std::string& path);

/// What of the changes does not stand in the case already, word for word; `there` counts what does.
[[nodiscard]] Result<std::vector<casefile::Change>> not_there_yet(casefile::CaseFile& file, std::vector<casefile::Change> changes, std::uint64_t& there);

/// The key that --key names, or the user's own.
[[nodiscard]] Result<std::string> key_path(const Invocation& invocation);
[[nodiscard]] Result<casefile::SigningKey> read_key(const Invocation& invocation);
/// The same, made first where there is none yet; `made` says whether it was.
[[nodiscard]] Result<casefile::SigningKey> read_or_make_key(const Invocation& invocation, bool& made);

}  // namespace hw::app::command
