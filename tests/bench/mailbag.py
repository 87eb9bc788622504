"""The mail that is collected, the same every time.

letters() is for rates: what it says matters to nobody.  Where bytes are counted
it does: written() has words as rare and as frequent as those of a language, a
second time as HTML in some, and files in others.  $BENCH_MAIL may name a folder
of one's own mail, which is taken instead.
"""

import base64
import hashlib
import itertools
import os
import random
import subprocess

import load

MEAN = 6144
LARGE_EACH = 500        # one message of so many has 1 to 3 MB
FILE_EACH = 8           # of those written one has a file with it
HTML_EACH = 2           # and one of these is there in HTML, too
SIGNER, SELECTOR = "lists.example", "bench"
SIGNED = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version",
          "Content-Type", "Content-Transfer-Encoding")


def letters(count, seed):
    """Sizes as mail has them, one of LARGE_EACH large."""
    chance = random.Random(seed)
    for i in range(count):
        size = int(min(max(chance.lognormvariate(0, 0.9) * MEAN * 0.667,
                           400), 40 * MEAN))
        if (seed + i) % LARGE_EACH == LARGE_EACH - 1:
            size = chance.randint(10 ** 6, 3 * 10 ** 6)
        yield load.letter(size)


# --- mail with something in it -------------------------------------------

class Writer:
    """Words by Zipf's law, in sentences, lines and paragraphs."""

    WORDS = 4000
    SOUNDS = ("ba be da do fa ga he ka ki la le lo ma me mi na ne no pa ra re "
              "ri sa se so ta te ti to va wa ya an en in on er st").split()

    def __init__(self, seed):
        self.chance = random.Random(seed)
        words = random.Random(0)
        self.words = ["".join(words.choices(self.SOUNDS,
                                            k=words.choice((1, 2, 2, 3, 4))))
                      for _ in range(self.WORDS)]
        self.weights = list(itertools.accumulate(
            1 / (i + 2) for i in range(self.WORDS)))

    def sentence(self):
        words = self.chance.choices(self.words, cum_weights=self.weights,
                                    k=self.chance.randint(4, 18))
        return (" ".join(words)).capitalize() + self.chance.choice("...?,;:!")

    def lines(self, size):
        line, made = "", 0
        while made < size:
            for word in self.sentence().split():
                if len(line) + len(word) > 71:
                    yield line
                    made += len(line) + 2
                    line = ""
                line += (" " if line else "") + word
            if self.chance.random() < 0.1:
                yield line
                yield ""
                made += len(line) + 4
                line = ""
        yield line

    def file(self, size):
        """What is packed already, as pictures and documents are."""
        return base64.encodebytes(self.chance.randbytes(size)).decode()

    def letter(self, number, size, to="ann@office.test"):
        chance, text = self.chance, []
        head = ["From: %s <%s@%s.example>" % (
                    self.sentence()[:20].strip(".?,;:!"),
                    chance.choice(self.words), chance.choice(self.words)),
                "To: " + to, "Subject: " + self.sentence()[:60],
                "Date: Mon, %02d Jan 2024 %02d:%02d:00 +0000" % (
                    number % 28 + 1, number % 24, number % 60),
                "Message-ID: <%032x@mail.example>" % chance.getrandbits(128),
                "MIME-Version: 1.0"]
        has_file = number % FILE_EACH == FILE_EACH - 1
        body = list(self.lines(min(size, 3000) if has_file else size // 2))
        plain = ["Content-Type: text/plain; charset=utf-8",
                 "Content-Transfer-Encoding: 7bit", "", *body]
        if has_file:
            mark = "=_%024x" % chance.getrandbits(96)
            text = ['Content-Type: multipart/mixed; boundary="%s"' % mark, "",
                    "--" + mark, *plain, "--" + mark,
                    'Content-Type: application/pdf; name="report.pdf"',
                    "Content-Transfer-Encoding: base64", "",
                    *self.file(size * 3 // 4).split("\n"),
                    "--" + mark + "--"]
        elif number % HTML_EACH:
            mark = "=_%024x" % chance.getrandbits(96)
            text = ['Content-Type: multipart/alternative; boundary="%s"' %
                    mark, "", "--" + mark, *plain, "--" + mark,
                    "Content-Type: text/html; charset=utf-8",
                    "Content-Transfer-Encoding: 7bit", "",
                    "<html><body style=\"font-family: sans-serif\">",
                    *("<p class=\"text\">%s</p>" % x if x else "<br>"
                      for x in body), "</body></html>", "--" + mark + "--"]
        else:
            text = plain + list(self.lines(size // 2))
        return ("\r\n".join(head + text) + "\r\n").encode()


def own(folder):
    """Every file below the folder, as a message."""
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            with open(os.path.join(top, name), "rb") as file:
                text = file.read()
            # what LMTP would take for the end, or not take at all
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            text = text.replace(b"\0", b" ").replace(b"\n", b"\r\n")
            text = text.replace(b"\r\n.", b"\r\n .")
            yield text if text.endswith(b"\r\n") else text + b"\r\n"


def written(count, seed, mean=MEAN):
    """Messages that say something, or one's own."""
    if os.environ.get("BENCH_MAIL"):
        yield from itertools.islice(own(os.environ["BENCH_MAIL"]), count)
        return
    writer = Writer(seed)
    for i in range(count):
        size = int(min(max(writer.chance.lognormvariate(0, 0.9) * mean *
                           0.667, 600), 40 * mean))
        yield writer.letter(i, size)


# --- the same mail for a whole office -------------------------------------

class Signer:
    """DKIM (RFC 6376), rsa-sha256, simple/simple; keys() is for the DNS."""

    def __init__(self, folder):
        self.key = os.path.join(folder, "dkim.pem")
        self.openssl("genrsa", "-out", self.key, "2048")

    @staticmethod
    def openssl(*words, said=b""):
        return subprocess.run(["openssl", *words], input=said, check=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout

    def keys(self):
        public = self.openssl("rsa", "-in", self.key, "-pubout", "-outform",
                              "DER")
        return {"%s._domainkey.%s" % (SELECTOR, SIGNER):
                b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)}

    def sign(self, message):
        head, _, body = message.partition(b"\r\n\r\n")
        fields = head.split(b"\r\n")
        names = [x.decode() for x in (field.split(b":")[0] for field in fields)
                 if x.decode() in SIGNED]
        field = ("DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple;\r\n"
                 "\td=%s; s=%s; h=%s;\r\n\tbh=%s;\r\n\tb=" % (
                     SIGNER, SELECTOR, ":".join(names), base64.b64encode(
                         hashlib.sha256(body).digest()).decode())).encode()
        # RFC 6376 3.7: the fields in the order of h=, then this one bare
        said = b"".join(x + b"\r\n" for name in names for x in fields
                        if x.startswith(name.encode() + b":")) + field
        signed = base64.b64encode(self.openssl(
            "dgst", "-sha256", "-sign", self.key, said=said))
        return field + signed + b"\r\n" + message


def office(boxes, count, signer, share=0.3):
    """({box: its messages}, {number of bytes that all of them have}): of the
    bytes of each box `share` are of signed messages that all the others have
    as well, between its own."""
    shares = {box: list(written(count, 1000 + i, 20 * 1024))
              for i, box in enumerate(boxes)}
    usual = sum(len(x) for texts in shares.values() for x in texts) / \
        len(boxes)
    writer, common = Writer(7), []
    while sum(map(len, common)) < usual * share / (1 - share):
        # a circular: some text, and in most of them a file
        number = FILE_EACH - 1 if len(common) % 4 else len(common)
        common.append(signer.sign(writer.letter(
            number, writer.chance.randint(20000, 120000),
            "everybody@%s" % SIGNER)))
    for texts in shares.values():
        step = max(1, len(texts) // (len(common) + 1))
        for i, text in enumerate(common):
            texts.insert((i + 1) * step, text)
    return shares, sum(map(len, common))
