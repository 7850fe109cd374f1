#include "longest_match_rival.hpp"

bool start_fib_rival() { return false; }
std::unique_ptr<FibRival> make_fib_rival(std::span<const hw::net::Prefix> /*prefixes*/) { return nullptr; }
