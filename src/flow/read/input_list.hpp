#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace hw::flow::read {

/// One file to read, or to tell about.
struct InputFile {
    std::string path;
    bool named = false;       ///< By the user; false: found in a folder.
    std::uint64_t size = 0;   ///< On the disk; 0 where that is not known (a pipe).
    std::string passed_over = {};  ///< Why it is not read; empty: it is.
    std::optional<std::size_t> same_as = {};  ///< Index of an earlier file with the same content.
};

/// The files that the given paths come to.
struct InputList {
    std::vector<InputFile> files;  ///< In the order given, a folder's sorted by name.
    std::vector<Error> failures;   ///< Paths that do not exist, folders that cannot be listed.
};

/// Finds the files behind `paths` (files, folders with all below them, `-`). A path that does not exist is a failure with
/// the nearest name as a hint. Links to folders are not followed.
[[nodiscard]] InputList list_inputs(std::span<const std::string> paths);

/// Marks files whose content is that of an earlier one: the same file by two paths, or equal bytes (SHA-256), or one packed
/// and one not, side by side under one name. Reads only files of which size or name let one suspect it.
void mark_same_content(std::vector<InputFile>& files, const std::stop_token& stop = {});

}  // namespace hw::flow::read
