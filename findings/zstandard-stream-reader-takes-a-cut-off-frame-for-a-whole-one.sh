#!/usr/bin/env bash
# python-zstandard's stream reader ends without an error where a frame was cut off.
#
# Libraries: zstandard 0.25.0, and the standard library's gzip beside it.
# Expected:  a reader of a compressed file that lacks its last byte raises an error at the end, as gzip does.
# Seen:      `stream_reader` gives what it could read and then b"", as at the end of a whole file. So does
#            `zstandard.open`. A download that broke off looks like a file with fewer lines. What tells them apart
#            is `eof` of `decompressobj`, which is False after the last byte that there is.
#
# Run it with `bash`, from any directory. It exits with 1 when the behaviour is no longer the one above.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check install --quiet zstandard==0.25.0
cat > "$folder/seen.py" <<'PYTHON'
import gzip
import io
import random

import zstandard

random.seed(1)
text = "".join(f"{number},{random.random()}\n" for number in range(50_000)).encode()

try:
    gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(text)[:-1])).read()
    print("gzip: no error")
except EOFError:
    print("gzip: EOFError")

cut = zstandard.compress(text)[:-1]
for name, stream in (
    ("stream_reader", zstandard.ZstdDecompressor().stream_reader(io.BytesIO(cut))),
    ("open", zstandard.open(io.BytesIO(cut), "rb")),
):
    found = stream.read()
    print(f"{name}: no error, {'all' if found == text else 'a part'} of the text")

one_by_one = zstandard.ZstdDecompressor().decompressobj()
one_by_one.decompress(cut)
print(f"decompressobj: eof is {one_by_one.eof}")
PYTHON
seen=$(timeout 60 "$folder/venv/bin/python" "$folder/seen.py")
echo "$seen"
[ "$seen" = "gzip: EOFError
stream_reader: no error, a part of the text
open: no error, a part of the text
decompressobj: eof is False" ]
