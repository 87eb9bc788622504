/*
 * proxies.c - who carries what is collected from a remote mailbox
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/base/db.h"
#include "lib/base/host.h"
#include "policy/grants.h"
#include "policy/tables.h"

#define LOGIN_MOST	(2 * PROXY_LOGIN_SIZE)
#define CONTEXT_SIZE	32	/* "proxy 9223372036854775807" */

static const char *const schemes[PROXY_COUNT] = {
	[PROXY_SOCKS5] = "socks5://",
	[PROXY_SOCKS5H] = "socks5h://",
	[PROXY_HTTP] = "http://",
};

/* "HOST:PORT", "[ADDRESS]:PORT". */
static bool
read_place(struct slice s, struct fetch_proxy *proxy)
{
	size_t colon = slice_find_last(s, ':');
	char text[HOST_TEXT_SIZE];
	uint64_t port;

	if (slice_has_suffix(s, "/"))
		s.len--;
	if (colon == SIZE_MAX || slice_u64(slice_after(s, colon + 1),
	    UINT16_MAX, &port) < 0 || port == 0)
		return false;
	s = slice_first(s, colon);
	proxy->port = (uint16_t)port;
	if (host_address(s, false, text) != 0)
		s = slice_str(text);
	else if (!host_is_name(s))
		return false;
	return slice_cstr(s, proxy->host, sizeof(proxy->host)) == 0;
}

bool
fetch_proxy_read(struct slice s, struct fetch_proxy *proxy_out)
{
	struct fetch_proxy proxy = { 0 };
	unsigned kind = PROXY_NONE + 1;

	if (slice_is_word(s, "none")) {
		*proxy_out = proxy;
		return true;
	}
	while (kind < PROXY_COUNT && !slice_has_prefix(s, schemes[kind]))
		kind++;
	if (kind == PROXY_COUNT)
		return false;
	proxy.kind = (enum proxy_kind)kind;
	if (!read_place(slice_after(s, strlen(schemes[kind])), &proxy))
		return false;
	*proxy_out = proxy;
	return true;
}

void
fetch_proxy_write(const struct fetch_proxy *proxy, struct text *text)
{
	char address[HOST_TEXT_SIZE];

	if (proxy->kind == PROXY_NONE) {
		text_add_str(text, "none");
		return;
	}
	text_addf(text, "%s%s:%u", schemes[proxy->kind],
	    host_address(slice_str(proxy->host), true, address) != 0 ?
	    address : proxy->host, (unsigned)proxy->port);
}

static bool
is_fit(const struct fetch_proxy *proxy)
{
	char text[HOST_TEXT_SIZE];

	if ((unsigned)proxy->kind >= PROXY_COUNT)
		return false;
	if (proxy->kind == PROXY_NONE)
		return true;
	/* RFC 1929 2: one byte counts each; RFC 7617 2: no colon in a name */
	return proxy->port != 0 && (host_is_name(slice_str(proxy->host)) ||
	    host_address(slice_str(proxy->host), false, text) != 0) &&
	    slice_is_printable_ascii(slice_str(proxy->user)) &&
	    slice_is_printable_ascii(slice_str(proxy->password)) &&
	    strchr(proxy->user, ':') == NULL && strlen(proxy->user) < 256 &&
	    strlen(proxy->password) < 256 &&
	    (proxy->user[0] != '\0' || proxy->password[0] == '\0');
}

static struct slice
context_of(uint64_t fetch, char buffer[CONTEXT_SIZE])
{
	(void)snprintf(buffer, CONTEXT_SIZE, "proxy %" PRIu64, fetch);
	return slice_str(buffer);
}

/* "user:password", sealed; nothing where no login is wanted. */
static int
seal_login(const struct seal_key *key, uint64_t fetch,
    const struct fetch_proxy *proxy, struct text *sealed)
{
	char login[LOGIN_MOST], context[CONTEXT_SIZE];
	int r;

	if (proxy->user[0] == '\0')
		return 0;
	(void)snprintf(login, sizeof(login), "%s:%s", proxy->user,
	    proxy->password);
	r = seal(key, context_of(fetch, context), slice_str(login), sealed);
	OPENSSL_cleanse(login, sizeof(login));
	return r;
}

static int
put(struct policy *p, uint64_t fetch, const struct fetch_proxy *proxy,
    const struct text *sealed)
{
	struct db_query q = db_ask(p->db, proxy->kind == PROXY_NONE ?
	    PROXY_REMOVE : PROXY_PUT);
	int r;

	db_put_u64(&q, fetch);
	if (proxy->kind != PROXY_NONE) {
		db_put_u64(&q, (uint64_t)proxy->kind);
		db_put_blob(&q, slice_str(proxy->host));
		db_put_u64(&q, proxy->port);
		db_put_u64(&q, proxy->by_owner);
		db_put_blob(&q, text_slice(sealed));
	}
	r = db_run(&q);
	if (r < 0)
		return r;
	q = db_ask(p->db, FETCH_TOUCH);
	db_put_u64(&q, fetch);
	return db_run(&q);
}

int
policy_proxy_set(struct policy *p, const struct seal_key *key, uint64_t fetch,
    const struct fetch_proxy *proxy)
{
	TEXT_AUTO sealed = TEXT_INIT(LOGIN_MOST + SEAL_MORE_BYTES);
	int r = is_fit(proxy) ? 0 : -EINVAL;

	if (r == 0)
		r = seal_login(key, fetch, proxy, &sealed);
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	return policy_finish(p, put(p, fetch, proxy, &sealed));
}

static int
open_login(const struct seal_key *key, uint64_t fetch, struct slice sealed,
    struct fetch_proxy *proxy)
{
	TEXT_AUTO login = TEXT_INIT(LOGIN_MOST);
	char context[CONTEXT_SIZE];
	struct slice rest, user;
	int r;

	if (sealed.len == 0 || key == NULL)
		return 0;
	if (text_space(&login, LOGIN_MOST) == NULL)
		return -ENOMEM;
	text_clear(&login);
	r = unseal(key, context_of(fetch, context), sealed, &login);
	rest = text_slice(&login);
	if (r == 0 && (!slice_cut(&rest, ':', &user) ||
	    slice_cstr(user, proxy->user, sizeof(proxy->user)) < 0 ||
	    slice_cstr(rest, proxy->password, sizeof(proxy->password)) < 0))
		r = -EBADMSG;
	OPENSSL_cleanse(login.at, login.size);
	return r;
}

int
policy_proxy_get(struct policy *p, const struct seal_key *key, uint64_t fetch,
    struct fetch_proxy *proxy_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, PROXY_GET);
	struct fetch_proxy proxy = { 0 };
	struct slice host, sealed;
	int r;

	if (fetch == 0 || fetch > INT64_MAX)
		return -EINVAL;
	db_put_u64(&q, fetch);
	r = db_next(&q);
	if (r == 1) {
		proxy.kind = (enum proxy_kind)db_u64(&q, 1, PROXY_COUNT - 1);
		host = db_blob(&q, 1, PROXY_HOST_SIZE - 1);
		proxy.port = (uint16_t)db_u64(&q, 1, UINT16_MAX);
		proxy.by_owner = db_u64(&q, 0, 1) == 1;
		sealed = db_blob(&q, 0, LOGIN_MOST + SEAL_MORE_BYTES);
		r = db_row(&q);
		if (r == 0 && slice_cstr(host, proxy.host,
		    sizeof(proxy.host)) < 0)
			r = -EUCLEAN;
		if (r == 0)
			r = open_login(key, fetch, sealed, &proxy);
		if (r == 0 && !is_fit(&proxy))
			r = -EUCLEAN;
	}
	if (r == 0)
		*proxy_out = proxy;
	OPENSSL_cleanse(&proxy, sizeof(proxy));
	return r;
}

void
fetch_proxy_pack(struct text *text, const struct fetch_proxy *proxy)
{
	pack_u8(text, (uint8_t)proxy->kind);
	pack_slice(text, slice_str(proxy->host));
	pack_u16(text, proxy->port);
	pack_u8(text, proxy->by_owner);
	pack_slice(text, slice_str(proxy->user));
	pack_slice(text, slice_str(proxy->password));
}

int
fetch_proxy_unpack(struct unpack *u, struct fetch_proxy *proxy_out)
{
	struct fetch_proxy proxy = { 0 };

	proxy.kind = unpack_enum(u, PROXY_COUNT);
	if (slice_cstr(unpack_slice(u), proxy.host, sizeof(proxy.host)) < 0)
		u->bad = true;
	proxy.port = unpack_u16(u);
	proxy.by_owner = unpack_bool(u);
	if (slice_cstr(unpack_slice(u), proxy.user, sizeof(proxy.user)) < 0 ||
	    slice_cstr(unpack_slice(u), proxy.password,
	    sizeof(proxy.password)) < 0)
		u->bad = true;
	if (u->bad || !is_fit(&proxy))
		return -EBADMSG;
	*proxy_out = proxy;
	return 0;
}
