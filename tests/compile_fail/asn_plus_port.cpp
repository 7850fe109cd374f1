// An AS number and a port are both numbers; adding them means nothing.
// expect: no match for .operator\+|invalid operands to binary expression
#include "net/address.hpp"
#include "net/asn.hpp"

bool ok() {
    const hw::net::Asn asn(64500);
    const hw::net::Port port{80};
#ifdef HW_FAULT
    return (asn + port) == asn;
#else
    return asn.number() + hw::net::number(port) > 0;
#endif
}
