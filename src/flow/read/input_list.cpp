#include "flow/read/input_list.hpp"

#include "base/input/unpack.hpp"
#include "base/sha256.hpp"
#include "flow/read/input_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <system_error>
#include <utility>

namespace hw::flow::read {
namespace {
namespace list_detail {

namespace fs = std::filesystem;

constexpr std::string_view kNoData = "not a capture or log, by its name";
constexpr std::string_view kNoFile = "not a regular file";

/// Insertions, deletions and replacements that make one of the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
        }
    }
    return row[b.size()];
}

Error not_found(const fs::path& path) {
    Error error{Errc::not_found, "no such file or folder", path.string(), {}};
    std::error_code ignored;
    const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
    if (!fs::is_directory(parent, ignored)) {
        error.hint = fmt::format("there is no folder {} either", parent.string());
        return error;
    }
    const std::string wanted = path.filename().string();
    std::pair<std::size_t, std::string> best{std::max<std::size_t>(2, wanted.size() / 3) + 1, {}};
    constexpr std::size_t kLooked = 10'000;
    std::size_t looked = 0;
    for (fs::directory_iterator it(parent, ignored), end; !ignored && it != end && looked < kLooked; it.increment(ignored), ++looked) {
        std::string name = it->path().filename().string();
        // A name typed without its suffixes is nearer than any typing error.
        const std::size_t distance = !wanted.empty() && name.starts_with(wanted + ".") ? 0 : edit_distance(wanted, name);
        best = std::min(best, std::pair{distance, std::move(name)});
    }
    error.hint = best.second.empty() ? "check the path" : fmt::format("did you mean \"{}\"?", (path.parent_path() / best.second).string());
    return error;
}

void list_folder(const fs::path& folder, InputList& list) {
    std::error_code failed;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) { entries.push_back(*it); }
    if (failed) {
        list.failures.push_back({Errc::unreadable, "cannot list the folder: " + failed.message(), folder.string(), "check the folder's permissions"});
        return;
    }
    std::ranges::sort(entries, {}, [](const fs::directory_entry& entry) { return entry.path().filename().string(); });
    for (const fs::directory_entry& entry : entries) {
        const std::string name = entry.path().filename().string();
        std::error_code ignored;
        if (entry.is_directory(ignored)) {
            if (!entry.is_symlink(ignored) && !name.starts_with('.')) { list_folder(entry.path(), list); }
            continue;
        }
        InputFile file{.path = entry.path().string()};
        if (is_plainly_no_data(name)) {
            file.passed_over = kNoData;
        } else if (!entry.is_regular_file(ignored)) {
            file.passed_over = kNoFile;
        } else {
            const std::uintmax_t size = entry.file_size(ignored);
            file.size = ignored ? 0 : size;
        }
        list.files.push_back(std::move(file));
    }
}

/// A hash of an input's content, unpacked or as it lies on the disk; empty where it cannot be read.
std::string content_hash(const std::string& path, bool unpacked, const std::stop_token& stop) {
    auto input = InputBytes::open(path, stop);
    if (!input) { return {}; }
    if (!unpacked) { return (*input)->finish_sha256().value_or(std::string()); }
    Sha256 hash;
    while (true) {
        const auto block = (*input)->next();
        if (!block || stop.stop_requested()) { return {}; }
        if (block->empty()) { break; }
        hash.update(*block);
    }
    return (*input)->damages().empty() ? hash.finish().value_or(std::string()) : std::string();
}

/// The first bytes on the disk, cheap to compare before whole files are.
std::string head_hash(const std::string& path) {
    auto input = InputBytes::open(path);
    return input ? sha256_hex((*input)->head()).value_or(std::string()) : std::string();
}

}  // namespace list_detail
}  // namespace

InputList list_inputs(std::span<const std::string> paths) {
    namespace fs = std::filesystem;
    InputList list;
    for (const std::string& path : paths) {
        if (path == "-") {
            list.files.push_back({.path = path, .named = true});
            continue;
        }
        std::error_code failed;
        const fs::file_status status = fs::status(path, failed);
        if (status.type() == fs::file_type::not_found) {
            list.failures.push_back(list_detail::not_found(path));
        } else if (failed) {
            list.failures.push_back({Errc::unreadable, "cannot look at the path: " + failed.message(), path, "check its permissions"});
        } else if (fs::is_directory(status)) {
            list_detail::list_folder(path, list);
        } else {
            const std::uintmax_t size = fs::is_regular_file(status) ? fs::file_size(path, failed) : 0;
            list.files.push_back({.path = path, .named = true, .size = failed ? 0 : size});
        }
    }
    return list;
}

void mark_same_content(std::vector<InputFile>& files, const std::stop_token& stop) {
    using namespace list_detail;
    std::map<std::string, std::size_t> by_path;
    std::map<std::uint64_t, std::vector<std::size_t>> by_size;
    std::map<std::string, std::vector<std::size_t>> by_name;
    for (std::size_t i = 0; i < files.size(); ++i) {
        InputFile& file = files[i];
        if (!file.passed_over.empty()) { continue; }
        std::error_code failed;
        std::string real = file.path == "-" ? file.path : fs::canonical(file.path, failed).string();
        if (failed) { real = file.path; }
        if (const auto [earlier, fresh] = by_path.emplace(real, i); !fresh) {
            file.same_as = earlier->second;
            continue;
        }
        if (file.size == 0) { continue; }
        by_size[file.size].push_back(i);
        by_name[std::string(without_packing_suffix(real))].push_back(i);
    }
    const auto mark = [&](const std::vector<std::size_t>& members, const auto& hash_of) {
        if (members.size() < 2) { return; }
        std::map<std::string, std::vector<std::size_t>> equal;
        for (const std::size_t i : members) {
            if (files[i].same_as || stop.stop_requested()) { continue; }
            if (std::string hash = hash_of(files[i].path); !hash.empty()) { equal[std::move(hash)].push_back(i); }
        }
        for (const auto& [hash, same] : equal) {
            for (std::size_t k = 1; k < same.size(); ++k) { files[same[k]].same_as = same[0]; }
        }
    };
    for (const auto& [size, members] : by_size) {
        if (members.size() < 2) { continue; }
        std::map<std::string, std::vector<std::size_t>> alike;
        for (const std::size_t i : members) { alike[head_hash(files[i].path)].push_back(i); }
        for (const auto& [head, some] : alike) {
            mark(some, [&](const std::string& path) { return content_hash(path, false, stop); });
        }
    }
    for (const auto& [name, members] : by_name) {
        mark(members, [&](const std::string& path) { return content_hash(path, true, stop); });
    }
}

}  // namespace hw::flow::read
