"""The one door to all forms: names, endings, missing packages, and what is not loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from ccops.errors import CcopsError, UsageProblem
from ccops.reports.paper.render import Form, Options, form_of, render
from tests import paper_samples as samples


@pytest.mark.parametrize("form", list(Form))
def test_every_form_can_be_made_of_a_full_and_of_an_empty_report(form: Form) -> None:
    for paper in (samples.paper(), samples.EMPTY, samples.paper(period=None, sections=())):
        data = render(paper, form, Options(whole=True))
        assert data
        if not form.binary:
            data.decode()


@pytest.mark.parametrize("form", list(Form))
def test_the_ending_of_a_file_names_its_form(form: Form) -> None:
    assert form_of(Path(f"x/report{form.suffix.upper()}")) is form


def test_an_unknown_ending_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageProblem, match=r"report\.doc.*\.pdf"):
        form_of(Path("report.doc"))


@pytest.mark.parametrize(("form", "package"), [(Form.PDF, "reportlab"), (Form.XLSX, "xlsxwriter")])
def test_a_missing_package_is_named_with_the_remedy(form: Form, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(CcopsError, match=rf"{package}.*ccops\[reports\]"):
        render(samples.paper(filters={}, site="other"), form)


def test_data_forms_load_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from tests import paper_samples as samples\n"
        "from ccops.reports.paper.render import *\n"
        "for form in ('json', 'csv', 'table', 'md', 'html'):\n"
        "    render(samples.paper(), Form(form), Options(whole=True))\n"
        "heavy = {'reportlab', 'xlsxwriter', 'pandas', 'textual', 'PIL', 'sqlite_utils', 'rich.console'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
