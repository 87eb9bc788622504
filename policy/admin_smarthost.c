/*
 * admin_smarthost.c - the keeper's answers about smarthosts (smarthosts.h)
 *
 * Each change says all of it, the password too: what is kept is never led to
 * another host.
 */
#include "policy/admin_inside.h"

#include <errno.h>
#include <string.h>

#include "policy/domains.h"
#include "policy/smarthosts.h"

/* In the rows of admin.c. */
enum { NAME, HOST, TLS, USER, PASSWORD };
enum { LIST_NAME, LIST_ABOVE };

static const char *const tls_words[SMARTHOST_TLS_COUNT] = {
	[SMARTHOST_CLEAR] = "none",
	[SMARTHOST_STARTTLS] = "starttls",
	[SMARTHOST_IMPLICIT] = "implicit",
};

static int
name_account(const struct policy_account *account,
    struct smarthost *smarthost)
{
	smarthost->account = account->id;
	return slice_cstr(slice_str(account->address), smarthost->name,
	    sizeof(smarthost->name));
}

/* A domain of ours, or an account. */
static int
find_named(struct policy *policy, struct slice name,
    struct smarthost *smarthost)
{
	struct policy_account account;
	struct policy_domain domain;
	int r = slice_find(name, '@') != SIZE_MAX ? -ENOENT :
	    policy_domain_get(policy, name, &domain);

	if (r == 0)
		return slice_cstr(slice_str(domain.name), smarthost->name,
		    sizeof(smarthost->name));
	r = policy_account_find(policy, name, &account);
	return r == 0 ? name_account(&account, smarthost) : r;
}

/* Whose it is: a person's own, whatever the argument says. */
static int
find_whose(struct policy *policy, struct admin_work *work, unsigned arg,
    struct smarthost *smarthost)
{
	struct policy_account own;
	struct smarthost named = { .account = 0 };
	int r;

	if (work->asker == 0) {
		r = work->given[arg] ? find_named(policy, work->args[arg],
		    smarthost) : -EINVAL;
		if (r < 0)
			work->field = arg;
		return r;
	}
	r = policy_account_get(policy, work->asker, &own);
	if (r == 0 && work->given[arg]) {
		r = find_named(policy, work->args[arg], &named);
		if (r == 0 && named.account != own.id)
			r = -EACCES;
	}
	if (r < 0)
		return r == -ENOENT || r == -ENOTUNIQ || r == -EINVAL ?
		    -EACCES : r;
	return name_account(&own, smarthost);
}

static void
add_row(struct admin_work *work, const struct smarthost *smarthost,
    struct text *rows)
{
	TEXT_AUTO host = TEXT_INIT(SMARTHOST_HOST_SIZE + 16);

	host_port_write(&host, smarthost->host, smarthost->port);
	pack_slice(rows, slice_str(smarthost->name));
	pack_slice(rows, text_slice(&host));
	pack_slice(rows, slice_str(tls_words[smarthost->tls]));
	pack_slice(rows, slice_str(smarthost->user));
	pack_slice(rows, slice_str(smarthost->by_owner ? "owner" :
	    "postmaster"));
	pack_i64(rows, smarthost->changed_utc_ms);
	work->rows++;
}

static int
read_tls(struct slice word, enum smarthost_tls *tls_out)
{
	for (unsigned i = 0; i < SMARTHOST_TLS_COUNT; i++)
		if (slice_is_str(word, tls_words[i])) {
			*tls_out = (enum smarthost_tls)i;
			return 0;
		}
	return -EINVAL;
}

/* The arguments; who is at fault stands in work->field. */
static int
read_all(struct admin_work *work, struct smarthost *smarthost)
{
	work->field = HOST;
	if (smarthost_host(work->args[HOST], smarthost) < 0)
		return -EINVAL;
	smarthost->tls = smarthost->port == 465 ? SMARTHOST_IMPLICIT :
	    SMARTHOST_STARTTLS;
	work->field = TLS;
	if (work->given[TLS] && read_tls(work->args[TLS],
	    &smarthost->tls) < 0)
		return -EINVAL;
	if (!admin_copy(work, USER, smarthost->user,
	    sizeof(smarthost->user)))
		return -EINVAL;
	/* a provider's host knows who it serves */
	work->field = USER;
	if (work->asker != 0 && smarthost->user[0] == '\0')
		return -EINVAL;
	work->field = ADMIN_NO_FIELD;
	return 0;
}

enum admin_status
admin_smarthost_set(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct smarthost smarthost = { .changed_utc_ms = work->now_utc_ms,
	    .by_owner = work->asker != 0 };
	int r = find_whose(policy, work, NAME, &smarthost);

	if (r == 0)
		r = read_all(work, &smarthost);
	if (r < 0)
		return admin_status_of(r);
	if (work->seal_key == NULL)
		return ADMIN_FAILED;
	r = policy_smarthost_put(policy, work->seal_key, &smarthost,
	    work->given[PASSWORD] ? work->args[PASSWORD] :
	    slice_of(NULL, 0));
	if (r == -EINVAL)
		work->field = work->given[PASSWORD] ? PASSWORD : USER;
	if (r == 0) {
		work->smarthosts_changed = true;
		add_row(work, &smarthost, rows);
	}
	return admin_status_of(r);
}

enum admin_status
admin_smarthost_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct smarthost smarthost = { .account = 0 };
	int r = find_whose(policy, work, NAME, &smarthost);

	if (r == 0)
		r = policy_smarthost_get(policy, slice_str(smarthost.name),
		    &smarthost);
	if (r == 0)
		r = policy_smarthost_remove(policy,
		    slice_str(smarthost.name));
	if (r == 0) {
		work->smarthosts_changed = true;
		add_row(work, &smarthost, rows);
	}
	return admin_status_of(r);
}

struct listing {
	struct admin_work	*work;
	struct text		*rows;
	struct slice		 above;
};

/* Ends with a full page. */
static int
add_listed(void *arg, const struct smarthost *smarthost)
{
	struct listing *listing = arg;

	if (slice_order(slice_str(smarthost->name), listing->above) <= 0)
		return 0;
	if (listing->work->rows == ADMIN_PAGE)
		return 1;
	add_row(listing->work, smarthost, listing->rows);
	return 0;
}

enum admin_status
admin_smarthost_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows, work->given[LIST_ABOVE] ?
	    work->args[LIST_ABOVE] : slice_of("", 0) };
	struct smarthost smarthost = { .account = 0 };
	int r;

	if (work->asker == 0 && !work->given[LIST_NAME]) {
		r = policy_smarthost_each(policy, add_listed, &listing);
		return admin_status_of(r > 0 ? 0 : r);
	}
	r = find_whose(policy, work, LIST_NAME, &smarthost);
	if (r == 0)
		r = policy_smarthost_get(policy, slice_str(smarthost.name),
		    &smarthost);
	if (r == 0)
		(void)add_listed(&listing, &smarthost);
	return admin_status_of(r == -ENOENT && work->asker != 0 ? 0 : r);
}
