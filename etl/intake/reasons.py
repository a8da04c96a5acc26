"""Why a file could not be read, in the words of the clerk who has to do something about it."""

from __future__ import annotations

_HANGUL = (
    "한글(HWP) 문서는 표로 읽을 수 없습니다. 표를 한셀이나 엑셀로 옮겨 CSV 또는 XLSX로"
    " 저장하십시오."
)
_DOCUMENT = "문서 파일이라 표로 읽을 수 없습니다. 표를 엑셀로 옮겨 CSV 또는 XLSX로 저장하십시오."
_ARCHIVE = "압축 파일을 열 수 없습니다. CSV나 XLSX 파일 하나만 ZIP으로 묶거나 압축 없이 넣으십시오."
_WORKBOOK = "통합 문서를 읽을 수 없습니다. 엑셀에서 열어 XLSX로 다시 저장하십시오."
_TABLE = (
    "표로 읽을 수 없습니다. 원래 프로그램에서 CSV(UTF-8) 또는 XLSX로 다시 내보내십시오."
    " 어느 곳이 문제인지는 아래 영문 설명에 있습니다."
)
_KINDS = {
    "empty": "파일이 비어 있습니다. 다시 내보내십시오. 행이 없더라도 제목 줄은 있어야 합니다.",
    "encrypted": "암호나 문서 보안(DRM)이 걸려 있습니다. 해제하여 CSV 또는 XLSX로 저장하십시오.",
    "pdf": "PDF 문서는 표로 읽을 수 없습니다. 원래 프로그램에서 CSV 또는 XLSX로 내보내십시오.",
    "json": "JSON은 표로 읽지 않습니다. 원래 프로그램에서 CSV 또는 XLSX로 내보내십시오.",
    "image": "그림 파일입니다. 표 자체를 CSV 또는 XLSX로 넣으십시오.",
    "executable": "실행 파일이나 바로 가기입니다. 자료 파일을 넣으십시오.",
    **dict.fromkeys(("hwp", "hwpx"), _HANGUL),
    **dict.fromkeys(("doc", "docx", "ppt", "pptx", "odt", "rtf"), _DOCUMENT),
    **dict.fromkeys(("zip", "gzip", "archive"), _ARCHIVE),
    **dict.fromkeys(("xlsx", "xls", "xlsb", "ods", "html", "mhtml"), _WORKBOOK),
}
_QUESTION = (
    "두 가지 이상으로 읽힐 수 있어 추측하지 않고 멈추었습니다. 데이터 관리 책임자가 계약에 다음을"
    " 적은 뒤 다시 넣으십시오: {}"
)


def korean_reason(kind: str, status: str, contract_lines: str, usual: str) -> str:
    """Return in Korean why a file was not read, and what to do.

    Args:
        kind: The kind of the file by name; empty when that was not the matter.
        status: `refused`, or `question` where the contract could answer.
        contract_lines: The lines that would answer it.
        usual: What to say when the kind was not the matter.

    Examples:
        >>> korean_reason("pdf", "refused", "", "").split(".")[0]
        'PDF 문서는 표로 읽을 수 없습니다'
        >>> korean_reason("csv", "question", "layout: {header: none}", "").split("오: ")[1]
        'layout: {header: none}'
        >>> korean_reason("", "", "", "돌려보냈습니다.")
        '돌려보냈습니다.'
    """
    if status == "question":
        return _QUESTION.format(contract_lines)
    return _KINDS.get(kind, _TABLE) if kind else usual
