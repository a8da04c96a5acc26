from __future__ import annotations

import pytest

PARKS = """\
format: 1
version: 1
title: {ko: 도시공원, en: City parks}
description: {ko: 공원의 위치와 면적}
steward: 공원녹지과
licence: kogl-1
theme: environment
frequency: P1Y
source: {folder: {files: "*.csv"}}
disclosure: {level: public}
primaryKey: [park_id]
fields:
  - name: park_id
    title: {ko: 관리번호}
    type: string
    constraints: {required: true}
    role: open
  - name: area
    title: {ko: 공원면적}
    aliases: [면적]
    type: number
    decimals: 1
    role: open
privacy: {unit: none}
approval: none
examples:
  - supplied: [{park_id: "1", area: "1.5"}]
    published: [{park_id: "1", area: "1.5"}]
"""

WORKERS = """\
format: 1
version: 1
title: {ko: 취업}
description: {ko: 취업한 사람}
steward: 일자리정책과
licence: kogl-1
theme: employment
frequency: P1Y
source: {folder: {}}
disclosure: {level: public}
fields:
  - name: age
    title: {ko: 연령}
    type: integer
    role: quasi-identifier
    generalise: {band: 5, top: 80}
  - name: employed_on
    title: {ko: 취업일자}
    type: date
    role: quasi-identifier
    generalise: {date_part: year}
privacy: {unit: person, unit_key: none, k: 10, suppression: 2%}
approval: privacy-officer
"""


@pytest.fixture
def parks() -> str:
    return PARKS


@pytest.fixture
def workers() -> str:
    return WORKERS
