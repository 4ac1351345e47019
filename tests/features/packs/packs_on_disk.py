"""A small good pack, and the ways to write it, whole or broken, into a folder."""

from pathlib import Path

PACK = """\
format: 1
id: press
version: 1.2.0
names: {en: Press, zh: 压力机}
signals:
  - id: force
    names: {en: Force, zh: 力}
    quantity: force
    unit: kN
    role: condition
    range: [0, 500]
    grade: 1
    category: process
  - id: oil_temperature
    names: {en: Oil temperature, zh: 油温}
    quantity: temperature
    unit: degC
    role: sensor
    range: [-40, 150]
    sampling_seconds: 60
    grade: 1
    category: condition-monitoring
  - id: strokes
    names: {en: Strokes, zh: 冲程数}
    quantity: count
    unit: "1"
    role: counter
    range: [0, 1e9]
    grade: 2
    category: usage
life:
  unit: parts
  source: counter
  signal: strokes
  seconds_per_unit: 2
  modelled_component: clutch
regimes:
  signals: [force]
  tolerance: 0.1
  running: {signal: force, above: 10}
features:
  signals: [oil_temperature]
  windows: [100, 1000]
  baseline: 500
  minimum_life: 100
  ttl: 300
  label_every: 100
prognosis:
  targets: [remaining_life, failure_within]
  step: 100
  steps: 50
  horizons: [500, 5000]
  valid_for: 100
costs: {miss: 10, false_alarm: 1}
alarm_budget: 2
"""

KNOWLEDGE = """\
format: 1
failure_modes:
  - id: clutch_wear
    names: {en: Clutch wear, zh: 离合器磨损}
    iso14224: SER/2.4
    symptoms:
      - {signal: oil_temperature, measure: level, direction: up, threshold: 2, belief: 0.5}
      - {signal: sensor, measure: spread, direction: either, threshold: 3, belief: 0.2}
    checks:
      - {en: Measure the lining., zh: 测量衬片。}
    actions:
      - {en: Replace the lining., zh: 更换衬片。}
    spare_parts: [lining]
    source: The press's own handbook.
cases:
  - symptoms: {oil_temperature: 3.5}
    expected: [clutch_wear]
"""


def write_pack(folder: Path, pack: str | bytes = PACK, knowledge: str | bytes = KNOWLEDGE) -> Path:
    """Write both files and return the folder."""
    for name, content in (("pack.yaml", pack), ("knowledge.yaml", knowledge)):
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def changed(text: str, old: str, new: str) -> str:
    """Return a text with its one occurrence of `old` replaced."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    return text.replace(old, new)
