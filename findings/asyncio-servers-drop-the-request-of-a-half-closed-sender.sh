#!/usr/bin/env bash
# The HTTP servers on asyncio do not answer a request whose sender has closed its sending side, though it is whole.
#
# Libraries: uvicorn 0.54.0 with httptools 0.9.0 and with h11 0.16.0, aiohttp 3.14.5; beside them the server of
#            Python's standard library.
# Expected:  a client may shut down the sending half of its connection after a request, to say that there is
#            nothing more. The server has the whole request, and the other half is open for its answer.
# Seen:      uvicorn with both of its readers, and aiohttp, close the connection: the client reads nothing, not
#            even a status, although the application was called. The protocols have no `eof_received` that
#            keeps the transport open, so asyncio closes it when the sender is done. An application that takes a
#            tenth of a second is enough. The standard library's server answers the same bytes with 200.
#
# Run it with `bash`, from any directory. It exits with 1 when the behaviour is no longer the one above.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check install --quiet \
    uvicorn==0.54.0 httptools==0.9.0 h11==0.16.0 aiohttp==3.14.5
cat > "$folder/seen.py" <<'PYTHON'
import asyncio
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import uvicorn
from aiohttp import web

REQUEST = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
called = []


async def application(scope, receive, send):
    """Answers after a tenth of a second, as an application does that asks another service."""
    called.append(scope["path"])
    await asyncio.sleep(0.1)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def handler(request):
    await asyncio.sleep(0.1)
    return web.Response(text="ok")


async def answer_to(port, half_closed):
    """The first line of what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    if half_closed:
        writer.write_eof()
    line = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    return line.decode().strip()


def listening():
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    found.listen()
    return found, found.getsockname()[1]


async def with_uvicorn(http):
    found, port = listening()
    server = uvicorn.Server(uvicorn.Config(application, http=http, lifespan="off", log_level="error"))
    task = asyncio.create_task(server.serve(sockets=[found]))
    while not server.started:
        await asyncio.sleep(0.01)
    answers = [await answer_to(port, False), await answer_to(port, True)]
    server.should_exit = True
    await task
    return answers


async def with_aiohttp():
    found, port = listening()
    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.SockSite(runner, found).start()
    answers = [await answer_to(port, False), await answer_to(port, True)]
    await runner.cleanup()
    return answers


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.1)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *arguments):
        pass


async def with_standard_library():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    answers = [await answer_to(port, False), await answer_to(port, True)]
    server.shutdown()
    return answers


async def main():
    print("uvicorn", version("uvicorn"), "httptools", version("httptools"), "h11", version("h11"))
    print("aiohttp", version("aiohttp"))
    seen = {name: await with_uvicorn(name) for name in ("httptools", "h11")}
    seen["aiohttp"] = await with_aiohttp()
    seen["http.server"] = await with_standard_library()
    for name, (whole, half) in seen.items():
        print(f"{name}: open sender {whole!r}, half-closed sender {half!r}")
    print("application called", len(called), "times")
    got = {name: [line[9:12] for line in lines] for name, lines in seen.items()}
    dropped = dict.fromkeys(("httptools", "h11", "aiohttp"), ["200", ""])
    assert got == {**dropped, "http.server": ["200", "200"]}, seen
    assert len(called) == 4, called


asyncio.run(main())
PYTHON
"$folder/venv/bin/python" "$folder/seen.py"
