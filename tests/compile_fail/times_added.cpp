// Two moments can be subtracted, not added.
// expect: no match for .operator\+|invalid operands to binary expression
#include "base/time.hpp"

hw::Duration ok() {
    const hw::Time a;
    const hw::Time b;
#ifdef HW_FAULT
    return (a + b).since_epoch();
#else
    return a - b;
#endif
}
