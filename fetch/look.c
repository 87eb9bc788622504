/*
 * look.c - headers by TOP n 0: who a message is where UIDL cannot say
 *
 * Without UIDL, or when all of them have changed, identity is size and digest
 * of the header (DESIGN.md 3).  A header that cannot be had is told as such:
 * the queue decides in doubt for taking.
 */
#include <string.h>

#include "fetch/collect_inside.h"

/* Rounds of DECIDE and LOOK; a queue that wants more is asked in vain. */
#define LOOK_ROUNDS	3
#define DIGEST_ROW	(4 + 1 + PRINT_BYTES)
#define DIGESTS_BYTES	(LISTING_PAGE * DIGEST_ROW + 64)

static void	look_turn(struct collect *);

void
look_begin(struct collect *collect)
{
	collect->look.bytes = 0;
	collect->take.len = 0;
	print_begin(&collect->header);
}

void
look_part(struct collect *collect, struct slice s)
{
	struct take *take = &collect->take;

	collect->look.bytes += s.len;
	if (collect->look.bytes > collect_largest(collect)) {
		/* it gives the whole message, and more of it than there is */
		collect_break(collect, FETCH_END_NONSENSE,
		    slice_str("a header without end"));
		return;
	}
	print_header(&collect->header, s);
	s = slice_first(s, BIG_BYTES - take->len);
	if (s.len > 0)
		memcpy(take->body + take->len, s.at, s.len);
	take->len += s.len;
}

struct slice
look_header(const struct collect *collect)
{
	return slice_of(collect->take.body, collect->take.len);
}

static void
on_digests(struct collect *collect, const struct ask *ask,
    struct ipc_message *message)
{
	struct unpack u;

	(void)ask;
	collect->look.asks--;
	if (!collect->leaving && collect_listing_ok(collect, message, &u))
		look_turn(collect);
}

static void
digests_send(struct collect *collect)
{
	struct look *look = &collect->look;
	TEXT_AUTO body = TEXT_INIT(DIGESTS_BYTES);

	if (look->digest_count == 0)
		return;
	pack_u64(&body, collect->account.id);
	pack_u32(&body, look->digest_count);
	pack_bytes(&body, text_slice(&look->digests));
	text_clear(&look->digests);
	look->digest_count = 0;
	if (collect_ask(collect, QUEUE_LISTING_DIGESTS, &body, -1, NULL,
	    on_digests))
		look->asks++;
}

static void
digest_tell(struct collect *collect, uint32_t number, bool known,
    const unsigned char digest[PRINT_BYTES])
{
	struct look *look = &collect->look;

	pack_u32(&look->digests, number);
	pack_u8(&look->digests, known);
	pack_bytes(&look->digests, slice_of(digest, PRINT_BYTES));
	if (++look->digest_count == LISTING_PAGE)
		digests_send(collect);
}

static void
on_top(void *arg, uint32_t number, bool ok, struct slice words)
{
	static const unsigned char nothing[PRINT_BYTES];
	struct collect *collect = arg;

	(void)words;
	if (ok)
		look_begin(collect);
	else
		digest_tell(collect, number, false, nothing);
}

static void
on_top_part(void *arg, uint32_t number, struct slice s)
{
	(void)number;
	look_part(arg, s);
}

static void
on_top_end(void *arg, uint32_t number, unsigned mended)
{
	struct collect *collect = arg;
	unsigned char digest[PRINT_BYTES] = { 0 };
	bool known = print_end(&collect->header, digest) == 0;

	(void)mended;
	digest_tell(collect, number, known, digest);
}

static const struct pop3_command command_top = {
	.verb = "TOP", .after = " 0", .shape = POP3_BODY,
	.status = on_top, .part = on_top_part, .end = on_top_end
};

static void
look_turn(struct collect *collect)
{
	const struct listed *row;

	if (collect->leaving || collect->ended)
		return;
	while (pop3_room(collect->pop3) > 0 &&
	    (row = page_row(collect)) != NULL) {
		pop3_say(collect->pop3, &command_top, row->number);
		page_next(collect);
	}
	if (!page_is_over(collect) || pop3_under_way(collect->pop3) > 0)
		return;
	digests_send(collect);
	if (collect->look.asks == 0 && !collect->ended)
		step_decide(collect);
}

void
step_look(struct collect *collect)
{
	collect->look.digests = (struct text)TEXT_INIT(DIGESTS_BYTES);
	collect->turn = look_turn;
	page_begin(collect, LISTING_LOOK);
	look_turn(collect);
}

bool
look_is_wanted(struct collect *collect)
{
	return collect->counts.look > 0 &&
	    collect->look.rounds++ < LOOK_ROUNDS;
}
