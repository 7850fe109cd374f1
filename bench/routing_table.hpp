#pragma once

#include "net/prefix.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

/// 577,706 distinct IPv4 and 20,000 IPv6 prefixes with the lengths of a full table of 2015, nested as networks announce them.
std::vector<hw::net::Prefix> made_up_table(std::uint64_t seed);

/// One prefix a line; says how many lines were none.
std::vector<hw::net::Prefix> read_table(const std::string& path);

/// Adds single hosts within the IPv4 prefixes, as a list of blocked ones would.
void add_hosts(std::vector<hw::net::Prefix>& all, std::size_t hosts, std::mt19937_64& random);

/// So many addresses of one family: evenly drawn (IPv6: from 2000::/3), or within a prefix drawn evenly, a default route aside.
std::vector<hw::net::Address> drawn_addresses(std::span<const hw::net::Prefix> all, bool v4, bool inside, std::size_t count, std::mt19937_64& random);
