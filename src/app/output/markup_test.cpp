#include "app/output/markup.hpp"

#include <doctest/doctest.h>

using namespace hw::app::output;

TEST_CASE("markup: nothing that comes from the input can open an element or an attribute") {
    CHECK(escaped("<script>alert('x')</script>&\"") == "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;");
    CHECK(escaped("a\x1b[31m\n") == "a\\x1b[31m\\x0a");
}

TEST_CASE("markup: shortening keeps both ends and whole characters") {
    CHECK(shortened("short", 10) == "short");
    CHECK(shortened("abcdefghij", 5) == "ab…ij");
    CHECK(shortened("ääääääääää", 5) == "ää…ää");
}

TEST_CASE("markup: a word for the shell is quoted where it must be") {
    CHECK(shell_word("captures/a-1.pcap") == "captures/a-1.pcap");
    CHECK(shell_word("it's $HOME") == "'it'\\''s $HOME'");
    CHECK(shell_word("") == "''");
}
