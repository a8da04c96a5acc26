"""What the command line says to people, in Korean and in English."""

from __future__ import annotations

from typing import Literal

from etl.errors import EtlError

Language = Literal["ko", "en"]

SENTENCES: dict[str, tuple[str, str]] = {
    "extract": ("읽기", "extract"),
    "validate": ("검증", "validate"),
    "anonymise": ("비식별 처리", "anonymise"),
    "convert": ("변환", "convert"),
    "certify": ("인증", "certify"),
    "publish": ("공개", "publish"),
    "published": ("공개했습니다", "published"),
    "unchanged": ("공개 중인 판과 같아 바꾸지 않았습니다",
                  "unchanged: the live release holds the same"),
    "held": ("보류했습니다", "held"),
    "refused": ("거절했습니다", "refused"),
    "failed": ("마치지 못했습니다", "failed"),
    "release": ("판", "release"),
    "rows in the file": ("파일의 행", "rows in the file"),
    "accepted": ("통과", "accepted"),
    "quarantined": ("격리", "quarantined"),
    "rows published": ("공개 행", "rows published"),
    "suppressed": ("숨김", "suppressed"),
    "page": ("주소", "page"),
    "files": ("파일", "files"),
    "report": ("부서용 보고서", "report for the department"),
    "detail": ("자세히", "detail"),
    "who acts": ("담당", "who acts"),
    "dataset": ("자료", "dataset"),
    "title": ("제목", "title"),
    "steward": ("담당 부서", "steward"),
    "valid": ("올바릅니다", "valid"),
    "additive": ("더해지는 변경", "additive change"),
    "breaking": ("깨는 변경", "breaking change"),
    "line": ("행", "line"),
    "holds": ("인증서와 일치합니다", "holds"),
    "does not hold": ("인증서와 일치하지 않습니다", "does not hold"),
    "required": ("요구", "required"),
    "measured": ("측정", "measured"),
    "check": ("항목", "check"),
    "organisations ready": ("기관 준비됨", "organisations ready"),
    "ledger ready": ("원장이 최신입니다", "the ledger is up to date"),
    "destroyed": ("파기한 제한 사본", "restricted copies destroyed"),
    "codes left out": ("제외한 행 (쓸 수 없음 + 겹침)", "left out (unusable + repeated)"),
    "run as root first": ("관리자(root)로 먼저 실행하십시오", "an administrator runs this first"),
    "folders ready": ("폴더 준비됨", "folders ready"),
    "written": ("썼습니다", "written"),
    "read": ("읽을 수 있습니다", "can be read"),
    "question": ("확인이 필요합니다", "a question has to be answered first"),
    "contract lines": ("계약서에 더할 내용:", "lines for the contract:"),
    "columns": ("열", "columns"),
    "total": ("전체 레코드", "records"),
    "header": ("머리글", "header"),
    "data": ("자료", "data"),
    "totals": ("합계", "totals"),
    "notes": ("제목과 주석", "titles and notes"),
    "blank": ("빈 행", "blank"),
    "ragged": ("칸 수가 맞지 않는 행", "ragged"),
}  # fmt: skip


def say(key: str, language: Language) -> str:
    """Return a sentence in one language.

    Examples:
        >>> say("published", "ko")
        '공개했습니다'
    """
    korean, english = SENTENCES[key]
    return korean if language == "ko" else english


def choose_language(asked: str | None, locale: str) -> Language:
    """Return the language to speak: the one asked for, else the locale's, else English.

    Examples:
        >>> choose_language(None, "ko_KR.UTF-8")
        'ko'
    """
    wanted = asked or locale
    return "ko" if wanted.lower().startswith("ko") else "en"


def tell_error(error: EtlError, language: Language) -> str:
    """Return an error for a person: who acts, what happened, what to do next."""
    if language == "ko":
        return f"[{error.owner_ko}] {error.summary_ko}\n자세히: {error.message}"
    return str(error)
