#!/usr/bin/env bash
# httpcore's limit of connections that are kept idle counts the busy ones too, and each call asks every
# connection about every other one.
#
# Libraries: httpcore 1.0.9, anyio 4.16.0.
# Expected:  with max_keepalive_connections=2, up to two idle connections are kept, however many are busy; and
#            what a call costs does not depend on how many other connections are open.
# Seen:      a connection that becomes idle is closed as soon as more than two are open in all, although it is
#            the only idle one. So above the limit of 20 that is the default, a client that is busy makes a new
#            connection for each call. And with 20 idle connections, one call on one of them asks over 800 times
#            whether a connection is idle: the pool counts all of them again for each of them, twice a call.
#
# Run it with `bash`, from any directory. It exits with 1 when the behaviour is no longer the one above.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check install --quiet httpcore==1.0.9 anyio==4.16.0
cat > "$folder/seen.py" <<'PYTHON'
import asyncio

import httpcore

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server(asyncio.Protocol):
    """Answers each request, which comes in one piece."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(ANSWER)


async def opened(pool, url):
    """An answer that is not read yet: its connection is busy."""
    request = httpcore.Request("GET", url, headers=[("host", "127.0.0.1")])
    return await pool.handle_async_request(request)


async def finished(response):
    await response.aread()
    await response.aclose()


async def kept_beside_two_busy(url):
    async with httpcore.AsyncConnectionPool(max_keepalive_connections=2) as pool:
        first, second, third = [await opened(pool, url) for _ in range(3)]
        await finished(first)
        idle = sum(connection.is_idle() for connection in pool.connections)
        await finished(second)
        await finished(third)
        return idle


async def questions_of_one_call(url, connections):
    asked = 0
    real = httpcore.AsyncHTTPConnection.is_idle

    def counted(self):
        nonlocal asked
        asked += 1
        return real(self)

    async with httpcore.AsyncConnectionPool(
        max_connections=connections, max_keepalive_connections=connections
    ) as pool:
        for response in [await opened(pool, url) for _ in range(connections)]:
            await finished(response)
        httpcore.AsyncHTTPConnection.is_idle = counted
        await finished(await opened(pool, url))
        httpcore.AsyncHTTPConnection.is_idle = real
        return asked


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    print("kept idle:", await kept_beside_two_busy(url))
    few, many = await questions_of_one_call(url, 2), await questions_of_one_call(url, 20)
    print("questions with 2 and 20 connections:", few, many)
    print("quadratic" if many > 20 * 20 and many > 10 * few else "not quadratic")
    server.close()


asyncio.run(main())
PYTHON
seen=$(timeout 60 "$folder/venv/bin/python" "$folder/seen.py")
echo "$seen"
[ "$(head -n 1 <<< "$seen")" = "kept idle: 0" ] && [ "$(tail -n 1 <<< "$seen")" = "quadratic" ]
