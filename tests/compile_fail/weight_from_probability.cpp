// A probability is no weight of evidence.
// expect: conversion from .double. to non-scalar type|no viable conversion
#include "base/decibans.hpp"

hw::Decibans ok() {
#ifdef HW_FAULT
    hw::Decibans weight = 0.95;
#else
    const hw::Decibans weight(0.95);
#endif
    return weight;
}
