/*
 * admin_gateway.c - the keeper's answers about gateway domains
 */
#include "policy/admin_inside.h"

#include <errno.h>
#include <string.h>

#include "policy/gateways.h"

/* In the rows of admin.c. */
enum { NAME, HOST, ASKERS, ACCOUNT, WAITS, BYTES, DAYS, RECIPIENTS };

static bool
is_given(const struct admin_work *work, unsigned arg)
{
	return work->given[arg];
}

/* "" or "none": nothing of it. */
static bool
is_none(struct slice value)
{
	return value.len == 0 || slice_is_word(value, "none");
}

static int
set_host(struct policy *policy, struct slice value, struct gateway *gateway)
{
	(void)policy;
	if (!is_none(value))
		return gateway_host(value, gateway);
	gateway->host[0] = '\0';
	return 0;
}

static int
set_askers(struct policy *policy, struct slice value, struct gateway *gateway)
{
	(void)policy;
	return gateway_askers(value, gateway);
}

static int
set_account(struct policy *policy, struct slice value,
    struct gateway *gateway)
{
	struct policy_account account = { .id = 0 };
	int r = is_none(value) ? 0 : policy_account_find(policy, value,
	    &account);

	if (r == 0)
		gateway->account = account.id;
	return r;
}

static int
set_waits(struct policy *policy, struct slice value, struct gateway *gateway)
{
	(void)policy;
	if (!slice_is_word(value, "yes") && !slice_is_word(value, "no"))
		return -EINVAL;
	gateway->waits = slice_is_word(value, "yes");
	return 0;
}

static int
set_bytes(struct policy *policy, struct slice value, struct gateway *gateway)
{
	(void)policy;
	return slice_u64(value, INT64_MAX, &gateway->bytes) < 0 ? -EINVAL : 0;
}

static int
set_days(struct policy *policy, struct slice value, struct gateway *gateway)
{
	uint64_t days;

	(void)policy;
	if (slice_u64(value, GATEWAY_DAYS_MOST, &days) < 0 || days == 0)
		return -EINVAL;
	gateway->days = (unsigned)days;
	return 0;
}

static int
set_lists(struct policy *policy, struct slice value, struct gateway *gateway)
{
	(void)policy;
	gateway->lists = !is_none(value);
	return 0;
}

static int (*const setters[])(struct policy *, struct slice,
    struct gateway *) = {
	[HOST] = set_host, [ASKERS] = set_askers, [ACCOUNT] = set_account,
	[WAITS] = set_waits, [BYTES] = set_bytes, [DAYS] = set_days,
	[RECIPIENTS] = set_lists,
};

static int
set_all(struct policy *policy, struct admin_work *work,
    struct gateway *gateway)
{
	int r = 0;

	for (unsigned i = HOST; r == 0 && i <= RECIPIENTS; i++) {
		if (!is_given(work, i))
			continue;
		r = setters[i](policy, work->args[i], gateway);
		if (r < 0)
			work->field = i;
	}
	return r;
}

/*
 * Somebody must be able to get its mail: a host that it goes to, or an account
 * that ATRN is for; and ETRN starts what goes to a host.
 */
static int
check(struct admin_work *work, const struct gateway *gateway)
{
	bool has_host = gateway->host[0] != '\0';

	work->field = HOST;
	if (!has_host && (gateway->account == 0 || !gateway->waits ||
	    gateway->nets[0] != '\0' || gateway->by_login))
		return -EINVAL;
	work->field = ACCOUNT;
	if (gateway->by_login && gateway->account == 0)
		return -EINVAL;
	work->field = ADMIN_NO_FIELD;
	return 0;
}

static void
add_row(struct policy *policy, struct admin_work *work,
    const struct gateway *gateway, uint64_t listed, struct text *rows)
{
	TEXT_AUTO host = TEXT_INIT(GATEWAY_NAME_SIZE + 16);
	TEXT_AUTO askers = TEXT_INIT(GATEWAY_NETS_SIZE + 8);
	struct policy_account account = { .id = 0 };

	gateway_host_write(&host, gateway);
	gateway_askers_write(&askers, gateway);
	if (gateway->account != 0 && policy_account_get(policy,
	    gateway->account, &account) < 0)
		account.address[0] = '\0';
	pack_slice(rows, slice_str(gateway->name));
	pack_slice(rows, text_slice(&host));
	pack_slice(rows, text_slice(&askers));
	pack_slice(rows, slice_str(account.address));
	pack_slice(rows, slice_str(gateway->waits ? "yes" : "no"));
	pack_u64(rows, gateway->bytes);
	pack_u64(rows, gateway->days);
	pack_slice(rows, slice_str(gateway->lists ? "yes" : "no"));
	pack_u64(rows, listed);
	pack_i64(rows, gateway->created_utc_ms);
	work->rows++;
}

struct listing {
	struct policy		*policy;
	struct admin_work	*work;
	struct text		*rows;
	const char		*only;		/* NULL: all of them */
};

static int
add_listed(void *arg, const struct gateway *gateway, uint64_t listed)
{
	struct listing *listing = arg;

	if (listing->only == NULL ||
	    strcmp(listing->only, gateway->name) == 0)
		add_row(listing->policy, listing->work, gateway, listed,
		    listing->rows);
	return 0;
}

static enum admin_status
put(struct policy *policy, struct admin_work *work, bool is_new,
    struct gateway *gateway, struct text *rows)
{
	struct listing listing = { policy, work, rows, gateway->name };
	const struct slice nothing = slice_of(NULL, 0);
	const struct slice *list = NULL;
	int r = set_all(policy, work, gateway);

	/* who is asked for waits, if nobody has said otherwise */
	if (r == 0 && is_new && !is_given(work, WAITS))
		gateway->waits = gateway->nets[0] != '\0' ||
		    gateway->by_login || gateway->account != 0;
	if (is_given(work, RECIPIENTS))
		list = gateway->lists ? &work->args[RECIPIENTS] : &nothing;
	if (r == 0)
		r = check(work, gateway);
	if (r == 0) {
		r = policy_gateway_put(policy, is_new, gateway, list);
		if (r < 0)
			work->field = r == -EINVAL ? RECIPIENTS : NAME;
	}
	if (r == 0) {
		work->gateways_changed = true;
		r = policy_gateway_each(policy, add_listed, &listing);
	}
	return admin_status_of(r);
}

enum admin_status
admin_gateway_add(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct gateway gateway = { .port = 25, .days = GATEWAY_DAYS,
	    .created_utc_ms = work->now_utc_ms };

	if (gateway_name(work->args[NAME], gateway.name) < 0) {
		work->field = NAME;
		return ADMIN_UNFIT;
	}
	return put(policy, work, true, &gateway, rows);
}

/* The one that is named; 0, -EINVAL, -ENOENT. */
static int
find(struct policy *policy, struct admin_work *work, struct gateway *gateway)
{
	char name[GATEWAY_NAME_SIZE];
	int r = gateway_name(work->args[NAME], name);

	if (r == 0)
		r = policy_gateway_get(policy, slice_str(name), gateway);
	if (r < 0)
		work->field = NAME;
	return r;
}

enum admin_status
admin_gateway_set(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct gateway gateway;
	int r = find(policy, work, &gateway);

	return r < 0 ? admin_status_of(r) :
	    put(policy, work, false, &gateway, rows);
}

enum admin_status
admin_gateway_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { policy, work, rows, NULL };

	return admin_status_of(policy_gateway_each(policy, add_listed,
	    &listing));
}

enum admin_status
admin_gateway_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct gateway gateway;
	int r = find(policy, work, &gateway);

	if (r == 0)
		r = policy_gateway_remove(policy, slice_str(gateway.name));
	if (r < 0)
		return admin_status_of(r);
	work->gateways_changed = true;
	add_row(policy, work, &gateway, 0, rows);
	return ADMIN_OK;
}
