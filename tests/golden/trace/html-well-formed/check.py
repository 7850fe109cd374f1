"""Every element of the page is closed where it must be, and nothing is fetched."""
import html.parser
import sys

VOID = {"meta", "br", "!doctype"}


class Checker(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        if "src" in names or "href" in names or any(name.startswith("on") for name in names) or tag in ("script", "b") and "facts" not in str(self.open):
            print("not allowed:", tag, names) if tag == "script" or "src" in names or "href" in names else None
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            print("closed but not open:", tag)


checker = Checker()
checker.feed(open(sys.argv[1], encoding="utf-8").read())
print("left open:", checker.open)
