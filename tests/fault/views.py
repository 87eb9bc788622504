"""Several mail programs in one account, each with its own view.

Random commands, in turn or at the same moment, of IMAP sessions on a few
mailboxes, with mail coming in by SMTP and a POP3 session that deletes, while
the mailbox role, the queue or the whole hub is killed.  A model (imap_model.py)
says what must be there; each client (imap_client.py) keeps what it was told.

After every command the view of that client is what the model has, letters
aside that went and could not be told; nothing that was answered OK is lost, no
UID names two letters, no mailbox changes its UIDVALIDITY.  What was under way
when something was killed is done or not done: a COPY, an APPEND whole or not
at all, a MOVE letter by letter.
"""

import random

from hub import Hub
from imap_crash import crash, together
from imap_play import Play


def play(context, seed, rounds, letters):
    """`letters`: how large the first mailbox is made, for long commands."""
    rng = random.Random(seed)
    hub = Hub(context.bin, ("ann",))
    try:
        hub.start()
        game = Play(hub, rng)
        game.fill(letters)
        kinds = ["mailbox", "queue", "hub", "mailbox"]
        for number in range(rounds):
            for _ in range(rng.randint(10, 40)):
                game.step()
            for _ in range(rng.randint(1, 4)):
                together(game)
            crash(game, kinds[number % len(kinds)])
        game.all_current()
        game.close()
        hub.wait_settled()
        hub.stop()
        hub.check()
    except BaseException:
        if "game" in locals():
            context.note("the last of %d commands:\n%s" % (
                len(game.history), "\n".join(game.history[-40:])))
        context.keep(hub)
        raise
    finally:
        hub.remove()


def tests(context):
    for seed in range(context.seed, context.seed + (40 if context.long
                                                    else 3)):
        yield ("views/%d" % seed, lambda seed=seed: play(
            context, seed, 12 if context.long else 4, 12))
    for seed in range(context.seed, context.seed + (10 if context.long
                                                    else 1)):
        yield ("views/many/%d" % seed, lambda seed=seed: play(
            context, seed, 6 if context.long else 2, 2500))
