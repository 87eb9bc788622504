/*
 * server.c - HTTP/1.1 on connections that somebody else has accepted
 *
 * libmicrohttpd runs from our loop: its epoll descriptor is watched, and it is
 * given a turn whenever that is ready, its time has come, or an answer is
 * there.  A request that waits for its answer is suspended.
 */
#include "gateway/http/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/crypto.h>

struct http {
	struct loop		*loop;
	struct http_ports	 ports;
	struct MHD_Daemon	*daemon;
	struct watch		*watch;		/* its epoll descriptor */
	struct timer		*turn;		/* it wants one then */
	char			 peer[HTTP_PEER_SIZE];	/* of the one that is
						   just being added */
	LIST_HEAD(, http_exchange) suspended;
};

/* A connection, as long as it is open. */
struct connection {
	struct http	*http;
	int		 fd;		/* the library's */
	struct timer	*deadline;
	char		 peer[HTTP_PEER_SIZE];
};

struct http_exchange {
	LIST_ENTRY(http_exchange) next;		/* while it is suspended */
	struct http		*http;
	struct MHD_Connection	*mhd;
	struct connection	*connection;	/* NULL: not even begun */
	char			 target[HTTP_TARGET_BYTES + 1];
	bool			 target_fits;
	struct http_request	 request;
	char			*body;
	size_t			 body_bytes, body_room;
	struct MHD_Response	*response;	/* when it is answered */
	unsigned		 status;
	bool			 was_asked;	/* once is enough */
	bool			 is_asked;	/* the owner has it */
	bool			 is_suspended;
	bool			 is_cut;	/* it sends more than it said */
	void			*owner;
};

/* What every answer says; none may be framed, guessed at or kept. */
static const struct http_field always[] = {
	{ "Content-Security-Policy", "default-src 'none'; style-src 'self'; "
	  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	/* no-referrer would take the Origin away from our own forms */
	{ "Referrer-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	/*
	 * No Strict-Transport-Security: it would hold for every port of this
	 * host, ours or not, and there is nothing here to be reached in clear.
	 */
};

/* Turns */

static void
give_turn(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;

	(void)MHD_run(http->daemon);
	if (MHD_get_timeout(http->daemon, &ms) == MHD_YES)
		timer_set(http->turn, ms);
	else
		timer_stop(http->turn);
}

static void
on_ready(void *arg, unsigned what)
{
	(void)what;
	give_turn(arg);
}

static void
on_turn(void *arg)
{
	give_turn(arg);
}

/* It took too long: the library finds it ended. */
static void
on_deadline(void *arg)
{
	struct connection *connection = arg;

	(void)shutdown(connection->fd, SHUT_RDWR);
}

/* Answers */

static struct MHD_Response *
response_of(const struct http_answer *answer)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    answer->body.len, (void *)(uintptr_t)(answer->body.at == NULL ?
	    "" : answer->body.at), MHD_RESPMEM_MUST_COPY);
	bool fine = response != NULL;

	for (size_t i = 0; fine && i < sizeof(always) / sizeof(always[0]); i++)
		fine = MHD_add_response_header(response, always[i].name,
		    always[i].value) == MHD_YES;
	if (fine)
		fine = MHD_add_response_header(response, "Cache-Control",
		    answer->may_be_kept ? "private, max-age=3600" :
		    "no-store") == MHD_YES;
	if (fine && answer->type != NULL)
		fine = MHD_add_response_header(response, "Content-Type",
		    answer->type) == MHD_YES;
	if (fine && answer->closes)
		fine = MHD_add_response_header(response, "Connection",
		    "close") == MHD_YES;
	for (size_t i = 0; fine && i < HTTP_FIELDS &&
	    answer->fields[i].name != NULL; i++)
		fine = MHD_add_response_header(response,
		    answer->fields[i].name, answer->fields[i].value) ==
		    MHD_YES;
	if (!fine && response != NULL) {
		MHD_destroy_response(response);
		return NULL;
	}
	return response;
}

/* Hand the library what is ready; MHD_NO ends the connection. */
static enum MHD_Result
queue(struct http_exchange *exchange)
{
	if (exchange->response == NULL)
		return MHD_NO;
	timer_set(exchange->connection->deadline, HTTP_ANSWER_MS);
	return MHD_queue_response(exchange->mhd, exchange->status,
	    exchange->response);
}

static void
resume(struct http_exchange *exchange)
{
	LIST_REMOVE(exchange, next);
	exchange->is_suspended = false;
	MHD_resume_connection(exchange->mhd);
}

void
http_answer(struct http_exchange *exchange, const struct http_answer *answer)
{
	exchange->owner = NULL;
	exchange->is_asked = false;
	exchange->status = answer->status;
	exchange->response = response_of(answer);
	if (!exchange->is_suspended)
		return;
	resume(exchange);
	timer_set(exchange->http->turn, 0);
}

/* Refused before the body is read: the connection cannot go on. */
static enum MHD_Result
refuse(struct http_exchange *exchange, unsigned status)
{
	const struct http_answer answer = {
		.status = status, .type = "text/plain; charset=utf-8",
		.body = slice_str(status == 413 ? "too large\n" :
		    status == 411 ? "a Content-Length is wanted\n" :
		    status == 414 ? "too long\n" : "ambiguous or broken\n"),
		.closes = true
	};

	exchange->status = status;
	exchange->response = response_of(&answer);
	return queue(exchange);
}

void
http_set_owner(struct http_exchange *exchange, void *owner)
{
	exchange->owner = owner;
}

void *
http_owner(const struct http_exchange *exchange)
{
	return exchange->owner;
}

/* Requests */

/* The very first: its target, before anything of it is read. */
static void *
on_target(void *arg, const char *target, struct MHD_Connection *mhd)
{
	struct http_exchange *exchange = calloc(1, sizeof(*exchange));
	struct slice whole = slice_str(target);

	if (exchange == NULL)
		return NULL;
	exchange->http = arg;
	exchange->mhd = mhd;
	exchange->target_fits = slice_cstr(whole, exchange->target,
	    sizeof(exchange->target)) == 0;
	return exchange;
}

/* Nothing is decoded by the library: a path is one of ours as it stands. */
static size_t
leave_escaped(void *arg, struct MHD_Connection *mhd, char *s)
{
	(void)arg;
	(void)mhd;
	return strlen(s);
}

static enum MHD_Result
on_field(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	(void)kind;
	http_head_add(arg, slice_of(name, name_len),
	    slice_of(value == NULL ? "" : value, value_len));
	return MHD_YES;
}

/* The head is whole: take it, or refuse. */
static enum MHD_Result
begin(struct http_exchange *exchange, const char *method, const char *version)
{
	struct http_request *request = &exchange->request;
	struct slice rest = slice_str(exchange->target);
	uint64_t bytes = 0;
	int status;

	timer_set(exchange->connection->deadline, HTTP_BODY_MS);
	if (!exchange->target_fits)
		return refuse(exchange, 414);
	(void)MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND,
	    on_field, &request->head);
	status = http_head_judge(&request->head, slice_str(version),
	    HTTP_BODY_BYTES, &bytes);
	if (status != 0)
		return refuse(exchange, (unsigned)status);
	request->method = slice_str(method);
	if (slice_cut(&rest, '?', &request->path))
		request->query = rest;
	else
		request->path = rest;
	request->peer = exchange->connection->peer;
	exchange->body_room = (size_t)bytes;
	if (bytes > 0) {
		exchange->body = malloc((size_t)bytes);
		if (exchange->body == NULL)
			return MHD_NO;
	}
	return MHD_YES;
}

static void
take(struct http_exchange *exchange, const char *bytes, size_t *count)
{
	if (*count > exchange->body_room - exchange->body_bytes)
		exchange->is_cut = true;
	else
		memcpy(exchange->body + exchange->body_bytes, bytes, *count);
	exchange->body_bytes += exchange->is_cut ? 0 : *count;
	*count = 0;
}

/* All of it is here. */
static enum MHD_Result
ask(struct http_exchange *exchange)
{
	struct http *http = exchange->http;

	if (exchange->is_cut || exchange->body_bytes != exchange->body_room)
		return MHD_NO;
	exchange->request.body = slice_of(exchange->body,
	    exchange->body_bytes);
	timer_set(exchange->connection->deadline, HTTP_ANSWER_MS);
	exchange->was_asked = exchange->is_asked = true;
	http->ports.request(http->ports.arg, exchange, &exchange->request);
	if (!exchange->is_asked)
		return queue(exchange);
	exchange->is_suspended = true;
	LIST_INSERT_HEAD(&http->suspended, exchange, next);
	MHD_suspend_connection(exchange->mhd);
	return MHD_YES;
}

static struct connection *
connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *bytes, size_t *count,
    void **state)
{
	struct http_exchange *exchange = *state;

	(void)arg;
	(void)url;
	if (exchange == NULL)
		return MHD_NO;
	if (exchange->connection == NULL) {
		exchange->connection = connection_of(mhd);
		return exchange->connection == NULL ? MHD_NO :
		    begin(exchange, method, version);
	}
	if (*count > 0) {
		take(exchange, bytes, count);
		return exchange->is_cut ? MHD_NO : MHD_YES;
	}
	if (exchange->response != NULL)
		return queue(exchange);
	/* asked, and here again: memory was out for its answer */
	return exchange->was_asked ? MHD_NO : ask(exchange);
}

/* Its answer has left, or never will. */
static void
on_completed(void *arg, struct MHD_Connection *mhd, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct http_exchange *exchange = *state;
	struct http *http = arg;

	(void)mhd;
	(void)why;
	if (exchange == NULL)
		return;
	if (exchange->is_asked)
		http->ports.gone(http->ports.arg, exchange);
	if (exchange->connection != NULL)
		timer_set(exchange->connection->deadline, HTTP_HEAD_MS);
	if (exchange->response != NULL)
		MHD_destroy_response(exchange->response);
	/* a password may stand in it */
	if (exchange->body != NULL)
		OPENSSL_cleanse(exchange->body, exchange->body_room);
	free(exchange->body);
	free(exchange);
	*state = NULL;
}

/* Connections */

static void
connection_begin(struct http *http, struct MHD_Connection *mhd, void **state)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd,
	    MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL || info == NULL) {
		free(connection);
		return;
	}
	connection->http = http;
	connection->fd = info->connect_fd;
	memcpy(connection->peer, http->peer, sizeof(connection->peer));
	connection->deadline = timer_new(http->loop, on_deadline, connection);
	if (connection->deadline == NULL) {
		free(connection);
		return;
	}
	timer_set(connection->deadline, HTTP_HEAD_MS);
	*state = connection;
}

static void
on_connection(void *arg, struct MHD_Connection *mhd, void **state,
    enum MHD_ConnectionNotificationCode what)
{
	struct connection *connection;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		connection_begin(arg, mhd, state);
		return;
	}
	connection = *state;
	if (connection == NULL)
		return;
	timer_free(connection->deadline);
	free(connection);
	*state = NULL;
}

int
http_serve(struct http *http, int fd, struct slice peer)
{
	const struct sockaddr_un nobody = { .sun_family = AF_UNIX };
	int r;

	if (slice_cstr(peer, http->peer, sizeof(http->peer)) < 0) {
		(void)close(fd);
		return -EINVAL;
	}
	if (MHD_add_connection(http->daemon, fd,
	    (const struct sockaddr *)&nobody, sizeof(nobody)) != MHD_YES) {
		r = errno == ENOMEM ? -ENOMEM : -EAGAIN;
		return r;		/* it has closed it */
	}
	timer_set(http->turn, 0);
	return 0;
}

/* The whole */

static struct MHD_Daemon *
daemon_start(struct http *http)
{
	return MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET | MHD_USE_EPOLL |
	    MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, http,
	    MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEAD_BYTES,
	    MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
	    MHD_OPTION_URI_LOG_CALLBACK, on_target, http,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
	    MHD_OPTION_END);
}

struct http *
http_new(struct loop *loop, const struct http_ports *ports)
{
	struct http *http = calloc(1, sizeof(*http));
	const union MHD_DaemonInfo *info = NULL;

	if (http == NULL)
		return NULL;
	http->loop = loop;
	http->ports = *ports;
	LIST_INIT(&http->suspended);
	http->daemon = daemon_start(http);
	if (http->daemon != NULL)
		info = MHD_get_daemon_info(http->daemon,
		    MHD_DAEMON_INFO_EPOLL_FD);
	http->turn = timer_new(loop, on_turn, http);
	if (info != NULL)
		http->watch = watch_new(loop, info->epoll_fd, on_ready, http);
	if (http->turn == NULL || http->watch == NULL ||
	    watch_want(http->watch, LOOP_READ) < 0) {
		http_free(http);
		return NULL;
	}
	return http;
}

void
http_free(struct http *http)
{
	if (http == NULL)
		return;
	/* the library ends no connection that is suspended */
	while (!LIST_EMPTY(&http->suspended))
		resume(LIST_FIRST(&http->suspended));
	watch_free(http->watch);
	if (http->daemon != NULL)
		MHD_stop_daemon(http->daemon);
	timer_free(http->turn);
	free(http);
}
