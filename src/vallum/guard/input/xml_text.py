"""XML without document types, entities and foreign resources, within limits (CWE-611, CWE-776, ASVS 1.5.1).

    root = load_xml(body)                          # an Element of the standard library
    root = load_xml(svg, limits=XmlLimits(size=64 * 1024))

By defusedxml: a DOCTYPE is refused as a whole, so that nothing can be declared, fetched or expanded. Needs
`pip install "vallum[input]"`.
"""

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from vallum.base.errors import ConfigError
from vallum.guard.input.models import InputRefusedError

KEEPS: Final = ("xxe-disabled",)


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlLimits:
    """The most bytes, levels of nesting, and elements that are read."""

    size: int = 1024 * 1024
    depth: int = 64
    elements: int = 50_000

    def __post_init__(self) -> None:
        """Raise `ConfigError` for limits below 1."""
        if min(self.size, self.depth, self.elements) < 1:
            raise ConfigError("the limits of XML are above 0.", code="xml-limits")


_DEFAULT: Final = XmlLimits()


def load_xml(data: bytes | str, *, limits: XmlLimits = _DEFAULT) -> Element:
    """Return the root of a document.

    Raises `InputRefusedError` (400; 413 when too large) for a DOCTYPE, entities, foreign references, more nesting or
    elements than the limits, an encoding that Python does not know, and what is not well-formed.
    """
    from defusedxml import DefusedXmlException  # noqa: PLC0415 - an extra
    from defusedxml.ElementTree import DefusedXMLParser  # noqa: PLC0415 - as above

    text = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(text) > limits.size:
        refusal = InputRefusedError(f"the input has more than {limits.size} bytes.", code="input-too-large")
        refusal.status = 413
        raise refusal
    counter = _Counter(limits)
    parser = DefusedXMLParser(target=counter, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(text)
        root = parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        # The messages of the parser quote the input.
        raise InputRefusedError("the input is not XML without a document type.", code="input-syntax") from None
    if not isinstance(root, Element):
        raise InputRefusedError("the input is not XML.", code="input-syntax")
    return root


class _Counter:
    """Builds the tree, and stops in the middle of a document that goes beyond the limits."""

    def __init__(self, limits: XmlLimits) -> None:
        from xml.etree.ElementTree import TreeBuilder  # noqa: PLC0415 - builds, parses nothing

        self._limits = limits
        self._builder = TreeBuilder()
        self._depth = self._elements = 0
        self.data = self._builder.data
        self.close = self._builder.close

    def start(self, tag: str, attributes: dict[str, str]) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > self._limits.depth:
            raise InputRefusedError(
                f"the input is nested more than {self._limits.depth} levels deep.", code="input-too-deep"
            )
        if self._elements > self._limits.elements:
            raise InputRefusedError(f"the input has more than {self._limits.elements} elements.", code="input-too-many")
        return self._builder.start(tag, attributes)

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return self._builder.end(tag)
