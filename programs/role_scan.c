/*
 * role_scan.c - the scanners: messages from the judges, no network but theirs
 *
 * This process only passes on: it reads no message.  The signatures are loaded
 * by a process it forks, the messages are read by processes that one forks, and
 * all of those can be lost.  What an rspamd is asked and says is passed on, too
 * (scan_rspamd.h).  Fails by saying NOT_SCANNED; when the role itself
 * ends, a judge's question ends with it and the judge says the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "filters/rspamd.h"
#include "lib/base/log.h"
#include "programs/roles.h"
#include "programs/scan_crew.h"
#include "programs/scan_pool.h"
#include "programs/scan_rspamd.h"

#define POLL_MS		60000	/* signatures come hourly at most */
#define AGE_FIRST_MS	600000	/* until the first set is surely loaded */
#define AGE_AGAIN_MS	86400000	/* one line a day is enough */
#define SOFT_PART	4	/* the library's limit is 3/4 of the hard one */

/* A judge that waits for an answer. */
struct asked {
	LIST_ENTRY(asked) next;
	struct ipc	*judge;
	uint64_t	 serial;
	bool		 is_rspamd;	/* that is asked, not the pool */
};

struct scan {
	struct scan_pool	*pool;
	struct clam_limits	 limits;
	struct clamd		 clamd;
	struct rspamd_calls	*rspamd;	/* or NULL: none is set */
	unsigned		 old_days;	/* scan_signature_days */
	struct timer		*age;
	LIST_HEAD(, asked)	 asked;
};

static int	on_message(void *, struct ipc *, struct ipc_message *);
static int	on_status(void *, struct ipc *, struct ipc_message *);
static int	on_rspamd(void *, struct ipc *, struct ipc_message *);

static const struct ipc_rule scan_rules[] = {
{ SCAN_MESSAGE,	"SCAN",	  FROM(ROLE_JUDGE),   IPC_REQUEST, 1, 0, on_message },
{ SCAN_STATUS,	"STATUS", FROM(ROLE_CONSOLE), IPC_REQUEST, 0, 0, on_status },
{ RSPAMD_MESSAGE, "RSPAMD", FROM(ROLE_JUDGE), IPC_REQUEST, 1, 0, on_rspamd },
{ 0 }
};

static void
reply_with(struct ipc *judge, uint64_t serial,
    const struct scan_answer *answer)
{
	TEXT_AUTO body = TEXT_INIT(SCAN_ANSWER_MAX);

	scan_answer_pack(&body, answer);
	if (ipc_reply(judge, serial, text_slice(&body), NULL, 0) < 0)
		log_say("a judge does not take an answer");
}

static void
on_done(void *arg, const struct scan_answer *answer)
{
	struct asked *asked = arg;

	reply_with(asked->judge, asked->serial, answer);
	LIST_REMOVE(asked, next);
	free(asked);
}

/* Remember who asked; NULL: memory is out. */
static struct asked *
asked_new(struct scan *scan, struct ipc *judge, uint64_t serial)
{
	struct asked *asked = calloc(1, sizeof(*asked));

	if (asked == NULL)
		return NULL;
	asked->judge = judge;
	asked->serial = serial;
	LIST_INSERT_HEAD(&scan->asked, asked, next);
	return asked;
}

static int
on_message(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct scan *scan = process->state;
	struct unpack u = unpack_of(message->body);
	uint64_t bytes = unpack_u64(&u);
	struct scan_answer answer;
	struct asked *asked;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	asked = asked_new(scan, from, message->serial);
	if (asked == NULL) {
		answer = scan_answer_of(SCAN_NOT_SCANNED, "",
		    "no memory to scan it");
		reply_with(from, message->serial, &answer);
		return 0;
	}
	scan_pool_scan(scan->pool, ipc_take_fd(message, 0), bytes, on_done,
	    asked);
	return 0;
}

static int
reply_rspamd(struct ipc *judge, uint64_t serial, bool is_answer,
    struct slice said)
{
	TEXT_AUTO body = TEXT_INIT(RSPAMD_ANSWER_MOST + 16);

	pack_u8(&body, is_answer);
	pack_slice(&body, said);
	return text_failed(&body) ? -ENOMEM : ipc_reply(judge, serial,
	    text_slice(&body), NULL, 0);
}

static void
tell_rspamd(struct ipc *judge, uint64_t serial, bool is_answer,
    struct slice said)
{
	int r = reply_rspamd(judge, serial, is_answer, said);

	if (r < 0 && is_answer)		/* a short one may fit */
		r = reply_rspamd(judge, serial, false,
		    slice_str("its answer could not be passed on"));
	if (r < 0)
		log_say("a judge does not take an answer");
}

static void
on_rspamd_told(void *arg, bool is_answer, struct slice said)
{
	struct asked *asked = arg;

	tell_rspamd(asked->judge, asked->serial, is_answer, said);
	LIST_REMOVE(asked, next);
	free(asked);
}

static int
on_rspamd(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct scan *scan = process->state;
	struct unpack u = unpack_of(message->body);
	uint64_t bytes = unpack_u64(&u);
	struct slice head = unpack_slice(&u);
	struct asked *asked;

	if (!unpack_is_done(&u) || head.len > RSPAMD_HEAD_MOST)
		return -EBADMSG;
	asked = scan->rspamd == NULL ? NULL : asked_new(scan, from,
	    message->serial);
	if (asked == NULL) {
		tell_rspamd(from, message->serial, false,
		    slice_str("it cannot be asked"));
		return 0;
	}
	asked->is_rspamd = true;
	rspamd_call(scan->rspamd, head, ipc_take_fd(message, 0), bytes,
	    on_rspamd_told, asked);
	return 0;
}

static int
on_status(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct scan *scan = process->state;
	TEXT_AUTO body = TEXT_INIT(SCAN_PACKED_MAX);
	struct scan_status status;

	if (message->body.len != 0)
		return -EBADMSG;
	scan_pool_status(scan->pool, &status);
	scan_status_pack(&body, &status);
	if (ipc_reply(from, message->serial, text_slice(&body), NULL, 0) < 0)
		log_say("the console does not take an answer");
	return 0;
}

static void
on_words(void *arg, const char *words)
{
	(void)arg;
	log_say("%s", words);
}

/* Signatures that nobody renews look like any others to who scans with them. */
static void
on_age(void *arg)
{
	struct scan *scan = arg;
	struct scan_status status;
	uint64_t days;

	timer_set(scan->age, AGE_AGAIN_MS);
	scan_pool_status(scan->pool, &status);
	if (status.state == SCAN_NO_SIGNATURES)
		log_say("there are no usable virus signatures: no message is "
		    "scanned");
	days = scan_status_days(&status, clock_utc_ms() / 1000);
	if (status.state == SCAN_READY && days >= scan->old_days)
		log_say("the newest virus signatures are %llu days old: new "
		    "viruses are not found; see whether freshclam runs",
		    (unsigned long long)days);
}

/* The clamd that is asked, or NULL: the library looks. */
static struct clamd *
clamd_of(const struct process *process, struct clamd *clamd)
{
	return clamd_read(slice_str(process->config.scan_clamd), clamd) ?
	    clamd : NULL;
}

/*
 * The library's tables, and the signature folder: it is anywhere on this
 * machine, and only its descriptor is known behind the walls.
 */
static int
scan_open(struct process *process)
{
	const char *path = process->config.scan_signatures;
	struct clamd clamd, rspamd;
	bool has_clamd = clamd_of(process, &clamd) != NULL;

	if (has_clamd)
		process->more_calls |= crew_clamd_calls(&clamd);
	if (clamd_read(slice_str(process->config.rspamd), &rspamd))
		process->more_calls |= crew_clamd_calls(&rspamd);
	if (has_clamd)
		return 0;
	if (path[0] != '\0') {
		process->reading_fd = open(path,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process->reading_fd < 0)
			log_say("signature folder %s cannot be opened: %s",
			    path, strerror(errno));
	}
	return clam_open();
}

static int
scan_start(struct process *process)
{
	const struct config *config = &process->config;
	struct scan *scan = calloc(1, sizeof(*scan));
	struct scan_pool_options options = {
		.signatures_fd = process->reading_fd,
		.signatures_fault = config->scan_signatures[0] == '\0' ? NULL :
		    "the signature folder cannot be opened",
		.scratch_fd = process->folder_fd,
		.workers = config->scan_workers,
		.seconds = config->scan_seconds,
		.poll_ms = POLL_MS,
		.say = on_words,
	};
	struct clamd rspamd;
	uint64_t soft_ms;

	if (scan == NULL)
		return -ENOMEM;
	process->state = scan;
	LIST_INIT(&scan->asked);
	scan->limits = clam_default_limits;
	soft_ms = (uint64_t)config->scan_seconds * 1000 / SOFT_PART *
	    (SOFT_PART - 1);
	if (soft_ms < scan->limits.scan_ms)
		scan->limits.scan_ms = (uint32_t)soft_ms;
	options.limits = &scan->limits;
	options.clamd = clamd_of(process, &scan->clamd);
	if (clamd_read(slice_str(config->rspamd), &rspamd) &&
	    rspamd_calls_new(process->loop, &rspamd,
	    (uint64_t)config->rspamd_seconds * 1000, &scan->rspamd) < 0)
		return -ENOMEM;
	scan->old_days = config->scan_signature_days;
	scan->age = timer_new(process->loop, on_age, scan);
	if (scan->age == NULL)
		return -ENOMEM;
	if (config_scans(config))
		timer_set(scan->age, AGE_FIRST_MS);
	return scan_pool_new(process->loop, &options, &scan->pool);
}

static int
scan_peer(struct process *process, struct ipc *ipc)
{
	(void)process;
	(void)ipc;
	return 0;
}

static void
scan_lost(struct process *process, struct ipc *ipc)
{
	struct scan *scan = process->state;
	struct asked *asked, *following;

	for (asked = LIST_FIRST(&scan->asked); asked != NULL;
	    asked = following) {
		following = LIST_NEXT(asked, next);
		if (asked->judge != ipc)
			continue;
		if (asked->is_rspamd)
			rspamd_forget(scan->rspamd, asked);
		else
			scan_pool_forget(scan->pool, asked);
		LIST_REMOVE(asked, next);
		free(asked);
	}
}

static void
scan_stop(struct process *process)
{
	struct scan *scan = process->state;

	/* a channel may end before the role has begun */
	if (scan != NULL) {
		scan_pool_free(scan->pool);
		scan->pool = NULL;
		rspamd_calls_free(scan->rspamd);
		scan->rspamd = NULL;
		timer_free(scan->age);
		scan->age = NULL;
	}
	loop_stop(process->loop);
}

const struct role_code scan_code = {
	.role = ROLE_SCAN, .rules = scan_rules, .open = scan_open,
	.start = scan_start, .peer = scan_peer, .lost = scan_lost,
	.stop = scan_stop,
};
