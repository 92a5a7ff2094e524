"""A program that lets what comes to a port of all our addresses go to a socket: `forwarder.py SOCKET` says the port.

With `CERTIFICATE KEY` it speaks TLS there, and with a third file it asks for certificates that this one has signed.
"""

import asyncio
import ssl
import sys
from contextlib import suppress


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        answers, questions = await asyncio.open_unix_connection(sys.argv[1])
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, questions), pump(answers, writer))


def tls(certificate: str = "", key: str = "", signer: str = "") -> ssl.SSLContext | None:
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=signer or None)
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED if signer else ssl.CERT_NONE
    return context


async def main() -> None:
    server = await asyncio.start_server(serve, "0.0.0.0", 0, ssl=tls(*sys.argv[2:]))  # the cables of the tests' hosts
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
