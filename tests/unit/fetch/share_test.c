/*
 * share_test.c - what may be here already is asked of the queue first
 */
#include "tests/unit/fetch/collect_scene.h"

#define SIGNED	"Return-Path: <news@example.com>\r\n" \
		"DKIM-Signature: v=1; d=example.com\r\n" \
		"Subject: news\r\n\r\n"
#define UNSIGNED "Subject: news\r\n\r\n"
#define BODY_BYTES	40000

static struct line_bill bill;
static char large[2][BODY_BYTES + 200];

/* A message with that header and a large body. */
static struct slice
message(unsigned n, const char *header)
{
	size_t len = strlen(header);

	memset(large[n], 'x', sizeof(large[n]));
	for (size_t i = len + 60; i < sizeof(large[n]); i += 62)
		memcpy(large[n] + i, "\r\n", 2);
	memcpy(large[n], header, len);
	memcpy(large[n] + len + BODY_BYTES - 2, "\r\n", 2);
	return slice_of(large[n], len + BODY_BYTES);
}

/* A small one, then a large one with that header, and one more small. */
static struct scene *
scene_of(const char *header)
{
	struct scene *scene = scene_new();

	memset(&bill, 0, sizeof(bill));
	scene->options.bill = &bill;
	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, message(0, header));
	remote_add(scene->remote, slice_str(LETTER));
	return scene;
}

static void
is_saved(uint64_t bytes, uint64_t messages)
{
	ck_assert_uint_eq(bill.rest.saved[LINE_SHARED].bytes, bytes);
	ck_assert_uint_eq(bill.rest.saved[LINE_SHARED].messages, messages);
}

START_TEST(a_large_one_that_is_not_here_is_fetched_without_its_header)
{
	struct scene *scene = scene_of(SIGNED);

	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->held_asked, 1);
	ck_assert_uint_eq(scene->outcome.taken, 3);
	ck_assert(!heard(scene, "TOP"));
	is_saved(0, 0);
	scene_free(scene);
}
END_TEST

START_TEST(one_that_is_here_is_not_fetched_and_may_be_deleted)
{
	struct scene *scene = scene_of(SIGNED);
	const struct ledger_shown *shown = &scene->ledger->shown[0];
	unsigned char zero[FETCHED_DIGEST_BYTES] = { 0 };

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene->ledger->has_bodies = true;
	scene->ledger->shared = 250;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 3);
	ck_assert_uint_eq(scene->outcome.taken_bytes, 2 * strlen(LETTER) +
	    strlen(SIGNED) + BODY_BYTES);
	ck_assert_uint_eq(scene->ledger->mail_count, 2);
	ck_assert(heard(scene, "TOP 2 0") && !heard(scene, "RETR 2"));
	ck_assert(heard(scene, "DELE 2"));
	ck_assert_uint_eq(scene->ledger->shown_count, 1);
	ck_assert_uint_eq(shown->number, 2);
	ck_assert_uint_eq(shown->bytes, strlen(SIGNED) + BODY_BYTES);
	ck_assert(slice_is_str(text_slice(&shown->header), SIGNED));
	ck_assert_str_eq(shown->sender, "news@example.com");
	ck_assert_mem_ne(shown->header_digest, zero, sizeof(zero));
	is_saved(BODY_BYTES, 1);
	scene_free(scene);
}
END_TEST

START_TEST(one_that_is_another_is_fetched_and_only_its_header_came_twice)
{
	struct scene *scene = scene_of(SIGNED);

	scene->ledger->has_bodies = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 3);
	ck_assert_uint_eq(scene->outcome.left, 0);
	ck_assert_uint_eq(scene->ledger->shown_count, 1);
	ck_assert_uint_eq(scene->ledger->held_asked, 1);
	ck_assert_uint_eq(scene->remote->retrs, 3);
	ck_assert(slice_is(mail_of(scene, place_of(scene, 2)),
	    message(0, SIGNED)));
	is_saved(0, 0);
	scene_free(scene);
}
END_TEST

/* So much of its body as a sample is, as the queue compares it. */
static void
digest_body(struct slice mail, const struct shared_sample *sample,
    unsigned char digest_out[DIGEST_BYTES])
{
	TEXT_AUTO text = TEXT_INIT(SHARED_SAMPLE_MOST);
	struct digest digest;

	for (uint64_t i = sample->at; i < sample->at + sample->bytes; i++)
		if (mail.at[i] != '\r' && mail.at[i] != '\n')
			text_add_byte(&text, mail.at[i]);
	ck_assert_int_eq(digest_open(&digest), 0);
	ck_assert_int_eq(digest_of(&digest, text_slice(&text), digest_out), 0);
	digest_close(&digest);
}

/* A header alone proves nothing: the first lines of the body are shown, too. */
START_TEST(some_of_its_body_is_shown_with_its_header)
{
	struct scene *scene = scene_of(SIGNED);
	const struct shared_sample *sample = &scene->ledger->shown[0].sample;
	unsigned char digest[DIGEST_BYTES];

	scene->ledger->has_bodies = true;
	scene->ledger->shared = 250;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert(heard(scene, "TOP 2 64") && !heard(scene, "RETR 2"));
	ck_assert_uint_eq(sample->at, strlen(SIGNED));
	ck_assert_uint_eq(sample->bytes, SHARED_SAMPLE_MOST);
	digest_body(message(0, SIGNED), sample, digest);
	ck_assert_mem_eq(sample->digest, digest, DIGEST_BYTES);
	scene_free(scene);
}
END_TEST

/* Who has none of it, or not enough, has to be asked for all of it. */
START_TEST(one_whose_first_lines_are_too_short_is_fetched)
{
	struct scene *scene = scene_of(SIGNED);
	struct slice mail = message(0, SIGNED);

	for (size_t i = strlen(SIGNED); i + 1 < mail.len; i += 2)
		memcpy(large[0] + i, "\r\n", 2);
	scene->ledger->has_bodies = true;
	scene->ledger->shared = 250;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->shown_count, 0);
	ck_assert(heard(scene, "RETR 2"));
	ck_assert_uint_eq(scene->outcome.taken, 3);
	scene_free(scene);
}
END_TEST

/* Its header is no proof of anything: no signature, too long, not to be had. */
static const struct {
	const char	*header;
	const char	*top;
} unfit[] = {
	{ UNSIGNED, NULL },
	{ "DKIM-Signature: x\r\nno field\r\n\r\n", NULL },
	{ SIGNED, "-ERR no TOP here" },
};

START_TEST(a_header_that_proves_nothing_is_not_shown)
{
	struct scene *scene = scene_of(unfit[_i].header);

	scene->remote->top = unfit[_i].top;
	scene->ledger->has_bodies = true;
	scene->ledger->shared = 250;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 3);
	ck_assert_uint_eq(scene->ledger->mail_count, 3);
	ck_assert_uint_eq(scene->ledger->shown_count, 0);
	scene_free(scene);
}
END_TEST

START_TEST(one_that_the_hub_cannot_store_now_stays_there)
{
	struct scene *scene = scene_of(SIGNED);

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene->ledger->has_bodies = true;
	scene->ledger->shared = 451;
	scene_run(scene);
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_uint_eq(scene->outcome.left, 1);
	ck_assert(!heard(scene, "RETR 2") && !heard(scene, "DELE 2"));
	is_saved(0, 0);
	scene_free(scene);
}
END_TEST

/* Without PIPELINING nothing is said before an answer has come. */
START_TEST(in_lock_step_it_is_the_same)
{
	struct scene *scene = scene_of(SIGNED);

	scene->remote->capa = "USER\r\nTOP\r\nUIDL\r\n";
	scene->ledger->has_bodies = true;
	scene->ledger->shared = 250;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 3);
	ck_assert_uint_eq(scene->remote->most_at_once, 1);
	ck_assert(!heard(scene, "RETR 2"));
	scene_free(scene);
}
END_TEST

START_TEST(what_a_rule_has_read_the_header_of_is_not_asked_for_it_again)
{
	struct scene *scene = scene_of(SIGNED);

	scene->options.before = "header X-Spam equals yes -> leave\n";
	scene->options.night = (struct calendar){ 0 };
	scene->options.language = "en";
	scene->ledger->has_bodies = true;
	scene->ledger->shared = 250;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 3);
	ck_assert_uint_eq(scene->ledger->shown_count, 1);
	ck_assert(heard(scene, "TOP 1 0\nTOP 2 0\nTOP 3 0\n"));
	ck_assert(!heard(scene, "RETR 2"));
	is_saved(BODY_BYTES, 1);
	scene_free(scene);
}
END_TEST

START_TEST(more_than_may_be_shown_at_once_are_all_shared)
{
	struct scene *scene = scene_new();

	memset(&bill, 0, sizeof(bill));
	scene->options.bill = &bill;
	for (unsigned i = 0; i < 60; i++)
		remote_add(scene->remote, message(0, SIGNED));
	scene->ledger->has_bodies = true;
	scene->ledger->shared = 250;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 60);
	ck_assert_uint_le(scene->remote->retrs, 1);
	is_saved((60 - scene->remote->retrs) * (uint64_t)BODY_BYTES,
	    60 - scene->remote->retrs);
	scene_free(scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/share");
	TCase *tcase = tcase_create("share");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase,
	    a_large_one_that_is_not_here_is_fetched_without_its_header);
	tcase_add_test(tcase,
	    one_that_is_here_is_not_fetched_and_may_be_deleted);
	tcase_add_test(tcase,
	    one_that_is_another_is_fetched_and_only_its_header_came_twice);
	tcase_add_test(tcase, some_of_its_body_is_shown_with_its_header);
	tcase_add_test(tcase, one_whose_first_lines_are_too_short_is_fetched);
	tcase_add_loop_test(tcase, a_header_that_proves_nothing_is_not_shown,
	    0, ROWS(unfit));
	tcase_add_test(tcase, one_that_the_hub_cannot_store_now_stays_there);
	tcase_add_test(tcase, in_lock_step_it_is_the_same);
	tcase_add_test(tcase,
	    what_a_rule_has_read_the_header_of_is_not_asked_for_it_again);
	tcase_add_test(tcase, more_than_may_be_shown_at_once_are_all_shared);
	suite_add_tcase(suite, tcase);
	return suite;
}
