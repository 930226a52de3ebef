"""A server that answers everything with the same page."""

import asyncio
import re
from contextlib import asynccontextmanager


@asynccontextmanager
async def serving(body, *, content_type):
    """Serve on a free port of this machine; gives the address."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n"

    async def answer(reader, writer):
        # To the end: a connection that is closed with bytes unread is reset, and the answer may be lost.
        asked = await reader.readuntil(b"\r\n\r\n")
        if length := re.search(rb"(?i)content-length: *(\d+)", asked):
            await reader.readexactly(int(length[1]))
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
