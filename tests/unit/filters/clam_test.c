/*
 * clam_test.c - libclamav, with its open ends closed
 */
#include <clamav.h>
#include <errno.h>
#include <stdio.h>

#include "tests/unit/filters/clam_fixture.h"

#define ROOM	(4u << 20)

static struct scratch signatures, temporary;
static struct clam *clam;

static void
load(const struct clam_limits *limits)
{
	const char *words;

	ck_assert_int_eq(clam_load(signatures.fd, -1, limits, &clam,
	    &words), 0);
	ck_assert_int_eq(clam_scratch(clam, temporary.fd), 0);
}

static void
set_up(void)
{
	signatures = scratch_new();
	temporary = scratch_new();
	ck_assert_int_eq(clam_open(), 0);
	eicar_write(signatures.fd);
	load(&clam_default_limits);
}

static void
tear_down(void)
{
	clam_free(clam);
	scratch_drop(&signatures);
	scratch_drop(&temporary);
}

static void
reload(const struct clam_limits *limits)
{
	clam_free(clam);
	load(limits);
}

static struct scan_answer
scan(const struct text *text)
{
	ck_assert(!text_failed(text));
	return clam_scan(clam, text_slice(text));
}

/* How messages begin; the library takes only some of them for mail. */
static const char *const beginnings[] = {
	"",
	"Received: from a by b; Thu, 1 Jan 1970 00:00:00 +0000\r\n",
	"Return-Path: <a@example.org>\r\n",
	"From: a@example.org\r\n",
	"To: b@example.org\r\n",
	"Subject: hello\r\n",
	"Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n",
	"Message-ID: <1@example.org>\r\n",
	"MIME-Version: 1.0\r\n",
	"X-Mailer: x\r\n",
	"X-Weird-Field: 1\r\n",
	"Authentication-Results: example.org; spf=pass\r\n",
	"DKIM-Signature: v=1; a=rsa-sha256\r\n",
	"ARC-Seal: i=1\r\n",
	"Delivered-To: b@example.org\r\n",
	"List-Id: <x.example.org>\r\n",
	"Content-Language: en\r\n",
	"Sender: a@example.org\r\n",
	"Zzz: a\r\n",
	"a: b\r\n",
	"From a@example.org Thu Jan  1 00:00:00 1970\r\n",
	">From a@example.org\r\n",
	"X-\377\376: \200\r\n",
	"<html>: x\r\n",
	"PK\3\4: x\r\n",
	"%PDF-1.4: x\r\n",
	"GIF89a: x\r\n",
	"MZ: x\r\n",
	"{\\rtf1: x\r\n",
	"Zzz: a\r\n b\r\n\tc\r\nReceived: x\r\n",
};

/* How the attachment is written. */
static void
add_way(struct text *text, unsigned way)
{
	TEXT_AUTO inner = TEXT_INIT(ROOM);
	TEXT_AUTO zip = TEXT_INIT(ROOM);

	switch (way) {
	case 0:
		add_attachment(text, "q", "application/octet-stream", "base64",
		    EICAR_BYTES);
		return;
	case 1:
		add_attachment(text, "q", "application/octet-stream",
		    "quoted-printable", EICAR_BYTES);
		return;
	case 2:
		add_attachment(text, "q", "application/octet-stream", "7bit",
		    EICAR_BYTES);
		return;
	case 3:		/* in a message in it, with a beginning of its own */
		text_add_str(&inner, "Zzz: 1\r\n");
		add_attachment(&inner, "w", "image/png", "base64",
		    EICAR_BYTES);
		add_attachment(text, "q", "message/rfc822", "7bit",
		    text_slice(&inner));
		return;
	case 4:		/* the same, encoded against RFC 2046 5.2.1 */
		text_add_str(&inner, "Zzz: 1\r\n");
		add_attachment(&inner, "w", "image/png", "base64",
		    EICAR_BYTES);
		add_attachment(text, "q", "message/rfc822", "base64",
		    text_slice(&inner));
		return;
	case 5:
		add_zip(&zip, 0, EICAR_BYTES, 1);
		add_attachment(text, "q", "application/zip", "base64",
		    text_slice(&zip));
		return;
	case 6:		/* junk in the header of the message in it */
		text_add_str(&inner, "Zzz: 1\r\njunk\r\n");
		add_attachment(&inner, "w", "image/png", "base64",
		    EICAR_BYTES);
		add_attachment(text, "q", "message/rfc822", "7bit",
		    text_slice(&inner));
		return;
	case 7:		/* all of it is the virus */
		text_add_str(text, "Content-Transfer-Encoding: base64\r\n\r\n");
		add_base64(text, EICAR_BYTES);
		return;
	default:	/* no last boundary, spaces behind the others */
		text_add_str(text, "Content-Type: multipart/mixed; "
		    "boundary=q\r\n\r\n--q  \r\n"
		    "Content-Transfer-Encoding: BASE64 \r\n\r\n!");
		add_base64(text, EICAR_BYTES);
	}
}

START_TEST(a_virus_is_found_however_the_message_begins)
{
	for (unsigned way = 0; way < 9; way++) {
		TEXT_AUTO text = TEXT_INIT(ROOM);
		struct scan_answer answer;

		text_add_str(&text, beginnings[_i]);
		add_way(&text, way);
		answer = scan(&text);
		ck_assert_msg(answer.result == SCAN_VIRUS,
		    "way %u: %d %s", way, (int)answer.result,
		    answer.words);
		ck_assert_ptr_nonnull(strstr(answer.name, EICAR_NAME));
	}
}
END_TEST

START_TEST(an_honest_message_is_clean_however_it_begins)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);
	struct scan_answer answer;

	text_add_str(&text, beginnings[_i]);
	add_attachment(&text, "q", "text/plain", "base64",
	    slice_str("Note: nothing"));
	answer = scan(&text);
	ck_assert_msg(answer.result == SCAN_CLEAN, "%d %s",
	    (int)answer.result, answer.words);
	ck_assert_str_eq(answer.name, "");
	ck_assert_str_eq(answer.words, "");
}
END_TEST

/* HARDENING A62 */
START_TEST(two_encodings_hide_nothing)
{
	static const char *const pairs[] = {
		"base64\r\nContent-Transfer-Encoding: 7bit",
		"7bit\r\nContent-Transfer-Encoding: base64",
		"x-unheard-of", "\"base64\"", "base64;", "base 64",
	};
	TEXT_AUTO text = TEXT_INIT(ROOM);

	text_addf(&text, "Zzz: 1\r\nContent-Type: multipart/mixed; "
	    "boundary=q\r\n\r\n--q\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    pairs[_i]);
	add_base64(&text, EICAR_BYTES);
	text_add_str(&text, "\r\n--q--\r\n");
	ck_assert_int_eq(scan(&text).result, SCAN_VIRUS);
}
END_TEST

START_TEST(a_message_of_nothing_is_clean)
{
	ck_assert_int_eq(clam_scan(clam, slice_of(NULL, 0)).result,
	    SCAN_CLEAN);
	ck_assert_int_eq(clam_scan(clam, slice_str("\r\n")).result,
	    SCAN_CLEAN);
}
END_TEST

START_TEST(no_temporary_file_is_left)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);

	add_way(&text, 5);
	ck_assert_int_eq(scan(&text).result, SCAN_VIRUS);
	/* the folder itself goes only when it is empty */
	ck_assert_int_eq(rmdir(temporary.path), 0);
	ck_assert_int_eq(mkdir(temporary.path, 0700), 0);
}
END_TEST

/* Bytes that are nothing, and do not repeat. */
static void
add_noise(struct text *text, unsigned bytes)
{
	uint32_t x = 1;

	for (unsigned i = 0; i < bytes; i++) {
		x = x * 1664525 + 1013904223;
		text_add_byte(text, (char)(x >> 24));
	}
}

/* A fresh folder that holds this instead. */
static int
load_only(const char *file, const char *bytes)
{
	struct scratch folder = scratch_new();
	struct clam *none = NULL;
	const char *words = "";
	int r;

	if (file != NULL)
		file_write(folder.fd, file, slice_str(bytes));
	r = clam_load(folder.fd, -1, &clam_default_limits, &none, &words);
	ck_assert(r < 0 && none == NULL);
	ck_assert_str_ne(words, "");
	scratch_drop(&folder);
	return r;
}

START_TEST(no_signatures_are_no_set)
{
	ck_assert_int_lt(load_only(NULL, NULL), 0);
	ck_assert_int_lt(load_only("readme.txt", "hello\n"), 0);
	ck_assert_int_lt(load_only("empty.ndb", ""), 0);
	ck_assert_int_lt(load_only("empty.hdb", "\n"), 0);
	ck_assert_int_lt(load_only("only.ign2", "Eicar-Test\n"), 0);
}
END_TEST

START_TEST(a_broken_set_is_none)
{
	ck_assert_int_eq(load_only("broken.ndb", "no signature\n"), -EBADMSG);
	ck_assert_int_eq(load_only("daily.cvd", "ClamAV-VDB:gibberish"),
	    -EBADMSG);
}
END_TEST

START_TEST(one_broken_file_spoils_the_set)
{
	struct clam *none = NULL;
	const char *words;

	file_write(signatures.fd, "zzz.ndb", slice_str("no signature\n"));
	ck_assert_int_eq(clam_load(signatures.fd, -1, &clam_default_limits,
	    &none, &words), -EBADMSG);
	ck_assert_ptr_null(none);
}
END_TEST

START_TEST(the_signatures_are_counted)
{
	ck_assert_uint_eq(clam_signatures(clam), 1);
}
END_TEST

/* Every result of the library, and what it may not become. */
START_TEST(nothing_is_clean_but_clean)
{
	for (int error = 0; error < 64; error++) {
		struct scan_answer answer = clam_answer(error, NULL);

		ck_assert_int_eq(answer.result == SCAN_CLEAN,
		    error == CL_CLEAN);
		ck_assert_int_ne(answer.result, SCAN_VIRUS);
	}
	ck_assert_int_eq(clam_answer(CL_VIRUS, NULL).result,
	    SCAN_UNSCANNABLE);
	ck_assert_int_eq(clam_answer(CL_VIRUS, "").result,
	    SCAN_UNSCANNABLE);
	ck_assert_int_eq(clam_answer(CL_CLEAN, "X").result, SCAN_VIRUS);
	ck_assert_int_eq(clam_answer(CL_ETIMEOUT, NULL).result,
	    SCAN_TOO_LONG);
	ck_assert_int_eq(clam_answer(CL_EMAXSIZE, NULL).result,
	    SCAN_TOO_MUCH);
	ck_assert_int_eq(clam_answer(CL_EMAXFILES, NULL).result,
	    SCAN_TOO_MUCH);
	ck_assert_int_eq(clam_answer(CL_EMAXREC, NULL).result,
	    SCAN_TOO_MUCH);
	ck_assert_int_eq(clam_answer(CL_EMEM, NULL).result,
	    SCAN_UNSCANNABLE);
}
END_TEST

START_TEST(heuristics_have_results_of_their_own)
{
	static const struct {
		const char		*name;
		enum scan_result	 result;
	} rows[] = {
		{ "Heuristics.Limits.Exceeded.MaxScanTime", SCAN_TOO_LONG },
		{ "Heuristics.Limits.Exceeded.MaxFileSize", SCAN_TOO_MUCH },
		{ "Heuristics.XZ.DicSizeLimit", SCAN_TOO_MUCH },
		{ "Heuristics.Encrypted.Zip", SCAN_ENCRYPTED },
		{ "Heuristics.Encrypted.PDF", SCAN_ENCRYPTED },
		{ "Heuristics.Broken.Executable", SCAN_BROKEN },
		{ "Heuristics.Phishing.Email.SpoofedDomain", SCAN_VIRUS },
		{ "Win.Test.EICAR_HDB-1", SCAN_VIRUS },
	};

	ck_assert_int_eq(clam_answer(CL_VIRUS, rows[_i].name).result,
	    rows[_i].result);
	ck_assert_str_eq(clam_answer(CL_VIRUS, rows[_i].name).name,
	    rows[_i].name);
}
END_TEST

static void
add_mail_with_zip(struct text *text, unsigned flags, struct slice bytes,
    unsigned count)
{
	TEXT_AUTO zip = TEXT_INIT(ROOM);

	add_zip(&zip, flags, bytes, count);
	add_attachment(text, "z", "application/zip", "base64",
	    text_slice(&zip));
}

START_TEST(what_is_encrypted_is_not_clean)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);

	text_add_str(&text, beginnings[_i]);
	add_mail_with_zip(&text, 1, slice_str("cannot be read"), 1);
	ck_assert_int_eq(scan(&text).result, SCAN_ENCRYPTED);
}
END_TEST

START_TEST(a_virus_beside_something_encrypted_is_a_virus)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);
	TEXT_AUTO zip = TEXT_INIT(ROOM);

	add_zip(&zip, 1, slice_str("cannot be read"), 1);
	text_add_str(&text, "Zzz: 1\r\nContent-Type: multipart/mixed; "
	    "boundary=q\r\n\r\n--q\r\nContent-Type: application/zip\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	add_base64(&text, text_slice(&zip));
	text_add_str(&text, "\r\n--q\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	add_base64(&text, EICAR_BYTES);
	text_add_str(&text, "\r\n--q--\r\n");
	ck_assert_int_eq(scan(&text).result, SCAN_VIRUS);
}
END_TEST

START_TEST(more_files_than_the_limit_are_too_much)
{
	struct clam_limits limits = clam_default_limits;
	TEXT_AUTO text = TEXT_INIT(ROOM);

	limits.files = 20;
	reload(&limits);
	text_add_str(&text, "Zzz: 1\r\n");
	add_mail_with_zip(&text, 0, slice_str("nothing in here"), 50);
	ck_assert_int_eq(scan(&text).result, SCAN_TOO_MUCH);
}
END_TEST

START_TEST(archives_in_archives_end_somewhere)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);
	struct text bytes = TEXT_INIT(ROOM);

	text_add(&bytes, EICAR_BYTES);
	for (int i = 0; i < 20; i++) {
		struct text outer = TEXT_INIT(ROOM);

		add_zip(&outer, 0, text_slice(&bytes), 1);
		text_free(&bytes);
		bytes = outer;
	}
	add_attachment(&text, "z", "application/zip", "base64",
	    text_slice(&bytes));
	text_free(&bytes);
	/* found, as what is stored can be seen from outside, or too much */
	ck_assert_int_ne(scan(&text).result, SCAN_CLEAN);
}
END_TEST

START_TEST(a_file_above_the_limit_is_too_much)
{
	struct clam_limits limits = clam_default_limits;
	TEXT_AUTO text = TEXT_INIT(ROOM);
	TEXT_AUTO large = TEXT_INIT(ROOM);

	limits.file_bytes = 40000;
	reload(&limits);
	for (int i = 0; i < 3000; i++)
		text_addf(&large, "line number %d\r\n", i);
	add_mail_with_zip(&text, 0, text_slice(&large), 1);
	ck_assert_int_eq(scan(&text).result, SCAN_TOO_MUCH);
}
END_TEST

START_TEST(more_bytes_than_the_limit_are_too_much)
{
	struct clam_limits limits = clam_default_limits;
	TEXT_AUTO text = TEXT_INIT(ROOM);
	TEXT_AUTO noise = TEXT_INIT(ROOM);

	add_noise(&noise, 5000);
	limits.scan_bytes = 20000;
	reload(&limits);
	text_add_str(&text, "Zzz: 1\r\n");
	add_mail_with_zip(&text, 0, text_slice(&noise), 20);
	ck_assert_int_eq(scan(&text).result, SCAN_TOO_MUCH);
}
END_TEST

START_TEST(no_time_is_too_long)
{
	struct clam_limits limits = clam_default_limits;
	TEXT_AUTO text = TEXT_INIT(ROOM);
	TEXT_AUTO noise = TEXT_INIT(ROOM);

	add_noise(&noise, 5000);
	limits.scan_ms = 1;
	reload(&limits);
	for (int i = 0; i < 100; i++)
		add_mail_with_zip(&text, 0, text_slice(&noise),
		    5);
	ck_assert_int_eq(scan(&text).result, SCAN_TOO_LONG);
}
END_TEST

START_TEST(a_structure_without_end_is_too_much)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);

	for (int i = 0; i < 200; i++)
		text_addf(&text, "Content-Type: multipart/mixed; "
		    "boundary=b%d\r\n\r\n--b%d\r\n", i, i);
	text_add_str(&text, "\r\nhello\r\n");
	ck_assert_int_eq(scan(&text).result, SCAN_TOO_MUCH);
}
END_TEST

/* A program whose section table points behind its end. */
START_TEST(a_broken_program_is_not_clean)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);
	TEXT_AUTO program = TEXT_INIT(ROOM);
	char *bytes = text_space(&program, 1024);

	memset(bytes, 0, 1024);
	memcpy(bytes, "MZ", 2);
	bytes[0x3c] = 0x40;
	memcpy(bytes + 0x40, "PE\0\0\x4c\x01\x60\0", 8);
	bytes[0x54] = (char)0xe0;	/* size of the optional header */
	bytes[0x56] = 0x02;		/* a program */
	bytes[0x57] = 0x01;
	memcpy(bytes + 0x58, "\x0b\x01", 2);
	add_attachment(&text, "q", "application/octet-stream", "base64",
	    text_slice(&program));
	ck_assert_int_eq(scan(&text).result, SCAN_BROKEN);
}
END_TEST

/* `depth` messages in one another, each in base64 and behind `junk` lines. */
static void
add_nested(struct text *text, unsigned depth, unsigned junk)
{
	struct text inner = TEXT_INIT(ROOM);

	text_add_str(&inner, "Zzz: 1\r\nContent-Type: image/png\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	add_base64(&inner, EICAR_BYTES);
	for (unsigned i = 0; i < depth; i++) {
		struct text outer = TEXT_INIT(ROOM);

		for (unsigned k = 0; i + 1 < depth && k < junk; k++)
			text_addf(&outer, "junk line %u without sense\r\n", k);
		text_addf(&outer, "Zzz: %u\r\nContent-Type: message/rfc822\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n", i);
		add_base64(&outer, text_slice(&inner));
		text_free(&inner);
		inner = outer;
	}
	text_add(text, text_slice(&inner));
	text_free(&inner);
}

static const struct {
	unsigned		 depth, junk;
	enum scan_result	 result;
} nested[] = {
	{ 1, 0, SCAN_VIRUS }, { 3, 0, SCAN_VIRUS }, { 4, 17, SCAN_VIRUS },
	{ 2, 500, SCAN_VIRUS }, { 6, 17, SCAN_TOO_MUCH },
	{ 9, 17, SCAN_TOO_MUCH }, { 2, 4000, SCAN_TOO_MUCH },
};

START_TEST(a_virus_in_messages_in_messages_is_never_clean)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);
	struct scan_answer answer;

	add_nested(&text, nested[_i].depth, nested[_i].junk);
	answer = scan(&text);
	ck_assert_msg(answer.result == nested[_i].result, "%d %s",
	    (int)answer.result, answer.words);
}
END_TEST

/* What is called a message, in base64. */
static const struct {
	const char		*type, *bytes;
	enum scan_result	 result;
} messages[] = {
	{ "message/rfc822", "\1\2\3 no field in here", SCAN_TOO_MUCH },
	{ "message/x-own", "nor here", SCAN_TOO_MUCH },
	{ "message/rfc822", "Subject: hello\r\n\r\nhello", SCAN_CLEAN },
	{ "message/partial; id=a; number=1", "Subject: hello\r\n\r\nhello",
	    SCAN_TOO_MUCH },
	{ "message/delivery-status", "\1\2\3", SCAN_CLEAN },
};

START_TEST(a_message_that_is_none_is_too_much)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);

	text_add_str(&text, "Zzz: 1\r\n");
	add_attachment(&text, "q", messages[_i].type, "base64",
	    slice_str(messages[_i].bytes));
	ck_assert_int_eq(scan(&text).result, messages[_i].result);
}
END_TEST

/* A digest quotes headers; that is no message in a message in a message. */
START_TEST(many_headers_in_a_text_are_clean)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);

	text_add_str(&text, "Subject: digest\r\n\r\nWelcome\r\n");
	for (unsigned i = 0; i < 8; i++)
		text_addf(&text, "From: a@example.org\r\nSubject: %u\r\n"
		    "Content-Type: text/plain\r\n\r\nwords\r\n\r\n", i);
	ck_assert_str_eq(scan(&text).words, "");
}
END_TEST

static void
add_uuencode(struct text *text, struct slice bytes)
{
	text_add_str(text, "begin 644 a.com\r\n");
	for (size_t at = 0; at < bytes.len; at += 45) {
		struct slice line = slice_first(slice_after(bytes, at), 45);

		text_add_byte(text, (char)(' ' + line.len));
		for (size_t i = 0; i < line.len; i += 3) {
			unsigned group = 0;

			for (size_t k = 0; k < 3; k++)
				group = group << 8 | (i + k < line.len ?
				    (unsigned char)line.at[i + k] : 0);
			for (unsigned k = 0; k < 4; k++)
				text_add_byte(text, (char)(' ' +
				    (group >> (18 - 6 * k) & 63)));
		}
		text_add_str(text, "\r\n");
	}
	text_add_str(text, "`\r\nend\r\n");
}

static void
add_yenc(struct text *text, struct slice bytes)
{
	text_addf(text, "=ybegin line=128 size=%zu name=a.com\r\n", bytes.len);
	for (size_t i = 0; i < bytes.len; i++)
		text_add_byte(text, (char)(bytes.at[i] + 42));
	text_addf(text, "\r\n=yend size=%zu\r\n", bytes.len);
}

/* As it stands, and in base64; with a letter before it and without. */
START_TEST(a_virus_in_the_middle_of_a_text_is_not_clean)
{
	TEXT_AUTO words = TEXT_INIT(ROOM);
	TEXT_AUTO text = TEXT_INIT(ROOM);
	struct scan_answer answer;

	if (_i & 1)
		text_add_str(&words, "hello\r\n\r\n");
	(_i & 4 ? add_yenc : add_uuencode)(&words, EICAR_BYTES);
	text_add_str(&text, "Zzz: 1\r\n");
	add_attachment(&text, "q", "text/plain", _i & 2 ? "base64" : "8bit",
	    text_slice(&words));
	answer = scan(&text);
	ck_assert_msg(_i & 4 ? answer.result != SCAN_CLEAN :
	    answer.result == SCAN_VIRUS, "%d %s", (int)answer.result,
	    answer.words);
}
END_TEST

START_TEST(a_zip_packed_in_an_unknown_way_is_not_clean)
{
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	TEXT_AUTO text = TEXT_INIT(ROOM);

	text_add_str(&zip, _i == 0 ? "" : "MZ, a program that unpacks it");
	add_zip(&zip, 0, slice_str("packed"), 1);
	*(char *)(uintptr_t)(text_slice(&zip).at +
	    slice_find_str(text_slice(&zip), "PK") + 8) = 14;
	add_attachment(&text, "q", "application/zip", "base64",
	    text_slice(&zip));
	ck_assert_int_eq(scan(&text).result, SCAN_ENCRYPTED);
}
END_TEST

START_TEST(a_broken_archive_is_not_clean)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	struct scan_answer answer;

	add_zip(&zip, 0, slice_str("nothing"), 2);
	zip.len -= 30;
	add_attachment(&text, "q", "application/zip", "base64",
	    text_slice(&zip));
	answer = scan(&text);
	ck_assert_int_eq(answer.result, SCAN_BROKEN);
	ck_assert_str_eq(answer.words, "an archive in it has no end (ZIP)");
}
END_TEST

/* An archive that the library knows and has no unpacker for (Debian). */
START_TEST(a_rar_without_an_unpacker_is_unscannable)
{
	static const char *const marks[] = {
		"Rar!\32\7\0xxxxxxxxxxxxx", "Rar!\32\7\1\0xxxxxxxxxxxx"
	};
	TEXT_AUTO text = TEXT_INIT(ROOM);
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	struct scan_answer answer;

	add_zip(&zip, 0, slice_of(marks[_i], 20), 1);
	add_attachment(&text, "q", "application/zip", "base64",
	    text_slice(&zip));
	answer = scan(&text);
	if (clam_reads_rar(clam))
		return;		/* what it makes of this one is its own */
	ck_assert_int_eq(answer.result, SCAN_UNSCANNABLE);
	ck_assert_str_eq(answer.words, "the scanner has no unpacker for RAR");
}
END_TEST

/* Each attachment is far below the limit of one look. */
START_TEST(all_looks_at_a_message_have_one_limit)
{
	struct clam_limits limits = clam_default_limits;
	TEXT_AUTO text = TEXT_INIT(ROOM);
	TEXT_AUTO noise = TEXT_INIT(ROOM);

	add_noise(&noise, 100000);
	limits.all_bytes = _i == 0 ? 1000000 : 100000000;
	reload(&limits);
	text_add_str(&text, "Zzz: 1\r\nContent-Type: multipart/mixed; "
	    "boundary=q\r\n\r\n");
	for (int i = 0; i < 10; i++) {
		text_add_str(&text, "--q\r\nContent-Type: image/x\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n");
		add_base64(&text, text_slice(&noise));
		text_add_str(&text, "\r\n");
	}
	text_add_str(&text, "--q--\r\n");
	ck_assert_int_eq(scan(&text).result, _i == 0 ? SCAN_TOO_MUCH :
	    SCAN_CLEAN);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("clam");
	TCase *tcase = tcase_create("clam");
	const int begin = (int)(sizeof(beginnings) / sizeof(*beginnings));

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_virus_is_found_however_the_message_begins,
	    0, begin);
	tcase_add_loop_test(tcase, an_honest_message_is_clean_however_it_begins,
	    0, begin);
	tcase_add_loop_test(tcase, two_encodings_hide_nothing, 0, 6);
	tcase_add_test(tcase, a_message_of_nothing_is_clean);
	tcase_add_test(tcase, no_temporary_file_is_left);
	tcase_add_test(tcase, no_signatures_are_no_set);
	tcase_add_test(tcase, a_broken_set_is_none);
	tcase_add_test(tcase, one_broken_file_spoils_the_set);
	tcase_add_test(tcase, the_signatures_are_counted);
	tcase_add_test(tcase, nothing_is_clean_but_clean);
	tcase_add_loop_test(tcase, heuristics_have_results_of_their_own, 0, 8);
	tcase_add_loop_test(tcase, what_is_encrypted_is_not_clean, 0, begin);
	tcase_add_test(tcase, a_virus_beside_something_encrypted_is_a_virus);
	tcase_add_test(tcase, more_files_than_the_limit_are_too_much);
	tcase_add_test(tcase, archives_in_archives_end_somewhere);
	tcase_add_test(tcase, a_file_above_the_limit_is_too_much);
	tcase_add_test(tcase, more_bytes_than_the_limit_are_too_much);
	tcase_add_test(tcase, no_time_is_too_long);
	tcase_add_test(tcase, a_structure_without_end_is_too_much);
	tcase_add_test(tcase, a_broken_program_is_not_clean);
	tcase_add_loop_test(tcase,
	    a_virus_in_messages_in_messages_is_never_clean, 0,
	    (int)(sizeof(nested) / sizeof(*nested)));
	tcase_add_loop_test(tcase, a_message_that_is_none_is_too_much, 0,
	    (int)(sizeof(messages) / sizeof(*messages)));
	tcase_add_test(tcase, many_headers_in_a_text_are_clean);
	tcase_add_loop_test(tcase,
	    a_virus_in_the_middle_of_a_text_is_not_clean, 0, 8);
	tcase_add_loop_test(tcase,
	    a_zip_packed_in_an_unknown_way_is_not_clean, 0, 2);
	tcase_add_test(tcase, a_broken_archive_is_not_clean);
	tcase_add_loop_test(tcase, a_rar_without_an_unpacker_is_unscannable,
	    0, 2);
	tcase_add_loop_test(tcase, all_looks_at_a_message_have_one_limit, 0,
	    2);
	suite_add_tcase(suite, tcase);
	return suite;
}
