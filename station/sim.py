"""`gengfu sim`: finds the simulator asked for and runs it. Knows no simulator's insides."""

from __future__ import annotations

import importlib
import sys

SIMULATORS = {
    "terminals": ("devices.sim_terminals", "village loudspeakers that speak 0xFEFD", "0xFEFD 村级大喇叭终端"),
    "loudspeaker": (
        "devices.sim_loudspeaker",
        "one village loudspeaker on UDP or multicast (0xFEFD), with faults",
        "UDP/组播村级大喇叭(0xFEFD),可设故障",
    ),
    "source": (
        "emergency.sim_source",
        "an upstream platform that sends EBD or CAP",
        "发送 EBD 或 CAP 的上级平台",
    ),
    "transmitter": (
        "devices.sim_transmitter",
        "a transmitter on Modbus/TCP, with faults",
        "Modbus/TCP 发射机,可设故障",
    ),
    "ups": ("devices.sim_ups", "a power supply on Modbus/TCP, with faults", "Modbus/TCP 不间断电源,可设故障"),
    "snmp": (
        "devices.sim_snmp",
        "a power supply over SNMP (RFC 1628), with faults",
        "SNMP 不间断电源(RFC 1628),可设故障",
    ),
    "text": (
        "devices.sim_ascii",
        "a power supply that is asked in lines of text, with faults",
        "文本协议电源,可设故障",
    ),
    "nut": ("devices.sim_nut", "a UPS server (NUT), with faults", "NUT 服务器,可设故障"),
    "registers": (
        "devices.sim_registers",
        "plain Modbus registers, on TCP or a serial line",
        "通用 Modbus 寄存器,TCP 或串口",
    ),
    "uecp": ("devices.sim_uecp", "an RDS coder (UECP), with faults", "RDS 编码器,可设故障"),
    "modem": ("devices.sim_modem", "a GSM modem, with faults", "短信模块,可设故障"),
    "front": (
        "devices.sim_front",
        "a county front end (0x49/0x50), with faults",
        "县级前端(0x49/0x50),可设故障",
    ),
    "mqtt": (
        "devices.sim_mqtt",
        "an MQTT server with a terminal and a screen, with faults",
        "MQTT 服务器及终端、大屏,可设故障",
    ),
    "tunan": (
        "devices.sim_tunan",
        "a terminal that reports in '&' or '%' frames, with faults",
        "厂家 & 与 % 帧终端,可设故障",
    ),
    "nmea": (
        "devices.sim_nmea",
        "a satellite receiver's time (NMEA), with faults",
        "卫星授时接收机,可设故障",
    ),
    "videohub": ("devices.sim_videohub", "a Videohub router, with faults", "Videohub 矩阵,可设故障"),
    "amcp": ("devices.sim_amcp", "a CasparCG server, with faults", "CasparCG 服务器,可设故障"),
    "swp08": ("devices.sim_swp08", "a Pro-Bel router (SW-P-08), with faults", "SW-P-08 矩阵,可设故障"),
    "vdcp": ("devices.sim_vdcp", "a video server (VDCP), with faults", "VDCP 视频服务器,可设故障"),
    "sony9": ("devices.sim_sony9", "a tape deck (Sony 9-pin), with faults", "9 针录像机,可设故障"),
    "fault": (
        "devices.sim_fault",
        "tell a running transmitter or ups its faults",
        "设置运行中模拟设备的故障",
    ),
}


def usage() -> str:
    """What `gengfu sim --help` prints."""
    lines = [f"  {name:<11} {en} · {zh}" for name, (_, en, zh) in SIMULATORS.items()]
    return "\n".join(["usage: gengfu sim SIMULATOR [OPTIONS]", "", *lines, ""])


def main(argv: list[str]) -> int:
    """Run a simulator; 2 when there is none of that name."""
    if argv and argv[0] in ("-h", "--help"):
        sys.stdout.write(usage())
        return 0
    if not argv or argv[0] not in SIMULATORS:
        sys.stderr.write(usage())
        return 2
    return int(importlib.import_module(SIMULATORS[argv[0]][0]).main(argv[1:]) or 0)
