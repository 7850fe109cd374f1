// An AS number is not compared with a bare number: 64500 could be a port, a count, a year.
// expect: no match for .operator==|invalid operands to binary expression
#include "net/asn.hpp"

bool ok() {
    const hw::net::Asn asn(64500);
#ifdef HW_FAULT
    return asn == 64500;
#else
    return asn == hw::net::Asn(64500);
#endif
}
