"""A foreign slave: libmodbus through ctypes, on a serial port or a TCP port. `python libmodbus_slave.py rtu PATH UNIT` or `tcp PORT UNIT`."""

import ctypes
import sys

REGISTERS = 64


class Mapping(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in (
            "nb_bits", "start_bits", "nb_input_bits", "start_input_bits",
            "nb_input_registers", "start_input_registers", "nb_registers", "start_registers",
        )),
        ("tab_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_registers", ctypes.POINTER(ctypes.c_uint16)),
        ("tab_registers", ctypes.POINTER(ctypes.c_uint16)),
    ]  # fmt: skip


def library():
    lib = ctypes.CDLL("libmodbus.so.5", use_errno=True)
    for name in ("modbus_new_rtu", "modbus_new_tcp"):
        getattr(lib, name).restype = ctypes.c_void_p
    lib.modbus_mapping_new.restype = ctypes.POINTER(Mapping)
    return lib


def main(kind, place, unit):
    lib = library()
    if kind == "rtu":
        link = ctypes.c_void_p(lib.modbus_new_rtu(place.encode(), 9600, ctypes.c_char(b"N"), 8, 1))
    else:
        link = ctypes.c_void_p(lib.modbus_new_tcp(b"127.0.0.1", int(place)))
    lib.modbus_set_slave(link, int(unit))
    mapping = lib.modbus_mapping_new(REGISTERS, REGISTERS, REGISTERS, REGISTERS)
    for n in range(REGISTERS):
        mapping.contents.tab_bits[n] = n % 2
        mapping.contents.tab_input_bits[n] = int(n % 3 == 0)
        mapping.contents.tab_registers[n] = 0x8000 + n
        mapping.contents.tab_input_registers[n] = 500 + n
    if kind == "rtu":
        ready = lib.modbus_connect(link)
    else:
        ready = heard = lib.modbus_tcp_listen(link, 1)
    print("ready" if ready >= 0 else "no", flush=True)
    query = (ctypes.c_uint8 * 260)()
    while True:
        if kind == "tcp":
            lib.modbus_tcp_accept(link, ctypes.byref(ctypes.c_int(heard)))
        while (size := lib.modbus_receive(link, query)) != -1:
            if size > 0:
                lib.modbus_reply(link, query, size, mapping)
        if kind == "rtu":
            return
        lib.modbus_close(link)


if __name__ == "__main__":
    main(*sys.argv[1:])
