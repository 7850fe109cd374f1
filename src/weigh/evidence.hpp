#pragma once

#include "base/time.hpp"
#include "casefile/tlp.hpp"
#include "net/asn.hpp"
#include "net/country.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What is weighed: hypotheses, and who said or saw what (DESIGN, section 7). Plain data, as people enter them; ids are theirs.
namespace hw::weigh {

/// The id that "none of those listed" always has.
inline constexpr std::string_view kNone = "H0";

/// A place on the globe, and how exactly it is known.
struct Place {
    double latitude = 0;   ///< Degrees, north positive.
    double longitude = 0;  ///< Degrees, east positive.
    double radius_km = 0;  ///< Anywhere within.
    friend bool operator==(const Place&, const Place&) = default;
};

/// One of several explanations, of which exactly one holds.
struct Hypothesis {
    std::string id;
    std::string statement;
    std::optional<double> prior = {};          ///< Nothing: what the others leave, shared alike.
    std::optional<Place> place = {};           ///< From where its actors would work; for physical exclusions.
    std::vector<net::Asn> asns = {};           ///< Networks that its actors are said to work from; for what trails end in.
    std::vector<net::Country> countries = {};
    std::string attack_group = {};             ///< Its actor's id in ATT&CK, `G0001`.
};

/// Who first makes claims, and how earlier ones turned out.
struct Origin {
    std::string id;
    std::string name;
    double right = 0;  ///< Earlier claims that turned out right, and wrong; may be fractions.
    double wrong = 0;
};

enum class ItemKind : std::uint8_t { observation, inference, claim, denial, request };
inline constexpr std::array kItemKinds{ItemKind::observation, ItemKind::inference, ItemKind::claim, ItemKind::denial, ItemKind::request};
[[nodiscard]] std::string_view to_string(ItemKind kind);

/// Reliability of a source in the Admiralty's scale: A completely reliable … E unreliable, F cannot be judged.
enum class Grade : std::uint8_t { a, b, c, d, e, f };
[[nodiscard]] char to_letter(Grade grade);

/// A fact that likelihoods follow from, once hypotheses say where their actors would be (finding.hpp).
struct Finding {
    enum class Kind : std::uint8_t {
        trail_ending,    ///< An attack was traced to a network; `probability` that it starts there.
        distance_bound,  ///< Whoever answers stands within `max_km` of `observer`.
        techniques,      ///< Techniques and software of ATT&CK were seen.
    };
    Kind kind = Kind::trail_ending;
    double probability = 0;
    std::optional<net::Asn> asn = {};
    std::optional<net::Country> country = {};
    Place observer = {};
    double max_km = 0;
    std::vector<std::string> techniques = {};  ///< `T1059`, `T1059.001`, `S0154`.
};

/// Something observed, inferred, claimed, denied or asked for.
struct Item {
    std::string id;
    std::string words;       ///< As they were said; or what was seen.
    ItemKind kind = ItemKind::claim;
    std::string who;         ///< The origin's id.
    std::string published;   ///< Where it was read.
    Grade grade = Grade::f;
    int credibility = 6;     ///< Of the information, 1 confirmed … 6 cannot be judged (Admiralty). Shown, never computed with: it goes with the grade (Baker 1968).
    std::string level;       ///< tactical, operational, strategic, communication (Rid & Buchanan 2015); may be empty.
    std::string vertex;      ///< adversary, capability, infrastructure, victim (Diamond model); may be empty.
    double otherwise = 0.5;  ///< q: chance that the source would say so anyway.
    double forgeability = 0; ///< f: chance that somebody could and would have made it up to be found.
    std::string frames;      ///< The hypothesis that a forger would want believed; may be empty.
    std::map<std::string, double> likelihood;  ///< P(e given h) by hypothesis; empty: says nothing of them by itself.
    std::optional<Finding> finding = {};       ///< What `likelihood` is worked out from, where nobody stated it (finding.hpp).
    std::string derived = {};                  ///< How it was worked out; empty: a person stated it.
    std::vector<std::string> cites;  ///< Items (or sources that are not here) that it repeats or rests its word on.
    std::vector<std::string> basis;  ///< Of an inference: the items that it rests on.
    std::string says;        ///< The proposition; items of one root that say the same are one. Empty: its words.
    std::string collection;  ///< The collection or analyst it shares with others; may be empty.
    std::string reason;      ///< Why it was graded and judged so.
    std::optional<Time> seen = {};  ///< When it was said or found.
    std::optional<Time> fact = {};  ///< When what it is about took place.
    std::optional<Time> due = {};   ///< Of a threat: its deadline.
    casefile::Tlp tlp = casefile::Tlp::amber;
};

/// Somebody's contradiction of an item.
struct Dispute {
    std::string id;
    std::string item;
    std::string who;
    std::string ground;    ///< On what: `not proven`, `mistaken`, ….
    std::string words;
    std::string answered;  ///< How it was met; empty: it was not.
};

/// What an open question might bring out.
struct Answer {
    std::string says;
    std::map<std::string, double> likelihood;
};

/// Something that could be found out.
struct Question {
    std::string id;
    std::string words;
    double cost = 1;  ///< In any unit, the same for all.
    std::vector<Answer> answers;
};

/// Something that might be done if a hypothesis holds.
struct Action {
    std::string id;
    std::string words;
    std::string hypothesis;  ///< On which; empty: the leading one but for "none of those".
    double threshold = 0.5;  ///< τ = C_wrong / (C_wrong + C_missed).
};

/// All that an assessment rests on.
struct Evidence {
    std::vector<Hypothesis> hypotheses;  ///< The last is `H0`, "none of those listed".
    std::vector<Origin> origins;
    std::vector<Item> items;
    std::vector<Dispute> disputes;
    std::vector<Question> questions;
    std::vector<Action> actions;
    double temperature = 1;  ///< T ≥ 1, learned on an archive.
};

/// The actions of DESIGN, section 7, where a case names none: ask a partner .20, share a finding .55, block a host .80, name a party in
/// public .95.
[[nodiscard]] std::vector<Action> usual_actions();

}  // namespace hw::weigh
