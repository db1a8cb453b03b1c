"""What the source may not hold: ways to run what was read. It is read as syntax, not as text."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "ccops").rglob("*.py"))

RUNS_CODE = {"eval", "exec", "compile", "__import__"}
RUNS_SHELL = {
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell",
    "pydoc.pager", "pydoc.pipepager", "concurrent.futures.ProcessPoolExecutor",
}  # fmt: skip
MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "yaml", "xml.etree.ElementTree", "xml.dom", "xml.sax",
           "telnetlib", "commands", "jsonpickle",
           "multiprocessing", "concurrent.futures.process"}  # both pickle what they send  # fmt: skip
STARTS = {"subprocess", "asyncio", "Popen", "run", "call", "check_call", "check_output"}


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return ""


def faults(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = name_of(node.func)
            if name in RUNS_CODE or name in RUNS_SHELL:
                yield name
            for word in node.keywords if name.split(".")[0] in STARTS else ():
                if word.arg == "shell" and not (isinstance(word.value, ast.Constant) and word.value.value is False):
                    yield f"{name}(shell=…)"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES | {
            "os",
            "subprocess",
            "asyncio",
            "concurrent.futures",
        }:
            found = [alias.name for alias in node.names]
            yield from (f"{node.module}.{name}" for name in found if f"{node.module}.{name}" in RUNS_SHELL)
            if node.module in MODULES:
                yield node.module


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    ["eval(x)", "exec(x)", "import pickle", "from pickle import loads", "import os\nos.system(x)", "os.popen(x)",
     "subprocess.run(x, shell=True)", "subprocess.run(x, shell=flag)", "from os import system",
     "await_(asyncio.create_subprocess_shell(x))", "import yaml", "__import__(x)", "import marshal",
     "import multiprocessing", "from concurrent.futures import ProcessPoolExecutor"],
)  # fmt: skip
def test_the_scan_finds_what_it_looks_for(text: str) -> None:
    assert list(faults(ast.parse(text)))


def test_nothing_that_is_read_is_run() -> None:
    assert len(SOURCES) > 200
    found = {}
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        wrong = list(faults(parsed(path)))
        if wrong:
            found[name] = wrong
    assert found == {}
