/*
 * group_expand.c - everybody who is to get a message, each of them once
 *
 * Who is named comes first, then what is behind the groups.  A message that has
 * been here before (its header says so: Delivered-To, List-Id) goes to who looks
 * after that address, and no further: nothing goes round twice.
 */
#include "policy/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/message/envelope.h"
#include "lib/message/path.h"
#include "policy/forwards.h"
#include "policy/groups_inside.h"
#include "policy/srs.h"
#include "policy/tables.h"

#define TARGETS_BYTES	(GROUP_MEMBERS_MOST * (ADDRESS_SIZE + 4))
#define SEEN_BYTES	(EXPAND_MOST * ADDRESS_SIZE)

struct expansion {
	struct policy	*policy;
	const struct seal_key *key;
	const struct expand_ask *ask;
	int64_t		 now_utc_ms;
	struct text	*answer;
	unsigned	 count;
	uint64_t	 accounts[EXPAND_MOST];	/* that have a copy */
	unsigned	 account_count;
	struct text	 elsewhere;	/* the same; slices */
	struct groups_seen groups;	/* whose targets have one, or will */
};

/* By which way it comes to whoever is found next. */
struct way {
	uint32_t	 from;
	uint8_t		 by;
	const char	*via;		/* address of the group */
	unsigned	 depth;
};

static int	add_group(struct expansion *, uint64_t number,
		    const struct way *);

/* The answer */

static int
add(struct expansion *x, const struct expanded *one)
{
	if (x->count++ == EXPAND_MOST)
		return -E2BIG;
	expanded_pack(x->answer, one);
	return text_failed(x->answer) ? -E2BIG : 0;
}

/* True, once. */
static bool
is_new_account(struct expansion *x, uint64_t account)
{
	for (unsigned i = 0; i < x->account_count; i++)
		if (x->accounts[i] == account)
			return false;
	if (x->account_count < EXPAND_MOST)
		x->accounts[x->account_count++] = account;
	return true;
}

static bool
is_new_address(struct expansion *x, struct slice address)
{
	struct unpack u = unpack_of(text_slice(&x->elsewhere));

	while (u.rest.len > 0 && !u.bad)
		if (slice_is_nocase(unpack_slice(&u), address))
			return false;
	pack_slice(&x->elsewhere, address);
	return true;
}

/* Does the header say that it has come by this address before? */
static bool
is_traced(const struct expansion *x, const char *address)
{
	TEXT_AUTO id = TEXT_INIT(ADDRESS_SIZE);

	/* RFC 2919 3: team@office.test is <team.office.test> */
	for (const char *at = address; *at != '\0'; at++)
		text_add_byte(&id, *at == '@' ? '.' : *at);
	for (size_t i = 0; i < x->ask->trace_count; i++) {
		struct slice trace = x->ask->traces[i];

		if (slice_is_nocase(trace, slice_str(address)) ||
		    slice_is_nocase(trace, text_slice(&id)))
			return true;
	}
	return false;
}

/* Elsewhere */

static struct slice
domain_of(struct slice address)
{
	return slice_after(address, slice_find_last(address, '@') + 1);
}

/*
 * As whom it leaves, if not as its sender: a list hears itself of what becomes of
 * its post; a sender of another domain is rewritten (srs.h), and where that cannot
 * be, the postmaster hears of it.
 */
static int
write_sender(const struct expansion *x, const struct way *way,
    struct text *sender)
{
	struct slice via = slice_str(way->via), domain = domain_of(via);
	enum whose whose;
	uint64_t account;
	int r;

	if ((way->by & RECIPIENT_BY_LIST) != 0) {
		text_add(sender, slice_first(via, slice_find_last(via, '@')));
		text_add_str(sender, "-bounces@");
		text_add(sender, domain);
		return 0;
	}
	if (x->ask->sender.len == 0 || domain.len == via.len)
		return 0;
	r = policy_whose(x->policy, x->ask->sender, &whose, &account);
	if (r < 0 || whose != WHOSE_FOREIGN)
		return r < 0 && r != -EINVAL ? r : 0;
	r = srs_forward(x->key, x->ask->sender, domain, x->now_utc_ms,
	    sender);
	if (r == -EINVAL || r == -E2BIG) {
		text_clear(sender);
		text_add_str(sender, "postmaster@");
		text_add(sender, domain);
		r = 0;
	}
	return r;
}

static int
add_elsewhere(struct expansion *x, struct slice address,
    const struct way *way, uint64_t on_behalf)
{
	TEXT_AUTO sender = TEXT_INIT(ADDRESS_SIZE * 2);
	struct expanded one = { .from = way->from, .address = address,
	    .by = way->by | RECIPIENT_VIA | RECIPIENT_SENT_ON,
	    .via = slice_str(way->via), .on_behalf = on_behalf };
	int r;

	if (!is_new_address(x, address))
		return 0;
	r = write_sender(x, way, &sender);
	one.sender = text_slice(&sender);
	return r < 0 ? r : text_failed(&sender) ? -E2BIG : add(x, &one);
}

/* Accounts */

/* A copy for an account that came by `way`; NULL: it was named, as `address`. */
static int
add_copy(struct expansion *x, uint64_t account, struct slice address,
    const struct way *way)
{
	TEXT_AUTO sender = TEXT_INIT(ADDRESS_SIZE * 2);
	struct expanded one = { .from = way->from, .account = account,
	    .address = address };
	int r = 0;

	if (way->via != NULL) {
		one.by = way->by | RECIPIENT_VIA;
		one.via = slice_str(way->via);
	}
	if ((way->by & RECIPIENT_BY_LIST) != 0)
		r = write_sender(x, way, &sender);
	one.sender = text_slice(&sender);
	return r < 0 ? r : text_failed(&sender) ? -E2BIG : add(x, &one);
}

/*
 * What is deleted at the provider stands for a copy in some mailbox.  And whoever
 * has set this forward with a stolen password hides nothing that the hub has to
 * say.
 */
static bool
stays(const struct expansion *x, const struct forward *forward)
{
	return forward->keep || x->ask->is_fetched ||
	    (x->ask->is_own && forward->by_owner);
}

/* Once; and on to where they have their mail sent. */
static int
add_account(struct expansion *x, uint64_t account, struct slice named,
    const struct way *way)
{
	struct policy_account who;
	struct forward forward;
	struct way on = *way;
	int r;

	if (!is_new_account(x, account))
		return 0;
	r = policy_account_get(x->policy, account, &who);
	if (r == -ENOENT)
		/* removed a moment ago: the mailbox role knows what to do */
		return way->via == NULL ? add_copy(x, account, named, way) : 0;
	if (r == 0)
		r = policy_forward_get(x->policy, account, &forward);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT || is_traced(x, who.address))
		return add_copy(x, account, way->via == NULL ? named :
		    slice_str(who.address), way);
	if (on.via == NULL)
		on.via = who.address;
	r = add_elsewhere(x, slice_str(forward.target), &on, account);
	return r < 0 || !stays(x, &forward) ? r : add_copy(x, account,
	    way->via == NULL ? named : slice_str(who.address), way);
}

/* Whoever looks after an address gets what goes no further. */
static int
add_keeper_of(struct expansion *x, const struct group *group,
    const struct way *way)
{
	struct policy_account who;
	struct way plain = *way;
	uint64_t account = 0;
	int r = -ENOENT;

	plain.by = 0;
	plain.via = group->address;
	if (group->owner != 0)
		r = policy_account_get(x->policy, group->owner, &who);
	if (r == 0)
		account = group->owner;
	else if (r == -ENOENT)
		r = policy_postmaster(x->policy, &account);
	return r < 0 ? r : add_account(x, account, slice_of(NULL, 0), &plain);
}

/* Groups */

/* It goes no further, but nobody is left out and nobody told. */
static int
add_too_deep(struct expansion *x, uint64_t number, const struct way *way)
{
	struct group group;
	int r = policy_group_get(x->policy, number & ~ACCOUNT_NOBODYS,
	    &group);

	return r == 0 ? add_keeper_of(x, &group, way) : r == -ENOENT ? 0 : r;
}

static int
add_target(struct expansion *x, struct slice target, const struct way *way)
{
	enum whose whose;
	uint64_t account;
	int r = policy_whose(x->policy, target, &whose, &account);

	if (r < 0 || whose == WHOSE_UNKNOWN)
		return r;
	if (whose == WHOSE_FOREIGN || whose == WHOSE_SHARED)
		return add_elsewhere(x, target, way, 0);
	if ((account & ACCOUNT_GROUP) == 0)
		return add_account(x, account, slice_of(NULL, 0), way);
	return way->depth == GROUP_DEPTH ? add_too_deep(x, account, way) :
	    add_group(x, account, way);
}

static int
add_targets(struct expansion *x, const struct group *group,
    const struct way *way)
{
	TEXT_AUTO targets = TEXT_INIT(TARGETS_BYTES);
	struct unpack u;
	int r = policy_group_targets(x->policy, group->id, &targets);

	u = unpack_of(text_slice(&targets));
	while (r == 0 && u.rest.len > 0 && !u.bad)
		r = add_target(x, unpack_slice(&u), way);
	return r;
}

/* What may go on to those behind it; what is a list's post may go to its members. */
static int
may_go_on(const struct expansion *x, const struct group *group,
    const struct way *way, bool *may_out)
{
	*may_out = !is_traced(x, group->address);
	if (!*may_out || group->kind != GROUP_LIST || x->ask->is_own ||
	    (way->by & RECIPIENT_BY_LIST) != 0)
		return 0;
	return policy_may_post(x->policy, group, x->ask->sender_account,
	    x->ask->sender, may_out);
}

static int
add_group(struct expansion *x, uint64_t number, const struct way *way)
{
	struct way on = { .from = way->from, .by = way->by, .via = way->via,
	    .depth = way->depth + 1 };
	struct group group;
	bool may = false;
	int r = policy_group_get(x->policy, number & ~ACCOUNT_NOBODYS,
	    &group);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = may_go_on(x, &group, way, &may);
	if (r < 0)
		return r;
	if (!may)
		return add_keeper_of(x, &group, way);
	/* what is behind an alias on a list gets that list's post */
	if (group.kind == GROUP_LIST || on.via == NULL) {
		on.via = group.address;
		on.by = group.kind == GROUP_LIST ? RECIPIENT_BY_LIST : 0;
	}
	/* by a second way nobody is found who has no copy */
	if (groups_were_seen(&x->groups, group.id, on.depth,
	    (on.by & RECIPIENT_BY_LIST) != 0))
		return 0;
	return add_targets(x, &group, &on);
}

static int
add_postmaster_by(struct expansion *x, const struct way *way)
{
	uint64_t account = 0;
	int r = policy_postmaster(x->policy, &account);

	return r < 0 ? r : add_account(x, account,
	    x->ask->recipients[0].address, way);
}

/*
 * A bounce of what was sent on goes back to who had sent it; once, for who that is
 * may have all his mail sent to this address.
 */
static int
add_bounce(struct expansion *x, const struct expand_asked *asked,
    uint32_t from)
{
	TEXT_AUTO address = TEXT_INIT(ADDRESS_SIZE);
	TEXT_AUTO via = TEXT_INIT(ADDRESS_SIZE);
	struct way way = { .from = from };
	int r = srs_reverse(x->key, slice_first(asked->address,
	    slice_find_last(asked->address, '@')), x->now_utc_ms, &address);

	/* it was right a moment ago, when the door asked */
	if (r < 0)
		return r == -ENOENT || r == -EBADMSG || r == -ESTALE ? 0 : r;
	text_add(&via, asked->address);
	text_add_byte(&via, '\0');
	if (text_failed(&via))
		return -E2BIG;
	way.via = via.at;
	return is_traced(x, via.at) ? add_postmaster_by(x, &way) :
	    add_target(x, text_slice(&address), &way);
}

/* All of it */

/*
 * One behind which too many stand is as one that is too deep: groups below it have
 * grown since it was made.
 */
static int
add_asked_group(struct expansion *x, uint64_t number, const struct way *way)
{
	struct expansion before = *x;
	size_t bytes = x->answer->len;
	int r = add_group(x, number, way);

	if (r != -E2BIG)
		return r;
	/* as it was, but for memory that has moved */
	before.elsewhere.at = x->elsewhere.at;
	before.elsewhere.size = x->elsewhere.size;
	*x = before;
	x->answer->len = bytes;
	x->answer->failed = false;
	return add_too_deep(x, number, way);
}

static int
add_asked(struct expansion *x, uint32_t i)
{
	const struct expand_asked *asked = &x->ask->recipients[i];
	const struct way way = { .from = i };

	if ((asked->account & ACCOUNT_GROUP) != 0)
		return add_asked_group(x, asked->account, &way);
	if ((asked->account & ACCOUNT_BOUNCE) != 0)
		return add_bounce(x, asked, i);
	if (asked->account != 0)
		return add_account(x, asked->account, asked->address, &way);
	return !is_new_address(x, asked->address) ? 0 :
	    add(x, &(struct expanded){ .from = i, .address = asked->address });
}

static int
add_postmaster(struct expansion *x)
{
	const struct way way = { .via = NULL };

	return add_postmaster_by(x, &way);
}

int
policy_expand(struct policy *p, const struct seal_key *key,
    const struct expand_ask *ask, int64_t now_utc_ms, struct text *answer)
{
	struct expansion *x = calloc(1, sizeof(*x));
	int r = 0;

	if (x == NULL)
		return -ENOMEM;
	x->policy = p;
	x->key = key;
	x->ask = ask;
	x->now_utc_ms = now_utc_ms;
	x->answer = answer;
	x->elsewhere.limit = SEEN_BYTES;
	/* who is named gets it as it is, whatever lists they are on */
	for (int named = 1; named >= 0; named--)
		for (uint32_t i = 0; r == 0 && i < ask->recipient_count; i++)
			if (((ask->recipients[i].account &
			    ACCOUNT_NOBODYS) == 0) == named)
				r = add_asked(x, i);
	/* nobody is behind it any more, or nobody here: it is not lost */
	if (r == 0 && (x->count == 0 ||
	    (ask->is_fetched && x->account_count == 0)))
		r = add_postmaster(x);
	text_free(&x->elsewhere);
	free(x);
	return r;
}

/* Who may write to a list */

/* Do they stand on it, under this address? */
static int
is_target(struct policy *p, const struct group *group, struct slice address,
    uint64_t account, bool *is_out)
{
	TEXT_AUTO targets = TEXT_INIT(TARGETS_BYTES);
	struct unpack u;
	int r = policy_group_targets(p, group->id, &targets);

	*is_out = false;
	u = unpack_of(text_slice(&targets));
	while (r == 0 && !*is_out && u.rest.len > 0 && !u.bad) {
		struct slice target = unpack_slice(&u);
		enum whose whose;
		uint64_t number = 0;

		r = policy_whose(p, target, &whose, &number);
		if (r < 0)
			return r;
		if ((number & ACCOUNT_GROUP) != 0 && account != 0)
			r = policy_group_has(p, number & ~ACCOUNT_NOBODYS,
			    account, is_out);
		else if (whose == WHOSE_FOREIGN || whose == WHOSE_SHARED)
			*is_out = slice_is_nocase(target, address);
		else
			*is_out = account != 0 && number == account;
	}
	return r;
}

int
policy_may_post(struct policy *p, const struct group *group,
    uint64_t sender_account, struct slice sender, bool *may_out)
{
	/* RFC 5321 6.1: what has no sender is a notice, and no post */
	if (sender.len == 0)
		*may_out = false;
	else if (group->post == POST_ANYONE)
		*may_out = true;
	else if (group->post == POST_OFFICE && sender_account != 0)
		*may_out = true;
	else
		return is_target(p, group, sender, sender_account, may_out);
	return 0;
}

/* As bytes */

void
expand_ask_pack(struct text *text, const struct expand_ask *ask)
{
	pack_u64(text, ask->sender_account);
	pack_u8(text, ask->is_own);
	pack_u8(text, ask->is_fetched);
	pack_slice(text, ask->sender);
	pack_u32(text, (uint32_t)ask->trace_count);
	for (size_t i = 0; i < ask->trace_count; i++)
		pack_slice(text, ask->traces[i]);
	pack_u32(text, (uint32_t)ask->recipient_count);
	for (size_t i = 0; i < ask->recipient_count; i++) {
		pack_u64(text, ask->recipients[i].account);
		pack_slice(text, ask->recipients[i].address);
	}
}

int
expand_ask_unpack(struct slice packed, struct expand_asked *recipients,
    struct expand_ask *ask_out)
{
	struct unpack u = unpack_of(packed);
	struct expand_ask ask = { .recipients = recipients };

	ask.sender_account = unpack_u64(&u);
	ask.is_own = unpack_bool(&u);
	ask.is_fetched = unpack_bool(&u);
	ask.sender = unpack_slice(&u);
	ask.trace_count = unpack_u32(&u);
	if (ask.trace_count > EXPAND_TRACES)
		return -EBADMSG;
	for (size_t i = 0; i < ask.trace_count; i++)
		ask.traces[i] = unpack_slice(&u);
	ask.recipient_count = unpack_u32(&u);
	if (u.bad || ask.recipient_count == 0 ||
	    ask.recipient_count > EXPAND_ASKED)
		return -EBADMSG;
	for (size_t i = 0; i < ask.recipient_count; i++) {
		recipients[i].account = unpack_u64(&u);
		recipients[i].address = unpack_slice(&u);
		if (recipients[i].account > INT64_MAX)
			return -EBADMSG;
	}
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*ask_out = ask;
	return 0;
}

void
expanded_pack(struct text *text, const struct expanded *one)
{
	pack_u32(text, one->from);
	pack_u64(text, one->account);
	pack_slice(text, one->address);
	pack_u8(text, one->by);
	pack_slice(text, one->via);
	pack_slice(text, one->sender);
	pack_u64(text, one->on_behalf);
}

bool
expanded_unpack(struct unpack *u, struct expanded *out)
{
	if (u->rest.len == 0)
		return false;
	out->from = unpack_u32(u);
	out->account = unpack_u64(u);
	out->address = unpack_slice(u);
	out->by = unpack_u8(u);
	out->via = unpack_slice(u);
	out->sender = unpack_slice(u);
	out->on_behalf = unpack_u64(u);
	if ((out->by & ~RECIPIENT_BY_ALL) != 0 || out->address.len == 0 ||
	    (out->account & ACCOUNT_NOBODYS) != 0 ||
	    out->account > INT64_MAX || out->on_behalf > INT64_MAX)
		u->bad = true;
	return !u->bad;
}
