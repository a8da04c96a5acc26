"""What a department is told about a cell that cannot be read, where the reason is known."""

from __future__ import annotations

from typing import Literal

Texts = dict[str, tuple[str, str]]

_KOREAN: Texts = {
    "excel_damaged": (
        "엑셀이 값을 바꾸어 원래 값을 알 수 없습니다",
        "원자료에서 값을 찾아 셀 서식을 텍스트로 바꾼 뒤 다시 적으십시오",
    ),
    "spreadsheet_error": (
        "수식 오류가 들어 있습니다",
        "수식을 바로잡거나 값을 직접 적고, 값이 없으면 비워 두십시오",
    ),
    "impossible_date": ("달력에 없는 날짜입니다", "실제 날짜를 확인하여 적으십시오"),
    "two_digit_year": ("연도가 두 자리입니다", "연도를 네 자리로 적으십시오. 예: 1999-12-31"),
    "precision": (
        "날짜를 적은 단위가 이 열과 다릅니다",
        "다른 행처럼 {kind} 적으십시오. 모르는 값이면 비워 두십시오",
    ),
    "other_era": ("서기 연도가 아닙니다", "서기 연도를 네 자리로 적으십시오"),
    "end_of_day": ("24:00은 시각으로 쓸 수 없습니다", "00:00부터 23:59 사이로 적으십시오"),
    "negative_mark": (
        "음수를 나타내는 기호를 확실히 알 수 없습니다",
        "음수이면 빼기 기호를 붙여 적으십시오. 예: -1200",
    ),
    "grouping": ("쉼표의 자리가 맞지 않습니다", "쉼표를 지우거나 세 자리마다 찍으십시오"),
    "decimals": ("소수점 아래 자릿수가 많습니다", "소수점 아래 {places}자리까지 적으십시오"),
    "leading_zero": (
        "0으로 시작하는 긴 번호입니다",
        "수가 들어갈 열에 번호가 있는지 확인하십시오",
    ),
    "unit_in_cell": ("숫자와 단위가 한 칸에 있습니다", "단위를 지우고 숫자만 적으십시오"),
    "no_date": ("날짜가 아닙니다", "날짜 하나만, 아는 데까지 적으십시오. 예: 2003-05-12, 2003-05"),
    "no_phone": (
        "지역 번호까지 갖춘 전화번호 하나가 아닙니다",
        "지역 번호부터 번호 하나만 적으십시오. 예: 02-1234-5678",
    ),
    "not_listed": (
        "목록에 없는 값이 들어 있습니다",
        "정해진 값만 적고, 여러 값은 정해진 기호로 나누십시오",
    ),
    "swapped": (
        "위도와 경도가 바뀐 것으로 보입니다",
        "위도 열에는 33~39, 경도 열에는 124~132 사이의 값을 적으십시오",
    ),
    "not_on_grid": (
        "다른 행과 좌표계가 다릅니다",
        "도 단위가 아니라 다른 행과 같은 좌표계의 값으로 적으십시오",
    ),
    "outside_korea": (
        "좌표가 우리나라 밖이거나 한쪽만 있습니다",
        "두 좌표를 함께 확인하여 바로잡고, 모르면 둘 다 비워 두십시오",
    ),
}
_ENGLISH: Texts = {
    "excel_damaged": (
        "was changed by a spreadsheet and cannot be recovered",
        "Look the value up at its source, format the cell as text and write it again",
    ),
    "spreadsheet_error": (
        "holds a formula that failed",
        "Mend the formula or write the value; leave the cell empty where there is none",
    ),
    "impossible_date": ("is a day that does not exist", "Look the day up and write it"),
    "two_digit_year": ("has a year of two digits", "Write four digits, as 1999-12-31"),
    "precision": (
        "is more or less precise than the column",
        "Write {kind} as in other rows; leave the cell empty where it is not known",
    ),
    "other_era": ("counts years from another era", "Write the year of the common era"),
    "end_of_day": ("is 24:00, which is no time of day", "Write a time from 00:00 to 23:59"),
    "negative_mark": (
        "has a mark that may mean a negative number",
        "Write negative numbers with a minus sign, as -1200",
    ),
    "grouping": ("has commas in the wrong places", "Delete the commas, or put one every 3 digits"),
    "decimals": ("has too many decimals", "Write at most {places} after the point"),
    "leading_zero": (
        "is a long number that begins with 0",
        "Check whether a code stands in a column of numbers",
    ),
    "unit_in_cell": ("holds a number and a unit", "Delete the unit and write the number alone"),
    "no_date": ("is no date", "Write one date, as far as it is known: 2003-05-12, 2003-05"),
    "no_phone": (
        "is not one telephone number with its area code",
        "Write one number from its area code on, as 02-1234-5678",
    ),
    "not_listed": (
        "holds a value that is not in the list",
        "Write values of the list alone, with the agreed sign between them",
    ),
    "swapped": (
        "looks like latitude and longitude exchanged",
        "Write a latitude from 33 to 39 and a longitude from 124 to 132, each in its column",
    ),
    "not_on_grid": (
        "is in degrees, unlike the other rows",
        "Write a coordinate of the same grid as in other rows",
    ),
    "outside_korea": (
        "lies outside of Korea, or stands without its other half",
        "Check both coordinates; leave both empty where they are not known",
    ),
}
_TEXTS: dict[Literal["ko", "en"], Texts] = {"ko": _KOREAN, "en": _ENGLISH}
_KINDS = {
    "ko": {
        "year": "연도만",
        "yearmonth": "연도와 월만",
        "date": "연월일을",
        "datetime": "날짜와 시각을",
        "string": "날짜만",
    },
    "en": {
        "year": "the year alone",
        "yearmonth": "year and month",
        "date": "year, month and day",
        "datetime": "date and time",
        "string": "the date alone",
    },
}


def explain(
    reason: str, kind: str, decimals: int | None, language: Literal["ko", "en"]
) -> tuple[str, str]:
    """Return what is wrong with a cell, and what to do about it.

    Args:
        reason: Why it cannot be read: a `Reason`.
        kind: Type of the field.
        decimals: Places of a field of numbers.
        language: Of both texts.

    Examples:
        >>> explain("decimals", "number", 2, "en")
        ('has too many decimals', 'Write at most 2 after the point')
    """
    fault, remedy = _TEXTS[language][reason]
    named = _KINDS[language].get(kind, "")
    return fault, remedy.format(kind=named, places=decimals or 0)
