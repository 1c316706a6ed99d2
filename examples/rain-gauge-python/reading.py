"""One line of a report. Knows nothing of the contract."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Reading:
    station: str
    region: str
    # Microseconds since 1970.
    time: int
    millimetres: float

    def body(self) -> bytes:
        """As the data standard says it, in the same bytes as the example in Rust: the same reading is the same message."""
        reading = {
            "datastream": self.station,
            "observedProperty": "rainfall",
            "unit": "mm",
            "phenomenonTime": written(self.time),
            "result": self.millimetres,
            "quality": "good",
        }
        return json.dumps({"readings": [reading]}, ensure_ascii=False, separators=(",", ":")).encode()


def read(line: str) -> Reading:
    """Raises ValueError with a sentence for the operator."""
    fields = [field.strip() for field in line.split(",")]
    if len(fields) != 4:
        raise ValueError(f"a line has 4 fields, not {len(fields)}")
    station, region, time, millimetres = fields
    if not 1 <= len(station.encode()) <= 64:
        raise ValueError("a station has 1 to 64 bytes")
    # GB/T 2260: two digits each for province, city and county; below 00 there is nothing.
    if not re.fullmatch(r"(?!00)[0-9]{2}(0000|(?!00)[0-9]{4})", region):
        raise ValueError(f"`{region}` is no region")
    micros = instant(time)
    if not NUMBER.fullmatch(millimetres):
        raise ValueError(f"`{millimetres}` is no number")
    amount = float(millimetres)
    if not 0.0 <= amount <= 500.0:
        raise ValueError(f"{millimetres} mm in one report cannot be")
    return Reading(station, region, micros, amount)


def instant(text: str) -> int:
    try:
        if not INSTANT.fullmatch(text):
            raise ValueError
        time = datetime.fromisoformat(text.upper())
    except ValueError:
        raise ValueError(f"`{text}` is no RFC 3339 instant") from None
    return (time - EPOCH) // timedelta(microseconds=1)


def written(micros: int) -> str:
    """RFC 3339 in UTC, with as many digits of the second as it has."""
    time = EPOCH + timedelta(microseconds=micros)
    fraction = f".{micros % 1_000_000:06}".rstrip("0").rstrip(".")
    return f"{time:%Y-%m-%dT%H:%M:%S}{fraction}Z"
