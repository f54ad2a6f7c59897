"""Finds the generation's id in what an inference endpoint answers, without holding it up.

OpenRouter names it in the header `X-Generation-Id` of chat completions, completions, responses and
messages (documentation, "Streaming"), and at the beginning of every body: as the `id` of a JSON
answer, or of the first chunk of a stream.
"""

import re
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress

HEADER = "x-generation-id"
LOOK = 65_536
"""Bytes of a body, after decoding, in which an id is looked for."""
LONGEST = 256
"""Bytes that what is looked for can be long, blanks included."""
ZLIB_OR_GZIP = 47
_ID = re.compile(r"gen-[\w-]{1,128}", re.ASCII)
_IN_BODY = re.compile(rb'"id"\s{0,50}:\s{0,50}"(gen-[\w-]{1,128})"')
"""Within a JSON string the quotes are escaped, so what a model writes is never taken for an id."""

type Found = Callable[[str | None], None]


def is_id(text: object) -> bool:
    """Tell whether `text` is a generation's id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def named(headers: Mapping[str, str]) -> str | None:
    """Return the id that the answer's headers name; None if they do not."""
    told = headers.get(HEADER)
    return told if is_id(told) else None


class Finder:
    """Looks at the bytes of one body as they pass, and calls `found` once: with the id, or None.

    It never raises, never keeps more than `LOOK` bytes, and looks at no more.
    """

    def __init__(self, encoding: str, found: Found) -> None:
        self._found = found
        self._begun = b""
        self._is_done = False
        self._unpack = _unpacker(encoding)

    def look(self, chunk: bytes) -> None:
        """Look at the next bytes of the body, as they came over the wire."""
        if self._is_done:
            return
        plain = b""
        with suppress(Exception):
            plain = self._unpack(chunk)
        searched = max(0, len(self._begun) - LONGEST)
        self._begun += plain[: LOOK - len(self._begun)]
        if match := _IN_BODY.search(self._begun, searched):
            self._end(match[1].decode())
        elif len(self._begun) >= LOOK:
            self._end(None)

    def end(self) -> None:
        """Give up: the body is over, or nobody reads on."""
        if not self._is_done:
            self._end(None)

    def _end(self, found: str | None) -> None:
        self._is_done, self._begun = True, b""
        with suppress(Exception):
            self._found(found)


def _unpacker(encoding: str) -> Callable[[bytes], bytes]:
    if encoding.lower() in {"gzip", "deflate"}:
        unpack = zlib.decompressobj(ZLIB_OR_GZIP)
        return lambda chunk: unpack.decompress(chunk, LOOK)
    return bytes
