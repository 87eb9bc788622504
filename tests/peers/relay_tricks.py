"""What has been tried to make a mail server relay (HARDENING A11).

Each is the argument of RCPT behind "TO:", as bytes.  `local` says that it names
ann@office.test, who is here, whatever it looks like.
"""

import itertools

HERE = b"office.test"
VICTIMS = (b"victim.org", b"far.test", b"xn--bcher-kva.test", b"[192.0.2.7]",
           b"[IPv6:2001:db8::7]", b"localhost", b"127.0.0.1")


def around(domain):
    """How `a@domain` is led through us, without its being said."""
    yield b"<a%" + domain + b"@" + HERE + b">"
    yield b"<a%" + domain + b">"
    yield b"<" + domain + b"!a@" + HERE + b">"
    yield b"<" + domain + b"!a>"
    yield b"<\"a@" + domain + b"\"@" + HERE + b">"
    yield b"<\"a@" + domain + b"\">"
    yield b"<\"a%" + domain + b"\"@" + HERE + b">"
    yield b"<\"a\"%" + domain + b"@" + HERE + b">"
    yield b"<a@" + domain + b"@" + HERE + b">"
    yield b"<a@" + HERE + b"@" + domain + b">"
    yield b"<ann@" + HERE + b",a@" + domain + b">"
    yield b"<ann@" + HERE + b"><a@" + domain + b">"
    yield b"<a@" + domain + b"(" + HERE + b")>"
    yield b"<a@" + domain + b" (x) @" + HERE + b">"
    yield b"<a(" + HERE + b")@" + domain + b">"
    yield b"<a@" + domain + b"\0@" + HERE + b">"
    yield b"<a@" + domain + b"\0." + HERE + b">"
    yield b"<a@" + domain + b"\xff@" + HERE + b">"
    yield b"<\"a\\@" + domain + b"\"@" + HERE + b">"
    yield b"<a%" + domain + b"%" + HERE + b"@" + HERE + b">"
    yield b"<@" + HERE + b":a%" + domain + b"@" + HERE + b">"
    yield b"<" + HERE + b"!" + domain + b"!a@" + HERE + b">"


def straight(domain):
    """Where `a@domain` is said, after a fashion."""
    yield b"<a@" + domain + b">"
    yield b"a@" + domain
    yield b" <a@" + domain + b"> "
    yield b"<@" + HERE + b":a@" + domain + b">"
    yield b"<@" + HERE + b",@" + domain + b":a@" + domain + b">"
    yield b"<a@" + domain + b".>"
    yield b"<A%b@" + domain + b">"
    yield b"<\"a b\"@" + domain + b">"


def local():
    """These come to ann, and only to her."""
    yield b"<ann@" + HERE + b">"
    yield b"<@victim.org:ann@" + HERE + b">"
    yield b"<@victim.org,@far.test:ann@" + HERE + b">"
    yield b"<\"ann\"@" + HERE + b">"
    yield b"<ANN@Office.Test>"
    yield b"<ann+a%victim.org@" + HERE + b">"


def all_tricks():
    """(argument, it is said to go to another domain, it is ann's), each once."""
    seen = {}
    for words in local():
        seen[words] = (words, False, True)
    for domain in VICTIMS:
        for words in itertools.chain(around(domain), straight(domain)):
            seen.setdefault(words, (words, words in set(straight(domain)),
                                    False))
    return list(seen.values())
