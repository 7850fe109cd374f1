#include "flow/filter.hpp"

#include "base/nearest.hpp"
#include "base/parse.hpp"
#include "flow/filter_lex.hpp"
#include "flow/filter_words.hpp"
#include "net/asn.hpp"
#include "net/country.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace hw::flow {
namespace {
namespace filter_parsing {

using Kind = FilterToken::Kind;

constexpr std::size_t kLongestQuoted = 40;
constexpr std::string_view kTests = "a test such as host, net, port, proto, bytes, packets, duration, flags or observer";

std::string quoted(const FilterToken& token) {
    if (token.kind == Kind::end) { return "the end"; }
    return token.text.size() <= kLongestQuoted ? "\"" + token.text + "\"" : "\"" + token.text.substr(0, kLongestQuoted) + "...\"";
}

bool is_address(const FilterToken& token) { return token.kind == Kind::word && net::parse_prefix(token.text).has_value(); }

std::unexpected<Error> expected(std::string_view what, const FilterToken& found, std::string hint = {}) {
    return fail(Errc::usage, "expected " + std::string(what) + ", found " + quoted(found), filter_place(found.column), std::move(hint));
}

/// Words that may begin a test.
std::vector<std::string> beginnings() {
    std::vector<std::string> words{"not"};
    for (const auto& w : filter_words::kFields) { words.emplace_back(w.word); }
    for (const auto& w : filter_words::kEnds) { words.emplace_back(w.word); }
    for (const auto& w : filter_words::kProtocols) { words.emplace_back(w.word); }
    for (const auto& w : filter_words::kFamilies) { words.emplace_back(w.word); }
    return words;
}

template <typename Table>
auto find_word(const Table& table, const FilterToken& token) {
    const auto* const found = std::ranges::find_if(table, [&](const auto& row) { return token.kind == Kind::word && row.word == token.lower; });
    return found == table.end() ? nullptr : found;
}

/// A count as people write it: digits, perhaps a fraction, perhaps k, M, G, T (powers of 1000) or Ki, Mi, Gi, Ti (of 1024). Nothing when
/// it is none, is no whole number or does not fit.
std::optional<std::uint64_t> count_of(std::string_view lower) {
    std::uint64_t factor = 1;
    const bool binary = lower.size() > 2 && lower.ends_with('i');
    const std::string_view bare = binary ? lower.substr(0, lower.size() - 1) : lower;
    constexpr std::string_view kUnits = "kmgt";
    const auto unit = bare.empty() ? std::string_view::npos : kUnits.find(bare.back());
    if (binary && unit == std::string_view::npos) { return std::nullopt; }
    std::string_view digits = bare;
    if (unit != std::string_view::npos) {
        for (std::size_t i = 0; i <= unit; ++i) { factor *= binary ? 1024U : 1000U; }
        digits.remove_suffix(1);
    }
    const auto dot = digits.find('.');
    const auto whole = parse_integer<std::uint64_t>(digits.substr(0, dot));
    if (!whole || *whole > std::numeric_limits<std::uint64_t>::max() / factor) { return std::nullopt; }
    std::uint64_t value = *whole * factor;
    if (dot == std::string_view::npos) { return value; }
    for (const char digit : digits.substr(dot + 1)) {
        if (digit < '0' || digit > '9' || factor % 10 != 0) { return std::nullopt; }
        factor /= 10;
        const std::uint64_t more = static_cast<std::uint64_t>(digit - '0') * factor;
        if (value > std::numeric_limits<std::uint64_t>::max() - more) { return std::nullopt; }
        value += more;
    }
    return dot + 1 < digits.size() ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> number_of(FilterField field, std::string_view lower) {
    if (field == FilterField::protocol) {
        const auto* const named = std::ranges::find(filter_words::kProtocols, lower, &filter_words::ProtocolWord::word);
        if (named != filter_words::kProtocols.end()) { return named->number; }
    }
    if (field == FilterField::asn) {
        const auto asn = net::parse_asn(lower);
        return asn ? std::optional<std::uint64_t>(asn->number()) : std::nullopt;
    }
    if (field == FilterField::duration && (lower.empty() || lower.back() < '0' || lower.back() > '9')) {
        const auto length = parse_duration(lower);
        return length && length->count() >= 0 ? std::optional(static_cast<std::uint64_t>(length->count())) : std::nullopt;
    }
    if (filter_words::is_amount(field)) { return count_of(lower); }
    const auto plain = parse_integer<std::uint64_t>(lower);
    if (!plain || field != FilterField::duration) { return plain; }
    return *plain > filter_words::greatest(field) / 1000 ? std::nullopt : std::optional(*plain * 1000);  // nfdump: milliseconds
}

std::string_view what_field_wants(FilterField field) {
    switch (field) {
    case FilterField::host: return "an address or a prefix";
    case FilterField::port: return "a port from 0 to 65535, or a range such as 1024-65535";
    case FilterField::protocol: return "a protocol such as tcp, udp, icmp, or its number from 0 to 255";
    case FilterField::duration: return "a length of time such as 250ms, 5s or 2h";
    case FilterField::flags: return "flags: some of the letters U A P R S F E C, or X for the first six";
    case FilterField::asn: return "a number of an autonomous system such as AS64500";
    case FilterField::country: return "a country's two letters";
    case FilterField::observer: return "an observer's name";
    default: return "a number such as 1500, 20k, 3M or 1Gi";
    }
}

class FilterParser {
public:
    explicit FilterParser(std::vector<FilterToken> tokens) : tokens_(std::move(tokens)) {}

    Result<Filter> parse() {
        if (peek().kind == Kind::end) { return Filter{}; }
        HW_TRY(auto filter, alternatives());
        if (peek().kind != Kind::end) { return unfinished(); }
        return filter;
    }

private:
    const FilterToken& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
    const FilterToken& take() {
        const FilterToken& token = peek();
        if (at_ + 1 < tokens_.size()) { ++at_; }
        return token;
    }

    /// What follows a whole expression and is no part of it.
    std::unexpected<Error> unfinished() const {
        const auto& token = peek();
        if (is_address(token)) { return expected("and, or, or the end", token, "each test wants its word: host " + token.text + ", or host in [A, B]"); }
        const std::vector<std::string> joints{"and", "or"};
        const auto words = beginnings();
        const bool begins = token.kind == Kind::open || token.kind == Kind::negation || std::ranges::find(words, token.lower) != words.end();
        return expected("and, or, or the end", token, begins ? "join tests by and or or" : did_you_mean(token.lower, joints, "join tests by and or or"));
    }

    template <typename Next>
    Result<Filter> list_of(Filter::Kind kind, Kind joint, const Next& next) {
        HW_TRY(auto first, next());
        if (peek().kind != joint) { return first; }
        Filter list{.kind = kind, .test = {}, .parts = {}};
        append(list, std::move(first));
        while (peek().kind == joint) {
            take();
            HW_TRY(auto more, next());
            append(list, std::move(more));
        }
        return list;
    }
    static void append(Filter& list, Filter&& part) {
        if (part.kind == list.kind) { std::ranges::move(part.parts, std::back_inserter(list.parts)); }
        else { list.parts.push_back(std::move(part)); }
    }

    Result<Filter> alternatives() {
        return list_of(Filter::Kind::one_of, Kind::disjunction, [&] { return conjunction(); });
    }
    Result<Filter> conjunction() {
        return list_of(Filter::Kind::all_of, Kind::conjunction, [&] { return operand(); });
    }

    Result<Filter> operand() {
        if (depth_ == kDeepestFilter) {
            return fail(Errc::usage, "parentheses and nots go deeper than " + std::to_string(kDeepestFilter), filter_place(peek().column), "write it flatter");
        }
        ++depth_;
        auto result = operand_inside();
        --depth_;
        return result;
    }

    Result<Filter> operand_inside() {
        if (peek().kind == Kind::negation) {
            take();
            // `not flags AFRPU` is none of them, as nfdump has it: not "not all of them".
            const std::size_t behind_end = find_word(filter_words::kEnds, peek()) != nullptr ? 1 : 0;
            const auto* const field = find_word(filter_words::kFields, peek(behind_end));
            const bool none_of_flags = field != nullptr && field->field == FilterField::flags;
            HW_TRY(auto inner, operand());
            if (none_of_flags && inner.kind == Filter::Kind::test) {
                inner.test.numbers.front().high = 0;
                return inner;
            }
            return negation(std::move(inner));
        }
        if (peek().kind == Kind::open) {
            const auto column = take().column;
            HW_TRY(auto inner, alternatives());
            if (peek().kind != Kind::close) {
                if (peek().kind != Kind::end) { return unfinished(); }
                return expected("the \")\" for the \"(\" of column " + std::to_string(column), peek());
            }
            take();
            return inner;
        }
        return test();
    }

    static Filter negation(Filter&& inner) {
        Filter filter{.kind = Filter::Kind::negation, .test = {}, .parts = {}};
        filter.parts.push_back(std::move(inner));
        return filter;
    }
    static Filter filter_of(FilterTest&& test) { return {.kind = Filter::Kind::test, .test = std::move(test), .parts = {}}; }

    Result<Filter> test() {
        const FilterToken& token = peek();
        if (const auto* const family = find_word(filter_words::kFamilies, token)) {
            take();
            return filter_of({.field = FilterField::family, .end = {}, .prefixes = {}, .numbers = {{family->family, family->family}}, .names = {}});
        }
        if (const auto* const protocol = find_word(filter_words::kProtocols, token)) {
            take();
            Filter filter = filter_of({.field = FilterField::protocol, .end = {}, .prefixes = {}, .numbers = {{protocol->number, protocol->number}}, .names = {}});
            if (!port_follows()) { return filter; }
            HW_TRY(auto port, test());  // pcap: `tcp dst port 22`
            return both(std::move(filter), std::move(port));
        }
        if (const auto* const end = find_word(filter_words::kEnds, token)) {
            take();
            return test_of_end(*end);
        }
        if (const auto* const field = find_word(filter_words::kFields, token)) {
            take();
            return values(field->field, FilterEnd::either);
        }
        if (is_address(token)) { return expected(kTests, token, "an address wants its word: host " + token.text); }
        return expected(kTests, token, token.kind == Kind::word ? did_you_mean(token.lower, beginnings(), {}) : std::string());
    }

    bool port_follows() const {
        const std::size_t behind_end = find_word(filter_words::kEnds, peek()) != nullptr ? 1 : 0;
        const auto* const field = find_word(filter_words::kFields, peek(behind_end));
        return field != nullptr && field->field == FilterField::port;
    }

    Result<Filter> test_of_end(const filter_words::EndWord& end) {
        const bool of_amounts = end.word == "request" || end.word == "reply" || end.word == "in" || end.word == "out";
        const FilterToken& token = peek();
        if (!of_amounts && is_address(token)) { return values(FilterField::host, end.end); }  // pcap: `src 192.0.2.1`
        const auto* const field = find_word(filter_words::kFields, token);
        if (field == nullptr || !filter_words::has_ends(field->field) || (of_amounts && !filter_words::is_amount(field->field))) {
            const std::string_view choice = of_amounts ? "bytes, packets, payload, pps, bps, bpp or flags" : "host, net, port, asn, country, bytes, packets or flags";
            std::vector<std::string> words;
            for (const auto& w : filter_words::kFields) {
                if (of_amounts ? filter_words::is_amount(w.field) : filter_words::has_ends(w.field)) { words.emplace_back(w.word); }
            }
            return expected(choice, token, token.kind == Kind::word ? did_you_mean(token.lower, words, {}) : std::string());
        }
        take();
        return values(field->field, end.end);
    }

    Result<Filter> values(FilterField field, FilterEnd end) {
        FilterTest test{.field = field, .end = end, .prefixes = {}, .numbers = {}, .names = {}};
        if (field == FilterField::any) { return filter_of(std::move(test)); }
        bool differs = false;
        if (peek().kind == Kind::compare) {
            const FilterToken sign = take();
            differs = sign.text == "!=";
            HW_CHECK(compared(test, sign));
        } else if (peek().kind == Kind::open_list || (peek().lower == "in" && peek(1).kind == Kind::open_list)) {
            if (peek().kind != Kind::open_list) { take(); }
            HW_CHECK(list(test));
        } else {
            HW_CHECK(value(test));
        }
        test.numbers = field == FilterField::flags ? std::move(test.numbers) : filter_words::joined(std::move(test.numbers));
        const auto once = [](auto& values_of) {
            std::ranges::sort(values_of);
            values_of.erase(std::ranges::unique(values_of).begin(), values_of.end());
        };
        once(test.prefixes);
        once(test.names);
        return differs ? negation(filter_of(std::move(test))) : filter_of(std::move(test));
    }

    Result<void> list(FilterTest& test) {
        const auto column = take().column;
        if (test.field == FilterField::flags) { return expected("letters without a list", peek(), "flags SA: both; flags S or flags A: either"); }
        bool any = false;
        while (peek().kind != Kind::close_list) {
            if (any && peek().kind == Kind::comma) { take(); }
            if (peek().kind == Kind::end) { return expected("the \"]\" for the \"[\" of column " + std::to_string(column), peek()); }
            HW_CHECK(value(test));
            any = true;
        }
        if (!any) { return expected(what_field_wants(test.field), peek()); }
        take();
        return {};
    }

    /// `= 5`, `< 5`, ... Fields without an order know only `=` and `!=`.
    Result<void> compared(FilterTest& test, const FilterToken& sign) {
        using enum FilterField;
        const bool equal = sign.text == "=" || sign.text == "==" || sign.text == "!=" || sign.lower == "eq";
        const bool ordered = filter_words::is_amount(test.field) ? test.field != flags : test.field == port || test.field == protocol || test.field == duration || test.field == asn;
        if (!ordered && !equal) { return expected(what_field_wants(test.field), sign, "only = and != compare this"); }
        const FilterToken number = peek();
        HW_CHECK(value(test));
        if (equal) { return {}; }
        NumberRange& range = test.numbers.back();
        if (range.low != range.high) { return expected("one number to compare with", number); }
        const std::uint64_t n = range.low;
        const std::uint64_t most = filter_words::greatest(test.field);
        if (sign.text == "<=" || sign.lower == "le") { range = {0, n}; }
        else if (sign.text == ">=" || sign.lower == "ge") { range = {n, most}; }
        else if (sign.text == "<" || sign.lower == "lt") {
            if (n == 0) { return fail(Errc::usage, "nothing is less than 0", filter_place(sign.column), "write = 0"); }
            range = {0, n - 1};
        } else {
            if (n == most) { return fail(Errc::usage, "nothing is more than " + quoted(number), filter_place(sign.column), "write >="); }
            range = {n + 1, most};
        }
        return {};
    }

    /// One value, added to the test's list.
    Result<void> value(FilterTest& test) {
        const FilterToken& token = peek();
        const auto wanted = [&](std::string hint = {}) { return expected(what_field_wants(test.field), token, std::move(hint)); };
        // A name may be any word, also one that means something elsewhere in the language when it is quoted.
        const bool may_quote = test.field == FilterField::observer;
        if (token.kind != Kind::word && !(may_quote && token.kind == Kind::quoted)) { return wanted(); }
        switch (test.field) {
        case FilterField::host: {
            const auto prefix = net::parse_prefix(token.text);
            if (!prefix) { return wanted(prefix.error().hint.empty() ? prefix.error().message : prefix.error().hint); }
            test.prefixes.push_back(*prefix);
            break;
        }
        case FilterField::country: {
            const auto country = net::Country::parse(token.text);
            if (!country) { return wanted(country.error().hint); }
            test.names.emplace_back(country->code());
            break;
        }
        case FilterField::observer: test.names.push_back(token.text); break;
        case FilterField::flags: {
            const auto mask = flags_of(token.lower);
            if (!mask) { return wanted(); }
            test.numbers.push_back({*mask, *mask});
            break;
        }
        default: {
            const auto range = range_of(test.field, token.lower);
            if (!range) { return wanted(); }
            test.numbers.push_back(*range);
        }
        }
        take();
        return {};
    }

    static std::optional<std::uint8_t> flags_of(std::string_view lower) {
        unsigned mask = 0;
        for (const char c : lower) {
            const auto* const flag = std::ranges::find_if(filter_words::kFlags, [&](const auto& f) { return f.letter == c - 'a' + 'A'; });
            if (c == 'x') { mask |= 0x3fU; }
            else if (flag == filter_words::kFlags.end()) { return std::nullopt; }
            else { mask |= flag->bit; }
        }
        return mask == 0 ? std::nullopt : std::optional(static_cast<std::uint8_t>(mask));
    }

    static std::optional<NumberRange> range_of(FilterField field, std::string_view lower) {
        const std::uint64_t most = filter_words::greatest(field);
        const auto within = [&](std::string_view text) {
            const auto n = number_of(field, text);
            return n && *n <= most ? n : std::nullopt;
        };
        if (const auto one = within(lower)) { return NumberRange{*one, *one}; }
        const auto dash = lower.find('-');
        if (dash == std::string_view::npos) { return std::nullopt; }
        const auto low = within(lower.substr(0, dash));
        const auto high = within(lower.substr(dash + 1));
        if (!low || !high || *low > *high) { return std::nullopt; }
        return NumberRange{*low, *high};
    }

    std::vector<FilterToken> tokens_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
};

}  // namespace filter_parsing
}  // namespace

std::vector<NumberRange> filter_words::joined(std::vector<NumberRange> ranges) {
    std::ranges::sort(ranges);
    std::vector<NumberRange> out;
    out.reserve(ranges.size());
    for (const NumberRange& range : ranges) {
        const bool touches = !out.empty() && (range.low <= out.back().high || range.low - 1 == out.back().high);
        if (touches) { out.back().high = std::max(out.back().high, range.high); }
        else { out.push_back(range); }
    }
    return out;
}

Result<Filter> parse_filter(std::string_view text) {
    if (text.size() > kLongestFilter) {
        return fail(Errc::usage, "the filter is longer than " + std::to_string(kLongestFilter) + " bytes", "filter", "ask in several runs, or by prefixes");
    }
    HW_TRY(auto tokens, filter_tokens(text));
    return filter_parsing::FilterParser(std::move(tokens)).parse();
}

Filter both(Filter a, Filter b) {
    const auto passes_all = [](const Filter& f) { return f.kind == Filter::Kind::test && f.test.field == FilterField::any; };
    if (passes_all(a)) { return b; }
    if (passes_all(b)) { return a; }
    Filter list{.kind = Filter::Kind::all_of, .test = {}, .parts = {}};
    for (Filter* part : {&a, &b}) {
        if (part->kind == list.kind) { std::ranges::move(part->parts, std::back_inserter(list.parts)); }
        else { list.parts.push_back(std::move(*part)); }
    }
    return list;
}

Filter filter_of_hosts(std::vector<net::Prefix> prefixes) {
    std::ranges::sort(prefixes);
    prefixes.erase(std::ranges::unique(prefixes).begin(), prefixes.end());
    Filter filter;
    filter.test.field = FilterField::host;
    filter.test.prefixes = std::move(prefixes);
    return filter;
}

}  // namespace hw::flow
