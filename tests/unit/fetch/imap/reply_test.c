/*
 * reply_test.c - responses are read as they were meant, in whatever pieces
 */
#include <errno.h>
#include <string.h>

#include "fetch/imap/items.h"
#include "fetch/imap/reply.h"
#include "lib/message/envelope.h"
#include "tests/unit/unit.h"

static struct imap_reader reader;

static void
show_list(struct text *out, const struct imap_value *values, uint32_t count)
{
	for (uint32_t i = 0; i < count; i += values[i].span) {
		text_add_str(out, i == 0 ? "" : " ");
		switch (values[i].kind) {
		case IMAP_ATOM:
			text_add(out, values[i].text);
			break;
		case IMAP_STRING:
			text_add_byte(out, '"');
			text_add(out, values[i].text);
			text_add_byte(out, '"');
			break;
		case IMAP_NIL:
			text_add_str(out, "nil");
			break;
		case IMAP_TEXT:
			text_add_str(out, "TEXT");
			break;
		case IMAP_LIST:
			text_add_byte(out, '(');
			show_list(out, values + i + 1, values[i].span - 1);
			text_add_byte(out, ')');
			break;
		}
	}
}

static void
show_reply(struct text *out, const struct imap_reply *reply)
{
	static const char *const says[] = {
		"data", "ok", "no", "bad", "bye", "preauth"
	};

	text_addf(out, "%s", reply->who == IMAP_CONTINUE ? "+" :
	    reply->who == IMAP_UNTAGGED ? "*" : "");
	text_add(out, reply->tag);
	text_addf(out, " %s", says[reply->says]);
	if (reply->has_number)
		text_addf(out, " %u", reply->number);
	if (reply->name.len > 0)
		text_addf(out, " %.*s", SLICE_FMT(reply->name));
	if (reply->code.len > 0)
		text_addf(out, " [%.*s|%.*s]", SLICE_FMT(reply->code),
		    SLICE_FMT(reply->arguments));
	if (reply->words.len > 0)
		text_addf(out, " %.*s", SLICE_FMT(reply->words));
	if (reply->is_cut)
		text_add_str(out, " CUT");
	if (reply->count > 0)
		text_add_byte(out, ' ');
	show_list(out, reply->values, reply->count);
	text_add_byte(out, '\n');
}

/* What came of it, an event a line; true: more is wanted. */
static bool
show_event(struct text *out, struct slice *input, bool *in_body)
{
	struct slice run;

	switch (imap_take(&reader, input, &run)) {
	case IMAP_MORE:
		return false;
	case IMAP_REPLY:
		show_reply(out, &reader.reply);
		return true;
	case IMAP_BODY:
		text_addf(out, "body %llu of ",
		    (unsigned long long)reader.body_bytes);
		show_list(out, reader.reply.values, reader.reply.count);
		text_add_str(out, ": ");
		*in_body = true;
		return true;
	case IMAP_RUN:
		ck_assert(*in_body);
		text_add(out, run);
		return true;
	case IMAP_BODY_END:
		text_add_str(out, " end\n");
		*in_body = false;
		return true;
	case IMAP_BROKEN:
		break;
	}
	text_addf(out, "broken: %s\n", reader.fault);
	return false;
}

static void
read_in_pieces(struct slice all, size_t piece, struct text *out)
{
	bool in_body = false;

	memset(&reader, 0, sizeof(reader));
	while (all.len > 0 && reader.fault == NULL) {
		struct slice input = slice_first(all, piece);

		all = slice_after(all, input.len);
		while (show_event(out, &input, &in_body))
			;
	}
}

static const struct {
	const char	*said, *told;
} replies[] = {
	/* RFC 9051 7.1: statuses, with and without a code or words */
	{ "* OK [UIDVALIDITY 3857529045] UIDs valid\r\n",
	    "* ok [UIDVALIDITY|3857529045] UIDs valid\n" },
	{ "P1 OK\r\n", "P1 ok\n" },
	{ "P1 NO [AUTHENTICATIONFAILED] no\r\n",
	    "P1 no [AUTHENTICATIONFAILED|] no\n" },
	{ "* BYE\r\n", "* bye\n" },
	{ "* OK [X \"a]b\"] c\r\n", "* ok [X|\"a]b\"] c\n" },
	{ "* OK [half\r\n", "* ok [half\n" },
	{ "+ idling\r\n+\r\n", "+ data idling\n+ data\n" },
	/* data: atoms, strings with their escapes, literals, NIL, lists */
	{ "* 23 EXISTS\r\n", "* data 23 EXISTS\n" },
	{ "* LIST (\\Noselect) \"/\" {5}\r\na\r\n/b\r\n",
	    "* data LIST (\\Noselect) \"/\" \"a\r\n/b\"\n" },
	{ "* LIST () NIL \"q\\\"\\\\uo\"\r\n",
	    "* data LIST () nil \"q\"\\uo\"\n" },
	{ "* LIST () \".\" [Gmail]/All\r\n", "* data LIST () \".\" [Gmail]/All\n" },
	{ "* LIST () \".\" {0}\r\n\r\n", "* data LIST () \".\" \"\"\n" },
	{ "* SEARCH \r\n", "* data SEARCH\n" },
	/* a server that is careless with spaces is understood */
	{ "* 1 FETCH  (FLAGS(\\Seen)  UID 4 ) \r\n",
	    "* data 1 FETCH (FLAGS (\\Seen) UID 4)\n" },
	/* RFC 9051 7.5.2: the text of a message comes out as it is */
	{ "* 1 FETCH (UID 5 BODY[] {6}\r\na)\r\nb\n FLAGS ())\r\nP1 OK x\r\n",
	    "body 6 of (UID 5 BODY[]): a)\r\nb\n end\n"
	    "* data 1 FETCH (UID 5 BODY[] TEXT FLAGS ())\nP1 ok x\n" },
	{ "* 1 FETCH (BODY[]<10> {0}\r\n UID 5)\r\n",
	    "body 0 of (BODY[]<10>):  end\n"
	    "* data 1 FETCH (BODY[]<10> TEXT UID 5)\n" },
	{ "* 1 FETCH (BODY[HEADER.FIELDS (\"(\" To)] {1}\r\nx)\r\n",
	    "body 1 of (BODY[HEADER.FIELDS (\"(\" To)]): x end\n"
	    "* data 1 FETCH (BODY[HEADER.FIELDS (\"(\" To)] TEXT)\n" },
	{ "* 1 FETCH (BINARY[1] ~{2}\r\nx)~x)\r\n",
	    "body 2 of (BINARY[1]): x) end\n"
	    "* data 1 FETCH (BINARY[1] TEXT ~x)\n" },
	{ "* 1 FETCH (BODY[] \"q\\\"t\")\r\n",
	    "body 3 of (BODY[]): q\"t end\n* data 1 FETCH (BODY[] TEXT)\n" },
	{ "* 1 FETCH (BODY[] NIL UID 3)\r\n",
	    "* data 1 FETCH (BODY[] nil UID 3)\n" },
	/* elsewhere a literal is a value */
	{ "* 1 FETCH (X {2}\r\nab)\r\n", "* data 1 FETCH (X \"ab\")\n" },
	{ "* 1 FETCH ((BODY[] {2}\r\nab))\r\n",
	    "* data 1 FETCH ((BODY[] \"ab\"))\n" },
	/* HARDENING F23: what is said of a length is no promise */
	{ "* 1 FETCH (BODY[] {3}\r\nabcd\r\n",
	    "body 3 of (BODY[]): abc end\nbroken: a list that does not end\n" },
	{ "* 1 FETCH (BODY[] {4294967296}\r\n",
	    "broken: a literal longer than there are any\n" },
	{ "* 1 FETCH (BODY[] {18446744073709551617}\r\n",
	    "broken: a literal longer than there are any\n" },
	{ "* 1 FETCH (BODY[] {-1}\r\n", "broken: a literal without a length\n" },
	{ "* 1 FETCH (BODY[] {}\r\n", "broken: a literal without a length\n" },
	{ "* 1 FETCH (BODY[] {3+}\r\n", "broken: a literal without a length\n" },
	{ "* 1 FETCH (BODY[] {3}x", "broken: a literal without a line end\n" },
	{ "* LIST () \"/\" {4194304}\r\n", "broken: a response without end\n" },
	/* what is no response */
	{ "HTTP/1.1 200 fine\r\n", "broken: no response begins so\n" },
	{ "+OK POP3\r\n", "broken: no response begins so\n" },
	{ "\r\n", "broken: no response begins so\n" },
	{ "* 5\r\n", "broken: a response without words\n" },
	{ "P1 BYE x\r\n", "broken: no response begins so\n" },
	{ "P1 5 OK\r\n", "broken: no response begins so\n" },
	{ "* LIST () \"/\r\n", "broken: a string that does not end\n" },
	{ "* LIST () a\n", "broken: a control character\n" },
	{ "* OK a\n", "broken: a line that ends in no way known\n" },
	{ "* OK a\rb\r\n", "broken: a line that ends in no way known\n" },
	{ "* LIST ()) a\r\n", "broken: a list ends that did not begin\n" },
	{ "* 1 FETCH (BODYSTRUCTURE ((\"a\" (NIL)) ()))\r\n* 2 EXISTS\r\n",
	    "* data 1 FETCH (BODYSTRUCTURE ((\"a\" (nil)) ()))\n"
	    "* data 2 EXISTS\n" },
};

START_TEST(a_response_is_read_as_it_was_meant)
{
	struct slice said = slice_str(replies[_i].said);
	static const size_t pieces[] = { SIZE_MAX, 1, 2, 3, 7 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		TEXT_AUTO told = TEXT_INIT(4096);

		read_in_pieces(said, pieces[i], &told);
		text_add_byte(&told, '\0');
		ck_assert(!text_failed(&told));
		ck_assert_str_eq(told.at, replies[_i].told);
	}
}
END_TEST

/* A response of `head`, then `n` times `more`, then `tail`. */
static void
read_long(const char *head, const char *more, unsigned n, const char *tail,
    struct text *told)
{
	TEXT_AUTO all = TEXT_INIT(16 << 20);

	text_add_str(&all, head);
	for (unsigned i = 0; i < n; i++)
		text_add_str(&all, more);
	text_add_str(&all, tail);
	ck_assert(!text_failed(&all));
	read_in_pieces(text_slice(&all), 1000, told);
	text_add_byte(told, '\0');
}

/* As many as there are of IMAP_DEPTH_MOST, and one. */
#define FIVE	")))))"
#define FIVES	FIVE FIVE FIVE

/* HARDENING F40: what is more than is kept is read to its end */
START_TEST(too_much_is_cut_and_the_next_response_is_read)
{
	static const struct {
		const char	*head, *more, *tail;
		unsigned	 n;
		const char	*told;
	} rows[] = {
		{ "* SEARCH", " 1", "\r\n* 2 EXISTS\r\n", IMAP_VALUES_MOST + 1,
		    "* data SEARCH CUT\n* data 2 EXISTS\n" },
		{ "* 1 FETCH ", "(", FIVES FIVES FIVES FIVES FIVE "\r\n",
		    IMAP_DEPTH_MOST + 1, "* data 1 FETCH CUT\n" },
		{ "* LIST () \"/\" \"", "0123456789abcdef",
		    "\"\r\n* 2 EXISTS\r\n", IMAP_REPLY_KEPT / 16,
		    "* data LIST CUT\n* data 2 EXISTS\n" },
		{ "* LIST () \"/\" \"", "0123456789abcdef", "\"\r\n",
		    IMAP_REPLY_MOST / 16, "broken: a response without end\n" },
		{ "* OK [ALERT] ", "0123456789abcdef",
		    "\r\n", IMAP_REPLY_MOST / 16,
		    "broken: a response without end\n" },
	};
	TEXT_AUTO told = TEXT_INIT(4096);

	read_long(rows[_i].head, rows[_i].more, rows[_i].n, rows[_i].tail,
	    &told);
	ck_assert_str_eq(told.at, rows[_i].told);
}
END_TEST

/* HARDENING F40: an ALERT of 1 MiB costs what is kept of it */
START_TEST(a_long_alert_is_cut)
{
	TEXT_AUTO told = TEXT_INIT(64 << 10);

	read_long("* OK [ALERT] ", "0123456789abcdef", 65536,
	    "\r\n* 2 EXISTS\r\n", &told);
	ck_assert_uint_lt(told.len, IMAP_WORDS_MOST + 64);
	ck_assert_uint_eq(slice_find_str(text_slice(&told), "* ok [ALERT|]"),
	    0);
	ck_assert(slice_find_str(text_slice(&told), "* data 2 EXISTS\n") !=
	    SIZE_MAX);
}
END_TEST

static int
items_of(const char *said, struct imap_items *items_out)
{
	struct slice input = slice_str(said), run;

	memset(&reader, 0, sizeof(reader));
	while (imap_take(&reader, &input, &run) != IMAP_REPLY)
		ck_assert_uint_gt(input.len, 0);
	return imap_items_read(&reader.reply, items_out);
}

START_TEST(the_items_of_a_message_are_read)
{
	struct imap_items items;
	TEXT_AUTO keywords = TEXT_INIT(16);

	ck_assert_int_eq(items_of("* 4 FETCH (FLAGS (\\SEEN $Junk \\Deleted "
	    "\"no\" very-long-keyword Work) UID 77 INTERNALDATE "
	    "\" 7-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4096 BODY[] {1}\r\nx)"
	    "\r\n", &items), 0);
	ck_assert_uint_eq(items.uid, 77);
	ck_assert(items.has_bytes && items.has_text && items.has_flags);
	ck_assert_uint_eq(items.bytes, 4096);
	ck_assert_uint_eq(items.flags, FETCHED_SEEN);
	ck_assert(items.is_deleted);
	ck_assert_int_eq(items.arrived_utc_ms, 836732665000);
	/* what does not fit is left out, not cut */
	imap_items_keywords(&items, &keywords);
	ck_assert(slice_is_str(text_slice(&keywords), "$Junk Work"));
}
END_TEST

static const struct {
	const char	*said;
	int		 r;
	uint64_t	 bytes;
	int64_t		 arrived;
} odd_items[] = {
	{ "* 4 EXISTS\r\n", -EBADMSG, 0, 0 },
	{ "* 4 FETCH\r\n", -EBADMSG, 0, 0 },
	{ "* 4 FETCH UID 7\r\n", -EBADMSG, 0, 0 },
	{ "* 4 FETCH (UID)\r\n", 0, 0, 0 },
	{ "* 4 FETCH (RFC822.SIZE -1)\r\n", 0, 0, 0 },
	/* HARDENING F15 */
	{ "* 4 FETCH (RFC822.SIZE 9223372036854775808)\r\n", 0, 0, 0 },
	/* F44: a clock that is absurd says nothing */
	{ "* 4 FETCH (INTERNALDATE \"99-Foo-0000 99:99:99 +9999\")\r\n", 0, 0,
	    0 },
	{ "* 4 FETCH (INTERNALDATE NIL FLAGS NIL)\r\n", 0, 0, 0 },
	{ "* 4 FETCH (INTERNALDATE (x) FLAGS (NIL (x)))\r\n", 0, 0, 0 },
};

START_TEST(items_that_make_no_sense_are_left_out)
{
	struct imap_items items = { 0 };

	ck_assert_int_eq(items_of(odd_items[_i].said, &items),
	    odd_items[_i].r);
	ck_assert_uint_eq(items.uid, 0);
	ck_assert_uint_eq(items.bytes, odd_items[_i].bytes);
	ck_assert_int_eq(items.arrived_utc_ms, odd_items[_i].arrived);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("imap reply");
	TCase *tcase = tcase_create("reply");

	tcase_add_loop_test(tcase, a_response_is_read_as_it_was_meant, 0,
	    ROWS(replies));
	tcase_add_loop_test(tcase,
	    too_much_is_cut_and_the_next_response_is_read, 0, 5);
	tcase_add_test(tcase, a_long_alert_is_cut);
	tcase_add_test(tcase, the_items_of_a_message_are_read);
	tcase_add_loop_test(tcase, items_that_make_no_sense_are_left_out, 0,
	    ROWS(odd_items));
	suite_add_tcase(suite, tcase);
	return suite;
}
