/*
 * clam_packed_test.c - a virus in archives in mail in archives is found
 *
 * A row says how the test file is packed, from the inside out: z zip, t tar,
 * g gzip, w winmail.dat (TNEF), m a message that has it attached in base64.
 * The last one is attached to the message that is scanned.
 */
#include <zlib.h>

#include "tests/unit/filters/clam_fixture.h"

#define ROOM	(1u << 20)

static struct scratch signatures, temporary;
static struct clam *clam;

static void
set_up(void)
{
	signatures = scratch_new();
	temporary = scratch_new();
	eicar_write(signatures.fd);
	clam = clam_load_from(&signatures, &temporary);
}

static void
tear_down(void)
{
	clam_free(clam);
	scratch_drop(&signatures);
	scratch_drop(&temporary);
}

static const char *const rows[] = {
	"", "z", "g", "w", "m", "tg", "zz", "gz", "zg", "mz", "zm", "zw",
	"wz", "mm", "wm", "tgm", "mtg", "tgw", "ztg", "tgz", "mzm", "zmz",
	"mwm", "zzzzz", "ggggg", "zmzmz", "tgztgz", "wzmtg",
	/* so many encoded messages are too much to be called clean */
	"mmmmm",
};
#define ROWS	((int)(sizeof(rows) / sizeof(rows[0])))

static void
add_gzip(struct text *text, struct slice bytes)
{
	unsigned char room[8192];
	z_stream z = { 0 };

	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8,
	    Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)bytes.at;
	z.avail_in = (uInt)bytes.len;
	z.next_out = room;
	z.avail_out = sizeof(room);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	text_add(text, slice_of(room, sizeof(room) - z.avail_out));
	(void)deflateEnd(&z);
}

/* POSIX ustar, one file and the two empty blocks at the end. */
static void
add_tar(struct text *text, struct slice bytes)
{
	char head[512] = "a.exe", zeros[1536] = "";
	unsigned sum = 0;

	(void)snprintf(head + 100, 8, "%07o", 0644);
	(void)snprintf(head + 108, 8, "%07o", 0);
	(void)snprintf(head + 116, 8, "%07o", 0);
	(void)snprintf(head + 124, 12, "%011o", (unsigned)bytes.len);
	(void)snprintf(head + 136, 12, "%011o", 0);
	memset(head + 148, ' ', 8);
	head[156] = '0';
	memcpy(head + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(head); i++)
		sum += (unsigned char)head[i];
	(void)snprintf(head + 148, 7, "%06o", sum);
	text_add(text, slice_of(head, sizeof(head)));
	text_add(text, bytes);
	text_add(text, slice_of(zeros, 512 - bytes.len % 512 + 1024));
}

/* An attribute of a TNEF stream ([MS-OXTNEF] 2.1.3.2). */
static void
add_attribute(struct text *text, unsigned level, uint32_t id,
    struct slice bytes)
{
	unsigned sum = 0;

	for (size_t i = 0; i < bytes.len; i++)
		sum += (unsigned char)bytes.at[i];
	pack_u8(text, (uint8_t)level);
	pack_u32(text, id);
	pack_u32(text, (uint32_t)bytes.len);
	text_add(text, bytes);
	pack_u16(text, (uint16_t)sum);
}

static void
add_tnef(struct text *text, struct slice bytes)
{
	static const char rendering[14] = { 1 };

	pack_u32(text, 0x223e9f78);	/* the signature, and a key */
	pack_u16(text, 1);
	add_attribute(text, 1, 0x00089006, slice_of("\0\0\1\0", 4));
	add_attribute(text, 2, 0x00069002, slice_of(rendering, 14));
	add_attribute(text, 2, 0x00018010, slice_of("a.exe", 6));
	add_attribute(text, 2, 0x0006800f, bytes);
}

static void
add_mail(struct text *text, const char *type, struct slice bytes)
{
	text_add_str(text, "From: a@example.org\r\nSubject: hello\r\n"
	    "MIME-Version: 1.0\r\n");
	add_attachment(text, "q", type, "base64", bytes);
}

static void
add_packed(struct text *text, char way, struct slice bytes)
{
	switch (way) {
	case 'z':
		add_zip(text, 0, bytes, 1);
		return;
	case 't':
		add_tar(text, bytes);
		return;
	case 'g':
		add_gzip(text, bytes);
		return;
	case 'w':
		add_tnef(text, bytes);
		return;
	case 'm':
		add_mail(text, "application/octet-stream", bytes);
		return;
	default:
		ck_abort_msg("no way %c", way);
	}
}

/* The message that has `file` attached, packed in those ways. */
static struct scan_answer
scan_packed(struct slice file, const char *ways)
{
	TEXT_AUTO message = TEXT_INIT(ROOM);
	TEXT_AUTO packed = TEXT_INIT(ROOM);
	const char *type = "application/octet-stream";

	text_add(&packed, file);
	for (; *ways != '\0'; ways++) {
		TEXT_AUTO inner = TEXT_INIT(ROOM);

		text_add(&inner, text_slice(&packed));
		text_clear(&packed);
		add_packed(&packed, *ways, text_slice(&inner));
		ck_assert(!text_failed(&inner) && !text_failed(&packed));
		type = *ways == 'w' ? "application/ms-tnef" :
		    *ways == 'm' ? "message/rfc822" :
		    "application/octet-stream";
	}
	add_mail(&message, type, text_slice(&packed));
	ck_assert(!text_failed(&message));
	return clam_scan(clam, text_slice(&message));
}

START_TEST(a_virus_is_found_however_it_is_packed)
{
	struct scan_answer answer = scan_packed(EICAR_BYTES, rows[_i]);

	ck_assert_msg(answer.result == SCAN_VIRUS, "%s: %d %s", rows[_i],
	    (int)answer.result, answer.words);
}
END_TEST

START_TEST(what_is_honest_is_clean_however_it_is_packed)
{
	struct scan_answer answer = scan_packed(slice_str("nothing at all"),
	    rows[_i]);

	ck_assert_msg(answer.result == SCAN_CLEAN, "%s: %d %s %s", rows[_i],
	    (int)answer.result, answer.name, answer.words);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("clam_packed");
	TCase *test = tcase_create("clam_packed");

	tcase_set_timeout(test, 60);
	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_loop_test(test, a_virus_is_found_however_it_is_packed, 0,
	    ROWS);
	tcase_add_loop_test(test, what_is_honest_is_clean_however_it_is_packed,
	    0, ROWS - 1);
	suite_add_tcase(suite, test);
	return suite;
}
