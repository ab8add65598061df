from pathlib import Path

import pytest

from vallum.base.errors import UsageError
from vallum.findings import formats
from vallum.findings.options import Options
from vallum.findings.registry import find_format, format_names
from vallum.findings.report import Report


def test_every_file_of_the_folder_is_a_format_and_renders(meadow: Report):
    folder = Path(formats.__path__[0])
    found = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert set(format_names()) == found - {"__init__"}
    for name in format_names():
        assert "sql-parameterised" in find_format(name)(meadow, Options())


def test_wrong_name_suggests_the_nearest():
    with pytest.raises(UsageError, match="Did you mean sarif"):
        find_format("serif")


def test_name_that_is_nothing_lists_all():
    with pytest.raises(UsageError, match=r"There are: .*json.*terminal"):
        find_format("xyzzy")
