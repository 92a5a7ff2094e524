"""A real mail server on loopback, and the mails that came to it."""

import email.policy
import logging
import socket
import ssl
import threading
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

CERTIFICATE = Path(__file__).parents[1] / "fixtures" / "mail-server.pem"
"""Of 127.0.0.1, signed by itself, with its key."""


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MailServer:
    """It takes mail while the block runs: of anybody, or only with `password`; with TLS "from the start", or "by
    STARTTLS". It can go down and come up again at its port."""

    def __init__(self, *, password=None, tls=None):
        self.port = free_port()
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.passwords: list[str] = []
        self.refuses: set[str] = set()
        self._password = password
        self._tls = tls
        self._lock = threading.Lock()
        self._controller = None

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *_):
        self.down()

    def up(self):
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if self._tls else None
        if context:
            context.load_cert_chain(CERTIFICATE)
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, authenticator=self._authenticate, auth_require_tls=False,
            ssl_context=context if self._tls == "from the start" else None,
            tls_context=context if self._tls == "by STARTTLS" else None,
        )  # fmt: skip
        self._controller.start()

    def down(self):
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    def url(self, user="ada", **parameters):
        """As Apprise has it; a password is to be put in as ${MAIL_PASSWORD}."""
        rest = "&".join(f"{name}={value}" for name, value in parameters.items())
        login = f"{user}:${{MAIL_PASSWORD}}@" if self._password is not None else ""
        scheme = "mailtos" if self._tls else "mailto"
        mode = {"from the start": "&mode=ssl", "by STARTTLS": "&mode=starttls"}.get(self._tls, "")
        address = "from=fileq@example.com&to=ada@example.com"
        return f"{scheme}://{login}127.0.0.1:{self.port}/?{address}{mode}{f'&{rest}' if rest else ''}"

    def _authenticate(self, server, session, envelope, mechanism, data):
        password = data.password.decode()
        self.passwords.append(password)
        return AuthResult(success=password == self._password, handled=False)

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802  # aiosmtpd's name
        if self._password is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  # the same
        if address in self.refuses:
            return f"550 5.1.1 {address} is not known here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # the same
        with self._lock:
            self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
            self.recipients.append(envelope.rcpt_tos)
        return "250 OK"


def text_of(mail):
    """What the mail says, as plain text."""
    return mail.get_body(("plain",)).get_content()
