// A port is made on purpose.
// expect: cannot convert|cannot initialize
#include "net/address.hpp"

hw::net::Port ok() {
#ifdef HW_FAULT
    hw::net::Port port = 80;
#else
    const hw::net::Port port{80};
#endif
    return port;
}
