"""How far the cells of an OpenDocument sheet reach: repeats are counted without being carried out."""

from __future__ import annotations

from xml.parsers import expat

from service.sources.sheet.faults import phrase, unreadable
from service.sources.sheet.grid import Bounds

_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "


class OdsExtent:
    """Follows `content.xml` chunk by chunk.

    A sheet ends in blank cells repeated up to the last possible row and column; those are legal and left
    out. A filled cell or row repeated a million times is what must not reach the reader.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = _no_entities
        self._rows = self._blank_rows = self._row_repeat = 0
        self._width = self._filled_to = self._column = 0

    def see(self, chunk: bytes) -> None:
        """Follow one more piece. Raises `far_cell`, and `truncated` where it is not XML."""
        try:
            self._parser.Parse(chunk)
        except expat.ExpatError as fault:
            raise unreadable("truncated", what=phrase("ods_line", line=fault.lineno)) from fault

    def is_too_large(self) -> bool:
        """Whether the rectangle up to the farthest filled cell is more than the reader can hold."""
        return self._rows * self._width > self._bounds.dense_cells

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == _TABLE + "table":
            self._rows = self._blank_rows = self._width = 0
        elif name == _TABLE + "table-row":
            self._row_repeat = _repeat(attributes, "number-rows-repeated")
            self._column = self._filled_to = 0
        elif name in (_TABLE + "table-cell", _TABLE + "covered-table-cell"):
            self._column += _repeat(attributes, "number-columns-repeated")
            if _OFFICE + "value-type" in attributes or _TABLE + "formula" in attributes:
                self._filled_to = self._column

    def _end(self, name: str) -> None:
        if name != _TABLE + "table-row":
            return
        if not self._filled_to:
            self._blank_rows += self._row_repeat
            return
        self._rows += self._blank_rows + self._row_repeat
        self._blank_rows = 0
        self._width = max(self._width, self._filled_to)
        if self.is_too_large():
            raise unreadable("far_cell", cell=phrase("place", row=self._rows, column=self._width))


def _repeat(attributes: dict[str, str], name: str) -> int:
    written = attributes.get(_TABLE + name, "1")
    # Longer numbers are no rows of any program; they are far, whatever they say.
    return max(int(written), 1) if written.isdecimal() and len(written) < 10 else 10**9 if len(written) > 9 else 1


def _no_entities(name: str, *_: object) -> None:
    raise unreadable("zip_bomb", what=phrase("xml_entity", name=name[:40]))
