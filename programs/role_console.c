/*
 * role_console.c - the console role: the control socket, and HTTPS
 *
 * Requests come in through programs/console.c (the postmaster's machine) and
 * console_web.c (people) as rows of the admin table; the
 * keeper and the schedule answer their own, what the queue says is put into
 * rows here, what a mailbox says in console_mailbox.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "fetch/service.h"
#include "lib/base/log.h"
#include "filters/virus.h"
#include "lib/message/words.h"
#include "policy/keeper.h"
#include "programs/console.h"
#include "programs/console_body.h"
#include "programs/console_desk.h"
#include "programs/console_doors.h"
#include "programs/console_held.h"
#include "programs/console_holds.h"
#include "programs/console_known.h"
#include "programs/console_mailbox.h"
#include "programs/console_recall.h"
#include "programs/console_web.h"
#include "programs/roles.h"
#include "queue/service.h"

#define ADMIN_HEAD_BYTES 16	/* more than a request's number and a length */

/* Puts what the queue said into rows: 0 or -EBADMSG. */
typedef int	 queue_said_fn(struct slice body, struct queue_said *);
/* What is asked of it: ADMIN_OK, or the answer. */
typedef enum admin_status queue_ask_fn(const struct admin_work *,
		    struct text *body, unsigned *field_out);

/* The queue being asked for something. */
struct queue_errand {
	LIST_ENTRY(queue_errand) next;
	queue_said_fn	*said;
	ipc_reply_fn	*reply;		/* NULL: nobody waits any more */
	void		*arg;
	struct console_role *role;
	struct timer	*timer;		/* it is answered here; or NULL */
	unsigned	 field;		/* and that argument is at fault */
	struct text	 rows;		/* of the answer */
	struct queue_said answer;
	/* of "fetch known": its arguments, until the keeper has answered */
	const struct admin_request *request;
	struct text	 packed;
};

struct console_role {
	struct process	*process;
	LIST_HEAD(, queue_errand) errands;
	struct console	*console;
	struct console_web *web;
	struct console_mailbox *mailbox;
	struct console_doors *doors;
	struct ipc	*keeper;
	struct ipc	*queue;
	struct ipc	*schedule;
	struct ipc	*scan;		/* NULL: away, or nothing is scanned */
};

static void
add_row(struct text *rows, uint32_t *count, const char *part,
    const char *figure, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void
add_row(struct text *rows, uint32_t *count, const char *part,
    const char *figure, const char *format, ...)
{
	TEXT_AUTO value = TEXT_INIT(256);
	va_list args;

	va_start(args, format);
	text_vaddf(&value, format, args);
	va_end(args);
	pack_slice(rows, slice_str(part));
	pack_slice(rows, slice_str(figure));
	pack_slice(rows, text_slice(&value));
	(*count)++;
}

/* On a queue_status. */
static int
status_said(struct slice body, struct queue_said *said)
{
	struct text *rows = said->rows;
	struct queue_status status;
	uint32_t n = 0;
	int r = queue_status_unpack(body, &status);

	if (r < 0)
		return r;
	add_row(rows, &n, "hub", "admits", "%s", status.bar == BAR_NONE ?
	    "yes" : "no");
	if (status.bar != BAR_NONE)
		add_row(rows, &n, "hub", "does not admit because", "%s",
		    queue_bar_words(status.bar));
	add_row(rows, &n, "hub", "deletes remote mail", "%s",
	    status.deletes ? "yes" : "no");
	add_row(rows, &n, "hub", "received", "%" PRIu64, status.received);
	add_row(rows, &n, "hub", "delivered", "%" PRIu64, status.delivered);
	add_row(rows, &n, "hub", "refused", "%" PRIu64, status.refused);
	add_row(rows, &n, "queue", "moving", "%" PRIu64, status.moving);
	add_row(rows, &n, "queue", "waiting", "%" PRIu64, status.waiting);
	add_row(rows, &n, "queue", "held", "%" PRIu64, status.held);
	add_row(rows, &n, "queue", "quarantined", "%" PRIu64,
	    status.quarantined);
	add_row(rows, &n, "leaving", "waiting", "%" PRIu64,
	    status.leaving_waiting);
	add_row(rows, &n, "leaving", "held", "%" PRIu64, status.leaving_held);
	add_row(rows, &n, "leaving", "failed", "%" PRIu64,
	    status.leaving_failed);
	if (status.leaving_since_utc_ms != 0)
		add_row(rows, &n, "leaving", "oldest, in minutes", "%" PRId64,
		    (clock_utc_ms() - status.leaving_since_utc_ms) / 60000);
	add_row(rows, &n, "journal", "segments used", "%" PRIu64,
	    status.segments_used);
	add_row(rows, &n, "journal", "segments free", "%" PRIu64,
	    status.segments_free);
	add_row(rows, &n, "journal", "segments broken", "%" PRIu64,
	    status.segments_broken);
	add_row(rows, &n, "disk", "free bytes", "%" PRIu64,
	    status.free_bytes);
	add_row(rows, &n, "queue", "messages between roles", "%" PRIu64,
	    status.messages_sent + status.messages_received);
	said->count = n;
	return 0;
}

/* On the answer to QUEUE_FETCH_RESUME. */
static int
resume_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);
	bool was_stopped = unpack_bool(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	pack_slice(said->rows, slice_str(was_stopped ? "yes" : "no"));
	said->count = 1;
	return 0;
}

/* The requests that the queue answers. */
static const struct queue_request {
	const char	*name;
	uint16_t	 kind;
	queue_ask_fn	*ask;		/* NULL: nothing is said with it */
	queue_said_fn	*said;
} queue_requests[] = {
	{ "status",	  QUEUE_STATUS,	      NULL,		 status_said },
	{ "fetch resume", QUEUE_FETCH_RESUME, NULL,		 resume_said },
	{ "fetch body",	  QUEUE_BODY,	      body_ask,		 body_said },
	{ "hold list",	  QUEUE_HOLD_LIST,    holds_ask_list,	 holds_list_said },
	{ "hold show",	  QUEUE_HOLD_SHOW,    holds_ask_one,	 holds_show_said },
	{ "hold release", QUEUE_HOLD_RELEASE, holds_ask_release, holds_done_said },
	{ "hold delete",  QUEUE_HOLD_DELETE,  holds_ask_delete,	 holds_done_said },
	{ "queue list",	  QUEUE_DESK_LIST,    desk_ask_list,	 desk_list_said },
	{ "queue file",	  QUEUE_DESK_FILE,    desk_ask_one,	 desk_file_said },
	{ "queue hold",	  QUEUE_DESK_ACT,     desk_ask_act,	 desk_done_said },
	{ "queue release", QUEUE_DESK_ACT,    desk_ask_act,	 desk_done_said },
	{ "queue retry",  QUEUE_DESK_ACT,     desk_ask_act,	 desk_done_said },
	{ "queue reroute", QUEUE_DESK_ACT,    desk_ask_act,	 desk_done_said },
	{ "queue bounce", QUEUE_DESK_ACT,     desk_ask_act,	 desk_done_said },
	{ "queue remove", QUEUE_DESK_ACT,     desk_ask_act,	 desk_done_said },
	{ "recall list", QUEUE_RECALL_LIST,   recall_ask_list,	 recall_list_said },
	{ "recall take", QUEUE_RECALL_TAKE,   recall_ask_take,	 recall_take_said },
	{ "held list",	  QUEUE_HELD_LIST,    held_ask_list,	 held_list_said },
	{ "held show",	  QUEUE_HELD_SHOW,    held_ask_one,	 held_show_said },
	{ "held release", QUEUE_HELD_TAKE,    held_ask_one,	 held_taken_said },
	{ "held open",	  QUEUE_HELD_SHOW,    held_ask_link,	 held_show_said },
	{ "held accept",  QUEUE_HELD_TAKE,    held_ask_link,	 held_taken_said },
	{ "held spam",	  QUEUE_HELD_SPAM,    held_ask_one,	 held_taken_said },
	{ "held disown",  QUEUE_HELD_SPAM,    held_ask_link,	 held_taken_said },
};

/* The row of this request, or NULL. */
static const struct queue_request *
queue_request_of(const struct admin_request *request)
{
	for (size_t i = 0; i < sizeof(queue_requests) /
	    sizeof(queue_requests[0]); i++)
		if (strcmp(request->name, queue_requests[i].name) == 0)
			return &queue_requests[i];
	return NULL;
}

static struct queue_errand *
errand_new(struct console_role *role, ipc_reply_fn *reply, void *reply_arg)
{
	struct queue_errand *errand = calloc(1, sizeof(*errand));

	if (errand == NULL)
		return NULL;
	errand->role = role;
	errand->reply = reply;
	errand->arg = reply_arg;
	errand->field = ADMIN_NO_FIELD;
	errand->rows = (struct text)TEXT_INIT(ADMIN_ANSWER_BYTES);
	errand->answer = (struct queue_said){ ADMIN_OK, ADMIN_NO_FIELD, 0,
	    &errand->rows };
	LIST_INSERT_HEAD(&role->errands, errand, next);
	return errand;
}

static void
errand_free(struct queue_errand *errand)
{
	timer_free(errand->timer);
	text_free(&errand->packed);
	text_free(&errand->rows);
	LIST_REMOVE(errand, next);
	free(errand);
}

static void
pack_answer(struct text *answer, const struct queue_said *said)
{
	pack_u8(answer, (uint8_t)said->status);
	pack_u8(answer, (uint8_t)said->field);
	pack_u32(answer, said->count);
	pack_bytes(answer, text_slice(said->rows));
}

/* Hand the answer on; `status` < 0: try again later. */
static void
errand_end(struct queue_errand *errand, int status)
{
	TEXT_AUTO answer = TEXT_INIT(ADMIN_ANSWER_BYTES + 16);
	struct ipc_message told = { .fd = { -1, -1 } };

	if (status == 0 && !text_failed(&errand->rows))
		pack_answer(&answer, &errand->answer);
	else
		admin_refuse(&answer, ADMIN_LATER);
	told.body = text_slice(&answer);
	if (errand->reply != NULL)
		errand->reply(errand->arg, 0, &told);
	errand_free(errand);
}

/* The last rows of a status: who is connected. */
static void
on_doors(void *arg, const struct door_status *status)
{
	struct queue_errand *errand = arg;
	struct text *rows = &errand->rows;
	uint32_t *count = &errand->answer.count;

	add_row(rows, count, "clients", "connected", "%" PRIu32,
	    status->connected);
	add_row(rows, count, "clients", "logged in", "%" PRIu32,
	    status->logged_in);
	add_row(rows, count, "clients", "parked", "%" PRIu32, status->parked);
	errand_end(errand, 0);
}

/* And whether viruses are looked for. */
static void
on_scan(void *arg, int status, struct ipc_message *message)
{
	struct queue_errand *errand = arg;
	const struct config *config = &errand->role->process->config;
	TEXT_AUTO words = TEXT_INIT(1024);
	struct scan_status scan = { .state = SCAN_OFF };

	if (!config_scans(config))
		status = 0;
	else if (status == 0)
		status = scan_status_unpack(message->body, &scan);
	if (status == 0)
		scan_status_say(&words, language_of(config->language), &scan,
		    clock_utc_ms() / 1000, config->scan_signature_days);
	else
		text_say(&words, language_of(config->language), SCAN_AWAY);
	add_row(&errand->rows, &errand->answer.count, "viruses", "scanner", "%.*s",
	    SLICE_FMT(text_slice(&words)));
	status = console_doors_ask(errand->role->doors, on_doors, errand);
	if (status < 0)
		errand_end(errand, status);
}

static void
on_queue(void *arg, int status, struct ipc_message *message)
{
	struct queue_errand *errand = arg;
	struct ipc *scan = errand->role->scan;

	if (status == 0)
		status = errand->said(message->body, &errand->answer);
	if (status < 0 || errand->said != status_said)
		errand_end(errand, status);
	else if (scan == NULL || ipc_ask(scan, SCAN_STATUS,
	    slice_of(NULL, 0), NULL, 0, on_scan, errand) < 0)
		on_scan(errand, -ENOTCONN, NULL);
}

/* An argument is not what it must be: nobody has to be asked. */
static void
on_unfit(void *arg)
{
	TEXT_AUTO rows = TEXT_INIT(16);
	TEXT_AUTO answer = TEXT_INIT(64);
	struct queue_errand *errand = arg;
	struct queue_said said = { ADMIN_UNFIT, errand->field, 0, &rows };
	struct ipc_message told = { .fd = { -1, -1 } };

	pack_answer(&answer, &said);
	told.body = text_slice(&answer);
	if (errand->reply != NULL)
		errand->reply(errand->arg, 0, &told);
	errand_free(errand);
}

/* What the request's arguments are in the queue's words; or answer it. */
static int
pack_question(struct queue_errand *errand, const struct queue_request *row,
    const struct admin_request *request, uint64_t asker,
    struct slice packed, struct text *body)
{
	struct admin_work work;

	if (row->ask == NULL)
		return 0;
	if (admin_begin(&work, request, packed, clock_utc_ms()) < 0)
		return -EBADMSG;
	work.asker = asker;
	if (row->ask(&work, body, &errand->field) == ADMIN_OK)
		return text_failed(body) ? -EMSGSIZE : 0;
	/* in a later turn of the loop, as an answer comes */
	errand->timer = timer_new(errand->role->process->loop, on_unfit,
	    errand);
	if (errand->timer == NULL)
		return -ENOMEM;
	timer_set(errand->timer, 0);
	return 1;
}

static int
ask_queue(struct console_role *role, const struct admin_request *request,
    uint64_t asker, struct slice packed, ipc_reply_fn *reply, void *reply_arg)
{
	const struct queue_request *row = queue_request_of(request);
	TEXT_AUTO body = TEXT_INIT(ADMIN_HEAD_BYTES + 8 * ADDRESS_SIZE);
	struct queue_errand *errand;
	int r;

	if (role->queue == NULL || row == NULL)
		return -ENOTCONN;
	errand = errand_new(role, reply, reply_arg);
	if (errand == NULL)
		return -ENOMEM;
	errand->said = row->said;
	r = pack_question(errand, row, request, asker, packed, &body);
	if (r == 0)
		r = ipc_ask(role->queue, row->kind, text_slice(&body), NULL, 0,
		    on_queue, errand);
	if (r < 0)
		errand_free(errand);
	return r < 0 ? r : 0;
}

/* Hand it on as it is; `kind` has the body of KEEPER_ADMIN. */
static int
ask_role(struct ipc *ipc, uint16_t kind, const struct admin_request *request,
    uint64_t asker, struct slice packed, ipc_reply_fn *reply, void *reply_arg)
{
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	int r = -EMSGSIZE;

	if (ipc == NULL)
		return -ENOTCONN;
	/* room at once: growing would leave a password in freed memory */
	if (text_space(&body, packed.len + ADMIN_HEAD_BYTES) == NULL)
		return r;
	text_clear(&body);
	keeper_admin_ask(&body, request, asker, packed);
	if (!text_failed(&body))
		r = ipc_ask(ipc, kind, text_slice(&body), NULL, 0, reply,
		    reply_arg);
	OPENSSL_cleanse(body.at, body.size);
	return r;
}

/* The keeper has said which fetch account: tell the queue. */
static void
on_known_found(void *arg, int status, struct ipc_message *message)
{
	struct queue_errand *errand = arg;
	struct queue_said *said = &errand->answer;
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	struct admin_work work;
	uint64_t account = 0;
	uint32_t count = 0;

	if (status == 0)
		status = known_found(message->body, said, &account);
	if (status == 0)
		status = admin_begin(&work, errand->request,
		    text_slice(&errand->packed), clock_utc_ms());
	if (status == 0 && known_ask(&work, account, &body, &count,
	    &said->field) != ADMIN_OK) {
		said->status = ADMIN_UNFIT;
		text_clear(&errand->rows);
		status = 1;
	}
	if (status == 0)
		pack_u64(&errand->rows, count);
	if (status == 0 && errand->role->queue == NULL)
		status = -ENOTCONN;
	if (status == 0)
		status = ipc_ask(errand->role->queue, QUEUE_LISTING_SEED,
		    text_slice(&body), NULL, 0, on_queue, errand);
	if (status != 0)
		errand_end(errand, status < 0 ? status : 0);
}

static int
ask_known(struct console_role *role, const struct admin_request *request,
    struct slice packed, ipc_reply_fn *reply, void *reply_arg)
{
	struct queue_errand *errand = errand_new(role, reply, reply_arg);
	int r = -EMSGSIZE;

	if (errand == NULL)
		return -ENOMEM;
	errand->said = known_said;
	errand->request = request;
	errand->packed = (struct text)TEXT_INIT(IPC_MAX_BYTES);
	text_add(&errand->packed, packed);
	if (!text_failed(&errand->packed))
		r = ask_role(role->keeper, KEEPER_ADMIN, request, 0,
		    packed, on_known_found, errand);
	if (r < 0)
		errand_free(errand);
	return r;
}

static int
ask_at(void *arg, const struct admin_request *request, uint64_t asker,
    struct slice packed, int fd, ipc_reply_fn *reply, void *reply_arg)
{
	struct console_role *role = arg;

	switch (request->answers) {
	case ROLE_CONSOLE:
		if (asker == 0 && strcmp(request->name, "fetch known") == 0)
			return ask_known(role, request, packed, reply,
			    reply_arg);
		/* fall through */
	case ROLE_QUEUE:
		/* it asks nobody what a person may: what follows is theirs */
		return asker != 0 && !admin_may(request, asker, true) ?
		    -EPERM : ask_queue(role, request, asker, packed, reply,
		    reply_arg);
	case ROLE_MAILBOX:
		return asker != 0 ? -EPERM : console_mailbox_ask(role->mailbox,
		    request, packed, fd, reply, reply_arg);
	case ROLE_KEEPER:
		return ask_role(role->keeper, KEEPER_ADMIN, request, asker,
		    packed, reply, reply_arg);
	case ROLE_SCHEDULE:
		return ask_role(role->schedule, SCHEDULE_ADMIN, request,
		    asker, packed, reply, reply_arg);
	default:
		return -ENOTCONN;
	}
}

static int
ask_as(void *arg, const struct admin_request *request, uint64_t asker,
    struct slice packed, ipc_reply_fn *reply, void *reply_arg)
{
	/* nobody who comes this way is the postmaster */
	if (asker == 0 && (request->who & ADMIN_BY_LINK) == 0)
		return -EPERM;
	return ask_at(arg, request, asker, packed, -1, reply, reply_arg);
}

static int
ask(void *arg, const struct admin_request *request, struct slice packed,
    int fd, ipc_reply_fn *reply, void *reply_arg)
{
	return ask_at(arg, request, 0, packed, fd, reply, reply_arg);
}

static void
forget(void *arg, void *reply_arg)
{
	struct console_role *role = arg;
	struct queue_errand *errand;

	if (role->keeper != NULL)
		ipc_forget(role->keeper, reply_arg);
	if (role->schedule != NULL)
		ipc_forget(role->schedule, reply_arg);
	console_mailbox_forget(role->mailbox, reply_arg);
	LIST_FOREACH(errand, &role->errands, next)
		if (errand->arg == reply_arg)
			errand->reply = NULL;
}

static void
log_it(void *arg, const char *sentence)
{
	(void)arg;
	log_say("%s", sentence);
}

static int
on_visit(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct console_role *role = process->state;

	(void)from;
	return console_web_visit(role->web, message);
}

static const struct ipc_rule console_rules[] = {
{ CONSOLE_VISIT, "VISIT", FROM(ROLE_DOOR), IPC_NEWS, 1, 0, on_visit },
{ 0 }
};

/*
 * jansson draws the seed of its tables from a file, dates want the zone, OpenSSL
 * its digests, and what is held is shown in its charset: now or never.
 */
static int
console_open(struct process *process)
{
	const char *zone = process->config.time_zone;

	json_object_seed(0);
	if (zone[0] != '\0' && setenv("TZ", zone, 1) < 0)
		return -errno;
	tzset();
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return -EIO;
	return words_open();
}

static int
console_start(struct process *process)
{
	struct console_role *role = calloc(1, sizeof(*role));
	const struct console_ports ports = {
		.arg = role, .ask = ask, .forget = forget, .log = log_it
	};
	if (role == NULL)
		return -ENOMEM;
	process->state = role;
	role->process = process;
	LIST_INIT(&role->errands);
	role->console = console_new(process->loop, process->control_fd,
	    process->owner, language_of(process->config.language), &ports);
	role->web = console_web_new(process->loop,
	    language_of(process->config.language), ask_as, forget, role);
	role->mailbox = console_mailbox_new(process);
	role->doors = console_doors_new();
	return role->console == NULL || role->web == NULL ||
	    role->mailbox == NULL || role->doors == NULL ? -ENOMEM : 0;
}

static int
console_peer(struct process *process, struct ipc *ipc)
{
	struct console_role *role = process->state;

	if (ipc_peer(ipc) == ROLE_KEEPER) {
		role->keeper = ipc;
		console_web_keeper(role->web, ipc);
		console_mailbox_keeper(role->mailbox, ipc);
	} else if (ipc_peer(ipc) == ROLE_QUEUE)
		role->queue = ipc;
	else if (ipc_peer(ipc) == ROLE_SCHEDULE)
		role->schedule = ipc;
	else if (ipc_peer(ipc) == ROLE_SCAN)
		role->scan = ipc;
	else if (ipc_peer(ipc) == ROLE_MAILBOX)
		return console_mailbox_peer(role->mailbox, ipc);
	else if (ipc_peer(ipc) == ROLE_DOOR)
		return console_doors_peer(role->doors, ipc);
	return 0;
}

static void
console_lost(struct process *process, struct ipc *ipc)
{
	struct console_role *role = process->state;

	if (role->keeper == ipc) {
		role->keeper = NULL;
		console_web_keeper(role->web, NULL);
		console_mailbox_keeper(role->mailbox, NULL);
	} else if (role->queue == ipc)
		role->queue = NULL;
	else if (role->schedule == ipc)
		role->schedule = NULL;
	else if (role->scan == ipc)
		role->scan = NULL;
	else if (ipc_peer(ipc) == ROLE_DOOR)
		console_doors_lost(role->doors, ipc);
	else
		console_mailbox_lost(role->mailbox, ipc);
}

static void
console_stop(struct process *process)
{
	struct console_role *role = process->state;

	console_free(role->console);
	console_web_free(role->web);
	console_mailbox_free(role->mailbox);
	console_doors_free(role->doors);
	_exit(0);
}

const struct role_code console_code = {
	.role = ROLE_CONSOLE, .rules = console_rules, .open = console_open,
	.start = console_start,
	.peer = console_peer, .lost = console_lost, .stop = console_stop,
};
