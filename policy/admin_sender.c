/*
 * admin_sender.c - the keeper's answers about whom people want to hear from
 */
#include "policy/admin_inside.h"

#include <errno.h>

#include "policy/senders.h"

/* In all of these rows (admin.c). */
enum { SENDER_NAME, SENDER_OWNER };
enum { LIST_OWNER, LIST_ABOVE };

static void
add_row(struct admin_work *work, const struct sender *sender,
    struct text *rows)
{
	pack_slice(rows, slice_str(sender->name));
	pack_slice(rows, slice_str(sender_wish_word(sender->wish)));
	pack_i64(rows, sender->since_utc_ms);
	work->rows++;
}

/* UNSAID takes it off the list. */
static enum admin_status
change(struct policy *policy, struct admin_work *work, enum sender_wish wish,
    struct text *rows)
{
	struct policy_account owner;
	struct sender sender = { .wish = wish };
	int r = admin_find_owner(policy, work, SENDER_OWNER, &owner);

	if (r < 0)
		return admin_status_of(r);
	r = wish == SENDER_UNSAID ? policy_sender_remove(policy, owner.id,
	    work->args[SENDER_NAME], &sender) :
	    policy_sender_set(policy, owner.id, work->args[SENDER_NAME], wish,
	    work->now_utc_ms, &sender);
	if (r < 0) {
		work->field = SENDER_NAME;
		return admin_status_of(r);
	}
	work->senders_changed = true;
	add_row(work, &sender, rows);
	return ADMIN_OK;
}

enum admin_status
admin_sender_allow(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	return change(policy, work, SENDER_ALLOWED, rows);
}

enum admin_status
admin_sender_block(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	return change(policy, work, SENDER_BLOCKED, rows);
}

enum admin_status
admin_sender_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	return change(policy, work, SENDER_UNSAID, rows);
}

struct listing {
	struct admin_work	*work;
	struct text		*rows;
};

/* Ends with a full page. */
static int
add_listed(void *arg, const struct sender *sender)
{
	struct listing *listing = arg;

	if (listing->work->rows == ADMIN_SENDER_PAGE)
		return 1;
	add_row(listing->work, sender, listing->rows);
	return 0;
}

enum admin_status
admin_sender_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows };
	struct policy_account owner;
	int r = admin_find_owner(policy, work, LIST_OWNER, &owner);

	if (r == 0)
		r = policy_sender_each(policy, owner.id,
		    work->given[LIST_ABOVE] ? work->args[LIST_ABOVE] :
		    slice_of(NULL, 0), add_listed, &listing);
	return admin_status_of(r > 0 ? 0 : r);
}
