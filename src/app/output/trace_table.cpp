#include "app/help.hpp"
#include "app/output/trace_output.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>

namespace hw::app::output {
namespace {
namespace trail_table {

constexpr std::size_t kColumns = 98;
constexpr std::size_t kIndent = 12;

/// Colours that say again what the words say.
struct Paint {
    Colour colour = Colour::off;
    [[nodiscard]] std::string bold(const std::string& text) const { return with("1", text); }
    [[nodiscard]] std::string dim(const std::string& text) const { return with("2", text); }
    [[nodiscard]] std::string warn(const std::string& text) const { return with("1;33", text); }

private:
    [[nodiscard]] std::string with(const char* code, const std::string& text) const {
        return colour == Colour::on ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
    }
};

class Table {
public:
    Table(const trace::TraceResult& result, const Context& context, Colour colour)
        : result_(result), context_(context), paint_{colour}, clock_(start_time()) {}

    std::string render() {
        heading();
        if (!result_.trails.empty()) {
            trail(result_.trails.front());
            alternatives();
            asks();
            text_ += "\n" + wrapped(false_accusations_sentence(result_.pairs_tested, result_.expected_false_accusations), 0, kColumns);
        }
        clocks();
        inputs();
        return std::move(text_);
    }

private:
    [[nodiscard]] Time start_time() const {
        const bool known = !result_.trails.empty() && result_.trails.front().attack != nullptr;
        return known ? result_.trails.front().attack->first : context_.interval.from;
    }

    void heading() {
        if (!context_.note.empty()) { text_ += paint_.warn(wrapped_note()) + "\n\n"; }
        if (context_.interrupted || result_.interrupted) {
            text_ += paint_.warn("INTERRUPTED: what follows is what was known until then.") + "\n\n";
        }
        text_ += paint_.bold(trimmed(wrapped(headline(result_, context_), 0, kColumns))) + "\n";
        if (result_.truncated) { text_ += "A limit of the search was reached; there may be more than is shown.\n"; }
    }

    [[nodiscard]] std::string wrapped_note() const { return trimmed(wrapped("NOTE: " + printable(context_.note), 0, kColumns)); }

    static std::string trimmed(std::string text) {
        text.erase(text.find_last_not_of('\n') + 1);
        return text;
    }

    void body_text(const std::string& words) {
        std::string lines = wrapped(words, 0, kColumns - kIndent);
        while (!lines.empty()) {
            const auto stop = lines.find('\n');
            text_ += "     │      " + paint_.dim(lines.substr(0, stop)) + "\n";
            lines.erase(0, stop + 1);
        }
    }

    void flow_rows(std::string_view label, const flow::Flow& flow) {
        text_ += fmt::format("     │      {:<8}{} → {} {}\n", label, net::to_string(flow.client), net::to_string(flow.server),
                             flow::to_string(flow.protocol));
        text_ += fmt::format("     │              {}\n",
                             paint_.dim(fmt::format("{}  {} pkts {} →, ← {} pkts {}", clock_.stretch(flow.interval()),
                                                    human_count(flow.request.packets), human_bytes(flow.request.bytes),
                                                    human_count(flow.reply.packets), human_bytes(flow.reply.bytes))));
    }

    void station(std::string_view name, const std::string& address, const std::string& rest) {
        text_ += fmt::format("  {:<8}  {}{}\n", name, paint_.bold(address), rest);
    }

    void trail(const trace::Trail& trail) {
        text_ += fmt::format("\nTimes are UTC, {}.\n\n", clock_.day());
        if (trail.attack != nullptr) {
            const net::Address upstream = trail.hops.empty() ? trail.ending.address : trail.hops.front().relay;
            const bool serves = trail.attack->client.address == upstream;
            station("victim", net::to_string(serves ? trail.attack->server.address : trail.attack->client.address), "");
            flow_rows("attack", *trail.attack);
            text_ += "     ▲\n";
        }
        for (std::size_t i = 0; i < trail.hops.size(); ++i) { hop(i + 1, trail.hops[i]); }
        station("ending", net::to_string(trail.ending.address),
                fmt::format("  {}, {}{}", trace::to_string(trail.ending.kind), percent(trail.ending.probability),
                            trail.hops.empty() ? "" : " given the hops before it"));
        text_ += wrapped(capital(ending_sentence(trail.ending, context_)) + ".", kIndent, kColumns);
        text_ += wrapped("Why: " + printable(trail.ending.reason) + ".", kIndent, kColumns);
        text_ += wrapped(ending_advice(trail.ending.kind), kIndent, kColumns);
    }

    static std::string capital(std::string text) {
        if (text.starts_with("the ")) { text.front() = 'T'; }
        return text;
    }

    void hop(std::size_t number, const trace::Hop& hop) {
        station(fmt::format("relay {}", number), net::to_string(hop.relay),
                fmt::format("  seen by {}", printable(context_.observer_name(hop.observer))));
        flow_rows("in", *hop.link.inbound);
        flow_rows("out", *hop.link.outbound);
        body_text(fmt::format("{}, {}: {}. An unrelated pair scores as high {} ({}).", decibans_text(hop.link.llr),
                              strength(hop.link.llr), channel_words(hop.link.channels), how_often(hop.link.p), p_text(hop.link.p)));
        body_text(fmt::format("{}; {}. {} weighed.", capital(control_words(hop.link.control)), lag_words(hop.link),
                              counted(hop.candidates, "candidate")));
        if (const std::string common = common_relay_words(hop); !common.empty()) { body_text(common + "."); }
        text_ += "     ▲\n";
    }

    void alternatives() {
        if (result_.trails.size() < 2) { return; }
        text_ += "\nAlso possible:\n";
        for (std::size_t i = 1; i < result_.trails.size(); ++i) {
            const trace::Trail& trail = result_.trails[i];
            std::string path;
            for (const trace::Hop& hop : trail.hops) { path += net::to_string(hop.relay) + " ← "; }
            text_ += fmt::format("  {:>11}  {}{} ({})\n", percent(trail.probability), path, net::to_string(trail.ending.address),
                                 trace::to_string(trail.ending.kind));
        }
    }

    void asks() {
        if (result_.asks.empty()) { return; }
        constexpr std::size_t kShown = 5;  // nobody can call more tonight; the JSON has them all
        text_ += "\nWhom to ask, the most telling first:\n";
        for (const trace::Ask& ask : std::span(result_.asks).first(std::min(kShown, result_.asks.size()))) {
            text_ += wrapped(ask_words(ask, clock_, context_) + ".", 2, kColumns);
        }
        if (result_.asks.size() > kShown) { text_ += fmt::format("  and {} more (--json)\n", result_.asks.size() - kShown); }
    }

    void clocks() {
        const std::string sentence = clocks_sentence(result_.clocks, context_);
        if (!sentence.empty()) { text_ += wrapped(printable(sentence) + " Times are shown as each clock had them.", 0, kColumns); }
    }

    void inputs() {
        text_ += "\nInputs:\n";
        for (const auto& report : context_.inputs) {
            if (const std::string why = not_read_because(report); !why.empty()) {
                text_ += fmt::format("  {}  not read: {}\n", printable(report.path), printable(why));
                continue;
            }
            std::string line = fmt::format("  {}  {}, {}{}", printable(report.path), report.format, counted(report.records, "record"),
                                           report.flows_known ? ", " + counted(report.flows, "flow") : "");
            if (report.damaged_tail) { line += ", ends inside a record"; }
            text_ += line + "\n";
            if (report.skipped_total() > 0) { text_ += wrapped("skipped: " + printable(skipped_words(report)), 4, kColumns); }
            if (!report.sha256.empty()) { text_ += paint_.dim("    sha256 " + report.sha256) + "\n"; }
        }
        for (const Error& error : context_.failures) {
            text_ += fmt::format("  {}  NOT USED: {}\n", printable(error.where), printable(error.message));
        }
        text_ += fmt::format("headwater {}\n", context_.version);
    }

    const trace::TraceResult& result_;
    const Context& context_;
    Paint paint_;
    Clock clock_;
    std::string text_;
};

}  // namespace trail_table
}  // namespace

std::string trace_table(const trace::TraceResult& result, const Context& context, Colour colour) {
    return trail_table::Table(result, context, colour).render();
}

}  // namespace hw::app::output
