/*
 * admin_visitor.c - the keeper's answers about who is kept out of SMTP, or put
 * off
 */
#include "policy/admin_inside.h"

#include <string.h>

#include "lib/base/loop.h"

struct listing {
	struct admin_work	*work;
	struct text		*rows;
	uint64_t		 now_ms;
};

static bool
add_row(void *arg, const struct block *block)
{
	struct listing *listing = arg;

	pack_slice(listing->rows, slice_str(block->net));
	pack_i64(listing->rows, listing->work->now_utc_ms +
	    (int64_t)(block->until_ms - listing->now_ms));
	pack_u64(listing->rows, block->times);
	pack_slice(listing->rows, slice_str(block_words(block->why)));
	/* the list is for people: more than a screenful tells them no more */
	return ++listing->work->rows < ADMIN_VISITORS;
}

enum admin_status
admin_visitor_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows, clock_ms() };

	(void)policy;
	if (work->blocks != NULL)
		blocks_each(work->blocks, listing.now_ms, add_row, &listing);
	return ADMIN_OK;
}

enum admin_status
admin_visitor_forgive(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	char net[BLOCK_NET_SIZE] = "";

	(void)policy;
	if (!admin_copy(work, 0, net, sizeof(net)))
		return ADMIN_UNFIT;
	if (work->blocks == NULL || !blocks_forgive(work->blocks, net)) {
		work->field = 0;
		return ADMIN_NO_SUCH;
	}
	memcpy(work->forgiven, net, sizeof(net));
	pack_slice(rows, slice_str(net));
	work->rows++;
	return ADMIN_OK;
}

/* "waiting": somebody is; "through": whoever writes comes; "known". */
static bool
add_grey(void *arg, const struct grey_net *net)
{
	struct listing *listing = arg;

	pack_slice(listing->rows, slice_str(net->net));
	pack_slice(listing->rows, slice_str(net->waiting > 0 ? "waiting" :
	    net->through ? "through" : "known"));
	pack_u64(listing->rows, net->waiting);
	pack_u64(listing->rows, net->known);
	pack_i64(listing->rows, net->since_utc_ms);
	pack_slice(listing->rows, net->sender);
	pack_slice(listing->rows, net->recipient);
	return ++listing->work->rows < ADMIN_GREYS;
}

enum admin_status
admin_visitor_grey(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows, 0 };

	(void)policy;
	if (work->greylist == NULL)
		return ADMIN_OK;
	greylist_age(work->greylist, work->now_utc_ms);
	greylist_each(work->greylist, true, add_grey, &listing);
	if (work->rows < ADMIN_GREYS)
		greylist_each(work->greylist, false, add_grey, &listing);
	return ADMIN_OK;
}
