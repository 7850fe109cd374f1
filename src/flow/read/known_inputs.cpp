#include "flow/read/known_inputs.hpp"

#include "base/input/unpack.hpp"
#include "flow/read/input_list.hpp"

#include <utility>

namespace hw::flow::read {

std::vector<std::string> KnownInputs::paths() const {
    std::vector<std::string> out;
    out.reserve(known.size());
    for (const ReadReport& report : known) { out.push_back(report.path); }
    return out;
}

Result<KnownInputs> find_known_inputs(std::span<const std::string> paths, const std::function<Result<bool>(const std::string& sha256)>& has, std::string_view why,
                                      const std::stop_token& stop, const std::function<bool(std::uint64_t bytes)>& may_have) {
    InputList list = list_inputs(paths);
    KnownInputs found;
    found.failures = std::move(list.failures);
    for (const InputFile& file : list.files) {
        if (!file.passed_over.empty()) { continue; }
        bool known = false;
        const bool possible = !may_have || file.size == 0 || may_have(file.size);
        if (has && possible && file.path != "-") {
            if (const auto input = InputBytes::open(file.path, stop)) {
                if (const auto hash = (*input)->finish_sha256()) {
                    HW_TRY(known, has(*hash));
                    if (known) {
                        ReadReport& report = found.known.emplace_back();
                        report.path = file.path;
                        report.sha256 = *hash;
                        report.bytes = (*input)->raw_bytes();
                        report.skip(std::string(why), 0);
                    }
                }
            }
        }
        found.others = found.others || !known;
    }
    return found;
}

}  // namespace hw::flow::read
