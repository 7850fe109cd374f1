#pragma once

#include "weigh/attack/library.hpp"
#include "weigh/evidence.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace hw::weigh::attack {

/// Forgeability of matched techniques where the item states none, and the least that is taken: whoever reads the reports can do as they say. So a match
/// never moves a hypothesis by more than 4 dB unasked, or 6 dB at all, however many techniques agree.
inline constexpr double kUsualForgeability = 0.40;
inline constexpr double kLeastForgeability = 0.25;

/// A group that what was seen resembles.
struct NearGroup {
    std::string id;
    std::string name;
    double chance = 0;  ///< P(group), where "none of ATT&CK's groups" is as likely beforehand as all of them together.
};

/// What matching the techniques of one item, or of several of one origin, brought out.
struct TechniqueMatch {
    std::string item;                  ///< That carries the likelihoods.
    std::vector<std::string> others;   ///< Items of the same origin whose techniques were matched with it, and weigh nothing of their own.
    std::size_t known = 0;             ///< Techniques and software that ATT&CK has.
    std::vector<std::string> unknown;  ///< Ids that it does not have.
    double none = 0;                   ///< P(none of its groups).
    std::vector<NearGroup> nearest;    ///< The likeliest, at most five, none below .01.
};

/// Matches what items found (`Finding::Kind::techniques`, no likelihood stated) with the library and sets their likelihoods: for a hypothesis whose
/// `attack_group` is in it, P(group | seen)/P(group) beside P(none | seen)/P(none) for all others, scaled so that the greatest is .98, never below .02.
/// What of one origin is matched is one item; `forgeability`, and `frames` where nothing is stated, are set so that the cap above holds.
std::vector<TechniqueMatch> match_techniques(Evidence& evidence, const Library& library);

}  // namespace hw::weigh::attack
