// A failure must not go unseen.
// expect: ignoring return value
#include "net/address.hpp"

bool ok() {
#ifdef HW_FAULT
    hw::net::parse_address("192.0.2.1");
#endif
    return hw::net::parse_address("192.0.2.1").has_value();
}
