"""Reads a page as its readers' tools do: headings, anchors, links, texts, balanced elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "link", "img", "input", "hr"})


@dataclass(slots=True)
class Page:
    """What a page holds."""

    language: str = ""
    headings: list[tuple[int, str]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    style: str = ""
    unbalanced: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that can be read, with single blanks."""
        return " ".join(" ".join(self.words).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.page.elements.append(tag)
        if tag == "html":
            self.page.language = given.get("lang") or ""
        if given.get("id"):
            self.page.ids.append(given["id"] or "")
        if tag == "a" and (given.get("href") or "").startswith("#"):
            self.page.anchors.append((given["href"] or "")[1:])
        self.page.outside += [
            value or ""
            for name, value in attrs
            if name in {"src", "href", "action", "srcset"} and not (value or "").startswith("#")
        ]
        if tag in {"h1", "h2", "h3", "h4"}:
            self.page.headings.append((int(tag[1]), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.page.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.page.style += data
            return
        self.page.words.append(data)
        headings = self.page.headings
        if headings and any(tag in {"h1", "h2", "h3", "h4"} for tag in self.open):
            level, text = headings[-1]
            headings[-1] = (level, f"{text} {data}".strip())


def read_page(text: str) -> Page:
    """The page as data."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.page.unbalanced += reader.open
    return reader.page
