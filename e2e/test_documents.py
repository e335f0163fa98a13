"""Every block of Python in the README and the documentation runs, as one notebook for each page."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import av
import nbformat
import PIL.Image
import pytest

if TYPE_CHECKING:
    from e2e.brokers import Broker
    from e2e.conftest import OpenNotebook

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(r"^```(\w+)(?: title=\"(.*)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SNIPPET = re.compile(r"^--8<-- \"README.md:(\w+)\"$", re.MULTILINE)

ELSEWHERE = {"Needs servers of your own"}
"""Titles of blocks that can't run on one machine; the reader sees them."""


def text(page: Path) -> str:
    """Read a page, with the parts of the README that it shows."""
    readme = README.read_text()

    def part(match: re.Match[str]) -> str:
        name = match[1]
        start, end = (f"<!-- --8<-- [{edge}:{name}] -->" for edge in ("start", "end"))
        return readme.split(start)[1].split(end)[0]

    return SNIPPET.sub(part, page.read_text())


def blocks(page: Path, *languages: str) -> list[tuple[str, str]]:
    """Return the blocks of some languages, each with its title."""
    found = BLOCK.findall(text(page))
    return [(title, source) for language, title, source in found if language in languages]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


CHAPTERS = {
    "readme": [README],
    "guide": sorted((ROOT / "docs").glob("*.md")),
    "reference": sorted((ROOT / "docs/reference").glob("*.md")),
}

FORGET = "get_ipython().reset()"
"""Each page has to do with what it says itself."""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_python_runs(
    jupyterlab: OpenNotebook, broker: Broker, tmp_path: Path, chapter: str
) -> None:
    for media in (ROOT / "examples/media").iterdir():
        shutil.copy(media, tmp_path)
    with av.open(tmp_path / "balloon.mp4") as film:
        pixels = next(film.decode(video=0)).to_ndarray(format="rgb24")
    PIL.Image.fromarray(pixels).save(tmp_path / "picture.png")

    pages = [
        [source for title, source in blocks(page, "python") if title not in ELSEWHERE]
        for page in CHAPTERS[chapter]
    ]
    cells = [nbformat.v4.new_code_cell(source.strip()) for page in pages for source in page]
    path = tmp_path / "page.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    nb = jupyterlab(path)
    nb.execute(f"import os; os.environ['IPYWEBRTC_MQTT_SERVER'] = {broker.tcp!r}")
    first = 0
    for page in pages:
        nb.execute(FORGET)
        for number in range(first, first + len(page)):
            nb.run(number)
        first += len(page)
    assert nb.errors == []


def test_blocks_that_do_not_run_say_why_and_are_python() -> None:
    marked = [block for page in PAGES for block in blocks(page, "python") if block[0]]
    assert {title for title, _ in marked} == ELSEWHERE
    for _, source in marked:
        compile(source, "<page>", "exec")


def test_no_block_is_of_another_language() -> None:
    languages = {language for page in PAGES for language, *_ in BLOCK.findall(text(page))}
    assert languages == {"python", "sh"}


def test_shell_blocks_agree_with_pyproject() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    for page in PAGES:
        for _, source in blocks(page, "sh"):
            for extras in re.findall(r"\[(.*?)\]", source):
                for extra in extras.split(","):
                    assert f"\n{extra} = [" in project, f"{name_of(page)}: {extra}"
            for script in re.findall(r"hatch run (\w+)", source):
                assert f"\n{script} = " in project, f"{name_of(page)}: {script}"
            files = [word for word in shlex.split(source) if word.endswith(".ipynb")]
            assert all((ROOT / name).exists() for name in files)
