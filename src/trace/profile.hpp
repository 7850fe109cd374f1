#pragma once

#include "base/error.hpp"
#include "trace/tail.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hw::trace {

/// What kind of traffic a pair is, apart from how alike it scores: p is learnt and valid within each (Mondrian conformal
/// prediction, Vovk, Gammerman & Shafer 2005, section 4.5). The value 0 of each part means "any".
struct TrafficClass {
    enum class Protocol : std::uint8_t { any, tcp, other };
    enum class Length : std::uint8_t { any, brief, quick, middle, long_lived };  ///< Compared over less than 30, 60, 120 s, more.
    enum class Pace : std::uint8_t { any, sparse, busy };                 ///< The quieter flow speaks in fewer than 15 % of the bins, or more.
    enum class Burst : std::uint8_t { any, single, bursts };              ///< Up to three packets in such a bin, or more.
    /// How much more often one flow speaks than the other, in the way where that is more: by a fifth, by a factor of two, more.
    enum class Likeness : std::uint8_t { any, twin, alike, unlike };

    Protocol protocol{};
    Length length{};
    Pace pace{};
    Burst burst{};
    Likeness likeness{};
    friend auto operator<=>(const TrafficClass&, const TrafficClass&) = default;
};

/// What tells a pair's class; the fields of ActivityScore with these names.
struct TrafficTraits {
    bool tcp = true;
    double shared_s = 0;
    double busy = 0;
    double burst = 0;
    double unlike = 0;
};
[[nodiscard]] TrafficClass class_of(const TrafficTraits& traits);

/// The parts of a class as words: `tcp`, `middle`, `sparse`, `single`, `alike`, `any`, ...
struct ClassWords {
    std::string_view protocol;
    std::string_view length;
    std::string_view pace;
    std::string_view burst;
    std::string_view likeness;
};
[[nodiscard]] ClassWords words_of(const TrafficClass& of);

/// A class and the wider ones that stand in for it where it rests on too few pairs, the widest (any pair) last.
inline constexpr std::size_t kClassLevels = 6;
[[nodiscard]] std::array<TrafficClass, kClassLevels> widened(const TrafficClass& narrow);

/// How unrelated pairs of one class score: counted up to the 99 % point, a generalised Pareto tail beyond.
struct ClassNull {
    TrafficClass of;
    std::uint64_t pairs = 0;  ///< That it rests on.
    std::uint64_t flows = 0;  ///< Different flows among them: pairs that share a flow are not independent.
    /// (score, chance of at least that score), scores rising; the chance at the last is that of the tail's threshold.
    std::vector<std::pair<double, double>> knots;
    ParetoTail tail;

    /// ln P(score ≥ z | unrelated, of this class): below the threshold (1 + #{scores ≥ z}) / (n + 1) at the knots and
    /// log-linear between them, above it by the tail.
    [[nodiscard]] double log_p(double z) const;
    friend bool operator==(const ClassNull&, const ClassNull&) = default;
};

/// The null of a class from its scores (any order, at least `kFewestOfClass`).
[[nodiscard]] ClassNull learn_class(const TrafficClass& of, std::vector<double> scores, std::uint64_t flows);
inline constexpr std::size_t kFewestOfClass = 1000;

/// An input that a profile was learnt from.
struct ProfileInput {
    std::string sha256;
    std::uint64_t flows = 0;
    friend bool operator==(const ProfileInput&, const ProfileInput&) = default;
};

/// A background profile: how unrelated pairs score in somebody's traffic, and what that knowledge rests on.
struct Profile {
    std::string version;  ///< Of the program that learnt it.
    std::string note;
    std::uint64_t seed = 0;
    std::uint64_t hosts = 0;
    std::uint64_t pairs = 0;
    std::uint64_t excluded = 0;  ///< Pairs left out as too strong to be unrelated.
    std::vector<ProfileInput> inputs;
    std::vector<ClassNull> classes;  ///< In order of class.

    [[nodiscard]] const ClassNull* find(const TrafficClass& of) const;
    friend bool operator==(const Profile&, const Profile&) = default;
};

/// The score that profiles hold; a profile of another score is refused. It changes with the activity channel.
inline constexpr std::string_view kProfileScore = "activity-z/1";

/// The profile that ships with the program, learnt in the laboratory (docs/calibration.md).
[[nodiscard]] const Profile& default_profile();

/// ln of the chance that an unrelated pair of this kind scores as high: by `own` (may be null) where its class rests on
/// enough pairs, else by the default profile's, class by class from the narrowest to the widest; nothing where neither knows any.
[[nodiscard]] std::optional<double> background_log_p(const Profile* own, const TrafficClass& of, double z);

/// `headwater.profile/1`, readable JSON. `parse_profile(render_profile(x)) == x`.
[[nodiscard]] std::string render_profile(const Profile& profile);
/// Reads a profile, strictly: unknown, missing or doubled members, numbers out of range or out of order and profiles of another
/// score or version are errors that say where. `name` is what errors call it.
[[nodiscard]] Result<Profile> parse_profile(std::string_view text, std::string_view name);
/// Longest text that is read.
inline constexpr std::size_t kLongestProfile = 4 << 20;

}  // namespace hw::trace
