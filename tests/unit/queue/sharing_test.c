/*
 * sharing_test.c - a second copy is taken from here, or fetched
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "queue/bodies.h"
#include "queue/trail_find.h"
#include "store/account.h"
#include "tests/unit/queue/stage.h"

#define ANNS	5		/* fetch accounts */
#define BENS	6
#define DAVES	9
#define BODY	40000
#define BIG_BODY 300000

#define SIGNED(to, hash) "Received: for " to "\r\n" \
	"DKIM-Signature: v=1; a=rsa-sha256; d=news.example; s=k; h=From;\r\n" \
	" bh=" hash "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=AAAA\r\n" \
	"Subject: news\r\n\r\n"
#define HEADER_OF(to)	SIGNED(to, "AA")
#define ANNS_HEADER	HEADER_OF("ann@office.test")
#define BENS_HEADER	HEADER_OF("ben@office.test, who moved")
/* As long, and signed by nobody. */
#define PLAIN_HEADER	"Received: for ann@office.test\r\n" \
	"X-Not-Signature: v=1; a=rsa-sha256; d=news.exampl; s=k; h=From;\r\n" \
	" bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=AAAA\r\n" \
	"Subject: news\r\n\r\n"

static struct stage stage;
static int ann, ben, dave;	/* channels */

static void
set_up(void)
{
	clock_set(1000000, 1795000000000);
	stage_new(&stage);
	stage.options.shares = true;
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

static struct asker
asker_of(int *from)
{
	return (struct asker){ .from = from, .serial = ++stage.serial,
	    .is_fetch = true, .owner = from == &ben ? STAGE_BEN : STAGE_ANN };
}

static uint64_t
account_of(const int *from)
{
	return from == &ann ? ANNS : from == &ben ? BENS : DAVES;
}

static void
on_decided(void *from, uint64_t serial, int r,
    const struct listing_counts *counts)
{
	(void)from;
	(void)serial;
	(void)counts;
	ck_assert_int_eq(r, 0);
}

/* Their remote mailbox has `count` messages of that size, numbers from 1. */
static void
list(int *from, uint32_t count, uint64_t bytes)
{
	const struct ledger_begin begin = { account_of(from), from == &ben ?
	    STAGE_BEN : STAGE_ANN, true, 0, false, false };
	const struct ledger_asked asked = { from, 1, on_decided };
	struct ledger *ledger = conductor_ledger(stage.conductor);
	TEXT_AUTO rows = TEXT_INIT(65536);
	bool may_delete, is_first;
	struct unpack u;

	for (uint32_t n = 1; n <= count; n++) {
		char uidl[16];

		(void)snprintf(uidl, sizeof(uidl), "u%u", n);
		pack_u32(&rows, n);
		pack_u64(&rows, bytes);
		pack_slice(&rows, slice_str(uidl));
	}
	u = unpack_of(text_slice(&rows));
	if (ledger_begin(ledger, from, &begin, &may_delete, &is_first) ==
	    -EINPROGRESS)
		ck_assert_int_eq(ledger_confirm(ledger, from,
		    account_of(from), &may_delete, &is_first), 0);
	ck_assert_int_eq(ledger_rows(ledger, from, account_of(from), count,
	    &u), 0);
	ck_assert_int_eq(ledger_decide(ledger, &asked, account_of(from),
	    1 << 30), 0);
}

static void
end(int *from)
{
	ledger_end(conductor_ledger(stage.conductor), from,
	    account_of(from));
}

static void
pack_env(struct text *packed, int *from, uint32_t number, uint64_t bytes)
{
	struct recipient rcpt = { .address = SLICE("ann@office.test"),
	    .account = STAGE_ANN };
	struct envelope env = { .source = SOURCE_FETCH, .bytes = bytes,
	    .helo = SLICE("pop.far.test"), .peer = SLICE("192.0.2.9"),
	    .fetched = { .account = account_of(from),
	    .listing = account_of(from), .label = SLICE("home"),
	    .number = number },
	    .recipients = &rcpt, .recipient_count = 1 };

	if (from == &ben)
		rcpt = (struct recipient){ .address =
		    SLICE("ben@office.test"), .account = STAGE_BEN };
	memset(env.fetched.header_digest, (int)number,
	    sizeof(env.fetched.header_digest));
	envelope_pack(packed, &env);
	ck_assert(!text_failed(packed));
}

static int
sealed(const char *header, size_t body, char fill)
{
	int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char *bytes = malloc(body + 1);

	memset(bytes, fill, body + 1);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, header, strlen(header)),
	    (ssize_t)strlen(header));
	ck_assert_int_eq(write(fd, bytes, body), (ssize_t)body);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS,
	    F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK), 0);
	free(bytes);
	return fd;
}

static void
feed(uint64_t ticket, const char *header, size_t body, char fill)
{
	char *bytes = malloc(body);

	memset(bytes, fill, body);
	conductor_big_feed(stage.conductor, ticket, slice_str(header));
	conductor_big_feed(stage.conductor, ticket, slice_of(bytes, body));
	conductor_big_end(stage.conductor, ticket);
	free(bytes);
}

/* It was fetched, and is received. */
static void
receive(int *from, uint32_t number, const char *header, size_t body,
    char fill)
{
	const struct asker asker = asker_of(from);
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	size_t judged = stage_count(&stage, STAGE_JUDGE);
	size_t answered = stage_count(&stage, STAGE_ANSWER);
	bool is_big = strlen(header) + body > BIG_BYTES;
	uint64_t ticket = 0;
	int fd = -1;

	pack_env(&packed, from, number, strlen(header) + body);
	if (is_big) {
		ck_assert_int_eq(conductor_big_begin(stage.conductor, from,
		    &ticket), 0);
		feed(ticket, header, body, fill);
	} else {
		fd = sealed(header, body, fill);
	}
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, ticket), 0);
	stage_wait(&stage, STAGE_JUDGE, judged + 1);
	stage_judge(&stage, judged, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
}

/* Ann has it. */
static void
ann_has(const char *header, size_t body)
{
	list(&ann, 1, strlen(header) + body);
	receive(&ann, 1, header, body, 'n');
	end(&ann);
}

/* The last answer's code. */
static unsigned
answer(void)
{
	size_t n = stage_count(&stage, STAGE_ANSWER);

	ck_assert_uint_gt(n, 0);
	return stage_call(&stage, STAGE_ANSWER, n - 1)->code;
}

/* What that question was answered; 0: nothing yet. */
static unsigned
answer_to(uint64_t serial)
{
	for (size_t n = 0; n < stage_count(&stage, STAGE_ANSWER); n++)
		if (stage_call(&stage, STAGE_ANSWER, n)->serial == serial)
			return stage_call(&stage, STAGE_ANSWER, n)->code;
	return 0;
}

static unsigned
held(int *from, uint32_t number)
{
	const struct asker asker = asker_of(from);

	ck_assert_int_eq(conductor_held(stage.conductor, &asker,
	    account_of(from), number), 0);
	return answer_to(asker.serial);
}

/* What is had of a body of that letter alone, behind that header. */
static struct shared_sample
sample_of(const char *header, char fill)
{
	struct shared_sample sample = { .at = strlen(header) + 100,
	    .bytes = SHARED_SAMPLE_LEAST };
	char bytes[SHARED_SAMPLE_LEAST];

	memset(bytes, fill, sizeof(bytes));
	ck_assert_int_eq(big_digest(stage.conductor->big, slice_of(bytes,
	    sizeof(bytes)), sample.digest), 0);
	return sample;
}

static int
show_with(int *from, uint32_t number, const char *header, size_t body,
    const struct shared_sample *sample)
{
	const struct asker asker = asker_of(from);
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);

	pack_env(&packed, from, number, strlen(header) + body);
	return conductor_shared(stage.conductor, &asker, sample,
	    text_slice(&packed), sealed(header, 0, 0));
}

static int
show(int *from, uint32_t number, const char *header, size_t body)
{
	const struct shared_sample sample = sample_of(header, 'n');

	return show_with(from, number, header, body, &sample);
}

/* What follows once it is, or was, handed to the judge as that question. */
static void
is_stored_by(size_t judged, size_t bytes)
{
	size_t answered = stage_count(&stage, STAGE_ANSWER);
	size_t delivered = stage_count(&stage, STAGE_DELIVER);

	stage_wait(&stage, STAGE_JUDGE, judged + 1);
	/* it is judged as if it had come */
	stage_judge(&stage, judged, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
	ck_assert_uint_eq(answer(), 250);
	conductor_account_up(stage.conductor, STAGE_BEN);
	stage_wait(&stage, STAGE_DELIVER, delivered + 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, delivered)->bytes,
	    bytes);
	ck_assert_int_eq(stage_call(&stage, STAGE_DELIVER, delivered)->first,
	    'R');
}

/* What follows once the judge has found it the same. */
static void
is_stored(size_t bytes)
{
	is_stored_by(stage_count(&stage, STAGE_JUDGE), bytes);
}

static int
find_step(void *arg, const struct trail_line *line)
{
	char *found = arg;

	if (line->step.word == TRAIL_SHARED)
		ck_assert_int_eq(slice_cstr(line->step.detail, found, 256),
		    0);
	return 0;
}

static const size_t sizes[] = { BODY, BIG_BODY };

/* From the journal, and from a big file. */
START_TEST(what_the_judge_finds_the_same_is_stored_without_being_fetched)
{
	char told[256] = "", want[256], id[MESSAGE_ID_CHARS + 1];
	size_t body = sizes[_i], bytes = strlen(BENS_HEADER) + body;
	const struct stage_call *asked;

	ann_has(ANNS_HEADER, body);
	list(&ben, 1, bytes);
	ck_assert_uint_eq(held(&ben, 1), 250);
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, body), 0);
	asked = stage_call(&stage, STAGE_COMPARE, 0);
	ck_assert_uint_eq(asked->ask.header_bytes, strlen(BENS_HEADER));
	ck_assert_uint_eq(asked->ask.body_at, strlen(ANNS_HEADER));
	ck_assert_uint_eq(asked->ask.whole_bytes, strlen(ANNS_HEADER) + body);
	stage_compare(&stage, 0, 0, true);
	is_stored(bytes);
	/* it is known: it is not to be taken again */
	end(&ben);
	list(&ben, 1, bytes);
	ck_assert_uint_eq(held(&ben, 1), QUEUE_FETCH_IT);
	/* the trail says what it was made of */
	message_id_write(&stage_call(&stage, STAGE_JUDGE, 1)->id, id);
	trail_flush(stage.conductor->trail);
	ck_assert_int_eq(trail_find(stage.conductor->trail_fd, slice_str(id),
	    find_step, told), 0);
	message_id_write(&stage_call(&stage, STAGE_JUDGE, 0)->id, id);
	(void)snprintf(want, sizeof(want),
	    "body of %s, %zu bytes saved, DKIM d=news.example", id, body);
	ck_assert_str_eq(told, want);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 0);
}
END_TEST

/* What has come back. */
static struct shared_made came_back;
static int back_fd;

static void
on_made(void *arg, const struct asker *asker, const struct shared_made *made,
    int fd)
{
	(void)arg;
	ck_assert_ptr_eq(asker->from, &ben);
	came_back = *made;
	back_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* A domain's: its header and that body, with room for it; he submits it. */
START_TEST(what_is_to_come_back_is_submitted_by_who_asked)
{
	size_t head = strlen(BENS_HEADER), bytes = head + sizes[_i];
	struct shared_sample sample = sample_of(BENS_HEADER, 'n');
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	const struct asker asker = asker_of(&ben);
	char read[256];
	bool is_big;

	back_fd = -1;
	ann_has(ANNS_HEADER, sizes[_i]);
	list(&ben, 1, bytes);
	ck_assert_uint_eq(held(&ben, 1), 250);
	sample.comes_back = true;
	stage.conductor->ports.made = on_made;
	ck_assert_int_eq(show_with(&ben, 1, BENS_HEADER, sizes[_i], &sample),
	    0);
	stage_compare(&stage, 0, 0, true);
	for (unsigned i = 0; i < 4000 && back_fd < 0; i++)
		stage_run(&stage, 1);
	ck_assert_int_ge(back_fd, 0);
	ck_assert_uint_eq(came_back.bytes, bytes);
	is_big = bytes > BIG_BYTES;
	ck_assert(is_big == (came_back.ticket != 0));
	ck_assert_uint_eq(space_granted(stage.conductor->space), bytes);
	ck_assert_int_eq(pread(back_fd, read, head + 1, 0),
	    (ssize_t)head + 1);
	ck_assert_int_eq(memcmp(read, BENS_HEADER, head), 0);
	ck_assert_int_eq(read[head], 'n');
	ck_assert_int_lt(write(back_fd, "x", 1), 0);
	if (is_big)
		(void)close(back_fd);
	/* nobody has it before that */
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 1);
	pack_env(&packed, &ben, 1, bytes);
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, bytes,
	    text_slice(&packed), is_big ? -1 : back_fd, came_back.ticket), 0);
	is_stored_by(1, bytes);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 0);
}
END_TEST

/* Of several of that size the newest is shown first, and no more than four. */
START_TEST(what_is_another_body_is_fetched)
{
	size_t header = strlen(BENS_HEADER), bytes = header + BODY;
	unsigned char newest[BIG_DIGEST_BYTES];
	static char whole[sizeof(BENS_HEADER) + BODY];

	list(&ann, 6, strlen(ANNS_HEADER) + BODY);
	for (uint32_t n = 1; n <= 6; n++)
		receive(&ann, n, ANNS_HEADER, BODY, (char)('a' + n));
	list(&ben, 1, bytes);
	ck_assert_uint_eq(held(&ben, 1), 250);
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, BODY), 0);
	for (size_t n = 0; n < 4; n++) {
		stage_wait(&stage, STAGE_COMPARE, n + 1);
		stage_compare(&stage, n, 0, false);
	}
	ck_assert_uint_eq(answer(), QUEUE_FETCH_IT);
	ck_assert_uint_eq(stage_count(&stage, STAGE_COMPARE), 4);
	memset(whole, 'a' + 6, sizeof(whole));
	memcpy(whole, BENS_HEADER, header);
	ck_assert_int_eq(big_digest(stage.conductor->big, slice_of(whole,
	    bytes), newest), 0);
	ck_assert_mem_eq(stage_call(&stage, STAGE_COMPARE, 0)->digest, newest,
	    BIG_DIGEST_BYTES);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 0);
	/* and then it comes as ever */
	receive(&ben, 1, BENS_HEADER, BODY, 'n');
	ck_assert_uint_eq(answer(), 250);
}
END_TEST

/* As many as there are: their signatures say that they are others. */
START_TEST(of_many_with_one_size_only_what_may_be_the_same_is_shown)
{
	size_t bytes = strlen(BENS_HEADER) + BODY;

	list(&ann, 10, strlen(ANNS_HEADER) + BODY);
	receive(&ann, 1, ANNS_HEADER, BODY, 'n');
	for (uint32_t n = 2; n <= 10; n++)
		receive(&ann, n, SIGNED("ann@office.test", "BB"), BODY, 'o');
	list(&ben, 1, bytes);
	ck_assert_uint_eq(held(&ben, 1), 250);
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, BODY), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_COMPARE), 1);
	stage_compare(&stage, 0, 0, true);
	is_stored(bytes);
}
END_TEST

/*
 * Somebody has seen the header of ann's mail, and puts it into a mailbox of his
 * own, before a body of the same size.
 */
START_TEST(who_has_but_the_header_is_not_given_the_body)
{
	const struct shared_sample guessed = sample_of(ANNS_HEADER, 'g');
	size_t bytes = strlen(ANNS_HEADER) + sizes[_i];

	ann_has(ANNS_HEADER, sizes[_i]);
	list(&ben, 2, bytes);
	ck_assert_int_eq(show_with(&ben, 1, ANNS_HEADER, sizes[_i], &guessed),
	    0);
	/* another guess at the same time; and that one is right */
	ck_assert_int_eq(show(&ben, 2, ANNS_HEADER, sizes[_i]), 0);
	stage_compare(&stage, 0, 0, true);
	ck_assert_uint_eq(answer(), QUEUE_FETCH_IT);
	stage_compare(&stage, 1, 0, true);
	ck_assert_uint_eq(answer(), QUEUE_FETCH_IT);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 3);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 0);
	/* and nobody guesses again */
	ck_assert_uint_eq(held(&ben, 1), QUEUE_FETCH_IT);
}
END_TEST

START_TEST(a_header_of_another_length_finds_no_body)
{
	size_t bytes = strlen(BENS_HEADER) + BODY + 1;

	ann_has(ANNS_HEADER, BODY);
	list(&ben, 1, bytes);
	ck_assert_uint_eq(held(&ben, 1), 250);
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, BODY + 1), 0);
	ck_assert_uint_eq(answer(), QUEUE_FETCH_IT);
	ck_assert_uint_eq(stage_count(&stage, STAGE_COMPARE), 0);
}
END_TEST

/* What keeps a message from being shared at all. */
static const struct {
	const char	*header;
	size_t		 body, listed;
	bool		 is_off;
} apart[] = {
	{ PLAIN_HEADER, BODY, BODY, false },		/* not signed */
	{ ANNS_HEADER, 10000, 10000, false },		/* small */
	{ ANNS_HEADER, BODY, BODY + 3000, false },	/* of another size */
	{ ANNS_HEADER, BODY, BODY, true },		/* switched off */
	{ "DKIM-Signature: x\r\nno field\r\n", BODY, BODY, false },
};

START_TEST(nothing_is_shared_that_is_small_unsigned_or_of_another_size)
{
	if (apart[_i].is_off) {
		stage.options.shares = false;
		stage_restart(&stage);
	}
	ann_has(apart[_i].header, apart[_i].body);
	list(&ben, 1, strlen(apart[_i].header) + apart[_i].listed);
	ck_assert_uint_eq(held(&ben, 1), QUEUE_FETCH_IT);
}
END_TEST

START_TEST(after_a_restart_bodies_are_known_as_before)
{
	size_t body = sizes[_i], bytes = strlen(BENS_HEADER) + body;

	ann_has(ANNS_HEADER, body);
	stage_restart(&stage);
	list(&ben, 1, bytes);
	ck_assert_uint_eq(held(&ben, 1), 250);
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, body), 0);
	stage_wait(&stage, STAGE_COMPARE, 1);
	stage_compare(&stage, 0, 0, true);
	is_stored(bytes);
}
END_TEST

/* Its last reader has deleted it, and its day is over. */
START_TEST(a_big_file_that_was_removed_is_not_vouched_for)
{
	struct message_id id;
	bool was_last;

	ann_has(ANNS_HEADER, BIG_BODY);
	id = stage_call(&stage, STAGE_JUDGE, 0)->id;
	if (_i == 0) {
		/* it is gone and nobody has said so */
		ck_assert_int_eq(big_drop(stage.conductor->big, &id), 0);
	} else {
		conductor_account_up(stage.conductor, STAGE_ANN);
		stage_wait(&stage, STAGE_DELIVER, 1);
		stage_deliver(&stage, 0, 0);
		stage_restart(&stage);
		ck_assert_int_eq(rows_settled_set(stage.conductor->rows,
		    STAGE_ANN, INT64_MAX >> 1), 0);
		ck_assert_int_eq(rows_big_unref(stage.conductor->rows, &id,
		    STAGE_ANN, 1795000000000, &was_last), 0);
		ck_assert(was_last);
		clock_set(1000000, 1795000000000 + 25 * 60 * 60 * 1000LL);
		stage_restart(&stage);
		ck_assert_uint_eq(stage_files(&stage, "big"), 0);
	}
	list(&ben, 1, strlen(BENS_HEADER) + BIG_BODY);
	if (held(&ben, 1) == 250) {
		ck_assert_int_eq(_i, 0);
		ck_assert_int_eq(show(&ben, 1, BENS_HEADER, BIG_BODY), 0);
	}
	ck_assert_uint_eq(answer(), QUEUE_FETCH_IT);
	ck_assert_uint_eq(stage_count(&stage, STAGE_COMPARE), 0);
	/* it was tried once */
	ck_assert_uint_eq(held(&ben, 1), QUEUE_FETCH_IT);
}
END_TEST

/* A bit has changed on the disk; its segment was filled with something else. */
START_TEST(a_record_that_cannot_be_read_back_is_not_vouched_for)
{
	struct transit *transit;

	ann_has(ANNS_HEADER, BODY);
	transit = TAILQ_FIRST(&stage.conductor->received);
	ck_assert_ptr_nonnull(transit);
	stage_damage(&stage, transit->position);
	list(&ben, 1, strlen(BENS_HEADER) + BODY);
	ck_assert_uint_eq(held(&ben, 1), 250);
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, BODY), 0);
	ck_assert_uint_eq(answer(), QUEUE_FETCH_IT);
	ck_assert_uint_eq(stage_count(&stage, STAGE_COMPARE), 0);
	ck_assert_uint_eq(held(&ben, 1), QUEUE_FETCH_IT);
}
END_TEST

START_TEST(without_a_judge_or_an_answer_of_his_it_is_fetched)
{
	ann_has(ANNS_HEADER, BODY);
	list(&ben, 1, strlen(BENS_HEADER) + BODY);
	if (_i == 0)
		stage.compare_fault = -ENOTCONN;
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, BODY), 0);
	if (_i == 1)
		stage_compare(&stage, 0, -ECONNRESET, false);
	ck_assert_uint_eq(answer(), QUEUE_FETCH_IT);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 0);
}
END_TEST

/* He is gone while it is compared, or put together: nothing comes of it. */
START_TEST(who_is_gone_gets_nothing)
{
	size_t judged;

	ann_has(ANNS_HEADER, BIG_BODY);
	list(&ben, 1, strlen(BENS_HEADER) + BIG_BODY);
	judged = stage_count(&stage, STAGE_JUDGE);
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, BIG_BODY), 0);
	if (_i == 0)
		conductor_asker_lost(stage.conductor, &ben);
	stage_compare(&stage, 0, 0, true);
	if (_i == 1)
		conductor_asker_lost(stage.conductor, &ben);
	stage_run(&stage, 50);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), judged);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 1);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 0);
}
END_TEST

/* The judge has seen other bytes than are put together. */
START_TEST(what_does_not_digest_to_what_was_compared_is_fetched)
{
	ann_has(ANNS_HEADER, sizes[_i]);
	list(&ben, 1, strlen(BENS_HEADER) + sizes[_i]);
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, sizes[_i]), 0);
	stage_call(&stage, STAGE_COMPARE, 0)->digest[0] ^= 1;
	stage_compare(&stage, 0, 0, true);
	stage_wait(&stage, STAGE_ANSWER, 2);
	ck_assert_uint_eq(answer(), QUEUE_FETCH_IT);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 0);
	ck_assert_uint_eq(stage_files(&stage, "big"), _i == 1 ? 1 : 0);
}
END_TEST

START_TEST(without_room_for_it_it_is_fetched)
{
	const struct asker asker = asker_of(&ben);

	ann_has(ANNS_HEADER, BODY);
	list(&ben, 1, strlen(BENS_HEADER) + BODY);
	conductor_grant(stage.conductor, &asker, STAGE_MESSAGE_BYTES +
	    16 * 1024 * 1024);
	ck_assert_uint_eq(answer(), 250);
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, BODY), 0);
	stage_compare(&stage, 0, 0, true);
	ck_assert_uint_eq(answer(), QUEUE_FETCH_IT);
	ck_assert_uint_eq(space_granted(stage.conductor->space),
	    STAGE_MESSAGE_BYTES + 16 * 1024 * 1024);
}
END_TEST

/* Two at a time */

START_TEST(who_asks_while_it_comes_for_somebody_else_waits_for_it)
{
	size_t bytes = strlen(BENS_HEADER) + BODY;
	uint64_t serial;

	list(&ann, 1, strlen(ANNS_HEADER) + BODY);
	list(&ben, 1, bytes);
	ck_assert_uint_eq(held(&ann, 1), QUEUE_FETCH_IT);
	ck_assert_uint_eq(held(&ben, 1), 0);
	serial = stage.serial;
	/* one of another size is no reason to wait */
	list(&dave, 1, 100000);
	ck_assert_uint_eq(held(&dave, 1), QUEUE_FETCH_IT);
	receive(&ann, 1, ANNS_HEADER, BODY, 'n');
	ck_assert_uint_eq(answer_to(serial), 250);
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, BODY), 0);
	stage_compare(&stage, 0, 0, true);
	is_stored(bytes);
}
END_TEST

/* It was not signed, could not be stored, or whoever fetched it is gone. */
START_TEST(who_waits_in_vain_fetches_his_own)
{
	size_t bytes = strlen(BENS_HEADER) + BODY;
	uint64_t serial;

	list(&ann, 1, strlen(PLAIN_HEADER) + BODY);
	list(&ben, 1, bytes);
	ck_assert_uint_eq(held(&ann, 1), QUEUE_FETCH_IT);
	ck_assert_uint_eq(held(&ben, 1), 0);
	serial = stage.serial;
	if (_i == 0)
		receive(&ann, 1, PLAIN_HEADER, BODY, 'n');
	else if (_i == 1)
		conductor_asker_lost(stage.conductor, &ann);
	else
		clock_set(1000000 + 61000, 1795000000000 + 61000);
	for (unsigned i = 0; i < 40 && answer_to(serial) == 0; i++)
		stage_run(&stage, 100);
	ck_assert_uint_eq(answer_to(serial), QUEUE_FETCH_IT);
}
END_TEST

/* Asked once more, in another conversation, he is not told twice. */
START_TEST(who_asks_again_waits_anew)
{
	size_t bytes = strlen(BENS_HEADER) + BODY;
	uint64_t serial;

	list(&ann, 1, bytes);
	list(&ben, 1, bytes);
	ck_assert_uint_eq(held(&ann, 1), QUEUE_FETCH_IT);
	ck_assert_uint_eq(held(&ben, 1), 0);
	serial = stage.serial;
	ck_assert_uint_eq(held(&ben, 1), 0);
	ck_assert_uint_eq(answer_to(serial), QUEUE_FETCH_IT);
	serial = stage.serial;
	conductor_asker_lost(stage.conductor, &ben);
	receive(&ann, 1, HEADER_OF("ann@office.test, who moved"), BODY, 'n');
	ck_assert_uint_eq(answer_to(serial), 0);
}
END_TEST

/* Breaches */

START_TEST(what_no_collector_may_say_is_a_breach)
{
	const struct shared_sample sample = sample_of(BENS_HEADER, 'n');
	struct shared_sample wrong = sample;
	struct asker asker = asker_of(&ben);
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	size_t bytes = strlen(BENS_HEADER) + BODY;
	int fd = memfd_create("open", MFD_CLOEXEC);

	list(&ben, 1, bytes);
	/* a message that it has not listed; another size than it has listed */
	ck_assert_int_eq(conductor_held(stage.conductor, &asker, BENS, 2),
	    -EBADMSG);
	ck_assert_int_eq(show(&ben, 2, BENS_HEADER, BODY), -EBADMSG);
	ck_assert_int_eq(show(&ben, 1, BENS_HEADER, BODY - 1), -EBADMSG);
	/* a sample that is none of its body, too small, too large */
	wrong.at = strlen(BENS_HEADER) - 1;
	ck_assert_int_eq(show_with(&ben, 1, BENS_HEADER, BODY, &wrong),
	    -EBADMSG);
	wrong.at = bytes - wrong.bytes + 1;
	ck_assert_int_eq(show_with(&ben, 1, BENS_HEADER, BODY, &wrong),
	    -EBADMSG);
	wrong = sample;
	wrong.bytes = SHARED_SAMPLE_LEAST - 1;
	ck_assert_int_eq(show_with(&ben, 1, BENS_HEADER, BODY, &wrong),
	    -EBADMSG);
	wrong.bytes = SHARED_SAMPLE_MOST + 1;
	ck_assert_int_eq(show_with(&ben, 1, BENS_HEADER, BODY, &wrong),
	    -EBADMSG);
	/* a header that may still change */
	pack_env(&packed, &ben, 1, bytes);
	ck_assert_int_eq(write(fd, BENS_HEADER, strlen(BENS_HEADER)),
	    (ssize_t)strlen(BENS_HEADER));
	ck_assert_int_eq(conductor_shared(stage.conductor, &asker,
	    &sample, text_slice(&packed), fd), -EBADMSG);
	/* no collector at all */
	asker.is_fetch = false;
	ck_assert_int_eq(conductor_shared(stage.conductor, &asker,
	    &sample, text_slice(&packed), sealed(BENS_HEADER, 0, 0)), -EBADMSG);
	ck_assert_int_eq(conductor_held(stage.conductor, &asker, BENS, 1),
	    -EBADMSG);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/sharing");
	TCase *tcase = tcase_create("sharing");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
	    what_the_judge_finds_the_same_is_stored_without_being_fetched, 0,
	    2);
	tcase_add_loop_test(tcase,
	    what_is_to_come_back_is_submitted_by_who_asked, 0, 2);
	tcase_add_test(tcase, what_is_another_body_is_fetched);
	tcase_add_test(tcase,
	    of_many_with_one_size_only_what_may_be_the_same_is_shown);
	tcase_add_loop_test(tcase,
	    who_has_but_the_header_is_not_given_the_body, 0, 2);
	tcase_add_test(tcase, a_header_of_another_length_finds_no_body);
	tcase_add_loop_test(tcase,
	    nothing_is_shared_that_is_small_unsigned_or_of_another_size, 0,
	    (int)(sizeof(apart) / sizeof(*apart)));
	tcase_add_loop_test(tcase, after_a_restart_bodies_are_known_as_before,
	    0, 2);
	tcase_add_loop_test(tcase,
	    a_big_file_that_was_removed_is_not_vouched_for, 0, 2);
	tcase_add_test(tcase,
	    a_record_that_cannot_be_read_back_is_not_vouched_for);
	tcase_add_loop_test(tcase,
	    without_a_judge_or_an_answer_of_his_it_is_fetched, 0, 2);
	tcase_add_loop_test(tcase, who_is_gone_gets_nothing, 0, 2);
	tcase_add_loop_test(tcase,
	    what_does_not_digest_to_what_was_compared_is_fetched, 0, 2);
	tcase_add_test(tcase, without_room_for_it_it_is_fetched);
	tcase_add_test(tcase,
	    who_asks_while_it_comes_for_somebody_else_waits_for_it);
	tcase_add_loop_test(tcase, who_waits_in_vain_fetches_his_own, 0, 3);
	tcase_add_test(tcase, who_asks_again_waits_anew);
	tcase_add_test(tcase, what_no_collector_may_say_is_a_breach);
	suite_add_tcase(suite, tcase);
	return suite;
}
