#include "flow/read/input_names.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace hw::flow::read {
namespace {
namespace names_detail {

constexpr std::array<std::string_view, 5> kPackings{".gz", ".zst", ".zstd", ".xz", ".tgz"};
constexpr std::array<std::string_view, 11> kForms{".pcapng", ".pcap", ".cap", ".dump", ".dmp", ".ntar", ".log", ".jsonl", ".ndjson", ".json", ".tsv"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool ends_with_nocase(std::string_view text, std::string_view end) {
    return text.size() >= end.size() &&
           std::equal(end.begin(), end.end(), text.end() - static_cast<std::ptrdiff_t>(end.size()), [](char a, char b) { return a == lower(b); });
}

/// The length of what `pattern` matches at the end of `text`, or 0: `#` a digit, `?` one of `-_.:T` or nothing, else itself.
std::size_t match_end(std::string_view text, std::string_view pattern) {
    std::size_t at = text.size();
    for (std::size_t i = pattern.size(); i-- > 0;) {
        const char want = pattern[i];
        const char have = at > 0 ? text[at - 1] : '\0';
        if (want == '?') {
            if (at > 0 && std::string_view("-_.:T").find(have) != std::string_view::npos) { --at; }
            continue;
        }
        if (at == 0 || (want == '#' ? !is_digit(have) : have != want)) { return 0; }
        --at;
    }
    return text.size() - at;
}

/// What tells pieces apart before the suffix; the longest first, as one may end with another.
constexpr std::array<std::string_view, 8> kRotations{
    "?########?##:##:##-##:##:##+####",  // Zeek with day and zone
    "?########?##:##:##-##:##:##Z",
    "?####-##-##?##:##:##-##:##:##",
    "?##:##:##-##:##:##",     // Zeek, archived
    "_#####_##############",  // dumpcap
    "?####-##-##?##?##?##",   // a full date with time
    "?##-##-##_##?##?##",     // Zeek, as first rotated
    "?########?######",
};

std::size_t trailing_digits(std::string_view text) {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[text.size() - 1 - count])) { ++count; }
    return count;
}

bool names_only_time(std::string_view folder) {
    return folder == "current" || match_end(folder, "####-##-##") == folder.size() || match_end(folder, "########") == folder.size();
}

std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string_view::npos) { return {std::string_view(), path}; }
    return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace names_detail
}  // namespace

std::string_view without_packing_suffix(std::string_view path) {
    for (bool again = true; again;) {
        again = false;
        for (const std::string_view suffix : names_detail::kPackings) {
            if (path.size() > suffix.size() && names_detail::ends_with_nocase(path, suffix)) {
                path.remove_suffix(suffix.size());
                again = true;
            }
        }
    }
    return path;
}

InputName name_input(std::string_view path) {
    using namespace names_detail;
    if (path == "-") { return {.folder = {}, .stem = "stdin", .piece = {}}; }
    InputName name;
    auto [folder, file] = split_last(path);
    if (const auto [above, last] = split_last(folder); names_only_time(last)) {
        name.piece = last;
        folder = above;
    }
    name.folder = folder;

    std::string_view stem = without_packing_suffix(file);
    std::string rotation;
    const auto cut = [&](std::size_t size) {
        rotation = std::string(stem.substr(stem.size() - size)) + rotation;
        stem.remove_suffix(size);
    };
    const auto cut_form = [&] {
        for (const std::string_view form : kForms) {
            if (stem.size() > form.size() && ends_with_nocase(stem, form)) {
                stem.remove_suffix(form.size());
                return true;
            }
        }
        return false;
    };
    // A number after the form's suffix, with a point (`x.log.3`) or without (`x.pcap3`).
    bool formed = cut_form();
    if (const std::size_t digits = trailing_digits(stem); !formed && digits > 0) {
        const std::string_view before = stem.substr(0, stem.size() - digits);
        const std::string_view bare = before.ends_with('.') ? before.substr(0, before.size() - 1) : before;
        if (std::ranges::any_of(kForms, [&](std::string_view form) { return bare.size() > form.size() && ends_with_nocase(bare, form); })) {
            cut(stem.size() - bare.size());
            formed = cut_form();
        }
    }
    for (bool again = formed; again;) { again = cut_form(); }  // `x.pcap.log`: odd, but one name
    for (const std::string_view pattern : kRotations) {
        if (const std::size_t size = match_end(stem, pattern); size > 0) {
            cut(size);
            break;
        }
    }
    constexpr std::string_view kNfcapd = "nfcapd";  // `nfcapd.202611221835`: a date, with or without seconds
    if (const std::size_t digits = trailing_digits(stem); stem.starts_with(kNfcapd) && digits >= 12 && stem.size() == kNfcapd.size() + 1 + digits) { cut(digits + 1); }
    if (stem.empty()) { stem = split_last(name.folder).second; }  // the name was nothing but a time
    if (stem == "conn_long" || stem == "conn-long") {             // the same sensor's word on connections still open
        rotation = "long" + rotation;
        stem = "conn";
    }
    name.stem = stem.empty() ? file : stem;
    if (!rotation.empty()) { name.piece += "/" + rotation; }
    return name;
}

bool natural_less(std::string_view a, std::string_view b) {
    using names_detail::is_digit;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() && j < b.size()) {
        if (is_digit(a[i]) && is_digit(b[j])) {
            const auto number = [](std::string_view text, std::size_t& at) {
                while (at < text.size() && text[at] == '0') { ++at; }
                const std::size_t start = at;
                while (at < text.size() && is_digit(text[at])) { ++at; }
                return text.substr(start, at - start);
            };
            const std::string_view x = number(a, i);
            const std::string_view y = number(b, j);
            if (x.size() != y.size()) { return x.size() < y.size(); }
            if (x != y) { return x < y; }
        } else if (a[i] != b[j]) {
            return a[i] < b[j];
        } else {
            ++i;
            ++j;
        }
    }
    if (a.size() - i != b.size() - j) { return a.size() - i < b.size() - j; }
    return a < b;
}

std::vector<std::string> unique_names(std::span<const InputName> names) {
    using namespace names_detail;
    std::vector<std::string> result;
    std::vector<std::string_view> above;  // folders not yet in the name
    for (const InputName& name : names) {
        result.push_back(name.stem);
        above.emplace_back(name.folder);
    }
    while (true) {
        std::map<std::string_view, std::vector<std::size_t>> same;
        for (std::size_t i = 0; i < result.size(); ++i) { same[result[i]].push_back(i); }
        std::vector<std::pair<std::size_t, std::string>> longer;
        for (const auto& [text, members] : same) {
            if (members.size() < 2) { continue; }
            for (const std::size_t i : members) {
                const auto [rest, last] = split_last(above[i]);
                above[i] = rest;
                if (!last.empty() && last != ".") { longer.emplace_back(i, std::string(last) + "/" + result[i]); }
            }
        }
        if (longer.empty()) { break; }
        for (auto& [i, text] : longer) { result[i] = std::move(text); }
    }
    std::set<std::string> taken;
    for (std::string& text : result) {
        const std::string plain = text;
        for (std::size_t count = 2; !taken.insert(text).second; ++count) { text = plain + " (" + std::to_string(count) + ")"; }
    }
    return result;
}

bool is_plainly_no_data(std::string_view file_name) {
    constexpr std::array<std::string_view, 22> kSuffixes{".md",  ".txt", ".html", ".htm", ".toml", ".args", ".yaml", ".yml", ".svg", ".png", ".jpg",
                                                         ".pdf", ".py",  ".sh",   ".cmd", ".css",  ".js",   ".sha256", ".sig", ".asc", ".csv", ".sqlite"};
    if (file_name.starts_with('.') || file_name.ends_with('~')) { return true; }
    std::string low(file_name);
    std::ranges::transform(low, low.begin(), names_detail::lower);
    if (low.starts_with("readme") || low.starts_with("license") || low == "truth.json" || low.ends_with(".truth.json") || low == "makefile" || low == "synthetic") { return true; }
    return std::ranges::any_of(kSuffixes, [&](std::string_view suffix) { return low.ends_with(suffix); });
}

}  // namespace hw::flow::read
