"""Decide a file's encoding on all of its bytes, and never by replacing one of them."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from etl.errors import SourceFormatError

Encoding = Literal["utf-8", "utf-8-sig", "cp949"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Where an encoding stops fitting.

    Attributes:
        encoding: The encoding that was tried.
        offset_bytes: Offset of the first byte that does not fit, counted from 0.
    """

    encoding: Encoding
    offset_bytes: int


def decode_chunks(chunks: Iterable[bytes], encoding: Encoding) -> Iterator[str]:
    r"""Decode a stream strictly.

    Args:
        chunks: Consecutive parts of one file.
        encoding: The encoding to hold the file to.

    Yields:
        The decoded text, part by part; a byte order mark is not part of it.

    Raises:
        UndecodableError: A byte does not fit; it knows the offset within the whole stream.

    Examples:
        >>> "".join(decode_chunks([b"\xb0", b"\xa1"], "cp949"))
        '가'
    """
    # Python's own utf-8-sig counts offsets from behind the mark
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    mark = "\ufeff" if encoding == "utf-8-sig" else ""
    decoder = codecs.getincrementaldecoder(codec)(errors="strict")
    consumed = 0
    for chunk in chunks:
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise UndecodableError(Failure(encoding, consumed - pending + error.start)) from None
        consumed += len(chunk)
        yield text.removeprefix(mark)
        mark = "" if text else mark
    pending = len(decoder.getstate()[0])
    try:
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise UndecodableError(Failure(encoding, consumed - pending)) from None


class UndecodableError(Exception):
    """One encoding does not fit; carries the place, never the bytes."""

    def __init__(self, failure: Failure) -> None:
        """Keep where the encoding stopped fitting."""
        super().__init__(failure)
        self.failure = failure


def candidates(
    first_bytes: bytes, declared: Literal["auto", "utf-8", "cp949"] = "auto"
) -> tuple[Encoding, ...]:
    r"""Return the encodings to try, in order; a declared one is held to, not believed.

    UTF-8 comes first because CP949 text is practically never valid UTF-8, while the
    reverse happens. CP949 and not EUC-KR: it also holds the 8,822 syllables beyond KS X 1001.

    Examples:
        >>> candidates(b"\xef\xbb\xbfa")
        ('utf-8-sig',)
    """
    if declared == "cp949":
        return ("cp949",)
    if first_bytes.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    return ("utf-8",) if declared == "utf-8" else ("utf-8", "cp949")


def refuse_encoding(dataset: str, failures: Iterable[Failure]) -> SourceFormatError:
    """Return the error for a file that no encoding fits.

    The offset named as a fact belongs to the encoding that fitted longest.
    """
    tried = sorted(failures, key=lambda failure: failure.offset_bytes, reverse=True)
    places = "; ".join(f"{f.encoding}: first bad byte at offset {f.offset_bytes}" for f in tried)
    return SourceFormatError(
        f"{dataset}: the file is in no known encoding ({places}). Nothing was published; the"
        " live release stays. Save it again as UTF-8 or CP949 and drop it again.",
        dataset=dataset,
        offset_bytes=tried[0].offset_bytes,
    )
