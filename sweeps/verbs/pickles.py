"""Whether a file holds pickled code: what would run as its reader once it is unpickled.

A pickle is a small program; what it may call are the globals that it names. Those that a saved
model needs are few and harmless (they are what `torch.load(weights_only=True)` takes); a file that
names another is called code. Nothing is unpickled here, and torch is not imported.
"""

from __future__ import annotations

import pickletools
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

_SUFFIXES = (".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib")
"""Files that are read as pickles whatever they begin with."""
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_ARRAY = b"\x93NUMPY"
_ZIP = b"PK\x03\x04"
_LONGEST = 2**28
"""Bytes of a pickle that are looked at: tensors lie beside it, so that it is small."""

_HARMLESS = frozenset(
    {
        *("collections OrderedDict", "collections Counter", "_codecs encode"),
        *("builtins bytearray", "builtins set", "builtins complex"),
        *("__builtin__ bytearray", "__builtin__ set", "__builtin__ complex"),
        *("torch Size", "torch Tensor", "torch device", "torch nn.parameter.Parameter"),
        *("torch.nn.parameter Parameter", "torch.nn.parameter UninitializedParameter"),
        *("torch.serialization _get_layout", "torch.torch_version TorchVersion"),
    }
)
_DTYPES = (
    r"bfloat16|bool|bits\w+|complex\d+|double|float\d*(_\w+)?|half|int\d*|long|short|uint\d+|"
    r"c?q?u?int\d+(x\d)?|c(double|float|half)"
)
_HARMLESS_KINDS = re.compile(
    rf"torch ({_DTYPES}|\w+Storage)|torch\.storage \w+Storage|torch\.cuda \w+(Storage|Tensor)|"
    r"torch \w+Tensor|torch\._utils _rebuild_\w+|torch\._tensor _rebuild_from_type_v2"
)
_TEXTS = ("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE")
_STORES = ("PUT", "BINPUT", "LONG_BINPUT")
_FETCHES = ("GET", "BINGET", "LONG_BINGET")
_NAME = re.compile(r"[A-Za-z_][\w.]*")
UNKNOWN = "a name that it makes up as it goes"


def pickled_code(path: Path) -> list[str]:
    """The globals that the pickles in a file would call and no saved model needs, by name."""
    found: dict[str, None] = {}
    with path.open("rb") as file:
        start = file.read(8)
        file.seek(0)
        if start.startswith(_ZIP):
            found.update(dict.fromkeys(_in_archive(file)))
        elif start.startswith(_ARRAY):
            found.update(dict.fromkeys(_in_array(file)))
        elif _PICKLE.match(start) or path.suffix.lower() in _SUFFIXES:
            found.update(dict.fromkeys(_calls(file)))
            if path.suffix.lower() not in _SUFFIXES:
                # Numbers may begin like a pickle; of those, none is a name.
                found.pop(UNKNOWN, None)
    return list(found)


def _in_archive(file: IO[bytes]) -> Iterator[str]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError):
        return
    with archive:
        for member in archive.infolist():
            try:
                with archive.open(member) as part:
                    start = part.read(8)
                with archive.open(member) as part:
                    content = BytesIO(part.read(_LONGEST)) if _is_pickle(member, start) else None
                    if content is not None:
                        yield from _calls(content)
                    elif start.startswith(_ARRAY):
                        yield from _in_array(part)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
                # What cannot be taken out of the archive, its reader cannot read either.
                continue


def _is_pickle(member: zipfile.ZipInfo, start: bytes) -> bool:
    named = member.filename.endswith((".pkl", *_SUFFIXES))
    return named or (_PICKLE.match(start) is not None and "/data/" not in member.filename)


def _in_array(file: IO[bytes]) -> Iterator[str]:
    """An array of Python objects is a pickle behind a header."""
    header = file.read(4096)
    if re.search(rb"'descr': *'?[|<>=]?O|'\|O", header):
        yield "an array of Python objects"


def _calls(file: IO[bytes]) -> Iterator[str]:
    """What the pickles of a stream call, up to where it is none any more."""
    while True:
        before = file.tell()
        try:
            yield from _calls_of_one(file)
        except Exception:
            # Its reader would stop here too; what it had called before that is named.
            return
        if file.tell() == before:
            return


def _calls_of_one(file: IO[bytes]) -> Iterator[str]:
    texts: list[str] = []
    memo: dict[object, str] = {}
    for opcode, argument, _ in pickletools.genops(file):
        name = opcode.name
        if name in ("GLOBAL", "INST"):
            yield from _unless_harmless(str(argument))
        elif name == "STACK_GLOBAL":
            yield from _unless_harmless(" ".join(texts[-2:])) if len(texts) > 1 else (UNKNOWN,)
            texts.clear()
        elif name in ("EXT1", "EXT2", "EXT4"):
            yield UNKNOWN
        elif name in _TEXTS or name == "BINUNICODE8":
            texts.append(str(argument))
        elif name in _FETCHES:
            texts.append(memo.get(argument, ""))
        elif name == "MEMOIZE":
            # Numbered as they come, whatever they are.
            memo[len(memo)] = texts[-1] if texts else ""
        elif name in _STORES:
            memo[argument] = texts[-1] if texts else ""
        elif name not in ("PROTO", "FRAME"):
            texts.clear()


def _unless_harmless(called: str) -> Iterator[str]:
    if called in _HARMLESS or _HARMLESS_KINDS.fullmatch(called):
        return
    module, _, name = called.partition(" ")
    if _NAME.fullmatch(module) and _NAME.fullmatch(name):
        yield f"{module}.{name}"
    elif not called.isascii() or not called.isprintable():
        # No pickle, but a file that happens to begin like one.
        raise ValueError(called)
    else:
        yield UNKNOWN
