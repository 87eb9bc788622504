/*
 * children.c - the running roles: started, started again, stopped
 *
 * A role that ends is started again, with a growing pause when it ends soon;
 * its peers lose their channels at once and get new ones when it is back.  A
 * mailbox runs only while somebody wants it, one process an account, and so
 * does who collects for an owner.
 */
#include "programs/children_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/memfd.h"
#include "programs/switchboard.h"

#define LEAST_PAUSE_MS	50
#define MOST_PAUSE_MS	10000
#define SOUND_MS	30000	/* one that lived so long starts anew at once */
#define STOP_MS		8000	/* for one step of stopping in good order */

/* The order of going: who brings mail in first, who keeps it last. */
static const unsigned stop_order[] = {
	FROM(ROLE_DOOR) | FROM(ROLE_CONSOLE) | FROM(ROLE_SCHEDULE),
	FROM(ROLE_FETCH) | FROM(ROLE_RELAY) | FROM(ROLE_RESOLVER),
	FROM(ROLE_QUEUE) | FROM(ROLE_JUDGE) | FROM(ROLE_SCAN),
	FROM(ROLE_MAILBOX),
	FROM(ROLE_KEEPER),
};
#define STOP_STEPS	(sizeof(stop_order) / sizeof(*stop_order))

static void	stop_next(struct children *);

static void
on_again(void *arg)
{
	struct child *child = arg;

	if (child->all->stop_step > 0 || child->pid != 0)
		return;
	if (child_spawn(child) < 0)
		timer_set(child->again, MOST_PAUSE_MS);
}

struct child *
child_new(struct children *all, const struct role_row *row, uint64_t instance)
{
	struct child *child = calloc(1, sizeof(*child));

	if (child == NULL)
		return NULL;
	child->all = all;
	child->row = row;
	child->instance = instance;
	child->again = timer_new(all->loop, on_again, child);
	if (child->again == NULL) {
		free(child);
		return NULL;
	}
	LIST_INSERT_HEAD(&all->list, child, next);
	return child;
}

void
child_free(struct child *child)
{
	LIST_REMOVE(child, next);
	timer_free(child->again);
	ipc_free(child->ipc);
	free(child);
}

static int
hold(struct child *child, enum holding what, uint32_t which, int fd)
{
	TEXT_AUTO body = TEXT_INIT(16);

	if (fd < 0)
		return 0;
	pack_u8(&body, (uint8_t)what);
	pack_u32(&body, which);
	return ipc_send(child->ipc, PARENT_HOLD, text_slice(&body), &fd, 1);
}

static int
hand_config(struct child *child)
{
	int fd = memfd_of("postroom.conf", child->all->holdings->config_text);
	int r;

	if (fd < 0)
		return fd;
	r = hold(child, HOLDS_CONFIG, 0, fd);
	(void)close(fd);
	return r;
}

/* Give the role exactly what its row says. */
static int
hand_holdings(struct child *child)
{
	const struct holdings *holdings = child->all->holdings;
	const struct role_row *row = child->row;
	int folder = -1, r;

	r = hand_config(child);
	if (r == 0)
		r = holdings_folder(holdings, row, child->instance, &folder);
	if (r == 0)
		r = hold(child, HOLDS_FOLDER, 0, folder);
	if (folder >= 0)
		(void)close(folder);
	for (unsigned what = 0; r == 0 && what < HOLDS_COUNT; what++)
		if ((row->holds & HOLDS(what)) != 0)
			r = hold(child, what, 0, holdings->fd[what]);
	for (uint32_t i = 0; r == 0 && (row->holds & HOLDS(HOLDS_LISTENER)) &&
	    i < holdings->config.listener_count; i++)
		r = hold(child, HOLDS_LISTENER, i, holdings->listener_fd[i]);
	return r;
}

static int
hand_go(struct child *child)
{
	const struct holdings *holdings = child->all->holdings;
	TEXT_AUTO body = TEXT_INIT(64);
	uid_t uid;
	gid_t gid;
	int r;

	r = holdings_user(holdings, child->row, &uid, &gid);
	if (r < 0)
		return r;
	pack_u64(&body, uid);
	pack_u64(&body, gid);
	pack_bytes(&body, slice_of(holdings->hub_id, HUB_ID_BYTES));
	return ipc_send(child->ipc, PARENT_GO, text_slice(&body), NULL, 0);
}

/* The program of that name that lies beside this one. */
static void
program_beside(enum role_program program, char path_out[PATH_MAX])
{
	char *slash;
	ssize_t n = readlink("/proc/self/exe", path_out, PATH_MAX - 32);

	path_out[n < 0 ? 0 : n] = '\0';
	slash = strrchr(path_out, '/');
	if (slash != NULL)
		(void)snprintf(slash + 1, 32, "%s", role_program_name(program));
}

/* The child's side of the fork: only this descriptor, no environment. */
static _Noreturn void
exec_role(const struct child *child, int fd)
{
	const struct role_row *row = child->row;
	char title[64], instance[24], path[PATH_MAX] = "/proc/self/exe";
	char *const argv[] = { title, (char *)(uintptr_t)"--role",
	    (char *)(uintptr_t)role_name(row->role), instance, NULL };
	char *const none[] = { NULL };
	sigset_t no_signals;

	(void)snprintf(title, sizeof(title), "%s: %s",
	    role_program_name(row->program), role_name(row->role));
	(void)snprintf(instance, sizeof(instance), "%llu",
	    (unsigned long long)child->instance);
	/* ourselves by that name: even if an upgrade has replaced the file */
	if (row->program != PROGRAM_POSTROOMD)
		program_beside(row->program, path);
	(void)sigemptyset(&no_signals);
	(void)sigprocmask(SIG_SETMASK, &no_signals, NULL);
	if (dup2(fd, PARENT_FD) < 0)
		_exit(126);
#ifdef POSTROOM_RELAXED
	/* sanitizers and preloaded faults are told what to do there */
	(void)execve(path, argv, environ);
	(void)none;
#else
	(void)execve(path, argv, none);
#endif
	_exit(127);
}

int
child_spawn(struct child *child)
{
	const struct ipc_side side = {
		.rules = switchboard_rules, .lost = switchboard_lost, .arg = child
	};
	int fd[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, fd) < 0)
		return -errno;
	child->pid = fork();
	if (child->pid == 0)
		exec_role(child, fd[1]);
	r = child->pid < 0 ? -errno : 0;
	(void)close(fd[1]);
	if (r < 0) {
		log_say("%s %llu cannot be started: %s",
		    role_name(child->row->role),
		    (unsigned long long)child->instance, strerror(-r));
		child->pid = 0;
		(void)close(fd[0]);
		return r;
	}
	child->started_ms = clock_ms();
	child->ready = child->retiring = false;
	child->ipc = ipc_new(child->all->loop, fd[0], child->row->role,
	    child->instance, &side);
	if (child->ipc == NULL) {
		(void)close(fd[0]);	/* it ends without its parent */
		return -ENOMEM;
	}
	r = hand_holdings(child);
	if (r == 0)
		r = hand_go(child);
	if (r < 0) {
		log_say("%s cannot be given what it needs: %s",
		    role_name(child->row->role), strerror(-r));
		(void)kill(child->pid, SIGKILL);
	}
	return r;
}

static void
say_how_it_ended(const struct child *child, int status)
{
	if (WIFSIGNALED(status))
		log_say("%s %llu was ended by signal %d",
		    role_name(child->row->role),
		    (unsigned long long)child->instance, WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		log_say("%s %llu ended with status %d",
		    role_name(child->row->role),
		    (unsigned long long)child->instance, WEXITSTATUS(status));
}

/* A role has ended: when will it be back? */
static void
ended(struct child *child, int status)
{
	bool in_order = child->retiring && WIFEXITED(status);
	struct children *all = child->all;

	say_how_it_ended(child, status);
	ipc_free(child->ipc);
	child->ipc = NULL;
	child->pid = 0;
	child->ready = false;
	if (all->stop_step > 0)
		return;
	/* what it has not told any more is news as well */
	if (child->row->role == ROLE_MAILBOX &&
	    !(in_order && WEXITSTATUS(status) == 0))
		switchboard_changed(all, child->instance, UINT64_MAX);
	if (!all->was_up && !all->ready_told && WIFEXITED(status) &&
	    WEXITSTATUS(status) != 0 && !child->row->has_instances) {
		all->ready_told = true;	/* at the first start: a wrong setup */
		all->ready(all->arg, false);
		return;
	}
	if (child->row->has_instances && child->want_count == 0) {
		child_free(child);	/* until somebody wants it again */
		return;
	}
	if (in_order || clock_ms() - child->started_ms > SOUND_MS)
		child->pause_ms = 0;
	else if (child->pause_ms == 0)
		child->pause_ms = LEAST_PAUSE_MS;
	else if (child->pause_ms < MOST_PAUSE_MS / 2)
		child->pause_ms *= 2;
	else
		child->pause_ms = MOST_PAUSE_MS;
	timer_set(child->again, child->pause_ms);
}

void
children_reap(struct children *all)
{
	struct child *child;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		LIST_FOREACH(child, &all->list, next)
			if (child->pid == pid) {
				ended(child, status);
				break;
			}
	if (all->stop_step > 0)
		stop_next(all);
}

static bool
runs_any(const struct children *all, unsigned roles)
{
	const struct child *child;

	LIST_FOREACH(child, &all->list, next)
		if (child->pid != 0 && (roles & FROM(child->row->role)) != 0)
			return true;
	return false;
}

static void
tell_stop(struct children *all, unsigned roles)
{
	struct child *child;

	LIST_FOREACH(child, &all->list, next)
		if (child->ipc != NULL && (roles & FROM(child->row->role)))
			(void)ipc_send(child->ipc, PARENT_STOP,
			    slice_of(NULL, 0), NULL, 0);
}

/* Go on with the next step once everybody of this one has ended. */
static void
stop_next(struct children *all)
{
	while (all->stop_step <= STOP_STEPS) {
		if (runs_any(all, stop_order[all->stop_step - 1]))
			return;
		if (all->stop_step == STOP_STEPS)
			break;
		all->stop_step++;
		tell_stop(all, stop_order[all->stop_step - 1]);
		timer_set(all->stop_timer, STOP_MS);
	}
	all->stopped(all->stopped_arg);
}

/* Whoever has not ended by now is not going to: the journal knows the rest. */
static void
on_stop_time(void *arg)
{
	struct children *all = arg;
	struct child *child;

	LIST_FOREACH(child, &all->list, next)
		if (child->pid != 0 && (stop_order[all->stop_step - 1] &
		    FROM(child->row->role)) != 0) {
			log_say("%s %llu does not end: it is killed",
			    role_name(child->row->role),
			    (unsigned long long)child->instance);
			(void)kill(child->pid, SIGKILL);
		}
	timer_set(all->stop_timer, STOP_MS);
}

void
children_stop(struct children *all, void (*done)(void *arg))
{
	if (all->stop_step > 0)
		return;
	all->stopped = done;
	all->stop_step = 1;
	tell_stop(all, stop_order[0]);
	timer_set(all->stop_timer, STOP_MS);
	stop_next(all);
}

static void
on_restart(void *arg)
{
	struct children *all = arg;
	struct child *child;
	int r;

	timer_stop(all->stop_timer);
	while ((child = LIST_FIRST(&all->list)) != NULL)
		child_free(child);
	all->stop_step = 0;
	all->ready_told = false;
	all->stopped_arg = all->arg;
	r = children_start(all);
	if (r < 0) {
		log_say("the roles cannot be started again: %s",
		    strerror(-r));
		all->ready_told = true;
		all->ready(all->arg, false);
	}
}

void
children_restart(struct children *all)
{
	if (all->stop_step > 0)
		return;
	all->stopped_arg = all;
	children_stop(all, on_restart);
}

struct children *
children_new(struct loop *loop, const struct holdings *holdings,
    void (*ready)(void *arg, bool all_up), void *arg)
{
	struct children *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->loop = loop;
	all->holdings = holdings;
	all->ready = ready;
	all->arg = all->stopped_arg = arg;
	LIST_INIT(&all->list);
	all->stop_timer = timer_new(loop, on_stop_time, all);
	if (all->stop_timer == NULL) {
		free(all);
		return NULL;
	}
	return all;
}

int
children_start(struct children *all)
{
	const struct config *config = &all->holdings->config;
	const struct {
		enum role	role;
		unsigned	count;
	} always[] = {
		{ ROLE_KEEPER, 1 }, { ROLE_JUDGE, config->judges },
		{ ROLE_QUEUE, 1 }, { ROLE_CONSOLE, 1 },
		{ ROLE_SCHEDULE, 1 }, { ROLE_RESOLVER, 1 },
		{ ROLE_RELAY, 1 },
		{ ROLE_DOOR, config->doors },
		{ ROLE_SCAN, config_has_scanner(config) },
	};

	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		for (unsigned n = 0; n < always[i].count; n++)
			if (child_new(all, role_row(always[i].role), n) ==
			    NULL)
				return -ENOMEM;
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		for (unsigned n = 0; n < always[i].count; n++) {
			int r = child_spawn(child_find(all, always[i].role, n));

			if (r < 0)
				return r;
		}
	return 0;
}
