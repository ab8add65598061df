"""An HTML page as a browser would see it: elements, links, forms, scripts. Standard library only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_RAW_TEXT: Final = frozenset({"script", "style"})
_PLAIN_TEXT: Final = frozenset({"textarea", "title"})
"""Elements whose content is text: a tag in them is no element until they are closed (HTML 13.2.5.2)."""
_BUTTONS: Final = frozenset({"submit", "button", "reset", "image"})


@dataclass(frozen=True, slots=True)
class Element:
    """A start tag, with the text that follows up to the next tag."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    text: str = ""

    def get(self, name: str) -> str:
        """The first attribute of this name, as browsers take it; empty when absent."""
        return next((value for key, value in self.attributes if key == name), "")

    def has(self, name: str) -> bool:
        """Tell whether the attribute is there, with or without a value."""
        return any(key == name for key, _ in self.attributes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One control of a form."""

    name: str
    kind: str = "text"
    """The type of the input, or `select`, `textarea`."""
    value: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    longest: int = 0
    """`maxlength`; 0 when the page sets none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form: where it goes, how, and with which fields."""

    action: str
    method: str = "GET"
    encoding: str = "application/x-www-form-urlencoded"
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page holds."""

    elements: tuple[Element, ...] = ()
    forms: tuple[Form, ...] = ()
    text: str = ""
    """The text a person reads, without scripts and styles."""

    def find(self, *tags: str) -> Iterator[Element]:
        """The elements with one of these tags, in order."""
        return (element for element in self.elements if element.tag in tags)

    @property
    def links(self) -> tuple[str, ...]:
        """Where a reader can go: anchors, frames and refreshes left aside."""
        return tuple(element.get("href") for element in self.find("a", "area") if element.has("href"))

    @property
    def resources(self) -> tuple[str, ...]:
        """What the browser fetches by itself: scripts, styles, icons."""
        sources = [element.get("src") for element in self.find("script", "img", "iframe") if element.get("src")]
        return (*sources, *(element.get("href") for element in self.find("link") if element.get("href")))

    def meta(self, *names: str) -> str:
        """The content of the first `<meta name=...>` with one of these names."""
        for element in self.find("meta"):
            if element.get("name").lower() in names:
                return element.get("content")
        return ""


def read_page(text: str) -> Page:
    """Read a page; whatever is broken in it is taken as far as it goes."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.page()


@dataclass(slots=True)
class _Draft:
    action: str
    method: str
    encoding: str
    fields: list[Field] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._elements: list[Element] = []
        self._words: list[str] = []
        self._forms: list[_Draft] = []
        self._form: _Draft | None = None
        self._plain = ""
        self._raw = ""
        self._options: list[int] = []
        self._select: Element | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element, unless it stands in text."""
        if self._plain:
            self.handle_data(self.get_starttag_text() or "")
            return
        element = Element(tag, tuple((name, value or "") for name, value in attrs))
        self._elements.append(element)
        self._words.append(" ")
        if tag in _PLAIN_TEXT:
            self._plain = tag
        elif tag in _RAW_TEXT:
            self._raw = tag
        self._take_control(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A slash at the end means nothing in HTML."""
        self.handle_starttag(tag, attrs)
        if tag in _RAW_TEXT:
            self.set_cdata_mode(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave text, a form or a select."""
        if self._plain:
            if tag == self._plain:
                self._close_plain(tag)
            else:
                self.handle_data(f"</{tag}>")
            return
        self._raw = "" if tag == self._raw else self._raw
        self._words.append(" ")
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._close_select()

    def handle_data(self, data: str) -> None:
        """Keep the text with its element, and for the reader."""
        if self._elements:
            last = self._elements[-1]
            self._elements[-1] = Element(last.tag, last.attributes, last.text + data)
        if not self._raw:
            self._words.append(data)

    def page(self) -> Page:
        """All that was read."""
        self._close_select()
        forms = tuple(
            Form(action=draft.action, method=draft.method, encoding=draft.encoding, fields=tuple(draft.fields))
            for draft in self._forms
        )
        return Page(elements=tuple(self._elements), forms=forms, text=" ".join("".join(self._words).split()))

    def _take_control(self, element: Element) -> None:
        if element.tag == "form":
            method = element.get("method").upper()
            self._form = _Draft(
                action=element.get("action"),
                method="POST" if method == "POST" else "GET",
                encoding=element.get("enctype").lower() or "application/x-www-form-urlencoded",
            )
            self._forms.append(self._form)
        elif element.tag == "input":
            self._add_input(element)
        elif element.tag == "select":
            self._close_select()
            self._select = element
        elif element.tag == "option" and self._select:
            self._options.append(len(self._elements) - 1)

    def _add_input(self, element: Element) -> None:
        kind = element.get("type").lower() or "text"
        if kind not in _BUTTONS or element.get("name"):
            self._add(element, kind=kind, value=element.get("value"))

    def _close_plain(self, tag: str) -> None:
        self._plain = ""
        if tag == "textarea":
            element = next(found for found in reversed(self._elements) if found.tag == "textarea")
            self._add(element, kind="textarea", value=element.text)

    def _close_select(self) -> None:
        if self._select:
            options = [self._elements[index] for index in self._options]
            choices = tuple(_option_value(option) for option in options)
            chosen = next((_option_value(option) for option in options if option.has("selected")), "")
            self._add(self._select, kind="select", value=chosen or next(iter(choices), ""), choices=choices)
        self._select, self._options = None, []

    def _add(self, element: Element, *, kind: str, value: str, choices: tuple[str, ...] = ()) -> None:
        if self._form is None or not element.get("name") or element.has("disabled"):
            return
        longest = element.get("maxlength")
        added = Field(
            name=element.get("name"),
            kind=kind,
            value=value,
            choices=choices,
            required=element.has("required"),
            longest=int(longest) if longest.isascii() and longest.isdigit() else 0,
        )
        if kind == "radio":
            self._merge_radio(added, checked=element.has("checked"))
        else:
            self._form.fields.append(added)

    def _merge_radio(self, added: Field, *, checked: bool) -> None:
        form = self._form
        if form is None:
            return
        for index, known in enumerate(form.fields):
            if known.name == added.name and known.kind == "radio":
                value = added.value if checked else known.value
                form.fields[index] = Field(
                    name=known.name, kind="radio", value=value, choices=(*known.choices, added.value)
                )
                return
        form.fields.append(Field(name=added.name, kind="radio", value=added.value, choices=(added.value,)))


def _option_value(option: Element) -> str:
    """Without a value of its own, an option stands for its text."""
    return option.get("value") if option.has("value") else " ".join(option.text.split())


def find_text(elements: Iterable[Element], tag: str) -> Iterator[str]:
    """The text of each element with this tag."""
    return (element.text for element in elements if element.tag == tag)
