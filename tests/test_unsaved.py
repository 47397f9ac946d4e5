"""A project with texts of an editor: they are read in place of the files on disk."""

from __future__ import annotations

from pathlib import Path

from crossdock.project.project import Project


def test_an_unsaved_text_takes_the_place_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mappings" / "shop" / "order.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("map: {number: id}\n", encoding="utf-8")

    saved = Project([tmp_path]).mapping("shop/order")
    unsaved = Project([tmp_path], unsaved={file: "map: {number: name}\n"}).mapping("shop/order")

    assert [each({"id": "1", "name": "2"}) for each in (saved, unsaved)] == [{"number": "1"}, {"number": "2"}]


def test_a_finding_in_an_unsaved_text_names_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mappings" / "shop" / "order.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("map: {number: id}\n", encoding="utf-8")
    project = Project([tmp_path], unsaved={file: "map: {number: nosuch(id)}\n"})

    for lenient in (False, True):
        (found, *_) = project.check(["shop/order"], lenient=lenient)
        assert (str(found.span), found.id) == ("mappings/shop/order.yaml:1:15", "unknown-function")
