#include "app/output/score_output.hpp"

#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/weigh_words.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

#include <iterator>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace scoring {

using weigh_words::chance;

std::string json_of(const weigh::TrackRecord& record, const Context& context, bool indented) {
    std::string text;
    JsonWriter json(text, indented ? 2 : 0);
    json.begin_object().member("schema", "headwater.score/1");
    write_run_members(json, context);
    json.key("assessments").begin_array();
    for (const auto& one : record.assessments) {
        json.begin_object().member("case", one.path).member("id", one.id).member("time", to_rfc3339(one.time));
        if (one.truth.empty()) { json.key("truth").null(); }
        else {
            json.member("truth", one.truth).member("probability", rounded(one.for_truth)).member("brier", rounded(one.score.brier)).member("log_score", rounded(one.score.log_score));
            json.member("prior_brier", rounded(one.of_prior.brier)).member("prior_log_score", rounded(one.of_prior.log_score));
        }
        json.member("counted", !one.truth.empty() && !one.hindsight).end_object();
    }
    json.end_array().member("counted", record.counted);
    json.key("mean");
    if (record.counted == 0) { json.null(); }
    else {
        json.begin_object().member("brier", rounded(record.mean.brier)).member("log_score", rounded(record.mean.log_score));
        json.member("prior_brier", rounded(record.mean_of_prior.brier)).member("prior_log_score", rounded(record.mean_of_prior.log_score)).end_object();
    }
    json.key("calibration").begin_object().member("ece", rounded(record.calibration.ece)).key("bins").begin_array();
    for (const auto& bin : record.calibration.bins) {
        if (bin.count > 0) { json.begin_object().member("count", bin.count).member("said", rounded(bin.said)).member("came", rounded(bin.came)).end_object(); }
    }
    json.end_array().end_object().key("sources").begin_array();
    for (const auto& [origin, counts] : record.sources) {
        const auto told = weigh::reliability_of(counts);
        json.begin_object().member("origin", origin).member("right", counts.right).member("wrong", counts.wrong).member("reliability", rounded(told.mean)).member("low", rounded(told.low)).member("high", rounded(told.high)).end_object();
    }
    json.end_array().end_object();
    return text + "\n";
}

std::string csv_of(const weigh::TrackRecord& record) {
    std::string text;
    append_csv(text, {"case", "id", "time", "truth", "probability", "brier", "log_score", "counted"});
    for (const auto& one : record.assessments) {
        const bool known = !one.truth.empty();
        const auto number = [&](double value) { return known ? json_number(rounded(value)) : std::string(); };
        append_csv(text, {one.path, one.id, to_rfc3339(one.time), one.truth, number(one.for_truth), number(one.score.brier), number(one.score.log_score), known && !one.hindsight ? "true" : "false"});
    }
    return text;
}

std::string table_of(const weigh::TrackRecord& record, const Context& context) {
    std::string out;
    const auto put = [&]<typename... Args>(fmt::format_string<Args...> format, Args&&... args) { fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...); };
    if (!context.note.empty()) { put("[{}]\n", printable(context.note)); }
    put("  {:<28}{:<16}{:<22}{:<8}{:>6}{:>8}{:>8}\n", "case", "assessment", "published", "truth", "P", "Brier", "log");
    for (const auto& one : record.assessments) {
        put("  {:<28}{:<16}{:<22}", printable(one.path), printable(one.id), to_rfc3339(one.time).substr(0, 19) + "Z");
        if (one.truth.empty()) { put("not known yet\n"); }
        else { put("{:<8}{:>6}{:>8.3f}{:>8.3f}{}\n", printable(one.truth), chance(one.for_truth), one.score.brier, one.score.log_score, one.hindsight ? "  with hindsight: not counted" : ""); }
    }
    if (record.counted == 0) { put("\nNothing to score: no assessment was published ('headwater weigh CASE --publish') before its outcome was known.\n"); }
    else {
        put("\n{} counted. Brier {:.3f} (0 best, 2 worst), log score {:.3f} (0 best); the priors alone: {:.3f} and {:.3f}.\n", counted(record.counted, "assessment"), record.mean.brier, record.mean.log_score,
            record.mean_of_prior.brier, record.mean_of_prior.log_score);
        put("\nCalibration: what was said, beside how often it came true (expected error {:.3f})\n  {:>8}{:>8}{:>8}\n", record.calibration.ece, "chances", "said", "came");
        for (const auto& bin : record.calibration.bins) {
            if (bin.count > 0) { put("  {:>8}{:>8}{:>8}\n", bin.count, chance(bin.said), chance(bin.came)); }
        }
    }
    if (!record.sources.empty()) { put("\nSources, by what became of their items (take them along with 'headwater weigh NEWCASE --record CASE')\n  {:<28}{:>6}{:>6}  {}\n", "origin", "right", "wrong", "reliability"); }
    for (const auto& [origin, counts] : record.sources) {
        const auto told = weigh::reliability_of(counts);
        put("  {:<28}{:>6g}{:>6g}  {} ({} to {})\n", printable(origin), counts.right, counts.wrong, chance(told.mean), chance(told.low), chance(told.high));
    }
    return out;
}

}  // namespace scoring
}  // namespace

std::string score_text(const weigh::TrackRecord& record, const Context& context, std::string_view format) {
    if (format == "csv") { return scoring::csv_of(record); }
    if (format != "table") { return scoring::json_of(record, context, format == "json"); }
    return scoring::table_of(record, context);
}

}  // namespace hw::app::output
