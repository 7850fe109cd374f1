#include "app/command/case_filing.hpp"

#include "app/command/case_findings.hpp"
#include "app/command/case_inputs.hpp"
#include "app/command/run_context.hpp"
#include "app/output/words.hpp"
#include "base/log.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "casefile/case_file.hpp"
#include "weigh/evidence_json.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace hw::app::command {
namespace {
namespace filing {

constexpr std::size_t kShortHash = 16;

/// `--here LATITUDE,LONGITUDE[,KM]`.
Result<std::optional<weigh::Place>> observer_place(const Invocation& invocation) {
    const auto text = invocation.settings.optional_text("here");
    if (!text) { return std::nullopt; }
    weigh::Place place;
    int used = 0;
    constexpr double kRightAngle = 90, kHalfTurn = 180;
    const int read = std::sscanf(text->c_str(), "%lf,%lf%n,%lf%n", &place.latitude, &place.longitude, &used, &place.radius_km, &used);  // NOLINT(cert-err34-c): the count and the length say all
    const bool whole = read >= 2 && static_cast<std::size_t>(used) == text->size() && std::fabs(place.latitude) <= kRightAngle && std::fabs(place.longitude) <= kHalfTurn && place.radius_km >= 0;
    if (!whole) { return fail(Errc::usage, "not a place: \"" + *text + "\"", "--here", "latitude and longitude in degrees, and how many kilometres it may be off: 52.52,13.40 or 52.52,13.40,20"); }
    return std::optional(place);
}

/// What it takes to run it again, and what came of it.
Result<JsonValue> body_of(const Invocation& invocation, const output::Context& context, const std::string& result) {
    HW_TRY(const auto digest, sha256_hex(std::as_bytes(std::span(result))));
    const auto arguments = arguments_to_repeat(invocation);
    std::string command = "headwater";
    for (const auto& argument : arguments) { command += " " + argument; }
    JsonValue::Array inputs;
    for (const auto& input : context.inputs) {
        if (!output::not_read_because(input).empty()) { continue; }  // a note beside the captures
        inputs.push_back(JsonValue().set("path", input.path).set("sha256", input.sha256).set("bytes", static_cast<double>(input.bytes)));
    }
    JsonValue body;
    body.set("command", command).set("arguments", json_texts(arguments)).set("inputs", std::move(inputs)).set("version", context.version).set("result_sha256", digest);
    if (!context.note.empty()) { body.set("note", context.note); }
    if (context.interrupted) { body.set("interrupted", true); }
    return body;
}

}  // namespace filing
}  // namespace

Result<void> check_filing(const Invocation& invocation) {
    const auto path = invocation.settings.optional_text("case");
    if (!path) { return {}; }
    HW_CHECK(filing::observer_place(invocation));
    if (invocation.verb->name == "relay-test" && !invocation.settings.is_set("peer")) { return fail(Errc::usage, "--case needs --peer: whose distance it is", "--case", "name the address that the case is about"); }
    HW_TRY(auto file, casefile::CaseFile::open(*path, casefile::Access::write));
    HW_TRY(const auto key, read_key(invocation));
    HW_TRY(const auto keys, file.keys());
    if (!keys.contains(key.public_key())) { return fail(Errc::refused, "this key may not sign in this case", key.public_key().hex(), "ask somebody who may for 'headwater case trust', or name another key with --key"); }
    return {};
}

Result<void> file_run(const Invocation& invocation, const output::Context& context, const std::string& result) {
    const auto path = invocation.settings.optional_text("case");
    if (!path) { return {}; }
    HW_TRY(const auto parsed, parse_json(result, "result"));
    HW_TRY(auto body, filing::body_of(invocation, context, result));
    const std::string canonical = canonical_json(body);
    HW_TRY(const auto name, sha256_hex(std::as_bytes(std::span(canonical))));
    const std::string id = "run-" + name.substr(0, filing::kShortHash);
    HW_TRY(const auto here, filing::observer_place(invocation));
    std::vector<casefile::Change> changes{{.act = casefile::Act::put, .kind = "run", .id = id, .tlp = {}, .body = std::move(body)}};
    for (auto& finding : findings_of(parsed, context, here, id)) { changes.push_back(std::move(finding)); }

    HW_TRY(auto file, casefile::CaseFile::open(*path, casefile::Access::write));
    HW_TRY(const auto key, read_key(invocation));
    HW_TRY(const auto known, file.find("run", id));
    if (known && !known->retracted) {
        if (!invocation.quiet()) { log::info("the case has this run already: " + id); }
        return {};
    }
    std::uint64_t there = 0;
    HW_TRY(const auto fresh, not_there_yet(file, std::move(changes), there));
    HW_TRY(const auto head, file.append(fresh, key, invocation.world.now));
    if (!invocation.quiet()) { log::info(printable(fmt::format("filed in {}: {} with {}; head {}", *path, id, counted(static_cast<std::uint64_t>(std::ranges::count_if(fresh, [](const auto& change) { return change.kind != "run" && change.kind != weigh::kOriginKind; })), "finding"), casefile::to_string(head)))); }
    return {};
}

}  // namespace hw::app::command
