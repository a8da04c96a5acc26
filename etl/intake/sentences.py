"""What departments are told, each sentence in Korean and in English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing told; words and counts, no cell of a file.

    Attributes:
        ko: In Korean.
        en: In English.
    """

    ko: str
    en: str


NOW = {
    "taken": Sentence(
        ko="접수했습니다. 검사를 마치면 이 파일은 accepted 또는 returned 폴더로 보고서와 함께"
        " 옮겨집니다. 지금 하실 일은 없습니다.",
        en="Taken. Once it is checked, the file moves to the folder accepted or returned, with"
        " a report beside it. There is nothing for you to do.",
    ),
    "delayed": Sentence(
        ko="접수했습니다. 저희 쪽 문제로 처리가 늦어지고 있으며, 운영 담당자가 확인합니다."
        " 파일은 안전하게 보관 중이므로 다시 넣지 않으셔도 됩니다.",
        en="Taken. A problem on our side delays it, and the operator looks into it. Your file"
        " is safe; there is no need to drop it again.",
    ),
    "returned": Sentence(
        ko="사용할 수 없어 returned 폴더로 돌려보냈습니다. 보고서를 보고 고친 뒤 이 폴더에"
        " 다시 넣으십시오.",
        en="Returned: the file is in the folder returned. Read the report, correct the file"
        " and put it into this folder again.",
    ),
    "accepted": Sentence(
        ko="검사를 통과하여 accepted 폴더로 옮겼습니다. 공개 절차를 진행하고 있습니다. 제외된"
        " 행이 있으면 보고서에 적혀 있습니다.",
        en="Accepted: the file is in the folder accepted and on its way to publication. Rows"
        " that were left out, if any, are named in the report.",
    ),
    "waiting": Sentence(
        ko="검사를 통과하여 accepted 폴더로 옮겼습니다. 개인정보 보호책임자의 승인을 기다립니다.",
        en="Accepted: the file is in the folder accepted. The release waits for the approval"
        " of the privacy officer.",
    ),
    "published": Sentence(
        ko="검사를 통과하여 공개되었습니다. 파일은 accepted 폴더에 있습니다.",
        en="Published. The file is in the folder accepted.",
    ),
    "unchanged": Sentence(
        ko="지금 공개 중인 자료와 같은 내용이므로 바뀐 것이 없습니다. 파일은 accepted 폴더에"
        " 있습니다.",
        en="Nothing changed: what is published holds the same already. The file is in the"
        " folder accepted.",
    ),
    "held": Sentence(
        ko="검사를 통과하여 accepted 폴더로 옮겼으나 공개를 보류했습니다. 데이터 관리 책임자가"
        " 확인한 뒤 진행합니다.",
        en="Accepted: the file is in the folder accepted, but its release is held until the"
        " data steward or the privacy officer has looked at it.",
    ),
    "refused": Sentence(
        ko="파일은 accepted 폴더에 있으나 개인정보 보호책임자가 공개를 승인하지 않았습니다."
        " 공개 중인 자료는 그대로입니다.",
        en="The file is in the folder accepted, but the privacy officer refused its release."
        " What was published before stays.",
    ),
    "superseded": Sentence(
        ko="파일은 accepted 폴더에 있으나 더 새로운 파일이 공개되어 이 파일은 공개되지 않았습니다.",
        en="The file is in the folder accepted, but a newer file took its place before this"
        " one was published.",
    ),
    "failed": Sentence(
        ko="파일은 accepted 폴더에 있으나 공개를 마치지 못했습니다. 담당자가 확인합니다. 공개"
        " 중인 자료는 그대로입니다.",
        en="The file is in the folder accepted, but its release could not be completed;"
        " somebody is looking into it. What was published before stays.",
    ),
}
SAME = Sentence(
    ko="{} 에 접수한 파일(접수 번호 {})과 내용이 같아 한 번만 처리합니다. 아래는 그 처리"
    " 상태입니다.",
    en="The same content as before, taken on {} (number {}), so it is handled once. Below is"
    " how that stands.",
)
STILL_WRITTEN = Sentence(
    ko="접수한 뒤에도 파일이 계속 쓰이고 있었습니다. 다른 이름으로 복사한 다음 이름을 바꾸거나,"
    " 복사가 끝난 뒤 같은 이름에 .done을 붙인 빈 파일을 함께 넣으십시오.",
    en="The file was still being written after it had stood still and was taken. Copy it under"
    " another name and rename it at the end, or put NAME.done beside it when it is whole.",
)
