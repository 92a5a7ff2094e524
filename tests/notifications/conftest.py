import pytest

from tests.mail import MailServer


@pytest.fixture
def mail():
    with MailServer() as server:
        yield server
