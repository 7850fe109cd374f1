// The one place where doctest's runner is compiled; each room's tests link it.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
