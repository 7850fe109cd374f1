#include "app/command/registry_files.hpp"

#include "app/command/route_files.hpp"
#include "base/input/unpack.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace hw::app::command {
namespace {
namespace registry_reading {

template <typename Reader>
auto read_lines(ByteSource& source, InputReport& report) -> decltype(std::declval<Reader>().finish()) {
    Reader reader(report);
    while (true) {
        HW_TRY(const auto block, source.next());
        if (block.empty()) { break; }
        HW_CHECK(reader.feed(as_text(block)));
    }
    return std::move(reader).finish();
}

Result<void> read_one(const std::string& path, InputBytes& input, net::Registry& registry, InputReport& report) {
    const std::string_view head = as_text(input.head());
    if (net::looks_like_delegations(head)) {
        report.format = "rir-statistics";
        HW_TRY(auto read, read_lines<net::DelegationReader>(input, report));
        registry.add(path, std::move(read));
    } else if (net::looks_like_as_names(head)) {
        report.format = "as-names";
        HW_TRY(auto read, read_lines<net::AsNameReader>(input, report));
        registry.add(path, std::move(read));
    } else if (head.find('\0') != std::string_view::npos) {
        report.format = "mmdb";
        HW_TRY(auto read, net::GeoTable::read(input));
        registry.add(path, std::move(read));
    } else {
        return fail(Errc::malformed, "this is no registry data", "byte 0", "wanted: a registry's statistics (delegated-apnic-latest), a table asn,name,cc, or a table in the MaxMind DB form (.mmdb)");
    }
    return {};
}

}  // namespace registry_reading
}  // namespace

Result<net::Registry> read_registry_files(const Invocation& invocation, std::span<const std::string> paths, output::Context& context) {
    net::Registry registry;
    std::vector<InputReport> reports;
    for (const std::string& path : paths) {
        HW_TRY(const auto files, route_files_behind(path));
        for (const std::string& file : files) {
            HW_TRY(const auto input, InputBytes::open(file, invocation.stop));
            InputReport& report = reports.emplace_back();
            report.path = file;
            auto read = registry_reading::read_one(file, *input, registry, report);
            if (!read) {
                read.error().where = read.error().where.empty() ? file : file + ", " + read.error().where;
                return std::unexpected(std::move(read).error());
            }
            for (const auto& damage : input->damages()) {
                report.skip(damage.what, damage.offset);
                report.damaged_tail = true;
            }
            HW_TRY(report.sha256, input->finish_sha256());
            report.bytes = input->raw_bytes();
            say_what_was_passed_over(report);
        }
    }
    add_route_inputs(context, reports);
    return registry;
}

Result<CountryHoldings> holdings_of(const net::Registry& registry, const net::Country& country) {
    if (!registry.knows_countries()) {
        return fail(Errc::usage, "a country is its ASes and its registries' records, and no registry's file was given", "--registry", "--registry delegated-apnic-latest delegated-ripencc-latest ... (each registry publishes its own)");
    }
    HW_TRY(auto ases, registry.ases_of(country));
    CountryHoldings held{.ases = std::move(ases), .ranges = registry.ranges_of(country)};
    if (held.ases.empty() && held.ranges.empty()) { return fail(Errc::not_found, "the registries' files have nothing recorded for " + net::to_string(country), "--registry", "give the file of the registry that serves it (afrinic, apnic, arin, lacnic, ripencc)"); }
    return held;
}

}  // namespace hw::app::command
