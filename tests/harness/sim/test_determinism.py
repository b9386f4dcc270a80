"""Nasty programs have one digest each, under other hash seeds and another layout of memory."""

from pathlib import Path

from benchmarks.determinism import digests, names, zygotes


def test_each_program_has_one_digest(tmp_path: Path) -> None:
    assert len(names()) == 29
    with zygotes() as on:
        counts = {name: len(digests(name, 2, on, tmp_path)) for name in names()}
    assert counts == dict.fromkeys(names(), 1)
