#include "app/command/load.hpp"
#include "app/command/profile.hpp"
#include "app/output/profile_output.hpp"
#include "app/version.hpp"
#include "app/write_file.hpp"
#include "base/log.hpp"
#include "trace/profile_learn.hpp"

#include <filesystem>
#include <fstream>
#include <map>

namespace hw::app::command {

Result<std::shared_ptr<const trace::Profile>> read_profile(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    const std::string hint = "--profile takes a file written by headwater calibrate";
    if (!std::filesystem::exists(status)) { return fail(Errc::not_found, "there is no such profile", path, hint); }
    if (!std::filesystem::is_regular_file(status)) { return fail(Errc::unreadable, "a profile is a file", path, hint); }
    std::ifstream stream(path, std::ios::binary);
    std::string text(trace::kLongestProfile + 1, '\0');
    if (!stream) { return fail(Errc::unreadable, "the profile cannot be read", path, "check its permissions"); }
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    HW_TRY(auto profile, trace::parse_profile(text, path));
    return std::make_shared<const trace::Profile>(std::move(profile));
}

Result<Outcome> calibrate(const Invocation& invocation) {
    const std::string path = invocation.settings.text("output");
    if (invocation.settings.count("pairs") == 0) { return fail(Errc::usage, "--pairs must be 1 or more", "--pairs"); }
    // Told before the work, not after it.
    HW_CHECK(check_writable(path));
    Progress progress(invocation.progress());
    HW_TRY(auto loaded, load(invocation, invocation.operands, progress));

    trace::LearnOptions options;
    HW_TRY(options.link, link_options(invocation));
    options.pairs = invocation.settings.count("pairs");
    for (const auto& end : invocation.settings.endpoints("without")) {
        options.without.push_back({end.address, end.port == net::Port{} ? std::nullopt : std::optional(end.port)});
    }
    const Duration began = progress.elapsed();
    options.link.progress = [&](std::size_t done, std::size_t all) {
        if (progress.due()) { progress.show(comparing_line(std::min(done, all), all, "pairs", progress.elapsed() - began)); }
    };
    HW_TRY(auto profile, trace::learn_profile(loaded.source(), options));
    progress.clear();
    loaded.settle();
    profile.version = app::version();
    profile.note = loaded.context.note;
    std::map<std::string, std::uint64_t> inputs;
    for (const auto& report : loaded.context.inputs) {
        if (report.flows > 0 && !report.sha256.empty()) { inputs[report.sha256] += report.flows; }
    }
    for (const auto& [sha256, flows] : inputs) { profile.inputs.push_back({sha256, flows}); }
    HW_CHECK(write_file(path, trace::render_profile(profile)));

    Outcome outcome;
    outcome.code = loaded.code(ExitCode::done);
    const std::string format = invocation.settings.format();
    if (format == "json") { outcome.out = output::calibrate_json(profile, path, loaded.context); }
    else if (format == "ndjson") { outcome.out = output::calibrate_ndjson(profile); }
    else if (format == "csv") { outcome.out = output::calibrate_csv(profile); }
    else { outcome.out = output::calibrate_table(profile, path, loaded.context); }
    return outcome;
}

}  // namespace hw::app::command
