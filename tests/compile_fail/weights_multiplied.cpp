// Weights of evidence add; their product means nothing.
// expect: no match for .operator\*|invalid operands to binary expression
#include "base/decibans.hpp"

hw::Decibans ok() {
    const hw::Decibans a(3);
    const hw::Decibans b(4);
#ifdef HW_FAULT
    return a * b;
#else
    return a + b;
#endif
}
