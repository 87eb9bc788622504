/*
 * admin_fetch.c - the keeper's answers to fetch add, list, set, remove
 *
 * Words are turned into a struct fetch_account here; whether it is fit is for
 * fetch_accounts.c to say.
 */
#include "policy/admin_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "policy/fetch_accounts.h"
#include "policy/fetch_domains.h"
#include "policy/fetch_health.h"
#include "policy/unit.h"

enum { ARG_ADDRESS, ARG_LABEL, ARG_HOST, ARG_PORT, ARG_TLS, ARG_USER,
    ARG_MECHANISM, ARG_PASSWORD, ARG_PIN, ARG_FROM, ARG_DELETE_AFTER,
    ARG_LARGEST, ARG_ENABLED, ARG_PROTOCOL, ARG_FOLDERS, ARG_QUEUE,
    ARG_MIRROR,
    ARG_EVERY, ARG_ON_READ, ARG_RENAME };

static const char *const protocol_words[FETCH_PROTOCOL_COUNT] = {
	[FETCH_POP3] = "pop3",
	[FETCH_IMAP] = "imap",
	[FETCH_ETRN] = "etrn",
	[FETCH_ATRN] = "atrn",
};

/* What is usual; `clear` also where TLS begins later. */
static const struct {
	enum fetch_tls	tls;
	uint16_t	clear, implicit;
} usual[FETCH_PROTOCOL_COUNT] = {
	[FETCH_POP3] = { FETCH_TLS_IMPLICIT, 110, 995 },	/* RFC 8314 */
	[FETCH_IMAP] = { FETCH_TLS_IMPLICIT, 143, 993 },
	[FETCH_ETRN] = { FETCH_TLS_STARTTLS, 25, 465 },
	[FETCH_ATRN] = { FETCH_TLS_STARTTLS, 366, 366 },	/* RFC 2645 4 */
};

static const char *const tls_words[FETCH_TLS_COUNT] = {
	[FETCH_TLS_NONE] = "none",
	[FETCH_TLS_STARTTLS] = "starttls",
	[FETCH_TLS_IMPLICIT] = "implicit",
};

static const char *const mechanism_words[FETCH_MECHANISM_COUNT] = {
	[FETCH_AUTO] = "auto",
	[FETCH_PLAIN] = "plain",
	[FETCH_LOGIN] = "login",
	[FETCH_CRAM_MD5] = "cram-md5",
	[FETCH_APOP] = "apop",
	[FETCH_XOAUTH2] = "xoauth2",
	[FETCH_OAUTHBEARER] = "oauthbearer",
};

static const char *const from_words[FETCH_FROM_COUNT] = {
	[FETCH_FROM_UNSAID] = "unsaid",
	[FETCH_FROM_ALL] = "all",
	[FETCH_FROM_NEW] = "new",
	[FETCH_FROM_DAYS] = NULL,	/* their number */
};

/* Which of `words` it is. */
static bool
word_read(struct slice s, const char *const *words, unsigned count,
    unsigned *place_out)
{
	for (unsigned i = 0; i < count; i++)
		if (words[i] != NULL && slice_is_word(s, words[i])) {
			*place_out = i;
			return true;
		}
	return false;
}

/* SHA-256 in hexadecimal, as openssl shows it too: with colons. */
static bool
pin_read(struct slice s, unsigned char pin_out[FETCH_PIN_BYTES])
{
	unsigned char pin[FETCH_PIN_BYTES];
	size_t n = 0;

	while (s.len >= 2 && n < sizeof(pin)) {
		int byte;

		if (n > 0 && s.at[0] == ':')
			s = slice_after(s, 1);
		byte = slice_hex(s);
		if (byte < 0)
			return false;
		pin[n++] = (unsigned char)byte;
		s = slice_after(s, 2);
	}
	if (n < sizeof(pin) || s.len > 0)
		return false;
	memcpy(pin_out, pin, sizeof(pin));
	return true;
}

static bool
read_port(struct slice s, struct fetch_account *f)
{
	uint64_t n;

	if (slice_u64(s, UINT16_MAX, &n) < 0)
		return false;
	f->port = (uint16_t)n;
	return true;
}

static uint16_t
usual_port(const struct fetch_account *f)
{
	return f->tls == FETCH_TLS_IMPLICIT ? usual[f->protocol].implicit :
	    usual[f->protocol].clear;
}

/* A usual port follows the way of TLS it is usual for. */
static bool
read_tls(struct slice s, struct fetch_account *f)
{
	bool is_usual = f->port == usual_port(f);
	unsigned place;

	if (!word_read(s, tls_words, FETCH_TLS_COUNT, &place))
		return false;
	f->tls = (enum fetch_tls)place;
	if (is_usual)
		f->port = usual_port(f);
	return true;
}

/* And so do both the protocol. */
static bool
read_protocol(struct slice s, struct fetch_account *f)
{
	bool is_usual = f->port == usual_port(f);
	bool is_tls_usual = f->tls == usual[f->protocol].tls;
	unsigned place;

	if (!word_read(s, protocol_words, FETCH_PROTOCOL_COUNT, &place))
		return false;
	f->protocol = (enum fetch_protocol)place;
	if (is_tls_usual && is_usual)
		f->tls = usual[f->protocol].tls;
	if (is_usual)
		f->port = usual_port(f);
	return true;
}

static bool
read_mechanism(struct slice s, struct fetch_account *f)
{
	unsigned place;

	if (!word_read(s, mechanism_words, FETCH_MECHANISM_COUNT, &place))
		return false;
	f->mechanism = (enum fetch_mechanism)place;
	return true;
}

static bool
read_pin(struct slice s, struct fetch_account *f)
{
	if (slice_is_word(s, "none")) {
		f->has_pin = false;
		return true;
	}
	f->has_pin = pin_read(s, f->pin);
	return f->has_pin;
}

static bool
read_from(struct slice s, struct fetch_account *f)
{
	unsigned place;
	uint64_t days;

	f->from_days = 0;
	if (word_read(s, from_words, FETCH_FROM_COUNT, &place)) {
		f->from = (enum fetch_from)place;
		return true;
	}
	if (slice_u64(s, UINT16_MAX, &days) < 0)
		return false;
	f->from = FETCH_FROM_DAYS;
	f->from_days = (unsigned)days;
	return true;
}

static bool
read_delete_after(struct slice s, struct fetch_account *f)
{
	uint64_t days;

	if (slice_is_word(s, "keep")) {
		f->delete_after_days = FETCH_KEEP;
		return true;
	}
	if (slice_u64(s, UINT16_MAX, &days) < 0)
		return false;
	f->delete_after_days = (int)days;
	return true;
}

static bool
read_largest(struct slice s, struct fetch_account *f)
{
	return slice_u64(s, UINT64_MAX, &f->largest_bytes) == 0;
}

static bool
read_enabled(struct slice s, struct fetch_account *f)
{
	return unit_read_bool(s, &f->enabled) == 0;
}

static bool
read_mirror(struct slice s, struct fetch_account *f)
{
	return unit_read_bool(s, &f->mirror) == 0;
}

/*
 * In the order in which they must be read: protocol and way of TLS set the port.
 */
static const struct {
	unsigned	arg;
	bool		(*read)(struct slice, struct fetch_account *);
} readers[] = {
	{ ARG_PROTOCOL,		read_protocol },
	{ ARG_TLS,		read_tls },
	{ ARG_PORT,		read_port },
	{ ARG_MECHANISM,	read_mechanism },
	{ ARG_PIN,		read_pin },
	{ ARG_FROM,		read_from },
	{ ARG_DELETE_AFTER,	read_delete_after },
	{ ARG_LARGEST,		read_largest },
	{ ARG_ENABLED,		read_enabled },
	{ ARG_MIRROR,		read_mirror },
};

/* Put what is given into `f`; false: something is unfit, and is named. */
static bool
fetch_read(struct admin_work *work, struct fetch_account *f)
{
	if (!admin_copy(work, ARG_HOST, f->host, sizeof(f->host)) ||
	    !admin_copy(work, ARG_USER, f->user, sizeof(f->user)) ||
	    !admin_copy(work, ARG_FOLDERS, f->folders, sizeof(f->folders)) ||
	    !admin_copy(work, ARG_QUEUE, f->queue, sizeof(f->queue)))
		return false;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		unsigned arg = readers[i].arg;

		if (!work->given[arg] || readers[i].read(work->args[arg], f))
			continue;
		work->field = arg;
		return false;
	}
	return true;
}

/* The argument of that name; a new label has two names. */
static unsigned
arg_named(const struct admin_work *work, const char *field)
{
	const struct admin_field *args = work->request->args;

	if (field == NULL)
		return ADMIN_NO_FIELD;
	for (unsigned i = 0; args[i].name != NULL; i++)
		if (strcmp(args[i].name, field) == 0)
			return i == ARG_LABEL && work->given[ARG_RENAME] ?
			    ARG_RENAME : i;
	return ADMIN_NO_FIELD;
}

/* Add FETCH_NAME. */
static void
add_name(struct admin_work *work, const struct fetch_account *f,
    struct text *rows)
{
	pack_u64(rows, f->id);
	pack_slice(rows, slice_str(f->owner_address));
	pack_slice(rows, slice_str(f->label));
	work->rows++;
}

/* The row of one that has just been added, changed or removed. */
static void
tell_changed(struct admin_work *work, const struct fetch_account *f,
    struct text *rows)
{
	add_name(work, f, rows);
	work->fetches_changed = true;
}

/*
 * A person's own account, whatever the argument says; one that names another,
 * or nobody, is refused alike.
 */
static int
find_asker(struct policy *policy, struct admin_work *work,
    struct policy_account *owner_out)
{
	struct policy_account named;
	int r = policy_account_get(policy, work->asker, owner_out);

	if (r == 0 && work->given[ARG_ADDRESS]) {
		r = policy_account_find(policy, work->args[ARG_ADDRESS],
		    &named);
		if (r == 0 && named.id != owner_out->id)
			r = -EACCES;
	}
	return r == -ENOENT || r == -ENOTUNIQ ? -EACCES : r;
}

/* The owner that is asked for; an argument that names nobody is at fault. */
static int
find_owner(struct policy *policy, struct admin_work *work,
    struct policy_account *owner_out)
{
	int r;

	if (work->asker != 0)
		return find_asker(policy, work, owner_out);
	r = policy_account_find(policy, work->args[ARG_ADDRESS],
	    owner_out);

	if (r < 0)
		work->field = ARG_ADDRESS;
	return r;
}

/* May who asks see it at all?  1, 0 or -errno. */
static int
is_theirs(struct policy *policy, const struct admin_work *work,
    const struct fetch_account *f)
{
	bool is_office = false;
	int r = work->asker == 0 ? 0 :
	    policy_fetch_is_office(policy, f, &is_office);

	return r < 0 ? r : !is_office;
}

/* The only one of an owner, who has not said which. */
struct only {
	struct policy		*policy;
	const struct admin_work	*work;
	struct fetch_account	*fetch;
	unsigned		 count;
};

static int
take_only(void *arg, const struct fetch_account *f)
{
	struct only *only = arg;
	int r = is_theirs(only->policy, only->work, f);

	if (r <= 0)
		return r;
	if (only->count++ == 0)
		*only->fetch = *f;
	return only->count > 1 ? -ENOTUNIQ : 0;
}

/* The fetch account that address and label name. */
static int
find_fetch(struct policy *policy, struct admin_work *work,
    struct fetch_account *fetch_out)
{
	struct only only = { policy, work, fetch_out, 0 };
	struct policy_account owner;
	int r = find_owner(policy, work, &owner);

	if (r < 0)
		return r;
	work->field = ARG_LABEL;
	if (work->given[ARG_LABEL]) {
		r = policy_fetch_find(policy, owner.id, work->args[ARG_LABEL],
		    fetch_out);
		if (r == 0)
			r = is_theirs(policy, work, fetch_out);
		r = r == 0 ? -ENOENT : r < 0 ? r : 0;
	} else {
		r = policy_fetch_each(policy, owner.id, 0, take_only, &only);
		if (r == 0 && only.count == 0)
			r = -ENOENT;
	}
	if (r == 0)
		work->field = ADMIN_NO_FIELD;
	return r;
}

int
admin_find_fetch(struct policy *policy, struct admin_work *work,
    struct fetch_account *fetch_out)
{
	return find_fetch(policy, work, fetch_out);
}

/* How often and when, as far as it is given; false: something is unfit. */
static bool
when_read(struct admin_work *work, struct fetch_when *when)
{
	uint64_t minutes;

	if (work->given[ARG_EVERY]) {
		work->field = ARG_EVERY;
		if (slice_u64(work->args[ARG_EVERY], FETCH_EVERY_MOST,
		    &minutes) < 0)
			return false;
		when->every_minutes = (unsigned)minutes;
	}
	if (work->given[ARG_ON_READ]) {
		work->field = ARG_ON_READ;
		if (unit_read_bool(work->args[ARG_ON_READ],
		    &when->on_read) < 0)
			return false;
	}
	work->field = ADMIN_NO_FIELD;
	return true;
}

static int
when_put(struct policy *policy, const struct admin_work *work, uint64_t fetch,
    const struct fetch_when *when)
{
	return work->given[ARG_EVERY] || work->given[ARG_ON_READ] ?
	    policy_when_set(policy, fetch, when) : 0;
}

/* Whose mail is held for the office at a provider is the postmaster's care. */
static bool
may_have(struct admin_work *work, const struct fetch_account *f)
{
	if (work->asker == 0 || (f->protocol != FETCH_ETRN &&
	    f->protocol != FETCH_ATRN))
		return true;
	work->field = ARG_PROTOCOL;
	return false;
}

enum admin_status
admin_fetch_add(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct fetch_when when = { 0 };
	struct fetch_account f = { .protocol = FETCH_POP3,
	    .tls = usual[FETCH_POP3].tls, .port = usual[FETCH_POP3].implicit,
	    .delete_after_days = FETCH_KEEP, .enabled = true };
	struct policy_account owner;
	const char *field = NULL;
	int r = find_owner(policy, work, &owner);

	if (r < 0)
		return admin_status_of(r);
	if (!admin_copy(work, ARG_LABEL, f.label, sizeof(f.label)) ||
	    !fetch_read(work, &f) || !when_read(work, &when))
		return ADMIN_UNFIT;
	/* without a label the host is it, but an empty one is a mistake */
	if (work->given[ARG_LABEL] && f.label[0] == '\0') {
		work->field = ARG_LABEL;
		return ADMIN_UNFIT;
	}
	if (!may_have(work, &f))
		return ADMIN_REFUSED;
	if (work->seal_key == NULL)
		return ADMIN_FAILED;
	f.owner = owner.id;
	f.by_owner = work->asker != 0;
	r = policy_fetch_add(policy, work->seal_key, &f,
	    work->args[ARG_PASSWORD], work->now_utc_ms, &f.id, &field);
	if (r == 0)
		r = policy_fetch_get(policy, f.id, &f);
	else
		work->field = arg_named(work, field);
	if (r == 0)
		r = when_put(policy, work, f.id, &when);
	if (r == 0)
		tell_changed(work, &f, rows);
	return admin_status_of(r);
}

/*
 * Would the password that is kept be shown to somebody else, or in clear?  Who
 * has taken over a session knows it no more than we do: it is to be typed.  Behind
 * another port of that host may be somebody else, but not behind the usual one.
 */
static bool
is_led_astray(const struct fetch_account *before,
    const struct fetch_account *after)
{
	return strcmp(before->host, after->host) != 0 ||
	    (before->port != after->port &&
	    after->port != usual_port(after)) ||
	    before->tls > after->tls ||
	    strcmp(before->user, after->user) != 0 ||
	    (before->has_pin && (!after->has_pin || memcmp(before->pin,
	    after->pin, sizeof(before->pin)) != 0));
}

/* Whose word the host is after a change (people_hosts.h). */
static bool
is_by_owner(const struct admin_work *work, const struct fetch_account *before,
    const struct fetch_account *after)
{
	if (work->asker != 0)
		return before->by_owner || before->port != after->port ||
		    strcmp(before->host, after->host) != 0;
	return before->by_owner && !work->given[ARG_HOST];
}

enum admin_status
admin_fetch_set(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct fetch_account f, before;
	struct fetch_when when = { 0 };
	struct slice secret = work->args[ARG_PASSWORD];
	const char *field = NULL;
	int r = find_fetch(policy, work, &f);

	if (r == 0)
		r = policy_when_get(policy, f.id, &when);
	if (r < 0)
		return admin_status_of(r);
	before = f;
	if (!admin_copy(work, ARG_RENAME, f.label, sizeof(f.label)) ||
	    !fetch_read(work, &f) || !when_read(work, &when))
		return ADMIN_UNFIT;
	if (!may_have(work, &f))
		return ADMIN_REFUSED;
	f.by_owner = is_by_owner(work, &before, &f);
	if ((work->given[ARG_PASSWORD] && secret.len == 0) ||
	    (work->asker != 0 && secret.len == 0 &&
	    is_led_astray(&before, &f))) {
		work->field = ARG_PASSWORD;
		return ADMIN_UNFIT;
	}
	if (work->seal_key == NULL)
		return ADMIN_FAILED;
	r = policy_fetch_set(policy, work->seal_key, &f, secret, &field);
	if (r == 0)
		r = when_put(policy, work, f.id, &when);
	if (r == 0)
		tell_changed(work, &f, rows);
	else
		work->field = arg_named(work, field);
	return admin_status_of(r);
}

enum admin_status
admin_fetch_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct fetch_account f;
	int r = find_fetch(policy, work, &f);

	if (r == 0)
		r = policy_fetch_remove(policy, f.id);
	if (r == 0)
		tell_changed(work, &f, rows);
	return admin_status_of(r);
}

/* The list */

struct listing {
	struct policy		*policy;
	struct admin_work	*work;
	struct text		*rows;
};

static void
pack_number(struct text *rows, uint64_t n)
{
	TEXT_AUTO digits = TEXT_INIT(24);

	text_addf(&digits, "%" PRIu64, n);
	pack_slice(rows, text_slice(&digits));
}

static int
list_one(void *arg, const struct fetch_account *f)
{
	struct listing *listing = arg;
	struct admin_work *work = listing->work;
	struct text *rows = listing->rows;
	struct fetch_when when;
	int r;

	if (work->given[ADMIN_WHICH_LABEL] &&
	    !slice_is_str(work->args[ADMIN_WHICH_LABEL], f->label))
		return 0;
	r = is_theirs(listing->policy, work, f);
	if (r <= 0)
		return r;
	if (work->rows == ADMIN_PAGE)
		return 1;
	r = policy_when_get(listing->policy, f->id, &when);
	if (r < 0)
		return r;
	add_name(work, f, rows);
	pack_slice(rows, slice_str(f->host));
	pack_u64(rows, f->port);
	pack_slice(rows, slice_str(tls_words[f->tls]));
	pack_slice(rows, slice_str(f->user));
	pack_slice(rows, slice_str(mechanism_words[f->mechanism]));
	if (f->from == FETCH_FROM_DAYS)
		pack_number(rows, f->from_days);
	else
		pack_slice(rows, slice_str(from_words[f->from]));
	if (f->delete_after_days == FETCH_KEEP)
		pack_slice(rows, slice_str("keep"));
	else
		pack_number(rows, (uint64_t)f->delete_after_days);
	pack_u64(rows, f->largest_bytes);
	pack_slice(rows, slice_str(f->enabled ? "yes" : "no"));
	pack_slice(rows, slice_str(f->has_pin ? "yes" : "no"));
	pack_slice(rows, slice_str(protocol_words[f->protocol]));
	pack_slice(rows, slice_str(f->folders));
	pack_slice(rows, slice_str(f->queue));
	pack_slice(rows, slice_str(f->mirror ? "yes" : "no"));
	pack_u64(rows, when.every_minutes);
	pack_slice(rows, slice_str(when.on_read ? "yes" : "no"));
	return 0;
}

enum admin_status
admin_fetch_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { policy, work, rows };
	struct policy_account owner = { 0 };
	uint64_t above = 0;
	int r = 0;

	if (work->given[ADMIN_WHICH_ABOVE] &&
	    slice_u64(work->args[ADMIN_WHICH_ABOVE], INT64_MAX, &above) < 0) {
		work->field = ADMIN_WHICH_ABOVE;
		return ADMIN_UNFIT;
	}
	if (work->given[ADMIN_WHICH_ADDRESS] || work->asker != 0)
		r = find_owner(policy, work, &owner);
	if (r == 0)
		r = policy_fetch_each(policy, owner.id, above, list_one,
		    &listing);
	return admin_status_of(r > 0 ? 0 : r);
}

/* The keeper's part of it: which one that is.  The queue has the rest. */
enum admin_status
admin_fetch_known(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct fetch_account f;
	int r = find_fetch(policy, work, &f);

	if (r == 0)
		add_name(work, &f, rows);
	return admin_status_of(r);
}
