// STIX bundles and MISP events: any JSON is refused or taken apart into what the case can read back.
#include "weigh/evidence_json.hpp"
#include "weigh/import/misp.hpp"
#include "weigh/import/stix.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw;
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)), size);
    const auto value = parse_json(text, "fuzz", {.bytes = std::size_t{1} << 20U});
    if (!value || (!weigh::is_stix(*value) && !weigh::is_misp(*value))) { return 0; }
    const auto changes = weigh::is_stix(*value) ? weigh::read_stix(*value, "fuzz") : weigh::read_misp(*value, "fuzz");
    if (!changes) { return 0; }
    for (const auto& change : *changes) {
        if (change.kind == weigh::kItemKind && !weigh::item_from(change.body, change.id, "fuzz")) { std::abort(); }
        if (change.kind == weigh::kDisputeKind && !weigh::dispute_from(change.body, change.id, "fuzz")) { std::abort(); }
        if (!casefile::is_id(change.id)) { std::abort(); }
    }
    return 0;
}
