"""What is not even opened, and what its sender is told."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from etl.intake.names import is_unsafe
from etl.intake.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one department may put into the folder of one dataset.

    Attributes:
        size_bytes: Size of the largest file that is taken.
        files: Files of one dataset that may wait at the same time.
    """

    size_bytes: int
    files: int


NO_FILE = Sentence(
    "보통 파일이 아니라 바로 가기나 장치 같은 특수 파일이라서 열지 않았습니다."
    " 원본 파일을 복사해 넣으십시오.",
    "This is a link, a device or another special file, so it was not opened."
    " Copy the file itself into the folder.",
)
LINKED = Sentence(
    "다른 이름으로도 연결된(하드 링크) 파일이라서 열지 않았습니다. 원본 파일을 복사해 넣으십시오.",
    "The file is linked under another name as well, so it was not opened."
    " Copy the file itself into the folder.",
)
NAME = Sentence(
    "파일 이름에 줄 바꿈, 제어 문자 또는 \\ 기호가 있습니다. 이름을 바꾸어 다시 넣으십시오.",
    "The file's name holds a line break, a control character or a backslash."
    " Rename the file and put it here again.",
)


def find_refusal(
    name: str, status: os.stat_result, earlier_files: int, limits: Limits
) -> Sentence | None:
    """Return why a file is not opened, None when it may be.

    Args:
        name: Its name, as people read it.
        status: What `lstat` says of it.
        earlier_files: Files of the dataset that came before it and wait as well.
        limits: What is allowed.
    """
    if not stat.S_ISREG(status.st_mode):
        return NO_FILE
    if status.st_nlink > 1:
        return LINKED
    if is_unsafe(name):
        return NAME
    if status.st_size > limits.size_bytes:
        return _too_large(status.st_size, limits.size_bytes)
    return _too_many(limits.files) if earlier_files >= limits.files else None


def _too_large(size_bytes: int, most: int) -> Sentence:
    return Sentence(
        f"파일이 너무 큽니다({size_bytes:,} 바이트, 한도 {most:,} 바이트)."
        " 나누어 넣거나 운영 담당자에게 한도를 올려 달라고 하십시오.",
        f"The file is too large ({size_bytes:,} bytes; the limit is {most:,})."
        " Split it, or ask the operator to raise the limit.",
    )


def _too_many(most: int) -> Sentence:
    return Sentence(
        f"이 폴더에서 기다리는 파일이 한도({most:,}개)를 넘었습니다."
        " 앞의 파일이 처리된 뒤 다시 넣으십시오.",
        f"More files wait in this folder than it takes at once ({most:,})."
        " Put the file here again once the others are done.",
    )
