#include "app/command/case_inputs.hpp"

#include "app/toml_document.hpp"
#include "base/input/unpack.hpp"
#include "base/input/whole.hpp"
#include "weigh/document.hpp"
#include "weigh/import/misp.hpp"
#include "weigh/import/stix.hpp"

#include <algorithm>
#include <utility>

namespace hw::app::command {
namespace {
namespace case_reading {

/// Documents are read whole; no larger one is.
constexpr std::size_t kLargestDocument = std::size_t{64} << 20U;

/// By its first letters: JSON begins with a brace or a bracket; our TOML names its format before anything else but comments.
bool may_be_json(std::string_view text) {
    const auto at = text.find_first_not_of(" \t\r\n");
    return at != std::string_view::npos && (text[at] == '{' || text[at] == '[');
}
bool may_be_toml(std::string_view text) { return text.substr(0, std::size_t{64} << 10U).find(weigh::kDocumentFormat) != std::string_view::npos; }

Result<void> take_apart(FoundFile& found, std::string_view text) {
    if (may_be_json(text)) {
        auto value = parse_json(text, found.path);
        // A log whose lines are JSON, and the like: a file as any other.
        if (!value) { return {}; }
        if (weigh::is_document(*value)) {
            found.format = "headwater-statements";
            found.title = value->text("title").value_or("");
            HW_TRY(found.changes, weigh::read_document(*value, found.path));
        } else if (weigh::is_stix(*value)) {
            found.format = "stix";
            HW_TRY(found.changes, weigh::read_stix(*value, found.path));
        } else if (weigh::is_misp(*value)) {
            found.format = "misp";
            HW_TRY(found.changes, weigh::read_misp(*value, found.path));
        }
    } else if (may_be_toml(text)) {
        found.format = "headwater-statements";
        HW_TRY(const auto value, parse_toml_document(text, found.path));
        found.title = value.text("title").value_or("");
        HW_TRY(found.changes, weigh::read_document(value, found.path));
    }
    return {};
}

}  // namespace case_reading
}  // namespace

Result<FoundFile> find_file(const Invocation& invocation, const std::string& path) {
    using namespace case_reading;
    HW_TRY(const auto input, InputBytes::open(path, invocation.stop));
    FoundFile found{.path = path, .format = {}, .sha256 = {}, .bytes = 0, .title = {}, .changes = {}};
    const auto head = as_text(input->head());
    if (may_be_json(head) || may_be_toml(head)) {
        HW_TRY(const auto text, read_whole(*input, kLargestDocument));
        const bool whole = text.size() <= kLargestDocument;
        if (whole) { HW_CHECK(take_apart(found, text)); }
        if (const auto damages = input->damages(); whole && !found.format.empty() && !damages.empty()) {
            return fail(Errc::malformed, "the document ends early: " + damages.front().what, path);
        }
    }
    HW_TRY(found.sha256, input->finish_sha256());
    found.bytes = input->raw_bytes();
    if (found.sha256.empty()) { return fail(Errc::interrupted, "interrupted; nothing was filed", path); }
    return found;
}

Result<std::vector<casefile::Change>> not_there_yet(casefile::CaseFile& file, std::vector<casefile::Change> changes, std::uint64_t& there) {
    std::vector<casefile::Change> fresh;
    fresh.reserve(changes.size());
    for (casefile::Change& change : changes) {
        if (change.id.empty()) {
            fresh.push_back(std::move(change));
            continue;
        }
        HW_TRY(const auto found, file.find(change.kind, change.id));
        const bool same = found && !found->retracted && found->tlp == change.tlp.value_or(file.about().tlp) && canonical_json(found->body) == canonical_json(change.body);
        if (same) { ++there; }
        else { fresh.push_back(std::move(change)); }
    }
    return fresh;
}

Result<std::string> key_path(const Invocation& invocation) {
    if (const auto named = invocation.settings.optional_text("key")) { return *named; }
    const auto variable = [&](const char* name) {
        const auto at = invocation.world.environment.find(name);
        return at == invocation.world.environment.end() ? std::string() : at->second;
    };
    if (const auto config = variable("XDG_CONFIG_HOME"); !config.empty()) { return config + "/headwater/signing.key"; }
    if (const auto home = variable("HOME"); !home.empty()) { return home + "/.config/headwater/signing.key"; }
    return fail(Errc::usage, "there is no home folder to keep a signing key in", "--key", "name a file for it with --key");
}

Result<casefile::SigningKey> read_key(const Invocation& invocation) {
    HW_TRY(const auto path, key_path(invocation));
    return casefile::SigningKey::read(path);
}

Result<casefile::SigningKey> read_or_make_key(const Invocation& invocation, bool& made) {
    HW_TRY(const auto path, key_path(invocation));
    auto key = casefile::SigningKey::read(path);
    made = !key && key.error().code == Errc::not_found;
    if (!made) { return key; }
    HW_TRY(auto fresh, casefile::SigningKey::generate());
    HW_CHECK(fresh.write(path));
    return fresh;
}

}  // namespace hw::app::command
