/*
 * fetch_accounts.c - the remote mailboxes that people collect from (MultiPOP)
 *
 * Host, user and password become lines of a protocol and labels stand on
 * screens, so nothing that could end a line or move a cursor gets in here
 * (HARDENING A56).  A row is judged the same when it comes from a person, from
 * the file and from another role.
 */
#include "policy/fetch_accounts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/base/db.h"
#include "lib/base/host.h"
#include "lib/message/path.h"
#include "policy/tables.h"

#define LARGEST_MOST	(UINT64_C(2) << 30)	/* as message_bytes goes */
#define CONTEXT_SIZE	32	/* "fetch 9223372036854775807" */

bool
fetch_is_line(struct slice s, size_t most)
{
	if (s.len == 0 || s.len > most || !slice_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c < 0x20 || c == 0x7f || (c == 0xc2 &&
		    (unsigned char)s.at[i + 1] < 0xa0))
			return false;
	}
	return true;
}

/* Its letters are the provider's affair. */
bool
fetch_is_secret(struct slice s)
{
	/* what libcurl is given: no control characters (HARDENING A56) */
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < ' ' || s.at[i] == 0x7f)
			return false;
	return s.len > 0 && s.len < FETCH_SECRET_SIZE;
}

bool
fetch_is_oauth(const struct fetch_account *f)
{
	return f->mechanism == FETCH_XOAUTH2 ||
	    f->mechanism == FETCH_OAUTHBEARER;
}

/* A secret of that account: nobody logs in without one. */
static bool
fits(const struct fetch_account *f, struct slice secret)
{
	return fetch_is_secret(secret) || ((f->user[0] == '\0' ||
	    fetch_is_oauth(f)) && secret.len == 0);
}

/*
 * A node that ETRN asks for (RFC 1985 5: a domain, "@" before one with all
 * below it, "#" before the name of a queue), or a domain of ATRN's.
 */
static bool
queue_is_name(enum fetch_protocol protocol, struct slice name)
{
	bool is_queue = slice_has_prefix(name, "#");

	if (protocol == FETCH_ETRN && (is_queue || slice_has_prefix(name,
	    "@")))
		name = slice_after(name, 1);
	else if (is_queue)
		return false;
	if (!is_queue)
		return host_is_name(name);
	/* whatever the provider calls it, it is one word of a line */
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] <= ' ' || name.at[i] > '~' ||
		    name.at[i] == ',')
			return false;
	return name.len > 0;
}

/* What is asked for: names and commas, and nothing but for those who ask. */
static bool
is_queue(const struct fetch_account *f)
{
	struct slice rest = slice_str(f->queue), name;
	bool asks = f->protocol == FETCH_ETRN || f->protocol == FETCH_ATRN;

	if (!asks || (f->protocol == FETCH_ATRN && rest.len == 0))
		return rest.len == 0 || asks;
	while (slice_cut(&rest, ',', &name))
		if (!queue_is_name(f->protocol, name))
			return false;
	return queue_is_name(f->protocol, rest);
}

/* ETRN may be for everybody (RFC 1985 7); where mail is handed out it is not. */
static bool
is_user(const struct fetch_account *f)
{
	return fetch_is_line(slice_str(f->user), FETCH_USER_SIZE - 1) ||
	    (f->protocol == FETCH_ETRN && f->user[0] == '\0');
}

/* Empty, or some words. */
static bool
is_folders(const char *folders)
{
	return folders[0] == '\0' ||
	    fetch_is_line(slice_str(folders), FETCH_FOLDERS_SIZE - 1);
}

bool
fetch_host_normal(const char *typed, char host_out[FETCH_HOST_SIZE])
{
	TEXT_AUTO text = TEXT_INIT(ADDRESS_SIZE);
	struct slice name = slice_str(typed);
	char address[HOST_TEXT_SIZE];

	if (host_address(name, false, address) != 0)
		name = slice_str(address);
	else if (address_normal(&text, slice_str("x"), name) == 0 &&
	    host_is_name(slice_after(text_slice(&text), 2)))
		name = slice_after(text_slice(&text), 2);
	else
		return false;
	return slice_cstr(name, host_out, FETCH_HOST_SIZE) == 0;
}

/* The member that is not fit, as in the command line, or NULL. */
static const char *
fault_of(const struct fetch_account *f)
{
	if (!fetch_is_line(slice_str(f->label), FETCH_LABEL_SIZE - 1))
		return "label";
	if ((unsigned)f->protocol >= FETCH_PROTOCOL_COUNT)
		return "protocol";
	if (!fetch_is_line(slice_str(f->host), FETCH_HOST_SIZE - 1))
		return "host";
	if (f->port == 0)
		return "port";
	if ((unsigned)f->tls >= FETCH_TLS_COUNT)
		return "tls";
	if (!is_user(f))
		return "user";
	if (!is_folders(f->folders))
		return "folders";
	if (!is_queue(f))
		return "queue";
	if ((unsigned)f->mechanism >= FETCH_MECHANISM_COUNT)
		return "mechanism";
	/* RFC 6750 5.3: a token that was heard is anybody's */
	if (fetch_is_oauth(f) && f->tls == FETCH_TLS_NONE)
		return "tls";
	if ((unsigned)f->from >= FETCH_FROM_COUNT ||
	    (f->from == FETCH_FROM_DAYS ? f->from_days < 1 ||
	    f->from_days > FETCH_DAYS_MOST : f->from_days != 0))
		return "from";
	if (f->delete_after_days < FETCH_KEEP ||
	    f->delete_after_days > FETCH_DAYS_MOST)
		return "delete_after";
	return f->largest_bytes > LARGEST_MOST ? "largest" : NULL;
}

/* `typed` in the form that is kept; 0, or -EINVAL and the member at fault. */
static int
make_fit(const struct fetch_account *typed, struct fetch_account *fit_out,
    const char **field_out)
{
	struct fetch_account f = *typed;

	*field_out = "host";
	if (!fetch_host_normal(typed->host, f.host))
		return -EINVAL;
	if (f.from != FETCH_FROM_DAYS)
		f.from_days = 0;
	if (!f.has_pin)
		memset(f.pin, 0, sizeof(f.pin));
	*field_out = fault_of(&f);
	if (*field_out != NULL)
		return -EINVAL;
	*fit_out = f;
	return 0;
}

/* Read the row that FETCH_COLUMNS names. */
static int
fetch_row(struct db_query *q, struct fetch_account *fetch_out)
{
	struct fetch_account f = { 0 };
	TEXT_AUTO address = TEXT_INIT(ADDRESS_SIZE);
	struct slice label, host, user, folders, queue, pin = { 0 };

	f.id = db_u64(q, 1, INT64_MAX);
	f.owner = db_u64(q, 1, INT64_MAX);
	text_add(&address, db_blob(q, 1, PATH_LOCAL_MAX));
	text_add_byte(&address, '@');
	text_add(&address, db_blob(q, 1, PATH_DOMAIN_MAX));
	label = db_blob(q, 1, FETCH_LABEL_SIZE - 1);
	host = db_blob(q, 1, FETCH_HOST_SIZE - 1);
	f.port = (uint16_t)db_u64(q, 1, UINT16_MAX);
	f.tls = (enum fetch_tls)db_u64(q, 0, FETCH_TLS_COUNT - 1);
	user = db_blob(q, 0, FETCH_USER_SIZE - 1);
	f.mechanism = (enum fetch_mechanism)db_u64(q, 0,
	    FETCH_MECHANISM_COUNT - 1);
	f.has_pin = !db_is_null(q);
	if (f.has_pin)
		pin = db_blob(q, FETCH_PIN_BYTES, FETCH_PIN_BYTES);
	f.from = (enum fetch_from)db_u64(q, 0, FETCH_FROM_COUNT - 1);
	f.from_days = (unsigned)db_u64(q, 0, FETCH_DAYS_MOST);
	f.delete_after_days = (int)db_i64(q, FETCH_KEEP, FETCH_DAYS_MOST);
	f.largest_bytes = db_u64(q, 0, LARGEST_MOST);
	f.protocol = (enum fetch_protocol)db_u64(q, 0,
	    FETCH_PROTOCOL_COUNT - 1);
	folders = db_blob(q, 0, FETCH_FOLDERS_SIZE - 1);
	queue = db_blob(q, 0, FETCH_QUEUE_SIZE - 1);
	f.enabled = db_u64(q, 0, 1) == 1;
	f.mirror = db_u64(q, 0, 1) == 1;
	f.by_owner = db_u64(q, 0, 1) == 1;
	f.created_utc_ms = db_i64(q, INT64_MIN, INT64_MAX);
	f.changes = db_u64(q, 0, INT64_MAX);
	if (text_failed(&address))
		return -ENOMEM;
	if (db_row(q) < 0 ||
	    slice_cstr(text_slice(&address), f.owner_address,
	    sizeof(f.owner_address)) < 0 ||
	    slice_cstr(label, f.label, sizeof(f.label)) < 0 ||
	    slice_cstr(host, f.host, sizeof(f.host)) < 0 ||
	    slice_cstr(user, f.user, sizeof(f.user)) < 0 ||
	    slice_cstr(folders, f.folders, sizeof(f.folders)) < 0 ||
	    slice_cstr(queue, f.queue, sizeof(f.queue)) < 0)
		return -EUCLEAN;
	if (f.has_pin)
		memcpy(f.pin, pin.at, sizeof(f.pin));
	if (fault_of(&f) != NULL)
		return -EUCLEAN;
	*fetch_out = f;
	return 0;
}

/* The first row of `q`, which its caller ends.  0 or -ENOENT. */
static int
fetch_first(struct db_query *q, struct fetch_account *fetch_out)
{
	int r = db_next(q);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return fetch_row(q, fetch_out);
}

int
policy_fetch_get(struct policy *p, uint64_t id,
    struct fetch_account *fetch_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, FETCH_BY_ID);

	if (id == 0 || id > INT64_MAX)
		return -ENOENT;
	db_put_u64(&q, id);
	return fetch_first(&q, fetch_out);
}

int
policy_fetch_find(struct policy *p, uint64_t owner, struct slice label,
    struct fetch_account *fetch_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, FETCH_BY_LABEL);

	if (owner == 0 || owner > INT64_MAX)
		return -ENOENT;
	db_put_u64(&q, owner);
	db_put_blob(&q, label);
	return fetch_first(&q, fetch_out);
}

int
policy_fetch_each(struct policy *p, uint64_t owner, uint64_t above,
    policy_fetch_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(p->db, owner == 0 ? FETCH_EACH :
	    FETCH_EACH_OF);
	struct fetch_account f;
	int r;

	if (owner > INT64_MAX || above >= INT64_MAX)
		return 0;
	db_put_u64(&q, above);
	if (owner != 0)
		db_put_u64(&q, owner);
	while ((r = db_next(&q)) == 1) {
		r = fetch_row(&q, &f);
		if (r == 0)
			r = fn(arg, &f);
		if (r != 0)
			return r;
	}
	return r;
}

/* Bind what a person may change, in the order of FETCH_PUT and FETCH_SET. */
static void
fetch_bind(struct db_query *q, const struct fetch_account *f)
{
	db_put_blob(q, slice_str(f->label));
	db_put_blob(q, slice_str(f->host));
	db_put_u64(q, f->port);
	db_put_u64(q, (uint64_t)f->tls);
	db_put_blob(q, slice_str(f->user));
	db_put_u64(q, (uint64_t)f->mechanism);
	if (f->has_pin)
		db_put_blob(q, slice_of(f->pin, sizeof(f->pin)));
	else
		db_put_null(q);
	db_put_u64(q, (uint64_t)f->from);
	db_put_u64(q, f->from_days);
	db_put_i64(q, f->delete_after_days);
	db_put_u64(q, f->largest_bytes);
	db_put_u64(q, (uint64_t)f->protocol);
	db_put_blob(q, slice_str(f->folders));
	db_put_blob(q, slice_str(f->queue));
	db_put_u64(q, f->enabled);
	db_put_u64(q, f->mirror);
	db_put_u64(q, f->by_owner);
}

/* What a sealed password is bound to. */
static struct slice
context_of(uint64_t id, char buffer[CONTEXT_SIZE])
{
	(void)snprintf(buffer, CONTEXT_SIZE, "fetch %" PRIu64, id);
	return slice_str(buffer);
}

/* Seal the secret into row `id` of the open transaction. */
static int
secret_put(struct policy *p, const struct seal_key *key, uint64_t id,
    struct slice secret)
{
	TEXT_AUTO sealed = TEXT_INIT(FETCH_SECRET_SIZE + SEAL_MORE_BYTES);
	char context[CONTEXT_SIZE];
	struct db_query q;
	int r = seal(key, context_of(id, context), secret, &sealed);

	if (r < 0)
		return r;
	q = db_ask(p->db, FETCH_SEAL);
	db_put_blob(&q, text_slice(&sealed));
	db_put_u64(&q, id);
	return db_run(&q);
}

/* -EEXIST when another one of this owner has the label. */
static int
label_is_free(struct policy *p, const struct fetch_account *f,
    const char **field_out)
{
	struct fetch_account other;
	int r = policy_fetch_find(p, f->owner, slice_str(f->label), &other);

	if (r == -ENOENT || (r == 0 && other.id == f->id))
		return 0;
	if (r == 0)
		*field_out = "label";
	return r < 0 ? r : -EEXIST;
}

/* -EDQUOT when the owner has as many as there can be. */
static int
room_is_left(struct policy *p, uint64_t owner)
{
	DB_QUERY_AUTO q = db_ask(p->db, FETCH_COUNT);
	uint64_t count;
	int r;

	db_put_u64(&q, owner);
	r = db_next(&q);
	if (r != 1)
		return r < 0 ? r : -EUCLEAN;
	count = db_u64(&q, 0, INT64_MAX);
	r = db_row(&q);
	return r == 0 && count >= FETCH_MOST_OF_OWNER ? -EDQUOT : r;
}

/* Put the row, then its secret: the seal wants the row's number. */
static int
fetch_put(struct policy *p, const struct seal_key *key,
    const struct fetch_account *f, struct slice secret, int64_t now_utc_ms,
    uint64_t *id_out)
{
	struct db_query q = db_ask(p->db, FETCH_PUT);
	uint64_t id = 0;
	int r;

	db_put_u64(&q, f->owner);
	fetch_bind(&q, f);
	db_put_i64(&q, now_utc_ms);
	r = db_run(&q);
	if (r < 0)
		return r;
	q = db_ask(p->db, FETCH_LATEST);
	r = policy_number(&q, &id);
	if (r != 1)
		return r < 0 ? r : -EUCLEAN;
	r = secret_put(p, key, id, secret);
	if (r == 0)
		*id_out = id;
	return r;
}

int
policy_fetch_add(struct policy *p, const struct seal_key *key,
    const struct fetch_account *typed, struct slice secret,
    int64_t now_utc_ms, uint64_t *id_out, const char **field_out)
{
	struct fetch_account f = *typed;
	struct policy_account owner;
	uint64_t id = 0;
	int r;

	if (f.label[0] == '\0' && fetch_host_normal(typed->host, f.host))
		(void)slice_cstr(slice_str(f.host), f.label, sizeof(f.label));
	f.id = 0;
	r = make_fit(&f, &f, field_out);
	if (r < 0)
		return r;
	if (!fits(&f, secret)) {
		*field_out = "password";
		return -EINVAL;
	}
	r = policy_account_get(p, f.owner, &owner);
	if (r == -ENOENT)
		*field_out = "address";
	if (r == 0)
		r = room_is_left(p, f.owner);
	if (r == 0)
		r = label_is_free(p, &f, field_out);
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	r = policy_finish(p, fetch_put(p, key, &f, secret, now_utc_ms, &id));
	if (r == 0)
		*id_out = id;
	return r;
}

static int
fetch_change(struct policy *p, const struct seal_key *key,
    const struct fetch_account *f, struct slice secret)
{
	struct db_query q = db_ask(p->db, FETCH_SET);
	int r;

	fetch_bind(&q, f);
	db_put_u64(&q, f->id);
	r = db_run(&q);
	return r < 0 || secret.len == 0 ? r : secret_put(p, key, f->id, secret);
}

int
policy_fetch_set(struct policy *p, const struct seal_key *key,
    const struct fetch_account *typed, struct slice secret,
    const char **field_out)
{
	struct fetch_account before = { 0 }, f;
	int r = make_fit(typed, &f, field_out);

	if (r < 0)
		return r;
	if (secret.len > 0 && !fetch_is_secret(secret)) {
		*field_out = "password";
		return -EINVAL;
	}
	r = policy_fetch_get(p, f.id, &before);
	if (r == -ENOENT)
		*field_out = "label";
	f.owner = before.owner;
	/* who did not log in, or with a grant, has none that could stay */
	if (r == 0 && secret.len == 0 && !fetch_is_oauth(&f) &&
	    ((before.user[0] == '\0' && f.user[0] != '\0') ||
	    fetch_is_oauth(&before))) {
		*field_out = "password";
		return -EINVAL;
	}
	if (r == 0)
		r = label_is_free(p, &f, field_out);
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	return policy_finish(p, fetch_change(p, key, &f, secret));
}

int
policy_fetch_remove(struct policy *p, uint64_t id)
{
	struct fetch_account before;
	struct db_query q;
	int r = policy_fetch_get(p, id, &before);

	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, FETCH_REMOVE);
	db_put_u64(&q, id);
	r = db_run(&q);
	if (r == 0)
		r = policy_grants_sweep(p);
	return policy_finish(p, r);
}

int
policy_fetch_secret(struct policy *p, const struct seal_key *key, uint64_t id,
    char secret_out[FETCH_SECRET_SIZE])
{
	DB_QUERY_AUTO q = db_ask(p->db, FETCH_GET_SEAL);
	TEXT_AUTO secret = TEXT_INIT(FETCH_SECRET_SIZE);
	char context[CONTEXT_SIZE];
	struct slice sealed;
	int r;

	if (id == 0 || id > INT64_MAX)
		return -ENOENT;
	/* room at once: growing would leave the secret in freed memory */
	if (text_space(&secret, FETCH_SECRET_SIZE) == NULL)
		return -ENOMEM;
	text_clear(&secret);
	db_put_u64(&q, id);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	sealed = db_blob(&q, SEAL_MORE_BYTES,
	    FETCH_SECRET_SIZE - 1 + SEAL_MORE_BYTES);
	r = db_row(&q);
	if (r == 0)
		r = unseal(key, context_of(id, context), sealed, &secret);
	if (r == 0 && slice_cstr(text_slice(&secret), secret_out,
	    FETCH_SECRET_SIZE) < 0)
		r = -EBADMSG;
	OPENSSL_cleanse(secret.at, secret.size);
	return r;
}

void
fetch_account_pack(struct text *text, const struct fetch_account *f,
    struct slice secret)
{
	pack_u64(text, f->id);
	pack_u64(text, f->owner);
	pack_slice(text, slice_str(f->label));
	pack_slice(text, slice_str(f->host));
	pack_u16(text, f->port);
	pack_u8(text, (uint8_t)f->tls);
	pack_slice(text, slice_str(f->user));
	pack_u8(text, (uint8_t)f->mechanism);
	pack_u8(text, f->has_pin);
	pack_bytes(text, slice_of(f->pin, sizeof(f->pin)));
	pack_u8(text, (uint8_t)f->from);
	pack_u32(text, f->from_days);
	pack_i64(text, f->delete_after_days);
	pack_u64(text, f->largest_bytes);
	pack_u8(text, (uint8_t)f->protocol);
	pack_slice(text, slice_str(f->folders));
	pack_slice(text, slice_str(f->queue));
	pack_u8(text, f->enabled);
	pack_u8(text, f->mirror);
	pack_u8(text, f->by_owner);
	pack_slice(text, secret);
}

/* The next slice as a C string; what does not fit makes the reader bad. */
static void
unpack_cstr(struct unpack *u, char *buffer, size_t size)
{
	if (slice_cstr(unpack_slice(u), buffer, size) < 0)
		u->bad = true;
}

int
fetch_account_unpack(struct unpack *u, struct fetch_account *fetch_out,
    struct slice *secret_out)
{
	struct fetch_account f = { 0 };
	struct slice pin, secret;
	int64_t delete_after;

	f.id = unpack_u64(u);
	f.owner = unpack_u64(u);
	unpack_cstr(u, f.label, sizeof(f.label));
	unpack_cstr(u, f.host, sizeof(f.host));
	f.port = unpack_u16(u);
	f.tls = unpack_enum(u, FETCH_TLS_COUNT);
	unpack_cstr(u, f.user, sizeof(f.user));
	f.mechanism = unpack_enum(u, FETCH_MECHANISM_COUNT);
	f.has_pin = unpack_bool(u);
	pin = unpack_bytes(u, FETCH_PIN_BYTES);
	f.from = unpack_enum(u, FETCH_FROM_COUNT);
	f.from_days = unpack_u32(u);
	delete_after = unpack_i64(u);
	f.largest_bytes = unpack_u64(u);
	f.protocol = unpack_enum(u, FETCH_PROTOCOL_COUNT);
	unpack_cstr(u, f.folders, sizeof(f.folders));
	unpack_cstr(u, f.queue, sizeof(f.queue));
	f.enabled = unpack_bool(u);
	f.mirror = unpack_bool(u);
	f.by_owner = unpack_bool(u);
	secret = unpack_slice(u);
	if (u->bad || f.id == 0 || f.owner == 0 || !fits(&f, secret) ||
	    delete_after < FETCH_KEEP || delete_after > FETCH_DAYS_MOST)
		return -EBADMSG;
	f.delete_after_days = (int)delete_after;
	memcpy(f.pin, pin.at, sizeof(f.pin));
	if (fault_of(&f) != NULL)
		return -EBADMSG;
	*fetch_out = f;
	*secret_out = secret;
	return 0;
}
