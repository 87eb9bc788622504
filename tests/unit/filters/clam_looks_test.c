/*
 * clam_looks_test.c - what the library is shown, and what it need not be
 *
 * What is shown once only must be found that once.
 */
#include <openssl/evp.h>
#include <stdio.h>

#include "tests/unit/filters/clam_fixture.h"

#define ROOM	(4u << 20)
#define EVIL	"first evil line\r\nsecond evil line"

static struct scratch signatures, temporary;
static struct clam *clam;

/* A signature that has the line end of mail in it, anywhere in any file. */
static void
evil_write(void)
{
	const struct slice evil = SLICE(EVIL);
	TEXT_AUTO line = TEXT_INIT(4096);

	text_add_str(&line, "Evil-Lines:0:*:");
	for (size_t i = 0; i < evil.len; i++)
		text_addf(&line, "%02x", (unsigned char)evil.at[i]);
	text_add_str(&line, "\n");
	file_write(signatures.fd, "evil.ndb", text_slice(&line));
}

/* Of a whole text with the line ends of mail: by its hash, by its beginning. */
#define HASHED	"words to be\r\nknown by all of them"
#define PLACED	"words that\r\nbegin a text"

static void
exact_write(void)
{
	const struct slice placed = SLICE(PLACED);
	unsigned char digest[32];
	TEXT_AUTO line = TEXT_INIT(4096);

	ck_assert_int_eq(EVP_Digest(HASHED, strlen(HASHED), digest, NULL,
	    EVP_sha256(), NULL), 1);
	for (size_t i = 0; i < sizeof(digest); i++)
		text_addf(&line, "%02x", digest[i]);
	text_addf(&line, ":%zu:Evil-Hash\n", strlen(HASHED));
	file_write(signatures.fd, "hash.hsb", text_slice(&line));
	signature_write(signatures.fd, "place.ndb", "Evil-Place", placed);
}

static void
set_up(void)
{
	signatures = scratch_new();
	temporary = scratch_new();
	eicar_write(signatures.fd);
	evil_write();
	exact_write();
	clam = clam_load_from(&signatures, &temporary);
}

static void
tear_down(void)
{
	clam_free(clam);
	scratch_drop(&signatures);
	scratch_drop(&temporary);
}

/* Scan what must be clean, and count the looks that it takes. */
static unsigned
looks_at(const struct text *text)
{
	uint64_t before = clam_looks(clam);

	ck_assert(!text_failed(text));
	ck_assert_int_eq(clam_scan(clam, text_slice(text)).result,
	    SCAN_CLEAN);
	return (unsigned)(clam_looks(clam) - before);
}

/* The words beside the attachment, a short look at their bytes. */
#define WORDS	1

static const struct {
	const char	*begins, *encoding;
	unsigned	 looks;
} mails[] = {
	/* each attachment comes out of the library's own reading */
	{ "DKIM-Signature: v=1\r\n", "base64", 1 + WORDS },
	{ "Received: from a by b\r\n", "base64", 1 + WORDS },
	{ "From: a@example.org\r\n", "base64", 1 + WORDS },
	{ "from: a@example.org\r\n", "base64", 1 + WORDS },
	{ "X-Whatever: 1\r\n", "base64", 1 + WORDS },
	/* nobody knows what it is: as it stands, and as mail */
	{ "Zzz: 1\r\n", "base64", 2 + WORDS },
	/* it writes other line ends: the attachment is looked at */
	{ "From: a@example.org\r\n", "7bit", 2 + WORDS },
	{ "From: a@example.org\r\n", "quoted-printable", 2 + WORDS },
};

START_TEST(what_the_library_has_read_it_is_not_shown_again)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);

	text_add_str(&text, mails[_i].begins);
	add_attachment(&text, "q", "application/octet-stream",
	    mails[_i].encoding, slice_str("one line\r\nand another\r\n"));
	ck_assert_uint_eq(looks_at(&text), mails[_i].looks);
}
END_TEST

/* The names and the limits of what is in it count from the outermost. */
START_TEST(what_has_files_in_it_is_looked_at_by_itself)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);
	TEXT_AUTO zip = TEXT_INIT(ROOM);

	add_zip(&zip, 0, slice_str("hello"), 2);
	text_add_str(&text, "From: a@example.org\r\n");
	add_attachment(&text, "q", "application/zip", "base64",
	    text_slice(&zip));
	ck_assert_uint_eq(looks_at(&text), 2 + WORDS);
}
END_TEST

/* In the words of a message, and in a file, however it is encoded. */
START_TEST(a_line_end_of_mail_in_a_signature_is_found)
{
	static const char *const encodings[] = {
		"7bit", "quoted-printable", "base64"
	};
	TEXT_AUTO text = TEXT_INIT(ROOM);
	const char *encoding = encodings[_i % 3];
	const struct slice evil = SLICE("good\r\n" EVIL "\r\ngood");
	struct scan_answer answer;

	text_add_str(&text, "From: a@example.org\r\n");
	if (_i < 3) {
		add_attachment(&text, "q", "text/plain", encoding, evil);
	} else {
		text_addf(&text, "Content-Type: text/plain\r\n"
		    "Content-Transfer-Encoding: %s\r\n\r\n", encoding);
		if (_i % 3 == 0)
			text_add(&text, evil);
		else if (_i % 3 == 1)
			add_quoted_printable(&text, evil);
		else
			add_base64(&text, evil);
	}
	ck_assert(!text_failed(&text));
	answer = clam_scan(clam, text_slice(&text));
	ck_assert_int_eq(answer.result, SCAN_VIRUS);
	/* the library adds where a set comes from */
	ck_assert_msg(slice_has_prefix(slice_str(answer.name), "Evil-Lines"),
	    "%s", answer.name);
}
END_TEST

#define PARTS	"multipart/mixed; boundary=q\r\n\r\n--q\r\n" \
		"Content-Type: text/plain"

static const struct {
	const char	*type, *words, *name;
} exact[] = {
	{ "text/plain", HASHED, "Evil-Hash" },
	{ "text/plain", PLACED ", and go on", "Evil-Place" },
	{ PARTS, HASHED "\r\n--q--\r\n", "Evil-Hash" },
	{ PARTS, PLACED "\r\n--q--\r\n", "Evil-Place" },
	/* it is not read as words, but taken apart */
	{ PARTS "; name=a.txt", HASHED "\r\n--q--\r\n", "Evil-Hash" },
};

/* The library has seen them with other line ends. */
START_TEST(words_are_known_by_their_very_bytes)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);
	struct scan_answer answer;

	text_addf(&text, "From: a@example.org\r\nContent-Type: %s\r\n\r\n%s",
	    exact[_i].type, exact[_i].words);
	answer = clam_scan(clam, text_slice(&text));
	ck_assert_int_eq(answer.result, SCAN_VIRUS);
	ck_assert_msg(slice_has_prefix(slice_str(answer.name),
	    exact[_i].name), "%s", answer.name);
}
END_TEST

/* What was found in one message is nothing about the next. */
START_TEST(every_message_is_looked_at)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);

	text_add_str(&text, "From: a@example.org\r\n");
	add_attachment(&text, "q", "image/png", "base64",
	    slice_str("one line\r\n"));
	ck_assert_uint_eq(looks_at(&text), 1 + WORDS);
	ck_assert_uint_eq(looks_at(&text), 1 + WORDS);
	text_clear(&text);
	text_add_str(&text, "Zzz: 1\r\nContent-Type: image/png\r\n\r\n"
	    "one line\r\n");
	ck_assert_uint_eq(looks_at(&text), 3);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/clam_looks");
	TCase *test = tcase_create("clam_looks");

	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_set_timeout(test, 60);
	tcase_add_loop_test(test,
	    what_the_library_has_read_it_is_not_shown_again, 0,
	    (int)(sizeof(mails) / sizeof(*mails)));
	tcase_add_test(test, what_has_files_in_it_is_looked_at_by_itself);
	tcase_add_loop_test(test, a_line_end_of_mail_in_a_signature_is_found,
	    0, 6);
	tcase_add_loop_test(test, words_are_known_by_their_very_bytes, 0,
	    (int)(sizeof(exact) / sizeof(*exact)));
	tcase_add_test(test, every_message_is_looked_at);
	suite_add_tcase(suite, test);
	return suite;
}
