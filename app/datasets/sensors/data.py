"""Devices, and their readings in time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.datasets import Part
from app.datasets import Dataset, pick

ROOMS = ("cellar", "kitchen", "attic", "garden", "office", "hall")
START = datetime(2026, 4, 1, tzinfo=UTC)
STEP = timedelta(hours=1)
FIRST_READINGS = 48


@dataclass(frozen=True, slots=True)
class Device:
    id: int
    room: str


@dataclass(frozen=True, slots=True)
class Reading:
    device: Device
    at: datetime
    celsius: float
    humidity: int


@dataclass(frozen=True, slots=True)
class Sensors:
    devices: list[Device]
    readings: list[Reading]


def facts(scale: int) -> Sensors:
    devices = [Device(number, room) for number, room in enumerate(ROOMS, 1)]
    readings = [_reading(device, step) for step in range(FIRST_READINGS * scale) for device in devices]
    return Sensors(devices, readings)


def _reading(device: Device, step: int) -> Reading:
    hour = step % 24
    warmth = 12 - abs(14 - hour) // 2 + 2 * device.id
    celsius = warmth + pick(f"celsius{device.id}", step, 8) / 4
    return Reading(device, START + step * STEP, celsius, 40 + pick(f"humidity{device.id}", step, 30))


def tables(sensors: Sensors) -> tuple[Part, ...]:
    return (
        Part("devices", [(d.id, d.room) for d in sensors.devices], ("id", "room")),
        Part(
            "readings",
            [(r.device.id, r.at, r.celsius, r.humidity) for r in sensors.readings],
            ("device_id", "at", "celsius", "humidity"),
        ),
    )


def documents(sensors: Sensors) -> tuple[Part, ...]:
    readings = [
        {"device": {"id": r.device.id, "room": r.device.room}, "at": r.at, "celsius": r.celsius, "humidity": r.humidity}
        for r in sensors.readings
    ]
    return (Part("readings", readings),)


def keys(sensors: Sensors) -> tuple[Part, ...]:
    commands: list[list[object]] = [["HSET", f"device:{d.id}", "room", d.room] for d in sensors.devices]
    commands += [
        [
            "XADD",
            f"readings:{r.device.id}",
            f"{int(r.at.timestamp())}000-0",
            "celsius",
            r.celsius,
            "humidity",
            r.humidity,
        ]
        for r in sensors.readings
    ]
    return (Part("keys", commands),)


def items(sensors: Sensors) -> tuple[Part, ...]:
    found: list[dict[str, object]] = [{"device": d.id, "at": "0", "room": d.room} for d in sensors.devices]
    found += [
        {"device": r.device.id, "at": f"{r.at:%Y-%m-%dT%H:%M:%SZ}", "celsius": r.celsius, "humidity": r.humidity}
        for r in sensors.readings
    ]
    return (Part("readings", found),)


DATASET = Dataset(
    slug="sensors",
    title="Sensors",
    about="Six devices measure temperature and humidity in their rooms every hour.",
    facts=facts,
    shapes={"postgres": tables, "mongodb": documents, "redis": keys, "dynamodb": items},
    mapping={
        "postgres": (
            ("devices", "one row a room"),
            ("readings", "the key is device and time"),
        ),
        "mongodb": (
            (
                "readings",
                "a time series collection: the device is its metadata, and the server packs readings by device and time",
            ),
        ),
        "redis": (
            ("device:{id}", "a hash per device"),
            ("readings:{device}", "a stream whose ids are the times, in milliseconds since 1970"),
        ),
        "dynamodb": (("device / at", "one item collection a device, sorted by time; at '0' stands the device itself"),),
    },
)
