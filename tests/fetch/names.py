"""Where the provider is: names that do not resolve, addresses that are dead."""

import socket
import time

from harness import Fault, Session, letters, test


def at_name(t, name, found):
    """A name that only this test asks for."""
    name = "%s-%s.names.test" % (name, t.owner)
    t.place.names.table[name] = found
    return name


def until_done(t, seconds=40, **how):
    """Collect until it works: an answer may be remembered for a while."""
    until = time.monotonic() + seconds
    while True:
        row = t.now("*", **how)
        if row["result"] == "done":
            return
        if time.monotonic() > until:
            raise Fault("it does not get well: %s" % row)
        time.sleep(0.5)


@test("F46/a-name-that-does-not-resolve-and-then-does")
def dns_fails(t):
    datas = []
    for fault in ("nxdomain", "servfail", "nonsense"):
        name = at_name(t, fault, fault)
        datas += letters(fault, 2)
        t.add(t.provider(Session, t.box(datas[-2:], user=fault)),
              host=name, label=fault, user=fault)
        t.now("unreachable", "timed-out", label=fault)
        t.place.names.table[name] = ["127.0.0.1"]
        until_done(t, label=fault)
    t.here(datas)


@test("F46/a-resolver-that-does-not-answer", slow=True)
def dns_silent(t):
    datas = letters("mute", 2)
    name = at_name(t, "mute", "silence")
    t.add(t.provider(Session, t.box(datas)), host=name)
    began = time.monotonic()
    t.now("unreachable", "timed-out")
    t.true(time.monotonic() - began < 240, "it takes too long")
    t.place.names.table[name] = ["127.0.0.1"]
    until_done(t)
    t.here(datas)


@test("F46/the-name-is-asked-for-anew")
def dns_moves(t):
    datas = letters("moves", 2)
    name = at_name(t, "moves", ["127.0.0.1"])
    box = t.box(datas)
    t.add(t.provider(Session, box), host=name)
    t.now()
    t.place.names.table[name] = "servfail"
    time.sleep(0.1)
    t.now("*")
    t.place.names.table[name] = ["127.0.0.1"]
    until_done(t)
    t.here(datas)
    t.once(box)


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


@test("F45/a-black-hole-at-ipv6-and-ipv4-works")
def black_hole(t):
    """A listener whose backlog is full: nobody answers there."""
    if not has_ipv6():
        raise t.Skip("this machine has no ::1")
    datas = letters("hole", 3)
    provider = t.provider(Session, t.box(datas))
    hole = socket.create_server(("::1", provider.port),
                                family=socket.AF_INET6, backlog=0)
    stuck = []
    for _ in range(8):
        other = socket.socket(socket.AF_INET6)
        other.setblocking(False)
        other.connect_ex(("::1", provider.port))
        stuck.append(other)
    t.add(provider, host=at_name(t, "hole", ["::1", "127.0.0.1"]))
    began = time.monotonic()
    t.now()
    seconds = time.monotonic() - began
    for other in stuck:
        other.close()
    hole.close()
    t.true(seconds < 50, "it took %.1f s" % seconds)
    t.here(datas)


@test("F45/a-dead-address-before-a-living-one")
def dead_address(t):
    datas = letters("dead", 2)
    t.add(t.provider(Session, t.box(datas)),
          host=at_name(t, "dead", ["127.0.0.3", "127.0.0.1"]))
    t.now()
    t.here(datas)
