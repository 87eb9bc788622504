/*
 * path_test.c - mail addresses
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/message/path.h"
#include "tests/unit/unit.h"

#define LOCAL_64	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LABEL_63	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" \
			"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* Flags of a row: what the peer may and what it said. */
#define FORWARD	0x1
#define UTF8	0x2
#define QUOTED	0x4
#define LITERAL	0x8

static const struct {
	const char	*in;
	unsigned	 flags;
	int		 want;
	const char	*local, *domain, *rest;
} paths[] = {
	{ "<a@b.example> SIZE=1", 0, 0, "a", "b.example", " SIZE=1" },
	{ "<>", 0, 0, "", "", "" },
	{ "<>", FORWARD, -EINVAL, 0, 0, 0 },
	/* RFC 5321 4.5.1 */
	{ "<Postmaster>", FORWARD, 0, "Postmaster", "", "" },
	{ "<POSTMASTER>", FORWARD, 0, "POSTMASTER", "", "" },
	{ "<Postmaster>", 0, -EINVAL, 0, 0, 0 },
	{ "<abuse>", FORWARD, -EINVAL, 0, 0, 0 },
	{ "<a.b+c=d/e@x>", 0, 0, "a.b+c=d/e", "x", "" },
	{ "<.a@x>", 0, -EINVAL, 0, 0, 0 },
	{ "<a.@x>", 0, -EINVAL, 0, 0, 0 },
	{ "<a..b@x>", 0, -EINVAL, 0, 0, 0 },
	{ "<@x>", 0, -EINVAL, 0, 0, 0 },
	{ "<a@>", 0, -EINVAL, 0, 0, 0 },
	{ "<a@-x>", 0, -EINVAL, 0, 0, 0 },
	{ "<a@x->", 0, -EINVAL, 0, 0, 0 },
	{ "<a@x..y>", 0, -EINVAL, 0, 0, 0 },
	{ "a@x", 0, -EINVAL, 0, 0, 0 },
	{ "< a@x>", 0, -EINVAL, 0, 0, 0 },
	{ "<a@x >", 0, -EINVAL, 0, 0, 0 },
	{ "<a@x", 0, -EINVAL, 0, 0, 0 },
	{ "", 0, -EINVAL, 0, 0, 0 },
	{ "<", 0, -EINVAL, 0, 0, 0 },
	/* RFC 5321 4.1.2: quoted-pairSMTP */
	{ "<\"a b\"@x>", QUOTED, 0, "\"a b\"", "x", "" },
	{ "<\"a\\\"\\\\\"@x>", QUOTED, 0, "\"a\\\"\\\\\"", "x", "" },
	{ "<\"a\"b@x>", 0, -EINVAL, 0, 0, 0 },
	{ "<\"a\r\nb\"@x>", 0, -EINVAL, 0, 0, 0 },
	{ "<\"a\\\nb\"@x>", 0, -EINVAL, 0, 0, 0 },
	{ "<\"a\\\177\"@x>", 0, -EINVAL, 0, 0, 0 },
	{ "<\"a>", 0, -EINVAL, 0, 0, 0 },
	/* appendix C */
	{ "<@p,@q.example:a@x>", FORWARD, 0, "a", "x", "" },
	{ "<@p:a@x>", 0, 0, "a", "x", "" },
	{ "<@p,:a@x>", 0, -EINVAL, 0, 0, 0 },
	{ "<@p a@x>", 0, -EINVAL, 0, 0, 0 },
	/* RFC 5321 4.1.3 */
	{ "<a@[192.0.2.1]>", LITERAL, 0, "a", "[192.0.2.1]", "" },
	{ "<a@[IPv6:2001:db8::1]>", LITERAL, 0, "a", "[IPv6:2001:db8::1]", "" },
	{ "<a@[192.0.2.256]>", 0, -EINVAL, 0, 0, 0 },
	{ "<a@[2001:db8::1]>", 0, -EINVAL, 0, 0, 0 },
	{ "<a@[x:y]>", 0, -EINVAL, 0, 0, 0 },
	{ "<a@[]>", 0, -EINVAL, 0, 0, 0 },
	{ "<a@[1.2.3.4>", 0, -EINVAL, 0, 0, 0 },
	/* the ways of asking for a relay (A11) that are no address at all */
	{ "<a@victim.example@x>", FORWARD, -EINVAL, 0, 0, 0 },
	{ "<a@x.>", FORWARD, -EINVAL, 0, 0, 0 },
	{ "<a@victim.example(x)>", FORWARD, -EINVAL, 0, 0, 0 },
	/* and those that are one, of the last domain */
	{ "<a%victim.example@x>", FORWARD, 0, "a%victim.example", "x", "" },
	{ "<victim.example!a@x>", FORWARD, 0, "victim.example!a", "x", "" },
	{ "<\"a@victim.example\"@x>", FORWARD | QUOTED, 0,
	    "\"a@victim.example\"", "x", "" },
	/* A08 */
	{ "<;id;@x>", 0, -EINVAL, 0, 0, 0 },
	/* RFC 5321 4.5.3.1 */
	{ "<" LOCAL_64 "@x>", 0, 0, LOCAL_64, "x", "" },
	{ "<" LOCAL_64 "a@x>", 0, -E2BIG, 0, 0, 0 },
	{ "<a@" LABEL_63 ".x>", 0, 0, "a", LABEL_63 ".x", "" },
	{ "<a@" LABEL_63 "b.x>", 0, -E2BIG, 0, 0, 0 },
	{ "<a@x." LABEL_63 "b>", 0, -E2BIG, 0, 0, 0 },
	/* 256 octets with the brackets, and one more */
	{ "<a@" LABEL_63 "." LABEL_63 "." LABEL_63 ".bbbbbbbbbb"
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb>", 0, 0, "a",
	    LABEL_63 "." LABEL_63 "." LABEL_63 ".bbbbbbbbbb"
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "" },
	{ "<aa@" LABEL_63 "." LABEL_63 "." LABEL_63 ".bbbbbbbbbb"
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb>", 0, -E2BIG,
	    0, 0, 0 },
	/* RFC 6531 3.3 */
	{ "<\303\251@b\303\274cher.example>", UTF8, 0, "\303\251",
	    "b\303\274cher.example", "" },
	{ "<\303\251@x>", 0, -EILSEQ, 0, 0, 0 },
	{ "<a@b\303\274cher.example>", FORWARD, -EILSEQ, 0, 0, 0 },
	{ "<\303@x>", UTF8, -EINVAL, 0, 0, 0 },
	{ "<\302\205@x>", UTF8, -EINVAL, 0, 0, 0 },
	{ "<\"\\\303\251\"@x>", UTF8, -EINVAL, 0, 0, 0 },
};

/* RFC 5321 4.1.2 */
START_TEST(a_path_is_what_the_grammar_says)
{
	struct slice all = slice_str(paths[_i].in), rest = all;
	unsigned flags = paths[_i].flags;
	struct path path;
	int r = path_parse(&rest, flags & FORWARD ? PATH_FORWARD :
	    PATH_REVERSE, flags & UTF8, &path);

	ck_assert_int_eq(r, paths[_i].want);
	if (r < 0) {
		ck_assert_uint_eq(rest.len, all.len);
		return;
	}
	ck_assert(slice_is_str(path.local, paths[_i].local));
	ck_assert(slice_is_str(path.domain, paths[_i].domain));
	ck_assert(slice_is_str(rest, paths[_i].rest));
	ck_assert(path.quoted == ((flags & QUOTED) != 0));
	ck_assert(path.literal == ((flags & LITERAL) != 0));
}
END_TEST

/* A36: the byte behind the input cannot be read */
START_TEST(nothing_is_read_behind_the_end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, page * 2, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct slice whole = slice_str(paths[_i].in);
	struct path path;

	ck_assert(map != MAP_FAILED);
	ck_assert_int_eq(mprotect(map + page, page, PROT_NONE), 0);
	for (size_t len = 0; len <= whole.len; len++) {
		struct slice s = slice_of(map + page - len, len);

		if (len > 0)
			memcpy(map + page - len, whole.at, len);
		(void)path_parse(&s, PATH_FORWARD, true, &path);
		s = slice_of(map + page - len, len);
		(void)address_parse(slice_after(s, 1), true, &path);
	}
	ck_assert_int_eq(munmap(map, page * 2), 0);
}
END_TEST

static const struct {
	struct slice	in;
	int		want;
} tails[] = {
	{ SLICE("\\"), -EINVAL }, { SLICE("("), -EINVAL },
	{ SLICE("\""), -EINVAL }, { SLICE("<"), -EINVAL },
	{ SLICE(","), -EINVAL }, { SLICE(";"), -EINVAL },
	{ SLICE("\"\\"), -EINVAL }, { SLICE("a@"), -EINVAL },
	{ SLICE("a@["), -EINVAL }, { SLICE("a@b\0"), -EINVAL },
	{ SLICE("a\0@b"), -EINVAL }, { SLICE("a@b\n"), 0 },
	{ SLICE(" ani@kantor.example\t"), 0 }, { SLICE("<a@b>"), -EINVAL },
	{ SLICE("a@b c"), -EINVAL },
};

START_TEST(a_typed_address_is_one_and_no_more)
{
	struct path path;

	ck_assert_int_eq(address_parse(tails[_i].in, false, &path),
	    tails[_i].want);
}
END_TEST

static const struct {
	const char	*local, *domain;
	int		 want;
	const char	*normal;
} normals[] = {
	{ "Ani", "Kantor.Example", 0, "ani@kantor.example" },
	{ "\"A\\ b\"", "x", 0, "a b@x" },
	{ "\"a@b\"", "x", 0, "a@b@x" },
	{ "\303\211a", "x", 0, "\303\211a@x" },
	{ "a", "B\303\234CHER.example", 0, "a@xn--bcher-kva.example" },
	/* IDNA2008 nontransitional: the sharp s stays itself */
	{ "a", "fa\303\237.example", 0, "a@xn--fa-hia.example" },
	/* U+3002, the ideographic full stop, is a dot */
	{ "a", "b\303\274cher\343\200\202example", 0,
	    "a@xn--bcher-kva.example" },
	/* a full-width at sign in the domain is not one */
	{ "a", "b\357\274\240c.example", -EINVAL, 0 },
	{ "a", "r3---sn.example", 0, "a@r3---sn.example" },
	{ "a", "[192.0.2.1]", 0, "a@[192.0.2.1]" },
	{ "a", "[IPV6:2001:DB8:0::1]", 0, "a@[ipv6:2001:db8::1]" },
	{ "a", "x.", -EINVAL, 0 },
	{ "a", "b\303\274cher.example\343\200\202", -EINVAL, 0 },
	{ "a", "", -EINVAL, 0 },
	{ "", "x", -EINVAL, 0 },
	{ "\"\"", "x", -EINVAL, 0 },
	{ "a b", "x", -EINVAL, 0 },
	{ "a", "b_c", -EINVAL, 0 },
	{ "a", "\377", -EINVAL, 0 },
};

/* RFC 5890: one form under which an address is looked up */
START_TEST(an_address_has_one_normal_form)
{
	TEXT_AUTO text = TEXT_INIT(400);

	ck_assert_int_eq(address_normal(&text, slice_str(normals[_i].local),
	    slice_str(normals[_i].domain)), normals[_i].want);
	ck_assert(slice_is_str(text_slice(&text), normals[_i].want == 0 ?
	    normals[_i].normal : ""));
}
END_TEST

/* What quotes meant has none any more: a quote in it is a byte of the name. */
static const struct {
	const char	*local, *normal;	/* "": it names nothing */
} meant[] = {
	{ "Ann", "ann@x.test" },
	{ "a b", "a b@x.test" },
	{ "\"ann\"", "\"ann\"@x.test" },
	{ "a@b", "a@b@x.test" },
	{ "a\\b", "a\\b@x.test" },
	{ "", "" },
	{ "a\tb", "" },
	{ "\377", "" },
	{ "01234567890123456789012345678901234567890123456789012345678901234",
	  "" },
};

START_TEST(a_local_part_is_read_as_it_is_meant)
{
	TEXT_AUTO text = TEXT_INIT(400);

	ck_assert_int_eq(address_meant(&text, slice_str(meant[_i].local),
	    slice_str("X.test")), meant[_i].normal[0] == '\0' ? -EINVAL : 0);
	ck_assert(slice_is_str(text_slice(&text), meant[_i].normal));
}
END_TEST

START_TEST(a_full_text_gets_nothing)
{
	TEXT_AUTO text = TEXT_INIT(4);

	ck_assert_int_eq(address_normal(&text, slice_str("ab"),
	    slice_str("cd")), -ENOBUFS);
	ck_assert_uint_eq(text.len, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("path");
	TCase *tests = tcase_create("path");

	tcase_add_loop_test(tests, a_path_is_what_the_grammar_says, 0,
	    sizeof(paths) / sizeof(paths[0]));
	tcase_add_loop_test(tests, nothing_is_read_behind_the_end, 0,
	    sizeof(paths) / sizeof(paths[0]));
	tcase_add_loop_test(tests, a_typed_address_is_one_and_no_more, 0,
	    sizeof(tails) / sizeof(tails[0]));
	tcase_add_loop_test(tests, an_address_has_one_normal_form, 0,
	    sizeof(normals) / sizeof(normals[0]));
	tcase_add_loop_test(tests, a_local_part_is_read_as_it_is_meant, 0,
	    sizeof(meant) / sizeof(meant[0]));
	tcase_add_test(tests, a_full_text_gets_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
