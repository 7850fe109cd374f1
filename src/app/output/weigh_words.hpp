#pragma once

#include "app/output/weigh_output.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The sentences that table, explanation and page of `weigh` share.
namespace hw::app::output::weigh_words {

/// `.24`, with two decimals; `<.01`, `>.99` for what would round to none or all.
[[nodiscard]] std::string chance(double probability);
/// `+2.3`, `-0.4`: decibans with their sign.
[[nodiscard]] std::string signed_db(double decibans);
/// One sentence on who leads, with a word for how likely, without its confidence.
[[nodiscard]] std::string leader_sentence(const WeighView& view);
/// One sentence on confidence alone.
[[nodiscard]] std::string confidence_sentence(const WeighView& view);
/// What a run turned: `without us-gov`, `every grade one lower`.
[[nodiscard]] std::string run_words(const weigh::Run& run);
/// Why a line counts as it does: `counts in full`, `half, beside s09`.
[[nodiscard]] std::string counting_words(const weigh::Line& line, const WeighView& view);
/// The origin's name by its id.
[[nodiscard]] std::string origin_name(const WeighView& view, const std::string& id);
/// All origins of a line.
[[nodiscard]] std::string origins_of(const weigh::Line& line, const WeighView& view);
/// The dispute as a sentence: who, what, on which ground, and how it was met.
[[nodiscard]] std::string dispute_sentence(const weigh::Dispute& dispute, const WeighView& view);
/// `would take 3.2 dB more for H1` or `stands until a finding of 3.2 dB against H1`.
[[nodiscard]] std::string flip_words(const weigh::Sufficiency& one, const WeighView& view);

/// The damage as a sentence: how grave, what, how much with its bounds, and how it is known.
[[nodiscard]] std::string damage_sentence(const weigh::Damage& damage);
/// What is said wherever a likeness of techniques is shown.
inline constexpr std::string_view kLikenessCaution = "A likeness is no identity: whoever reads the same reports can do the same, so that it counts for little.";
/// What was matched: `tools: 9 of 11 are known; S9999, T9998 are not`.
[[nodiscard]] std::string match_sentence(const weigh::attack::TechniqueMatch& match);

/// A step of the way from the prior odds of the leader against the runner-up to the present ones.
struct Step {
    std::string what;  ///< An origin's name, or `prior odds`.
    double db = 0;
};
/// One step an origin, the greatest first after the prior; they add up to S(leader) − S(runner-up).
[[nodiscard]] std::vector<Step> waterfall(const WeighView& view);

}  // namespace hw::app::output::weigh_words
