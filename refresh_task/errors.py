"""Everything that ends a command with a message for a person.

VistafrescaError                what happened, to what, and the remedy
├── ConfigurationError          a setting, an environment variable or views.toml: exit code 2
│   ├── NotGrantedError         a right in the database that our login role lacks
│   └── UnknownViewError        a name that no materialized view of the database has
├── DatabaseUnavailableError    no connection, or none any more: exit code 2
│   └── SchemaMissingError      connected, but `vistafresca migrate` has not been run there
├── RunStuckError               interrupted, and nothing answers any more: exit code 3
├── CommandInterruptedError     Ctrl-C or SIGTERM: exit code 3
└── StatementFailedError        one statement failed; in a step that step's outcome, elsewhere exit code 2
"""

from __future__ import annotations


class VistafrescaError(Exception):
    """What happened, where, and what to do about it.

    `subject` is the setting, view, file or server that the message is about; `remedy` is one sentence in the
    imperative.
    """

    exit_code = 2

    def __init__(self, message: str, *, subject: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.subject = subject
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.subject}: {self.message} {self.remedy}"


class ConfigurationError(VistafrescaError):
    """A setting that cannot be used as it is written."""


class NotGrantedError(ConfigurationError):
    """Our login role lacks a right in the database (SQLSTATE 42501)."""


class UnknownViewError(ConfigurationError):
    """A name that no materialized view of the database has."""


class DatabaseUnavailableError(VistafrescaError):
    """The database could not be reached, refused us, or went away.

    `sqlstate` is what the server's words amount to, for no code comes with a refused connection; None where trying
    again soon cannot help.
    """

    def __init__(self, message: str, *, subject: str, remedy: str, sqlstate: str | None = None) -> None:
        super().__init__(message, subject=subject, remedy=remedy)
        self.sqlstate = sqlstate


class SchemaMissingError(DatabaseUnavailableError):
    """The database has no bi_refresh schema, or an older one than this task needs."""


class RunStuckError(VistafrescaError):
    """The run had to stop and could not: the server, a proxy or the network answers nothing."""

    exit_code = 3


class CommandInterruptedError(VistafrescaError):
    """Ctrl-C or SIGTERM ended the command; the remedy says what is left."""

    exit_code = 3


class StatementFailedError(VistafrescaError):
    """PostgreSQL refused a statement, or the connection broke under it.

    `sqlstate` is None where no server answered; `connection_lost` says whether the session is of further use;
    `table_name` is the relation that the server named in the error's fields, which is the view where refresh_view()
    raised it. `detail` is the server's, where it says which key is there twice; `hint` is its own, too.
    """

    def __init__(
        self,
        message: str,
        *,
        subject: str,
        remedy: str,
        sqlstate: str | None,
        connection_lost: bool,
        table_name: str | None = None,
        detail: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, subject=subject, remedy=remedy)
        self.sqlstate = sqlstate
        self.connection_lost = connection_lost
        self.table_name = table_name
        self.detail = detail
        self.hint = hint

    @property
    def told(self) -> str:
        """The message, with the detail if there is one."""
        return self.message if self.detail is None else f"{self.message} {self.detail}"
