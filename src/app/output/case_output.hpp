#pragma once

#include "app/output/context.hpp"
#include "casefile/case_file.hpp"
#include "casefile/verify.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The renderers of `case`. Each takes the format of the settings: table, json, ndjson or csv.
namespace hw::app::output {

/// What an `add`, a `trust` or a `retract` filed.
struct Filed {
    std::string path;
    std::map<std::string, std::uint64_t> by_kind;
    std::map<std::string, std::uint64_t> taken_back;
    std::uint64_t known = 0;  ///< Objects that stood there already, word for word.
    casefile::Head head;
};
[[nodiscard]] std::string filed_text(const Filed& filed, const Context& context, std::string_view format);

/// What `new` made.
struct Begun {
    std::string path;
    casefile::About about;
    std::string key_file;
    bool key_made = false;
    casefile::Head head;
};
[[nodiscard]] std::string begun_text(const Begun& begun, const Context& context, std::string_view format);

/// What `show` shows of a case as a whole.
struct CaseView {
    std::string path;
    casefile::About about;
    casefile::Head head;
    std::map<casefile::PublicKey, std::string> keys;
    std::vector<casefile::KindCount> counts;
    std::vector<casefile::Object> objects;  ///< Those listed, in the order of filing.
};
[[nodiscard]] std::string case_text(const CaseView& view, const Context& context, std::string_view format);
/// Some objects with all that they hold.
[[nodiscard]] std::string objects_text(std::span<const casefile::Object> objects, const Context& context, std::string_view format);

struct LogLine {
    casefile::Entry entry;
    casefile::Hash hash{};
};
[[nodiscard]] std::string log_text(std::span<const LogLine> lines, const Context& context, std::string_view format);

/// How one filed run fared when it was run again.
struct Rerun {
    std::string id;
    std::string command;
    enum class Kind : std::uint8_t { same, differs, not_possible } kind = Kind::not_possible;
    std::string because;  ///< Why it could not be, or what differs.
};
/// `same`, `differs`, `not-possible`.
[[nodiscard]] std::string_view to_string(Rerun::Kind kind);
[[nodiscard]] std::string verification_text(const casefile::Verification& told, const casefile::About& about, std::span<const Rerun> reruns, const Context& context, std::string_view format);

/// The case for somebody else: what may be shared with him, as JSON, an object a line with ndjson.
[[nodiscard]] std::string export_text(const CaseView& view, std::uint64_t withheld, const Context& context, std::string_view format);

}  // namespace hw::app::output
