/*
 * admin_account.c - the keeper's answers to account add, list, set, remove
 */
#include "policy/admin_inside.h"

#include <errno.h>
#include <string.h>

enum { ARG_ADDRESS, ARG_NAME, ARG_LANGUAGE, ARG_PASSWORD, ARG_FETCH,
    ARG_RECALL, ARG_FORWARDS };

static const char *const fetch_words[ACCOUNT_FETCH_COUNT] = {
	[ACCOUNT_FETCH_DEFAULT] = "default",
	[ACCOUNT_FETCH_YES] = "yes",
	[ACCOUNT_FETCH_NO] = "no",
};

/* Add ACCOUNT_ROW. */
static void
account_row(struct admin_work *work, const struct policy_account *a,
    struct text *rows)
{
	pack_u64(rows, a->id);
	pack_slice(rows, slice_str(a->address));
	pack_slice(rows, slice_str(a->name));
	pack_slice(rows, slice_str(a->language));
	pack_slice(rows, slice_str(fetch_words[a->fetch]));
	pack_u64(rows, a->recall_minutes);
	pack_slice(rows, slice_str(a->may_forward ? "yes" : "no"));
	pack_i64(rows, a->created_utc_ms);
	work->rows++;
}

/* Which argument a refused account has wrong. */
static unsigned
unfit_field(const struct policy_account *a)
{
	if (strcmp(a->language, "en") != 0 && strcmp(a->language, "id") != 0)
		return ARG_LANGUAGE;
	for (const char *at = a->name; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return ARG_NAME;
	return slice_is_utf8(slice_str(a->name)) ? ARG_ADDRESS : ARG_NAME;
}

/* Read what is said of a new account.  false: that is no such thing. */
static bool
read_new(struct admin_work *work, struct policy_account *a)
{
	*a = (struct policy_account){ .language = "en" };
	return admin_copy(work, ARG_ADDRESS, a->address, sizeof(a->address)) &&
	    admin_copy(work, ARG_NAME, a->name, sizeof(a->name)) &&
	    admin_copy(work, ARG_LANGUAGE, a->language, sizeof(a->language));
}

/* It was made, or why not. */
static enum admin_status
added(struct admin_work *work, int r, const struct policy_account *a,
    struct text *rows)
{
	if (r == -EINVAL)
		work->field = unfit_field(a);
	else if (r == -ENOENT || r == -EEXIST)
		work->field = ARG_ADDRESS;
	if (r == 0)
		account_row(work, a, rows);
	return admin_status_of(r);
}

enum admin_status
admin_account_add(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct policy_account a;
	int r;

	if (!read_new(work, &a))
		return ADMIN_UNFIT;
	if (!work->has_secret)
		return ADMIN_FAILED;
	r = policy_account_add(policy, &a, &work->secret, work->now_utc_ms, &a);
	return added(work, r, &a, rows);
}

enum admin_status
admin_public_add(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct policy_account a;
	int r;

	if (!read_new(work, &a))
		return ADMIN_UNFIT;
	r = policy_public_add(policy, &a, work->now_utc_ms, &a);
	return added(work, r, &a, rows);
}

struct listing {
	struct admin_work	*work;
	struct text		*rows;
};

static int
list_one(void *arg, const struct policy_account *a)
{
	struct listing *listing = arg;

	if (listing->work->rows == ADMIN_ROWS)
		return -E2BIG;
	account_row(listing->work, a, listing->rows);
	return 0;
}

enum admin_status
admin_account_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows };

	return admin_status_of(policy_account_each(policy, list_one, &listing));
}

/* ACCOUNT_FETCH_COUNT: it is none of the words. */
static enum account_fetch
fetch_read(struct slice word)
{
	unsigned fetch = 0;

	while (fetch < ACCOUNT_FETCH_COUNT &&
	    !slice_is_word(word, fetch_words[fetch]))
		fetch++;
	return (enum account_fetch)fetch;
}

/* What this person may do.  false: one of the words is not what it must be. */
static bool
read_rights(struct admin_work *work, struct policy_account *wanted,
    struct policy_change *change)
{
	uint64_t minutes;

	if (work->given[ARG_FETCH]) {
		wanted->fetch = fetch_read(work->args[ARG_FETCH]);
		work->field = ARG_FETCH;
		if (wanted->fetch == ACCOUNT_FETCH_COUNT)
			return false;
		change->fetch = &wanted->fetch;
	}
	if (work->given[ARG_RECALL]) {
		work->field = ARG_RECALL;
		if (slice_u64(work->args[ARG_RECALL], RECALL_MINUTES_MOST,
		    &minutes) < 0)
			return false;
		wanted->recall_minutes = (unsigned)minutes;
		change->recall_minutes = &wanted->recall_minutes;
	}
	if (work->given[ARG_FORWARDS]) {
		wanted->may_forward = slice_is_word(work->args[ARG_FORWARDS],
		    "yes");
		work->field = ARG_FORWARDS;
		if (!wanted->may_forward &&
		    !slice_is_word(work->args[ARG_FORWARDS], "no"))
			return false;
		change->may_forward = &wanted->may_forward;
	}
	work->field = ADMIN_NO_FIELD;
	return true;
}

enum admin_status
admin_account_set(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct policy_account a, wanted = { .language = "en" };
	struct policy_change change = { 0 };
	int r = policy_account_find(policy, work->args[ARG_ADDRESS], &a);

	if (r < 0) {
		work->field = ARG_ADDRESS;
		return admin_status_of(r);
	}
	if (!admin_copy(work, ARG_NAME, wanted.name, sizeof(wanted.name)) ||
	    !admin_copy(work, ARG_LANGUAGE, wanted.language,
	    sizeof(wanted.language)))
		return ADMIN_UNFIT;
	if (work->given[ARG_NAME])
		change.name = wanted.name;
	if (work->given[ARG_LANGUAGE])
		change.language = wanted.language;
	if (work->has_secret)
		change.secret = &work->secret;
	if (!read_rights(work, &wanted, &change))
		return ADMIN_UNFIT;
	r = policy_account_set(policy, a.id, &change);
	if (r == -EINVAL)
		work->field = unfit_field(&wanted);
	if (r == 0)
		r = policy_account_get(policy, a.id, &a);
	if (r == 0 && change.may_forward != NULL && !a.may_forward) {
		work->senders_changed = true;
		work->forward_of = a.id;
	}
	if (r == 0)
		account_row(work, &a, rows);
	return admin_status_of(r);
}

enum admin_status
admin_account_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct policy_account a;
	int r = policy_account_find(policy, work->args[ARG_ADDRESS], &a);

	work->field = ARG_ADDRESS;
	if (r == 0)
		r = policy_account_remove(policy, a.id, work->now_utc_ms);
	if (r == 0) {
		account_row(work, &a, rows);
		work->field = ADMIN_NO_FIELD;
		work->fetches_changed = true;
		work->smarthosts_changed = true;
		work->devices_changed = true;
	}
	return admin_status_of(r);
}
