/*
 * talk.c - an outgoing conversation, from its beginning to the word "open"
 *
 * After each turn of libcurl's it is looked at: is it connected, what has the
 * server said, is it open, or why not.  Whoever asked is told then, never from
 * inside libcurl.
 */
#include "lib/base/talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/talk_inside.h"

/* libcurl calls it a broken connection when it has counted so many bytes. */
#define LIBCURL_MOST	(300 * 1024)

/* What libcurl found, by its own word; the rest is a fault of ours. */
static const struct {
	CURLcode	code;
	enum talk_fault	fault;
} faults[] = {
	{ CURLE_COULDNT_RESOLVE_HOST,	TALK_UNREACHABLE },
	{ CURLE_COULDNT_CONNECT,	TALK_UNREACHABLE },
	{ CURLE_OPERATION_TIMEDOUT,	TALK_TIMED_OUT },
	{ CURLE_USE_SSL_FAILED,		TALK_NO_TLS },
	{ CURLE_SSL_CONNECT_ERROR,	TALK_TLS_FAILED },
	{ CURLE_SSL_CIPHER,		TALK_TLS_FAILED },
	{ CURLE_PEER_FAILED_VERIFICATION, TALK_DISTRUSTED },
	{ CURLE_LOGIN_DENIED,		TALK_LOGIN_REFUSED },
	{ CURLE_AUTH_ERROR,		TALK_NO_MECHANISM },
	{ CURLE_WEIRD_SERVER_REPLY,	TALK_NONSENSE },
	{ CURLE_BAD_CONTENT_ENCODING,	TALK_NONSENSE },
	{ CURLE_WRITE_ERROR,		TALK_NONSENSE },
	{ CURLE_GOT_NOTHING,		TALK_CLOSED },
	{ CURLE_RECV_ERROR,		TALK_CLOSED },
	{ CURLE_SEND_ERROR,		TALK_CLOSED },
};

static void	on_deadline(void *arg);

static int
begin(struct talk *talk, const struct talk_options *options)
{
	int r;

	talk->easy = curl_easy_init();
	talk->deadline = timer_new(talk->hall->loop, on_deadline, talk);
	if (talk->easy == NULL || talk->deadline == NULL)
		return -ENOMEM;
	r = talk_drive_open(talk);
	if (r == 0)
		r = talk_bytes_new(talk);
	if (r == 0)
		r = talk_line_new(talk);
	if (r == 0)
		r = talk_options_set(talk, options);
	if (r < 0)
		return r;
	timer_set(talk->deadline, options->open_ms);
	return curl_multi_add_handle(talk->multi, talk->easy) == CURLM_OK ?
	    0 : -ENOMEM;
}

int
talk_open(struct talk_hall *hall, const struct talk_options *options,
    const struct talk_events *events, struct talk **talk_out)
{
	struct talk *talk;
	int r;

	if (!talk_options_fit(options))
		return -EINVAL;
	talk = calloc(1, sizeof(*talk));
	if (talk == NULL)
		return -ENOMEM;
	talk->hall = hall;
	talk->protocol = talk_protocol_of(options->scheme);
	talk->events = *events;
	talk->tls = options->tls;
	talk->counts = options->counts;
	talk->is_paced = options->is_paced;
	talk->open_ms = options->open_ms;
	talk->lines.limit = TALK_SAID_MOST;
	if (options->pin != NULL) {
		talk->certificate.is_pinned = true;
		memcpy(talk->certificate.pin, options->pin, TALK_PRINT_BYTES);
	}
	talk->certificate.dane = options->dane;
	r = talk_session_open(talk, options);
	if (r == 0)
		r = begin(talk, options);
	if (r < 0) {
		talk_free(talk);
		return r;
	}
	*talk_out = talk;
	return 0;
}

void
talk_free(struct talk *talk)
{
	if (talk == NULL)
		return;
	if (talk->gone != NULL)
		*talk->gone = true;
	talk_bytes_close(talk);
	talk_drive_close(talk);
	talk_line_free(talk);
	timer_free(talk->deadline);
	text_free(&talk->lines);
	free(talk);
}

void
talk_fail(struct talk *talk, enum talk_fault fault, struct slice words)
{
	if (talk->is_over)
		return;
	talk_session_spoil(talk);
	talk->is_over = true;
	timer_stop(talk->deadline);
	talk_bytes_close(talk);
	talk_drive_stop(talk);
	talk->events.failed(talk->events.arg, fault, words);
}

static struct slice
last_words(const struct talk *talk)
{
	return slice_of(talk->last, talk->last_len);
}

/* What went wrong outside of the protocol, in the words of who noticed. */
static struct slice
library_words(struct talk *talk, enum talk_fault fault)
{
	struct slice words = slice_str(talk->error);
	size_t at = slice_find_str(words, "error:");
	long number = 0;

	if (fault == TALK_UNREACHABLE && curl_easy_getinfo(talk->easy,
	    CURLINFO_OS_ERRNO, &number) == CURLE_OK && number > 0)
		words = slice_str(strerror((int)number));
	else if (at != SIZE_MAX)
		/* OpenSSL's own: "error:NUMBER:library:function:reason" */
		words = slice_after(words, slice_find_last(words, ':') + 1);
	talk_keep_words(talk, words);
	return last_words(talk);
}

/* We had enough of what it says, or libcurl had. */
static bool
was_too_much(const struct talk *talk)
{
	long bytes = 0;

	return talk->is_nonsense || (curl_easy_getinfo(talk->easy,
	    CURLINFO_HEADER_SIZE, &bytes) == CURLE_OK && bytes > LIBCURL_MOST);
}

static enum talk_fault
fault_of(const struct talk *talk, CURLcode code)
{
	enum talk_fault fault = TALK_LOCAL;

	if (talk->certificate.fault != NULL)
		return TALK_DISTRUSTED;
	if (was_too_much(talk))
		return TALK_NONSENSE;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		if (faults[i].code == code)
			fault = faults[i].fault;
	if (fault == TALK_TIMED_OUT && !talk->is_connected)
		return TALK_UNREACHABLE;
	/* libcurl has one word for both */
	if (fault == TALK_LOGIN_REFUSED && !talk->tried_login)
		return TALK_NO_MECHANISM;
	/* a greeting of -ERR is a server that wants nobody now */
	if (fault == TALK_NONSENSE && talk->was_sent_away)
		return TALK_CLOSED;
	return fault;
}

/* The server said no, rather than nothing. */
static bool
is_no(const struct talk *talk, struct slice words)
{
	struct slice tag;

	if (!talk->protocol->has_tags)
		return talk_sends_away(talk, words);
	return slice_cut(&words, ' ', &tag) &&
	    (slice_has_prefix(words, "NO") || slice_has_prefix(words, "BAD"));
}

static void
fail_by(struct talk *talk, CURLcode code)
{
	enum talk_fault fault = fault_of(talk, code);
	struct slice words = last_words(talk);

	if (fault == TALK_DISTRUSTED)
		words = slice_str(talk->certificate.fault);
	else if (fault == TALK_UNREACHABLE || fault == TALK_TLS_FAILED ||
	    fault == TALK_LOCAL)
		words = library_words(talk, fault);
	else if (fault == TALK_NO_MECHANISM || (fault == TALK_NO_TLS &&
	    !is_no(talk, words)))
		words = slice_str("");	/* it did not say no to that */
	talk_fail(talk, fault, words);
}

static void
on_deadline(void *arg)
{
	struct talk *talk = arg;

	talk_fail(talk, talk->is_connected ? TALK_TIMED_OUT : TALK_UNREACHABLE,
	    last_words(talk));
}

/* Once it is connected the other deadline counts. */
static void
look_connected(struct talk *talk)
{
	curl_off_t us = 0;

	if (talk->waits_longer)
		return;
	if (curl_easy_getinfo(talk->easy, CURLINFO_CONNECT_TIME_T, &us) ==
	    CURLE_OK && us > 0)
		talk->is_connected = true;
	if (!talk->is_connected)
		return;
	talk->waits_longer = true;
	/* our own comes first */
	(void)curl_easy_setopt(talk->easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)talk->open_ms + 1000);
}

/* Tell the lines that have come; false when the conversation is gone. */
static bool
tell_lines(struct talk *talk)
{
	struct text lines = talk->lines;
	struct slice rest = text_slice(&lines), line;
	bool gone = false;

	talk->lines = (struct text)TEXT_INIT(lines.limit);
	talk->gone = &gone;
	while (!gone && slice_cut(&rest, '\n', &line))
		talk->events.line(talk->events.arg, line);
	text_free(&lines);
	if (!gone)
		talk->gone = NULL;
	return !gone;
}

static void
opened(struct talk *talk)
{
	bool gone = false;

	timer_stop(talk->deadline);
	if (talk_bytes_open(talk) < 0) {
		talk_fail(talk, TALK_LOCAL, slice_str(""));
		return;
	}
	talk->gone = &gone;
	talk->events.opened(talk->events.arg);
	if (!gone)
		talk->gone = NULL;
}

void
talk_look(struct talk *talk, CURLMcode turn)
{
	CURLMsg *news;
	int left;

	if (talk->is_over || talk->is_open)
		return;
	look_connected(talk);
	if (!tell_lines(talk))
		return;
	news = curl_multi_info_read(talk->multi, &left);
	if (news == NULL && turn != CURLM_OK)
		talk_fail(talk, TALK_LOCAL, slice_str(
		    curl_multi_strerror(turn)));
	else if (news != NULL && news->data.result == CURLE_OK)
		opened(talk);
	else if (news != NULL)
		fail_by(talk, news->data.result);
}

const char *
talk_peer(const struct talk *talk)
{
	char *address = NULL;

	if (curl_easy_getinfo(talk->easy, CURLINFO_PRIMARY_IP, &address) !=
	    CURLE_OK || address == NULL)
		return "";
	return address;
}

const char *
talk_tls_words(const struct talk *talk)
{
	return talk->certificate.tls_words;
}

bool
talk_is_resumed(const struct talk *talk)
{
	return talk->resumption.is_resumed;
}

bool
talk_print(const struct talk *talk, unsigned char print_out[TALK_PRINT_BYTES])
{
	if (!talk->certificate.was_seen)
		return false;
	memcpy(print_out, talk->certificate.print, TALK_PRINT_BYTES);
	return true;
}
