#include "trace/profile.hpp"

#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <random>

using namespace hw::trace;

namespace {

std::vector<double> exponential_sample(std::size_t n, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::exponential_distribution<double> law(1);
    std::vector<double> sample(n);
    for (auto& x : sample) { x = law(random); }
    return sample;
}

Profile some_profile() {
    Profile p;
    p.version = "1.2.3";
    p.note = "a \"quoted\" note\n";
    p.seed = 7;
    p.hosts = 3;
    p.pairs = 4000;
    p.excluded = 2;
    p.inputs = {{std::string(64, 'a'), 12}, {std::string(64, '0'), 0}};
    p.classes.push_back(learn_class({}, exponential_sample(3000, 1), 40));
    const TrafficClass narrow{TrafficClass::Protocol::tcp, TrafficClass::Length::long_lived, TrafficClass::Pace::busy, TrafficClass::Burst::bursts,
                           TrafficClass::Likeness::alike};
    p.classes.push_back(learn_class(narrow, exponential_sample(1500, 2), 30));
    return p;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("profile: what is rendered is parsed to the same profile") {
    const Profile p = some_profile();
    const auto again = parse_profile(render_profile(p), "test");
    REQUIRE(again.has_value());
    CHECK(*again == p);
    CHECK(*parse_profile(render_profile(Profile{}), "empty") == Profile{});
}

TEST_CASE("profile: the built-in one parses, and knows pairs of every common kind") {
    const Profile& p = default_profile();
    CHECK(parse_profile(render_profile(p), "built-in").value() == p);
    CHECK(p.find(TrafficClass{}) != nullptr);
    CHECK(background_log_p(nullptr, class_of({true, 60, 0.4, 1.5, 0.1}), 6).has_value());
}

TEST_CASE("profile: a text that is not quite one is an error that says where") {
    const std::string good = render_profile(some_profile());
    const auto where = [](const std::string& text) { return parse_profile(text, "p.json").error().message; };
    CHECK(where("").find("JSON") != std::string::npos);
    CHECK(where("[]").find("not an object") != std::string::npos);
    CHECK(where(good + "x").find("JSON") != std::string::npos);
    CHECK(where(replaced(good, "profile/1", "profile/2")).find("schema") != std::string::npos);
    CHECK(where(replaced(good, "activity-z/1", "activity-z/0")).find("learn the profile anew") != std::string::npos);
    CHECK(where(replaced(good, "\"seed\"", "\"sead\"")).find("unknown member \"sead\"") != std::string::npos);
    CHECK(where(replaced(good, "\"seed\": 7", "\"note\": \"\"")).find("twice") != std::string::npos);
    CHECK(where(replaced(good, "  \"seed\": 7,\n", "")).find("lacks \"seed\"") != std::string::npos);
    CHECK(where(replaced(good, "\"seed\": 7", "\"seed\": -7")).find("seed") != std::string::npos);
    CHECK(where(replaced(good, "aaaa", "zzzz")).find("hexadecimal") != std::string::npos);
    CHECK(where(replaced(good, "\"pace\": \"busy\"", "\"pace\": \"lazy\"")).find("classes[1].pace") != std::string::npos);
    CHECK(where(replaced(good, "\"shape\": ", "\"shape\": 1")).find("classes[0].shape") != std::string::npos);
    CHECK(where(replaced(good, "\"scale\": ", "\"scale\": -")).find("classes[0].scale") != std::string::npos);
    CHECK(where(replaced(good, "\"knots\": [[", "\"knots\": [[9, 0.1], [")).find("out of order") != std::string::npos);
    CHECK(where(replaced(good, "\"protocol\": \"tcp\", \"length\": \"long\", \"pace\": \"busy\", \"burst\": \"bursts\", \"likeness\": \"alike\"",
                         "\"protocol\": \"any\", \"length\": \"any\", \"pace\": \"any\", \"burst\": \"any\", \"likeness\": \"any\""))
              .find("there twice") != std::string::npos);
    CHECK(where(std::string(kLongestProfile + 1, ' ')).find("longer") != std::string::npos);
    CHECK(where(std::string(100'000, '[')).find("JSON") != std::string::npos);
}

TEST_CASE("profile: nominal chances are realised in a fresh sample, in the counted part and in the tail") {
    const ClassNull null = learn_class({}, exponential_sample(100'000, 3), 100);
    const auto fresh = exponential_sample(400'000, 4);
    for (const double nominal : {0.5, 0.1, 0.02, 1e-3, 1e-4}) {
        const auto hits = std::ranges::count_if(fresh, [&](double z) { return null.log_p(z) <= std::log(nominal); });
        const double ratio = static_cast<double>(hits) / static_cast<double>(fresh.size()) / nominal;
        CHECK(ratio > 0.5);
        CHECK(ratio < 2);
    }
    double before = 0;
    for (double z = -1; z < 40; z += 0.01) {
        CHECK(null.log_p(z) <= before);
        before = null.log_p(z);
    }
}

TEST_CASE("profile: an own class is used where it rests on enough pairs, else the built-in one's") {
    const TrafficClass of = class_of({true, 60, 0.4, 1.5, 0.1});
    Profile own;
    auto far = exponential_sample(kFewestOfClass, 5);
    for (double& z : far) { z += 50; }
    own.classes.push_back(learn_class(of, far, 10));
    CHECK(*background_log_p(&own, of, 30) == 0);
    far.pop_back();
    own.classes.front() = learn_class(of, far, 10);
    CHECK(*background_log_p(&own, of, 30) == *background_log_p(nullptr, of, 30));
}
