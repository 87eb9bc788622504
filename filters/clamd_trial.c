/*
 * clamd_trial.c - does a clamd look as it must?
 *
 * By default a clamd says OK of an archive with a password, and of one that it
 * has not read to its end.  Such a one is of no use here: its OK would be taken
 * for more than it is.
 */
#include <string.h>

#include "filters/clamd.h"

/* Above what anybody lets a scanner follow (MaxRecursion, by default 17). */
#define LAYERS	120
#define ROOM	(256 * 1024)

/* The test virus of EICAR, from its end: no file of ours is to be found. */
static const char eicar[] = "*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)"
    "CC7)^P(45XZP\\4[PA@%P!O5X";

/* A zip archive (APPNOTE 4.3) of one file, which is said to be encrypted. */
static const unsigned char encrypted[] = {
	0x50, 0x4b, 0x03, 0x04, 0x14, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x21, 0x58, 0x6a, 0x9f, 0x98, 0x28, 0x0e, 0x00, 0x00, 0x00, 0x0e, 0x00,
	0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x61, 0x70, 0x6f, 0x73, 0x74, 0x72,
	0x6f, 0x6f, 0x6d, 0x20, 0x74, 0x72, 0x69, 0x61, 0x6c, 0x50, 0x4b, 0x01,
	0x02, 0x14, 0x00, 0x14, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21,
	0x58, 0x6a, 0x9f, 0x98, 0x28, 0x0e, 0x00, 0x00, 0x00, 0x0e, 0x00, 0x00,
	0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x61, 0x50, 0x4b, 0x05, 0x06,
	0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x2f, 0x00, 0x00, 0x00,
	0x2d, 0x00, 0x00, 0x00, 0x00, 0x00,
};

/* Add an archive (cpio, in hexadecimal) with `bytes` as its only file. */
static void
add_archive(struct text *text, struct slice bytes)
{
	text_addf(text, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x"
	    "%08x%08x", 1, 0100644, 0, 0, 1, 0, bytes.len, 0, 0, 0, 0, 2, 0);
	text_add(text, slice_of("a", 2));
	text_add(text, bytes);
	while (text->len % 4 != 0)
		text_add_byte(text, '\0');
	text_addf(text, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x"
	    "%08x%08x", 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 11, 0);
	text_add(text, slice_of("TRAILER!!!\0\0\0\0", 14));
}

/* Archives in archives, LAYERS deep. */
static bool
add_deep(struct text *text)
{
	text_add_str(text, "hello\n");
	for (unsigned i = 0; i < LAYERS && !text_failed(text); i++) {
		TEXT_AUTO outer = TEXT_INIT(ROOM);

		add_archive(&outer, text_slice(text));
		text_clear(text);
		text_add(text, text_slice(&outer));
		if (text_failed(&outer))
			return false;
	}
	return !text_failed(text);
}

const char *
clamd_trial(const struct clamd *clamd, uint64_t until_ms)
{
	TEXT_AUTO deep = TEXT_INIT(ROOM);
	char virus[sizeof(eicar)];
	struct scan_answer answer = clamd_look(clamd, slice_str("hello\r\n"),
	    until_ms);

	if (answer.result == SCAN_NOT_SCANNED)
		return "clamd cannot be reached, or makes no sense";
	if (answer.result != SCAN_CLEAN)
		return "clamd takes an honest message for something else";
	for (size_t i = 0; i + 1 < sizeof(eicar); i++)
		virus[i] = eicar[sizeof(eicar) - 2 - i];
	if (clamd_look(clamd, slice_of(virus, sizeof(eicar) - 1),
	    until_ms).result != SCAN_VIRUS)
		return "clamd does not find the test file of EICAR";
	if (clamd_look(clamd, slice_of(encrypted, sizeof(encrypted)),
	    until_ms).result != SCAN_ENCRYPTED)
		return "clamd passes what is encrypted: its configuration "
		    "needs AlertEncrypted yes";
	if (!add_deep(&deep))
		return "no memory for the trial of clamd";
	if (clamd_look(clamd, text_slice(&deep), until_ms).result !=
	    SCAN_TOO_MUCH)
		return "clamd passes what it has not read: its configuration "
		    "needs AlertExceedsMax yes";
	return NULL;
}
