// A number is no address until somebody says which family and byte order.
// expect: conversion from .(int|long int). to non-scalar type|no viable conversion
#include "net/address.hpp"

hw::net::Address ok() {
#ifdef HW_FAULT
    hw::net::Address address = 3221225985;
#else
    const auto address = hw::net::Address::v4(3221225985U);
#endif
    return address;
}
