"""The knowledge files, and what is said of one that is wrong."""

from pathlib import Path

import pytest

from vallum.base.errors import ConfigError
from vallum.check.knowledge import library
from vallum.check.knowledge.library import Knowledge, load_knowledge, merge


def test_every_file_is_read():
    knowledge = load_knowledge("python")
    assert knowledge.model("flask.request.args")
    assert knowledge.model("sqlalchemy.orm.anything.at.all")
    assert knowledge.methods["execute"].sinks[0].kind == "sql"
    assert knowledge.constants["os.sep"] == "/"
    assert {"flask", "flask.request", "flask.request.args"} <= knowledge.beginnings
    assert knowledge.model("nothing.known") is None


def test_entries_of_one_name_are_merged():
    knowledge = Knowledge()
    merge({"sink": [{"kind": "sql", "calls": ["a.b"]}, {"kind": "path", "calls": ["a.b"], "argument": 1}]}, knowledge)
    merge({"clears": [{"kinds": ["html"], "calls": ["a.b"]}], "ends": ["a.b"]}, knowledge)
    model = knowledge.models["a.b"]
    assert [sink.kind for sink in model.sinks] == ["sql", "path"]
    assert model.clears
    assert model.ends


@pytest.mark.parametrize(
    "content", ["[weather]\nx = 1\n", '[[sink]]\nkind = "sql"\n', '[[clears]]\nkinds = ["rain"]\ncalls = ["a"]\n']
)
def test_an_entry_that_is_not_understood_names_its_file(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "cobol").mkdir()
    (tmp_path / "cobol" / "lib.toml").write_text(content)
    monkeypatch.setattr(library, "_FOLDER", tmp_path)
    with pytest.raises(ConfigError, match=r"lib\.toml"):
        load_knowledge("cobol")
    load_knowledge.cache_clear()
