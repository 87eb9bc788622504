/*
 * held_digest.c - people are told once a day what is held for them
 */
#include "programs/held_digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "queue/held_link.h"
#include "queue/service.h"

#define HOUR_MS		INT64_C(3600000)
#define DAY_HOURS	24
#define HTTPS_PORT	443
#define LINK_SIZE	(HELD_DIGEST_URL_SIZE + HELD_LINK_CHARS)

struct held_digest {
	unsigned		 hour;
	const char		*url;		/* "": no links */
	struct held_digest_ports ports;
	struct ipc		*queue;		/* or NULL */
	struct timer		*timer;
	int64_t			 day;		/* it was last done, or begun */
	bool			 is_asking;
	bool			 is_running;
	bool			 is_wanted;	/* by the postmaster: next */
	bool			 is_by_hand;	/* this one is */
	unsigned		 told;		/* accounts, in this one */
	uint64_t		 account;	/* the last one asked about */
	/* its mail, on its way: */
	struct message_id	 ids[HELD_PAGE];
	uint32_t		 count;		/* 0: there is none */
	unsigned		 looks;
};

static void	ask(struct held_digest *);

static void
on_time(void *arg)
{
	held_digest_look(arg);
}

void
held_digest_url(const struct config *config, char url_out[HELD_DIGEST_URL_SIZE])
{
	const struct listener *found = NULL;
	char port[8] = "";

	for (size_t i = 0; i < config->listener_count; i++) {
		const struct listener *one = &config->listeners[i];

		/* the usual port, if there is one: no firewall minds it */
		if (one->service == SERVICE_HTTPS &&
		    (found == NULL || one->port == HTTPS_PORT))
			found = one;
	}
	url_out[0] = '\0';
	if (found == NULL)
		return;
	if (found->port != HTTPS_PORT)
		(void)snprintf(port, sizeof(port), ":%u", found->port);
	(void)snprintf(url_out, HELD_DIGEST_URL_SIZE, "https://%s%s/held/",
	    config->hostname, port);
}

bool
held_digest_takes_replies(const struct config *config)
{
	for (size_t i = 0; i < config->listener_count; i++)
		if (config->listeners[i].service == SERVICE_SUBMISSION)
			return true;
	return false;
}

struct held_digest *
held_digest_new(struct loop *loop, unsigned hour, const char *url,
    const struct held_digest_ports *ports)
{
	struct held_digest *digest = calloc(1, sizeof(*digest));

	if (digest == NULL)
		return NULL;
	digest->hour = hour;
	digest->url = url;
	digest->ports = *ports;
	digest->timer = timer_new(loop, on_time, digest);
	if (digest->timer == NULL) {
		free(digest);
		return NULL;
	}
	timer_set(digest->timer, HELD_DIGEST_FIRST_MS);
	return digest;
}

void
held_digest_free(struct held_digest *digest)
{
	if (digest == NULL)
		return;
	timer_free(digest->timer);
	free(digest);
}

/* Begin again; those who were told are not told twice. */
static void
stop(struct held_digest *digest)
{
	digest->is_wanted |= digest->is_running && digest->is_by_hand;
	digest->is_asking = digest->is_running = false;
	digest->count = 0;
	digest->day = 0;
}

void
held_digest_queue(struct held_digest *digest, struct ipc *queue)
{
	if (queue == NULL)
		stop(digest);
	digest->queue = queue;
}

/* One account after the other */

struct page {
	uint64_t	account;
	uint32_t	more, count;
	struct hold_row	rows[HELD_PAGE];
};

/* 0 or -EBADMSG; slices point into `body`. */
static int
read_page(struct slice body, struct page *page)
{
	struct unpack u = unpack_of(body);

	if (unpack_enum(&u, HOLD_STATUS_COUNT) != HOLD_OK)
		return unpack_is_done(&u) ? -EAGAIN : -EBADMSG;
	page->account = unpack_u64(&u);
	page->more = unpack_u32(&u);
	page->count = unpack_u32(&u);
	if (u.bad || page->count > HELD_PAGE)
		return -EBADMSG;
	for (uint32_t i = 0; i < page->count; i++)
		if (hold_row_unpack(&u, &page->rows[i]) < 0)
			return -EBADMSG;
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

/* NULL: there is none. */
static const char *
link_of(const struct held_digest *digest, const struct hold_row *row,
    char link_out[LINK_SIZE])
{
	if (digest->url[0] == '\0' || row->link.len != HELD_LINK_CHARS)
		return NULL;
	(void)snprintf(link_out, LINK_SIZE, "%s%.*s", digest->url,
	    SLICE_FMT(row->link));
	return link_out;
}

static int
send_page(struct held_digest *digest, const struct page *page)
{
	struct notice_held rows[HELD_PAGE];
	char ids[HELD_PAGE][MESSAGE_ID_CHARS + 1];
	char links[HELD_PAGE][LINK_SIZE];
	const struct notice notice = {
		.kind = NOTICE_HELD, .held = rows, .held_count = page->count,
		.held_more = page->more,
		.takes_reply = digest->ports.takes_replies
	};

	for (uint32_t i = 0; i < page->count; i++) {
		const struct hold_row *row = &page->rows[i];

		message_id_write(&row->id, ids[i]);
		digest->ids[i] = row->id;
		rows[i] = (struct notice_held){ .id = ids[i],
		    .since_utc_ms = row->since_utc_ms,
		    .ends_utc_ms = row->ends_utc_ms, .from = row->from,
		    .subject = row->subject, .reason = row->reason,
		    .score = row->score,
		    .number = notice.takes_reply ? row->number : 0,
		    .link = link_of(digest, row, links[i]) };
	}
	return digest->ports.send(digest->ports.arg, page->account, &notice);
}

/* That was all. */
static void
ended(struct held_digest *digest)
{
	if (digest->is_by_hand || digest->told > 0)
		log_say("told of what is held for them: %u", digest->told);
	if (digest->is_wanted)
		timer_set(digest->timer, 0);
}

static void
on_page(void *arg, int status, struct ipc_message *message)
{
	struct held_digest *digest = arg;
	struct page page;
	int r = status;

	digest->is_asking = false;
	if (r == 0)
		r = read_page(message->body, &page);
	if (r < 0) {
		log_say("what is held cannot be told now: %s", strerror(-r));
		stop(digest);
		return;
	}
	digest->is_running = page.account != 0;
	digest->account = page.account;
	if (page.account == 0) {
		ended(digest);
		return;
	}
	r = page.count == 0 ? -ENOENT : send_page(digest, &page);
	if (r == 0) {
		digest->count = page.count;
		digest->looks = 0;
		timer_set(digest->timer, HELD_DIGEST_NOTE_MS);
		return;
	}
	if (r != -ENOENT && r != -EALREADY)
		log_say("account %llu cannot be told what is held: %s",
		    (unsigned long long)page.account, strerror(-r));
	ask(digest);
}

static void
ask(struct held_digest *digest)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, digest->account);
	digest->is_asking = !text_failed(&body) && ipc_ask(digest->queue,
	    QUEUE_HELD_NEWS, text_slice(&body), NULL, 0, on_page,
	    digest) == 0;
	if (!digest->is_asking)
		stop(digest);
}

/* The mail is in the queue: they know. */
static void
note(struct held_digest *digest)
{
	TEXT_AUTO body = TEXT_INIT(HELD_PAGE * MESSAGE_ID_BYTES + 16);

	pack_u64(&body, digest->account);
	pack_u32(&body, digest->count);
	for (uint32_t i = 0; i < digest->count; i++)
		pack_bytes(&body, slice_of(digest->ids[i].bytes,
		    MESSAGE_ID_BYTES));
	if (text_failed(&body) || ipc_send(digest->queue, QUEUE_HELD_TOLD,
	    text_slice(&body), NULL, 0) < 0)
		log_say("account %llu hears once more what is held",
		    (unsigned long long)digest->account);
	digest->told++;
}

static void
follow(struct held_digest *digest)
{
	int where = digest->ports.where(digest->ports.arg, digest->account);

	if (where == 0 && digest->looks++ < HELD_DIGEST_LOOKS) {
		timer_set(digest->timer, HELD_DIGEST_NOTE_MS);
		return;
	}
	if (where == 1)
		note(digest);
	digest->count = 0;
	ask(digest);
}

/* The day, as the office counts it from that hour on. */
static int64_t
day_of(const struct held_digest *digest)
{
	int64_t now = clock_utc_ms();

	return (now + zone_minutes(now) * INT64_C(60000) -
	    (int64_t)digest->hour * HOUR_MS) / (DAY_HOURS * HOUR_MS);
}

int
held_digest_now(struct held_digest *digest)
{
	if (digest->queue == NULL)
		return -EAGAIN;
	digest->is_wanted = true;
	timer_set(digest->timer, 0);
	return 0;
}

static bool
is_time(const struct held_digest *digest)
{
	return digest->is_wanted || (digest->hour != HELD_DIGEST_NEVER &&
	    day_of(digest) != digest->day);
}

static void
begin(struct held_digest *digest)
{
	if (digest->is_wanted)
		digest->ports.anew(digest->ports.arg);
	digest->is_by_hand = digest->is_wanted;
	digest->is_wanted = false;
	digest->is_running = true;
	digest->told = 0;
	digest->day = day_of(digest);
	digest->account = 0;
	ask(digest);
}

void
held_digest_look(struct held_digest *digest)
{
	timer_set(digest->timer, HELD_DIGEST_LOOK_MS);
	if (digest->queue == NULL || digest->is_asking)
		return;
	if (digest->count > 0)
		follow(digest);
	else if (!digest->is_running && is_time(digest))
		begin(digest);
}
