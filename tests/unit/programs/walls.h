/*
 * walls.h - a scene in which a role tries what its row denies it
 *
 * A child raises walls of a role, tries one thing and ends with the errno it
 * got; what must come of it stands in the tables of walls*_test.c.  The scene
 * is a small copy of the data directory, an open listener and a channel.
 */
#ifndef TESTS_UNIT_PROGRAMS_WALLS_H
#define TESTS_UNIT_PROGRAMS_WALLS_H

#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "programs/roles.h"
#include "programs/switchboard.h"
#include "tests/unit/queue/scratch.h"

#define FIRST_ROLE	ROLE_KEEPER
#define ROLES		(ROLE_COUNT - FIRST_ROLE)
#define USER_BASE	61000u	/* no user of any system has such a number */

#define COUNT(table)	((int)(sizeof(table) / sizeof(*(table))))

/* Where an attempt takes place: a data directory, and what was open before. */
struct scene {
	const struct role_row	*row;
	struct scratch		 data;
	int			 own_fd;	/* the role's folder, or -1 */
	int			 listener_fd;	/* of this machine, accepting */
	struct sockaddr_in	 other;		/* where somebody listens */
	int			 loose_fd;	/* a TCP socket joined to nobody */
	int			 pair_fd[2];	/* a channel to another role */
	pid_t			 parent;
};

/* 0 if it worked, else a negative errno. */
typedef int	attempt_fn(const struct scene *);

/* The folders of the data directory, and who may be in each. */
static const struct {
	const char	*name;
	enum role_folder folder;
	enum role	 owner;
} places[] = {
	{ "policy",	FOLDER_POLICY,	ROLE_KEEPER },
	{ "queue",	FOLDER_QUEUE,	ROLE_QUEUE },
	{ "scan",	FOLDER_SCAN,	ROLE_SCAN },
	{ "accounts/1",	FOLDER_ACCOUNT,	ROLE_MAILBOX },
	{ "accounts/2",	FOLDER_NONE,	ROLE_MAILBOX },	/* of somebody else */
};

/* The end of a child that was killed, as an errno that no call gives. */
#define KILLED		255

/* The user that the role changes to. */
static inline uid_t
user_of(enum role role)
{
	return USER_BASE + (uid_t)role;
}

/* What a call gave, as an attempt tells it. */
static inline int
result(long n)
{
	return n < 0 ? -errno : 0;
}

/* A listener of this machine; `at` is where. */
static inline int
listen_here(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

/* A file with something worth reading. */
static inline void
make_file(int folder, const char *name, uid_t owner)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)write(fd, "secret", 6), 6);
	if (geteuid() == 0)
		ck_assert_int_eq(fchown(fd, owner, owner), 0);
	ck_assert_int_eq(close(fd), 0);
}

/* A folder of the data directory as the parent makes it, with a secret. */
static inline void
make_place(struct scene *scene, size_t i)
{
	const char *name = places[i].name;
	uid_t owner = user_of(places[i].owner);
	int fd;

	ck_assert_int_eq(mkdirat(scene->data.fd, name, 0700), 0);
	fd = openat(scene->data.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	make_file(fd, "secret", owner);
	ck_assert_int_eq(symlinkat("/etc/passwd", fd, "way-out"), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(fchown(fd, owner, owner), 0);
	if (scene->row->folder != FOLDER_NONE &&
	    scene->row->folder == places[i].folder)
		scene->own_fd = fd;
	else
		ck_assert_int_eq(close(fd), 0);
}

/* The data directory as the parent makes it, and what else `role` meets. */
static inline struct scene
scene_new(enum role role)
{
	struct scene scene = { .row = role_row(role), .data = scratch_new(),
	    .own_fd = -1, .parent = getpid() };
	struct sockaddr_in here;

	ck_assert_ptr_nonnull(scene.row);
	/* as the parent has it: roles pass through, and see no names */
	ck_assert_int_eq(fchmod(scene.data.fd, 0711), 0);
	ck_assert_int_eq(mkdirat(scene.data.fd, "accounts", 0711), 0);
	make_file(scene.data.fd, "seal.key", 0);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		make_place(&scene, i);
	scene.listener_fd = listen_here(&here);
	ck_assert_int_ge(listen_here(&scene.other), 0);
	scene.loose_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(scene.loose_fd, 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, scene.pair_fd), 0);
	return scene;
}

/* In the child: raise `walls` as programs/process.c does. */
static inline void
raise_walls(const struct scene *scene, unsigned walls, bool *landlock_out)
{
	const struct sandbox sandbox = {
		.walls = walls, .uid = user_of(scene->row->role),
		.gid = user_of(scene->row->role), .folders = &scene->own_fd,
		.folder_count = scene->own_fd >= 0, .calls = scene->row->calls
	};
	const char *step = "";

	if (sandbox_enter_files(&sandbox, landlock_out, &step) < 0 ||
	    sandbox_enter_calls(&sandbox, &step) < 0) {
		(void)fprintf(stderr, "walls: %s\n", step);
		abort();
	}
}

/* Try it behind `walls`: 0, an errno, or KILLED. */
static inline int
try_behind(const struct scene *scene, unsigned walls, attempt_fn *try)
{
	bool landlock;
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		raise_walls(scene, walls, &landlock);
		_exit(-try(scene));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return KILLED;
	ck_assert_msg(WIFEXITED(status), "the child was ended by signal %d",
	    WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* Attempts that more than one wall is asked about. */

/* A file everybody may read. */
static inline int
open_a_file(const struct scene *scene)
{
	(void)scene;
	return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

/* In the data directory, where no role works. */
static inline int
make_a_folder(const struct scene *scene)
{
	return result(mkdirat(scene->data.fd, "folder", 0700));
}

/* The sealing key: the parent's alone. */
static inline int
remove_a_file(const struct scene *scene)
{
	return result(unlinkat(scene->data.fd, "seal.key", 0));
}

/* The sealing key again. */
static inline int
rename_a_file(const struct scene *scene)
{
	return result(renameat(scene->data.fd, "seal.key", scene->data.fd,
	    "open.key"));
}

/* Ends with 0 when it runs. */
static inline int
run_a_program(const struct scene *scene)
{
	char name[] = "/bin/true";
	char *const argv[] = { name, NULL }, *const none[] = { NULL };

	(void)scene;
	return result(execve(name, argv, none));
}

/* The parent could be any process of the same user. */
static inline int
trace_the_parent(const struct scene *scene)
{
	return result(ptrace(PTRACE_ATTACH, scene->parent, NULL, NULL));
}

/* Number 0: only whether it may. */
static inline int
signal_the_parent(const struct scene *scene)
{
	return result(kill(scene->parent, 0));
}

/* Back to where it came from. */
static inline int
become_root(const struct scene *scene)
{
	(void)scene;
	return result(syscall(SYS_setuid, 0));
}

/* To none; another list would be as bad. */
static inline int
leave_the_groups(const struct scene *scene)
{
	(void)scene;
	return result(syscall(SYS_setgroups, 0, NULL));
}

/* To the same one, which root may. */
static inline int
change_the_root(const struct scene *scene)
{
	(void)scene;
	return result(chroot("/"));
}

/* The call that abort() needs, aimed at somebody else. */
static inline int
signal_the_parents_thread(const struct scene *scene)
{
	return result(syscall(SYS_tgkill, scene->parent, scene->parent, 0));
}

/* Write, sync, rename, make and remove, as stores do. */
static inline int
work_in_its_folder(const struct scene *scene)
{
	int at = scene->own_fd, fd;

	if (at < 0)
		return -EACCES;		/* it has none */
	fd = openat(at, "letter", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || fdatasync(fd) < 0 ||
	    renameat(at, "letter", at, "moved") < 0 ||
	    unlinkat(at, "moved", 0) < 0 || mkdirat(at, "folder", 0700) < 0 ||
	    unlinkat(at, "folder", AT_REMOVEDIR) < 0)
		return -errno;
	return 0;
}

/* Open a name of the data directory. */
static inline int
open_in(const struct scene *scene, const char *name, int flags)
{
	return result(openat(scene->data.fd, name, flags | O_CLOEXEC, 0600));
}

/* It opens every sealed secret. */
static inline int
read_the_seal_key(const struct scene *scene)
{
	return open_in(scene, "seal.key", O_RDONLY);
}

/* Beside the folders of the roles. */
static inline int
make_a_file_outside(const struct scene *scene)
{
	return open_in(scene, "new", O_WRONLY | O_CREAT);
}

/* The folder that the accounts stand in. */
static inline int
list_all_accounts(const struct scene *scene)
{
	return open_in(scene, "accounts", O_RDONLY | O_DIRECTORY);
}

/* All that the hub holds would be there. */
static inline int
read_the_parents_memory(const struct scene *scene)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)scene->parent);
	return result(open(path, O_RDONLY | O_CLOEXEC));
}

#endif
