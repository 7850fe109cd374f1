#include "net/country.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hw::net {
namespace {
namespace country_detail {

// ISO 3166-1, officially assigned, in order.
constexpr std::string_view kAssigned =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ"
    "DEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISIT"
    "JEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNG"
    "NINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJ"
    "TKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";
static_assert(kAssigned.size() == std::size_t{2} * 249);

}  // namespace country_detail
}  // namespace

Result<Country> Country::parse(std::string_view code) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (code.size() != 2 || !std::ranges::all_of(code, is_letter)) {
        return fail(Errc::malformed, fmt::format("'{}' is not a country code", code.substr(0, 16)), {}, "write two letters, such as KP");
    }
    Country country;
    for (std::size_t i = 0; i < 2; ++i) { country.code_.at(i) = static_cast<char>(static_cast<unsigned char>(code[i]) & 0xdfU); }
    return country;
}

bool Country::is_assigned() const {
    for (std::size_t i = 0; i < country_detail::kAssigned.size(); i += 2) {
        if (country_detail::kAssigned.substr(i, 2) == code()) { return true; }
    }
    return false;
}

}  // namespace hw::net
