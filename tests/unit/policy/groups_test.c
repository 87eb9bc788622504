/*
 * groups_test.c - who is meant by an address, each of them once
 */
#include "policy/forwards.h"
#include "policy/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/message/envelope.h"
#include "policy/srs.h"
#include "tests/unit/unit.h"

#define NOW	INT64_C(1795300000000)

static const struct seal_key key = { "a key of thirty-two bytes, or so" };
static char folder[64], said[4096];
static int folder_fd;
static struct policy *policy;
static uint64_t postmaster, ann, bob, cid;

static uint64_t
account(const char *address)
{
	static const struct password_secret secret = { .hash = "x" };
	struct policy_account a = { .language = "en" };

	strcpy(a.address, address);
	ck_assert_int_eq(policy_account_add(policy, &a, &secret, NOW, &a), 0);
	return a.id;
}

static void
set_up(void)
{
	unsigned needs;

	strcpy(folder, "/tmp/groups_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    NOW), 0);
	postmaster = account("postmaster@office.test");
	ann = account("ann@office.test");
	bob = account("bob@office.test");
	cid = account("cid@office.test");
}

static void
tear_down(void)
{
	char command[96];

	policy_close(policy);
	close(folder_fd);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* `words` have a blank between them. */
static size_t
split(const char *words, struct slice targets[64])
{
	struct slice rest = slice_str(words);
	size_t n = 0;

	while (slice_cut(&rest, ' ', &targets[n]))
		n++;
	targets[n++] = rest;
	return n;
}

static int
add(enum group_kind kind, const char *address, const char *targets,
    enum group_post post, uint64_t owner)
{
	struct group wanted = { .kind = kind, .post = post, .owner = owner };
	struct slice list[64];
	struct group group;
	size_t bad;

	strcpy(wanted.address, address);
	return policy_group_add(policy, &wanted, list, split(targets, list),
	    NOW, &group, &bad);
}

static int
alias(const char *address, const char *targets)
{
	return add(GROUP_ALIAS, address, targets, POST_MEMBERS, 0);
}

static int
forward_to(uint64_t account, const char *target, bool keep)
{
	const struct forward wanted = { .keep = keep };
	struct forward forward;

	return policy_forward_set(policy, account, slice_str(target), &wanted,
	    &forward);
}

static uint64_t
whose(const char *address)
{
	enum whose whose;
	uint64_t number;

	ck_assert_int_eq(policy_whose(policy, slice_str(address), &whose,
	    &number), 0);
	return number;
}

/* What is asked; the sender is zoe@far.test unless the test says another. */
static struct expand_ask ask = { .sender = SLICE("zoe@far.test") };

/* Who gets it, in words: "ann@office.test(sales@office.test) ...". */
static const char *
expand(const char *addresses)
{
	TEXT_AUTO answer = TEXT_INIT(EXPAND_BYTES);
	TEXT_AUTO words = TEXT_INIT(sizeof(said));
	struct expand_asked asked[64];
	struct slice list[64];
	struct expanded one;
	struct unpack u;

	ask.recipients = asked;
	ask.recipient_count = split(addresses, list);
	for (size_t i = 0; i < ask.recipient_count; i++) {
		enum whose whose;

		asked[i].address = list[i];
		ck_assert_int_eq(policy_whose(policy, list[i], &whose,
		    &asked[i].account), 0);
		if (whose == WHOSE_UNKNOWN && srs_is(list[i]))
			asked[i].account = ACCOUNT_BOUNCE;
	}
	ck_assert_int_eq(policy_expand(policy, &key, &ask, NOW, &answer), 0);
	u = unpack_of(text_slice(&answer));
	while (expanded_unpack(&u, &one)) {
		text_addf(&words, "%s%.*s", words.len > 0 ? " " : "",
		    SLICE_FMT(one.address));
		ck_assert_int_eq(one.by != 0, one.via.len > 0);
		ck_assert_int_eq((one.by & RECIPIENT_SENT_ON) != 0,
		    one.account == 0 && one.by != 0);
		if (one.by != 0)
			text_addf(&words, "(%.*s%s%.*s)", SLICE_FMT(one.via),
			    one.sender.len > 0 ? " as " : "",
			    SLICE_FMT(one.sender));
	}
	ck_assert(!u.bad);
	text_add_byte(&words, '\0');
	strcpy(said, words.at);
	return said;
}

START_TEST(an_alias_is_for_all_behind_it_each_once)
{
	ck_assert_int_eq(alias("Sales@Office.test",
	    "ann@office.test bob@office.test"), 0);
	ck_assert_int_eq(alias("all@office.test",
	    "sales@office.test cid@office.test ann+x@office.test"), 0);
	ck_assert(whose("sales@office.test") & ACCOUNT_GROUP);
	ck_assert(whose("sales+spring@office.test") & ACCOUNT_GROUP);
	ck_assert_str_eq(expand("sales@office.test"),
	    "ann@office.test(sales@office.test) "
	    "bob@office.test(sales@office.test)");
	/* by two ways, and named herself: one copy, as it was addressed */
	ck_assert_str_eq(expand("all@office.test ann@office.test "
	    "sales@office.test"),
	    "ann@office.test cid@office.test(all@office.test) "
	    "bob@office.test(all@office.test)");
}
END_TEST

START_TEST(an_alias_that_cannot_be_is_refused)
{
	ck_assert_int_eq(alias("sales@office.test", "ann@office.test"), 0);
	ck_assert_int_eq(alias("sales@office.test", "bob@office.test"),
	    -EEXIST);
	ck_assert_int_eq(alias("ann@office.test", "bob@office.test"), -EEXIST);
	ck_assert_int_eq(alias("new@office.test", "nobody@office.test"),
	    -ENOENT);
	ck_assert_int_eq(alias("new@far.test", "ann@office.test"), -ENOENT);
	ck_assert_int_eq(alias("new@office.test", "ann"), -EINVAL);
	ck_assert_int_eq(alias("\"a b\"@office.test", "ann@office.test"),
	    -EINVAL);
	ck_assert_int_eq(alias("new@office.test", "new@office.test"), -ENOENT);
	/* nothing of them stands there */
	ck_assert_uint_eq(whose("new@office.test"), 0);
}
END_TEST

START_TEST(no_address_comes_back_to_itself)
{
	struct slice targets[64];
	struct group group;
	struct group_change change = { .targets = targets };
	size_t bad;

	ck_assert_int_eq(alias("a@office.test", "ann@office.test"), 0);
	ck_assert_int_eq(alias("b@office.test", "a@office.test"), 0);
	ck_assert_int_eq(alias("c@office.test", "b@office.test"), 0);
	ck_assert_int_eq(policy_group_find(policy, GROUP_ALIAS,
	    slice_str("a@office.test"), &group), 0);
	change.target_count = split("bob@office.test c@office.test", targets);
	ck_assert_int_eq(policy_group_set(policy, group.id, &change, &bad),
	    -ELOOP);
	ck_assert_str_eq(expand("c@office.test"),
	    "ann@office.test(c@office.test)");
}
END_TEST

/* Each is behind few enough when it is made; one below grows afterwards. */
START_TEST(what_is_too_deep_goes_to_whoever_looks_after_it)
{
	char name[32] = "a0@office.test", to[32] = "ann@office.test";
	struct slice targets[64];
	struct group group;
	struct group_change change = { .targets = targets };
	size_t bad;

	for (char c = '8'; c >= '1'; c--) {
		name[1] = c;
		ck_assert_int_eq(alias(name, to), 0);
		strcpy(to, name);
	}
	ck_assert_int_eq(alias("z@office.test", "bob@office.test"), 0);
	ck_assert_int_eq(alias("top@office.test",
	    "z@office.test cid@office.test"), 0);
	ck_assert_int_eq(policy_group_find(policy, GROUP_ALIAS,
	    slice_str("z@office.test"), &group), 0);
	change.target_count = split("a2@office.test bob@office.test", targets);
	ck_assert_int_eq(policy_group_set(policy, group.id, &change, &bad), 0);
	ck_assert_str_eq(expand("z@office.test"),
	    "ann@office.test(z@office.test) bob@office.test(z@office.test)");
	ck_assert_str_eq(expand("top@office.test"),
	    "cid@office.test(top@office.test) "
	    "postmaster@office.test(a8@office.test) "
	    "bob@office.test(top@office.test)");
}
END_TEST

/* Each of these has all of the next: by ways there are 12 to the power of 6. */
#define WIDE	12
#define LAYERS	6

static const char *
in_layer(int layer, int n)
{
	static char name[32];

	snprintf(name, sizeof(name), "g%d-%d@office.test", layer, n);
	return name;
}

static void
widen(int layer)
{
	TEXT_AUTO words = TEXT_INIT(4096);
	struct slice targets[64];
	struct group_change change = { .targets = targets };
	struct group group;
	size_t bad;

	for (int n = 0; n < WIDE; n++)
		text_addf(&words, "%s%s", n > 0 ? " " : "",
		    in_layer(layer + 1, n));
	text_add_byte(&words, '\0');
	change.target_count = split(words.at, targets);
	for (int n = 0; n < WIDE; n++) {
		ck_assert_int_eq(policy_group_find(policy, GROUP_ALIAS,
		    slice_str(in_layer(layer, n)), &group), 0);
		ck_assert_int_eq(policy_group_set(policy, group.id, &change,
		    &bad), 0);
	}
}

START_TEST(a_wide_graph_costs_what_is_in_it)
{
	const char *last = "ann@office.test bob@office.test";
	bool may = false;
	struct group list;

	for (int layer = 0; layer <= LAYERS; layer++)
		for (int n = 0; n < WIDE; n++)
			ck_assert_int_eq(alias(in_layer(layer, n), last), 0);
	ck_assert_int_eq(add(GROUP_LIST, "team@office.test",
	    in_layer(0, 0), POST_MEMBERS, 0), 0);
	/* from the top: each is behind few enough when it is made */
	for (int layer = 0; layer < LAYERS; layer++)
		widen(layer);
	ck_assert_str_eq(expand(in_layer(0, 0)),
	    "ann@office.test(g0-0@office.test) "
	    "bob@office.test(g0-0@office.test)");
	ck_assert_int_eq(policy_group_find(policy, GROUP_LIST,
	    slice_str("team@office.test"), &list), 0);
	ck_assert_int_eq(policy_may_post(policy, &list, bob,
	    slice_str("bob@office.test"), &may), 0);
	ck_assert(may);
	ck_assert_int_eq(policy_may_post(policy, &list, cid,
	    slice_str("cid@office.test"), &may), 0);
	ck_assert(!may);
}
END_TEST

/* By an alias a closed list is closed, behind another list it is not. */
START_TEST(a_group_that_was_seen_is_looked_at_again_behind_a_list)
{
	ck_assert_int_eq(add(GROUP_LIST, "inner@office.test",
	    "bob@office.test", POST_MEMBERS, cid), 0);
	ck_assert_int_eq(alias("both@office.test", "inner@office.test"), 0);
	ck_assert_int_eq(add(GROUP_LIST, "outer@office.test",
	    "both@office.test", POST_ANYONE, cid), 0);
	ck_assert_int_eq(alias("all@office.test",
	    "both@office.test outer@office.test"), 0);
	ck_assert_str_eq(expand("all@office.test"),
	    "cid@office.test(inner@office.test) bob@office.test("
	    "inner@office.test as inner-bounces@office.test)");
}
END_TEST

/* Others elsewhere, "N-PREFIX@far.test", behind that alias. */
static int
fill_alias(const char *address, const char *prefix, unsigned count,
    const char *also)
{
	static char names[GROUP_MEMBERS_MOST][32];
	static struct slice targets[GROUP_MEMBERS_MOST];
	struct group wanted = { .kind = GROUP_ALIAS }, group;
	struct group_change change = { .targets = targets };
	size_t bad;
	unsigned n;

	for (n = 0; n < count; n++) {
		snprintf(names[n], sizeof(names[n]), "%u-%s@far.test", n,
		    prefix);
		targets[n] = slice_str(names[n]);
	}
	if (also != NULL)
		targets[n++] = slice_str(also);
	change.target_count = n;
	strcpy(wanted.address, address);
	return policy_group_find(policy, GROUP_ALIAS, slice_str(address),
	    &group) == 0 ? policy_group_set(policy, group.id, &change, &bad) :
	    policy_group_add(policy, &wanted, targets, n, NOW, &group, &bad);
}

START_TEST(what_has_grown_too_wide_goes_to_whoever_looks_after_it)
{
	ck_assert_int_eq(fill_alias("z@office.test", "z", 1, NULL), 0);
	ck_assert_int_eq(fill_alias("top@office.test", "top", 300,
	    "z@office.test"), 0);
	ck_assert_int_eq(alias("few@office.test",
	    "299-z@far.test ann@office.test"), 0);
	ck_assert_int_eq(fill_alias("z@office.test", "z", 300, NULL), 0);
	ck_assert_int_eq(fill_alias("top@office.test", "top", 301,
	    "z@office.test"), -EDQUOT);
	/* and nobody else is left out */
	ask.sender = slice_of("", 0);
	ck_assert_str_eq(expand("few@office.test top@office.test "
	    "cid@office.test"),
	    "cid@office.test 299-z@far.test(few@office.test) "
	    "ann@office.test(few@office.test) "
	    "postmaster@office.test(top@office.test)");
	ck_assert_str_eq(expand("top@office.test bob@office.test"),
	    "bob@office.test postmaster@office.test(top@office.test)");
	ask.sender = slice_str("zoe@far.test");
}
END_TEST

START_TEST(who_is_gone_is_behind_nothing)
{
	ck_assert_int_eq(alias("sales@office.test",
	    "ann@office.test bob@office.test"), 0);
	ck_assert_int_eq(alias("only@office.test", "ann@office.test"), 0);
	ck_assert_int_eq(forward_to(ann, "ann@home.test", true), 0);
	ck_assert_int_eq(policy_account_remove(policy, ann, NOW), 0);
	ck_assert_str_eq(expand("sales@office.test"),
	    "bob@office.test(sales@office.test)");
	/* with nobody behind it, it is nobody's address */
	ck_assert_uint_eq(whose("only@office.test"), 0);
	/* another of that name does not take over */
	ann = account("ann@office.test");
	ck_assert_str_eq(expand("sales@office.test ann@office.test"),
	    "ann@office.test bob@office.test(sales@office.test)");
}
END_TEST

/* SPF: what leaves has a sender of the domain that it leaves. */
START_TEST(what_is_sent_on_has_a_sender_of_ours)
{
	char *at;

	ck_assert_int_eq(forward_to(ann, "bob@office.test", true), -EPERM);
	ck_assert_int_eq(forward_to(ann, "home", true), -EINVAL);
	ck_assert_int_eq(forward_to(ann, "Ann@Home.test", false), 0);
	expand("ann@office.test");
	at = strstr(said, "=zoe@office.test)");
	ck_assert_ptr_nonnull(at);
	ck_assert_ptr_nonnull(strstr(said, "ann@home.test(ann@office.test as "
	    "SRS0="));
	ck_assert_ptr_null(strchr(said + strlen("ann@home.test(ann@office.test"
	    " as "), ' '));
	/* of ours nothing is rewritten, and a notice has no sender still */
	ask.sender = slice_str("bob@office.test");
	ck_assert_str_eq(expand("ann@office.test"),
	    "ann@home.test(ann@office.test)");
	ask.sender = slice_of("", 0);
	ck_assert_str_eq(expand("ann@office.test"),
	    "ann@home.test(ann@office.test)");
	/* collected mail is deleted there only if it is here */
	ask.is_fetched = true;
	ck_assert_str_eq(expand("ann@office.test"),
	    "ann@home.test(ann@office.test) ann@office.test");
	ask.is_fetched = false;
	ck_assert_int_eq(forward_to(ann, "ann@home.test", true), 0);
	ck_assert_str_eq(expand("ann@office.test"),
	    "ann@home.test(ann@office.test) ann@office.test");
	/* one that does not fit: the postmaster hears of it */
	ask.sender = slice_str("somebody.with.a.rather.long.name@with.a."
	    "rather.long.domain.test");
	ck_assert_str_eq(expand("ann@office.test"), "ann@home.test("
	    "ann@office.test as postmaster@office.test) ann@office.test");
	ask.sender = slice_str("zoe@far.test");
}
END_TEST

/* Whoever has set it with a stolen password hides nothing. */
START_TEST(what_the_hub_says_stays_where_a_person_has_set_a_forward)
{
	const struct forward hers = { .by_owner = true };
	struct forward forward;

	ask.is_own = true;
	ck_assert_int_eq(forward_to(ann, "ann@home.test", false), 0);
	ask.sender = slice_of("", 0);
	ck_assert_str_eq(expand("ann@office.test"),
	    "ann@home.test(ann@office.test)");
	ck_assert_int_eq(policy_forward_set(policy, ann,
	    slice_str("ann@home.test"), &hers, &forward), 0);
	ck_assert_str_eq(expand("ann@office.test"),
	    "ann@home.test(ann@office.test) ann@office.test");
	ask.is_own = false;
	ck_assert_str_eq(expand("ann@office.test"),
	    "ann@home.test(ann@office.test)");
	ask.sender = slice_str("zoe@far.test");
}
END_TEST

START_TEST(what_comes_back_goes_no_further)
{
	ck_assert_int_eq(forward_to(ann, "ann@home.test", false), 0);
	ck_assert_int_eq(alias("sales@office.test",
	    "bob@office.test zoe@far.test"), 0);
	ck_assert_int_eq(add(GROUP_LIST, "team@office.test",
	    "ann@office.test bob@office.test", POST_ANYONE, cid), 0);
	ask.traces[ask.trace_count++] = slice_str("Ann@office.test");
	ck_assert_str_eq(expand("ann@office.test"), "ann@office.test");
	ask.traces[0] = slice_str("sales@office.test");
	ck_assert_str_eq(expand("sales@office.test"),
	    "postmaster@office.test(sales@office.test)");
	ask.traces[0] = slice_str("team.office.test");
	ck_assert_str_eq(expand("team@office.test"),
	    "cid@office.test(team@office.test)");
	ask.trace_count = 0;
}
END_TEST

START_TEST(a_bounce_of_what_was_sent_on_goes_back)
{
	TEXT_AUTO address = TEXT_INIT(512);
	TEXT_AUTO want = TEXT_INIT(512);

	ck_assert_int_eq(srs_forward(&key, slice_str("zoe@far.test"),
	    slice_str("office.test"), NOW, &address), 0);
	text_add_byte(&address, '\0');
	text_addf(&want, "zoe@far.test(%s)", address.at);
	text_add_byte(&want, '\0');
	ask.sender = slice_of("", 0);
	ck_assert_str_eq(expand(address.at), want.at);
	/* who had it sent on may lead it back here */
	ask.traces[ask.trace_count++] = slice_str(address.at);
	expand(address.at);
	ck_assert_msg(strncmp(said, "postmaster@office.test(", 23) == 0,
	    "%s", said);
	ask.trace_count = 0;
	/* one that nobody has made is the postmaster's, and leaves for nowhere */
	address.at[5] = address.at[5] == 'q' ? 'w' : 'q';
	expand(address.at);
	ck_assert_ptr_null(strstr(said, "far.test("));
	ask.sender = slice_str("zoe@far.test");
}
END_TEST

static const struct {
	enum group_post	 post;
	const char	*sender;
	int		 login;		/* 0: nobody, 1: a member, 2: another */
	bool		 may;
} posts[] = {
	{ POST_MEMBERS, "ann@office.test", 1, true },
	{ POST_MEMBERS, "ann@office.test", 0, false },
	{ POST_MEMBERS, "zoe@far.test", 0, true },
	{ POST_MEMBERS, "eve@far.test", 0, false },
	{ POST_MEMBERS, "cid@office.test", 2, false },
	{ POST_MEMBERS, "zoe@far.test", 2, true },
	{ POST_OFFICE, "cid@office.test", 2, true },
	{ POST_OFFICE, "cid@office.test", 0, false },
	{ POST_OFFICE, "zoe@far.test", 0, true },
	{ POST_ANYONE, "eve@far.test", 0, true },
	{ POST_ANYONE, "", 0, false },
	{ POST_OFFICE, "", 1, false },
};

START_TEST(who_may_write_to_a_list_is_its_matter)
{
	struct group list;
	bool may = !posts[_i].may;

	/* ann is behind an alias on it */
	ck_assert_int_eq(alias("sales@office.test", "ann@office.test"), 0);
	ck_assert_int_eq(add(GROUP_LIST, "team@office.test",
	    "sales@office.test zoe@far.test", posts[_i].post, bob), 0);
	ck_assert_int_eq(policy_group_find(policy, GROUP_LIST,
	    slice_str("team@office.test"), &list), 0);
	ck_assert_int_eq(policy_may_post(policy, &list, posts[_i].login == 1 ?
	    ann : posts[_i].login == 2 ? cid : 0,
	    slice_str(posts[_i].sender), &may), 0);
	ck_assert_int_eq(may, posts[_i].may);
}
END_TEST

START_TEST(a_list_hears_itself_of_its_bounces)
{
	ck_assert_int_eq(add(GROUP_LIST, "team@office.test",
	    "ann@office.test zoe@far.test", POST_ANYONE, bob), 0);
	ck_assert(whose("team@office.test") & ACCOUNT_LIST);
	ck_assert_str_eq(expand("team@office.test cid@office.test"),
	    "cid@office.test "
	    "ann@office.test(team@office.test as team-bounces@office.test) "
	    "zoe@far.test(team@office.test as team-bounces@office.test)");
	ck_assert_uint_eq(whose("team-bounces@office.test"), bob);
	ck_assert_uint_eq(whose("team-owner@office.test"), bob);
	ck_assert_uint_eq(whose("team-request@office.test"), bob);
	ck_assert_uint_eq(whose("sales-owner@office.test"), 0);
	/* its owner is gone: somebody looks after it still */
	ck_assert_int_eq(policy_account_remove(policy, bob, NOW), 0);
	ck_assert_uint_eq(whose("team-bounces@office.test"), postmaster);
	/* what nobody here may post, and cannot be refused any more, he gets */
	ck_assert_int_eq(add(GROUP_LIST, "closed@office.test",
	    "ann@office.test", POST_MEMBERS, cid), 0);
	ck_assert_str_eq(expand("closed@office.test"),
	    "cid@office.test(closed@office.test)");
}
END_TEST

START_TEST(a_closed_list_is_closed_behind_an_alias_too)
{
	ck_assert_int_eq(add(GROUP_LIST, "team@office.test",
	    "ann@office.test zoe@far.test", POST_MEMBERS, bob), 0);
	ck_assert_int_eq(alias("old@office.test", "team@office.test"), 0);
	ck_assert_int_eq(alias("older@office.test", "old@office.test"), 0);
	ck_assert_str_eq(expand("older@office.test"),
	    "ann@office.test(team@office.test as team-bounces@office.test) "
	    "zoe@far.test(team@office.test as team-bounces@office.test)");
	ask.sender = slice_str("eve@evil.test");
	ck_assert_str_eq(expand("older@office.test"),
	    "bob@office.test(team@office.test)");
	/* what a list has taken goes to the list that stands on it */
	ck_assert_int_eq(add(GROUP_LIST, "all@office.test",
	    "old@office.test cid@office.test", POST_ANYONE, bob), 0);
	ck_assert_str_eq(expand("all@office.test"),
	    "cid@office.test(all@office.test as all-bounces@office.test) "
	    "ann@office.test(team@office.test as team-bounces@office.test) "
	    "zoe@far.test(team@office.test as team-bounces@office.test)");
	ask.sender = slice_str("zoe@far.test");
}
END_TEST

START_TEST(an_alias_of_before_is_one_still)
{
	bool has = false;

	ck_assert_int_eq(alias("sales@office.test",
	    "ann@office.test zoe@far.test"), 0);
	ck_assert_int_eq(policy_group_has(policy,
	    whose("sales@office.test") & ~ACCOUNT_NOBODYS, ann, &has), 0);
	ck_assert(has);
	ck_assert_int_eq(policy_group_has(policy,
	    whose("sales@office.test") & ~ACCOUNT_NOBODYS, bob, &has), 0);
	ck_assert(!has);
}
END_TEST

START_TEST(what_is_asked_comes_out_the_same_and_a_cut_is_none)
{
	static struct expand_asked room[EXPAND_ASKED];
	const struct expand_asked two[] = { { 7, SLICE("ann@office.test") },
	    { ACCOUNT_GROUP | 9, SLICE("sales@office.test") } };
	const struct expand_ask full = { .sender_account = 3, .is_own = true,
	    .sender = SLICE("zoe@far.test"), .traces = { SLICE("a@b") },
	    .trace_count = 1, .recipients = two, .recipient_count = 2 };
	TEXT_AUTO packed = TEXT_INIT(4096);
	TEXT_AUTO again = TEXT_INIT(4096);
	struct expand_ask read;

	expand_ask_pack(&packed, &full);
	ck_assert_int_eq(expand_ask_unpack(text_slice(&packed), room, &read),
	    0);
	expand_ask_pack(&again, &read);
	ck_assert(slice_is(text_slice(&packed), text_slice(&again)));
	for (size_t len = 0; len < packed.len; len++)
		ck_assert_int_eq(expand_ask_unpack(slice_first(
		    text_slice(&packed), len), room, &read), -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("groups");
	TCase *tcase = tcase_create("groups");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, an_alias_is_for_all_behind_it_each_once);
	tcase_add_test(tcase, an_alias_that_cannot_be_is_refused);
	tcase_add_test(tcase, no_address_comes_back_to_itself);
	tcase_add_test(tcase,
	    what_is_too_deep_goes_to_whoever_looks_after_it);
	tcase_add_test(tcase, a_wide_graph_costs_what_is_in_it);
	tcase_add_test(tcase,
	    what_has_grown_too_wide_goes_to_whoever_looks_after_it);
	tcase_add_test(tcase,
	    a_group_that_was_seen_is_looked_at_again_behind_a_list);
	tcase_add_test(tcase, who_is_gone_is_behind_nothing);
	tcase_add_test(tcase, what_is_sent_on_has_a_sender_of_ours);
	tcase_add_test(tcase,
	    what_the_hub_says_stays_where_a_person_has_set_a_forward);
	tcase_add_test(tcase, what_comes_back_goes_no_further);
	tcase_add_test(tcase, a_bounce_of_what_was_sent_on_goes_back);
	tcase_add_loop_test(tcase, who_may_write_to_a_list_is_its_matter, 0,
	    (int)(sizeof(posts) / sizeof(posts[0])));
	tcase_add_test(tcase, a_list_hears_itself_of_its_bounces);
	tcase_add_test(tcase, a_closed_list_is_closed_behind_an_alias_too);
	tcase_add_test(tcase, an_alias_of_before_is_one_still);
	tcase_add_test(tcase,
	    what_is_asked_comes_out_the_same_and_a_cut_is_none);
	suite_add_tcase(suite, tcase);
	return suite;
}
