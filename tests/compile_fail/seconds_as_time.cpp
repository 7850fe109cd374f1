// A bare number as a time would leave its unit open.
// expect: conversion from .int. to non-scalar type|no viable conversion
#include "base/time.hpp"

hw::Time ok() {
#ifdef HW_FAULT
    hw::Time time = 1416823200;
#else
    const hw::Time time{std::chrono::seconds(1416823200)};
#endif
    return time;
}
