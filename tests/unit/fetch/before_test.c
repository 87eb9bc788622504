/*
 * before_test.c - rules before a download, in a collection over POP3
 *
 * What the rules say is before_rules_test.c's; here is what is asked for, what
 * is submitted, and what is counted.
 */
#include <errno.h>

#include "fetch/before.h"
#include "lib/message/words.h"
#include "tests/unit/fetch/collect_scene.h"

#define SMALL	"Subject: small\r\n\r\nx\r\n"
#define SPAM	"X-Spam-Flag: YES\r\nSubject: spam\r\n\r\nbuy\r\n"

static struct text large;	/* a message of 100 KiB */

static void
begin(void)
{
	ck_assert_int_eq(words_open(), 0);
	large = (struct text)TEXT_INIT(1 << 20);
	text_add_str(&large, "From: bob@example.com\r\nSubject: large\r\n\r\n");
	while (large.len < 100 * 1024)
		text_add_str(&large, "a line like every other\r\n");
}

static void
end(void)
{
	text_free(&large);
	words_close();
}

/* SMALL, a large one and SPAM wait; these are the rules. */
static struct scene *
scene_with(const char *rules)
{
	struct scene *scene = scene_new();

	scene->options.before = rules;
	scene->options.language = "en";
	remote_add(scene->remote, slice_str(SMALL));
	remote_add(scene->remote, text_slice(&large));
	remote_add(scene->remote, slice_str(SPAM));
	return scene;
}

/* Windows of which one is always open. */
static struct calendar
night_now(void)
{
	struct calendar night;
	struct slice where;

	ck_assert_ptr_null(calendar_read(
	    slice_str("daily 00:00-12:00 night; daily 12:00-00:00 night"), &night, &where));
	return night;
}

START_TEST(without_rules_nothing_is_looked_at)
{
	struct scene *scene = scene_with(NULL);

	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 3);
	ck_assert(!heard(scene, "TOP"));
	scene_free(scene);
}
END_TEST

START_TEST(where_the_size_decides_no_header_is_read)
{
	struct scene *scene = scene_with("size > 50K -> leave\nany -> now");

	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert(!heard(scene, "TOP") && !heard(scene, "RETR 2"));
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_uint_eq(scene->outcome.skipped, 1);
	ck_assert_uint_eq(scene->outcome.skipped_bytes, large.len);
	ck_assert_uint_eq(scene->outcome.deferred, 0);
	/* it does not wait: nobody will come for it */
	ck_assert_uint_eq(scene->outcome.waiting, 2);
	ck_assert_uint_eq(scene->outcome.waiting_bytes,
	    sizeof(SMALL) - 1 + sizeof(SPAM) - 1);
	scene_free(scene);
}
END_TEST

START_TEST(a_header_is_read_where_the_size_does_not_decide)
{
	struct scene *scene = scene_with("size > 50K -> leave\n"
	    "header X-Spam-Flag equals yes -> leave");

	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert(heard(scene, "TOP 1 0\n") && heard(scene, "TOP 3 0\n"));
	ck_assert(!heard(scene, "TOP 2"));
	ck_assert_uint_eq(scene->outcome.taken, 1);
	ck_assert_uint_eq(scene->outcome.skipped, 2);
	ck_assert(slice_is_str(mail_of(scene, 0), SMALL));
	scene_free(scene);
}
END_TEST

/* RFC 1939 7: TOP is optional; what cannot be looked at is taken */
START_TEST(what_cannot_be_looked_at_is_taken)
{
	struct scene *scene = scene_with(
	    "header X-Spam-Flag equals yes -> leave\n"
	    "subject contains a -> delete");

	scene->remote->top = "-ERR no such command";
	scene->ledger->may_delete = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 3);
	ck_assert_uint_eq(scene->outcome.skipped, 0);
	scene_free(scene);
}
END_TEST

/* By its window, and by whoever asks for everything. */
START_TEST(what_is_for_the_night_comes_by_night)
{
	struct scene *scene = scene_with("size > 50K -> night");

	if (_i == 1)
		scene->options.night = night_now();
	else if (_i == 2)
		scene->options.task = FETCH_EVERYTHING;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, _i == 0 ? 2 : 3);
	ck_assert_uint_eq(scene->outcome.deferred, _i == 0 ? 1 : 0);
	ck_assert_uint_eq(scene->outcome.deferred_bytes,
	    _i == 0 ? large.len : 0);
	ck_assert_int_eq(heard(scene, "RETR 2"), _i != 0);
	scene_free(scene);
}
END_TEST

/* The note is what is submitted, with the digest of the message's header. */
START_TEST(what_is_deleted_leaves_a_note)
{
	struct scene *scene = scene_with("size > 50K -> delete");
	const struct ledger_mail *note;
	unsigned char digest[DIGEST_BYTES];
	struct digest header;
	size_t at;

	scene->ledger->may_delete = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert(heard(scene, "TOP 2 0\n") && !heard(scene, "RETR 2"));
	ck_assert_uint_eq(scene->ledger->mail_count, 3);
	note = &scene->ledger->mail[place_of(scene, 2)];
	ck_assert_uint_eq(note->mended, FETCHED_NOTE);
	at = slice_find_str(text_slice(&note->bytes),
	    "Subject: [Not downloaded] large\r\n");
	ck_assert_uint_ne(at, SIZE_MAX);
	ck_assert_int_eq(digest_open(&header), 0);
	digest_begin(&header);
	digest_add_header(&header, text_slice(&large));
	ck_assert_int_eq(digest_end(&header, digest), 0);
	digest_close(&header);
	ck_assert_mem_eq(note->header_digest, digest, DIGEST_BYTES);
	scene_free(scene);
}
END_TEST

/* It is put off, and yet told of; by night it is the message that comes. */
START_TEST(a_placeholder_is_submitted_by_day_only)
{
	struct scene *scene = scene_with("size > 50K -> placeholder");

	if (_i == 1)
		scene->options.night = night_now();
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->mail_count, 3);
	ck_assert_uint_eq(scene->outcome.deferred, _i == 0 ? 1 : 0);
	ck_assert_uint_eq(scene->ledger->mail[place_of(scene, 2)].mended,
	    _i == 0 ? FETCHED_PLACE : 0);
	ck_assert_int_eq(heard(scene, "RETR 2"), _i == 1);
	scene_free(scene);
}
END_TEST

/* A note that is not stored deletes nothing. */
START_TEST(a_note_that_is_refused_leaves_it_there)
{
	struct scene *scene = scene_with("any -> delete");

	scene->ledger->may_delete = true;
	scene->ledger->code = 451;
	scene_run(scene);
	ck_assert_uint_eq(scene->outcome.taken, 0);
	ck_assert_uint_gt(scene->outcome.left, 0);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	ck_assert(!heard(scene, "RETR"));
	scene_free(scene);
}
END_TEST

/* The header of an endless one is cut, and it is judged by what there is. */
START_TEST(a_header_without_end_is_not_read_without_end)
{
	struct scene *scene = scene_new();
	TEXT_AUTO endless = TEXT_INIT(64 << 20);

	scene->options.before = "subject contains early -> leave";
	scene->options.language = "en";
	text_add_str(&endless, "Subject: early\r\n");
	while (endless.len < 40 << 20)
		text_add_str(&endless, "X-Line: of a header that never ends, "
		    "whoever may have written it\r\n");
	text_add_str(&endless, "\r\n\r\n");
	remote_add(scene->remote, text_slice(&endless));
	scene_run(scene);
	ck_assert_uint_eq(scene->outcome.taken, 0);
	ck_assert(!heard(scene, "RETR"));
	scene_free(scene);
}
END_TEST

/* Some are asked for ahead, and mail is taken between; all are decided. */
START_TEST(headers_of_many_are_read_in_their_order)
{
	struct scene *scene = scene_new();

	scene->options.before = "header X-Odd equals yes -> leave";
	scene->options.language = "en";
	if (_i == 1)		/* one command at a time */
		scene->remote->capa = "USER\r\nTOP\r\nUIDL\r\n";
	for (unsigned i = 0; i < 4 * BEFORE_AHEAD; i++)
		remote_add(scene->remote, slice_str(i % 2 == 0 ? SMALL :
		    "X-Odd: yes\r\n" SMALL));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 2 * BEFORE_AHEAD);
	ck_assert_uint_eq(scene->outcome.skipped, 2 * BEFORE_AHEAD);
	if (_i == 1)
		ck_assert_uint_eq(scene->remote->most_at_once, 1);
	else
		ck_assert_uint_gt(scene->remote->most_at_once, 1);
	for (unsigned i = 0; i < scene->ledger->mail_count; i++)
		ck_assert_uint_eq(scene->ledger->mail[i].number, 2 * i + 1);
	scene_free(scene);
}
END_TEST

/* The connection ends within a header: no row of it is decided. */
START_TEST(it_may_be_freed_while_headers_are_under_way)
{
	struct scene *scene = scene_with("subject contains x -> leave");

	scene_start(scene);
	timer_set(scene->guard, (uint64_t)_i);
	ck_assert_int_eq(loop_run(scene->loop), 0);
	collect_free(scene->collect);
	scene->collect = NULL;
	remote_stop(scene->remote);
	scene_free(scene);
}
END_TEST

START_TEST(rules_that_cannot_be_read_are_no_rules)
{
	struct scene *scene = scene_with("size is large -> leave");
	const struct collect_events events = { .arg = scene, .over = on_over };

	ck_assert_int_eq(collect_start(scene->hall, scene->loop,
	    scene->ledger->near, &scene->options, &events, &scene->collect),
	    -EINVAL);
	scene_free(scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("before");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, begin, end);
	tcase_add_test(all, without_rules_nothing_is_looked_at);
	tcase_add_test(all, where_the_size_decides_no_header_is_read);
	tcase_add_test(all, a_header_is_read_where_the_size_does_not_decide);
	tcase_add_test(all, what_cannot_be_looked_at_is_taken);
	tcase_add_loop_test(all, what_is_for_the_night_comes_by_night, 0, 3);
	tcase_add_test(all, what_is_deleted_leaves_a_note);
	tcase_add_loop_test(all, a_placeholder_is_submitted_by_day_only, 0, 2);
	tcase_add_test(all, a_note_that_is_refused_leaves_it_there);
	tcase_add_test(all, a_header_without_end_is_not_read_without_end);
	tcase_add_loop_test(all, headers_of_many_are_read_in_their_order, 0,
	    2);
	tcase_add_loop_test(all, it_may_be_freed_while_headers_are_under_way,
	    0, 12);
	tcase_add_test(all, rules_that_cannot_be_read_are_no_rules);
	suite_add_tcase(suite, all);
	return suite;
}
