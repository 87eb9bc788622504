/*
 * process.c - what all roles have in common: their beginning and their end
 *
 * A role starts with one channel, takes what the parent hands it, raises its
 * walls, and only then hears from anybody else.  It fails by ending: the
 * parent starts it again.
 */
#include "programs/roles.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "programs/peers.h"
#include "programs/rules_bundle.h"
#include "programs/switchboard.h"

#define PASSWORD_BYTES	4096	/* of a file with a password */
#define CONFIG_BYTES	(1u << 20)	/* largest postroom.conf or PEM file */
#define CALL_WATCH_MS	1000		/* how often a refused call is noticed */
#define REST_MS		5000		/* without a message: nothing to do */


/* What is still in use when the process ends is no leak: it hangs on this. */
static struct process *self;

static int	on_hold(void *, struct ipc *, struct ipc_message *);
static int	on_go(void *, struct ipc *, struct ipc_message *);
static int	on_peer(void *, struct ipc *, struct ipc_message *);
static int	on_stop(void *, struct ipc *, struct ipc_message *);
static int	on_if_idle(void *, struct ipc *, struct ipc_message *);
static int	on_changed(void *, struct ipc *, struct ipc_message *);

/* What the parent may say; nobody else can speak on that channel. */
static const struct ipc_rule parent_rules[] = {
{ PARENT_HOLD,	  "HOLD",    FROM(ROLE_PARENT), IPC_NEWS, 1, 0, on_hold },
{ PARENT_GO,	  "GO",	     FROM(ROLE_PARENT), IPC_NEWS, 0, 0, on_go },
{ PARENT_PEER,	  "PEER",    FROM(ROLE_PARENT), IPC_NEWS, 1, 0, on_peer },
{ PARENT_STOP,	  "STOP",    FROM(ROLE_PARENT), IPC_NEWS, 0, 0, on_stop },
{ PARENT_IF_IDLE, "IF_IDLE", FROM(ROLE_PARENT), IPC_NEWS, 0, 0, on_if_idle },
{ PARENT_CHANGED, "CHANGED", FROM(ROLE_PARENT), IPC_NEWS, 0, 0, on_changed },
{ 0 }
};

/* Read all of a file of at most `most` bytes that was handed over. */
static int
read_all(int fd, off_t most, struct slice *bytes_out)
{
	struct stat st;
	char *bytes;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < 0 || st.st_size > most)
		return -EFBIG;
	bytes = malloc((size_t)st.st_size + 1);
	if (bytes == NULL)
		return -ENOMEM;
	n = pread(fd, bytes, (size_t)st.st_size, 0);
	if (n != st.st_size) {
		free(bytes);
		return -EIO;
	}
	*bytes_out = slice_of(bytes, (size_t)n);
	return 0;
}

static int
hold_config(struct process *process, int fd)
{
	TEXT_AUTO faults = TEXT_INIT(4096);
	struct slice text;
	int r;

	r = read_all(fd, CONFIG_BYTES, &text);
	if (r < 0)
		return r;
	r = config_parse(text, "postroom.conf", &process->config, &faults);
	free((void *)(uintptr_t)text.at);
	if (r < 0)
		log_say("the configuration cannot be read: %.*s",
		    SLICE_FMT(text_slice(&faults)));
	return r;
}

static int
on_hold(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct unpack u = unpack_of(message->body);
	unsigned what = unpack_enum(&u, HOLDS_COUNT);
	uint32_t which = unpack_u32(&u);

	(void)from;
	if (!unpack_is_done(&u) || which >= CONFIG_LISTENERS)
		return -EBADMSG;
	switch ((enum holding)what) {
	case HOLDS_CONFIG:
		return hold_config(process, message->fd[0]);
	case HOLDS_FOLDER:
		process->folder_fd = ipc_take_fd(message, 0);
		return 0;
	case HOLDS_LISTENER:
		process->listener_fd[which] = ipc_take_fd(message, 0);
		return 0;
	case HOLDS_CONTROL:
		process->control_fd = ipc_take_fd(message, 0);
		return 0;
	case HOLDS_CERTIFICATE:
		return read_all(message->fd[0], CONFIG_BYTES,
		    &process->certificate);
	case HOLDS_TLS_KEY:
		return read_all(message->fd[0], CONFIG_BYTES,
		    &process->tls_key);
	case HOLDS_SEAL_KEY:
		return read_all(message->fd[0], CONFIG_BYTES,
		    &process->seal_key);
	case HOLDS_TRUST:
		return read_all(message->fd[0], CONFIG_BYTES,
		    &process->trust);
	case HOLDS_SMARTHOST:
		return read_all(message->fd[0], PASSWORD_BYTES,
		    &process->smarthost_password);
	case HOLDS_RULES:
		return read_all(message->fd[0], RULES_BUNDLE_BYTES,
		    &process->rules);
	case HOLDS_SPAM:
		process->spam_fd = ipc_take_fd(message, 0);
		return 0;
	case HOLDS_POLICIES:
		process->policies_fd = ipc_take_fd(message, 0);
		return 0;
	case HOLDS_REPORTS:
		process->reports_fd = ipc_take_fd(message, 0);
		return 0;
	case HOLDS_COUNT:
		break;
	}
	return -EBADMSG;
}

static _Noreturn void
leave(const char *what, int error)
{
	log_say("cannot begin: %s: %s", what, strerror(-error));
	_exit(1);
}

static void
go(struct process *process, uid_t uid, gid_t gid)
{
	const struct role_code *code = process->code;
	struct sandbox sandbox = {
		.walls = WALLS_ALL, .uid = uid, .gid = gid,
		.calls = process->row->calls
	};
	TEXT_AUTO body = TEXT_INIT(16);
	const char *step = "";
	bool landlock;
	int r = 0;

	if (code->open != NULL)
		r = code->open(process);
	if (r < 0)
		leave("opening", r);
	sandbox.calls |= process->more_calls;
	sandbox.folders = &process->folder_fd;
	sandbox.folder_count = process->folder_fd >= 0;
	sandbox.reading = &process->reading_fd;
	sandbox.reading_count = process->reading_fd >= 0;
	r = sandbox_enter_files(&sandbox, &landlock, &step);
	if (r < 0)
		leave(step, r);
	r = code->start(process);
	if (r < 0)
		leave("starting", r);
	r = sandbox_enter_calls(&sandbox, &step);
	if (r < 0)
		leave(step, r);
	pack_u8(&body, landlock);
	(void)ipc_send(process->parent, ROLE_READY, text_slice(&body), NULL, 0);
}

static int
on_go(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct unpack u = unpack_of(message->body);
	uint64_t uid = unpack_u64(&u), gid = unpack_u64(&u);
	struct slice hub_id = unpack_bytes(&u, HUB_ID_BYTES);

	(void)from;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	memcpy(process->hub_id, hub_id.at, HUB_ID_BYTES);
	go(process, (uid_t)uid, (gid_t)gid);
	return 0;
}

static int
on_peer(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct unpack u = unpack_of(message->body);
	enum role role = unpack_enum(&u, ROLE_COUNT);
	uint64_t instance = unpack_u64(&u);
	int r;

	(void)from;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	r = peers_add(process, message->fd[0], role, instance);
	if (r == 0)
		(void)ipc_take_fd(message, 0);
	return r;
}

static int
on_stop(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;

	(void)from;
	(void)message;
	process->code->stop(process);
	return 0;
}

static int
on_if_idle(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;

	(void)from;
	(void)message;
	if (process->code->if_idle != NULL)
		process->code->if_idle(process);
	return 0;
}

static int
on_changed(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u), modseq = unpack_u64(&u);

	(void)from;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	if (process->code->changed != NULL)
		process->code->changed(process, account, modseq);
	return 0;
}

/* Without the parent nobody would ever connect or stop us: end in order. */
static void
on_parent_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	struct process *process = arg;

	(void)ipc;
	if (was_breach)
		log_say("%s", ipc_breach(process->parent));
	process->code->stop(process);
}

struct call_watch {
	struct process	*process;
	struct timer	*timer;
	int		 told;
};

/* Tell the parent once which system call the wall refused. */
static void
watch_calls(void *arg)
{
	struct call_watch *watch = arg;
	int refused = sandbox_refused();

	if (refused >= 0 && refused != watch->told) {
		TEXT_AUTO body = TEXT_INIT(16);

		watch->told = refused;
		pack_u32(&body, (uint32_t)refused);
		(void)ipc_send(watch->process->parent, ROLE_REFUSED_CALL,
		    text_slice(&body), NULL, 0);
		return;
	}
	timer_set(watch->timer, CALL_WATCH_MS);
}

struct rest {
	struct timer	*timer;
	uint64_t	 heard;		/* messages, when it was last looked */
	uint64_t	 trimmed;	/* and when memory was last given back */
};

/*
 * After much work memory is free here and nobody else's: once nobody asks any
 * more it goes back to the system.
 */
static void
on_rest(void *arg)
{
	struct rest *rest = arg;
	uint64_t heard = ipc_counts().received;

	if (heard == rest->heard && heard != rest->trimmed) {
		(void)malloc_trim(0);
		rest->trimmed = heard;
	}
	rest->heard = heard;
	timer_set(rest->timer, REST_MS);
}

void
process_accuse(struct process *process, const struct ipc *ipc,
    const char *words)
{
	TEXT_AUTO body = TEXT_INIT(512);

	pack_u8(&body, (uint8_t)ipc_peer(ipc));
	pack_u64(&body, ipc_instance(ipc));
	pack_slice(&body, slice_str(words));
	(void)ipc_send(process->parent, ROLE_BREACH, text_slice(&body), NULL,
	    0);
}

void
process_retire(struct process *process)
{
	(void)ipc_send(process->parent, ROLE_RETIRES, slice_of(NULL, 0), NULL,
	    0);
}

int
process_has_changed(struct process *process, uint64_t modseq)
{
	TEXT_AUTO body = TEXT_INIT(8);

	pack_u64(&body, modseq);
	return ipc_send(process->parent, ROLE_CHANGED, text_slice(&body),
	    NULL, 0);
}

int
process_want_mailbox(struct process *process, uint64_t account)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, account);
	return ipc_send(process->parent, ROLE_WANTS_MAILBOX, text_slice(&body),
	    NULL, 0);
}

int
process_want_fetch(struct process *process, uint64_t owner)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, owner);
	return ipc_send(process->parent, ROLE_WANTS_FETCH, text_slice(&body),
	    NULL, 0);
}

static _Noreturn void
process_main(const struct role_code *code, uint64_t instance)
{
	struct process *process = calloc(1, sizeof(*process));
	struct call_watch calls = { .told = -1 };
	struct rest rest = { 0 };
	const struct ipc_side side = {
		.rules = parent_rules, .lost = on_parent_lost, .arg = process
	};

	log_open(code->role, instance);
	/* Ctrl-C reaches all of us: the parent says who goes when */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	if (process == NULL)
		exit(1);
	LIST_INIT(&process->peers);
	process->row = role_row(code->role);
	process->code = code;
	process->instance = instance;
	process->owner = geteuid();
	process->folder_fd = process->reading_fd = process->control_fd = -1;
	process->spam_fd = process->policies_fd = process->reports_fd = -1;
	for (size_t i = 0; i < CONFIG_LISTENERS; i++)
		process->listener_fd[i] = -1;
	process->loop = loop_new();
	if (process->loop == NULL)
		exit(1);
	process->parent = ipc_new(process->loop, PARENT_FD, ROLE_PARENT, 0,
	    &side);
	calls.process = process;
	calls.timer = timer_new(process->loop, watch_calls, &calls);
	rest.timer = timer_new(process->loop, on_rest, &rest);
	if (process->parent == NULL || calls.timer == NULL ||
	    rest.timer == NULL)
		exit(1);
	timer_set(calls.timer, CALL_WATCH_MS);
	timer_set(rest.timer, REST_MS);
	self = process;
	exit(loop_run(process->loop) < 0 ? 1 : 0);
}

void
process_play(const struct role_code *const *codes, const char *name,
    const char *number)
{
	uint64_t instance;

	if (slice_u64(slice_str(number), UINT64_MAX, &instance) < 0 ||
	    fcntl(PARENT_FD, F_GETFD) < 0)
		return;
	for (; *codes != NULL; codes++)
		if (strcmp(name, role_name((*codes)->role)) == 0)
			process_main(*codes, instance);
}
