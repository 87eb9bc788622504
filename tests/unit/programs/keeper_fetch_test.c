/*
 * keeper_fetch_test.c - the keeper gives a password to its owner's process only
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/fetch_before.h"
#include "policy/fetch_domains.h"
#include "programs/keeper_fetch.h"
#include "tests/unit/unit.h"

#define NOW	1795300000000
#define SECRET	"correct horse battery staple"

static const struct seal_key key = { "0123456789abcdef0123456789abcde" };
static const struct seal_key other_key = { "another key, of 32 bytes as well" };

static char		 folder[64];
static int		 folder_fd;
static struct policy	*policy;
static struct session_cache *sessions;
static uint64_t		 ann, bob;

static uint64_t
account_add(const char *address)
{
	struct policy_account a = { .language = "en" };
	struct password_secret secret;

	ck_assert_int_eq(password_make(slice_str("correct horse"), &secret),
	    0);
	ck_assert_int_eq(slice_cstr(slice_str(address), a.address,
	    sizeof(a.address)), 0);
	ck_assert_int_eq(policy_account_add(policy, &a, &secret, NOW, &a), 0);
	return a.id;
}

static void
setup(void)
{
	unsigned needs;

	strcpy(folder, "/tmp/keeper_fetch_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
	ann = account_add("ann@office.test");
	bob = account_add("bob@office.test");
	sessions = session_cache_new();
	ck_assert_ptr_nonnull(sessions);
}

static void
teardown(void)
{
	session_cache_free(sessions);
	policy_close(policy);
	unlinkat(folder_fd, POLICY_FILE, 0);
	unlinkat(folder_fd, POLICY_FILE "-wal", 0);
	unlinkat(folder_fd, POLICY_FILE "-shm", 0);
	close(folder_fd);
	rmdir(folder);
}

/* One that is fit in every member. */
static struct fetch_account
fit(void)
{
	return (struct fetch_account){ .owner = ann, .label = "provider",
	    .host = "pop.example.com", .port = 995,
	    .tls = FETCH_TLS_IMPLICIT, .user = "ann",
	    .from = FETCH_FROM_DAYS, .from_days = 30,
	    .delete_after_days = 7, .largest_bytes = 1 << 20,
	    .enabled = true };
}

static int
add(const struct fetch_account *f, uint64_t *id_out)
{
	const char *field = "?";

	return policy_fetch_add(policy, &key, f, slice_str(SECRET), NOW,
	    id_out, &field);
}

static void
put_text(char *to, size_t size, const char *text)
{
	ck_assert_int_eq(slice_cstr(slice_str(text), to, size), 0);
}

static void
number_body(struct text *body, uint64_t number)
{
	text_clear(body);
	pack_u64(body, number);
}

START_TEST(a_password_goes_to_the_process_of_its_owner_only)
{
	TEXT_AUTO body = TEXT_INIT(64);
	TEXT_AUTO answer = TEXT_INIT(KEEPER_FETCH_BYTES);
	struct fetch_account f = fit(), got;
	struct slice secret, address, session;
	struct unpack u;
	uint64_t id;

	ck_assert_int_eq(add(&f, &id), 0);
	number_body(&body, id);
	ck_assert_int_eq(keeper_fetch_open(policy, &key, sessions, ann,
	    text_slice(&body), &answer), 0);
	u = unpack_of(text_slice(&answer));
	ck_assert(unpack_bool(&u));
	ck_assert_int_eq(fetch_account_unpack(&u, &got, &secret), 0);
	address = unpack_slice(&u);
	session = unpack_slice(&u);
	ck_assert(unpack_is_done(&u));
	ck_assert_uint_eq(session.len, 0);
	ck_assert(slice_is_str(secret, SECRET));
	ck_assert(slice_is_str(address, "ann@office.test"));
	/* another owner, no such row: the same answer */
	for (int i = 0; i < 2; i++) {
		text_clear(&answer);
		number_body(&body, id + (uint64_t)i);
		ck_assert_int_eq(keeper_fetch_open(policy, &key, sessions,
		    i == 0 ? bob : ann, text_slice(&body), &answer), 0);
		ck_assert(slice_is(text_slice(&answer), slice_of("\0", 1)));
	}
	/* another key: no answer */
	text_clear(&answer);
	number_body(&body, id);
	ck_assert_int_eq(keeper_fetch_open(policy, &other_key, sessions, ann,
	    text_slice(&body), &answer), 0);
	ck_assert_uint_eq(answer.len, 0);
	text_add_byte(&body, 'x');
	ck_assert_int_eq(keeper_fetch_open(policy, &key, sessions, ann,
	    text_slice(&body), &answer), -EBADMSG);
}
END_TEST

/* KEEPER_FETCH_SESSION, from that owner's process. */
static int
tell_session(uint64_t owner, uint64_t id, struct slice session)
{
	TEXT_AUTO body = TEXT_INIT(2 * TALK_SESSION_BYTES);

	pack_u64(&body, id);
	pack_slice(&body, session);
	ck_assert(!text_failed(&body));
	return keeper_fetch_session(policy, sessions, owner,
	    text_slice(&body));
}

/* The session in the answer to ann's process is this one. */
static bool
has_session(uint64_t id, const char *words)
{
	TEXT_AUTO body = TEXT_INIT(64);
	TEXT_AUTO answer = TEXT_INIT(KEEPER_FETCH_BYTES);
	struct fetch_account got;
	struct slice secret;
	struct unpack u;

	number_body(&body, id);
	ck_assert_int_eq(keeper_fetch_open(policy, &key, sessions, ann,
	    text_slice(&body), &answer), 0);
	u = unpack_of(text_slice(&answer));
	ck_assert(unpack_bool(&u));
	ck_assert_int_eq(fetch_account_unpack(&u, &got, &secret), 0);
	(void)unpack_slice(&u);
	return slice_is_str(unpack_slice(&u), words) && unpack_is_done(&u);
}

START_TEST(a_session_of_tls_is_kept_for_the_next_process_of_its_owner)
{
	static char longer[TALK_SESSION_BYTES + 1];
	struct fetch_account f = fit();
	uint64_t id;

	ck_assert_int_eq(add(&f, &id), 0);
	ck_assert_int_eq(tell_session(ann, id, slice_str("first")), 0);
	ck_assert(has_session(id, "first"));
	ck_assert_int_eq(tell_session(ann, id, slice_str("second")), 0);
	ck_assert(has_session(id, "second"));
	/* another owner's process has no say, nor is anything made up kept */
	ck_assert_int_eq(tell_session(bob, id, slice_str("evil")), 0);
	ck_assert(has_session(id, "second"));
	ck_assert_int_eq(tell_session(ann, id + 1, slice_str("made up")), 0);
	ck_assert_uint_eq(session_cache_count(sessions), 1);
	ck_assert_int_eq(tell_session(ann, id, slice_of(longer,
	    sizeof(longer))), -EBADMSG);
	ck_assert_int_eq(keeper_fetch_session(policy, sessions, ann,
	    slice_str("torn")), -EBADMSG);
	ck_assert_int_eq(tell_session(ann, id, slice_str("")), 0);
	ck_assert(has_session(id, ""));
	ck_assert_uint_eq(session_cache_count(sessions), 0);
}
END_TEST

START_TEST(the_queue_hears_whose_one_is)
{
	TEXT_AUTO body = TEXT_INIT(64);
	TEXT_AUTO answer = TEXT_INIT(64);
	struct fetch_account f = fit();
	struct keeper_owner owner;
	uint64_t id, of[] = { 0, 0, 0 }, whose[] = { ann, 0, 0 };

	ck_assert_int_eq(add(&f, &id), 0);
	of[0] = id;
	of[1] = id + 1;
	for (int i = 0; i < 3; i++) {
		text_clear(&answer);
		text_clear(&body);
		keeper_owner_ask(&body, of[i]);
		ck_assert_int_eq(keeper_fetch_owner(policy, text_slice(&body),
		    &answer), 0);
		ck_assert_int_eq(keeper_owner_said(text_slice(&answer),
		    &owner), 0);
		ck_assert_uint_eq(owner.exists, whose[i] != 0);
		ck_assert_uint_eq(owner.owner, whose[i]);
	}
	text_add_byte(&body, 'x');
	ck_assert_int_eq(keeper_fetch_owner(policy, text_slice(&body),
	    &answer), -EBADMSG);
	/* one that exists has an owner, and one that does not has none */
	ck_assert_int_eq(keeper_owner_said(slice_of("\1\0\0\0\0\0\0\0\0",
	    9), &owner), -EBADMSG);
	ck_assert_int_eq(keeper_owner_said(slice_of("\0\5\0\0\0\0\0\0\0",
	    9), &owner), -EBADMSG);
}
END_TEST

/* The largest that a fetch account and its owner can be. */
static void
fill_largest(struct fetch_account *f)
{
	memset(f->label, 'l', sizeof(f->label) - 1);
	memset(f->host, '\0', sizeof(f->host));
	for (int i = 0; i < 4; i++) {
		memset(f->host + 63 * i, 'h', 62);
		f->host[63 * i + 62] = i < 3 ? '.' : '\0';
	}
	memset(f->user, 'u', sizeof(f->user) - 1);
}

START_TEST(the_largest_one_fits_its_answer)
{
	TEXT_AUTO body = TEXT_INIT(64);
	TEXT_AUTO answer = TEXT_INIT(KEEPER_FETCH_BYTES);
	static char session[TALK_SESSION_BYTES];
	char most[FETCH_SECRET_SIZE];
	struct fetch_account f = fit();
	const char *field;
	uint64_t id;

	fill_largest(&f);
	memset(most, 'p', sizeof(most));
	ck_assert_int_eq(policy_fetch_add(policy, &key, &f, slice_of(most,
	    sizeof(most) - 1), NOW, &id, &field), 0);
	session_cache_put(sessions, id, slice_of(session, sizeof(session)));
	number_body(&body, id);
	ck_assert_int_eq(keeper_fetch_open(policy, &key, sessions, ann,
	    text_slice(&body), &answer), 0);
	ck_assert(!text_failed(&answer));
	ck_assert_uint_gt(answer.len, sizeof(most) + sizeof(session));
}
END_TEST

/* Ask for a page; how many it has, and the last number. */
static uint32_t
page(uint64_t above, bool *more_out, uint64_t *last_out)
{
	TEXT_AUTO body = TEXT_INIT(64);
	TEXT_AUTO answer = TEXT_INIT(160 * 1024);
	struct fetch_due due;
	struct unpack u;
	uint32_t count;

	number_body(&body, above);
	ck_assert_int_eq(keeper_fetch_due(policy, text_slice(&body), &answer),
	    0);
	ck_assert(!text_failed(&answer));
	u = unpack_of(text_slice(&answer));
	*more_out = unpack_bool(&u);
	count = unpack_u32(&u);
	for (uint32_t i = 0; i < count; i++) {
		ck_assert_int_eq(fetch_due_unpack(&u, &due), 0);
		ck_assert_uint_gt(due.id, above);
		ck_assert(due.enabled);
		ck_assert_uint_gt(due.host.len, 0);
		above = due.id;
	}
	ck_assert(unpack_is_done(&u));
	*last_out = above;
	return count;
}

START_TEST(the_schedule_hears_of_all_page_by_page)
{
	struct fetch_account f = fit();
	char name[64];
	uint64_t id = 0, last = 0;
	unsigned total = 0, pages = 0;
	bool more = true;

	fill_largest(&f);
	for (unsigned i = 0; i < KEEPER_FETCH_PAGE + 10; i++) {
		if (i % FETCH_MOST_OF_OWNER == 0) {
			(void)snprintf(name, sizeof(name),
			    "person%u@office.test", i);
			f.owner = account_add(name);
		}
		(void)snprintf(name, sizeof(name), "%060u", i);
		put_text(f.label, sizeof(f.label), name);
		ck_assert_int_eq(add(&f, &id), 0);
	}
	while (more) {
		total += page(last, &more, &last);
		pages++;
	}
	ck_assert_uint_eq(total, KEEPER_FETCH_PAGE + 10);
	ck_assert_uint_eq(pages, 2);
	ck_assert_uint_eq(last, id);
	ck_assert_uint_eq(page(id, &more, &last), 0);
	ck_assert(!more);
}
END_TEST

/* What is said of ann, of bob, of nobody, and of a name that bob has. */
static void
find_four(uint64_t who, bool is_domain, enum finding want[4])
{
	static const struct find_ask asks[] = {
		{ false, SLICE("ann@office.test") },
		{ false, SLICE("bob@office.test") },
		{ false, SLICE("joe@example.com") },
		{ true, SLICE("bob") },
	};
	ARENA_AUTO arena = arena_new(65536);
	TEXT_AUTO body = TEXT_INIT(4096);
	TEXT_AUTO answer = TEXT_INIT(65536);
	struct find_answer *answers;
	size_t count;

	pack_u8(&body, is_domain);
	find_ask_pack(&body, asks, 4);
	ck_assert_int_eq(keeper_find(policy, who, text_slice(&body), &answer),
	    0);
	if (want == NULL) {
		ck_assert_uint_eq(answer.len, 0);
		return;
	}
	ck_assert_int_eq(find_answer_unpack(arena, text_slice(&answer),
	    &answers, &count), 0);
	ck_assert_uint_eq(count, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(answers[i].finding, want[i]);
}

START_TEST(who_collects_for_a_domain_hears_of_all_others_of_themselves)
{
	enum finding all[] = { FINDING_OURS, FINDING_OURS, FINDING_FOREIGN,
	    FINDING_OURS };
	enum finding own[] = { FINDING_OURS, FINDING_UNKNOWN, FINDING_FOREIGN,
	    FINDING_FOREIGN };
	struct policy_change change = { .name = "Bob" };
	struct fetch_account f = fit();
	uint64_t id;

	ck_assert_int_eq(policy_account_set(policy, bob, &change), 0);
	ck_assert_int_eq(add(&f, &id), 0);
	/* its rules went away in the middle of a run: not now, and no breach */
	find_four(ann, true, NULL);
	find_four(ann, false, own);
	ck_assert_int_eq(policy_fetch_rules_put(policy, id,
	    slice_str("domain office.test\n")), 0);
	find_four(ann, true, all);
	find_four(ann, false, all);
	find_four(bob, true, NULL);
	ck_assert_int_eq(keeper_find(policy, ann, slice_str("\2"),
	    &(struct text)TEXT_INIT(64)), -EBADMSG);
}
END_TEST

/* Of a domain and before a download, both as long as they may be. */
START_TEST(the_largest_rules_fit_their_answer)
{
	static char most[DOMAIN_TEXT_MOST];
	TEXT_AUTO body = TEXT_INIT(64);
	TEXT_AUTO answer = TEXT_INIT(KEEPER_RULES_BYTES);
	struct fetch_account f = fit();
	struct unpack u;
	uint64_t id;

	memset(most, '#', sizeof(most));
	ck_assert_int_eq(add(&f, &id), 0);
	ck_assert_int_eq(policy_fetch_rules_put(policy, id, slice_of(most,
	    DOMAIN_TEXT_MOST)), 0);
	ck_assert_int_eq(policy_fetch_before_put(policy, id, slice_of(most,
	    BEFORE_TEXT_MOST)), 0);
	number_body(&body, id);
	ck_assert_int_eq(keeper_fetch_rules(policy, ann, text_slice(&body),
	    &answer), 0);
	ck_assert(!text_failed(&answer));
	u = unpack_of(text_slice(&answer));
	ck_assert(unpack_bool(&u));
	ck_assert_uint_eq(unpack_slice(&u).len, DOMAIN_TEXT_MOST);
	ck_assert_uint_eq(unpack_slice(&u).len, BEFORE_TEXT_MOST);
	ck_assert(slice_is_str(unpack_slice(&u), "en"));
	ck_assert(unpack_is_done(&u));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/keeper_fetch");
	TCase *tests = tcase_create("keeper_fetch");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_password_goes_to_the_process_of_its_owner_only);
	tcase_add_test(tests,
	    a_session_of_tls_is_kept_for_the_next_process_of_its_owner);
	tcase_add_test(tests, the_queue_hears_whose_one_is);
	tcase_add_test(tests, the_largest_one_fits_its_answer);
	tcase_add_test(tests, the_schedule_hears_of_all_page_by_page);
	tcase_add_test(tests,
	    who_collects_for_a_domain_hears_of_all_others_of_themselves);
	tcase_add_test(tests, the_largest_rules_fit_their_answer);
	suite_add_tcase(suite, tests);
	return suite;
}
