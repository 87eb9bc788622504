/*
 * relay_reports.c - reports of how TLS went, as mail of the hub's own
 *
 * One at a time: may it come (QUEUE_GRANT), here it is (QUEUE_SUBMIT).  What the
 * queue does not take is made again in a later round.
 */
#include "programs/relay_reports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/memfd.h"
#include "lib/message/envelope.h"
#include "lib/message/path.h"
#include "queue/service.h"

#define MESSAGE_MOST	(256u * 1024)

struct relay_reports {
	struct tls_reporting *reporting;
	const char	*from;
	struct ipc	*queue;		/* or NULL */
	struct text	 message;
	char		 to[PATH_MAX_BYTES];
};

static void
put_off(struct relay_reports *reports, const char *why)
{
	log_say("a report of how TLS went waits: %s", why);
	tls_reporting_mailed(reports->reporting, false);
}

/* True: 250.  Else it is put off. */
static bool
is_granted(struct relay_reports *reports, int status,
    struct ipc_message *message)
{
	TEXT_AUTO why = TEXT_INIT(1024);
	struct queue_answer said;
	struct unpack u;

	if (status < 0) {
		put_off(reports, "the queue is gone");
		return false;
	}
	u = unpack_of(message->body);
	if (answer_unpack(&u, &said) < 0) {
		put_off(reports, "the queue's answer cannot be read");
		return false;
	}
	if (said.code == 250)
		return true;
	text_add_escaped(&why, said.words, 200);
	text_add_byte(&why, '\0');
	put_off(reports, text_failed(&why) ? "" : why.at);
	return false;
}

static void
on_submitted(void *arg, int status, struct ipc_message *message)
{
	struct relay_reports *reports = arg;

	if (is_granted(reports, status, message))
		tls_reporting_mailed(reports->reporting, true);
}

/* Nobody is told when it cannot be delivered: that would go on for ever. */
static void
pack_envelope(struct text *body, const struct relay_reports *reports)
{
	struct recipient recipient = { .address = slice_str(reports->to),
	    .notify = NOTIFY_NEVER };
	const struct envelope env = {
		.source = SOURCE_OWN, .sender = slice_str(reports->from),
		.bytes = reports->message.len, .body = BODY_7BIT,
		.recipients = &recipient, .recipient_count = 1
	};

	envelope_pack(body, &env);
}

static int
submit(struct relay_reports *reports)
{
	TEXT_AUTO body = TEXT_INIT(ENVELOPE_MAX_BYTES);
	int fd, r;

	pack_u64(&body, reports->message.len);
	pack_envelope(&body, reports);
	if (text_failed(&body))
		return -ENOMEM;
	if (reports->queue == NULL)
		return -ENOTCONN;
	fd = memfd_of("report", text_slice(&reports->message));
	if (fd < 0)
		return fd;
	r = ipc_ask(reports->queue, QUEUE_SUBMIT, text_slice(&body), &fd, 1,
	    on_submitted, reports);
	(void)close(fd);
	return r;
}

/* What was granted is not needed. */
static void
release(const struct relay_reports *reports)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, reports->message.len);
	if (reports->queue != NULL)
		(void)ipc_send(reports->queue, QUEUE_RELEASE,
		    text_slice(&body), NULL, 0);
}

static void
on_granted(void *arg, int status, struct ipc_message *message)
{
	struct relay_reports *reports = arg;
	int r;

	if (!is_granted(reports, status, message))
		return;
	r = submit(reports);
	if (r < 0) {
		release(reports);
		put_off(reports, strerror(-r));
	}
}

static int
on_mail(void *arg, struct slice to, struct slice message)
{
	struct relay_reports *reports = arg;
	TEXT_AUTO body = TEXT_INIT(16);

	text_clear(&reports->message);
	text_add(&reports->message, message);
	pack_u64(&body, message.len);
	if (text_failed(&reports->message) || text_failed(&body) ||
	    slice_cstr(to, reports->to, sizeof(reports->to)) < 0)
		return -ENOMEM;
	return reports->queue == NULL ? -ENOTCONN : ipc_ask(reports->queue,
	    QUEUE_GRANT, text_slice(&body), NULL, 0, on_granted, reports);
}

struct relay_reports *
relay_reports_new(const struct config *config,
    const struct tls_reporting_setting *setting)
{
	struct relay_reports *reports = calloc(1, sizeof(*reports));
	struct tls_reporting_setting ours = *setting;

	if (reports == NULL)
		return NULL;
	reports->from = config->tls_report_from;
	reports->message.limit = MESSAGE_MOST;
	ours.from = config->tls_report_from;
	ours.hostname = config->hostname;
	ours.period_seconds = config->tls_report_seconds;
	ours.mail = on_mail;
	ours.arg = reports;
	reports->reporting = tls_reporting_new(&ours);
	if (reports->reporting == NULL) {
		free(reports);
		return NULL;
	}
	return reports;
}

void
relay_reports_queue(struct relay_reports *reports, struct ipc *queue)
{
	if (reports != NULL)
		reports->queue = queue;
}

void
relay_reports_resolver(struct relay_reports *reports, struct ipc *resolver)
{
	if (reports != NULL)
		tls_reporting_resolver(reports->reporting, resolver);
}
