/*
 * sandbox.c - what a role gives up before it reads a peer's first byte
 *
 * The lists of system calls are data.  What glibc, SQLite, OpenSSL and libevent
 * really use was found by running the tests behind the wall; a call missing
 * here shows as a refused number in the parent's log, not as a dead role.
 */
#include "lib/base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define CALLS_BASE	0u

static const struct {
	unsigned	group;
	int		number;
} allowed[] = {
	{ CALLS_BASE, SCMP_SYS(brk) },
	{ CALLS_BASE, SCMP_SYS(clock_getres) },
	{ CALLS_BASE, SCMP_SYS(clock_gettime) },
	{ CALLS_BASE, SCMP_SYS(clock_nanosleep) },
	{ CALLS_BASE, SCMP_SYS(close) },
	{ CALLS_BASE, SCMP_SYS(dup) },
	{ CALLS_BASE, SCMP_SYS(epoll_create1) },
	{ CALLS_BASE, SCMP_SYS(epoll_ctl) },
	{ CALLS_BASE, SCMP_SYS(epoll_pwait) },
	{ CALLS_BASE, SCMP_SYS(epoll_wait) },
	{ CALLS_BASE, SCMP_SYS(exit) },
	{ CALLS_BASE, SCMP_SYS(exit_group) },
	{ CALLS_BASE, SCMP_SYS(fstat) },
	{ CALLS_BASE, SCMP_SYS(futex) },
	{ CALLS_BASE, SCMP_SYS(getegid) },
	{ CALLS_BASE, SCMP_SYS(geteuid) },
	{ CALLS_BASE, SCMP_SYS(getgid) },
	{ CALLS_BASE, SCMP_SYS(getpid) },
	{ CALLS_BASE, SCMP_SYS(getrandom) },
	{ CALLS_BASE, SCMP_SYS(gettid) },
	{ CALLS_BASE, SCMP_SYS(gettimeofday) },
	{ CALLS_BASE, SCMP_SYS(getuid) },
	{ CALLS_BASE, SCMP_SYS(getsockopt) },
	{ CALLS_BASE, SCMP_SYS(lseek) },
	{ CALLS_BASE, SCMP_SYS(madvise) },
	{ CALLS_BASE, SCMP_SYS(mremap) },
	{ CALLS_BASE, SCMP_SYS(munmap) },
	{ CALLS_BASE, SCMP_SYS(poll) },
	{ CALLS_BASE, SCMP_SYS(pread64) },
	{ CALLS_BASE, SCMP_SYS(read) },
	{ CALLS_BASE, SCMP_SYS(readv) },
	{ CALLS_BASE, SCMP_SYS(recvfrom) },
	{ CALLS_BASE, SCMP_SYS(recvmsg) },
	{ CALLS_BASE, SCMP_SYS(restart_syscall) },
	{ CALLS_BASE, SCMP_SYS(rseq) },
	{ CALLS_BASE, SCMP_SYS(rt_sigaction) },
	{ CALLS_BASE, SCMP_SYS(rt_sigprocmask) },
	{ CALLS_BASE, SCMP_SYS(rt_sigreturn) },
	{ CALLS_BASE, SCMP_SYS(sched_getaffinity) },
	{ CALLS_BASE, SCMP_SYS(sched_yield) },
	{ CALLS_BASE, SCMP_SYS(set_robust_list) },
	{ CALLS_BASE, SCMP_SYS(setsockopt) },
	{ CALLS_BASE, SCMP_SYS(shutdown) },
	{ CALLS_BASE, SCMP_SYS(sysinfo) },
	{ CALLS_BASE, SCMP_SYS(write) },
	{ CALLS_BASE, SCMP_SYS(writev) },
	{ CALLS_ACCEPT, SCMP_SYS(accept4) },
	{ CALLS_ACCEPT, SCMP_SYS(getpeername) },
	{ CALLS_ACCEPT, SCMP_SYS(getsockname) },
	{ CALLS_MEMFD, SCMP_SYS(ftruncate) },
	{ CALLS_MEMFD, SCMP_SYS(memfd_create) },
	{ CALLS_MEMFD, SCMP_SYS(pwrite64) },
	{ CALLS_MEMFD, SCMP_SYS(pipe2) },
	{ CALLS_CONNECT, SCMP_SYS(connect) },
	{ CALLS_CONNECT, SCMP_SYS(getpeername) },
	{ CALLS_CONNECT, SCMP_SYS(getsockname) },
	{ CALLS_CONNECT, SCMP_SYS(pipe2) },
	{ CALLS_LOCAL, SCMP_SYS(connect) },
	{ CALLS_DATAGRAM, SCMP_SYS(bind) },
	{ CALLS_DATAGRAM, SCMP_SYS(sendto) },
	{ CALLS_FORK, SCMP_SYS(close_range) },
	{ CALLS_FORK, SCMP_SYS(getrusage) },
	{ CALLS_FORK, SCMP_SYS(landlock_add_rule) },
	{ CALLS_FORK, SCMP_SYS(landlock_create_ruleset) },
	{ CALLS_FORK, SCMP_SYS(landlock_restrict_self) },
	{ CALLS_FORK, SCMP_SYS(seccomp) },
	{ CALLS_FORK, SCMP_SYS(wait4) },
	{ CALLS_FILES, SCMP_SYS(access) },
	{ CALLS_FILES, SCMP_SYS(faccessat) },
	{ CALLS_FILES, SCMP_SYS(fadvise64) },
	{ CALLS_FILES, SCMP_SYS(fallocate) },
	{ CALLS_FILES, SCMP_SYS(fchmod) },
	{ CALLS_FILES, SCMP_SYS(fdatasync) },
	{ CALLS_FILES, SCMP_SYS(flock) },
	{ CALLS_FILES, SCMP_SYS(fstatfs) },
	{ CALLS_FILES, SCMP_SYS(fsync) },
	{ CALLS_FILES, SCMP_SYS(ftruncate) },
	{ CALLS_FILES, SCMP_SYS(getcwd) },
	{ CALLS_FILES, SCMP_SYS(getdents64) },
	{ CALLS_FILES, SCMP_SYS(linkat) },
	{ CALLS_FILES, SCMP_SYS(lstat) },
	{ CALLS_FILES, SCMP_SYS(mkdir) },
	{ CALLS_FILES, SCMP_SYS(mkdirat) },
	{ CALLS_FILES, SCMP_SYS(newfstatat) },
	{ CALLS_FILES, SCMP_SYS(open) },
	{ CALLS_FILES, SCMP_SYS(openat) },
	{ CALLS_FILES, SCMP_SYS(openat2) },
	{ CALLS_FILES, SCMP_SYS(pipe2) },
	{ CALLS_FILES, SCMP_SYS(pwrite64) },
	{ CALLS_FILES, SCMP_SYS(pwritev) },
	{ CALLS_FILES, SCMP_SYS(pwritev2) },
	{ CALLS_FILES, SCMP_SYS(readlink) },
	{ CALLS_FILES, SCMP_SYS(readlinkat) },
	{ CALLS_FILES, SCMP_SYS(rename) },
	{ CALLS_FILES, SCMP_SYS(renameat) },
	{ CALLS_FILES, SCMP_SYS(renameat2) },
	{ CALLS_FILES, SCMP_SYS(rmdir) },
	{ CALLS_FILES, SCMP_SYS(stat) },
	{ CALLS_FILES, SCMP_SYS(sync_file_range) },
	{ CALLS_FILES, SCMP_SYS(umask) },
	{ CALLS_FILES, SCMP_SYS(unlink) },
	{ CALLS_FILES, SCMP_SYS(unlinkat) },
};

/* What no role does that is not told to: whoever tries was taken over. */
static const struct {
	int		number;
	unsigned	but;		/* CALLS_ bits of who may */
} deadly[] = {
	{ SCMP_SYS(execve), 0 },
	{ SCMP_SYS(execveat), 0 },
	{ SCMP_SYS(fork), 0 },
	{ SCMP_SYS(vfork), 0 },
	{ SCMP_SYS(ptrace), 0 },
	{ SCMP_SYS(process_vm_readv), 0 },
	{ SCMP_SYS(process_vm_writev), 0 },
	{ SCMP_SYS(bpf), 0 },
	{ SCMP_SYS(mount), 0 },
	{ SCMP_SYS(umount2), 0 },
	{ SCMP_SYS(unshare), 0 },
	{ SCMP_SYS(setns), 0 },
	{ SCMP_SYS(init_module), 0 },
	{ SCMP_SYS(finit_module), 0 },
	{ SCMP_SYS(kexec_load), 0 },
	{ SCMP_SYS(setuid), 0 },
	{ SCMP_SYS(setgid), 0 },
	{ SCMP_SYS(setresuid), 0 },
	{ SCMP_SYS(setresgid), 0 },
	{ SCMP_SYS(connect), CALLS_CONNECT | CALLS_DATAGRAM | CALLS_LOCAL },
	{ SCMP_SYS(bind), CALLS_DATAGRAM },
	{ SCMP_SYS(listen), 0 },
};

/* The number of the first refused call, shared with no one; -1: none. */
static volatile int refused = -1;

bool
sandbox_is_relaxed(void)
{
#ifdef POSTROOM_RELAXED
	return true;
#else
	return false;
#endif
}

int
sandbox_refused(void)
{
	return refused;
}

static int
become_user(const struct sandbox *sandbox, const char **step_out)
{
	if ((sandbox->walls & WALL_USER) == 0 || sandbox->uid == 0)
		return 0;
	*step_out = "changing to the user of the role";
	if (setgroups(0, NULL) < 0 || setresgid(sandbox->gid, sandbox->gid,
	    sandbox->gid) < 0 || setresuid(sandbox->uid, sandbox->uid,
	    sandbox->uid) < 0)
		return -errno;
	return 0;
}

/* Every right on files that Landlock ABI `abi` knows. */
static uint64_t
file_rights(long abi)
{
	uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

	if (abi >= 2)
		rights |= 1u << 13;	/* REFER */
	if (abi >= 3)
		rights |= 1u << 14;	/* TRUNCATE */
	return rights;
}

static int
allow_folder(int ruleset, int folder, uint64_t rights)
{
	struct landlock_path_beneath_attr below = {
		.parent_fd = folder,
		/* no special files, no links, no running of programs */
		.allowed_access = rights & ~(uint64_t)(
		    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
		    LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		    LANDLOCK_ACCESS_FS_MAKE_SOCK |
		    LANDLOCK_ACCESS_FS_MAKE_FIFO |
		    LANDLOCK_ACCESS_FS_MAKE_SYM),
	};

	return syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &below, 0) < 0 ? -errno : 0;
}

static int
raise_landlock(const struct sandbox *sandbox, bool *landlock_out)
{
	struct landlock_ruleset_attr attr = { 0 };
	long abi;
	int ruleset, r = 0;

	*landlock_out = false;
	if ((sandbox->walls & WALL_LANDLOCK) == 0)
		return 0;
	abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return 0;	/* the hub runs without, and says so */
	attr.handled_access_fs = file_rights(abi);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    sizeof(attr), 0);
	if (ruleset < 0)
		return -errno;
	for (size_t i = 0; r == 0 && i < sandbox->folder_count; i++)
		r = allow_folder(ruleset, sandbox->folders[i],
		    attr.handled_access_fs);
	for (size_t i = 0; r == 0 && i < sandbox->reading_count; i++)
		r = allow_folder(ruleset, sandbox->reading[i],
		    LANDLOCK_ACCESS_FS_READ_FILE |
		    LANDLOCK_ACCESS_FS_READ_DIR);
	if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = -errno;
	(void)close(ruleset);
	*landlock_out = r == 0;
	return r;
}

int
sandbox_enter_files(const struct sandbox *sandbox, bool *landlock_out,
    const char **step_out)
{
	const struct rlimit nothing = { 0, 0 };
	int r;

	*landlock_out = false;
	*step_out = "setting limits";
	/* secrets stay out of core files */
	if (setrlimit(RLIMIT_CORE, &nothing) < 0)
		return -errno;
	if (sandbox_is_relaxed())
		return 0;
	r = become_user(sandbox, step_out);
	if (r < 0)
		return r;
	*step_out = "giving up new privileges";
	if (prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	*step_out = "raising Landlock";
	return raise_landlock(sandbox, landlock_out);
}

/* seccomp sent us here: remember which call, and answer ENOSYS. */
static void
on_refused(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;

	(void)number;
	if (refused < 0)
		refused = info->si_syscall;
	at->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
}

/* Sockets to the world: of these kinds and no other. */
static int
allow_inet(scmp_filter_ctx filter, int type)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int r = 0;

	for (size_t i = 0; r == 0 &&
	    i < sizeof(families) / sizeof(*families); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket),
		    2, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0),
		    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, (scmp_datum_t)type));
	return r;
}

/* Processes of its own, with fewer rights; no threads, no namespaces. */
static int
allow_fork(scmp_filter_ctx filter)
{
	const struct {
		int			number;
		struct scmp_arg_cmp	if_so;
	} some[] = {
		{ SCMP_SYS(clone), SCMP_A0(SCMP_CMP_EQ, CLONE_CHILD_CLEARTID |
		    CLONE_CHILD_SETTID | SIGCHLD, 0) },
		{ SCMP_SYS(kill), SCMP_A1(SCMP_CMP_EQ, SIGKILL, 0) },
		{ SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_EQ, 0, 0) },
		{ SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NO_NEW_PRIVS, 0) },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(some) / sizeof(*some); i++)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
		    some[i].number, 1, &some[i].if_so);
	if (r == 0)	/* to become it, not to be it again */
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl),
		    2, SCMP_A0(SCMP_CMP_EQ, PR_SET_DUMPABLE, 0),
		    SCMP_A1(SCMP_CMP_EQ, 0, 0));
	return r != 0 ? r : seccomp_rule_add(filter, SCMP_ACT_ALLOW,
	    SCMP_SYS(socketpair), 2, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0),
	    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_SEQPACKET));
}

/* Calls that are allowed with certain arguments only. */
static int
allow_some(scmp_filter_ctx filter, unsigned calls)
{
	const struct {
		int			number;
		struct scmp_arg_cmp	if_so;
	} some[] = {
		/* memory may never become executable */
		{ SCMP_SYS(mmap),
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(mprotect),
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		/* abort() sends itself a signal; nobody else gets one */
		{ SCMP_SYS(tgkill),
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0) },
		/* to whom a socket is joined, and to nobody else */
		{ SCMP_SYS(sendto),
		    SCMP_A4(SCMP_CMP_EQ, 0, 0) },
		{ SCMP_SYS(sendmsg),
		    SCMP_A2(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0) },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(some) / sizeof(*some); i++)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
		    some[i].number, 1, &some[i].if_so);
	if (r == 0 && (calls & CALLS_PAIR) != 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(socketpair), 2,
		    SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0),
		    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM));
	if (r == 0 && (calls & CALLS_LOCAL) != 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket),
		    2, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0),
		    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM));
	if (r == 0 && (calls & CALLS_FORK) != 0)
		r = allow_fork(filter);
	if (r == 0 && (calls & CALLS_CONNECT) != 0)
		r = allow_inet(filter, SOCK_STREAM);
	if (r == 0 && (calls & CALLS_DATAGRAM) != 0)
		r = allow_inet(filter, SOCK_DGRAM);
	return r;
}

/* Flags, locks and seals; not who gets a signal when a descriptor is ready. */
static int
allow_fcntl(scmp_filter_ctx filter)
{
	static const int commands[] = {
		F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK,
		F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW,
		F_GET_SEALS, F_ADD_SEALS,
	};
	int r = 0;

	for (size_t i = 0; r == 0 &&
	    i < sizeof(commands) / sizeof(*commands); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl),
		    1, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)commands[i], 0));
	return r;
}

static int
allow_all(scmp_filter_ctx filter, unsigned calls)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(allowed) / sizeof(*allowed);
	    i++)
		if (allowed[i].group == CALLS_BASE ||
		    (allowed[i].group & calls) != 0)
			r = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
			    allowed[i].number, 0);
	if (r == 0)
		r = allow_some(filter, calls);
	if (r == 0)
		r = allow_fcntl(filter);
	return r;
}

static int
kill_all(scmp_filter_ctx filter, unsigned calls)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(deadly) / sizeof(*deadly); i++)
		if ((deadly[i].but & calls) == 0)
			r = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
			    deadly[i].number, 0);
	return r;
}

int
sandbox_enter_calls(const struct sandbox *sandbox, const char **step_out)
{
	struct sigaction action = {
		.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_NODEFER
	};
	scmp_filter_ctx filter;
	int r;

	if (sandbox_is_relaxed() || (sandbox->walls & WALL_SECCOMP) == 0)
		return 0;
	*step_out = "raising seccomp";
	(void)sigemptyset(&action.sa_mask);
	if (sigaction(SIGSYS, &action, NULL) < 0)
		return -errno;
	filter = seccomp_init(SCMP_ACT_TRAP);
	if (filter == NULL)
		return -ENOMEM;
	r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (r == 0)	/* -1 is what a tracer puts in place of a call */
		r = seccomp_attr_set(filter, SCMP_FLTATR_API_TSKIP, 1);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, -1, 0);
	if (r == 0)
		r = allow_all(filter, sandbox->calls);
	if (r == 0)
		r = kill_all(filter, sandbox->calls);
	if (r == 0)	/* binary search: the filter runs at every call */
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
