#pragma once

#include "flow/source.hpp"

#include <cstdint>
#include <vector>

namespace hw::flow {

/// The same for every observer's view of a conversation, whoever is taken for the client; different conversations share one
/// hardly ever.
[[nodiscard]] std::uint64_t conversation_key(const Flow& flow);

/// Gathers what `FlowSource::shared_starts` promises, out of any number of flows in any order; 24 bytes a flow.
class SharedStartsGatherer {
public:
    void add(std::uint64_t key, ObserverId observer, Time first) { starts_.push_back({.key = key, .first = first, .observer = observer}); }
    /// What has been added so far can be added up for good where no later flow is of one of these conversations.
    void settle();
    [[nodiscard]] std::vector<SharedStarts> take();

private:
    struct Start {
        std::uint64_t key = 0;
        Time first;
        ObserverId observer{};
    };
    struct Difference {
        ObserverId a{};
        ObserverId b{};
        Duration apart{0};
    };
    std::vector<Start> starts_;
    std::vector<Difference> differences_;
};

}  // namespace hw::flow
