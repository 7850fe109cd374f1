#include "app/output/html.hpp"
#include "app/output/html_sections.hpp"
#include "app/output/html_style.hpp"
#include "app/output/markup.hpp"
#include "app/output/pictures.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace report_page {

std::string fact(std::string_view value, std::string_view what) {
    return fmt::format("<li><b>{}</b><span>{}</span></li>", escaped(value), escaped(what));
}

std::string facts(const trace::TraceResult& result) {
    const trace::Trail& best = result.trails.front();
    std::string html = "<ul class=\"facts\">";
    html += fact(fmt::format("{} ({})", percent(best.probability), likelihood(best.probability)), "chance of this trail among all found");
    html += fact(std::to_string(best.hops.size()), best.hops.size() == 1 ? "relay found" : "relays found");
    html += fact(net::to_string(best.ending.address), best.ending.kind == trace::EndingKind::source ? "source" : "farthest host known; not called an origin");
    html += fact(small_number(result.expected_false_accusations),
                 fmt::format("wrong links expected by chance, over {} pairs compared", grouped(result.pairs_tested)));
    return html + "</ul>";
}

std::string picture(const trace::TraceResult& result, const Context& context) {
    std::string html = "<figure>" + trail_picture(result.trails.front(), result.clocks, context);
    html += "<figcaption>Time runs to the right. Each line is a host, each strip a flow between two hosts, as it was observed: above its "
            "middle the packets towards the victim, below it those coming back; the arrow at its start points from the opener of the "
            "connection to the one who answered. <span class=\"key d\"></span>dashed: a link inferred at a relay. <span class=\"key t\">"
            "</span>dotted: nobody saw all traffic of this host.";
    for (const trace::ClockOffset& clock : result.clocks) {
        if (clock.ahead != Duration::zero()) {
            html += " Times are corrected by the clock offsets between observers.";
            break;
        }
    }
    return html + "</figcaption></figure>";
}

std::string ending(const trace::Trail& trail, const Context& context) {
    const trace::Ending& ending = trail.ending;
    std::string sentence = ending_sentence(ending, context);
    if (sentence.starts_with("the ")) { sentence.front() = 'T'; }
    return fmt::format("<div class=\"verdict{}\"><p><strong>{}</strong> ({}{}).</p><p>{}.</p><p>{}</p></div>",
                       ending.kind == trace::EndingKind::source ? "" : " open", escaped(sentence), percent(ending.probability),
                       trail.hops.empty() ? "" : ", given the hops before it", escaped(ending.reason), escaped(ending_advice(ending.kind)));
}

}  // namespace report_page
}  // namespace

std::string trace_html(const trace::TraceResult& result, const Context& context) {
    using namespace report_page;
    const bool found = !result.trails.empty();
    const Clock clock(found && result.trails.front().attack != nullptr ? result.trails.front().attack->first : context.interval.from);
    std::string html(kHtmlHead);
    html += "<title>Headwater: " + escaped(victim_name(context)) + "</title>\n<style>" + std::string(kHtmlStyle) + "</style>\n</head>\n<body>\n";
    // A table's head is repeated on every printed page, and so is the banner.
    html += "<table class=\"page\" role=\"presentation\">";
    if (!context.note.empty()) { html += "<thead><tr><td><div class=\"banner\">" + escaped(context.note) + "</div></td></tr></thead>"; }
    html += "<tbody><tr><td><main>\n";
    html += fmt::format("<p class=\"kicker\">Headwater trace of {} · all times UTC, {}</p>\n", escaped(victim_name(context)), clock.day());
    html += "<h1>" + escaped(headline(result, context)) + "</h1>\n";
    if (context.interrupted || result.interrupted) {
        html += "<p class=\"unused\"><strong>Interrupted:</strong> this is what was known until the search was stopped.</p>\n";
    }
    if (result.truncated) { html += "<p>A limit of the search was reached; there may be more than is shown.</p>\n"; }
    if (found) {
        const trace::Trail& best = result.trails.front();
        html += facts(result) + picture(result, context) + ending(best, context);
        html += "<h2>The relays, one by one</h2>\n";
        if (best.hops.empty()) { html += "<p>None was found on this trail.</p>"; }
        for (std::size_t i = 0; i < best.hops.size(); ++i) { html += hop_section(i + 1, best.hops[i], context, clock); }
        html += alternatives_section(result) + asks_section(result, clock, context);
    }
    html += blind_spots_section(result, context) + inputs_section(context) + method_section(result) + repeat_section(result, context);
    html += fmt::format("<footer>Made by headwater {}.</footer>\n</main></td></tr></tbody></table>\n</body>\n</html>\n", escaped(context.version));
    return html;
}

}  // namespace hw::app::output
