/*
 * clam_inside_test.c - names in archives and macros, as libclamav tells them
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

/* The message that has `file` attached. */
static struct scan_answer
scan_attached(const char *type, const struct text *file)
{
	TEXT_AUTO message = TEXT_INIT(ROOM);

	text_add_str(&message, "From: a@example.org\r\nSubject: hello\r\n"
	    "MIME-Version: 1.0\r\n");
	add_attachment(&message, "q", type, "base64", text_slice(file));
	ck_assert(!text_failed(&message) && !text_failed(file));
	return clam_scan(clam, text_slice(&message));
}

/* All names in the answer, each with a bar behind it. */
static void
list(struct text *text, const struct scan_answer *answer)
{
	struct slice name;
	size_t at = 0;

	text_clear(text);
	while (packed_next(&answer->packed, &at, &name)) {
		text_add(text, name);
		text_add_byte(text, '|');
	}
}

static void
expect(const struct scan_answer *answer, const char *names)
{
	TEXT_AUTO text = TEXT_INIT(ROOM);

	list(&text, answer);
	ck_assert_msg(slice_is_str(text_slice(&text), names), "%.*s (%s)",
	    SLICE_FMT(text_slice(&text)), answer->words);
}

static const struct zip_file two[] = {
	{ SLICE("dir/evil.js"), SLICE("var a = 1\n") },
	{ SLICE("b.txt"), SLICE("hello\n") },
};

/* POSIX ustar, one file and the two empty blocks at the end. */
static void
add_tar(struct text *text, const char *name, struct slice bytes)
{
	char head[512] = "", zeros[1536] = "";
	unsigned sum = 0;

	(void)memcpy(head, name, strlen(name) < 100 ? strlen(name) : 100);
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

START_TEST(the_names_in_a_zip_are_told)
{
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	struct scan_answer answer;

	add_zip_of(&zip, 0, two, 2);
	answer = scan_attached("application/zip", &zip);
	ck_assert_int_eq(answer.result, SCAN_CLEAN);
	expect(&answer, "dir/evil.js|b.txt|");
	ck_assert_ptr_null(scan_answer_unlisted(&answer));
	ck_assert_int_eq(answer.packed.macros, PACKED_NONE);
}
END_TEST

/* Its own attachments are no archive's: there is another test for them. */
START_TEST(a_message_without_an_archive_has_no_names)
{
	TEXT_AUTO file = TEXT_INIT(ROOM);
	struct scan_answer answer;

	text_add_str(&file, "hello");
	answer = scan_attached("application/octet-stream", &file);
	expect(&answer, "");
	ck_assert_ptr_null(scan_answer_unlisted(&answer));
}
END_TEST

START_TEST(the_names_in_a_tar_that_is_packed_are_told)
{
	TEXT_AUTO tar = TEXT_INIT(ROOM);
	TEXT_AUTO packed = TEXT_INIT(ROOM);
	struct scan_answer answer;

	add_tar(&tar, "dir/evil.js", slice_str("var a = 1\n"));
	add_gzip(&packed, text_slice(&tar));
	answer = scan_attached("application/gzip", &packed);
	expect(&answer, "dir/evil.js|");
	ck_assert_ptr_null(scan_answer_unlisted(&answer));
}
END_TEST

START_TEST(names_in_an_archive_in_an_archive_are_told)
{
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	TEXT_AUTO outer = TEXT_INIT(ROOM);
	struct zip_file inner = { .name = SLICE("inner.zip") };
	struct scan_answer answer;

	add_zip_of(&zip, 0, two, 2);
	inner.bytes = text_slice(&zip);
	add_zip_of(&outer, 0, &inner, 1);
	answer = scan_attached("application/zip", &outer);
	expect(&answer, "inner.zip|dir/evil.js|b.txt|");
}
END_TEST

START_TEST(names_in_a_message_that_is_attached_are_told)
{
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	TEXT_AUTO mail = TEXT_INIT(ROOM);
	TEXT_AUTO outer = TEXT_INIT(ROOM);
	struct zip_file file = { .name = SLICE("letter.eml") };
	struct scan_answer answer;

	add_zip_of(&zip, 0, two, 2);
	text_add_str(&mail, "Received: from a by b\r\nMIME-Version: 1.0\r\n");
	add_attachment(&mail, "w", "application/zip", "base64",
	    text_slice(&zip));
	answer = scan_attached("message/rfc822", &mail);
	expect(&answer, "dir/evil.js|b.txt|");
	/* in an archive its own attachments are in an archive, too */
	file.bytes = text_slice(&mail);
	add_zip_of(&outer, 0, &file, 1);
	answer = scan_attached("application/zip", &outer);
	expect(&answer, "letter.eml|dir/evil.js|b.txt|attachment|a.bin|");
}
END_TEST

/* Programs differ about which of the two names of a file counts. */
START_TEST(both_names_of_a_file_in_a_zip_are_told)
{
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	struct scan_answer answer;
	size_t at;

	add_zip_of(&zip, 0, two, 2);
	at = slice_find_str(text_slice(&zip), "evil.js");
	memcpy(zip.at + at, "good.tx", 7);
	answer = scan_attached("application/zip", &zip);
	expect(&answer, "dir/evil.js|dir/good.tx|b.txt|");
}
END_TEST

START_TEST(names_of_encrypted_files_are_told)
{
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	struct scan_answer answer;

	add_zip_of(&zip, 1, two, 2);
	answer = scan_attached("application/zip", &zip);
	ck_assert_int_eq(answer.result, SCAN_ENCRYPTED);
	expect(&answer, "dir/evil.js|b.txt|");
	ck_assert_ptr_null(scan_answer_unlisted(&answer));
	ck_assert_int_eq(answer.packed.macros, PACKED_UNKNOWN);
}
END_TEST

/* Made by 7-Zip: t.exe, stored; the same with a password; with its name, too. */
static const unsigned char seven[] = {
	0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0x00, 0x04, 0x2f, 0xfa, 0xbe, 0x03,
	0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x42, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x4a, 0x4d, 0xb1, 0xf9, 0x78, 0x01, 0x04, 0x06,
	0x00, 0x01, 0x09, 0x01, 0x00, 0x07, 0x0b, 0x01, 0x00, 0x01, 0x01, 0x00,
	0x0c, 0x01, 0x00, 0x08, 0x0a, 0x01, 0x83, 0x16, 0xdc, 0x8c, 0x00, 0x00,
	0x05, 0x01, 0x11, 0x0d, 0x00, 0x74, 0x00, 0x2e, 0x00, 0x65, 0x00, 0x78,
	0x00, 0x65, 0x00, 0x00, 0x00, 0x14, 0x0a, 0x01, 0x00, 0xfb, 0xc6, 0xfb,
	0x5b, 0xe5, 0x7a, 0xdd, 0x01, 0x15, 0x06, 0x01, 0x00, 0x20, 0x80, 0xa4,
	0x81, 0x00, 0x00,
};
static const unsigned char seven_secret[] = {
	0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0x00, 0x04, 0xb1, 0x05, 0xc9, 0x7c,
	0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x62, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x97, 0x94, 0xaa, 0xe9, 0x4f, 0x77, 0x5c, 0x8a,
	0x26, 0x54, 0xca, 0xd3, 0x12, 0x9f, 0x95, 0x8c, 0xa8, 0x95, 0xeb, 0x38,
	0x01, 0x04, 0x06, 0x00, 0x01, 0x09, 0x10, 0x00, 0x07, 0x0b, 0x01, 0x00,
	0x02, 0x24, 0x06, 0xf1, 0x07, 0x01, 0x12, 0x53, 0x0f, 0x81, 0xb5, 0x91,
	0x1c, 0xb3, 0xb3, 0x22, 0x10, 0x96, 0x3c, 0xf0, 0x67, 0x3f, 0x13, 0x87,
	0x9a, 0x01, 0x00, 0x01, 0x00, 0x0c, 0x01, 0x01, 0x00, 0x08, 0x0a, 0x01,
	0x83, 0x16, 0xdc, 0x8c, 0x00, 0x00, 0x05, 0x01, 0x19, 0x03, 0x00, 0x00,
	0x00, 0x11, 0x0d, 0x00, 0x74, 0x00, 0x2e, 0x00, 0x65, 0x00, 0x78, 0x00,
	0x65, 0x00, 0x00, 0x00, 0x14, 0x0a, 0x01, 0x00, 0xfb, 0xc6, 0xfb, 0x5b,
	0xe5, 0x7a, 0xdd, 0x01, 0x15, 0x06, 0x01, 0x00, 0x20, 0x80, 0xa4, 0x81,
	0x00, 0x00,
};
static const unsigned char seven_hidden[] = {
	0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0x00, 0x04, 0x59, 0x37, 0x9f, 0xcc,
	0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x2e, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0xa6, 0x21, 0x7c, 0x5a, 0xec, 0x7b, 0x04, 0x37,
	0x1c, 0x70, 0x36, 0x02, 0x1c, 0xcf, 0xc8, 0x80, 0x7e, 0x11, 0x03, 0x0d,
	0x06, 0x8a, 0xc0, 0x4d, 0x43, 0xc1, 0x3a, 0xd3, 0x4c, 0xfb, 0xf4, 0x4b,
	0x71, 0x0d, 0x60, 0x58, 0x88, 0x8c, 0x6b, 0xc2, 0xc7, 0x67, 0x1f, 0xc9,
	0xef, 0x8b, 0x85, 0x6b, 0x02, 0xc0, 0x3a, 0xa1, 0x00, 0xa2, 0x00, 0x01,
	0xa4, 0x65, 0x1c, 0x8f, 0x5a, 0x33, 0x1f, 0xc1, 0x63, 0xfd, 0x08, 0x88,
	0x94, 0xc1, 0x8a, 0x77, 0x67, 0x8b, 0xb8, 0xa1, 0x50, 0x86, 0x0a, 0xb2,
	0xbc, 0x2a, 0x38, 0xa3, 0x3c, 0xa4, 0xb3, 0xde, 0x21, 0x24, 0x54, 0xf6,
	0x3d, 0xa6, 0xd3, 0xa3, 0x8b, 0xe6, 0x9f, 0xa2, 0xc1, 0xab, 0xdd, 0xdb,
	0xf8, 0x1b, 0x67, 0x72, 0x2d, 0x35, 0xe5, 0x56, 0x26, 0x10, 0x85, 0xaa,
	0x36, 0xb7, 0x03, 0x33, 0x45, 0x37, 0x29, 0x14, 0xeb, 0xf7, 0xa0, 0x02,
	0x84, 0xa0, 0x4c, 0x30, 0x17, 0x06, 0x10, 0x01, 0x09, 0x70, 0x00, 0x07,
	0x0b, 0x01, 0x00, 0x01, 0x24, 0x06, 0xf1, 0x07, 0x01, 0x12, 0x53, 0x0f,
	0x5c, 0xbd, 0xb5, 0xf8, 0x4e, 0x6c, 0x89, 0x6a, 0xa5, 0x94, 0xa9, 0x85,
	0x88, 0x0c, 0xef, 0x61, 0x0c, 0x62, 0x0a, 0x01, 0xdc, 0xc7, 0x8d, 0x93,
	0x00, 0x00,
};

START_TEST(the_names_in_a_7z_are_told_or_that_they_are_not)
{
	TEXT_AUTO plain = TEXT_INIT(ROOM);
	TEXT_AUTO secret = TEXT_INIT(ROOM);
	TEXT_AUTO hidden = TEXT_INIT(ROOM);
	struct scan_answer answer;

	text_add(&plain, slice_of(seven, sizeof(seven)));
	answer = scan_attached("application/x-7z-compressed", &plain);
	expect(&answer, "t.exe|");
	ck_assert_ptr_null(scan_answer_unlisted(&answer));
	text_add(&secret, slice_of(seven_secret, sizeof(seven_secret)));
	answer = scan_attached("application/x-7z-compressed", &secret);
	ck_assert_int_eq(answer.result, SCAN_ENCRYPTED);
	expect(&answer, "t.exe|");
	ck_assert_ptr_null(scan_answer_unlisted(&answer));
	text_add(&hidden, slice_of(seven_hidden, sizeof(seven_hidden)));
	answer = scan_attached("application/x-7z-compressed", &hidden);
	ck_assert_int_eq(answer.result, SCAN_ENCRYPTED);
	expect(&answer, "");
	ck_assert_ptr_nonnull(scan_answer_unlisted(&answer));
}
END_TEST

START_TEST(hostile_names_are_harmless)
{
	const struct zip_file file = {
		SLICE("a\r\nb\1\342\200\256\344.exe"), SLICE("hello\n")
	};
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	struct scan_answer answer;

	add_zip_of(&zip, 0, &file, 1);
	answer = scan_attached("application/zip", &zip);
	/* with the one that is none, nothing of it is UTF-8 */
	expect(&answer, "a  b \303\242\342\202\254\302\256\303\244.exe|");
}
END_TEST

/* The library ends a name at a NUL, as those programs do that are in C. */
START_TEST(a_name_ends_at_its_nul)
{
	const struct zip_file file = {
		SLICE("evil.js\0.txt"), SLICE("hello\n")
	};
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	struct scan_answer answer;

	add_zip_of(&zip, 0, &file, 1);
	answer = scan_attached("application/zip", &zip);
	expect(&answer, "evil.js|");
}
END_TEST

/* It cuts long ones, and does not tell; what was behind is not known. */
START_TEST(a_name_that_the_library_cuts_is_told)
{
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	TEXT_AUTO tar = TEXT_INIT(ROOM);
	struct zip_file file = { .bytes = SLICE("hello\n") };
	char name[4096];
	struct scan_answer answer;

	memset(name, 'x', sizeof(name));
	file.name = slice_of(name, sizeof(name));
	add_zip_of(&zip, 0, &file, 1);
	answer = scan_attached("application/zip", &zip);
	ck_assert_ptr_nonnull(scan_answer_unlisted(&answer));
	name[100] = '\0';
	add_tar(&tar, name, slice_str("hello\n"));
	answer = scan_attached("application/x-tar", &tar);
	ck_assert_ptr_nonnull(scan_answer_unlisted(&answer));
	name[99] = '\0';
	text_clear(&tar);
	add_tar(&tar, name, slice_str("hello\n"));
	answer = scan_attached("application/x-tar", &tar);
	ck_assert_ptr_null(scan_answer_unlisted(&answer));
}
END_TEST

/* What the files in it are called fills the list many times. */
START_TEST(more_names_than_are_listed_are_told)
{
	struct zip_file files[600];
	char names[600][100];
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	struct scan_answer answer;

	for (int i = 0; i < 600; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "%090d", i);
		files[i] = (struct zip_file){ slice_str(names[i]),
		    slice_str("x") };
	}
	add_zip_of(&zip, 0, files, 600);
	answer = scan_attached("application/zip", &zip);
	ck_assert_int_eq(answer.result, SCAN_CLEAN);
	ck_assert(answer.packed.more);
	ck_assert_ptr_nonnull(scan_answer_unlisted(&answer));
}
END_TEST

#define SECTOR		512
#define STREAM		4096	/* below it a stream stands elsewhere */
#define FREE_SECTOR	0xffffffffu
#define CHAIN_END	0xfffffffeu

/* An entry of the directory ([MS-CFB] 2.6.1). */
static void
add_entry(struct text *file, const char *name, unsigned type,
    uint32_t right, uint32_t child, uint32_t sector)
{
	char letters[64] = "", zeros[36] = "";

	for (size_t i = 0; name[i] != '\0'; i++)
		letters[2 * i] = name[i];
	text_add(file, slice_of(letters, sizeof(letters)));
	pack_u16(file, (uint16_t)(2 * strlen(name) + 2));
	pack_u8(file, (uint8_t)type);
	pack_u8(file, 1);
	pack_u32(file, FREE_SECTOR);
	pack_u32(file, right);
	pack_u32(file, child);
	text_add(file, slice_of(zeros, 36));
	pack_u32(file, sector);
	pack_u64(file, type == 2 ? STREAM : 0);
}

/* A sector that is not used up is zeros to its end. */
static void
fill(struct text *file, size_t bytes)
{
	while (file->len % bytes != 0)
		text_add_byte(file, '\0');
}

/* The header: the table is in sector 0, the directory in sector 1. */
static void
add_cfb_head(struct text *file)
{
	text_add(file, slice_of("\320\317\021\340\241\261\032\341", 8));
	fill(file, 24);
	pack_u16(file, 0x3e);
	pack_u16(file, 3);
	pack_u16(file, 0xfffe);
	pack_u16(file, 9);		/* sectors of 512 bytes */
	pack_u16(file, 6);
	for (int i = 0; i < 5; i++)
		pack_u16(file, 0);
	pack_u32(file, 1);		/* one sector is the table */
	pack_u32(file, 1);		/* the directory */
	pack_u32(file, 0);
	pack_u32(file, STREAM);
	pack_u32(file, CHAIN_END);
	pack_u32(file, 0);
	pack_u32(file, CHAIN_END);
	pack_u32(file, 0);
	pack_u32(file, 0);		/* the table */
	while (file->len < SECTOR)
		pack_u32(file, FREE_SECTOR);
}

/* A compound file with two streams, both of STREAM bytes ([MS-CFB]). */
static void
add_cfb(struct text *file, const char *name_a, struct slice a,
    const char *name_b, struct slice b)
{
	const uint32_t each = STREAM / SECTOR;

	add_cfb_head(file);
	pack_u32(file, 0xfffffffdu);
	pack_u32(file, CHAIN_END);
	for (uint32_t i = 0; i < 2 * each; i++)
		pack_u32(file, i % each == each - 1 ? CHAIN_END : 3 + i);
	while (file->len < 2 * SECTOR)
		pack_u32(file, FREE_SECTOR);
	add_entry(file, "Root Entry", 5, FREE_SECTOR, 1, CHAIN_END);
	add_entry(file, name_a, 2, 2, FREE_SECTOR, 2);
	add_entry(file, name_b, 2, FREE_SECTOR, FREE_SECTOR, 2 + each);
	fill(file, SECTOR);
	text_add(file, a);
	while (file->len < 3 * SECTOR + STREAM)
		text_add_byte(file, '\0');
	text_add(file, b);
	while (file->len < 3 * SECTOR + 2 * STREAM)
		text_add_byte(file, '\0');
}

static void
add_record(struct text *dir, unsigned id, const char *bytes, size_t len)
{
	pack_u16(dir, (uint16_t)id);
	pack_slice(dir, slice_of(bytes, len));
}

/* What modules a project has, here one called M ([MS-OVBA] 2.3.4.2). */
static void
add_dir(struct text *dir)
{
	static const char zeros[4];

	add_record(dir, 0x01, "\1\0\0", 4);
	add_record(dir, 0x02, "\11\4\0", 4);
	add_record(dir, 0x14, "\11\4\0", 4);
	add_record(dir, 0x03, "\344\4", 2);
	add_record(dir, 0x04, "VBAProject", 10);
	add_record(dir, 0x05, "", 0);
	add_record(dir, 0x40, "", 0);
	add_record(dir, 0x06, "", 0);
	add_record(dir, 0x3d, "", 0);
	add_record(dir, 0x07, zeros, 4);
	add_record(dir, 0x08, zeros, 4);
	pack_u16(dir, 0x09);
	pack_u32(dir, 4);
	pack_u32(dir, 1);
	pack_u16(dir, 2);
	add_record(dir, 0x0c, "", 0);
	add_record(dir, 0x3c, "", 0);
	add_record(dir, 0x0f, "\1", 2);
	add_record(dir, 0x13, "\377\377", 2);
	add_record(dir, 0x19, "M", 1);
	add_record(dir, 0x47, "M", 2);
	add_record(dir, 0x1a, "M", 1);
	add_record(dir, 0x32, "M", 2);
	add_record(dir, 0x1c, "", 0);
	add_record(dir, 0x48, "", 0);
	add_record(dir, 0x31, zeros, 4);
	add_record(dir, 0x1e, zeros, 4);
	add_record(dir, 0x2c, "\377\377", 2);
	add_record(dir, 0x21, "", 0);
	add_record(dir, 0x2b, "", 0);
	add_record(dir, 0x10, "", 0);
}

/* The same packed, without a repeat in it ([MS-OVBA] 2.4.1). */
static void
add_vba_packed(struct text *text, struct slice bytes)
{
	size_t len = bytes.len + (bytes.len + 7) / 8;

	text_add_byte(text, 1);
	pack_u16(text, (uint16_t)(0xb000 | (len - 1)));
	for (size_t i = 0; i < bytes.len; i++) {
		if (i % 8 == 0)
			text_add_byte(text, '\0');
		text_add_byte(text, bytes.at[i]);
	}
}

/* A document of the older kind, which has a project of macros. */
static void
add_macros(struct text *file)
{
	TEXT_AUTO dir = TEXT_INIT(ROOM);
	TEXT_AUTO packed = TEXT_INIT(ROOM);

	add_dir(&dir);
	add_vba_packed(&packed, text_slice(&dir));
	add_cfb(file, "_VBA_PROJECT", slice_of("\314a\377\377\0\0", 7), "dir",
	    text_slice(&packed));
	ck_assert(!text_failed(&dir) && !text_failed(&packed));
}

static void
add_ooxml(struct text *file, struct slice macros)
{
	const struct zip_file files[] = {
		{ SLICE("[Content_Types].xml"), SLICE("<Types/>") },
		{ SLICE("_rels/.rels"), SLICE("<Relationships/>") },
		{ SLICE("word/document.xml"), SLICE("<w:document/>") },
		{ SLICE("word/vbaProject.bin"), macros },
	};

	add_zip_of(file, 0, files, macros.len > 0 ? 4 : 3);
}

START_TEST(macros_are_found_in_documents_and_are_no_virus)
{
	TEXT_AUTO doc = TEXT_INIT(ROOM);
	TEXT_AUTO docm = TEXT_INIT(ROOM);
	TEXT_AUTO zip = TEXT_INIT(ROOM);
	struct zip_file file = { .name = SLICE("a.docm") };
	struct scan_answer answer;

	add_macros(&doc);
	answer = scan_attached("application/msword", &doc);
	ck_assert_int_eq(answer.result, SCAN_CLEAN);
	ck_assert_int_eq(answer.packed.macros, PACKED_MACROS);
	add_ooxml(&docm, text_slice(&doc));
	answer = scan_attached("application/octet-stream", &docm);
	ck_assert_int_eq(answer.result, SCAN_CLEAN);
	ck_assert_int_eq(answer.packed.macros, PACKED_MACROS);
	file.bytes = text_slice(&docm);
	add_zip_of(&zip, 0, &file, 1);
	answer = scan_attached("application/zip", &zip);
	ck_assert_int_eq(answer.result, SCAN_CLEAN);
	ck_assert_int_eq(answer.packed.macros, PACKED_MACROS);
}
END_TEST

START_TEST(a_document_without_macros_has_none)
{
	TEXT_AUTO doc = TEXT_INIT(ROOM);
	TEXT_AUTO docx = TEXT_INIT(ROOM);
	struct scan_answer answer;

	add_cfb(&doc, "WordDocument", slice_str("x"), "1Table",
	    slice_str("y"));
	answer = scan_attached("application/msword", &doc);
	ck_assert_int_eq(answer.result, SCAN_CLEAN);
	ck_assert_int_eq(answer.packed.macros, PACKED_NONE);
	add_ooxml(&docx, slice_of(NULL, 0));
	answer = scan_attached("application/octet-stream", &docx);
	ck_assert_int_eq(answer.result, SCAN_CLEAN);
	ck_assert_int_eq(answer.packed.macros, PACKED_NONE);
}
END_TEST

/* One does not hide the other, whichever the library tells first. */
START_TEST(macros_beside_something_encrypted_are_both_found)
{
	TEXT_AUTO doc = TEXT_INIT(ROOM);
	TEXT_AUTO secret = TEXT_INIT(ROOM);
	struct zip_file files[2] = {
		{ .name = SLICE("a.doc") }, { .name = SLICE("b.zip") },
	};

	add_macros(&doc);
	add_zip_of(&secret, 1, two, 2);
	for (int first = 0; first < 2; first++) {
		TEXT_AUTO zip = TEXT_INIT(ROOM);
		struct scan_answer answer;

		files[first].bytes = text_slice(&doc);
		files[1 - first].bytes = text_slice(&secret);
		add_zip_of(&zip, 0, files, 2);
		answer = scan_attached("application/zip", &zip);
		ck_assert_int_eq(answer.result, SCAN_ENCRYPTED);
		ck_assert_int_eq(answer.packed.macros, PACKED_MACROS);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("clam_inside");
	TCase *test = tcase_create("clam_inside");

	tcase_set_timeout(test, 60);
	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_test(test, the_names_in_a_zip_are_told);
	tcase_add_test(test, a_message_without_an_archive_has_no_names);
	tcase_add_test(test, the_names_in_a_tar_that_is_packed_are_told);
	tcase_add_test(test, names_in_an_archive_in_an_archive_are_told);
	tcase_add_test(test, names_in_a_message_that_is_attached_are_told);
	tcase_add_test(test, both_names_of_a_file_in_a_zip_are_told);
	tcase_add_test(test, names_of_encrypted_files_are_told);
	tcase_add_test(test, the_names_in_a_7z_are_told_or_that_they_are_not);
	tcase_add_test(test, hostile_names_are_harmless);
	tcase_add_test(test, a_name_ends_at_its_nul);
	tcase_add_test(test, a_name_that_the_library_cuts_is_told);
	tcase_add_test(test, more_names_than_are_listed_are_told);
	tcase_add_test(test, macros_are_found_in_documents_and_are_no_virus);
	tcase_add_test(test, a_document_without_macros_has_none);
	tcase_add_test(test, macros_beside_something_encrypted_are_both_found);
	suite_add_tcase(suite, test);
	return suite;
}
