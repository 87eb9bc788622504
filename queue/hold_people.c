/*
 * hold_people.c - what waits for a person: what they are told of it
 *
 * Who is told what is asked for one account after the other.  What nobody has to
 * be told of is noted as such when it is first met, and is not read again.
 */
#include "queue/hold_inside.h"
#include "queue/rows_held.h"

#include <errno.h>

/* Files read for one answer: what the queue does beside its mail. */
#define LOOKED_MOST	200

struct news {
	struct hold_walk	 walk;
	struct held_news	*told;
	struct message_id	 never[LOOKED_MOST];
	size_t			 never_count, looked;
	hold_fn			*fn;
	void			*arg;
};

static int
on_news(void *arg, const struct hold_row *row)
{
	struct news *news = arg;

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
	return news->fn(news->arg, row);
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
