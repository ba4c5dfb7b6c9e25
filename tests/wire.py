"""Packets and alerts that several tests send; keys are made anew for every run."""

from __future__ import annotations

import os
from pathlib import Path

import attrs
import pytest

from emergency import ebd_signature, ebd_tar, ebd_writer, sm2
from emergency.ebd import Ebd, Ebm
from emergency.ebd_profile import instant, packet_id, resource_id
from station.words import HOUR, AreaCode

KEY = sm2.generate()
STRANGER = sm2.generate()
NOW = instant("2026-11-22 08:00:00")
PROVINCE = resource_id(2, "340000000000")
SERIAL = "000000000042"
EBM = Ebm(
    ebm_id=PROVINCE + "202611220001",
    msg_type=1,
    sender_name="安徽省应急广播平台",
    sender_code=PROVINCE,
    sent=NOW,
    event="11B03",
    severity=1,
    start=NOW,
    end=NOW + HOUR,
    title="暴雨红色预警",
    text="请立即转移到高处。",
    areas=(AreaCode("340422000000"),),
)


def packet(body=EBM, *, sequence=1, time=NOW, heartbeat=False) -> Ebd:
    """A packet of the province."""
    ebd_id = packet_id(PROVINCE, sequence, heartbeat=heartbeat)
    return Ebd(ebd_id=ebd_id, source=PROVINCE, time=time, body=body, dest=(resource_id(4, "340422000000"),))


def package(ebd=None, *, key=KEY, at=NOW, signed=True, media=()) -> ebd_tar.Package:
    """Its signed package."""
    ebd = ebd or packet()
    body = ebd_writer.write(ebd)
    signature = ebd_signature.sign(body, ebd.ebd_id, signer=sm2.signer(key), serial=SERIAL, now=at)
    return ebd_tar.Package(ebd_id=ebd.ebd_id, body=body, signature=signature if signed else None, media=media)


def tar(ebd=None, **how) -> bytes:
    """Its tar."""
    return ebd_tar.pack(package(ebd, **how))


def changed(**fields) -> Ebm:
    """The province's message with other fields."""
    return attrs.evolve(EBM, **fields)


def samples(folder: str) -> Path:
    """Samples outside the repository; the test is skipped aloud where they are not at hand."""
    root = os.environ.get("GENGFU_SAMPLES", "")
    if not root or not (Path(root) / folder).is_dir():
        pytest.skip(f"GENGFU_SAMPLES names no folder with {folder}/: tests over foreign samples are left out")
    return Path(root) / folder
