#include "flow/read/report.hpp"

namespace hw::flow::read {

void ReadReport::skip(std::string_view reason, std::uint64_t offset, std::uint64_t count) {
    auto found = skipped.find(reason);
    if (found == skipped.end()) { found = skipped.emplace(std::string(reason), Skipped{}).first; }
    found->second.count += count;
    if (found->second.first_offsets.size() < kOffsetsKept) { found->second.first_offsets.push_back(offset); }
}

std::uint64_t ReadReport::skipped_total() const {
    std::uint64_t total = 0;
    for (const auto& [reason, what] : skipped) { total += what.count; }
    return total;
}

}  // namespace hw::flow::read
