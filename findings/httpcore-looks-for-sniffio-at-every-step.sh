#!/usr/bin/env bash
# httpcore imports sniffio again and again for each call, and since anyio needs it no more it is often not there.
#
# Libraries: httpcore 1.0.9, anyio 4.16.0, httpx 0.28.1.
# Expected:  which event loop runs is found out once for a connection, or at least without touching the disk.
# Seen:      each lock, event and backend of the asynchronous pool asks by `import sniffio`. anyio 4.16 does not
#            bring sniffio along, so each time the import fails, and a failed import is not remembered: Python
#            searches all of `sys.path` several times for a single GET. With sniffio installed it does so never.
#
# Run it with `bash`, from any directory. It exits with 1 when the behaviour is no longer the one above.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
install=("$folder/venv/bin/python" -m pip --disable-pip-version-check install --quiet)
"${install[@]}" httpcore==1.0.9 anyio==4.16.0 httpx==0.28.1
cat > "$folder/seen.py" <<'PYTHON'
import asyncio
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class Searches:
    """Counts the searches for a module, and finds none."""

    count = 0

    def find_spec(self, name, path=None, target=None):
        Searches.count += name == "sniffio"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


async def main(url):
    async with httpx.AsyncHTTPTransport() as transport:
        for _ in range(2):  # the first call makes the connection, the second one only uses it
            Searches.count = 0
            response = await transport.handle_async_request(httpx.Request("GET", url))
            await response.aread()
            await response.aclose()


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.meta_path.insert(0, Searches())
asyncio.run(main(f"http://127.0.0.1:{server.server_port}/"))
print("searched again and again" if Searches.count > 3 else "searched", Searches.count if Searches.count <= 3 else "")
PYTHON
without=$("$folder/venv/bin/python" "$folder/seen.py")
"${install[@]}" sniffio
with=$("$folder/venv/bin/python" "$folder/seen.py")
echo "without sniffio: $without"
echo "with sniffio: $with"
[ "${without% }" = "searched again and again" ] && [ "$with" = "searched 0" ]
