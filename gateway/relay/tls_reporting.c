/*
 * tls_reporting.c - once a day each domain that wants it is told
 *
 * A round goes through the places of the table; a place of a period that is over
 * stands for its domain, all of whose places there are reported together.
 */
#include "gateway/relay/tls_reporting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "fetch/service.h"
#include "gateway/relay/tls_report.h"
#include "gateway/relay/tlsrpt.h"
#include "lib/base/log.h"
#include "lib/base/names.h"
#include "lib/base/pack.h"
#include "lib/base/zone.h"
#include "policy/people_hosts.h"

#define ROUNDS		24	/* in a period */
#define SPREAD		6	/* RFC 8460 4.1: within four hours of a day */
#define PERIODS_KEPT	3	/* that nobody could be told */
#define POST_MS		30000
#define ANSWER_MOST	4096
#define REPORT_TYPE	"application/tlsrpt+gzip"

struct tls_reporting {
	struct tls_reporting_setting setting;
	struct ipc	*resolver;	/* or NULL */
	struct timer	*timer;
	uint64_t	 delay_ms;	/* after a period's end */
	size_t		 at;		/* the place that the round is at */
	bool		 is_running;
	struct message_id last_id;
	/* of that place's domain: */
	struct tls_counted counted[TLS_POLICIES];
	size_t		 count;
	struct tls_report report;
	struct text	 packed;
	struct tlsrpt_target targets[TLSRPT_TARGETS];
	size_t		 target_count, target;
	bool		 is_told;	/* somebody is */
	struct https	*https;
};

static void	tell_next(struct tls_reporting *);
static void	go_on(struct tls_reporting *);

int64_t
tls_period_of(unsigned period_seconds, int64_t utc_ms)
{
	return utc_ms / 1000 / period_seconds;
}

/* The round */

static void
wait_for_round(struct tls_reporting *reporting)
{
	reporting->is_running = false;
	timer_set(reporting->timer, (uint64_t)
	    reporting->setting.period_seconds * 1000 / ROUNDS + 1);
}

/* That place is done with, for this round or for good. */
static void
next_place(struct tls_reporting *reporting)
{
	reporting->at++;
	timer_set(reporting->timer, 0);
}

static void
forget(struct tls_reporting *reporting)
{
	tls_counts_drop(reporting->setting.counts,
	    reporting->counted[0].period,
	    slice_str(reporting->counted[0].domain));
}

/* All there is of that domain in that period. */
static void
gather(struct tls_reporting *reporting)
{
	const struct tls_counted *first = &reporting->counted[0];

	reporting->count = 1;
	for (size_t i = reporting->at + 1; i < TLS_COUNTS_SLOTS &&
	    reporting->count < TLS_POLICIES; i++) {
		struct tls_counted *one =
		    &reporting->counted[reporting->count];

		reporting->count += tls_counts_get(reporting->setting.counts,
		    i, one) && one->period == first->period &&
		    strcmp(one->domain, first->domain) == 0;
	}
}

/* 0, or -ENOMEM (it does not fit, either). */
static int
make_report(struct tls_reporting *reporting)
{
	const struct tls_reporting_setting *setting = &reporting->setting;
	const int64_t seconds = setting->period_seconds;
	TEXT_AUTO json = TEXT_INIT(TLS_REPORT_BYTES);

	reporting->report = (struct tls_report){
		.from = slice_str(setting->from),
		.hostname = slice_str(setting->hostname),
		.domain = slice_str(reporting->counted[0].domain),
		.begin_utc = reporting->counted[0].period * seconds,
		.end_utc = (reporting->counted[0].period + 1) * seconds - 1,
		.counted = reporting->counted, .count = reporting->count
	};
	tls_report_write(&json, &reporting->report);
	text_clear(&reporting->packed);
	return text_failed(&json) ? -ENOMEM :
	    tls_report_pack(&reporting->packed, text_slice(&json));
}

/* Those who are told */

/* That one is done with. */
static void
told(struct tls_reporting *reporting, bool is_told)
{
	reporting->is_told |= is_told;
	reporting->target++;
	tell_next(reporting);
}

void
tls_reporting_mailed(struct tls_reporting *reporting, bool is_taken)
{
	told(reporting, is_taken);
}

static int
mail(struct tls_reporting *reporting, const char *to)
{
	const struct tls_reporting_setting *setting = &reporting->setting;
	TEXT_AUTO message = TEXT_INIT(2 * TLS_REPORT_BYTES);
	struct tls_report_mail mail = {
		.at_utc_ms = clock_utc_ms(), .to = slice_str(to),
		.packed = text_slice(&reporting->packed)
	};
	int r = message_id_new(&reporting->last_id, mail.at_utc_ms);

	mail.id = reporting->last_id;
	mail.zone_minutes = zone_minutes(mail.at_utc_ms);
	if (r == 0)
		r = tls_report_mail_write(&message, &reporting->report,
		    &mail);
	if (r == 0 && text_failed(&message))
		r = -ENOMEM;
	return r < 0 ? r : setting->mail(setting->arg, mail.to,
	    text_slice(&message));
}

static void
on_answer(void *arg, const struct https_answer *answer)
{
	struct tls_reporting *reporting = arg;
	bool is_taken = answer->status / 100 == 2;

	https_free(reporting->https);
	reporting->https = NULL;
	told(reporting, is_taken);
}

/* Who owns a domain names that server: it is none of the office's own. */
static void
on_addresses(void *arg, int status, struct ipc_message *message)
{
	struct tls_reporting *reporting = arg;
	const struct tls_reporting_setting *setting = &reporting->setting;
	const struct https_url *url =
	    &reporting->targets[reporting->target].url;
	const struct slice packed = text_slice(&reporting->packed);
	TEXT_AUTO kept = TEXT_INIT(NAMES_TEXT_SIZE);
	char addresses[NAMES_TEXT_SIZE];
	enum names_found found;
	struct slice all;
	struct unpack u;

	if (status < 0) {
		told(reporting, false);
		return;
	}
	u = unpack_of(message->body);
	found = unpack_enum(&u, NAMES_FOUND_COUNT);
	all = unpack_slice(&u);
	if (setting->inner_hosts == NULL)
		text_add(&kept, all);
	else
		(void)people_hosts_keep(all, slice_of("", 0),
		    slice_str(setting->inner_hosts), &kept);
	if (u.bad || found != NAMES_FOUND || kept.len == 0 ||
	    text_failed(&kept) || slice_cstr(text_slice(&kept), addresses,
	    sizeof(addresses)) < 0 || https_ask(setting->hall, setting->loop,
	    &(struct https_options){ .url = url, .addresses = addresses,
		.form = &packed, .type = REPORT_TYPE, .accept = "*/*",
		.deadline_ms = POST_MS, .answer_most = ANSWER_MOST,
		.counts = setting->line },
	    on_answer, reporting, &reporting->https) < 0)
		told(reporting, false);
}

/* Ask the resolver.  0 or a negative errno. */
static int
ask(struct tls_reporting *reporting, uint16_t kind, const struct text *body,
    ipc_reply_fn *fn)
{
	if (reporting->resolver == NULL)
		return -ENOTCONN;
	return text_failed(body) ? -ENOMEM : ipc_ask(reporting->resolver,
	    kind, text_slice(body), NULL, 0, fn, reporting);
}

static int
post(struct tls_reporting *reporting, const struct https_url *url)
{
	TEXT_AUTO body = TEXT_INIT(1024);

	pack_slice(&body, slice_str(url->host));
	return ask(reporting, RESOLVER_ADDRESSES, &body, on_addresses);
}

static void
end_domain(struct tls_reporting *reporting)
{
	if (reporting->is_told) {
		log_say("%s is told how TLS with its hosts went",
		    reporting->counted[0].domain);
		forget(reporting);
	}
	next_place(reporting);
}

/* All of them are to have it (RFC 8460 3). */
static void
tell_next(struct tls_reporting *reporting)
{
	while (reporting->target < reporting->target_count) {
		const struct tlsrpt_target *target =
		    &reporting->targets[reporting->target];

		if ((target->address[0] != '\0' ?
		    mail(reporting, target->address) :
		    post(reporting, &target->url)) == 0)
			return;
		reporting->target++;
	}
	end_domain(reporting);
}

/* The record */

/* 0; -ENOENT: nobody is to be told; -EAGAIN. */
static int
read_record(struct tls_reporting *reporting, int status,
    const struct ipc_message *message)
{
	struct slice texts[NAMES_TEXTS];
	enum names_found found;
	uint32_t count;
	struct unpack u;

	if (status < 0)
		return -EAGAIN;
	u = unpack_of(message->body);
	found = unpack_enum(&u, NAMES_FOUND_COUNT);
	(void)unpack_bool(&u);
	count = unpack_u32(&u);
	if (u.bad || found == NAMES_LATER || count > NAMES_TEXTS)
		return -EAGAIN;
	for (uint32_t i = 0; i < count; i++)
		texts[i] = unpack_slice(&u);
	if (!unpack_is_done(&u))
		return -EAGAIN;
	return tlsrpt_record_read(texts, count, reporting->targets,
	    &reporting->target_count);
}

static void
on_record(void *arg, int status, struct ipc_message *message)
{
	struct tls_reporting *reporting = arg;
	int r = read_record(reporting, status, message);

	if (r == -ENOENT)
		forget(reporting);
	if (r == 0)
		r = make_report(reporting);
	if (r < 0) {
		next_place(reporting);
		return;
	}
	reporting->target = 0;
	reporting->is_told = false;
	tell_next(reporting);
}

static void
look_up(struct tls_reporting *reporting)
{
	TEXT_AUTO name = TEXT_INIT(512), body = TEXT_INIT(1024);

	gather(reporting);
	text_addf(&name, TLSRPT_PREFIX "%s", reporting->counted[0].domain);
	pack_u8(&body, NAMES_TXT);
	pack_slice(&body, text_slice(&name));
	if (text_failed(&name) || ask(reporting, RESOLVER_RECORDS, &body,
	    on_record) < 0)
		next_place(reporting);
}

/* Is it over, and its time come?  What nobody could be told is forgotten. */
static bool
is_due(struct tls_reporting *reporting)
{
	const unsigned seconds = reporting->setting.period_seconds;
	const struct tls_counted *counted = &reporting->counted[0];
	int64_t now = clock_utc_ms();

	if (counted->period > tls_period_of(seconds, now) ||
	    counted->period < tls_period_of(seconds, now) - PERIODS_KEPT) {
		forget(reporting);
		return false;
	}
	return now >= (counted->period + 1) * seconds * 1000 +
	    (int64_t)reporting->delay_ms;
}

static void
go_on(struct tls_reporting *reporting)
{
	while (reporting->at < TLS_COUNTS_SLOTS &&
	    reporting->resolver != NULL) {
		if (tls_counts_get(reporting->setting.counts, reporting->at,
		    &reporting->counted[0]) && is_due(reporting)) {
			look_up(reporting);
			return;
		}
		reporting->at++;
	}
	wait_for_round(reporting);
}

static void
on_time(void *arg)
{
	struct tls_reporting *reporting = arg;

	if (!reporting->is_running)
		reporting->at = 0;
	reporting->is_running = true;
	go_on(reporting);
}

/* Begin and end */

struct tls_reporting *
tls_reporting_new(const struct tls_reporting_setting *setting)
{
	struct tls_reporting *reporting = calloc(1, sizeof(*reporting));
	uint32_t random;

	if (reporting == NULL)
		return NULL;
	reporting->setting = *setting;
	reporting->packed.limit = TLS_REPORT_BYTES;
	reporting->timer = timer_new(setting->loop, on_time, reporting);
	if (reporting->timer == NULL || getrandom(&random, sizeof(random),
	    0) != (ssize_t)sizeof(random)) {
		tls_reporting_free(reporting);
		return NULL;
	}
	reporting->delay_ms = (uint64_t)setting->period_seconds * 1000 /
	    SPREAD * (random >> 16) / UINT16_MAX;
	wait_for_round(reporting);
	return reporting;
}

void
tls_reporting_resolver(struct tls_reporting *reporting, struct ipc *resolver)
{
	if (reporting != NULL)
		reporting->resolver = resolver;
}

void
tls_reporting_free(struct tls_reporting *reporting)
{
	if (reporting == NULL)
		return;
	if (reporting->resolver != NULL)
		ipc_forget(reporting->resolver, reporting);
	https_free(reporting->https);
	timer_free(reporting->timer);
	text_free(&reporting->packed);
	free(reporting);
}
