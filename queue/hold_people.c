/*
 * hold_people.c - what waits for a person: what they are told of it
 *
 * Who is told what is asked for one account after the other.  What nobody has to
 * be told of is noted as such when it is first met, and is not read again.
 */
#include "lib/base/log.h"
#include "queue/held_link.h"
#include "queue/hold_inside.h"
#include "queue/rows_held.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#define DAY_MS		INT64_C(86400000)

/* Files read for one answer: what the queue does beside its mail. */
#define LOOKED_MOST	200
/* Such turns for a page: 4,000 that are no matter of theirs, each read once. */
#define TURNS_MOST	20

struct news {
	struct hold_walk	 walk;
	struct held_news	*told;
	struct message_id	 never[LOOKED_MOST];
	size_t			 never_count, looked;
	hold_fn			*fn;
	void			*arg;
};

/* A link to it for that account, and its number there.  0 or -errno. */
static int
write_link(struct conductor *conductor, uint64_t account,
    const struct hold_row *row, struct text *text, uint32_t *number_out)
{
	unsigned char key[ROWS_KEY_BYTES];
	const struct held_link link = {
		.account = account, .id = row->id,
		.ends_utc_ms = row->ends_utc_ms != 0 ? row->ends_utc_ms :
		    clock_utc_ms() + HELD_LINK_DAYS * DAY_MS
	};
	int r = rows_held_key(conductor->rows, key);

	if (r == 0)
		r = held_link_write(text, &link, key);
	if (r == 0)
		r = held_link_number(account, &row->id, key, number_out);
	OPENSSL_cleanse(key, sizeof(key));
	return r < 0 ? r : text_failed(text) ? -ENOMEM : 0;
}

static int
on_news(void *arg, const struct hold_row *row)
{
	TEXT_AUTO link = TEXT_INIT(HELD_LINK_CHARS);
	struct news *news = arg;
	struct hold_row linked = *row;
	int r;

	if (row->is_damaged)	/* it may be read again one day */
		return 0;
	if (!row->is_personal) {
		news->never[news->never_count++] = row->id;
		return 0;
	}
	if (news->told->count == HELD_PAGE) {
		news->told->more++;
		return 0;
	}
	news->told->count++;
	r = write_link(news->walk.conductor, news->told->account, row, &link,
	    &linked.number);
	linked.link = r == 0 ? text_slice(&link) : slice_of(NULL, 0);
	if (r < 0)	/* it is told all the same */
		log_say("a held message is told without its link: %s",
		    strerror(-r));
	return news->fn(news->arg, &linked);
}

static int
on_row(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	struct news *news = arg;

	if (news->looked++ == LOOKED_MOST)
		return HOLD_WALK_ENDS;
	return hold_walk_row(&news->walk, message, list, count);
}

int
conductor_held_news(struct conductor *conductor, uint64_t above,
    struct held_news *news_out, hold_fn *fn, void *arg)
{
	struct held_news told = { .account = 0 };
	struct news news = { .told = &told, .fn = fn, .arg = arg,
	    .walk = { .conductor = conductor, .left = LOOKED_MOST,
	    .untold_as = clock_utc_ms(), .fn = on_news, .arg = &news } };
	int r = rows_held_account(conductor->rows, above, &told.account);

	if (r == 0) {
		news.walk.account = told.account;
		r = rows_held_untold(conductor->rows, told.account, on_row,
		    &news);
	} else if (r == -ENOENT) {
		r = 0;
	}
	if (r >= 0 && news.never_count > 0)
		r = rows_held_told(conductor->rows, told.account, news.never,
		    news.never_count, ROWS_TOLD_NEVER);
	if (r >= 0)
		*news_out = told;
	return r < 0 ? r : 0;
}

int
conductor_held_told(struct conductor *conductor, uint64_t account,
    const struct message_id *ids, size_t count)
{
	int64_t now = clock_utc_ms();
	int r = rows_held_told(conductor->rows, account, ids, count, now);

	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct trail_step step = {
			.at_utc_ms = now, .id = ids[i], .word = TRAIL_TOLD,
			.account = account
		};

		trail_add(conductor->trail, &step);
	}
	return r;
}

/* What one of them sees */

/* Rows of one account that are a matter of its person. */
struct theirs {
	struct hold_walk walk;
	hold_fn		*fn;		/* or NULL */
	void		*arg;
	struct message_id never[LOOKED_MOST], last;
	size_t		 never_count, looked;
	unsigned	 told;
	bool		 may_take, is_damaged;
};

/*
 * Of what cannot be read at all it is not known, and nothing is told but what the
 * row says.
 */
static bool
may_be_theirs(const struct hold_row *row)
{
	return row->is_personal || (row->is_damaged && row->source.len == 0);
}

static int
on_theirs(void *arg, const struct hold_row *row)
{
	struct theirs *theirs = arg;

	if (!may_be_theirs(row)) {
		theirs->never[theirs->never_count++] = row->id;
		return 0;
	}
	if (theirs->told == HOLD_PAGE)
		return HOLD_WALK_ENDS;
	theirs->told++;
	theirs->may_take = row->may_take;
	theirs->is_damaged = row->is_damaged;
	return theirs->fn == NULL ? 0 : theirs->fn(theirs->arg, row);
}

/* Known not to be a matter of theirs: rows_held.h. */
static bool
is_the_postmasters(const struct rows_recipient *list, size_t count,
    uint64_t account)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].account == account && list[i].told_utc_ms < 0)
			return true;
	return false;
}

static int
on_their_row(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	struct theirs *theirs = arg;

	if (theirs->looked++ == LOOKED_MOST)
		return HOLD_WALK_ENDS;
	theirs->last = message->id;
	if (is_the_postmasters(list, count, theirs->walk.account))
		return 0;
	return hold_walk_row(&theirs->walk, message, list, count);
}

static struct theirs
theirs_of(struct conductor *conductor, uint64_t account, hold_fn *fn,
    void *arg)
{
	return (struct theirs){ .fn = fn, .arg = arg,
	    .walk = { .conductor = conductor, .left = LOOKED_MOST,
	    .account = account, .fn = on_theirs } };
}

/* One turn: what is found to be the postmaster's is not read again. */
static int
list_theirs(struct theirs *theirs, const struct message_id *below)
{
	struct rows *rows = theirs->walk.conductor->rows;
	int r;

	theirs->walk.arg = theirs;
	theirs->walk.left = LOOKED_MOST;
	theirs->looked = theirs->never_count = 0;
	r = rows_held_of(rows, theirs->walk.account, below, on_their_row,
	    theirs);
	if (r >= 0 && theirs->never_count > 0) {
		int noted = rows_held_told(rows, theirs->walk.account,
		    theirs->never, theirs->never_count, ROWS_TOLD_NEVER);

		r = noted < 0 ? noted : r;
	}
	return r;
}

int
conductor_held_each(struct conductor *conductor, uint64_t account,
    const struct message_id *below, hold_fn *fn, void *arg)
{
	struct theirs theirs = theirs_of(conductor, account, fn, arg);
	struct message_id last;
	int r = list_theirs(&theirs, below);

	for (unsigned i = 1; i < TURNS_MOST && r == HOLD_WALK_ENDS &&
	    theirs.told < HOLD_PAGE; i++) {
		last = theirs.last;
		r = list_theirs(&theirs, &last);
	}
	return r == HOLD_WALK_ENDS ? 0 : r;
}

static int
look_at(struct conductor *conductor, const struct message_id *id,
    struct theirs *theirs)
{
	int r;

	theirs->walk.arg = theirs;
	if (hold_is_arriving(conductor, id))
		return -EAGAIN;
	r = rows_kept_one(conductor->rows, id, on_their_row, theirs);
	return r == 0 && theirs->told == 0 ? -ENOENT : r;
}

int
conductor_held_show(struct conductor *conductor, uint64_t account,
    const struct message_id *id, hold_fn *fn, void *arg, struct text *shown)
{
	struct theirs theirs = theirs_of(conductor, account, fn, arg);

	int r;

	theirs.walk.shown = shown;
	r = look_at(conductor, id, &theirs);
	/* what is not theirs to open is not theirs to save from here either */
	if (r < 0 || !theirs.may_take)
		text_clear(shown);
	return r;
}

int
conductor_held_take(struct conductor *conductor, uint64_t account,
    const struct message_id *id, bool is_spam)
{
	struct theirs theirs = theirs_of(conductor, account, NULL, NULL);
	int r = look_at(conductor, id, &theirs);

	if (r == 0 && theirs.is_damaged)
		r = -EBADMSG;
	else if (r == 0 && !theirs.may_take)
		r = -EPERM;
	return r < 0 ? r : conductor_hold_share(conductor, id, account,
	    is_spam);
}

int
conductor_held_read(struct conductor *conductor, struct slice s,
    struct held_link *link_out)
{
	unsigned char key[ROWS_KEY_BYTES];
	int r = rows_held_key(conductor->rows, key);

	if (r == 0)
		r = held_link_read(s, key, link_out);
	OPENSSL_cleanse(key, sizeof(key));
	if (r == 0 && link_out->ends_utc_ms <= clock_utc_ms())
		r = -ETIME;
	return r;
}
