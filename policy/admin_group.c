/*
 * admin_group.c - the keeper's answers about aliases and lists
 */
#include "policy/admin_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/groups_inside.h"
#include "policy/words.h"

/* In the rows of aliases and lists (admin.c). */
enum { ARG_ADDRESS, ARG_TARGETS, ARG_MORE, ARG_LESS, ARG_POST, ARG_OWNER };
enum { LIST_ABOVE, LIST_ABOVE_TARGET };

#define WORDS_BYTES	(GROUP_MEMBERS_MOST * ADDRESS_SIZE)

/* The rows of a group, one for each target. */

struct listing {
	struct policy		*policy;
	struct admin_work	*work;
	struct text		*rows;
	enum group_kind		 kind;
	uint64_t		 only;	/* this group; 0: all */
};

static int
add_owner(struct listing *listing, const struct group *group)
{
	struct policy_account owner = { .address = "" };
	int r = group->owner == 0 ? -ENOENT : policy_account_get(
	    listing->policy, group->owner, &owner);

	if (r < 0 && r != -ENOENT)
		return r;
	pack_slice(listing->rows, slice_str(group_post_word(group->post)));
	pack_slice(listing->rows, slice_str(r == 0 ? owner.address :
	    "postmaster"));
	return 0;
}

/* Ends with a full page. */
static int
add_row(void *arg, const struct group *group, struct slice target)
{
	struct listing *listing = arg;
	int r = 0;

	if (listing->only != 0 && group->id != listing->only)
		return 1;
	if (listing->work->rows == (listing->only != 0 ? ADMIN_ROWS :
	    ADMIN_SENDER_PAGE))
		return 1;
	pack_slice(listing->rows, slice_str(group->address));
	pack_slice(listing->rows, target);
	if (listing->kind == GROUP_LIST)
		r = add_owner(listing, group);
	pack_i64(listing->rows, group->created_utc_ms);
	listing->work->rows++;
	return r;
}

static enum admin_status
show_group(struct policy *policy, struct admin_work *work,
    const struct group *group, struct text *rows)
{
	struct listing listing = { policy, work, rows, group->kind, group->id };
	/* what stands before it in its alphabet: no address ends in "@" */
	int r = policy_group_each(policy, group->kind,
	    slice_str(group->address), slice_of("", 0), add_row, &listing);

	return admin_status_of(r > 0 ? 0 : r);
}

static enum admin_status
list(struct policy *policy, struct admin_work *work, enum group_kind kind,
    struct text *rows)
{
	struct listing listing = { policy, work, rows, kind, 0 };
	struct slice above = slice_of("", 0), target = above;
	int r;

	if (work->given[LIST_ABOVE])
		above = work->args[LIST_ABOVE];
	if (work->given[LIST_ABOVE_TARGET])
		target = work->args[LIST_ABOVE_TARGET];
	r = policy_group_each(policy, kind, above, target, add_row, &listing);
	return admin_status_of(r > 0 ? 0 : r);
}

/* Words */

/* Addresses with blanks or commas between them. */
struct words {
	struct slice	*at;
	size_t		 count;
};

/* Add those of `text`.  0 or -EDQUOT. */
static int
add_words(struct words *words, struct slice text)
{
	struct slice word;

	while (words_next(&text, &word)) {
		if (words->count == GROUP_MEMBERS_MOST)
			return -EDQUOT;
		words->at[words->count++] = word;
	}
	return 0;
}

static int
add_present(struct policy *policy, const struct group *group,
    struct words *words, struct text *kept)
{
	struct unpack u;
	int r = policy_group_targets(policy, group->id, kept);

	u = unpack_of(text_slice(kept));
	while (r == 0 && u.rest.len > 0 && !u.bad)
		r = add_words(words, unpack_slice(&u));
	return r;
}

/* Take these off; one that is not there is -ENOENT. */
static int
leave_out(struct words *words, struct slice text)
{
	struct slice gone[GROUP_MEMBERS_MOST];
	struct words less = { gone, 0 };
	int r = add_words(&less, text);

	for (size_t i = 0; r == 0 && i < less.count; i++) {
		size_t k = 0;

		while (k < words->count &&
		    !slice_is_nocase(words->at[k], less.at[i]))
			k++;
		if (k == words->count)
			return -ENOENT;
		words->at[k] = words->at[--words->count];
	}
	return r;
}

/* The targets that are meant: those that are said, or changes of what is there. */
static int
read_targets(struct policy *policy, struct admin_work *work,
    const struct group *present, struct words *words, struct text *kept)
{
	int r = 0;

	if (work->given[ARG_TARGETS])
		r = add_words(words, work->args[ARG_TARGETS]);
	else if (present != NULL)
		r = add_present(policy, present, words, kept);
	work->field = ARG_TARGETS;
	if (r == 0 && work->given[ARG_MORE]) {
		work->field = ARG_MORE;
		r = add_words(words, work->args[ARG_MORE]);
	}
	if (r == 0 && work->given[ARG_LESS]) {
		work->field = ARG_LESS;
		r = leave_out(words, work->args[ARG_LESS]);
	}
	if (r == 0)
		work->field = ADMIN_NO_FIELD;
	return r;
}

/* Changes */

/* Who may write to it and who looks after it, where that is said. */
static int
read_list(struct policy *policy, struct admin_work *work,
    struct group_change *change, enum group_post *post, uint64_t *owner)
{
	struct policy_account account;
	int r;

	if (work->given[ARG_POST]) {
		*post = group_post_read(work->args[ARG_POST]);
		work->field = ARG_POST;
		if (*post == POST_COUNT)
			return -EINVAL;
		change->post = post;
	}
	if (work->given[ARG_OWNER]) {
		work->field = ARG_OWNER;
		r = policy_account_find(policy, work->args[ARG_OWNER],
		    &account);
		if (r < 0)
			return r;
		*owner = account.id;
		change->owner = owner;
	}
	work->field = ADMIN_NO_FIELD;
	return 0;
}

/* Which argument the store has found wrong, if any. */
static int
fault(struct admin_work *work, int r, size_t bad)
{
	if (r == -ELOOP || r == -EDQUOT || bad != SIZE_MAX)
		work->field = work->given[ARG_TARGETS] ? ARG_TARGETS :
		    ARG_MORE;
	else if (r < 0)
		work->field = ARG_ADDRESS;
	return r;
}

static int
add(struct policy *policy, struct admin_work *work, enum group_kind kind,
    struct words *words, struct group *group)
{
	struct group_change change = { .target_count = 0 };
	struct group wanted = { .kind = kind, .post = POST_MEMBERS };
	size_t bad = SIZE_MAX;
	int r;

	if (!admin_copy(work, ARG_ADDRESS, wanted.address,
	    sizeof(wanted.address)))
		return -EINVAL;
	r = read_targets(policy, work, NULL, words, NULL);
	if (r == 0)
		r = read_list(policy, work, &change, &wanted.post,
		    &wanted.owner);
	if (r < 0)
		return r;
	r = policy_group_add(policy, &wanted, words->at, words->count,
	    work->now_utc_ms, group, &bad);
	return fault(work, r, bad);
}

static int
set(struct policy *policy, struct admin_work *work, enum group_kind kind,
    struct words *words, struct group *group)
{
	TEXT_AUTO kept = TEXT_INIT(WORDS_BYTES);
	struct group_change change = { .target_count = 0 };
	enum group_post post;
	uint64_t owner;
	size_t bad = SIZE_MAX;
	int r = policy_group_find(policy, kind, work->args[ARG_ADDRESS],
	    group);

	if (r < 0) {
		work->field = ARG_ADDRESS;
		return r;
	}
	r = read_targets(policy, work, group, words, &kept);
	if (r == 0)
		r = read_list(policy, work, &change, &post, &owner);
	if (r < 0)
		return r;
	change.targets = words->at;
	change.target_count = words->count;
	r = policy_group_set(policy, group->id, &change, &bad);
	r = fault(work, r, bad);
	return r < 0 ? r : policy_group_get(policy, group->id, group);
}

typedef int change_fn(struct policy *, struct admin_work *, enum group_kind,
    struct words *, struct group *);

static enum admin_status
change(struct policy *policy, struct admin_work *work, enum group_kind kind,
    change_fn *fn, struct text *rows)
{
	struct words words = { calloc(GROUP_MEMBERS_MOST,
	    sizeof(struct slice)), 0 };
	struct group group;
	int r = words.at == NULL ? -ENOMEM :
	    fn(policy, work, kind, &words, &group);

	free(words.at);
	return r < 0 ? admin_status_of(r) :
	    show_group(policy, work, &group, rows);
}

static enum admin_status
remove_group(struct policy *policy, struct admin_work *work,
    enum group_kind kind, struct text *rows)
{
	struct group group;
	int r = policy_group_find(policy, kind, work->args[ARG_ADDRESS],
	    &group);
	enum admin_status status;

	if (r < 0) {
		work->field = ARG_ADDRESS;
		return admin_status_of(r);
	}
	status = show_group(policy, work, &group, rows);
	return status != ADMIN_OK ? status :
	    admin_status_of(policy_group_remove(policy, group.id));
}

enum admin_status
admin_alias_add(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	return change(policy, work, GROUP_ALIAS, add, rows);
}

enum admin_status
admin_alias_set(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	return change(policy, work, GROUP_ALIAS, set, rows);
}

enum admin_status
admin_alias_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	return remove_group(policy, work, GROUP_ALIAS, rows);
}

enum admin_status
admin_alias_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	return list(policy, work, GROUP_ALIAS, rows);
}

enum admin_status
admin_list_add(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	return change(policy, work, GROUP_LIST, add, rows);
}

enum admin_status
admin_list_set(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	return change(policy, work, GROUP_LIST, set, rows);
}

enum admin_status
admin_list_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	return remove_group(policy, work, GROUP_LIST, rows);
}

enum admin_status
admin_list_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	return list(policy, work, GROUP_LIST, rows);
}
