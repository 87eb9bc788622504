/*
 * scan_crew.c - processes that scan: one that has loaded, and those it forks
 *
 * The leader never looks at a message, a worker never at anything else.  Behind
 * the walls of the role, which both inherit, the leader gives up what it does
 * not need to load signatures, and a worker raises its own: it sees its scratch
 * folder and no other, cannot fork, signal or connect, and has memory and
 * processor time of its own to spend and no more.
 */
#include "programs/scan_crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "filters/clam_trial.h"
#include "lib/base/log.h"
#include "lib/base/sandbox.h"
#include "programs/scan_folder.h"

#define WORKERS_MOST	64	/* of one leader; far above what runs at once */
#define FDS_MOST	65536	/* when the kernel cannot close a range */
#define TRIAL_MS	60000	/* two small messages; slow machines */
#define FILES_BYTES	(256u << 20)	/* one file; above scan_bytes */

struct leader {
	struct crew_options	 options;
	struct loop		*loop;
	struct ipc		*pool;
	struct clam		*clam;
	struct {
		pid_t		 pid;		/* 0: free */
		uint64_t	 number;	/* names its folder */
	} workers[WORKERS_MOST];
};

struct worker {
	struct loop	*loop;
	struct clam	*clam;
	crew_look_fn	*look;
	int		 scratch_fd;
	int		 refused;	/* the system call told last */
};

/* Close all from 3 on but the `count` descriptors in `keep`. */
static void
close_others(const int *keep, size_t count)
{
	int from = 3;

	for (;;) {
		int next = FDS_MOST;

		for (size_t i = 0; i < count; i++)
			if (keep[i] >= from && keep[i] < next)
				next = keep[i];
		if (next > from && close_range((unsigned)from,
		    (unsigned)next - 1, 0) < 0)
			for (int fd = from; fd < next; fd++)
				(void)close(fd);
		if (next == FDS_MOST)
			return;
		from = next + 1;
	}
}

static void
worker_name(uint64_t number, char name_out[32])
{
	(void)snprintf(name_out, 32, "w%llu", (unsigned long long)number);
}

/* Read the message through a mapping; the descriptor is ours alone to read. */
static struct scan_answer
scan_file(const struct worker *worker, int fd, uint64_t bytes)
{
	struct scan_answer answer;
	off_t end = lseek(fd, 0, SEEK_END);
	void *map;

	if (end < 0 || (uint64_t)end != bytes)
		return scan_answer_of(SCAN_NOT_SCANNED, "",
		    "its bytes cannot be read");
	if (bytes == 0)
		return worker->look(worker->clam, slice_of(NULL, 0));
	map = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return scan_answer_of(SCAN_NOT_SCANNED, "",
		    "its bytes cannot be read");
	answer = worker->look(worker->clam, slice_of(map, (size_t)bytes));
	(void)munmap(map, (size_t)bytes);
	return answer;
}

unsigned
crew_clamd_calls(const struct clamd *clamd)
{
	if (clamd == NULL)
		return 0;
	return clamd->at.ss_family == AF_UNIX ? CALLS_LOCAL : CALLS_CONNECT;
}

/* What a wall has stopped is worth a line: the library does not do such. */
static void
tell_refused(struct worker *worker)
{
	int refused = sandbox_refused();

	/* a mode that its own folder has anyway: chmod() takes names */
	if (refused < 0 || refused == worker->refused || refused == SYS_chmod)
		return;
	worker->refused = refused;
	log_say("a scanner was refused system call %d", refused);
}

static int
on_scan(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct worker *worker = arg;
	TEXT_AUTO body = TEXT_INIT(SCAN_ANSWER_MAX);
	struct unpack u = unpack_of(message->body);
	uint64_t bytes = unpack_u64(&u);
	struct scan_answer answer;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	answer = scan_file(worker, message->fd[0], bytes);
	scan_answer_pack(&body, &answer);
	/* what the library has left of this message is not for the next */
	if (scan_folder_sweep(worker->scratch_fd, NULL) < 0)
		log_say("a scanner cannot empty its scratch folder");
	tell_refused(worker);
	/* a pool that cannot be told loses this worker and asks another */
	if (ipc_reply(from, message->serial, text_slice(&body), NULL, 0) < 0)
		loop_stop(worker->loop);
	return 0;
}

static void
on_worker_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	struct worker *worker = arg;

	(void)ipc;
	(void)was_breach;
	loop_stop(worker->loop);
}

/* What only the kernel can hold a hostile process to. */
static int
limit_worker(const struct crew_options *options)
{
	struct rusage used;
	struct rlimit data, cpu = { options->cpu_seconds,
	    options->cpu_seconds }, file = { FILES_BYTES, FILES_BYTES };

	if (getrusage(RUSAGE_SELF, &used) < 0)
		return -errno;
	/* what is resident now is the set of signatures */
	data.rlim_cur = data.rlim_max = (rlim_t)used.ru_maxrss * 1024 +
	    options->memory_bytes;
	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_CPU, &cpu) < 0 ||
	    setrlimit(RLIMIT_FSIZE, &file) < 0)
		return -errno;
	/* a sanitizer's shadow is data, too */
	if (!sandbox_is_relaxed() && setrlimit(RLIMIT_DATA, &data) < 0)
		return -errno;
	return 0;
}

static int
raise_walls(const struct sandbox *sandbox)
{
	const char *step = "";
	bool landlock;
	int r = 0;

	if ((sandbox->walls & WALL_LANDLOCK) != 0)
		r = sandbox_enter_files(sandbox, &landlock, &step);
	if (r == 0)
		r = sandbox_enter_calls(sandbox, &step);
	if (r < 0)
		log_say("a scanner cannot begin: %s: %s", step, strerror(-r));
	return r;
}

/* What the role has to ask an rspamd is none of the leader's. */
static int
wall_leader(const struct clamd *clamd)
{
	const struct sandbox sandbox = {
		.walls = WALL_SECCOMP,
		.calls = CALLS_FILES | CALLS_MEMFD | CALLS_FORK |
		    crew_clamd_calls(clamd)
	};

	return raise_walls(&sandbox);
}

static int
wall_worker(int scratch_fd, const struct clamd *clamd)
{
	const struct sandbox sandbox = {
		.walls = WALL_LANDLOCK | WALL_SECCOMP,
		.folders = &scratch_fd, .folder_count = 1,
		.calls = CALLS_FILES | CALLS_MEMFD | crew_clamd_calls(clamd)
	};

	return raise_walls(&sandbox);
}

/*
 * Raise the walls of worker `number`, which keeps `channel_fd` and its scratch
 * folder: the descriptor of that, or -1.
 */
static int
confine_worker(const struct leader *leader, int channel_fd, uint64_t number)
{
	char name[32];
	int fd;

	worker_name(number, name);
	fd = openat(leader->options.scratch_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	close_others((const int[]){ channel_fd, fd }, 2);
	if (fd < 0 || clam_scratch(leader->clam, fd) < 0 ||
	    limit_worker(&leader->options) < 0 || wall_worker(fd, leader->options.clamd) < 0)
		return -1;
	clam_quiet();
	return fd;
}

/* Be worker `number`, fresh from the leader's fork(). */
static _Noreturn void
work(struct leader *leader, int channel_fd, uint64_t number)
{
	static const struct ipc_rule rules[] = {
	{ CREW_SCAN, "SCAN", FROM(ROLE_SCAN), IPC_REQUEST, 1, 0, on_scan },
	{ 0 }
	};
	struct worker worker = {
		.clam = leader->clam, .look = leader->options.look,
		.refused = -1
	};
	const struct ipc_side side = {
		.rules = rules, .lost = on_worker_lost, .arg = &worker
	};

	worker.scratch_fd = confine_worker(leader, channel_fd, number);
	if (worker.scratch_fd < 0)
		_exit(1);
	/* the leader's own loop is its own; its descriptors are closed here */
	worker.loop = loop_new();
	if (worker.loop == NULL ||
	    ipc_new(worker.loop, channel_fd, ROLE_SCAN, number, &side) == NULL)
		_exit(1);
	_exit(loop_run(worker.loop) < 0);
}

/* The slot of worker `number`, or of none; WORKERS_MOST: not there. */
static size_t
find_worker(const struct leader *leader, uint64_t number)
{
	size_t i = 0;

	while (i < WORKERS_MOST && leader->workers[i].number != number)
		i++;
	return i;
}

/* A child of our own that was not waited for: the number is still its own. */
static void
end_worker(struct leader *leader, size_t i)
{
	char name[32];

	(void)kill(leader->workers[i].pid, SIGKILL);
	while (waitpid(leader->workers[i].pid, NULL, 0) < 0 && errno == EINTR)
		;
	worker_name(leader->workers[i].number, name);
	if (scan_folder_sweep(leader->options.scratch_fd, name) < 0)
		log_say("the scratch folder of a scanner cannot be removed");
	leader->workers[i].pid = 0;
	leader->workers[i].number = 0;
}

/* The process forked for `channel_fd`, or 0. */
static pid_t
fork_worker(struct leader *leader, uint64_t number, int channel_fd)
{
	size_t i = find_worker(leader, 0);
	char name[32];
	pid_t pid;

	if (i == WORKERS_MOST || leader->clam == NULL)
		return 0;
	worker_name(number, name);
	if (mkdirat(leader->options.scratch_fd, name, 0700) < 0) {
		log_say("the scratch folder of a scanner cannot be made: %s",
		    strerror(errno));
		return 0;
	}
	pid = fork();
	if (pid == 0)
		work(leader, channel_fd, number);
	if (pid < 0) {
		log_say("no scanner can be started: %s", strerror(errno));
		(void)scan_folder_sweep(leader->options.scratch_fd, name);
		return 0;
	}
	leader->workers[i].pid = pid;
	leader->workers[i].number = number;
	return pid;
}

static int
on_fork(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct leader *leader = arg;
	TEXT_AUTO body = TEXT_INIT(16);
	struct unpack u = unpack_of(message->body);
	uint64_t number = unpack_u64(&u);

	if (!unpack_is_done(&u) || number == 0 ||
	    find_worker(leader, number) < WORKERS_MOST)
		return -EBADMSG;
	pack_u64(&body, (uint64_t)fork_worker(leader, number,
	    message->fd[0]));
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

/* One that could not be forked is gone already. */
static int
on_end(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct leader *leader = arg;
	struct unpack u = unpack_of(message->body);
	uint64_t number = unpack_u64(&u);
	size_t i;

	(void)from;
	if (!unpack_is_done(&u) || number == 0)
		return -EBADMSG;
	i = find_worker(leader, number);
	if (i < WORKERS_MOST)
		end_worker(leader, i);
	return 0;
}

static void
on_pool_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	struct leader *leader = arg;

	(void)ipc;
	(void)was_breach;
	loop_stop(leader->loop);
}

/* How the child of the trial ended, within its time. */
static int
wait_for_trial(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	uint64_t until_ms = clock_ms() + TRIAL_MS;
	int status = 0;
	pid_t ended;

	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 &&
	    clock_ms() < until_ms)
		(void)nanosleep(&pause, NULL);
	if (ended == pid)
		return status;
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* In words what that means; NULL: the set is fit. */
static const char *
trial_words(int status)
{
	if (!WIFEXITED(status))
		return "the scanner breaks off with the signatures";
	switch (WEXITSTATUS(status)) {
	case 0:
		return NULL;
	case ENOENT:
		return "the signatures do not find the test file";
	case EEXIST:
		return "the signatures take an honest message for a virus";
	default:
		return "the signatures could not be tried";
	}
}

/* Try the set where nothing but a child can be lost; its words if not fit. */
static const char *
try_set(struct leader *leader)
{
	const char *words = "the signatures could not be tried";
	char name[32];
	pid_t pid;

	worker_name(0, name);
	if (mkdirat(leader->options.scratch_fd, name, 0700) < 0)
		return words;
	pid = fork();
	if (pid == 0) {
		if (confine_worker(leader, -1, 0) < 0)
			_exit(EIO);
		_exit(-clam_trial(leader->clam));
	}
	if (pid > 0)
		words = trial_words(wait_for_trial(pid));
	if (scan_folder_sweep(leader->options.scratch_fd, name) < 0)
		log_say("the scratch folder of a trial cannot be removed");
	return words;
}

/* Nothing of it can be lost here: it has looked at nothing but the trial. */
static const char *
try_clamd(struct leader *leader)
{
	const struct clamd *clamd = leader->options.clamd;

	if (clam_call(clamd, leader->options.limits, &leader->clam) < 0)
		return "no memory for the scanner";
	return clamd_trial(clamd, clock_ms() + TRIAL_MS);
}

static int
tell_loaded(struct leader *leader)
{
	TEXT_AUTO body = TEXT_INIT(SCAN_PACKED_MAX);
	const char *words = NULL;
	uint64_t signatures = 0;

	if (leader->options.clamd != NULL) {
		words = try_clamd(leader);
		signatures = 1;		/* how many it has it does not say */
	} else if (clam_load(leader->options.signatures_fd,
	    leader->options.scratch_fd, leader->options.limits, &leader->clam,
	    &words) == 0) {
		words = try_set(leader);
		signatures = clam_signatures(leader->clam);
	}
	pack_u64(&body, words != NULL ? 0 : signatures);
	pack_slice(&body, slice_str(words != NULL ? words : ""));
	return ipc_send(leader->pool, CREW_LOADED, text_slice(&body), NULL, 0);
}

_Noreturn void
crew_lead(int channel_fd, const struct crew_options *options)
{
	static const struct ipc_rule rules[] = {
	{ CREW_FORK, "FORK", FROM(ROLE_SCAN), IPC_REQUEST, 1, 0, on_fork },
	{ CREW_END, "END", FROM(ROLE_SCAN), IPC_NEWS, 0, 0, on_end },
	{ 0 }
	};
	struct leader leader = { .options = *options };
	const struct ipc_side side = {
		.rules = rules, .lost = on_pool_lost, .arg = &leader
	};
	int r;

	/* what the role's loop has set is not for its children */
	(void)signal(SIGCHLD, SIG_DFL);
	close_others((const int[]){ channel_fd, options->signatures_fd,
	    options->scratch_fd }, 3);
	if (wall_leader(options->clamd) < 0)
		_exit(1);
	leader.loop = loop_new();
	if (leader.loop == NULL)
		_exit(1);
	leader.pool = ipc_new(leader.loop, channel_fd, ROLE_SCAN, 0, &side);
	if (leader.pool == NULL || tell_loaded(&leader) < 0)
		_exit(1);
	r = loop_run(leader.loop);
	for (size_t i = 0; i < WORKERS_MOST; i++)
		if (leader.workers[i].pid != 0)
			end_worker(&leader, i);
	_exit(r < 0);
}
