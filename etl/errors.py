"""Every error that is raised on purpose, in one tree by who has to act.

A message says what was found and where, what was left untouched, and what to do next.
It carries names and counts, never the value of a cell and never a department's file name.
Facts that a program may want are given as keywords; both survive pickling, because errors
cross process borders (Airflow's workers).
"""

from __future__ import annotations

from typing import ClassVar, Self


class EtlError(Exception):
    """Base of the tree.

    Attributes:
        owner: Who has to act.
        owner_ko: The same in Korean, for the pages and terminals of people.
        retryable: Whether running the same step again can succeed.
        exit_code: What the command line ends with.
        facts: Names and counts for programs.

    Examples:
        >>> str(SourceFormatError("parks: 2 columns are missing.", dataset="parks"))
        '[supplying department] parks: 2 columns are missing.'
    """

    owner: ClassVar[str] = "platform operator"
    owner_ko: ClassVar[str] = "운영 담당자"
    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 40

    def __init__(self, message: str, **facts: str | int | float | None) -> None:
        """Keep the message as the one positional argument, the facts beside it."""
        super().__init__(message)
        self.facts = facts

    @property
    def message(self) -> str:
        """The message without its owner."""
        return str(self.args[0])

    def __str__(self) -> str:
        """Put the owner first, so that every log line says who acts."""
        return f"[{self.owner}] {self.message}"

    def __reduce__(self) -> tuple[object, ...]:
        """Let the facts travel with the message."""
        return (_rebuild, (type(self), self.message, self.facts))

    @classmethod
    def rebuild(cls, message: str, facts: dict[str, str | int | float | None]) -> Self:
        """Return the error that another process raised."""
        return cls(message, **facts)


def _rebuild(
    kind: type[EtlError], message: str, facts: dict[str, str | int | float | None]
) -> EtlError:
    return kind.rebuild(message, facts)


class ContractError(EtlError):
    """A dataset contract, a record or the order of releases needs a decision."""

    owner = "data steward"
    owner_ko = "데이터 관리 책임자"
    exit_code = 10


class ReleaseHeldError(ContractError):
    """A release may not go live by itself; the live one stays."""


class SourceError(EtlError):
    """A source cannot be used."""


class SourceUnavailableError(SourceError):
    """A source does not answer; the same run may succeed later."""

    retryable = True


class SourceFormatError(SourceError):
    """A supplied file is not what the contract describes."""

    owner = "supplying department"
    owner_ko = "제공 부서"
    exit_code = 20


class QualityGateError(EtlError):
    """Too many rows of a file break their contract."""

    owner = "supplying department"
    owner_ko = "제공 부서"
    exit_code = 20


class DisclosureRiskError(EtlError):
    """A table would reveal more about individuals than its contract allows."""

    owner = "privacy officer"
    owner_ko = "개인정보 보호책임자"
    exit_code = 30


class ApprovalRefusedError(EtlError):
    """A release lacks the approval that its contract asks for."""

    owner = "privacy officer"
    owner_ko = "개인정보 보호책임자"
    exit_code = 30


class CatalogueError(EtlError):
    """The catalogue cannot be brought to the new release."""


class CatalogueUnavailableError(CatalogueError):
    """The catalogue does not answer, or is busy; the same run may succeed later."""

    retryable = True


class CatalogueRejectedError(CatalogueError):
    """The catalogue refuses the record."""

    owner = "data steward"
    owner_ko = "데이터 관리 책임자"
    exit_code = 10


class StoreError(EtlError):
    """The store, the ledger or a secret cannot be used."""


class StoreUnavailableError(StoreError):
    """The store or the ledger does not answer; the same run may succeed later."""

    retryable = True


class LeaseBusyError(StoreError):
    """Another run of the same dataset is between certify and switch."""

    retryable = True


class DefectError(EtlError):
    """The program contradicts itself: two engines disagree, or the books do not balance."""

    owner = "developer"
    owner_ko = "개발자"
    exit_code = 70
