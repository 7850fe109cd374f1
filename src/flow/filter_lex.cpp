#include "flow/filter_lex.hpp"

#include <algorithm>

namespace hw::flow {
namespace {
namespace filter_lexing {

constexpr std::string_view kBlanks = " \t\r\n\v\f";
constexpr std::string_view kEndsWord = " \t\r\n\v\f()[],<>=!&|\"'";

struct Sign {
    std::string_view text;
    FilterToken::Kind kind;
};
/// Longer ones first.
constexpr Sign kSignTable[] = {
    {"&&", FilterToken::Kind::conjunction}, {"||", FilterToken::Kind::disjunction}, {"<=", FilterToken::Kind::compare}, {">=", FilterToken::Kind::compare},
    {"==", FilterToken::Kind::compare},     {"!=", FilterToken::Kind::compare},     {"<", FilterToken::Kind::compare},  {">", FilterToken::Kind::compare},
    {"=", FilterToken::Kind::compare},      {"!", FilterToken::Kind::negation},     {"(", FilterToken::Kind::open},     {")", FilterToken::Kind::close},
    {"[", FilterToken::Kind::open_list},    {"]", FilterToken::Kind::close_list},   {",", FilterToken::Kind::comma},
};

std::string in_small_letters(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) { c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
    return lower;
}

/// Characters, not bytes: what a person counts. Bytes that continue a UTF-8 character do not count.
std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

FilterToken::Kind kind_of_word(std::string_view lower) {
    if (lower == "and") { return FilterToken::Kind::conjunction; }
    if (lower == "or") { return FilterToken::Kind::disjunction; }
    if (lower == "not") { return FilterToken::Kind::negation; }
    // nfdump's words for the comparisons.
    if (lower == "lt" || lower == "gt" || lower == "le" || lower == "ge" || lower == "eq") { return FilterToken::Kind::compare; }
    return FilterToken::Kind::word;
}

}  // namespace filter_lexing
}  // namespace

std::string filter_place(std::size_t column) { return "filter, column " + std::to_string(column); }

Result<std::vector<FilterToken>> filter_tokens(std::string_view text) {
    using namespace filter_lexing;
    std::vector<FilterToken> tokens;
    std::size_t at = 0;
    std::size_t column = 1;
    const auto take = [&](FilterToken::Kind kind, std::string_view whole, std::string_view shown) {
        tokens.push_back({kind, std::string(shown), in_small_letters(shown), column});
        column += characters(whole);
        at += whole.size();
    };
    while (at < text.size()) {
        const std::string_view rest = text.substr(at);
        if (kBlanks.find(rest.front()) != std::string_view::npos) {
            ++at;
            ++column;
            continue;
        }
        if (rest.front() == '"' || rest.front() == '\'') {
            const auto close = rest.find(rest.front(), 1);
            if (close == std::string_view::npos) {
                return fail(Errc::usage, "a quote is opened and not closed", filter_place(column), "close it, or leave it out");
            }
            take(FilterToken::Kind::quoted, rest.substr(0, close + 1), rest.substr(1, close - 1));
            continue;
        }
        const auto* const sign = std::ranges::find_if(kSignTable, [&](const Sign& s) { return rest.starts_with(s.text); });
        if (sign != std::ranges::end(kSignTable)) {
            take(sign->kind, sign->text, sign->text);
            continue;
        }
        const std::string_view word = rest.substr(0, rest.find_first_of(kEndsWord));
        if (word.empty()) {  // a single & or |
            return fail(Errc::usage, "\"" + std::string(1, rest.front()) + "\" means nothing here", filter_place(column), "write and, or, && or ||");
        }
        take(kind_of_word(in_small_letters(word)), word, word);
    }
    tokens.push_back({FilterToken::Kind::end, {}, {}, column});
    return tokens;
}

}  // namespace hw::flow
