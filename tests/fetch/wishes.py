"""Whom a person allows is not spam to them, if he is shown to have written it.

The whole way of collected mail: DNS, the judge, the keeper, the queue, the
mailbox; each test has a hub of its own.
"""

import os

from disowned import IDENTITY, waiting
from harness import Case
from sharing import DOMAIN, Scene

SPAM = "lottery prize winner casino pills refinance miracle jackpot "
WANTED = "meeting report invoice office printer lunch project minutes "
AUTHOR = "news@" + DOMAIN


def said(case, *words):
    status, text, complaints = case.command(*words)
    Case.true(status == 0, words, text, complaints)
    return text


def teach(scene):
    """The site's filter, so much that it has a say and is sure."""
    path = os.path.join(scene.place.hub.folder, "lessons")
    for kind, words in 3 * (("spam", SPAM), ("wanted", WANTED)):
        with open(path, "w", encoding="ascii") as file:
            for number in range(320):
                file.write("From x@y.test Mon Jan  1 00:00:00 2024\n"
                           "From: <%s@y.test>\nSubject: %s %d\n\n%s\n\n"
                           % (kind, words.split()[number % 8], number,
                              words * 6))
        said(scene.ann, "spam", "learn", path, "--" + kind)


def spam(scene, name, to):
    return scene.copy(name, to, body=(SPAM * 6).encode().strip() + b"\r\n")


def forged(data):
    """As if he had written it: his signature is of another text."""
    other = data.replace(b"casino pills", b"casino bills")
    Case.true(other != data, "nothing was changed")
    return other


def allowed(args, action):
    """Junk, or a hold, is for those who have not said so."""
    scene = Scene(args, {**IDENTITY, "spam_action": '"%s"' % action})
    teach(scene)
    with scene:
        Case.true(AUTHOR in said(scene.ann, "sender", "allow",
                                 AUTHOR.upper(), "--for", "ann"),
                  "it is not told what stands there")
        true = spam(scene, "true", "ann")
        false = forged(spam(scene, "false", "ann"))
        scene.collect(scene.ann, [true, false])
        to_ben = spam(scene, "to-ben", "ben")
        scene.collect(scene.ben, [to_ben])
        scene.ann.here([true])
        scene.ben.here([])
        if action == "junk":
            scene.ann.here_in({"Junk": [false]})
            scene.ben.here_in({"Junk": [to_ben]})
        else:
            held = waiting(scene.ann, 2)
            Case.true({name: state for name, (state, _) in held.items()} ==
                      dict.fromkeys(("false", "to-ben"), "held"), held)
        scene.ann.until_traced("true", "allowed by ann@office.test")
        scene.ann.until_traced("false", "nothing shows that it is from there")


def blocked(args):
    """Into Junk, whatever it is; for one person, until they say otherwise."""
    with Scene(args, IDENTITY) as scene:
        said(scene.ann, "sender", "block", "@" + DOMAIN, "--for", "ben")
        one = [scene.copy("one-" + name, name) for name in ("ann", "ben")]
        scene.collect(scene.ann, one[:1])
        scene.collect(scene.ben, one[1:])
        scene.ann.here(one[:1])
        scene.ben.here_in({"Junk": one[1:]})
        scene.ben.until_traced("one-ben", "blocked by ben@office.test",
                               "in the mailbox Junk")
        # an address counts more than its domain
        said(scene.ann, "sender", "allow", AUTHOR, "--for", "ben")
        two = scene.copy("two", "ben")
        scene.collect(scene.ben, [two])
        scene.ben.here([two])
        said(scene.ann, "sender", "remove", AUTHOR, "--for", "ben")
        said(scene.ann, "sender", "remove", "@" + DOMAIN, "--for", "ben")
        three = scene.copy("three", "ben")
        scene.collect(scene.ben, [three])
        scene.ben.here([two, three])
        Case.true("Nobody" in said(scene.ann, "sender", "list", "--for",
                                   "ben"), "something is left")


def tests(args):
    for action in ("junk", "hold"):
        yield "whom-a-person-allows-is-no-spam-to-them-" + action, \
            lambda action=action: allowed(args, action)
    yield "whom-a-person-blocks-goes-to-their-junk", lambda: blocked(args)
