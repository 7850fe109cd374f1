#pragma once

#include "flow/filter.hpp"
#include "flow/flow.hpp"
#include "flow/source.hpp"
#include "net/asn.hpp"
#include "net/country.hpp"

#include <bitset>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace hw::flow {

/// Whose an address is, for filters and sums by AS and country. Absent: nobody can say.
struct Whereabouts {
    std::function<std::optional<net::Asn>(const net::Address&)> asn;
    std::function<std::optional<net::Country>(const net::Address&)> country;
};

/// A filter made ready to be asked of very many flows: tests in a line, each knowing where to go on when it passes and when it
/// does not, so that a flow is looked at no longer than needed. May be used by several threads at once.
class FlowMatcher {
public:
    /// `observers`: those of the source whose flows will be asked about. Fails with `usage` when the filter names an observer that is
    /// not among them, or an AS or country and `whereabouts` cannot tell any.
    [[nodiscard]] static Result<FlowMatcher> compile(const Filter& filter, std::span<const Observer> observers, Whereabouts whereabouts = {});

    [[nodiscard]] bool operator()(const Flow& flow) const;

private:
    enum class Code : std::uint8_t { pass, address, addresses, port, ports, protocol, family, amount, amounts, flags, asn, country, observer };
    struct Step {
        Code code = Code::pass;
        FilterField field = FilterField::any;
        FilterEnd end = FilterEnd::either;
        std::uint32_t on_true = 0;
        std::uint32_t on_false = 0;
        std::uint32_t list = 0;    ///< Which of the lists below.
        std::uint64_t low = 0;     ///< Of a range; the halves of an address; mask and wanted flags.
        std::uint64_t high = 0;
    };
    struct AddressRange {
        net::Address low;
        net::Address high;
        friend auto operator<=>(const AddressRange&, const AddressRange&) = default;
    };
    /// The step to begin with when `filter` shall go on at these.
    std::uint32_t add(const Filter& filter, std::uint32_t on_true, std::uint32_t on_false, std::span<const Observer> observers);
    std::uint32_t add(Step step);
    [[nodiscard]] Step step_of(const FilterTest& test, std::span<const Observer> observers);
    [[nodiscard]] bool passes(const Step& step, const Flow& flow) const;
    [[nodiscard]] bool passes(const Step& step, const net::Address& address) const;

    std::vector<Step> steps_;
    std::uint32_t begin_ = 0;
    std::vector<std::vector<AddressRange>> addresses_;
    std::vector<std::bitset<65'536>> ports_;
    std::vector<std::vector<NumberRange>> numbers_;
    std::vector<std::vector<net::Country>> countries_;
    std::vector<std::vector<bool>> observers_;
    Whereabouts whereabouts_;
};

}  // namespace hw::flow
