"""What is tried with POP3 and with IMAP alike."""

from harness import ImapSession, Session, test


class Giver(Session):
    """A message goes through give()."""
    def retr(self, number, mail):
        self.give(number, mail)

    def give(self, number, mail):
        super().retr(number, mail)


class ImapGiver(ImapSession):
    def text(self, number, mail):
        self.give(number, mail)

    def give(self, number, mail):
        super().text(number, mail)


class Pop3:
    mark = ""               # of letters: none is like one of another test
    session = Session
    giver = Giver
    ready = b"+OK "         # begins a greeting
    logins = ("PASS", "AUTH", "APOP")

    @staticmethod
    def box(t, *args, **options):
        return t.box(*args, **options)

    @staticmethod
    def refuse(session, words):
        session.say(b"-ERR " + words)

    @staticmethod
    def cut(session, _number, mail, place):
        """Break off where `place` says, of what comes before the message and
        of the message."""
        status = b"+OK %d octets\r\n" % mail.listed()
        session.send((status + mail.wire)[:place(status, mail.wire)])
        session.hang_up()

    @staticmethod
    def drip(session, _number, mail):
        session.say(b"+OK")
        session.flush()
        return mail.wire


class Imap:
    mark = "imap-"
    session = ImapSession
    giver = ImapGiver
    ready = b"* OK "
    logins = ("LOGIN", "AUTHENTICATE")

    @staticmethod
    def box(t, *args, **options):
        return t.imap_box(*args, **options)

    @staticmethod
    def refuse(session, words):
        session.no(words)

    @staticmethod
    def cut(session, number, mail, place):
        waiting = len(session.out)
        session.body(number, mail, mail.data)
        head, data, tail = session.out[waiting:]
        session.out[waiting:] = [(head + data + tail)[:place(head, data)]]
        session.hang_up()

    @staticmethod
    def drip(session, number, mail):
        session.flush()
        session.body(number, mail, mail.data)
        data, session.out = b"".join(session.out), []
        return data


def both(name, slow=False):
    """As test(): F01/x is of POP3, and F01/imap/x of IMAP.  The function gets
    which of them, too."""
    row, rest = name.split("/", 1)

    def note(function):
        for kind, full in ((Pop3, name), (Imap, "%s/imap/%s" % (row, rest))):
            test(full, slow=slow)(lambda t, kind=kind: function(t, kind))
        return function
    return note


def with_stls(kind):
    """Sessions that offer STLS or STARTTLS."""
    return type("Stls", (kind.session,), {"stls": True})
