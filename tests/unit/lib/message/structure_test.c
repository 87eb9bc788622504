/*
 * structure_test.c - what IMAP tells of one message, read back
 */
#include <errno.h>
#include <string.h>

#include "lib/base/pack.h"
#include "lib/message/structure.h"
#include "tests/unit/unit.h"

static void
make(const char *message, struct text *packed, struct structure *structure)
{
	ck_assert_int_eq(structure_make(slice_str(message), packed), 0);
	ck_assert_int_eq(structure_open(text_slice(packed), structure), 0);
}

static const char letter[] =
    "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
    "From: Terry Gray <gray@cac.washington.edu>\r\n"
    "Subject: IMAP4rev2 WG mtg summary and minutes\r\n"
    "To: imap@cac.washington.edu\r\n"
    "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
    "Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
    "\r\n";

/* RFC 9051 8 */
START_TEST(the_envelope_of_the_example_is_told)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO text = TEXT_INIT(10000);
	struct structure structure;

	make(letter, &packed, &structure);
	structure_envelope(&text, &structure);
	ck_assert_msg(slice_is_str(text_slice(&text),
	    "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
	    "\"IMAP4rev2 WG mtg summary and minutes\" "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((NIL NIL \"imap\" \"cac.washington.edu\")) "
	    "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
	    "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
	    "\"<B27397-0100000@cac.washington.edu>\")"), "%.*s",
	    SLICE_FMT(text_slice(&text)));
	ck_assert(slice_is_str(structure_field(&structure, IMAP_SENDER),
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\"))"));
	ck_assert(slice_is_str(structure_field(&structure, IMAP_BCC), "NIL"));
	/* the sender's fields cost nothing twice */
	ck_assert_uint_lt(packed.len, 380);
}
END_TEST

/* RFC 9051 7.5.2: Sender and Reply-To where they are */
START_TEST(a_sender_of_its_own_is_told)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO text = TEXT_INIT(10000);
	struct structure structure;

	make("From: a@a.test\r\nSender: b@a.test\r\nReply-To:\r\n", &packed,
	    &structure);
	structure_envelope(&text, &structure);
	ck_assert_msg(slice_is_str(text_slice(&text),
	    "(NIL NIL ((NIL NIL \"a\" \"a.test\")) "
	    "((NIL NIL \"b\" \"a.test\")) ((NIL NIL \"a\" \"a.test\")) "
	    "NIL NIL NIL NIL NIL)"), "%.*s", SLICE_FMT(text_slice(&text)));
}
END_TEST

/* RFC 5256 3: what THREAD reads of the header */
START_TEST(references_are_kept_on_one_line)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO message = TEXT_INIT(1 << 20);
	struct structure structure;

	make(letter, &packed, &structure);
	ck_assert_uint_eq(structure.references.len, 0);
	text_clear(&packed);
	make("References: <1@a.test>\r\n\t<2@a.test> \r\nreferences: no\r\n",
	    &packed, &structure);
	ck_assert(slice_is_str(structure.references,
	    "<1@a.test>\t<2@a.test>"));
	/* of very many the last count: there stands what is answered */
	text_add_str(&message, "References:");
	for (unsigned i = 0; i < 50000; i++)
		text_addf(&message, " <%u@a.test>", i);
	text_add_str(&message, "\r\n\r\n");
	text_clear(&packed);
	ck_assert_int_eq(structure_make(text_slice(&message), &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	ck_assert_uint_eq(structure.references.len, 64 * 1024);
	ck_assert(slice_has_suffix(structure.references,
	    " <49998@a.test> <49999@a.test>"));
}
END_TEST

static const struct {
	const char	*date;
	bool		 has;
	int64_t		 utc, day;
} dates[] = {
	{ "Thu, 01 Jan 1970 00:00:00 +0000", true, 0, 0 },
	/* RFC 9051 6.4.4: the day as it is written, whatever the zone */
	{ "Fri, 02 Jan 1970 01:00:00 +0700", true, 64800, 1 },
	{ "Fri, 02 Jan 1970 23:30:00 -0700", true, 196200, 1 },
	{ "Fri, 21 Nov 2025 22:17:00 +0700", true, 1763738220, 20413 },
	{ "yesterday", false, 0, 0 },
};

START_TEST(the_sent_date_is_kept)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO message = TEXT_INIT(1000);
	struct structure structure;

	text_addf(&message, "Date: %s\r\n\r\n", dates[_i].date);
	text_add_byte(&message, '\0');
	make(message.at, &packed, &structure);
	ck_assert_int_eq(structure.has_sent, dates[_i].has);
	if (dates[_i].has) {
		ck_assert_int_eq(structure.sent_utc, dates[_i].utc);
		ck_assert_int_eq(structure.sent_day, dates[_i].day);
	}
}
END_TEST

#define MANY \
    "References: <1@a.test>\r\n" \
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n" \
    "--b\r\n\r\none\r\n" \
    "--b\r\nContent-Type: message/rfc822\r\n\r\n" \
    "Content-Type: multipart/x; boundary=c\r\n\r\n" \
    "--c\r\nContent-Type: text/HTML\r\n\r\ntwo\r\n" \
    "--c\r\nContent-Type: image/png\r\n" \
    "Content-Disposition: attachment; filename=a\r\n\r\nthree\r\n--c--\r\n" \
    "--b\r\n\r\nfour\r\n--b--\r\n"

START_TEST(parts_are_walked_in_order)
{
	static const char *const bodies[] = { "one", "two", "three", "four" };
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;
	struct structure_part part;
	unsigned count = 1, leaves = 0;

	make(MANY, &packed, &structure);
	ck_assert_uint_eq(structure.bytes, strlen(MANY));
	ck_assert(!structure.lacks_crlf && !structure.is_cut);
	structure_root(&structure, &part);
	ck_assert_int_eq(part.kind, STRUCTURE_MULTIPART);
	ck_assert_uint_eq(part.children, 3);
	while (structure_next(&part)) {
		count++;
		if (part.children > 0)
			continue;
		ck_assert(slice_is_str(slice_of(&MANY[part.body],
		    part.end - part.body), bodies[leaves]));
		leaves++;
	}
	ck_assert_uint_eq(count, structure.part_count);
	ck_assert_uint_eq(leaves, 4);
}
END_TEST

START_TEST(children_are_found_by_number)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;
	struct structure_part root, part, inner;

	make(MANY, &packed, &structure);
	structure_root(&structure, &root);
	ck_assert(!structure_child(&root, 0, &part));
	ck_assert(!structure_child(&root, 4, &part));
	ck_assert(structure_child(&root, 3, &part));
	ck_assert_uint_eq(part.end - part.body, 4);
	ck_assert(!structure_child(&part, 1, &inner));
	ck_assert(structure_child(&root, 2, &part));
	ck_assert_int_eq(part.kind, STRUCTURE_MESSAGE);
	ck_assert(structure_child(&part, 1, &inner));
	ck_assert(structure_is(&inner, "multipart", "X"));
	ck_assert(structure_child(&inner, 2, &part));
	ck_assert(structure_is(&part, "image", NULL));
	ck_assert(structure_is(&part, "IMAGE", "png"));
	ck_assert(!structure_is(&part, "image", "pn"));
	ck_assert(!structure_is(&part, "imag", NULL));
	ck_assert(!structure_is(&part, "text", "png"));
	ck_assert(slice_is_str(part.disposition,
	    "(\"attachment\" (\"filename\" \"a\"))"));
	ck_assert(structure_child(&inner, 1, &part));
	ck_assert(structure_is(&part, "text", "html"));
	ck_assert(slice_is_str(part.params, "(\"charset\" \"us-ascii\")"));
	ck_assert(slice_is_str(part.disposition, "NIL"));
}
END_TEST

/* Every blob that is cut short, or has one byte more, is none. */
START_TEST(a_blob_that_is_not_whole_is_refused)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;

	make(MANY, &packed, &structure);
	for (size_t n = 0; n < packed.len; n++)
		ck_assert_int_eq(structure_open(slice_first(
		    text_slice(&packed), n), &structure), -EBADMSG);
	text_add_byte(&packed, 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure),
	    -EBADMSG);
	packed.len--;
	/* of the version before this one, which had no references */
	packed.at[0] = 1;
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure),
	    -ENOTSUP);
}
END_TEST

/* Whatever one wrong byte makes of it: it is refused, or can be read. */
START_TEST(a_blob_with_a_wrong_byte_does_no_harm)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;
	unsigned refused = 0;

	make(MANY, &packed, &structure);
	for (size_t at = 0; at < packed.len; at++) {
		char was = packed.at[at];

		for (unsigned c = 0; c < 256; c += 5) {
			TEXT_AUTO text = TEXT_INIT(1 << 20);

			packed.at[at] = (char)c;
			if (structure_open(text_slice(&packed), &structure) < 0) {
				refused++;
				continue;
			}
			structure_envelope(&text, &structure);
			structure_body(&text, &structure, true);
			ck_assert(!text_failed(&text));
		}
		packed.at[at] = was;
	}
	ck_assert_uint_gt(refused, 100);
}
END_TEST

/* The root alone is what it is in the whole, and as safe. */
START_TEST(a_root_is_looked_at_without_the_rest)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure whole, root;
	struct structure_part part, same;
	size_t good = 0;

	make(MANY, &packed, &whole);
	ck_assert_int_eq(structure_open_root(text_slice(&packed), &root), 0);
	ck_assert_uint_eq(root.bytes, whole.bytes);
	structure_root(&whole, &part);
	structure_root(&root, &same);
	ck_assert_uint_eq(same.body, part.body);
	ck_assert_uint_eq(same.end, part.end);
	for (size_t n = 0; n < packed.len; n++)
		good += structure_open_root(slice_first(text_slice(&packed),
		    n), &root) == 0;
	/* what is cut off behind the root is not missed, no more */
	ck_assert_uint_lt(good, packed.len - root.envelope.len);
	for (size_t at = 0; at < packed.len; at++) {
		char was = packed.at[at];

		for (unsigned c = 0; c < 256; c += 5) {
			packed.at[at] = (char)c;
			if (structure_open_root(text_slice(&packed),
			    &root) < 0)
				continue;
			structure_root(&root, &part);
			ck_assert_uint_le(part.body, part.end);
			ck_assert_uint_le(part.end, root.bytes);
		}
		packed.at[at] = was;
	}
	packed.at[0] = 1;
	ck_assert_int_eq(structure_open_root(text_slice(&packed), &root),
	    -ENOTSUP);
}
END_TEST

/* No more containers in each other than a recursion bears. */
START_TEST(a_blob_that_is_too_deep_is_refused)
{
	TEXT_AUTO packed = TEXT_INIT(100000);
	struct structure structure;
	const unsigned depth = 10000;

	pack_u8(&packed, 2);
	pack_u8(&packed, 0);
	pack_varint(&packed, 100);
	pack_varint(&packed, 10);
	for (unsigned i = 0; i < 10; i++)
		pack_varint(&packed, 0);
	pack_varint(&packed, depth);
	for (unsigned i = 0; i < depth; i++) {
		pack_u8(&packed, STRUCTURE_MULTIPART);
		for (unsigned n = 0; n < 3; n++)
			pack_varint(&packed, 0);
		pack_varint(&packed, 1);	/* child */
		pack_varint(&packed, 4);
		pack_varint(&packed, 0);
	}
	ck_assert(!text_failed(&packed));
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure),
	    -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("structure");
	TCase *t = tcase_create("structure");

	tcase_add_test(t, the_envelope_of_the_example_is_told);
	tcase_add_test(t, a_sender_of_its_own_is_told);
	tcase_add_test(t, references_are_kept_on_one_line);
	tcase_add_loop_test(t, the_sent_date_is_kept, 0,
	    (int)(sizeof(dates) / sizeof(dates[0])));
	tcase_add_test(t, parts_are_walked_in_order);
	tcase_add_test(t, children_are_found_by_number);
	tcase_add_test(t, a_blob_that_is_not_whole_is_refused);
	tcase_add_test(t, a_blob_with_a_wrong_byte_does_no_harm);
	tcase_add_test(t, a_root_is_looked_at_without_the_rest);
	tcase_add_test(t, a_blob_that_is_too_deep_is_refused);
	suite_add_tcase(s, t);
	return s;
}
