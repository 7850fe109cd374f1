#pragma once

#include "flow/filter.hpp"

#include <random>
#include <string>

/// Random filter expressions as people write them, for the tests of this room.
namespace hw::flow::test {

class FilterWriter {
public:
    explicit FilterWriter(std::uint64_t seed) : random_(seed) {}

    /// An expression over few values, so that flows of `make_flow` pass about as often as not.
    std::string write(unsigned depth = 3) {
        const unsigned kind = depth == 0 ? 0 : pick(6);
        if (kind == 1) { return write(depth - 1) + " and " + write(depth - 1); }
        if (kind == 2) { return write(depth - 1) + " or " + write(depth - 1); }
        if (kind == 3) { return "not " + test(); }
        if (kind == 4) { return "(" + write(depth - 1) + ")"; }
        if (kind == 5) { return "not (" + write(depth - 1) + ")"; }
        return test();
    }
    unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

private:
    std::string one(std::initializer_list<const char*> words) { return *(words.begin() + pick(static_cast<unsigned>(words.size()))); }
    std::string address() { return pick(4) == 0 ? "2001:db8::" + std::to_string(pick(4)) : "10.0.0." + std::to_string(pick(6)); }
    std::string prefix() { return one({"10.0.0.0/30", "10.0.0.4/31", "0.0.0.0/0", "::/0", "2001:db8::/127", "10.0.0.1"}); }
    std::string port() { return std::to_string(20 + pick(5)); }
    std::string sign() { return one({"<", ">", "<=", ">=", "=", "!=", "lt", "gt", "=="}); }
    std::string end() { return one({"", "", "src ", "dst ", "client ", "server "}); }
    std::string test() {
        switch (pick(14)) {
        case 0: return end() + "host " + address();
        case 1: return end() + "net " + prefix();
        case 2: return end() + "host in [" + address() + " " + prefix() + ", " + address() + "]";
        case 3: return end() + "port " + port();
        case 4: return end() + "port " + sign() + " " + port();
        case 5: return end() + "port in [" + port() + " 22-23," + port() + "]";
        case 6: return one({"tcp", "udp", "proto tcp", "proto 17", "proto in [tcp 17 1]", "icmp", "tcp port 22", "udp dst port 21"});
        case 7: return one({"", "request ", "reply ", "in ", "out "}) + one({"bytes ", "packets ", "payload "}) + sign() + " " + std::to_string(1 + pick(5)) + one({"", "", "k"});
        case 8: return "duration " + sign() + " " + std::to_string(1 + pick(5)) + one({"", "ms", "s"});
        case 9: return one({"", "request ", "reply "}) + "flags " + one({"S", "SA", "AFRPU", "X", "F"});
        case 10: return one({"ipv4", "ipv6", "any", "inet6"});
        case 11: return one({"", "src ", "reply "}) + one({"pps ", "bps ", "bpp "}) + sign() + " " + std::to_string(1 + pick(2000));
        case 12: return "observer " + one({"a", "\"b c\"", "in [a \"b c\"]"});
        default: return end() + one({"asn 64501", "as in [AS64500-AS64502 1.10]", "country de", "geo in [DE FR]"});
        }
    }
    std::mt19937_64 random_;
};

}  // namespace hw::flow::test
