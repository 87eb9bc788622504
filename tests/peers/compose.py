"""Python's email package reads what the hub writes: usage: compose.py FILE"""

import email
import email.header
import email.policy
import json
import sys

FIELDS = ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted",
          "MIME-Version", "Content-Type", "Content-Transfer-Encoding"]


def display_name(message):
    """
    Decoded by the older half of the package: the newer one puts a blank
    between two encoded words of a name, against RFC 2047 6.2.
    """
    field = email.message_from_string(message)["From"]
    name = field[:field.rindex(" <")] if " <" in field else ""
    return str(email.header.make_header(
        email.header.decode_header(name))).strip()


def fault(wanted):
    """What is wrong with one of them, or None."""
    message = email.message_from_bytes(wanted["message"].encode("ascii"),
                                       policy=email.policy.default)
    if message.keys() != FIELDS:
        return "fields: %s" % message.keys()
    for name in FIELDS:
        if message[name].defects:
            return "%s: %s" % (name, message[name].defects)
    sender = message["From"].addresses
    if len(sender) != 1 or sender[0].addr_spec != "postmaster@office.test":
        return "from: %r" % message["From"]
    if display_name(wanted["message"]) != wanted["name"].strip():
        return "name: %r" % display_name(wanted["message"])
    if [x.addr_spec for x in message["To"].addresses] != \
            ['"ann, b"@office.test']:
        return "to: %r" % message["To"]
    if message["Subject"].strip() != wanted["subject"].strip():
        return "subject: %r" % message["Subject"]
    if message["Date"].datetime.timestamp() != wanted["utc_ms"] // 1000:
        return "date: %r" % message["Date"]
    body = message.get_content().replace("\r\n", "\n")
    lines = wanted["body"]
    if lines and not lines.endswith("\n"):
        lines += "\n"
    if body != lines:
        return "body: %r" % body
    return message.defects or None


def main():
    count = 0
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            wanted = json.loads(line)
            words = fault(wanted)
            if words:
                sys.exit("%s\nwanted %r" % (words, wanted))
            count += 1
    if count == 0:
        sys.exit("there were none")
    print("%d letters read" % count)


main()
