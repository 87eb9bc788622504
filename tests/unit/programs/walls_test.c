/*
 * walls_test.c - each role is denied the system calls its row denies it
 *
 * Only seccomp is raised here; walls_files_test.c has Landlock alone and
 * walls_users_test.c the users.  What a row does allow must work, so a wall
 * that denies everything passes no test.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/programs/walls.h"

#define PAGE_BYTES	4096u
#define X32_CALL	0x40000000L	/* the other numbering of x86-64 */

static const struct {
	enum role	 role;
	enum role_folder folder;
	unsigned	 calls;
	unsigned	 holds;
	enum role_program program;
} design[] = {
	{ ROLE_KEEPER,	FOLDER_POLICY,	CALLS_FILES, HOLDS(HOLDS_SEAL_KEY),
	  PROGRAM_POSTROOMD },
	{ ROLE_DOOR,	FOLDER_NONE,	CALLS_ACCEPT | CALLS_MEMFD | CALLS_PAIR,
	  HOLDS(HOLDS_LISTENER) | HOLDS(HOLDS_CERTIFICATE) |
	  HOLDS(HOLDS_TLS_KEY), PROGRAM_POSTROOMD },
	{ ROLE_MAILBOX,	FOLDER_ACCOUNT,	CALLS_FILES | CALLS_PAIR,
	  HOLDS(HOLDS_SPAM), PROGRAM_POSTROOMD },
	{ ROLE_QUEUE,	FOLDER_QUEUE,	CALLS_FILES | CALLS_MEMFD, 0,
	  PROGRAM_POSTROOMD },
	{ ROLE_JUDGE,	FOLDER_NONE,	0, HOLDS(HOLDS_RULES) | HOLDS(HOLDS_SPAM),
	  PROGRAM_POSTROOMD },
	{ ROLE_CONSOLE,	FOLDER_NONE,	CALLS_ACCEPT, HOLDS(HOLDS_CONTROL),
	  PROGRAM_NET },
	{ ROLE_SCHEDULE, FOLDER_NONE,	CALLS_MEMFD, 0, PROGRAM_POSTROOMD },
	{ ROLE_FETCH,	FOLDER_NONE,	CALLS_CONNECT | CALLS_MEMFD | CALLS_PAIR,
	  HOLDS(HOLDS_TRUST), PROGRAM_NET },
	{ ROLE_RESOLVER, FOLDER_NONE,	CALLS_CONNECT | CALLS_DATAGRAM, 0,
	  PROGRAM_NET },
	{ ROLE_RELAY,	FOLDER_NONE,	CALLS_CONNECT | CALLS_MEMFD | CALLS_PAIR,
	  HOLDS(HOLDS_TRUST) | HOLDS(HOLDS_SMARTHOST) |
	  HOLDS(HOLDS_POLICIES) | HOLDS(HOLDS_REPORTS), PROGRAM_NET },
	{ ROLE_SCAN,	FOLDER_SCAN,	CALLS_FILES | CALLS_MEMFD | CALLS_FORK,
	  0, PROGRAM_SCAN },
};

START_TEST(a_row_grants_no_more_than_the_design)
{
	const struct role_row *row = role_row(design[_i].role);

	ck_assert_ptr_nonnull(row);
	ck_assert_int_eq(row->role, design[_i].role);
	ck_assert_int_eq(row->folder, design[_i].folder);
	ck_assert_uint_eq(row->calls & ~design[_i].calls, 0);
	ck_assert_uint_eq(row->holds & ~design[_i].holds, 0);
	ck_assert_int_eq(row->program, design[_i].program);
}
END_TEST

START_TEST(no_two_roles_share_a_user)
{
	for (int i = FIRST_ROLE; i < ROLE_COUNT; i++)
		for (int j = FIRST_ROLE; j < i; j++)
			ck_assert_str_ne(role_row((enum role)i)->user,
			    role_row((enum role)j)->user);
}
END_TEST

static int
look_at_a_name(const struct scene *scene)
{
	struct stat st;

	(void)scene;
	return result(stat("/etc/passwd", &st));
}

/* The flag lets the name be empty; it does not make it so. */
static int
look_at_a_name_like_fstat(const struct scene *scene)
{
	struct stat st;

	(void)scene;
	return result(fstatat(AT_FDCWD, "/etc/passwd", &st, AT_EMPTY_PATH));
}

static int
sync_a_file(const struct scene *scene)
{
	return result(fdatasync(scene->data.fd));
}

static int
accept_somebody(const struct scene *scene)
{
	int r = result(accept4(scene->listener_fd, NULL, NULL, SOCK_CLOEXEC));

	return r == -EAGAIN ? 0 : r;	/* nobody had come */
}

static int
make_memory_file(const struct scene *scene)
{
	(void)scene;
	return result(memfd_create("letter", MFD_CLOEXEC));
}

static int
make_pair(const struct scene *scene)
{
	int fd[2];

	(void)scene;
	return result(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
}

static int
make_inet_pair(const struct scene *scene)
{
	int fd[2];

	(void)scene;
	return result(socketpair(AF_INET, SOCK_STREAM, 0, fd));
}

/* One of these can send to any socket that has a name in the file system. */
static int
make_datagram_pair(const struct scene *scene)
{
	int fd[2];

	(void)scene;
	return result(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fd));
}

static int
make_inet_socket(const struct scene *scene)
{
	(void)scene;
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int
make_datagram_socket(const struct scene *scene)
{
	(void)scene;
	return result(socket(AF_INET, SOCK_DGRAM, 0));
}

/* Root behind this wall alone would be given one. */
static int
make_raw_socket(const struct scene *scene)
{
	(void)scene;
	return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int
make_inet6_socket(const struct scene *scene)
{
	(void)scene;
	return result(socket(AF_INET6, SOCK_STREAM, 0));
}

static int
make_unix_socket(const struct scene *scene)
{
	(void)scene;
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
connect_out(const struct scene *scene)
{
	return result(connect(scene->loose_fd,
	    (const struct sockaddr *)&scene->other, sizeof(scene->other)));
}

/* TCP Fast Open (RFC 7413): the first bytes sent open the connection. */
static int
connect_by_sending(const struct scene *scene)
{
	return result(sendto(scene->loose_fd, "x", 1, MSG_FASTOPEN |
	    MSG_NOSIGNAL, (const struct sockaddr *)&scene->other,
	    sizeof(scene->other)));
}

static int
connect_by_message(const struct scene *scene)
{
	struct sockaddr_in to = scene->other;
	char byte = 'x';
	struct iovec bytes = { &byte, 1 };
	const struct msghdr message = { .msg_name = &to,
	    .msg_namelen = sizeof(to), .msg_iov = &bytes, .msg_iovlen = 1 };

	(void)shutdown(scene->listener_fd, SHUT_RDWR);
	return result(sendmsg(scene->listener_fd, &message, MSG_FASTOPEN |
	    MSG_NOSIGNAL));
}

static int
bind_a_port(const struct scene *scene)
{
	struct sockaddr_in any = scene->other;

	any.sin_port = 0;
	return result(bind(scene->loose_fd, (const struct sockaddr *)&any,
	    sizeof(any)));
}

static int
listen_again(const struct scene *scene)
{
	return result(listen(scene->listener_fd, 8));
}

static int
run_a_descriptor(const struct scene *scene)
{
	(void)scene;
	return result(syscall(SYS_execveat, -1, "", NULL, NULL,
	    AT_EMPTY_PATH));
}

/* The call itself: what the C library does instead is clone(). */
static int
fork_by_number(const struct scene *scene)
{
	long pid = syscall(SYS_fork);

	(void)scene;
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int
fork_by_library(const struct scene *scene)
{
	pid_t pid = fork();

	(void)scene;
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int
read_the_parent(const struct scene *scene)
{
	return result(syscall(SYS_process_vm_readv, scene->parent, NULL, 0,
	    NULL, 0, 0));
}

/* With O_ASYNC the kernel sends the signal when the descriptor moves. */
static int
let_a_descriptor_signal_the_parent(const struct scene *scene)
{
	return result(fcntl(scene->pair_fd[0], F_SETOWN, scene->parent));
}

static int
choose_the_signal_of_a_descriptor(const struct scene *scene)
{
	return result(fcntl(scene->pair_fd[0], F_SETSIG, SIGKILL));
}

static int
open_the_parent(const struct scene *scene)
{
	return result(syscall(SYS_pidfd_open, scene->parent, 0));
}

static int
map_code(const struct scene *scene)
{
	void *at = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)scene;
	return at == MAP_FAILED ? -errno : 0;
}

static int
make_code_of_data(const struct scene *scene)
{
	void *at = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)scene;
	if (at == MAP_FAILED)
		return -EFAULT;		/* data must be allowed */
	return result(mprotect(at, PAGE_BYTES, PROT_READ | PROT_EXEC));
}

static int
make_code_by_key(const struct scene *scene)
{
	(void)scene;
	return result(syscall(SYS_pkey_mprotect, NULL, 0, PROT_EXEC, -1));
}

static int
make_all_data_code(const struct scene *scene)
{
	(void)scene;
	return result(personality(READ_IMPLIES_EXEC));
}

static int
mount_something(const struct scene *scene)
{
	(void)scene;
	return result(mount(NULL, "/nowhere", NULL, MS_REMOUNT, NULL));
}

static int
make_a_namespace(const struct scene *scene)
{
	(void)scene;
	return result(unshare(CLONE_NEWUSER));
}

static int
load_a_kernel_program(const struct scene *scene)
{
	(void)scene;
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

static int
make_a_ring(const struct scene *scene)
{
	(void)scene;
	return result(syscall(SYS_io_uring_setup, 1, NULL));
}

static int
raise_a_limit(const struct scene *scene)
{
	const struct rlimit limit = { 1, 1 };

	(void)scene;
	return result(setrlimit(RLIMIT_CORE, &limit));
}

static int
be_dumpable_again(const struct scene *scene)
{
	(void)scene;
	return result(prctl(PR_SET_DUMPABLE, 1));
}

static int
control_a_device(const struct scene *scene)
{
	(void)scene;
	return result(syscall(SYS_ioctl, 0, 0, 0));
}

static int
use_other_numbers(const struct scene *scene)
{
	(void)scene;
	return result(syscall(X32_CALL | SYS_getpid));
}

static int
talk_on_a_channel(const struct scene *scene)
{
	char byte;

	if (send(scene->pair_fd[0], "x", 1, MSG_NOSIGNAL) != 1 ||
	    recv(scene->pair_fd[1], &byte, 1, 0) != 1)
		return -errno;
	return byte == 'x' ? 0 : -EBADMSG;
}

static int
signal_itself(const struct scene *scene)
{
	(void)scene;
	return result(syscall(SYS_tgkill, getpid(), gettid(), 0));
}

static int
look_at_a_descriptor(const struct scene *scene)
{
	struct stat st;

	return result(fstat(scene->pair_fd[0], &st));
}

/*
 * How seccomp answers: refused and gone on, killed, or either of the two.
 * STOPS: what is let through to lower it, the kernel does not let rise.
 */
enum answer { REFUSES, KILLS, DENIES, STOPS };

#define EVERYBODY	(~0u)
#define NOBODY		0u
#define OUTSIDE		(CALLS_CONNECT | CALLS_DATAGRAM)

static const struct {
	const char	*what;
	attempt_fn	*try;
	unsigned	 allowed;	/* to rows with one of these CALLS_ */
	enum answer	 answer;	/* to all others */
} calls[] = {
{ "open a file",	     open_a_file,	     CALLS_FILES,  REFUSES },
{ "look at a name",	     look_at_a_name,	     CALLS_FILES,  REFUSES },
{ "look at a name as fstat does", look_at_a_name_like_fstat,
						     CALLS_FILES,  REFUSES },
/* glibc asks for it with the call that takes names as well */
{ "look at a descriptor",    look_at_a_descriptor,   CALLS_FILES,  REFUSES },
{ "make a folder",	     make_a_folder,	     CALLS_FILES,  REFUSES },
{ "remove a file",	     remove_a_file,	     CALLS_FILES,  REFUSES },
{ "rename a file",	     rename_a_file,	     CALLS_FILES,  REFUSES },
{ "sync a file",	     sync_a_file,	     CALLS_FILES,  REFUSES },
{ "accept",		     accept_somebody,	     CALLS_ACCEPT, REFUSES },
{ "make a memory file",	     make_memory_file,	     CALLS_MEMFD,  REFUSES },
{ "make a socket pair",	     make_pair,		     CALLS_PAIR,   REFUSES },
{ "make a network pair",     make_inet_pair,	     NOBODY,	   REFUSES },
{ "make a datagram pair",    make_datagram_pair,     NOBODY,	   DENIES },
{ "make a network socket",   make_inet_socket,	     CALLS_CONNECT, REFUSES },
{ "make an IPv6 socket",     make_inet6_socket,	     CALLS_CONNECT, REFUSES },
{ "make a datagram socket",  make_datagram_socket,   CALLS_DATAGRAM, REFUSES },
{ "make a raw socket",	     make_raw_socket,	     NOBODY,	   DENIES },
{ "make a local socket",     make_unix_socket,	     NOBODY,	   REFUSES },
{ "connect",		     connect_out,	     OUTSIDE,	   KILLS },
{ "connect by sending",	     connect_by_sending,     CALLS_DATAGRAM, DENIES },
{ "connect by a message",    connect_by_message,     NOBODY,	   DENIES },
{ "bind",		     bind_a_port,	     CALLS_DATAGRAM, KILLS },
{ "listen",		     listen_again,	     NOBODY,	   KILLS },
{ "run a program",	     run_a_program,	     NOBODY,	   KILLS },
{ "run a descriptor",	     run_a_descriptor,	     NOBODY,	   KILLS },
{ "fork",		     fork_by_number,	     NOBODY,	   KILLS },
{ "fork with clone",	     fork_by_library,	     CALLS_FORK,   REFUSES },
{ "trace the parent",	     trace_the_parent,	     NOBODY,	   KILLS },
{ "read the parent's memory", read_the_parent,	     NOBODY,	   KILLS },
{ "signal the parent",	     signal_the_parent,	     NOBODY,	   REFUSES },
{ "signal a thread of the parent", signal_the_parents_thread,
						     NOBODY,	   DENIES },
{ "signal the parent by F_SETOWN", let_a_descriptor_signal_the_parent,
						     NOBODY,	   DENIES },
{ "choose the signal by F_SETSIG", choose_the_signal_of_a_descriptor,
						     NOBODY,	   DENIES },
{ "open the parent",	     open_the_parent,	     NOBODY,	   REFUSES },
{ "map code",		     map_code,		     NOBODY,	   REFUSES },
{ "make code of data",	     make_code_of_data,	     NOBODY,	   REFUSES },
{ "make code by a key",	     make_code_by_key,	     NOBODY,	   REFUSES },
{ "make all data code",	     make_all_data_code,     NOBODY,	   REFUSES },
{ "become root",	     become_root,	     NOBODY,	   KILLS },
{ "change groups",	     leave_the_groups,	     NOBODY,	   REFUSES },
{ "mount",		     mount_something,	     NOBODY,	   KILLS },
{ "make a namespace",	     make_a_namespace,	     NOBODY,	   KILLS },
{ "change the root",	     change_the_root,	     NOBODY,	   REFUSES },
{ "load a kernel program",   load_a_kernel_program,  NOBODY,	   KILLS },
{ "make an io_uring",	     make_a_ring,	     NOBODY,	   REFUSES },
{ "raise a limit",	     raise_a_limit,	     NOBODY,	   STOPS },
{ "be dumpable",	     be_dumpable_again,	     NOBODY,	   REFUSES },
{ "control a device",	     control_a_device,	     NOBODY,	   REFUSES },
{ "use x32 numbers",	     use_other_numbers,	     NOBODY,	   DENIES },
{ "talk on a channel",	     talk_on_a_channel,	     EVERYBODY,	   REFUSES },
{ "signal itself",	     signal_itself,	     EVERYBODY,	   REFUSES },
};

static bool
is_answer(enum answer answer, int got)
{
	return (got == ENOSYS && answer != KILLS) ||
	    (got == EPERM && answer == STOPS) ||
	    (got == KILLED && (answer == KILLS || answer == DENIES));
}

START_TEST(seccomp_alone_denies_what_the_row_does_not_allow)
{
	int call = _i % COUNT(calls);
	enum role role = (enum role)(FIRST_ROLE + _i / COUNT(calls));
	struct scene scene = scene_new(role);
	int got = try_behind(&scene, WALL_SECCOMP, calls[call].try);
	bool allowed = calls[call].allowed == EVERYBODY ||
	    (calls[call].allowed & scene.row->calls) != 0;

	scratch_drop(&scene.data);
	ck_assert_msg(allowed ? got == 0 : is_answer(calls[call].answer, got),
	    "%s: %s: %s, but the answer was %s", role_name(role),
	    calls[call].what, allowed ? "its row allows it" :
	    "its row does not allow it", got == 0 ? "yes" :
	    got == KILLED ? "to kill it" : strerror(got));
}
END_TEST

static void *
try_late(void *arg)
{
	const struct scene *scene = arg;
	static char byte;

	/* until the walls stand */
	while (recv(scene->pair_fd[1], &byte, 1, 0) != 1)
		(void)sched_yield();
	return open_a_file(scene) == -ENOSYS ? &byte : NULL;
}

static int
try_from_a_thread(const struct scene *scene, pthread_t thread)
{
	void *was_refused = NULL;

	if (send(scene->pair_fd[0], "x", 1, 0) != 1 ||
	    pthread_join(thread, &was_refused) != 0)
		return EXIT_FAILURE;
	return was_refused != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The pools of queue and keeper are older than the wall. */
START_TEST(a_thread_started_before_seccomp_is_behind_it)
{
	struct scene scene = scene_new(ROLE_JUDGE);
	pthread_t thread;
	bool landlock;
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (pthread_create(&thread, NULL, try_late, &scene) != 0)
			_exit(EXIT_FAILURE);
		raise_walls(&scene, WALL_SECCOMP, &landlock);
		_exit(try_from_a_thread(&scene, thread));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	scratch_drop(&scene.data);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), EXIT_SUCCESS);
}
END_TEST

static int
remember(const struct scene *scene)
{
	if (sandbox_refused() != -1 || make_inet_socket(scene) != -ENOSYS ||
	    sandbox_refused() != SYS_socket)
		return -EBADMSG;
	/* the first one stays: it shows where the trouble began */
	return make_unix_socket(scene) == -ENOSYS &&
	    signal_the_parent(scene) == -ENOSYS &&
	    sandbox_refused() == SYS_socket ? 0 : -EBADMSG;
}

START_TEST(the_first_refused_call_is_remembered)
{
	struct scene scene = scene_new(ROLE_DOOR);
	int got = try_behind(&scene, WALL_SECCOMP, remember);

	scratch_drop(&scene.data);
	ck_assert_int_eq(got, 0);
}
END_TEST

/* The name of a test says what cannot be tried here. */
START_TEST(skipped_in_a_relaxed_build)
{
	ck_assert(sandbox_is_relaxed());
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("walls");
	TCase *tcase = tcase_create("walls");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, a_row_grants_no_more_than_the_design, 0,
	    COUNT(design));
	tcase_add_test(tcase, no_two_roles_share_a_user);
	if (sandbox_is_relaxed()) {
		tcase_add_test(tcase, skipped_in_a_relaxed_build);
		return suite;
	}
	tcase_add_loop_test(tcase,
	    seccomp_alone_denies_what_the_row_does_not_allow, 0,
	    ROLES * COUNT(calls));
	tcase_add_test(tcase, a_thread_started_before_seccomp_is_behind_it);
	tcase_add_test(tcase, the_first_refused_call_is_remembered);
	return suite;
}
