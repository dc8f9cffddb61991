"""E-mail: plain text by SMTP, with TLS and the standard library. No pictures, no tracking.

Called by `caller.py` in threads of its own. Each letter is a connection: calls are few, and a
connection that was kept open would have gone stale by the next one. What must never happen: a
password or a message on an unencrypted line to another machine.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr
from typing import Final

from migrator.errors import PermanentError, TransientError
from migrator.notices.letter import TEXT_MAX, Letter, one_line
from migrator.notices.policy import MailServer, Security

SECONDS_MAX: Final = 15.0
"""For each word of the other side; a server that answers more slowly than that is tried again."""

_DOMAIN: Final = "migrator.invalid"
"""Of message ids: a name that no mail server can be the owner of."""


@dataclass(frozen=True, slots=True)
class MailChannel:
    """One mail server. `password` is empty where it asks for none."""

    server: MailServer
    password: str = ""
    seconds_max: float = SECONDS_MAX

    def send(self, letter: Letter) -> str:
        """Hand a letter in to the server."""
        message = written(letter, self.server.sender)
        try:
            with self._connection() as smtp:
                if self.server.user:
                    smtp.login(self.server.user, self.password)
                smtp.send_message(message, self.server.sender, [letter.to])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()), (0, b""))
            raise _failed(code, said, f"{self.server.host} refuses the address") from error
        except smtplib.SMTPResponseException as error:
            # A wrong password can be mended while it is tried again; a refused letter cannot.
            code = 0 if isinstance(error, smtplib.SMTPAuthenticationError) else error.smtp_code
            raise _failed(code, error.smtp_error, f"{self.server.host} refuses it") from error
        except smtplib.SMTPException as error:
            raise _failed(0, str(error), f"{self.server.host} did not take it") from error
        except (OSError, ssl.SSLError) as error:
            raise _failed(0, str(error), f"{self.server.host} cannot be reached") from error
        return "the mail server took it"

    def _connection(self) -> smtplib.SMTP:
        server = self.server
        if server.security is Security.TLS:
            return smtplib.SMTP_SSL(
                server.host, server.port, timeout=self.seconds_max, context=self._trusted()
            )
        smtp = smtplib.SMTP(server.host, server.port, timeout=self.seconds_max)
        if server.security is Security.STARTTLS:
            try:
                smtp.starttls(context=self._trusted())
            except BaseException:
                smtp.close()
                raise
        return smtp

    def _trusted(self) -> ssl.SSLContext:
        file = self.server.ca_file
        return ssl.create_default_context(cafile=None if file is None else str(file))


def written(letter: Letter, sender: str) -> EmailMessage:
    """The letter as e-mail. Its id makes a doubled one recognisable, and stays the same."""
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr(("migrator", sender))
    message["To"] = letter.to
    message["Subject"] = one_line(letter.subject)
    message["Message-ID"] = f"<{letter.id}@{_DOMAIN}>"
    # So that no mailbox answers with a note of absence.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text[:TEXT_MAX], cte="quoted-printable")
    message["Content-Language"] = letter.language  # after the content, which would take it away
    return message


def _failed(code: int, said: object, what: str) -> TransientError | PermanentError:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    answer = one_line(f"{code} {text}" if code > 0 else text)
    words = f"{what}: {answer[:200]}"
    hint = "`migrator call FILE --test` tries the channels out"
    if 500 <= code < 600:
        return PermanentError("notice-refused", words, hint=hint)
    return TransientError("notice-not-sent", words, hint=hint)
