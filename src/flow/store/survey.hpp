#pragma once

#include "flow/source.hpp"
#include "flow/store/manifest.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::store {

/// What one segment's flows are like, as far as it decides what a question must look at.
struct SegmentNotes {
    bool cut_tcp = false;    ///< Holds a TCP record that a timeout may have cut.
    bool cut_other = false;  ///< The same of other protocols.
    struct Seen {
        std::string observer;
        Interval interval;   ///< Its first to last packet in this segment.
        bool tells = false;  ///< Has what coverage can rest on (`CoverageGatherer::tells`).
        friend bool operator==(const Seen&, const Seen&) = default;
    };
    std::vector<Seen> seen;
    friend bool operator==(const SegmentNotes&, const SegmentNotes&) = default;
};

/// What is known of a store as a whole, kept beside its manifest in the file `survey` so that opening it need not go over all flows.
/// It can always be worked out again: a store without it, or with an old one, is as good. Segments keep their names and
/// contents, so that notes on them never age.
struct Survey {
    std::map<std::string, SegmentNotes, std::less<>> segments;  ///< By file name.
    /// What holds of exactly these segments, and only of them: `segments_key` of their manifest; 0 where nothing does.
    std::uint64_t holds_of = 0;
    struct Covered {
        net::Address address;
        std::string observer;
        CoverageBasis basis{};
        friend bool operator==(const Covered&, const Covered&) = default;
    };
    std::vector<Covered> covered;  ///< Not what is declared.
    struct Starts {
        std::string a;
        std::string b;
        Duration apart{0};
        std::uint64_t shared = 0;
        friend bool operator==(const Starts&, const Starts&) = default;
    };
    std::vector<Starts> starts;
    friend bool operator==(const Survey&, const Survey&) = default;
};

inline constexpr std::string_view kSurveyFile = "survey";

/// Takes the notes on a segment from its flows, one by one.
class NoteTaker {
public:
    void add(const Flow& flow);
    /// The notes on all flows since the last call; `observers[flow.observer]` is the observer's name.
    [[nodiscard]] SegmentNotes take(std::span<const std::string> observers);

private:
    SegmentNotes notes_;
    std::map<ObserverId, SegmentNotes::Seen> seen_;
    SegmentNotes::Seen* last_ = nullptr;  ///< Flows of one observer often come together.
    ObserverId last_id_{};
};
/// The notes on a segment of these flows.
[[nodiscard]] SegmentNotes notes_of(std::span<const Flow* const> flows, std::span<const std::string> observers);
/// Adds notes on new segments, by file name, to the store's survey: made while the flows are at hand they cost next to nothing. A failure
/// to write is none of the import's.
void add_notes(const std::string& folder, const Manifest& manifest, const std::map<std::string, SegmentNotes, std::less<>>& notes);

/// Tells one set of segments from another.
[[nodiscard]] std::uint64_t segments_key(const Manifest& manifest);
/// Text, one line a thing, the last line a sum of all before it.
[[nodiscard]] std::string render_survey(const Survey& survey);
/// Reads what `render_survey` wrote; an empty one where anything is amiss, for it can be worked out again.
[[nodiscard]] Survey parse_survey(std::string_view text);
/// The store's survey, less what is about segments that the manifest does not name; empty where there is none of use.
[[nodiscard]] Survey read_survey(const std::string& folder, const Manifest& manifest);

/// Works out what of the survey is missing and keeps it, for whoever has changed a store. Needs no lock: a survey says of which
/// segments it is. A failure is none of the change's, for readers do without. Goes over new segments once; over all where they hold
/// captures or several observers.
void keep_survey(const std::string& folder);

}  // namespace hw::flow::store
