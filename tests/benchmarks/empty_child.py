"""A child that makes nothing, in a module of its own: children import no script that is run."""

from multiprocessing.connection import Connection

from fileq.images.protocol import EncodeResult


def answer_nothing(connection: Connection, lifeline: Connection, memory: int) -> None:
    """A child that plans and makes no output: what is left is the price of the protocol."""
    while True:
        try:
            connection.recv()
            connection.send(())
            connection.recv()
            connection.send(EncodeResult((), (), None))
        except EOFError:
            return
