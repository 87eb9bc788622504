/*
 * talk_options.c - what libcurl is told before an outgoing conversation
 *
 * Everything it could otherwise look up or take from the environment is given:
 * addresses, no proxy, no files.  Its callbacks only keep what they are given.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/talk_inside.h"

#define ADDRESSES_MOST	16	/* libcurl tries one after another */
#define WAIT_MOST_MS	3600000	/* nobody waits an hour; a long holds it */

static const struct talk_protocol protocols[] = {
	{ "pop3", "pop3", "pop3s", { "+OK", "+OK" }, { "-ERR", "-ERR" },
	    false, { "AUTH ", "APOP " } },
	{ "imap", "imap", "imaps", { "* OK", "* PREAUTH" },
	    { "* BYE", "* BYE" }, true, { "AUTHENTICATE ", "LOGIN " } },
	{ "smtp", "smtp", "smtps", { "220 ", "220-" }, { "4", "5" }, false,
	    { "AUTH ", "AUTH " } },
	/* no more than TLS and the way there: https.c says the rest */
	{ "https", "http", "https", { "HTTP/", "HTTP/" },
	    { "HTTP/", "HTTP/" }, false,
	    { "HTTP/", "HTTP/" } },
};

/* Without these libcurl begins with what it likes best, DIGEST-MD5. */
static const char *const login_words[TALK_LOGIN_COUNT] = {
	[TALK_LOGIN_NONE] = "AUTH=PLAIN",
	[TALK_LOGIN_PLAIN] = "AUTH=PLAIN",
	[TALK_LOGIN_LOGIN] = "AUTH=LOGIN",
	[TALK_LOGIN_CRAM_MD5] = "AUTH=CRAM-MD5",
	[TALK_LOGIN_APOP] = "AUTH=+APOP",
	[TALK_LOGIN_XOAUTH2] = "AUTH=XOAUTH2",
	[TALK_LOGIN_OAUTHBEARER] = "AUTH=OAUTHBEARER",
	[TALK_LOGIN_ANY] = "AUTH=CRAM-MD5;AUTH=PLAIN;AUTH=LOGIN",
};

static const curl_proxytype proxy_types[TALK_PROXY_COUNT] = {
	[TALK_PROXY_SOCKS5] = CURLPROXY_SOCKS5,
	[TALK_PROXY_SOCKS5H] = CURLPROXY_SOCKS5_HOSTNAME,
	[TALK_PROXY_HTTP] = CURLPROXY_HTTP,
};

static bool
is_fit(const char *string)
{
	for (; *string != '\0'; string++)
		if ((unsigned char)*string < ' ' || *string == 0x7f)
			return false;
	return true;
}

const struct talk_protocol *
talk_protocol_of(const char *scheme)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
		if (strcmp(protocols[i].scheme, scheme) == 0)
			return &protocols[i];
	return NULL;
}

static bool
is_host(const char *host)
{
	char text[HOST_TEXT_SIZE];

	return host_is_name(slice_str(host)) ||
	    host_address(slice_str(host), false, text) != 0;
}

static bool
is_wait(uint64_t ms)
{
	return ms > 0 && ms <= WAIT_MOST_MS;
}

/* A token is as good as a password, and says nothing of who shows it. */
static bool
is_bearer(enum talk_login login)
{
	return login == TALK_LOGIN_XOAUTH2 || login == TALK_LOGIN_OAUTHBEARER;
}

/* Does the proxy look the server's name up? */
static bool
names_there(const struct talk_proxy *proxy)
{
	return proxy->kind == TALK_PROXY_SOCKS5H ||
	    proxy->kind == TALK_PROXY_HTTP;
}

static bool
is_proxy_fit(const struct talk_proxy *proxy)
{
	if ((unsigned)proxy->kind >= TALK_PROXY_COUNT)
		return false;
	if (proxy->kind == TALK_PROXY_NONE)
		return true;
	if (proxy->host == NULL || !is_host(proxy->host) ||
	    proxy->port == 0 || proxy->addresses == NULL)
		return false;
	return proxy->user == NULL || (proxy->password != NULL &&
	    *proxy->user != '\0' && is_fit(proxy->user) &&
	    is_fit(proxy->password));
}

bool
talk_options_fit(const struct talk_options *options)
{
	if (talk_protocol_of(options->scheme) == NULL || options->port == 0 ||
	    !is_host(options->host) || !is_wait(options->connect_ms) ||
	    !is_wait(options->open_ms) || !is_proxy_fit(&options->proxy) ||
	    (unsigned)options->tls >= TALK_TLS_COUNT ||
	    (unsigned)options->login >= TALK_LOGIN_COUNT)
		return false;
	if (options->addresses == NULL && !names_there(&options->proxy))
		return false;
	if (options->called != NULL &&
	    !host_is_name(slice_str(options->called)))
		return false;
	if (options->dane != NULL && (options->pin != NULL ||
	    options->session != NULL || options->tls == TALK_MAYBE))
		return false;
	/* whoever stands between could take the offer away */
	if (options->login != TALK_LOGIN_NONE && options->tls == TALK_MAYBE)
		return false;
	/* RFC 6750 5.3: a token that was heard is anybody's */
	if (is_bearer(options->login) && options->tls == TALK_CLEAR)
		return false;
	/* HARDENING A56: nothing in it ends a line */
	return options->login == TALK_LOGIN_NONE || (options->user != NULL &&
	    options->password != NULL && *options->user != '\0' &&
	    is_fit(options->user) && is_fit(options->password));
}

/* "HOST:PORT:ADDRESS,..." for CURLOPT_RESOLVE.  0, -EINVAL, -ENOMEM. */
static int
add_addresses(struct talk *talk, const char *host, uint16_t port,
    const char *addresses)
{
	struct slice rest = slice_str(addresses), one;
	TEXT_AUTO line = TEXT_INIT(HOST_NAME_MOST + 16 +
	    ADDRESSES_MOST * HOST_TEXT_SIZE);
	struct curl_slist *list;
	char text[HOST_TEXT_SIZE];
	bool more = true;

	text_addf(&line, "%s:%u:", host, (unsigned)port);
	while (more) {
		more = slice_cut(&rest, ',', &one);
		if (host_address(more ? one : rest, true, text) == 0)
			return -EINVAL;
		text_addf(&line, "%s%s", text, more ? "," : "");
	}
	text_add_byte(&line, '\0');
	if (text_failed(&line))
		return -EINVAL;
	/* an address in the URL is its own, and no key that libcurl reads */
	if (host_address(slice_str(host), false, text) != 0)
		return 0;
	list = curl_slist_append(talk->addresses, line.at);
	if (list == NULL)
		return -ENOMEM;
	talk->addresses = list;
	return 0;
}

/* Of the server, if it is called by us, and of the proxy. */
static int
set_addresses(struct talk *talk, const struct talk_options *options)
{
	const struct talk_proxy *proxy = &options->proxy;
	int r = 0;

	if (!names_there(proxy))
		r = add_addresses(talk, talk->host, options->port,
		    options->addresses);
	if (r == 0 && proxy->kind != TALK_PROXY_NONE)
		r = add_addresses(talk, proxy->host, proxy->port,
		    proxy->addresses);
	return r;
}

/* The host without brackets and last dot, and what to call in a URL. */
static void
set_host(struct talk *talk, const char *host, char *url_host, size_t size)
{
	char text[HOST_TEXT_SIZE];
	struct slice name = slice_str(host);

	if (host_address(name, true, text) != 0) {
		(void)snprintf(url_host, size, "%s", text);
		(void)host_address(name, false, talk->host);
		return;
	}
	if (slice_has_suffix(name, "."))
		name.len--;
	(void)slice_cstr(name, talk->host, sizeof(talk->host));
	(void)snprintf(url_host, size, "%s", talk->host);
}

/* Printable and no longer than it may be; what is not ASCII becomes '?'. */
void
talk_keep_words(struct talk *talk, struct slice words)
{
	words = slice_first(slice_trim(words), sizeof(talk->last));
	talk->last_len = words.len;
	for (size_t i = 0; i < words.len; i++)
		talk->last[i] = words.at[i] < ' ' || words.at[i] > '~' ? '?' :
		    words.at[i];
}

bool
talk_sends_away(const struct talk *talk, struct slice line)
{
	return slice_has_prefix(line, talk->protocol->sends_away[0]) ||
	    slice_has_prefix(line, talk->protocol->sends_away[1]);
}

static bool
is_greeting(const struct talk *talk, struct slice line)
{
	return slice_has_prefix(line, talk->protocol->greets[0]) ||
	    slice_has_prefix(line, talk->protocol->greets[1]);
}

/* CURLOPT_HEADERFUNCTION: a line of the server's.  Another count ends it. */
static size_t
on_line(char *bytes, size_t one, size_t count, void *arg)
{
	struct talk *talk = arg;
	struct slice line = slice_of(bytes, one * count);
	bool is_first = talk->said_bytes == 0;

	talk->said_bytes += line.len;
	while (line.len > 0 && (line.at[line.len - 1] == '\n' ||
	    line.at[line.len - 1] == '\r'))
		line.len--;
	if (!slice_is_str(line, ".") && line.len > 0)
		talk_keep_words(talk, line);
	text_add(&talk->lines, line);
	text_add_byte(&talk->lines, '\n');
	talk->was_sent_away = is_first && talk_sends_away(talk, line);
	/* libcurl itself would wait on for a line that it knows */
	if (is_first && !talk->was_sent_away && !is_greeting(talk, line))
		talk->is_nonsense = true;
	if (talk->said_bytes > TALK_SAID_MOST || text_failed(&talk->lines))
		talk->is_nonsense = true;
	return talk->is_nonsense ? 0 : one * count;
}

/* Nothing but lines is expected; whatever it is, it is not for us. */
static size_t
on_body(char *bytes, size_t one, size_t count, void *arg)
{
	(void)bytes;
	(void)arg;
	return one * count;
}

/* CURLOPT_DEBUGFUNCTION: what libcurl says to the server. */
static int
on_debug(CURL *easy, curl_infotype kind, char *bytes, size_t size, void *arg)
{
	struct talk *talk = arg;
	const char *const *logs_in = talk->protocol->logs_in;
	struct slice said = slice_of(bytes, size), tag;

	(void)easy;
	if (talk->protocol->has_tags)
		(void)slice_cut(&said, ' ', &tag);
	if (kind == CURLINFO_HEADER_OUT &&
	    (slice_has_prefix(said, logs_in[0]) ||
	    slice_has_prefix(said, logs_in[1])))
		talk->tried_login = true;
	return 0;
}

/* Set options, each as a call that must go well. */
#define SET(option, value)						\
	do {								\
		CURLcode code_ = curl_easy_setopt(talk->easy, option,	\
		    value);						\
		if (code_ != CURLE_OK)					\
			return code_ == CURLE_OUT_OF_MEMORY ? -ENOMEM :	\
			    -EINVAL;					\
	} while (0)

static int
set_connection(struct talk *talk, const struct talk_options *options,
    const char *url)
{
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "pop3,pop3s,imap,imaps,smtp,smtps,http,https");
	SET(CURLOPT_CONNECT_ONLY, 1L);
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_RESOLVE, talk->addresses);
	/* nothing from the environment, from files, from other places */
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_SOCKOPTFUNCTION, talk_line_socket);
	SET(CURLOPT_SOCKOPTDATA, talk);
	SET(CURLOPT_CLOSESOCKETFUNCTION, talk_line_close);
	SET(CURLOPT_CLOSESOCKETDATA, talk);
	/* raised to open_ms once it is connected: look_connected() */
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_ms);
	/* our own deadline stands before it */
	SET(CURLOPT_SERVER_RESPONSE_TIMEOUT,
	    (long)(options->open_ms / 1000 + 10));
	return 0;
}

static int
set_proxy(struct talk *talk, const struct talk_proxy *proxy)
{
	char text[HOST_TEXT_SIZE];

	if (proxy->kind == TALK_PROXY_NONE) {
		SET(CURLOPT_PROXY, "");
		SET(CURLOPT_NOPROXY, "*");
		return 0;
	}
	SET(CURLOPT_PROXY, host_address(slice_str(proxy->host), true, text) !=
	    0 ? text : proxy->host);
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_PROXYTYPE, (long)proxy_types[proxy->kind]);
	SET(CURLOPT_PROXYPORT, (long)proxy->port);
	SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
	/* what the proxy says is not the server's */
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_SOCKS5_AUTH, (long)CURLAUTH_BASIC);
	SET(CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
	if (proxy->user == NULL)
		return 0;
	SET(CURLOPT_PROXYUSERNAME, proxy->user);
	SET(CURLOPT_PROXYPASSWORD, proxy->password);
	return 0;
}

static int
set_callbacks(struct talk *talk)
{
	SET(CURLOPT_ERRORBUFFER, talk->error);
	SET(CURLOPT_HEADERFUNCTION, on_line);
	SET(CURLOPT_HEADERDATA, talk);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_DEBUGFUNCTION, on_debug);
	SET(CURLOPT_DEBUGDATA, talk);
	SET(CURLOPT_VERBOSE, 1L);
	return 0;
}

static int
set_tls(struct talk *talk)
{
	SET(CURLOPT_USE_SSL, talk->tls == TALK_STARTTLS ?
	    (long)CURLUSESSL_ALL : talk->tls == TALK_MAYBE ?
	    (long)CURLUSESSL_TRY : (long)CURLUSESSL_NONE);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* talk_tls.c judges instead, and harder */
	SET(CURLOPT_SSL_VERIFYPEER, 0L);
	SET(CURLOPT_SSL_VERIFYHOST, 0L);
	SET(CURLOPT_CAINFO, NULL);
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(CURLOPT_SSL_ENABLE_ALPN, 0L);
	SET(CURLOPT_SSL_CTX_FUNCTION, talk_tls_prepare);
	SET(CURLOPT_SSL_CTX_DATA, talk);
	return 0;
}

static int
set_login(struct talk *talk, const struct talk_options *options)
{
	SET(CURLOPT_LOGIN_OPTIONS, login_words[options->login]);
	/*
	 * RFC 5034 4: an AUTH line has 255 bytes, and no token fits; Microsoft
	 * refuses one in the first line however short it is.
	 */
	SET(CURLOPT_SASL_IR, is_bearer(options->login) &&
	    strcmp(options->scheme, "pop3") == 0 ? 0L : 1L);
	if (options->login == TALK_LOGIN_NONE)
		return 0;
	SET(CURLOPT_USERNAME, options->user);
	if (is_bearer(options->login))
		SET(CURLOPT_XOAUTH2_BEARER, options->password);
	else
		SET(CURLOPT_PASSWORD, options->password);
	return 0;
}

int
talk_options_set(struct talk *talk, const struct talk_options *options)
{
	const struct talk_protocol *protocol =
	    talk_protocol_of(options->scheme);
	char url_host[sizeof(talk->host)];
	char url[sizeof(url_host) + HOST_NAME_MOST + 32];
	int r;

	set_host(talk, options->host, url_host, sizeof(url_host));
	(void)snprintf(url, sizeof(url), "%s://%s:%u/%s",
	    options->tls == TALK_IMPLICIT ? protocol->implicit :
	    protocol->clear, url_host, (unsigned)options->port,
	    options->called == NULL ? "" : options->called);
	r = set_addresses(talk, options);
	if (r == 0)
		r = set_connection(talk, options, url);
	if (r == 0)
		r = set_proxy(talk, &options->proxy);
	if (r == 0)
		r = set_callbacks(talk);
	if (r == 0)
		r = set_tls(talk);
	if (r == 0)
		r = set_login(talk, options);
	return r;
}
