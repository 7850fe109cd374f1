// path_prediction_run --relationships FILE --rib FILE [--folds N]: foretells the AS paths of a BGP table and says how often that is right, as Markdown.
// Tenfold: the ways to a tenth of the destinations are kept out, all others learnt from; and the ways of a tenth of the vantage points likewise. Beside it
// Gao and Rexford's rules alone (shortest of the best class, lowest number).
#include "base/input/unpack.hpp"
#include "route/mrt/reader.hpp"
#include "route/graph/inference.hpp"
#include "route/predict/path_predictor.hpp"
#include "route/told_paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {

using namespace hw;
using namespace hw::route;

[[noreturn]] void give_up(const std::string& what) {
    fmt::print(stderr, "path_prediction_run: {}\n", what);
    std::exit(3);
}

template <typename T>
T must(Result<T> result) {
    if (!result) { give_up(to_text(result.error())); }
    return std::move(*result);
}

std::string text_of(const std::string& path) {
    const auto input = must(InputBytes::open(path));
    std::string text;
    while (true) {
        const auto block = must(input->next());
        if (block.empty()) { return text; }
        text.append(static_cast<const char*>(static_cast<const void*>(block.data())), block.size());
    }
}

using Path = std::vector<net::Asn>;

struct Score {
    std::size_t n = 0;
    std::size_t exact = 0;
    std::size_t plain = 0;       ///< Right by Gao and Rexford's rules alone.
    std::size_t trivial = 0;     ///< The way has one AS.
    std::size_t next = 0;
    std::size_t last = 0;
    std::size_t none = 0;        ///< No way was foretold.
    std::size_t in_set = 0;      ///< The smallest set that is to hold nine of ten does.
    std::size_t set_sizes = 0;
    std::size_t sets = 0;        ///< Where there is such a set.
};

struct Bin {
    double said = 0;
    double right = 0;
    double n = 0;
};

struct Results {
    Score all;
    std::map<std::uint32_t, Score> by_vantage;
    std::array<Bin, 10> bins{};       ///< Of the likeliest way.
    std::array<Bin, 10> all_bins{};   ///< Of every way in a set.
};

/// A way as nodes of a graph; empty where the graph lacks one of its ASes, and so different from any that is foretold.
using Nodes = std::vector<Node>;

void judge(Score& score, const Prediction& said, const Nodes& plain, const Nodes& truth, std::size_t length) {
    ++score.n;
    score.trivial += length == 1 ? 1 : 0;
    score.plain += plain == truth ? 1 : 0;
    if (said.paths.empty()) {
        ++score.none;
        return;
    }
    const Nodes& best = said.paths.front().nodes;
    score.exact += best == truth ? 1 : 0;
    if (truth.size() > 1 && best.size() > 1) {
        score.next += best[1] == truth[1] ? 1 : 0;
        score.last += best[best.size() - 2] == truth[truth.size() - 2] ? 1 : 0;
    }
    double mass = 0;
    std::size_t size = 0;
    bool holds = false;
    for (const auto& path : said.paths) {
        mass += path.probability;
        ++size;
        holds = holds || path.nodes == truth;
        if (mass >= 0.9) { break; }
    }
    if (mass < 0.9) { return; }
    ++score.sets;
    score.set_sizes += size;
    score.in_set += holds ? 1 : 0;
}

void note(std::array<Bin, 10>& bins, double said, bool right) {
    Bin& bin = bins[std::min<std::size_t>(9, static_cast<std::size_t>(said * 10))];
    bin.said += said;
    bin.right += right ? 1 : 0;
    bin.n += 1;
}

/// `part(path)`: which of ten parts a way belongs to; each is kept out in turn. Counted are ways whose ASes `given` has.
template <typename Part>
Results run(std::span<const AsLink> links, std::span<const net::Asn> clique, const std::vector<Path>& paths, const AsGraph& given, unsigned folds, const Part& part) {
    Results out;
    for (unsigned fold = 0; fold < folds; ++fold) {
        std::vector<Path> learnt, held;
        for (const Path& path : paths) { (part(path) == fold ? held : learnt).push_back(path); }
        std::erase_if(held, [&](const Path& path) { return std::ranges::any_of(path, [&](net::Asn a) { return !given.find(a); }); });
        const auto predictor = PathPredictor::learn(links, clique, learnt);
        const AsGraph& graph = predictor.graph();
        std::map<Node, std::vector<Nodes>> by_destination;
        for (Nodes& nodes : in_graph(held, graph)) { by_destination[nodes.back()].push_back(std::move(nodes)); }
        std::vector<Node> destinations;
        for (const auto& [destination, of] : by_destination) { destinations.push_back(destination); }
        std::mutex mutex;
        for_each_tree(graph, destinations, {}, [&](std::size_t i, const RoutingTree& tree) {
            const auto& ways = by_destination.at(destinations[i]);
            std::map<Node, Prediction> said;
            for (const Nodes& way : ways) {
                if (!said.contains(way.front())) { said.emplace(way.front(), predictor.predict(tree, destinations[i], way.front())); }
            }
            const std::scoped_lock lock(mutex);
            for (const Nodes& way : ways) {
                const Prediction& of = said.at(way.front());
                const Nodes plain = tree.path(way.front());
                judge(out.all, of, plain, way, way.size());
                judge(out.by_vantage[graph.asn(way.front()).number()], of, plain, way, way.size());
                if (way.size() == 1) { continue; }
                if (!of.paths.empty()) { note(out.bins, of.paths.front().probability, of.paths.front().nodes == way); }
                for (const auto& p : of.paths) { note(out.all_bins, p.probability, p.nodes == way); }
            }
        });
    }
    return out;
}

double share(std::size_t a, std::size_t b) { return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b); }

void print(const std::string& title, const Results& results) {
    fmt::print("\n**{}**\n\n", title);
    fmt::print("| ways | n | exact | Gao and Rexford alone | next AS | last upstream | no way foretold | set of 90 %: holds it | mean size | sets |\n|---|---|---|---|---|---|---|---|---|---|\n");
    const auto row = [](const std::string& name, const Score& s) {
        fmt::print("| {} | {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {:.2f} | {:.3f} |\n", name, s.n, share(s.exact, s.n), share(s.plain, s.n), share(s.next, s.n - s.trivial), share(s.last, s.n - s.trivial), share(s.none, s.n),
                   share(s.in_set, s.sets), s.sets == 0 ? 0 : static_cast<double>(s.set_sizes) / static_cast<double>(s.sets), share(s.sets, s.n));
    };
    row("all", results.all);
    Score rest = results.all;  // ways of one AS need no foretelling
    rest.n -= rest.trivial;
    rest.exact -= rest.trivial;
    rest.plain -= rest.trivial;
    rest.sets -= rest.trivial;
    rest.in_set -= rest.trivial;
    rest.set_sizes -= rest.trivial;
    rest.trivial = 0;
    row("of two ASes and more", rest);
    std::vector<std::pair<std::size_t, std::uint32_t>> largest;
    for (const auto& [asn, s] : results.by_vantage) { largest.emplace_back(s.n, asn); }
    std::ranges::sort(largest, std::greater{});
    for (std::size_t i = 0; i < std::min<std::size_t>(6, largest.size()); ++i) { row(fmt::format("from AS{}", largest[i].second), results.by_vantage.at(largest[i].second)); }
    const auto bins = [](const char* name, const std::array<Bin, 10>& of) {
        double n = 0, error = 0;
        fmt::print("\n| {}: said | came true | n |\n|---|---|---|\n", name);
        for (const Bin& bin : of) {
            if (bin.n == 0) { continue; }
            fmt::print("| {:.3f} | {:.3f} | {:.0f} |\n", bin.said / bin.n, bin.right / bin.n, bin.n);
            n += bin.n;
            error += std::abs(bin.said - bin.right);
        }
        fmt::print("\nMean difference {:.4f}.\n", error / n);
    };
    bins("the likeliest way", results.bins);
    bins("every way of a set", results.all_bins);
}

unsigned part_of(net::Asn asn) { return static_cast<unsigned>(((asn.number() * std::uint64_t{0xc2b2'ae3d'27d4'eb4f}) >> 33U) % 10); }

/// How the links that ways have agree with the relationships of a file, when they are inferred without it.
void print_inference(std::span<const Path> paths, const Relationships& file) {
    const auto began = std::chrono::steady_clock::now();
    const auto inferred = infer_relationships(paths);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::map<std::pair<net::Asn, net::Asn>, AsLink> known;
    for (const AsLink& link : file.links) { known.emplace(std::minmax(link.first, link.second), link); }
    std::array<std::array<std::size_t, 3>, 2> table{};  // inferred c2p or p2p; the file says the same way, the other way round, or the other relation
    std::size_t unknown = 0;
    for (const AsLink& link : inferred.links) {
        const auto found = known.find(std::minmax(link.first, link.second));
        if (found == known.end()) {
            ++unknown;
            continue;
        }
        const bool peer = link.relation == Relation::peer;
        const bool same = found->second == link;
        const bool turned = !same && found->second.relation == link.relation;
        ++table[peer ? 1 : 0][same ? 0 : turned ? 1 : 2];
    }
    fmt::print("\n**Relationships inferred from the ways alone** ({:.1f} s): {} links, {} of them not in the file; {} ways used, {} looping, {} with reserved numbers, {} poisoned.\n\n", seconds, inferred.links.size(), unknown,
               inferred.report.paths, inferred.report.looping, inferred.report.reserved, inferred.report.poisoned);
    fmt::print("| inferred | the file agrees | other way round | other relation | agree |\n|---|---|---|---|---|\n");
    for (const std::size_t k : {0U, 1U}) {
        fmt::print("| {} | {} | {} | {} | {:.3f} |\n", k == 0 ? "customer and provider" : "peers", table[k][0], table[k][1], table[k][2], share(table[k][0], table[k][0] + table[k][1] + table[k][2]));
    }
    const auto list = [](std::span<const net::Asn> asns) {
        std::string out;
        for (const net::Asn a : asns) { out += fmt::format(" {}", a.number()); }
        return out;
    };
    fmt::print("\nClique:{}. The file's:{}.\n", list(inferred.clique), list(file.clique));
}

}  // namespace

int main(int argc, char** argv) {
    std::string relationships, rib_path;
    unsigned folds = 10;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        if (option == "--relationships") { relationships = argv[i + 1]; }
        else if (option == "--rib") { rib_path = argv[i + 1]; }
        else if (option == "--folds") { folds = static_cast<unsigned>(std::clamp(std::atoi(argv[i + 1]), 1, 10)); }
        else { give_up("unknown option " + option); }
    }
    if (rib_path.empty() || relationships.empty()) { give_up("wanted: --relationships FILE --rib FILE [--folds N]"); }
    Rib rib;
    InputReport report;
    const auto input = must(InputBytes::open(rib_path));
    static_cast<void>(must(mrt::read_mrt(*input, rib, {}, report)));
    rib.settle();
    const auto file = must(parse_relationships(text_of(relationships)));
    const auto graph = AsGraph::build(file.links);
    const auto paths = told_paths(rib);
    fmt::print("{} ASes and {} links by the relationships; {} different ways in the table, of {} they know all ASes; {} folds of 10.\n", graph.size(), graph.links(), paths.size(), in_graph(paths, graph).size(), folds);
    print_inference(paths, file);
    const auto began = std::chrono::steady_clock::now();
    const auto by_destination = [](const Path& path) { return part_of(path.back()); };
    const auto by_vantage = [](const Path& path) { return part_of(path.front()); };
    print("Destinations kept out", run(file.links, file.clique, paths, graph, folds, by_destination));
    print("Vantage points kept out", run(file.links, file.clique, paths, graph, folds, by_vantage));
    print("Destinations kept out, without the file: relationships inferred from the other ways", run({}, {}, paths, graph, folds, by_destination));
    fmt::print("\n{:.1f} s.\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
}
