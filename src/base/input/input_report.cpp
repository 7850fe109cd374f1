#include "base/input/input_report.hpp"

namespace hw {

namespace {

void add(std::map<std::string, Skipped, std::less<>>& to, std::string_view what, std::uint64_t offset, std::uint64_t count) {
    auto found = to.find(what);
    if (found == to.end()) { found = to.emplace(std::string(what), Skipped{}).first; }
    found->second.count += count;
    if (found->second.first_offsets.size() < kOffsetsKept) { found->second.first_offsets.push_back(offset); }
}

}  // namespace

void InputReport::skip(std::string_view reason, std::uint64_t offset, std::uint64_t count) { add(skipped, reason, offset, count); }
void InputReport::note(std::string_view what, std::uint64_t offset) { add(noted, what, offset, 1); }

std::uint64_t InputReport::skipped_total() const {
    std::uint64_t total = 0;
    for (const auto& [reason, what] : skipped) { total += what.count; }
    return total;
}

}  // namespace hw
