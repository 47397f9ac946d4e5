"""A project with texts of an editor: they are read in place of the files on disk."""

from __future__ import annotations

from pathlib import Path

from crossdock.project.files import ProjectFiles
from crossdock.project.project import Project


def test_an_unsaved_text_takes_the_place_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mappings" / "shop" / "order.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("map: {number: id}\n", encoding="utf-8")

    saved = Project([tmp_path]).mapping("shop/order")
    unsaved = Project([tmp_path], files=ProjectFiles([tmp_path], {file: "map: {number: name}\n"})).mapping(
        "shop/order"
    )

    assert [each({"id": "1", "name": "2"}) for each in (saved, unsaved)] == [{"number": "1"}, {"number": "2"}]


def test_a_finding_in_an_unsaved_text_names_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mappings" / "shop" / "order.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("map: {number: id}\n", encoding="utf-8")
    project = Project([tmp_path], files=ProjectFiles([tmp_path], {file: "map: {number: nosuch(id)}\n"}))

    for lenient in (False, True):
        (found, *_) = project.check(["shop/order"], lenient=lenient)
        assert (str(found.span), found.id) == ("mappings/shop/order.yaml:1:15", "unknown-function")


def test_an_unsaved_text_can_be_of_shared_steps_and_of_a_new_file(tmp_path: Path) -> None:
    file = tmp_path / "mappings" / "shop" / "order.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("map: {number: id}\n", encoding="utf-8")
    new = file.with_name("new.yaml")
    steps = "inputs: {id: {describe: its id}}\nsteps: [{step: a, value: id}]\nanswer: $a\n"
    files = ProjectFiles([tmp_path], {file: steps, new: "map: {a: b}\n"})

    assert (files.has_shared_steps(file), ProjectFiles([tmp_path]).has_shared_steps(file)) == (True, False)
    assert (files.read(new).name, files.read(new).text) == ("mappings/shop/new.yaml", "map: {a: b}\n")
