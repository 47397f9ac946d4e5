#!/usr/bin/env bash
# An extension that is given to one assertion of syrupy compares and writes, but does not show the difference.
#
# Libraries: syrupy 7.0.2, pytest 9.2.0.
# Expected:  `snapshot(extension_class=E) == data` uses E for the whole assertion.
# Seen:      E serializes, reads and writes; the lines of the difference come from the extension of the fixture,
#            because the assertion takes E back before pytest asks for the explanation. For a file of bytes it
#            shows two long lines of Python bytes. `snapshot.use_extension(E) == data` asks E for them too.
#
# Run it with `bash`, from any directory. It exits with 1 when the behaviour is no longer the one above.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check install --quiet pytest==9.2.0 syrupy==7.0.2
mkdir "$folder/tests"
cat > "$folder/tests/test_diff.py" <<'PYTHON'
from syrupy.extensions.single_file import SingleFileSnapshotExtension


class Lines(SingleFileSnapshotExtension):
    file_extension = "txt"

    def serialize(self, data, **options):
        return data.encode()

    def diff_lines(self, serialized_data, snapshot_data):
        yield "the extension shows the difference"


def test_called(snapshot):
    assert snapshot(extension_class=Lines) == "two"


def test_used(snapshot):
    assert snapshot.use_extension(Lines) == "two"
PYTHON
for test in called used; do
    mkdir -p "$folder/tests/__snapshots__/test_diff"
    printf one > "$folder/tests/__snapshots__/test_diff/test_$test.txt"
done
cd "$folder"
shown() { venv/bin/python -m pytest -q "tests/test_diff.py::$1" | grep -c "^E .*the extension shows the difference" || true; }
called=$(shown test_called)
used=$(shown test_used)
echo "lines of the extension in the difference: called with extension_class: $called, use_extension: $used"
[ "$called" = 0 ] && [ "$used" = 1 ]
