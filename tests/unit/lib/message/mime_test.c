/*
 * mime_test.c - the part tree of one message
 */
#include <errno.h>
#include <string.h>

#include "lib/message/mime.h"
#include "tests/unit/unit.h"

#define MIXED(b)	"Content-Type: multipart/mixed; boundary=" b "\r\n\r\n"
#define BUDGET		(16 * 1024 * 1024)

/*
 * The tree as text: type/subtype, the body in brackets for a leaf, and children
 * in parentheses.
 */
static void
draw(struct text *text, const struct mime_part *root)
{
	const struct mime_part *part = root;

	while (part != NULL) {
		text_addf(text, "%.*s", SLICE_FMT(mime_subtype(part)));
		if (mime_child(part) != NULL) {
			text_add_byte(text, '(');
			part = mime_child(part);
			continue;
		}
		text_addf(text, "[%.*s]", SLICE_FMT(mime_body(part)));
		while (part != NULL && mime_next(part) == NULL) {
			part = mime_parent(part);
			if (part != NULL)
				text_add_byte(text, ')');
		}
		if (part != NULL) {
			text_add_byte(text, ' ');
			part = mime_next(part);
		}
	}
}

static const struct {
	const char	*in;
	const char	*want;
	bool		 odd;
} trees[] = {
	{ "Subject: x\r\n\r\nhello\r\n", "plain[hello\r\n]", false },
	{ "", "plain[]", false },
	{ "Subject: x\r\n", "plain[]", false },
	{ "just text\r\n", "plain[just text\r\n]", true },
	{ "Content-Type: text/html\r\n\r\n<p>", "html[<p>]", false },
	{ "Content-Type: rubbish\r\n\r\nx", "plain[x]", true },
	{ "Content-Type: text/a\r\nContent-Type: text/b\r\n\r\nx", "a[x]",
	    true },
	{ MIXED("b") "pre\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\nepi",
	    "mixed(plain[one] plain[two])", false },
	/* bare LF */
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n",
	    "mixed(plain[one])", false },
	/* blanks behind a boundary (RFC 2046 5.1.1) */
	{ MIXED("b") "--b \t\r\n\r\none\r\n--b-- \r\n", "mixed(plain[one])",
	    false },
	{ MIXED("\"b c \"") "--b c\r\n\r\none\r\n--b c--\r\n",
	    "mixed(plain[one])", false },
	{ MIXED("b") "--b\r\n\r\none\r\n\r\n--b--\r\n",
	    "mixed(plain[one\r\n])", false },
	{ MIXED("b") "--b\r\n\r\n--b--\r\n", "mixed(plain[])", false },
	{ MIXED("b") "--b\r\nA: b\r\n--b--\r\n", "mixed(plain[])", false },
	/* a boundary that looks like a field still ends the header */
	{ MIXED("\"b:c\"") "--b:c\r\nA: b\r\n--b:c\r\n\r\nx\r\n--b:c--\r\n",
	    "mixed(plain[] plain[x])", false },
	{ MIXED("b") "--b\r\n\r\none\r\n--bb\r\n-b\r\n--b--x\r\n--b--\r\n",
	    "mixed(plain[one\r\n--bb\r\n-b\r\n--b--x])", false },
	/* no last boundary */
	{ MIXED("b") "--b\r\n\r\none", "mixed(plain[one])", true },
	{ MIXED("b") "nothing", "mixed[nothing]", true },
	{ MIXED("b") "--b", "mixed(plain[])", true },
	/* no boundary at all, or an empty one */
	{ "Content-Type: multipart/mixed\r\n\r\nx", "mixed[x]", true },
	{ MIXED("\"\"") "--\r\n\r\nx", "mixed[--\r\n\r\nx]", true },
	/* a nested multipart, and one that forgot its last boundary */
	{ MIXED("a") "--a\r\n" MIXED("b") "--b\r\n\r\n1\r\n--b--\r\n"
	    "--a\r\n\r\n2\r\n--a--\r\n", "mixed(mixed(plain[1]) plain[2])",
	    false },
	{ MIXED("a") "--a\r\n" MIXED("b") "--b\r\n\r\n1\r\n"
	    "--a\r\n\r\n2\r\n--a--\r\n", "mixed(mixed(plain[1]) plain[2])",
	    true },
	/* one boundary begins the other: the longest that fits counts */
	{ MIXED("a") "--a\r\n" MIXED("ab") "--ab\r\n\r\n1\r\n--ab--\r\n"
	    "--a\r\n\r\n2\r\n--a--\r\n", "mixed(mixed(plain[1]) plain[2])",
	    false },
	{ MIXED("ab") "--ab\r\n" MIXED("a") "--a\r\n\r\n1\r\n--ab\r\n\r\n2\r\n"
	    "--ab--\r\n", "mixed(mixed(plain[1]) plain[2])", true },
	{ MIXED("a") "--a\r\n" MIXED("a--") "--a--\r\n\r\n1\r\n--a----\r\n"
	    "--a--\r\n", "mixed(mixed(plain[1]))", false },
	/* two the same: the innermost */
	{ MIXED("a") "--a\r\n" MIXED("a") "--a\r\n\r\n1\r\n--a--\r\n"
	    "--a\r\n\r\n2\r\n--a--\r\n", "mixed(mixed(plain[1]) plain[2])",
	    false },
	/* RFC 2046 5.2.1 */
	{ "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nhi",
	    "rfc822(plain[hi])", false },
	{ "Content-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nAAAA", "rfc822[AAAA]",
	    true },
	{ "Content-Type: message/global\r\n\r\n\r\nhi", "global(plain[hi])",
	    false },
	{ MIXED("a") "--a\r\nContent-Type: message/rfc822\r\n\r\n" MIXED("b")
	    "--b\r\n\r\n1\r\n--a\r\n\r\n2\r\n--a--\r\n",
	    "mixed(rfc822(mixed(plain[1])) plain[2])", true },
	{ MIXED("a") "--a\r\nContent-Type: message/rfc822\r\n\r\n--a--\r\n",
	    "mixed(rfc822(plain[]))", false },
	/* RFC 2046 5.1.5 */
	{ "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
	    "Subject: in\r\n\r\nhi\r\n--b--\r\n",
	    "digest(rfc822(plain[hi]))", false },
	/* RFC 2231 pieces of a boundary */
	{ "Content-Type: multipart/mixed; boundary*1=c; boundary*0=b\r\n\r\n"
	    "--bc\r\n\r\n1\r\n--bc--\r\n", "mixed(plain[1])", false },
	{ "Content-Type:\r\n multipart/mixed;\r\n\tboundary=\"b\"\r\n\r\n"
	    "--b\r\n\r\n1\r\n--b--\r\n", "mixed(plain[1])", false },
	/* the line of a mailbox file, before a message but not before a part */
	{ "From ann@a.test Mon Jan  1 00:00:00 2024\r\n" MIXED("b")
	    "--b\r\n\r\n1\r\n--b--\r\n", "mixed(plain[1])", true },
	{ "Content-Type: message/rfc822\r\n\r\n>From x\r\n" MIXED("b")
	    "--b\r\nFrom x\r\n\r\n1\r\n--b--\r\n",
	    "rfc822(mixed(plain[From x\r\n\r\n1]))", true },
};

/* Children lie inside their parents, one behind the other. */
static void
check_places(struct slice msg, const struct mime_part *root)
{
	unsigned count = 0;

	ck_assert_uint_eq(mime_header_start(root), 0);
	ck_assert_uint_eq(mime_end(root), msg.len);
	for (const struct mime_part *p = root; p != NULL; p = mime_after(p)) {
		const struct mime_part *parent = mime_parent(p);

		count++;
		ck_assert_uint_le(mime_header_start(p), mime_body_start(p));
		ck_assert_uint_le(mime_body_start(p), mime_end(p));
		ck_assert(parent == NULL ||
		    (mime_header_start(p) >= mime_body_start(parent) &&
		    mime_end(p) <= mime_end(parent)));
		ck_assert(mime_next(p) == NULL ||
		    mime_header_start(mime_next(p)) >= mime_end(p));
	}
	ck_assert_uint_eq(count, mime_part_count(root));
}

/* RFC 2046 */
START_TEST(a_message_parses_into_the_tree_a_forgiving_reader_sees)
{
	ARENA_AUTO arena = arena_new(BUDGET);
	TEXT_AUTO text = TEXT_INIT(1000);
	struct slice msg = slice_str(trees[_i].in);
	const struct mime_part *root;
	enum mime_limit limit;

	ck_assert_int_eq(mime_parse(arena, msg, &mime_default_limits, &root,
	    &limit), 0);
	draw(&text, root);
	ck_assert_msg(slice_is_str(text_slice(&text), trees[_i].want), "%.*s",
	    SLICE_FMT(text_slice(&text)));
	ck_assert(mime_is_odd(root) == trees[_i].odd);
	check_places(msg, root);
}
END_TEST

START_TEST(type_parameters_and_encoding_can_be_asked_for)
{
	ARENA_AUTO arena = arena_new(BUDGET);
	TEXT_AUTO text = TEXT_INIT(100);
	const struct mime_part *root;
	enum mime_limit limit;

	ck_assert_int_eq(mime_parse(arena, slice_str(
	    "Content-Type: TEXT/Plain; name*=utf-8''%C3%A9\r\n"
	    "Content-Transfer-Encoding: (c) Quoted-Printable\r\n\r\nx"),
	    &mime_default_limits, &root, &limit), 0);
	ck_assert(mime_is(root, "text", "plain"));
	ck_assert(mime_is(root, "text", NULL));
	ck_assert(!mime_is(root, "text", "html"));
	ck_assert(slice_is_str(mime_type(root), "TEXT"));
	ck_assert_int_eq(mime_encoding(root), MIME_QUOTED_PRINTABLE);
	ck_assert_int_eq(mime_type_param(root, "name", &text), 0);
	ck_assert(slice_is_str(text_slice(&text), "\303\251"));
	ck_assert_int_eq(mime_type_param(root, "charset", &text), -ENOENT);
	ck_assert_uint_eq(mime_header(root).len, mime_body_start(root));
}
END_TEST

/* Messages of any size, for the limits. */

static void
nested_multiparts(struct text *text, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		text_addf(text, "Content-Type: multipart/mixed; boundary=b%u"
		    "\r\n\r\n--b%u\r\n", i, i);
	text_add_str(text, "\r\nx\r\n");
}

static void
nested_messages(struct text *text, unsigned n)
{
	while (n-- > 0)
		text_add_str(text, "Content-Type: message/rfc822\r\n\r\n");
}

static void
many_parts(struct text *text, unsigned n)
{
	text_add_str(text, MIXED("b"));
	while (n-- > 1)
		text_add_str(text, "--b\r\n\r\nx\r\n");
	text_add_str(text, "--b--\r\n");
}

static void
many_fields(struct text *text, unsigned n)
{
	while (n-- > 0)
		text_add_str(text, "To: a@b.example\r\n");
	text_add_str(text, "\r\nx");
}

static void
one_long_field(struct text *text, unsigned n)
{
	text_add_str(text, "A:");
	for (n -= 4; n-- > 0;)
		text_add_byte(text, 'x');
	text_add_str(text, "\r\n\r\nbody");
}

static void
short_fields(struct text *text, unsigned n)
{
	one_long_field(text, n - 5);
	text->len -= strlen("\r\nbody");
	text_add_str(text, "A:b\r\n\r\nbody");
}

static void
many_params(struct text *text, unsigned n)
{
	text_add_str(text, "Content-Type: multipart/mixed");
	for (n--; n-- > 0;)
		text_addf(text, ";x*%u=y", n);
	text_add_str(text, "; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n");
}

static const struct {
	void		(*make)(struct text *, unsigned);
	unsigned	 at;		/* the limit */
	enum mime_limit	 limit;
} limited[] = {
	{ nested_multiparts, 50, MIME_LIMIT_DEPTH },
	{ nested_messages, 50, MIME_LIMIT_DEPTH },
	{ many_parts, 5000, MIME_LIMIT_PARTS },
	{ many_fields, 1000, MIME_LIMIT_FIELDS },
	{ one_long_field, 1024 * 1024, MIME_LIMIT_HEADER },
	{ short_fields, 1024 * 1024, MIME_LIMIT_HEADER },
	{ many_params, 64, MIME_LIMIT_PARAMS },
};

/* A37: one below and at the limit yes, one above no; and far above */
START_TEST(each_limit_holds_to_the_byte)
{
	static const unsigned factors[] = { 1, 4 };
	ARENA_AUTO arena = arena_new(BUDGET);
	TEXT_AUTO text = TEXT_INIT(64 * 1024 * 1024);
	const struct mime_part *root;
	unsigned at = limited[_i].at;
	enum mime_limit limit;

	for (unsigned n = at - 1; n <= at; n++) {
		text_clear(&text);
		limited[_i].make(&text, n);
		ck_assert_int_eq(mime_parse(arena, text_slice(&text),
		    &mime_default_limits, &root, &limit), 0);
		check_places(text_slice(&text), root);
	}
	for (unsigned i = 0; i < 2; i++) {
		root = NULL;
		text_clear(&text);
		limited[_i].make(&text, at * factors[i] + 1);
		ck_assert_int_eq(mime_parse(arena, text_slice(&text),
		    &mime_default_limits, &root, &limit), -E2BIG);
		ck_assert_int_eq(limit, limited[_i].limit);
		ck_assert_ptr_null(root);
		arena_reset(arena);
	}
}
END_TEST

static const struct {
	unsigned	 parts, depth;
	const char	*want;
	bool		 cut;
} cuts[] = {
	{ 5, 2, "mixed(rfc822(plain[1]) mixed(plain[2]))", false },
	{ 4, 2, "mixed(rfc822(plain[1]) mixed[--b\r\n\r\n2\r\n--b--])",
	    true },
	{ 3, 2, "mixed(rfc822(plain[1]))", true },
	{ 2, 2, "mixed(rfc822[\r\n1])", true },
	{ 1, 2, "mixed[--a\r\nContent-Type: message/rfc822\r\n\r\n\r\n1\r\n"
	    "--a\r\n" MIXED("b") "--b\r\n\r\n2\r\n--b--\r\n--a--\r\n]",
	    true },
	{ 9, 1, "mixed(rfc822[\r\n1] mixed[--b\r\n\r\n2\r\n--b--])", true },
};

/* Beyond the limits that cut, what there is has no parts. */
START_TEST(parts_beyond_a_limit_are_cut_where_that_is_wished)
{
	const struct slice msg = slice_str(MIXED("a")
	    "--a\r\nContent-Type: message/rfc822\r\n\r\n\r\n1\r\n"
	    "--a\r\n" MIXED("b") "--b\r\n\r\n2\r\n--b--\r\n--a--\r\n");
	struct mime_limits limits = mime_default_limits;
	ARENA_AUTO arena = arena_new(BUDGET);
	TEXT_AUTO text = TEXT_INIT(1000);
	const struct mime_part *root;
	enum mime_limit limit;

	limits.parts = cuts[_i].parts;
	limits.depth = cuts[_i].depth;
	limits.cuts = true;
	ck_assert_int_eq(mime_parse(arena, msg, &limits, &root, &limit), 0);
	draw(&text, root);
	ck_assert_msg(slice_is_str(text_slice(&text), cuts[_i].want), "%.*s",
	    SLICE_FMT(text_slice(&text)));
	ck_assert_int_eq(mime_is_cut(root), cuts[_i].cut);
	ck_assert_uint_eq(mime_end(root), msg.len);
}
END_TEST

START_TEST(a_boundary_above_256_bytes_is_none)
{
	for (unsigned n = 255; n <= 257; n++) {
		ARENA_AUTO arena = arena_new(BUDGET);
		TEXT_AUTO text = TEXT_INIT(2000);
		char b[300] = { 0 };
		const struct mime_part *root;
		enum mime_limit limit;

		memset(b, 'b', n);
		text_addf(&text, MIXED("%s") "--%s\r\n\r\nx\r\n--%s--\r\n",
		    b, b, b);
		ck_assert_int_eq(mime_parse(arena, text_slice(&text),
		    &mime_default_limits, &root, &limit), 0);
		ck_assert((mime_child(root) != NULL) == (n <= 256));
		ck_assert(mime_is_odd(root) == (n > 256));
	}
}
END_TEST

START_TEST(a_spent_budget_is_its_own_answer)
{
	ARENA_AUTO arena = arena_new(4096);
	TEXT_AUTO text = TEXT_INIT(100000);
	const struct mime_part *root = NULL;
	enum mime_limit limit;

	many_parts(&text, 1000);
	ck_assert_int_eq(mime_parse(arena, text_slice(&text),
	    &mime_default_limits, &root, &limit), -ENOBUFS);
	ck_assert_ptr_null(root);
}
END_TEST

/* Bodies that cost the most: each under 49 open boundaries. */
static const char *const lines[] = {
	"--\r\n",
	"--b48x\r\n",
	"--b\r\n",
	"--B48\r\n",
	"----------------------------------------------------------------\r\n",
	"x\r\n",
	"\n",
};

static uint64_t
steps_of(const char *line, unsigned n)
{
	ARENA_AUTO arena = arena_new(BUDGET);
	TEXT_AUTO text = TEXT_INIT(64 * 1024 * 1024);
	const struct mime_part *root;
	enum mime_limit limit;

	nested_multiparts(&text, 49);
	while (n-- > 0)
		text_add_str(&text, line);
	ck_assert_int_eq(mime_parse(arena, text_slice(&text),
	    &mime_default_limits, &root, &limit), 0);
	return mime_steps(root);
}

/* A37: t(2n) / t(n) is at most 2.3 */
START_TEST(work_grows_as_the_message_does)
{
	uint64_t once = steps_of(lines[_i], 20000);
	uint64_t twice = steps_of(lines[_i], 40000);

	ck_assert_uint_le(twice * 10, once * 23);
	/* a line costs no more than itself and the open boundaries */
	ck_assert_uint_le(once, (20000 + 200) * (uint64_t)(1 + 49));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("mime");
	TCase *tests = tcase_create("mime");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests,
	    a_message_parses_into_the_tree_a_forgiving_reader_sees, 0,
	    sizeof(trees) / sizeof(trees[0]));
	tcase_add_test(tests, type_parameters_and_encoding_can_be_asked_for);
	tcase_add_loop_test(tests, each_limit_holds_to_the_byte, 0,
	    sizeof(limited) / sizeof(limited[0]));
	tcase_add_loop_test(tests,
	    parts_beyond_a_limit_are_cut_where_that_is_wished, 0,
	    (int)(sizeof(cuts) / sizeof(cuts[0])));
	tcase_add_test(tests, a_boundary_above_256_bytes_is_none);
	tcase_add_test(tests, a_spent_budget_is_its_own_answer);
	tcase_add_loop_test(tests, work_grows_as_the_message_does, 0,
	    sizeof(lines) / sizeof(lines[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
