"""The power is cut: only what was synced is there afterwards.

forget.c is preloaded into a hub without walls and notes what each sync made
durable (strict: bytes by syncing the file, names by syncing the folder).  At a
random moment under load everything is killed, the tree is built anew from the
notes, and the hub started on it must have kept its word.
"""

import ctypes
import os
import random
import shutil
import stat
import tempfile
import time

from hub import GUARD, Fault, Hub
from ledger import Ledger, Load, Sender
from kill import ACCOUNTS, settle_and_compare
from uids import compare_uids


def key_of(path):
    """As forget.c has it; Python does not tell the time of birth."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(256)
    if libc.statx(-100, os.fsencode(path), 0x100, 0xfff, buffer) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()),
                      path)
    number = int.from_bytes(buffer.raw[32:40], "little")
    seconds = int.from_bytes(buffer.raw[80:88], "little", signed=True)
    nanos = int.from_bytes(buffer.raw[88:92], "little")
    return "%d-%d.%d" % (number, seconds, nanos)


def note_all(data, shadow):
    """What stands in `data` now is durable (as after `sync`)."""
    for folder, folders, files in os.walk(data):
        lines = []
        for name in folders + files:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            lines.append("%s %s %o %s\n" % (
                "d" if stat.S_ISDIR(mode) else "f", key_of(path),
                stat.S_IMODE(mode), name))
            if stat.S_ISREG(mode):
                shutil.copy(path, os.path.join(shadow,
                                               key_of(path) + ".file"))
        with open(os.path.join(shadow, key_of(folder) + ".folder"), "w",
                  encoding="utf-8") as file:
            file.writelines(lines)


def build(shadow, key, target):
    """The folder of this key as the cut leaves it."""
    os.mkdir(target, 0o700)
    try:
        with open(os.path.join(shadow, key + ".folder"),
                  encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return          # its names were never synced
    for line in lines:
        kind, child, mode, name = line.split(" ", 3)
        path = os.path.join(target, name)
        if kind == "d":
            build(shadow, child, path)
        else:
            note = os.path.join(shadow, child + ".file")
            if os.path.exists(note):
                shutil.copyfile(note, path)
            else:
                with open(path, "wb"):
                    pass        # a name without any bytes
        os.chmod(path, int(mode, 8))


def notes(shadow):
    return {(entry.name, entry.stat().st_mtime_ns)
            for entry in os.scandir(shadow)
            if not entry.name.startswith("new-")}


def cut(hub, shadow):
    """Kill all at one moment; put in the place of the data what was synced."""
    root = key_of(hub.data)
    hub.kill()
    build(shadow, root, hub.data + ".after")
    os.rename(hub.data, hub.data + ".before")
    os.rename(hub.data + ".after", hub.data)


def power(context, seed, cuts, at_once):
    rng = random.Random(seed)
    shadow = tempfile.mkdtemp(prefix="postroom-fault-shadow-")
    hub = Hub(context.relaxed, ACCOUNTS, config={
        "settle_seconds": "%ds" % rng.choice((1, 1, 60))})
    hub.environment = {
        "LD_PRELOAD": context.shim, "FORGET_DATA": hub.data,
        "FORGET_SHADOW": shadow,
        "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
    try:
        ledger = Ledger(seed)
        given = {name: {} for name in ACCOUNTS}
        if not at_once:
            # every folder is there, and is on the disk, before the first cut
            hub.start()
            warm = Sender(hub, ledger, rng)
            warm.send(list(ACCOUNTS))
            warm.close()
            hub.wait_for(lambda: not missing(hub, ledger), "no mail comes")
            hub.stop()
        note_all(hub.data, shadow)
        for _ in range(cuts):
            known = notes(shadow)
            hub.start()
            with Load(hub, ledger, rng.random(), readers=2):
                before = ledger.count("taken")
                hub.wait_for(lambda: ledger.count("taken") > before,
                             "no mail is taken")
                if notes(shadow) == known:
                    raise Fault("a receipt, and forget.c has noted nothing: "
                                "it is not loaded, or nothing is synced")
                if not at_once:
                    time.sleep(rng.uniform(0.0, 1.5))
                cut(hub, shadow)
            hub.check()
            for name in ACCOUNTS:
                # every number that was seen at any cut, and for what
                last = hub.uids(name, hub.data + ".before")
                compare_uids((given[name], []), last, True)
                given[name].update(last[0])
                compare_uids((given[name], []), hub.uids(name), True)
            shutil.rmtree(hub.data + ".before")
            # from here on what stands there is on the disk
            shutil.rmtree(shadow)
            os.mkdir(shadow)
            note_all(hub.data, shadow)
        context.note(dict(ledger.answers))
        hub.start()
        hub.wait_for(lambda: not missing(hub, ledger), "letters are missing",
                     GUARD / 2)
        hub.configure({"settle_seconds": "1s"})
        hub.stop()
        hub.start()
        settle_and_compare(hub, ledger)
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()
        shutil.rmtree(shadow, ignore_errors=True)


def missing(hub, ledger):
    try:
        ledger.compare(hub)
    except Fault:
        return True
    return False


def tests(context):
    if not context.shim or not context.relaxed:
        def skip():
            raise context.Skip("needs a compiler and build/relaxed")
        yield "power", skip
        return
    for seed in range(context.seed, context.seed + (20 if context.long
                                                    else 2)):
        yield ("power/first/%d" % seed,
               lambda seed=seed: power(context, seed, 2, True))
        yield ("power/load/%d" % seed,
               lambda seed=seed: power(context, seed,
                                       6 if context.long else 2, False))
