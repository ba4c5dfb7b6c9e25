"""A plant on a reactor of its own and real sockets, watched until something shows."""

from twisted.internet import defer, task
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from devices.plant import Plant
from devices.plant_profile import load
from devices.plant_seen import Device
from station.words import Text


def supply(profile, link, **how):
    return Device(
        id="ups",
        name=Text("ups", "电源"),
        host="",
        port=0,
        unit=1,
        channel="",
        profile=load(profile),
        link=link,
        **how,
    )


def watch(device, look, seconds=20.0):
    """Poll a device, call `look(seen)` ten times a second until it says so, or that long; gives the plant's last view of it."""
    reactor = AsyncioSelectorReactor()
    plant = Plant(
        reactor, (device,), lambda: round(reactor.seconds() * 1e6), lambda command: defer.Deferred()
    )
    ends = reactor.seconds() + seconds

    def looked():
        if look(plant.seen(device.id)) or reactor.seconds() > ends:
            plant.stop()
            reactor.callLater(0, reactor.stop)
            call.stop()

    call = task.LoopingCall(looked)
    call.clock = reactor
    plant.start()
    call.start(0.1)
    reactor.run(installSignalHandlers=False)
    return plant.seen(device.id)
