#include "roc_svg.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace hw::bench;

namespace {
std::size_t count(const std::string& text, const std::string& word) {
    std::size_t found = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) { ++found; }
    return found;
}
}  // namespace

TEST_CASE("roc_svg: every curve has its line and its name, names are escaped, tags are closed") {
    const std::vector<RocCurve> curves{{"ours & best", {{1e-3, 0.5}, {1e-2, 0.75}, {1, 1}}}, {"<theirs>", {{1, 1}}}};
    const std::string svg = roc_svg("Network mode: net", "60 s", curves, 1000);
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(svg.find("ours &amp; best") != std::string::npos);
    CHECK(svg.find("&lt;theirs&gt;") != std::string::npos);
    CHECK(svg.find("<theirs>") == std::string::npos);
    CHECK(count(svg, "fill=\"none\"") == 2);
    CHECK(count(svg, "<text") == count(svg, "</text>"));
    CHECK(svg == roc_svg("Network mode: net", "60 s", curves, 1000));
}

TEST_CASE("roc_svg: the axis goes down to the power of ten that the negatives reach") {
    const std::vector<RocCurve> curves{{"a", {{1, 1}}}};
    CHECK(roc_svg("t", "", curves, 1000).find("\u22123</tspan>") != std::string::npos);
    CHECK(roc_svg("t", "", curves, 1000).find("\u22124</tspan>") == std::string::npos);
    CHECK(roc_svg("t", "", curves, 1001).find("\u22124</tspan>") != std::string::npos);
    CHECK(roc_svg("t", "", {}, 0).ends_with("</svg>\n"));
}
