/*
 * https.c - one request to an HTTPS server, and its answer
 *
 * Libcurl brings TLS up (talk.h); the request is written in one piece and the
 * answer read by https_reply.c.  The server is asked to end the connection, but
 * whoever leaves it open is not waited for: the answer says where it ends.
 */
#include "lib/base/https.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/host.h"
#include "lib/base/https_reply.h"

#define PORT_HTTPS	443
#define REQUEST_MOST	(64u * 1024)
#define HEAD_MORE	512	/* of a request, besides host, path and form */

struct https {
	struct talk	*talk;
	struct timer	*deadline;
	struct text	 request;
	struct https_reply reply;
	https_fn	*fn;
	void		*arg;
	bool		 is_over;
};

/* URLs and forms */

/* Printable ASCII, no space, nothing that begins another part of a URL. */
static bool
is_path(struct slice path)
{
	for (size_t i = 0; i < path.len; i++)
		if (path.at[i] <= ' ' || path.at[i] > '~' ||
		    strchr("#\"<>\\^`{|}", path.at[i]) != NULL)
			return false;
	return true;
}

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT". */
static int
read_authority(struct slice s, struct https_url *url)
{
	size_t colon = slice_find_last(s, ':');
	size_t bracket = slice_find_last(s, ']');
	uint64_t port = PORT_HTTPS;
	char text[HOST_TEXT_SIZE];

	if (colon != SIZE_MAX && (bracket == SIZE_MAX || colon > bracket)) {
		if (slice_u64(slice_after(s, colon + 1), UINT16_MAX,
		    &port) < 0 || port == 0)
			return -EINVAL;
		s = slice_first(s, colon);
	}
	url->port = (uint16_t)port;
	if (host_address(s, false, text) != 0)
		return slice_cstr(slice_str(text), url->host,
		    sizeof(url->host));
	return host_is_name(s) && slice_cstr(s, url->host,
	    sizeof(url->host)) == 0 ? 0 : -EINVAL;
}

int
https_url_read(struct slice s, struct https_url *url_out)
{
	static const char scheme[] = "https://";
	struct https_url url;
	size_t end;

	if (!slice_has_prefix(s, scheme))
		return -EINVAL;
	s = slice_after(s, sizeof(scheme) - 1);
	end = slice_find(s, '/');
	if (read_authority(slice_first(s, end), &url) < 0)
		return -EINVAL;
	s = end == SIZE_MAX ? slice_str("/") : slice_after(s, end);
	if (!is_path(s) || slice_cstr(s, url.path, sizeof(url.path)) < 0)
		return -EINVAL;
	*url_out = url;
	return 0;
}

void
https_form_add(struct text *form, const char *name, struct slice value)
{
	if (form->len > 0)
		text_add_byte(form, '&');
	text_add_str(form, name);
	text_add_byte(form, '=');
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
		    c == '_' || c == '~')
			text_add_byte(form, (char)c);
		else
			text_addf(form, "%%%02X", c);
	}
}

/* Ends */

static void
wipe(struct text *text)
{
	if (text->at != NULL)
		OPENSSL_cleanse(text->at, text->size);
	text_free(text);
}

static void
finish(struct https *https, const struct https_answer *answer)
{
	if (https->is_over)
		return;
	https->is_over = true;
	timer_stop(https->deadline);
	https->fn(https->arg, answer);
}

static void
fail(struct https *https, enum talk_fault fault, struct slice words)
{
	const struct https_answer answer = { .fault = fault, .words = words };

	finish(https, &answer);
}

/* What the reader said of the last bytes: more, whole, or no answer. */
static void
judge(struct https *https, int r)
{
	const struct https_answer answer = {
		.status = https->reply.status,
		.body = text_slice(&https->reply.body),
		.retry_after = https->reply.retry_after,
		.is_plain = https->reply.is_plain
	};

	if (r == 1)
		finish(https, &answer);
	else if (r < 0)
		fail(https, TALK_NONSENSE, slice_str(r == -E2BIG ?
		    "its answer is too long" : "its answer is not HTTP"));
}

/* What the conversation tells */

static void
on_line(void *arg, struct slice line)
{
	(void)arg;
	(void)line;
}

static void
on_opened(void *arg)
{
	struct https *https = arg;
	int r = talk_write(https->talk, text_slice(&https->request));

	wipe(&https->request);
	if (r < 0)
		fail(https, TALK_LOCAL, slice_str(strerror(-r)));
}

static void
on_readable(void *arg)
{
	struct https *https = arg;
	char bytes[4096];
	int n = 0, r = 0;

	while (r == 0 && (n = talk_read(https->talk, bytes,
	    sizeof(bytes))) > 0)
		r = https_reply_take(&https->reply, slice_of(bytes,
		    (size_t)n));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	/* the end of the connection is told by on_failed() */
	if (r != 0)
		judge(https, r);
}

static void
on_failed(void *arg, enum talk_fault fault, struct slice words)
{
	struct https *https = arg;

	if (fault == TALK_CLOSED && https->reply.status != 0)
		judge(https, https_reply_end(&https->reply));
	else
		fail(https, fault, words);
}

static void
on_deadline(void *arg)
{
	fail(arg, TALK_TIMED_OUT, slice_of(NULL, 0));
}

/* The request */

static int
write_request(struct https *https, const struct https_options *options)
{
	const struct https_url *url = options->url;
	struct text *request = &https->request;
	size_t form_bytes = options->form == NULL ? 0 : options->form->len;
	char text[HOST_TEXT_SIZE];

	/* room at once: growing would leave a secret in freed memory */
	request->limit = REQUEST_MOST;
	if (text_space(request, form_bytes + HEAD_MORE + HTTPS_HOST_SIZE +
	    HTTPS_PATH_SIZE) == NULL)
		return -ENOMEM;
	text_clear(request);
	text_addf(request, "%s %s HTTP/1.1\r\n", options->form == NULL ?
	    "GET" : "POST", url->path);
	text_addf(request, "Host: %s", host_address(slice_str(url->host), true,
	    text) != 0 ? text : url->host);
	if (url->port != PORT_HTTPS)
		text_addf(request, ":%u", (unsigned)url->port);
	text_addf(request, "\r\nUser-Agent: postroom\r\n"
	    "Accept: %s\r\nAccept-Encoding: identity\r\n"
	    "Connection: close\r\n", options->accept == NULL ?
	    "application/json" : options->accept);
	if (options->form != NULL)
		text_addf(request, "Content-Type: %s\r\n"
		    "Content-Length: %zu\r\n", options->type != NULL ?
		    options->type : "application/x-www-form-urlencoded",
		    form_bytes);
	text_add_str(request, "\r\n");
	if (options->form != NULL)
		text_add(request, *options->form);
	return text_failed(request) ? -ENOMEM : 0;
}

int
https_ask(struct talk_hall *hall, struct loop *loop,
    const struct https_options *options, https_fn *fn, void *arg,
    struct https **https_out)
{
	struct https *https = calloc(1, sizeof(*https));
	const struct talk_options talk_options = {
		.scheme = "https", .host = options->url->host,
		.port = options->url->port, .addresses = options->addresses,
		.proxy = options->proxy, .tls = TALK_IMPLICIT,
		.login = TALK_LOGIN_NONE, .pin = options->pin,
		.connect_ms = options->deadline_ms,
		.open_ms = options->deadline_ms, .counts = options->counts
	};
	const struct talk_events events = {
		.arg = https, .line = on_line, .opened = on_opened,
		.readable = on_readable, .failed = on_failed
	};
	int r = -ENOMEM;

	if (https == NULL)
		return r;
	https->fn = fn;
	https->arg = arg;
	https_reply_open(&https->reply, options->answer_most);
	https->deadline = timer_new(loop, on_deadline, https);
	if (https->deadline != NULL)
		r = write_request(https, options);
	if (r == 0)
		r = talk_open(hall, &talk_options, &events, &https->talk);
	if (r < 0) {
		https_free(https);
		return r;
	}
	timer_set(https->deadline, options->deadline_ms);
	*https_out = https;
	return 0;
}

void
https_free(struct https *https)
{
	if (https == NULL)
		return;
	talk_free(https->talk);
	timer_free(https->deadline);
	wipe(&https->request);
	https_reply_close(&https->reply);
	free(https);
}
