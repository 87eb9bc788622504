"""A queue whose queue.db is lost: nothing is swept away, and it is made again.

What one person has as a large letter and what waits for the postmaster is
there after it, once, and nothing is collected again.
"""

import os

from domain import add_domain, for_whom, held
from harness import Case, DOMAIN, Fault, Place, Session

LARGE = b"a line of a large letter\r\n" * 12000         # over 128 KiB


def lost(t):
    hub = t.hub
    own = "%s@%s" % (t.owner, DOMAIN)
    mine = [for_whom("rebuilt-large", own) + LARGE, for_whom("rebuilt", own)]
    nobody = [for_whom("rebuilt-nobody", "nobody-here@" + DOMAIN),
              for_whom("rebuilt-nobody-large", "nobody-here@" + DOMAIN) + LARGE]
    box = t.box(mine + nobody)
    add_domain(t, t.provider(Session, box))
    t.now()
    t.here(mine)
    hub.wait_settled()
    rows = held(t)
    t.true(len(rows) == 2, "held:", rows)
    hub.stop()
    queue = os.path.join(hub.data, "queue")
    os.unlink(os.path.join(queue, "queue.db"))
    big = [name for _, _, names in os.walk(os.path.join(queue, "big"))
           for name in names]
    t.true(len(big) == 2, "big files:", big)
    for folder, _, names in os.walk(os.path.join(queue, "big")):
        for name in names:      # old enough to go when nobody refers to it
            os.utime(os.path.join(folder, name), (1, 1))
    status, text, complaints = t.command("check")
    t.true(status == 1 and "queue.db is missing" in text, text + complaints)
    status, text, complaints = t.command("check", "--repair")
    t.true(status == 1 and "queue.db was made again" in text and
           "2 kept messages" in text, text + complaints)
    hub.check()
    hub.start()
    hub.wait_settled()
    t.compare_again()
    t.true([row["id"] for row in held(t)] == [row["id"] for row in rows],
           "held:", held(t))
    t.now()
    t.once(box)
    t.compare_again()
    hub.stop()
    hub.check()


def tests(args):
    if args.inside:
        return

    def run():
        place = Place(args.bin, ["ann"])
        case = None
        try:
            place.hub.start()
            case = Case(place, "rebuilt", "ann")
            lost(case)
        except (Fault, OSError) as fault:
            raise Fault("%s\nthe end of the log:\n%s" % (
                fault, "\n".join(place.hub.log().splitlines()[-25:]))) \
                from fault
        finally:
            if case is not None:
                case.close()
            place.hub.remove()
    yield "rebuilt/a-queue-that-lost-queue.db-loses-nothing", run
