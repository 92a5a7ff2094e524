import pytest

from tests.support.mail_server import MailServer


@pytest.fixture
def mail():
    with MailServer() as server:
        yield server
