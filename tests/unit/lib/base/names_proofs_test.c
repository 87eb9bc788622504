/*
 * names_proofs_test.c - what DNSSEC says, and what a host says of itself
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/names.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/lib/base/signed.h"
#include "tests/unit/unit.h"

#define HERE	"\177\0\0\1", 4
#define TLSA	"\3\1\1x", 4
#define NAME(s)	s, sizeof(s)
#define MX(s)	"\0\5" s, sizeof("\0\5" s)

static const struct signed_row rows[] = {
	{ "far.test", SIGNED_MX, MX("mx.far.test"), SIGNED_WELL },
	{ "forged.far.test", SIGNED_MX, MX("mx.far.test"), SIGNED_WRONG },
	{ "stripped.far.test", SIGNED_MX, MX("mx.far.test"), SIGNED_NOT },
	{ "open.test", SIGNED_MX, MX("mx.far.test"), SIGNED_WELL },
	/* two records, and an address */
	{ "mx.far.test", SIGNED_A, HERE, SIGNED_WELL },
	{ "_25._tcp.mx.far.test", SIGNED_TLSA, TLSA, SIGNED_WELL },
	{ "_25._tcp.mx.far.test", SIGNED_TLSA, "\2\0\1yz", 5, SIGNED_WELL },
	/* nothing published */
	{ "none.far.test", SIGNED_A, HERE, SIGNED_WELL },
	/* no address at all, and one of each fault */
	{ "_25._tcp.six.far.test", SIGNED_TLSA, TLSA, SIGNED_WELL },
	{ "bad-a.far.test", SIGNED_A, HERE, SIGNED_WRONG },
	{ "_25._tcp.bad-a.far.test", SIGNED_TLSA, TLSA, SIGNED_WELL },
	{ "bad.far.test", SIGNED_A, HERE, SIGNED_WELL },
	{ "_25._tcp.bad.far.test", SIGNED_TLSA, TLSA, SIGNED_WRONG },
	{ "stolen.far.test", SIGNED_A, HERE, SIGNED_WELL },
	{ "_25._tcp.stolen.far.test", SIGNED_TLSA, TLSA, SIGNED_NOT },
	{ "down.far.test", SIGNED_A, HERE, SIGNED_WELL },
	{ "_25._tcp.down.far.test", SIGNED_TLSA, TLSA, SIGNED_FAILS },
	/* not signed: not even asked for TLSA */
	{ "mx.open.test", SIGNED_A, HERE, SIGNED_WELL },
	{ "_25._tcp.mx.open.test", SIGNED_TLSA, TLSA, SIGNED_WELL },
	/* aliases: of one that has records, of one that has none, and of one
	 * that is not signed */
	{ "alias.far.test", SIGNED_CNAME, NAME("mx.far.test"), SIGNED_WELL },
	{ "_25._tcp.alias.far.test", SIGNED_TLSA, "\3\0\1a", 4, SIGNED_WELL },
	{ "alias2.far.test", SIGNED_CNAME, NAME("none.far.test"),
	    SIGNED_WELL },
	{ "_25._tcp.alias2.far.test", SIGNED_TLSA, "\3\0\1b", 4,
	    SIGNED_WELL },
	{ "alias3.far.test", SIGNED_CNAME, NAME("mx.open.test"),
	    SIGNED_WELL },
	{ "_25._tcp.alias3.far.test", SIGNED_TLSA, "\3\0\1c", 4,
	    SIGNED_WELL },
	{ "alias.open.test", SIGNED_CNAME, NAME("mx.open.test"),
	    SIGNED_WELL },
	{ 0 }
};

struct scene {
	struct loop	*loop;
	struct names	*names;
	struct signed_server server;
	unsigned	 fds, told;
	enum names_found found;
	bool		 is_secure;
	char		 text[128];	/* "base:[record]..." */
};

static void
scene_open(struct scene *scene)
{
	char forward[64];
	struct names_options options = { .forward = forward,
	    .hosts_file = "" };
	const char *fault = NULL;

	memset(scene, 0, sizeof(*scene));
	scene->fds = fds_open();
	scene->loop = loop_new();
	signed_open(&scene->server, rows);
	(void)snprintf(forward, sizeof(forward), "127.0.0.1@%u",
	    scene->server.port);
	options.anchor_file = scene->server.anchor;
	ck_assert_msg(names_open(scene->loop, &options, &scene->names,
	    &fault) == 0, "%s", fault);
	ck_assert_int_eq(names_start(scene->names), 0);
}

static void
scene_close(struct scene *scene)
{
	names_close(scene->names);
	signed_close(&scene->server);
	loop_free(scene->loop);
	ck_assert_uint_eq(fds_open(), scene->fds);
}

static void
on_records(void *arg, enum names_found found, bool is_secure,
    const struct slice *records, size_t count)
{
	struct scene *scene = arg;

	(void)records;
	(void)count;
	scene->told++;
	scene->found = found;
	scene->is_secure = is_secure;
}

static const struct {
	const char	*domain;
	enum names_found found;
	bool		 is_secure;
} routes[] = {
	{ "far.test", NAMES_FOUND, true },
	{ "none.far.test", NAMES_NONE, true },
	{ "open.test", NAMES_FOUND, false },
	{ "none.open.test", NAMES_NONE, false },
	/* what does not hold has failed */
	{ "forged.far.test", NAMES_LATER, false },
	{ "stripped.far.test", NAMES_LATER, false },
};

START_TEST(an_answer_is_secure_where_dnssec_says_so)
{
	struct scene scene;

	scene_open(&scene);
	ck_assert_str_eq(names_anchor(scene.names), "far.test.");
	ck_assert_int_eq(names_ask_records(scene.names, NAMES_ROUTES,
	    slice_str(routes[_i].domain), on_records, &scene), 0);
	TURN_UNTIL(scene.loop, scene.told > 0);
	ck_assert_int_eq(scene.found, routes[_i].found);
	ck_assert(scene.is_secure == routes[_i].is_secure);
	scene_close(&scene);
}
END_TEST

/* A router that knows no DNSSEC is told from a line that is down. */
START_TEST(the_keys_of_the_anchor_say_how_the_line_is)
{
	struct scene scene;

	scene_open(&scene);
	scene.server.strips = _i == 1;
	ck_assert_int_eq(names_ask_records(scene.names, NAMES_KEYS,
	    slice_str(names_anchor(scene.names)), on_records, &scene), 0);
	TURN_UNTIL(scene.loop, scene.told > 0);
	ck_assert_int_eq(scene.found, _i == 1 ? NAMES_LATER : NAMES_FOUND);
	ck_assert(scene.is_secure == (_i == 0));
	scene_close(&scene);
}
END_TEST

static void
on_proofs(void *arg, enum names_found found, const char *base,
    const struct slice *records, size_t count)
{
	struct scene *scene = arg;
	int len;

	scene->told++;
	scene->found = found;
	len = snprintf(scene->text, sizeof(scene->text), "%s:", base);
	for (size_t i = 0; i < count; i++)
		len += snprintf(scene->text + len, sizeof(scene->text) -
		    (size_t)len, "%d%d%d%.*s", records[i].at[0],
		    records[i].at[1], records[i].at[2], SLICE_FMT(
		    slice_after(records[i], 3)));
}

static const struct {
	const char	*host;
	enum names_found found;
	const char	*text;
	bool		 asks;		/* for TLSA */
} proofs[] = {
	{ "mx.far.test", NAMES_FOUND, "mx.far.test:201yz311x", true },
	{ "MX.Far.test.", NAMES_FOUND, "MX.Far.test:201yz311x", true },
	{ "six.far.test", NAMES_FOUND, "six.far.test:311x", true },
	{ "none.far.test", NAMES_NONE, NULL, true },
	{ "no.such.far.test", NAMES_NONE, NULL, true },
	/* RFC 7672 2.1.1: what cannot be known is no "there is none" */
	{ "bad-a.far.test", NAMES_LATER, NULL, false },
	{ "bad.far.test", NAMES_LATER, NULL, true },
	{ "stolen.far.test", NAMES_LATER, NULL, true },
	{ "down.far.test", NAMES_LATER, NULL, true },
	/* RFC 7672 2.2.2 */
	{ "mx.open.test", NAMES_NONE, NULL, false },
	{ "alias.far.test", NAMES_FOUND, "mx.far.test:201yz311x", true },
	{ "alias2.far.test", NAMES_FOUND, "alias2.far.test:301b", true },
	{ "alias3.far.test", NAMES_FOUND, "alias3.far.test:301c", true },
	{ "alias.open.test", NAMES_NONE, NULL, false },
};

START_TEST(a_host_has_the_proofs_that_a_signed_zone_gives)
{
	struct scene scene;

	scene_open(&scene);
	/* twice: the second answer is remembered */
	for (unsigned i = 1; i <= 2; i++) {
		ck_assert_int_eq(names_ask_proofs(scene.names,
		    slice_str(proofs[_i].host), 25, on_proofs, &scene), 0);
		TURN_UNTIL(scene.loop, scene.told == i);
		ck_assert_int_eq(scene.found, proofs[_i].found);
		if (proofs[_i].text != NULL)
			ck_assert_str_eq(scene.text, proofs[_i].text);
	}
	ck_assert(proofs[_i].asks == (scene.server.asked[SIGNED_TLSA] > 0));
	scene_close(&scene);
}
END_TEST

START_TEST(whoever_waits_for_proofs_is_forgotten)
{
	struct scene scene;

	scene_open(&scene);
	ck_assert_int_eq(names_ask_proofs(scene.names,
	    slice_str("mx.far.test"), 25, on_proofs, &scene), 0);
	ck_assert_int_eq(names_ask_proofs(scene.names, slice_str("a b"), 25,
	    on_proofs, &scene), -EINVAL);
	ck_assert_int_eq(names_ask_proofs(scene.names,
	    slice_str("192.0.2.1"), 25, on_proofs, &scene), -EINVAL);
	scene_close(&scene);
	ck_assert_uint_eq(scene.told, 0);
}
END_TEST

static const char *const no_anchors[] = {
	"", "; nothing\n", "one two\n",
};

START_TEST(an_anchor_that_is_none_is_told)
{
	char path[] = "/tmp/names_proofs_XXXXXX";
	const struct names_options options = { .forward = "192.0.2.1",
	    .hosts_file = "", .anchor_file = path };
	struct loop *loop = loop_new();
	struct names *names = NULL;
	const char *fault = NULL;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(dprintf(fd, "%s", no_anchors[_i]), 0);
	ck_assert_int_eq(names_open(loop, &options, &names, &fault), -EINVAL);
	ck_assert_ptr_nonnull(strstr(fault, "anchor"));
	(void)close(fd);
	(void)unlink(path);
	ck_assert_int_eq(names_open(loop, &options, &names, &fault), -EINVAL);
	loop_free(loop);
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/names_proofs");
	TCase *test = tcase_create("names_proofs");

	tcase_set_timeout(test, 120);
	tcase_add_loop_test(test, an_answer_is_secure_where_dnssec_says_so, 0,
	    ROWS(routes));
	tcase_add_loop_test(test, the_keys_of_the_anchor_say_how_the_line_is,
	    0, 2);
	tcase_add_loop_test(test,
	    a_host_has_the_proofs_that_a_signed_zone_gives, 0, ROWS(proofs));
	tcase_add_test(test, whoever_waits_for_proofs_is_forgotten);
	tcase_add_loop_test(test, an_anchor_that_is_none_is_told, 0,
	    ROWS(no_anchors));
	suite_add_tcase(suite, test);
	return suite;
}
