#include "flow/filter.hpp"
#include "flow/filter_words.hpp"

#include <algorithm>
#include <array>

namespace hw::flow {
namespace {
namespace filter_printing {

std::string_view word_of(const FilterTest& test) {
    if (test.field == FilterField::host && test.prefixes.size() == 1) {
        const auto& prefix = test.prefixes.front();
        return prefix == net::Prefix::host(prefix.address()) ? "host" : "net";
    }
    return std::ranges::find(filter_words::kFields, test.field, &filter_words::FieldWord::field)->word;
}

std::string number_text(FilterField field, std::uint64_t n) {
    if (field == FilterField::protocol) {
        const auto* const named = std::ranges::find(filter_words::kProtocols, n, &filter_words::ProtocolWord::number);
        if (named != filter_words::kProtocols.end()) { return std::string(named->word); }
    }
    if (field != FilterField::duration) { return std::to_string(n); }
    struct Unit {
        std::uint64_t micros;
        std::string_view word;
    };
    constexpr std::array<Unit, 5> kUnits{{{86'400'000'000, "d"}, {3'600'000'000, "h"}, {60'000'000, "m"}, {1'000'000, "s"}, {1000, "ms"}}};
    for (const Unit& unit : kUnits) {
        if (n != 0 && n % unit.micros == 0) { return std::to_string(n / unit.micros) + std::string(unit.word); }
    }
    return std::to_string(n) + "us";
}

std::string range_text(FilterField field, const NumberRange& range) {
    const std::string low = number_text(field, range.low);
    return range.low == range.high ? low : low + "-" + number_text(field, range.high);
}

/// Bare where it reads as one word and means nothing else, else in quotes.
std::string name_text(const std::string& name) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/-";
    constexpr std::array<std::string_view, 9> kTaken{"and", "or", "not", "in", "lt", "gt", "le", "ge", "eq"};
    std::string lower = name;
    for (char& c : lower) { c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
    const bool plain = !name.empty() && name.find_first_not_of(kPlain) == std::string::npos && std::ranges::find(kTaken, lower) == kTaken.end();
    if (plain) { return name; }
    const char quote = name.find('"') == std::string::npos ? '"' : '\'';
    return quote + name + quote;
}

std::string listed(const std::vector<std::string>& texts) {
    if (texts.size() == 1) { return texts.front(); }
    std::string out = "in [";
    for (std::size_t i = 0; i < texts.size(); ++i) { out += (i == 0 ? "" : ", ") + texts[i]; }
    return out + "]";
}

std::string flags_text(const FilterTest& test) {
    std::string letters;
    for (const auto& flag : filter_words::kFlags) {
        if ((test.numbers.front().low & flag.bit) != 0) { letters += flag.letter; }
    }
    return letters;
}

std::string values_text(const FilterTest& test) {
    std::vector<std::string> texts;
    if (test.field == FilterField::host) {
        for (const auto& prefix : test.prefixes) {
            texts.push_back(prefix == net::Prefix::host(prefix.address()) ? net::to_string(prefix.address()) : net::to_string(prefix));
        }
        return listed(texts);
    }
    if (test.field == FilterField::observer || test.field == FilterField::country) {
        for (const auto& name : test.names) { texts.push_back(test.field == FilterField::observer ? name_text(name) : name); }
        return listed(texts);
    }
    if (test.numbers.size() == 1) {
        const NumberRange& range = test.numbers.front();
        const std::uint64_t most = filter_words::greatest(test.field);
        if (range.low != range.high && range.high == most) { return ">= " + number_text(test.field, range.low); }
        if (range.low != range.high && range.low == 0) { return "<= " + number_text(test.field, range.high); }
    }
    for (const auto& range : test.numbers) { texts.push_back(range_text(test.field, range)); }
    return listed(texts);
}

std::string test_text(const FilterTest& test) {
    if (test.field == FilterField::any) { return "any"; }
    if (test.field == FilterField::family) { return test.numbers.front().low == 4 ? "ipv4" : "ipv6"; }
    std::string out;
    if (test.field == FilterField::flags && test.numbers.front().high == 0) { out += "not "; }
    const bool amount = filter_words::is_amount(test.field);
    if (test.end == FilterEnd::client) { out += amount ? "request " : "src "; }
    if (test.end == FilterEnd::server) { out += amount ? "reply " : "dst "; }
    out += std::string(word_of(test)) + " ";
    return out + (test.field == FilterField::flags ? flags_text(test) : values_text(test));
}

/// Parentheses also where the language could do without them: a reader should not have to know what binds closer.
std::string part_text(const Filter& part) { return part.kind == Filter::Kind::test ? to_string(part) : "(" + to_string(part) + ")"; }

}  // namespace filter_printing
}  // namespace

std::string to_string(const Filter& filter) {
    using namespace filter_printing;
    switch (filter.kind) {
    case Filter::Kind::test: return test_text(filter.test);
    case Filter::Kind::negation: {
        const Filter& inner = filter.parts.front();
        // `not flags S` is a test of its own.
        const bool flags = inner.kind == Filter::Kind::test && inner.test.field == FilterField::flags;
        return flags ? "not (" + to_string(inner) + ")" : "not " + part_text(inner);
    }
    default: break;
    }
    const std::string_view joint = filter.kind == Filter::Kind::all_of ? " and " : " or ";
    std::string out;
    for (const Filter& part : filter.parts) {
        if (!out.empty()) { out += joint; }
        out += part.kind == Filter::Kind::negation ? to_string(part) : part_text(part);
    }
    return out;
}

}  // namespace hw::flow
