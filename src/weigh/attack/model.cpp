#include "weigh/attack/match.hpp"

namespace hw::weigh::attack {

const Model& shipped_model() {
    // `attack_match_run BUNDLE --weights` on ATT&CK v18.1, in the order of Trait and of NoneTraits.
    static constexpr Model kModel{.weights = {4.7671, 4.5605, 2.0245, 2.7022, 2.4993, 0.4959, -0.2098, 0.3465, 0.7281}, .none = {1.4825, -0.2254, -0.2830, -1.0823, -3.2850, 0.1982}};
    return kModel;
}

}  // namespace hw::weigh::attack
