/*
 * scan_pool_crews.c - the processes behind the pool: when they come and go
 *
 * A crew is forked for each set of signatures that is worth a try, takes over
 * when it has loaded, and goes when the next has; a worker of it that ends is
 * replaced.
 */
#include "programs/scan_pool_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "programs/scan_crew.h"

#define RETRY_POLLS	10	/* before a set that failed is tried again */
#define MEMBER_MEMORY	(512u << 20)	/* HARDENING, the table of limits */
#define LEAVE_MS	10000	/* for a crew to end by itself */

static void
on_forked(void *arg, int status, struct ipc_message *message)
{
	struct member *member = arg;
	struct unpack u = unpack_of(status < 0 ? slice_of(NULL, 0) :
	    message->body);
	uint64_t pid = unpack_u64(&u);

	if (!unpack_is_done(&u) || pid == 0 || pid > INT32_MAX) {
		pool_complain(member->crew->pool,
		    "a scanner could not be started");
		pool_member_failed(member);
		return;
	}
	member->pid = (pid_t)pid;
	pool_dispatch(member->crew->pool);
}

/* Both ends of a channel, that of ours first. */
static int
make_pair(int fd_out[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd_out) <
	    0 ? -errno : 0;
}

void
crew_end_member(struct member *member)
{
	struct crew *crew = member->crew;
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, member->number);
	if (crew->leader != NULL) {
		ipc_forget(crew->leader, member);
		(void)ipc_send(crew->leader, CREW_END, text_slice(&body), NULL,
		    0);
	}
	if (member->ipc != NULL) {
		ipc_forget(member->ipc, member);
		ipc_free(member->ipc);
	}
	timer_free(member->limit);
	LIST_REMOVE(member, next);
	free(member);
	/* the last one of a crew that is to go */
	if (LIST_EMPTY(&crew->members) && crew != crew->pool->current &&
	    crew != crew->pool->coming)
		crew_leave(crew);
}

static const struct ipc_rule no_rules[] = { { 0 } };

/* One more worker.  Only its descriptors are made here; the leader forks. */
static int
add_member(struct crew *crew)
{
	struct scan_pool *pool = crew->pool;
	struct member *member = calloc(1, sizeof(*member));
	const struct ipc_side side = {
		.rules = no_rules, .lost = pool_member_lost, .arg = member
	};
	TEXT_AUTO body = TEXT_INIT(16);
	int fd[2] = { -1, -1 }, r;

	if (member == NULL)
		return -ENOMEM;
	member->crew = crew;
	member->number = ++pool->last_member;
	r = make_pair(fd);
	if (r < 0) {
		free(member);
		return r;
	}
	member->limit = timer_new(pool->loop, pool_member_limit, member);
	member->ipc = ipc_new(pool->loop, fd[0], ROLE_SCAN, member->number,
	    &side);
	if (member->ipc == NULL)
		(void)close(fd[0]);
	LIST_INSERT_HEAD(&crew->members, member, next);
	pack_u64(&body, member->number);
	r = member->ipc == NULL || member->limit == NULL ? -ENOMEM :
	    ipc_ask(crew->leader, CREW_FORK, text_slice(&body), &fd[1], 1,
	    on_forked, member);
	(void)close(fd[1]);
	if (r < 0)
		crew_end_member(member);
	return r;
}

static bool
is_slow(const struct member *member)
{
	return member->job != NULL &&
	    clock_ms() - member->since_ms >= POOL_SLOW_MS;
}

bool
crew_has_spare(const struct crew *crew)
{
	const struct member *member;
	unsigned count = 0;

	LIST_FOREACH(member, &crew->members, next)
		count += !is_slow(member);
	return count > crew->pool->options.workers;
}

void
crew_refill(void *arg)
{
	struct scan_pool *pool = arg;
	struct member *member;
	unsigned count = 0, slow = 0, most = pool->options.workers;
	int r = 0;

	if (pool->current == NULL)
		return;
	LIST_FOREACH(member, &pool->current->members, next) {
		count++;
		slow += is_slow(member);
	}
	/* never more than twice as many: they have memory, too */
	if (!STAILQ_EMPTY(&pool->jobs))
		most += slow < most ? slow : most;
	if (most > WORKERS_MOST)
		most = WORKERS_MOST;
	for (; r == 0 && count < most; count++)
		r = add_member(pool->current);
	pool_watch_slow(pool);
	if (r < 0) {
		pool_complain(pool, "a scanner could not be started: %s",
		    strerror(-r));
		timer_set(pool->refill, POOL_AGAIN_MS);
	}
}

static void
crew_name(const struct crew *crew, char name_out[32])
{
	(void)snprintf(name_out, 32, "c%llu",
	    (unsigned long long)crew->number);
}

/* Its process is gone: so is all else. */
void
crew_free(struct crew *crew)
{
	char name[32];

	crew_name(crew, name);
	if (scan_folder_sweep(crew->pool->options.scratch_fd, name) < 0)
		pool_complain(crew->pool, "scratch folder %s cannot be removed",
		    name);
	(void)close(crew->scratch_fd);
	LIST_REMOVE(crew, next);
	free(crew);
}

/* Tell the leader to end; it takes its workers along.  Once is enough. */
void
crew_leave(struct crew *crew)
{
	if (crew->leader == NULL)
		return;
	ipc_free(crew->leader);
	crew->leader = NULL;
	/* while it loads it hears nothing */
	crew->until_ms = clock_ms() + (crew->signatures == 0 ? 0 : LEAVE_MS);
	timer_set(crew->pool->tick, POOL_TICK_MS);
}

/* Who is idle goes now, who is busy after that message. */
static void
retire_crew(struct crew *crew)
{
	struct member *member, *following;

	for (member = LIST_FIRST(&crew->members); member != NULL;
	    member = following) {
		following = LIST_NEXT(member, next);
		if (member->job == NULL)
			crew_end_member(member);
	}
	if (LIST_EMPTY(&crew->members))
		crew_leave(crew);
}

/* Collect those who have ended, hasten those who should; who is left? */
bool
crew_reap(struct scan_pool *pool)
{
	struct crew *crew, *following;
	bool is_left = false;

	for (crew = LIST_FIRST(&pool->crews); crew != NULL;
	    crew = following) {
		following = LIST_NEXT(crew, next);
		if (crew->leader != NULL)
			continue;
		if (clock_ms() >= crew->until_ms)
			(void)kill(crew->pid, SIGKILL);
		/* ECHILD, too: there is nothing to wait for */
		if (waitpid(crew->pid, NULL, WNOHANG) != 0)
			crew_free(crew);
		else
			is_left = true;
	}
	return is_left;
}

/* The leader is lost, and with it whoever could end its workers. */
static void
on_leader_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	struct crew *crew = arg;
	struct scan_pool *pool = crew->pool;
	struct member *member;
	bool was_current;

	(void)ipc;
	pool_complain(pool, "the process that holds the signatures %s",
	    was_breach ? "broke the rules" : "has died");
	(void)kill(crew->pid, SIGKILL);
	if (crew == pool->coming) {
		pool->failed_print = crew->print;
		pool->retry_polls = 1;
		pool->coming = NULL;
	}
	was_current = crew == pool->current;
	if (was_current)
		pool->current = NULL;
	while ((member = LIST_FIRST(&crew->members)) != NULL) {
		struct job *job = member->job == NULL ? NULL :
		    pool_job_taken(member);

		crew_end_member(member);
		if (job != NULL)
			pool_job_failed(pool, job);
	}
	crew_leave(crew);
	if (was_current)
		crew_look(pool, true);
	else
		pool_give_up(pool);
}

/* What there is to load; of a clamd there is nothing to see. */
static int
print_source(const struct scan_pool *pool, struct scan_print *print_out)
{
	if (pool->options.clamd == NULL)
		return scan_folder_print(pool->options.signatures_fd,
		    print_out);
	*print_out = (struct scan_print){ .files = 1 };
	return 0;
}

/* Whether the files are still those that were there before the loading. */
static bool
is_unchanged(const struct crew *crew)
{
	struct scan_print now;

	return print_source(crew->pool, &now) == 0 && scan_print_is(&now, &crew->print);
}

static void
reject_set(struct crew *crew, const char *words)
{
	struct scan_pool *pool = crew->pool;

	pool->coming = NULL;
	pool->failed_print = crew->print;
	/* a clamd may come back at any time */
	pool->retry_polls = pool->options.clamd == NULL ? RETRY_POLLS : 1;
	pool_complain(pool, pool->current == NULL ? "%s" :
	    "%s; the signatures loaded before stay in use", words);
	crew_leave(crew);
	pool_give_up(pool);
}

static int
on_loaded(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct crew *crew = arg, *old;
	struct scan_pool *pool = crew->pool;
	struct unpack u = unpack_of(message->body);
	uint64_t signatures = unpack_u64(&u);
	struct slice words = unpack_slice(&u);
	char text[SCAN_WORDS_MAX / 2];

	(void)from;
	if (!unpack_is_done(&u) || crew != pool->coming ||
	    !slice_is_printable_ascii(words) ||
	    slice_cstr(words, text, sizeof(text)) < 0)
		return -EBADMSG;
	if (signatures == 0 || !is_unchanged(crew)) {
		reject_set(crew, signatures == 0 ? text :
		    "the signatures changed while they were loaded");
		if (signatures != 0)
			pool->retry_polls = 1;
		return 0;
	}
	crew->signatures = signatures;
	old = pool->current;
	pool->current = crew;
	pool->coming = NULL;
	pool->retry_polls = 0;
	if (pool->options.clamd != NULL)
		pool_complain(pool, "clamd answers, and looks as it must");
	else
		pool_complain(pool, "%llu signatures are loaded",
		    (unsigned long long)signatures);
	pool->words[0] = '\0';
	crew_refill(pool);
	if (old != NULL)
		retire_crew(old);
	return 0;
}

static const struct ipc_rule leader_rules[] = {
{ CREW_LOADED, "LOADED", FROM(ROLE_SCAN), IPC_NEWS, 0, 0, on_loaded },
{ 0 }
};

/* Fork the leader; the child does not come back. */
static int
fork_crew(struct crew *crew, const int fd[2])
{
	const struct scan_pool_options *options = &crew->pool->options;
	const struct crew_options mine = {
		.signatures_fd = options->signatures_fd,
		.clamd = options->clamd,
		.scratch_fd = crew->scratch_fd,
		.limits = options->limits,
		.look = options->look == NULL ? clam_scan : options->look,
		.memory_bytes = MEMBER_MEMORY,
		/* that, and a last message, which is killed before */
		.cpu_seconds = POOL_BUSY_S + 2 * (uint64_t)options->seconds,
	};

	crew->pid = fork();
	if (crew->pid == 0)
		crew_lead(fd[1], &mine);
	return crew->pid < 0 ? -errno : 0;
}

static int
open_scratch(struct crew *crew)
{
	int folder_fd = crew->pool->options.scratch_fd;
	char name[32];

	crew_name(crew, name);
	if (mkdirat(folder_fd, name, 0700) < 0)
		return -errno;
	crew->scratch_fd = openat(folder_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return crew->scratch_fd < 0 ? -errno : 0;
}

/* Let a crew load what is in the folder now. */
static int
start_crew(struct scan_pool *pool, const struct scan_print *print)
{
	struct crew *crew = calloc(1, sizeof(*crew));
	const struct ipc_side side = {
		.rules = leader_rules, .lost = on_leader_lost, .arg = crew
	};
	int fd[2] = { -1, -1 }, r;

	if (crew == NULL)
		return -ENOMEM;
	crew->pool = pool;
	crew->number = ++pool->last_crew;
	crew->print = *print;
	LIST_INIT(&crew->members);
	crew->scratch_fd = -1;
	r = open_scratch(crew);
	if (r == 0)
		r = make_pair(fd);
	if (r == 0) {
		crew->leader = ipc_new(pool->loop, fd[0], ROLE_SCAN,
		    crew->number, &side);
		r = crew->leader == NULL ? -ENOMEM : fork_crew(crew, fd);
	}
	if (fd[1] >= 0)
		(void)close(fd[1]);
	if (r < 0)
		goto undo;
	LIST_INSERT_HEAD(&pool->crews, crew, next);
	pool->coming = crew;
	return 0;
undo:
	if (crew->leader != NULL)
		ipc_free(crew->leader);
	else if (fd[0] >= 0)
		(void)close(fd[0]);
	if (crew->scratch_fd >= 0)
		(void)close(crew->scratch_fd);
	free(crew);
	return r;
}

/* Whether this set is worth a crew. */
static bool
is_wanted(struct scan_pool *pool, const struct scan_print *print)
{
	if (pool->current != NULL &&
	    scan_print_is(&pool->current->print, print)) {
		pool->retry_polls = 0;	/* what failed was taken back */
		return false;
	}
	if (pool->retry_polls == 0 ||
	    !scan_print_is(&pool->failed_print, print))
		return true;
	return --pool->retry_polls == 0;
}

/* Look at the folder; load it when it has changed, or `anyway`. */
void
crew_look(struct scan_pool *pool, bool anyway)
{
	struct scan_print print;
	int r;

	timer_set(pool->poll, pool->options.poll_ms);
	pool->has_looked = true;
	if (!pool_has_source(pool) || pool->coming != NULL)
		return;
	r = print_source(pool, &print);
	if (r == 0 && (is_wanted(pool, &print) || anyway))
		r = start_crew(pool, &print);
	if (r < 0) {
		pool_complain(pool, "the signatures cannot be loaded: %s",
		    strerror(-r));
		pool_give_up(pool);
	}
}

