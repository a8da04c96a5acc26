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
        summary_ko: What such an error means and what to do next, in Korean.
        retryable: Whether running the same step again can succeed.
        exit_code: What the command line ends with.
        facts: Names and counts for programs.

    Examples:
        >>> str(SourceFormatError("parks: 2 columns are missing.", dataset="parks"))
        '[supplying department] parks: 2 columns are missing.'
    """

    owner: ClassVar[str] = "platform operator"
    owner_ko: ClassVar[str] = "운영 담당자"
    summary_ko: ClassVar[str] = "작업을 마치지 못했습니다. 공개 중인 자료는 그대로입니다."
    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 40

    def __init__(self, message: str, **facts: str | float | None) -> None:
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

    summary_ko = "계약서 또는 판의 순서를 확인해야 합니다. 공개 중인 자료는 그대로입니다."
    owner = "data steward"
    owner_ko = "데이터 관리 책임자"
    exit_code = 10


class ReleaseHeldError(ContractError):
    """A release may not go live by itself; the live one stays."""

    summary_ko = "새 판을 보류했습니다. 공개 중인 판은 그대로입니다."


class SourceError(EtlError):
    """A source cannot be used."""


class SourceUnavailableError(SourceError):
    """A source does not answer; the same run may succeed later."""

    summary_ko = "자료 원천이 응답하지 않습니다. 잠시 뒤 다시 실행하십시오."
    retryable = True


class SourceFormatError(SourceError):
    """A supplied file is not what the contract describes."""

    summary_ko = "제출한 파일을 읽을 수 없어 돌려보냈습니다. 파일을 고쳐 다시 제출하십시오."
    owner = "supplying department"
    owner_ko = "제공 부서"
    exit_code = 20


class QualityGateError(EtlError):
    """Too many rows of a file break their contract."""

    summary_ko = "계약을 어긴 행이 너무 많아 돌려보냈습니다. 보고서의 행을 고쳐 다시 제출하십시오."
    owner = "supplying department"
    owner_ko = "제공 부서"
    exit_code = 20


class DisclosureRiskError(EtlError):
    """A table would reveal more about individuals than its contract allows."""

    summary_ko = "개인정보가 드러날 위험이 있어 공개하지 않았습니다. 공개 중인 자료는 그대로입니다."
    owner = "privacy officer"
    owner_ko = "개인정보 보호책임자"
    exit_code = 30


class ApprovalRefusedError(EtlError):
    """A release lacks the approval that its contract asks for."""

    summary_ko = "개인정보 보호책임자의 승인이 필요합니다. 아직 아무것도 공개하지 않았습니다."
    owner = "privacy officer"
    owner_ko = "개인정보 보호책임자"
    exit_code = 30


class CatalogueError(EtlError):
    """The catalogue cannot be brought to the new release."""


class CatalogueUnavailableError(CatalogueError):
    """The catalogue does not answer, or is busy; the same run may succeed later."""

    summary_ko = (
        "카탈로그가 응답하지 않습니다. 공개 중인 자료는 그대로이니 잠시 뒤 다시 실행하십시오."
    )
    retryable = True


class CatalogueRejectedError(CatalogueError):
    """The catalogue refuses the record."""

    summary_ko = "카탈로그가 기록을 받지 않았습니다. 공개 중인 자료는 그대로입니다."
    owner = "data steward"
    owner_ko = "데이터 관리 책임자"
    exit_code = 10


class StoreError(EtlError):
    """The store, the ledger or a secret cannot be used."""

    summary_ko = "저장소, 원장 또는 비밀 파일을 쓸 수 없습니다. 공개 중인 자료는 그대로입니다."


class StoreUnavailableError(StoreError):
    """The store or the ledger does not answer; the same run may succeed later."""

    retryable = True


class LeaseBusyError(StoreError):
    """Another run of the same dataset is between certify and switch."""

    summary_ko = "같은 자료를 다른 작업이 공개하는 중입니다. 잠시 뒤 다시 실행하십시오."
    retryable = True


class DefectError(EtlError):
    """The program contradicts itself: two engines disagree, or the books do not balance."""

    summary_ko = "프로그램 결함입니다. 아무것도 공개하지 않았습니다. 개발자에게 알리십시오."
    owner = "developer"
    owner_ko = "개발자"
    exit_code = 70
