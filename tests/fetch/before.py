"""Before download: what is asked for first, and what is not asked for."""

from harness import Session, letter, test


def asked(session, verb=b"RETR"):
    """The numbers that a session was asked for, in their order."""
    return [int(line.split()[1]) for line in session.lines
            if line.split()[:1] == [verb]]


@test("before/the-smallest-are-asked-for-first")
def smallest_first(t):
    sizes = (90000, 500, 40000, 700, 20000)
    datas = [letter("size-%d" % size, size) for size in sizes]
    box = t.box(datas)
    provider = t.provider(Session, box)
    t.add(provider)
    t.now()
    t.true(asked(provider.sessions[-1]) == [2, 4, 5, 3, 1],
           "asked in this order:", asked(provider.sessions[-1]))
    t.here(datas)


@test("before/new-small-ones-do-not-keep-a-large-one-for-ever")
def no_starving(t):
    """The line is cut in the large one each time; a new one comes each time."""
    class Cuts(Session):
        def retr(self, number, mail):
            if mail.uidl == b"uidl-1" and self.first_asked() != number:
                self.send(b"+OK\r\n" + mail.wire[:1000])
                self.hang_up()
            super().retr(number, mail)

        def first_asked(self):
            return asked(self)[0]
    large = letter("large", 200000)
    datas = [large]
    box = t.box(datas)
    t.add(t.provider(Cuts, box))
    for i in range(4):
        t.true(large not in t.letters(), "it was not cut")
        new = letter("new-%d" % i)
        datas.append(new)
        box.add(*t.box([new]).mails)
        box.mails[-1].uidl = b"new-%d" % i
        t.now("*")
    t.here(datas)
