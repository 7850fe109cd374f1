#include "base/json.hpp"
#include "base/text.hpp"
#include "trace/profile.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <optional>

namespace hw::trace {

namespace {
namespace profile_text {

constexpr std::string_view kSchema = "headwater.profile/1";
constexpr std::size_t kMostClasses = 512;
constexpr std::size_t kMostKnots = 256;
constexpr std::size_t kMostInputs = 100'000;
constexpr double kMostCounted = 9007199254740992.0;  // 2^53: exact in every JSON reader
constexpr double kHighestScore = 1e9;

constexpr std::array<std::string_view, 3> kProtocols{"any", "tcp", "other"};
constexpr std::array<std::string_view, 5> kLengths{"any", "brief", "quick", "middle", "long"};
constexpr std::array<std::string_view, 3> kPaces{"any", "sparse", "busy"};
constexpr std::array<std::string_view, 3> kBursts{"any", "single", "bursts"};
constexpr std::array<std::string_view, 4> kLikenesses{"any", "twin", "alike", "unlike"};

namespace dom = simdjson::dom;

/// Reads one document; errors say which member of what.
class Reader {
public:
    explicit Reader(std::string_view name) : name_(name) {}

    [[nodiscard]] std::unexpected<Error> wrong(const std::string& where, const std::string& what) const {
        return fail(Errc::malformed, fmt::format("this is no background profile: {} {}", printable(where), what), printable(std::string(name_)),
                    "make one with headwater calibrate INPUT... -o FILE");
    }

    /// An object whose members are exactly `names`, each once, in any order; their values in the order of `names`.
    template <std::size_t N>
    [[nodiscard]] Result<std::array<dom::element, N>> members(dom::element element, const std::string& where,
                                                              const std::array<std::string_view, N>& names) const {
        dom::object object;
        if (element.get_object().get(object) != simdjson::SUCCESS) { return wrong(where, "is not an object"); }
        std::array<dom::element, N> values;
        std::array<bool, N> found{};
        for (const auto& field : object) {
            const auto at = static_cast<std::size_t>(std::ranges::find(names, field.key) - names.begin());
            if (at == N) { return wrong(where, fmt::format("has an unknown member \"{}\"", printable(std::string(field.key.substr(0, 40))))); }
            if (found[at]) { return wrong(where, fmt::format("has \"{}\" twice", names[at])); }
            found[at] = true;
            values[at] = field.value;
        }
        for (std::size_t i = 0; i < N; ++i) {
            if (!found[i]) { return wrong(where, fmt::format("lacks \"{}\"", names[i])); }
        }
        return values;
    }

    [[nodiscard]] Result<dom::array> list(dom::element element, const std::string& where, std::size_t most) const {
        dom::array array;
        if (element.get_array().get(array) != simdjson::SUCCESS) { return wrong(where, "is not a list"); }
        if (array.size() > most) { return wrong(where, fmt::format("has more than {} entries", most)); }
        return array;
    }

    [[nodiscard]] Result<std::string> text(dom::element element, const std::string& where, std::size_t longest) const {
        std::string_view value;
        if (element.get_string().get(value) != simdjson::SUCCESS) { return wrong(where, "is not a text"); }
        if (value.size() > longest) { return wrong(where, fmt::format("is longer than {} bytes", longest)); }
        return std::string(value);
    }

    [[nodiscard]] Result<double> number(dom::element element, const std::string& where, double least, double most) const {
        double value = 0;
        if (element.get_double().get(value) != simdjson::SUCCESS || !std::isfinite(value)) { return wrong(where, "is not a number"); }
        if (value < least || value > most) { return wrong(where, fmt::format("is not between {} and {}", least, most)); }
        return value;
    }

    [[nodiscard]] Result<std::uint64_t> counted(dom::element element, const std::string& where) const {
        std::uint64_t value = 0;
        if (element.get_uint64().get(value) != simdjson::SUCCESS || static_cast<double>(value) > kMostCounted) {
            return wrong(where, "is not a count");
        }
        return value;
    }

    template <typename E, std::size_t N>
    [[nodiscard]] Result<E> word(dom::element element, const std::string& where, const std::array<std::string_view, N>& words) const {
        std::string_view value;
        const bool is_text = element.get_string().get(value) == simdjson::SUCCESS;
        const auto at = static_cast<std::size_t>(std::ranges::find(words, value) - words.begin());
        if (!is_text || at == N) { return wrong(where, fmt::format("is none of {}", fmt::join(words, ", "))); }
        return static_cast<E>(at);
    }

private:
    std::string_view name_;
};

Result<ClassNull> read_class(const Reader& in, dom::element element, const std::string& where) {
    HW_TRY(const auto m, in.members<11>(element, where,
                                        {"protocol", "length", "pace", "burst", "likeness", "pairs", "flows", "knots", "threshold", "shape", "scale"}));
    ClassNull null;
    HW_TRY(null.of.protocol, in.word<TrafficClass::Protocol>(m[0], where + ".protocol", kProtocols));
    HW_TRY(null.of.length, in.word<TrafficClass::Length>(m[1], where + ".length", kLengths));
    HW_TRY(null.of.pace, in.word<TrafficClass::Pace>(m[2], where + ".pace", kPaces));
    HW_TRY(null.of.burst, in.word<TrafficClass::Burst>(m[3], where + ".burst", kBursts));
    HW_TRY(null.of.likeness, in.word<TrafficClass::Likeness>(m[4], where + ".likeness", kLikenesses));
    HW_TRY(null.pairs, in.counted(m[5], where + ".pairs"));
    HW_TRY(null.flows, in.counted(m[6], where + ".flows"));
    HW_TRY(const auto knots, in.list(m[7], where + ".knots", kMostKnots));
    for (const dom::element knot : knots) {
        const std::string at = fmt::format("{}.knots[{}]", where, null.knots.size());
        HW_TRY(const auto two, in.list(knot, at, 2));
        if (two.size() != 2) { return in.wrong(at, "is not a score and its chance"); }
        HW_TRY(const double score, in.number(two.at(0).value_unsafe(), at + "[0]", -kHighestScore, kHighestScore));
        HW_TRY(const double chance, in.number(two.at(1).value_unsafe(), at + "[1]", 1e-12, 1));
        if (!null.knots.empty() && (score <= null.knots.back().first || chance > null.knots.back().second)) {
            return in.wrong(at, "is out of order: scores rise and chances fall");
        }
        null.knots.emplace_back(score, chance);
    }
    HW_TRY(const double threshold, in.number(m[8], where + ".threshold", -kHighestScore, kHighestScore));
    if (null.knots.empty() || null.knots.back().first != threshold) { return in.wrong(where + ".threshold", "is not the last knot's score"); }
    HW_TRY(null.tail.shape, in.number(m[9], where + ".shape", 0, 0.9));
    HW_TRY(null.tail.scale, in.number(m[10], where + ".scale", 1e-9, kHighestScore));
    return null;
}

Result<Profile> read_profile(const Reader& in, dom::element document) {
    const std::string where = "the document";
    HW_TRY(const auto m, in.members<10>(document, where,
                                        {"schema", "score", "version", "note", "seed", "hosts", "pairs", "excluded", "inputs", "classes"}));
    HW_TRY(const auto schema, in.text(m[0], "schema", 100));
    if (schema != kSchema) { return in.wrong("schema", fmt::format("is not {}", kSchema)); }
    HW_TRY(const auto score, in.text(m[1], "score", 100));
    if (score != kProfileScore) { return in.wrong("score", fmt::format("is not {}, the one this version computes: learn the profile anew", kProfileScore)); }
    Profile profile;
    HW_TRY(profile.version, in.text(m[2], "version", 100));
    HW_TRY(profile.note, in.text(m[3], "note", 1000));
    HW_TRY(profile.seed, in.counted(m[4], "seed"));
    HW_TRY(profile.hosts, in.counted(m[5], "hosts"));
    HW_TRY(profile.pairs, in.counted(m[6], "pairs"));
    HW_TRY(profile.excluded, in.counted(m[7], "excluded"));
    HW_TRY(const auto inputs, in.list(m[8], "inputs", kMostInputs));
    for (const dom::element entry : inputs) {
        const std::string at = fmt::format("inputs[{}]", profile.inputs.size());
        HW_TRY(const auto i, in.members<2>(entry, at, {"sha256", "flows"}));
        ProfileInput input;
        HW_TRY(input.sha256, in.text(i[0], at + ".sha256", 64));
        if (input.sha256.size() != 64 || input.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
            return in.wrong(at + ".sha256", "is not 64 hexadecimal digits");
        }
        HW_TRY(input.flows, in.counted(i[1], at + ".flows"));
        profile.inputs.push_back(std::move(input));
    }
    HW_TRY(const auto classes, in.list(m[9], "classes", kMostClasses));
    for (const dom::element entry : classes) {
        const std::string at = fmt::format("classes[{}]", profile.classes.size());
        HW_TRY(auto null, read_class(in, entry, at));
        if (!profile.classes.empty() && !(profile.classes.back().of < null.of)) { return in.wrong(at, "is out of order or there twice"); }
        profile.classes.push_back(std::move(null));
    }
    return profile;
}

}  // namespace profile_text
}  // namespace

ClassWords words_of(const TrafficClass& of) {
    using namespace profile_text;
    const auto name = [](auto value, const auto& words) { return words.at(static_cast<std::size_t>(value)); };
    return {name(of.protocol, kProtocols), name(of.length, kLengths), name(of.pace, kPaces), name(of.burst, kBursts), name(of.likeness, kLikenesses)};
}

std::string render_profile(const Profile& profile) {
    using namespace profile_text;
    // One class a line: a person can read it, and a comparison of two profiles shows the class that changed.
    std::string text = "{\n";
    const auto line = [&](std::string_view name, std::string value) { text += fmt::format("  \"{}\": {},\n", name, value); };
    const auto quoted = [](std::string_view s) {
        std::string out;
        append_json_string(out, s);
        return out;
    };
    line("schema", quoted(kSchema));
    line("score", quoted(kProfileScore));
    line("version", quoted(profile.version));
    line("note", quoted(profile.note));
    line("seed", fmt::to_string(profile.seed));
    line("hosts", fmt::to_string(profile.hosts));
    line("pairs", fmt::to_string(profile.pairs));
    line("excluded", fmt::to_string(profile.excluded));
    text += "  \"inputs\": [";
    for (std::size_t i = 0; i < profile.inputs.size(); ++i) {
        text += fmt::format("{}\n    {{\"sha256\": {}, \"flows\": {}}}", i == 0 ? "" : ",", quoted(profile.inputs[i].sha256), profile.inputs[i].flows);
    }
    text += profile.inputs.empty() ? "],\n" : "\n  ],\n";
    text += "  \"classes\": [";
    for (std::size_t i = 0; i < profile.classes.size(); ++i) {
        const ClassNull& null = profile.classes[i];
        const ClassWords of = words_of(null.of);
        std::string knots;
        for (const auto& [score, chance] : null.knots) {
            knots += fmt::format("{}[{}, {}]", knots.empty() ? "" : ", ", json_number(score), json_number(chance));
        }
        text += fmt::format(
            "{}\n    {{\"protocol\": \"{}\", \"length\": \"{}\", \"pace\": \"{}\", \"burst\": \"{}\", \"likeness\": \"{}\", \"pairs\": {}, \"flows\": {},\n"
            "     \"threshold\": {}, \"shape\": {}, \"scale\": {}, \"knots\": [{}]}}",
            i == 0 ? "" : ",", of.protocol, of.length, of.pace, of.burst, of.likeness, null.pairs, null.flows,
            json_number(null.knots.empty() ? 0 : null.knots.back().first), json_number(null.tail.shape), json_number(null.tail.scale), knots);
    }
    text += profile.classes.empty() ? "]\n}\n" : "\n  ]\n}\n";
    return text;
}

Result<Profile> parse_profile(std::string_view text, std::string_view name) {
    using namespace profile_text;
    const Reader in(name);
    if (text.size() > kLongestProfile) { return in.wrong("the document", fmt::format("is longer than {} bytes", kLongestProfile)); }
    dom::parser parser(kLongestProfile);
    if (parser.allocate(text.size() + 1, 16) != simdjson::SUCCESS) { return fail(Errc::internal, "no memory for a profile", std::string(name)); }
    const simdjson::padded_string padded(text);
    dom::element document;
    if (const auto error = parser.parse(padded).get(document); error != simdjson::SUCCESS) {
        return in.wrong("the document", fmt::format("is no JSON ({})", simdjson::error_message(error)));
    }
    return read_profile(in, document);
}

}  // namespace hw::trace
