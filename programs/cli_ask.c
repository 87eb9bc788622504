/*
 * cli_ask.c - making a request: of the running hub, or by ourselves
 *
 * Whoever holds run_dir/lock is the keeper.  The running hub holds it for its
 * life; with none running we take it for one request, so that two writers of
 * policy.db cannot be.
 */
#include "programs/cli.h"

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "policy/admin_json.h"
#include "policy/seal.h"
#include "programs/cli_remote.h"

#define ANSWER_SECONDS	60	/* a stuck hub must not hang the terminal */

int
cli_control(const char *run_dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	int fd, n;

	n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/control",
	    run_dir);
	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience)) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		n = -errno;
		close(fd);
		return n;
	}
	return fd;
}

bool
cli_hub_runs(struct cli *cli)
{
	int fd;

	if (cli->remote != NULL)
		return true;
	fd = cli_control(cli->config.run_dir);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Send one line and read the one that answers it. */
static int
control_exchange(int fd, struct slice line, struct text *answer)
{
	while (line.len > 0) {
		ssize_t n = send(fd, line.at, line.len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		line = slice_after(line, n < 0 ? 0 : (size_t)n);
	}
	for (;;) {
		char block[8192];
		ssize_t n = recv(fd, block, sizeof(block), 0);
		struct slice got = slice_of(block, n < 0 ? 0 : (size_t)n);
		size_t end = slice_find(got, '\n');

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? -ECONNRESET : -errno;
		text_add(answer, slice_first(got, end));
		if (text_failed(answer))
			return -EMSGSIZE;
		if (end != SIZE_MAX)
			return 0;
	}
}

/* Take the hub's lock.  A descriptor, or -errno (-EWOULDBLOCK: taken). */
static int
lock_take(const char *run_dir)
{
	char path[PATH_MAX + 8];
	int fd, r;

	if (mkdir(run_dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), "%s/lock", run_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

int
cli_lock(const struct cli *cli)
{
	return lock_take(cli->config.run_dir);
}

void
cli_give_to_keeper(const struct config *config, int folder_fd)
{
	static const char *const names[] = {
		POLICY_FILE, POLICY_FILE "-wal", POLICY_FILE "-shm", "."
	};
	const struct passwd *keeper = NULL;
	uid_t uid = config->user_base + ROLE_KEEPER;
	gid_t gid = (gid_t)-1;

	if (geteuid() != 0 || (config->user_base == 0 &&
	    !config->separate_users))
		return;
	if (config->user_base == 0) {
		keeper = getpwnam("postroom-keeper");
		if (keeper == NULL)
			return;		/* the parent will, when it starts */
		uid = keeper->pw_uid;
		gid = keeper->pw_gid;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fchownat(folder_fd, names[i], uid, gid,
		    AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return;
}

static int64_t
now_utc_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Does it take a secret that is sealed? */
static bool
wants_seal(const struct admin_request *request)
{
	for (size_t i = 0; request->args[i].name != NULL; i++)
		if (request->args[i].kind == ADMIN_SEALED)
			return true;
	return false;
}

/* The key of this hub.  CLI_OK, or told. */
static int
seal_key_read(struct cli *cli, struct policy *policy, struct seal_key *key_out)
{
	const char *path = cli->config.seal_key;
	unsigned char bytes[SEAL_KEY_BYTES + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
	int r = n < 0 ? -errno : seal_key_take(slice_of(bytes, (size_t)n),
	    key_out);

	OPENSSL_cleanse(bytes, sizeof(bytes));
	if (fd >= 0)
		close(fd);
	if (r == 0)
		r = policy_seal_check(policy, key_out);
	if (r == -EINVAL || r == -EBADMSG)
		return cli_fail(cli, CLI_FAILED, NOT_THE_SEAL, path);
	return r < 0 ? cli_fail(cli, CLI_FAILED, CANNOT_READ, path,
	    strerror(-r)) : CLI_OK;
}

/* What the keeper would do with these packed arguments. */
static int
keeper_work(struct cli *cli, struct policy *policy,
    const struct admin_request *request, struct slice packed,
    struct text *answer)
{
	struct admin_work work;
	struct seal_key key = { 0 };
	int r = CLI_OK;

	if (admin_begin(&work, request, packed, now_utc_ms()) < 0) {
		admin_refuse(answer, ADMIN_UNFIT);
		return r;
	}
	if (wants_seal(request)) {
		r = seal_key_read(cli, policy, &key);
		work.seal_key = &key;
	}
	if (r == CLI_OK)
		admin_end(&work, admin_hash(&work), policy, answer);
	seal_key_forget(&key);
	return r;
}

/* Open policy.db in `folder_fd`, do it, close.  An exit code. */
static int
work_in_folder(struct cli *cli, int folder_fd,
    const struct admin_request *request, struct slice packed,
    struct text *answer)
{
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES + 16);
	struct policy *policy;
	unsigned needs = 0;
	int r = policy_open(folder_fd, false, &policy, &needs);

	if (r == -EPROTO)
		return cli_fail(cli, CLI_FAILED, NEWER_FORMAT, POLICY_FILE,
		    needs);
	if (r < 0)
		return cli_fail(cli, CLI_FAILED, CANNOT_OPEN, POLICY_FILE,
		    strerror(-r));
	r = keeper_work(cli, policy, request, packed, &rows);
	policy_close(policy);
	cli_give_to_keeper(&cli->config, folder_fd);
	if (r != CLI_OK)
		return r;
	if (admin_answer_write(request, text_slice(&rows), cli->language,
	    answer) < 0 || text_failed(answer))
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	return CLI_OK;
}

static int
work_here(struct cli *cli, const struct admin_request *request,
    struct slice line, struct text *answer)
{
	TEXT_AUTO packed = TEXT_INIT(ADMIN_LINE_BYTES);
	char path[PATH_MAX + 8];
	const char *why;
	int lock, folder, r;

	if (request->answers != ROLE_KEEPER)
		return cli_fail(cli, CLI_BUSY, NOT_RUNNING);
	if (admin_read(line, &request, &packed, &why) < 0)
		return cli_fail(cli, CLI_USAGE, UNFIT);
	lock = lock_take(cli->config.run_dir);
	if (lock == -EWOULDBLOCK)
		return cli_fail(cli, CLI_BUSY, HUB_BUSY);
	if (lock < 0)
		return cli_fail(cli, CLI_FAILED, CANNOT_OPEN,
		    cli->config.run_dir, strerror(-lock));
	snprintf(path, sizeof(path), "%s/policy", cli->config.data_dir);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		r = cli_fail(cli, CLI_FAILED, CANNOT_OPEN, path,
		    strerror(errno));
	else {
		r = work_in_folder(cli, folder, request, text_slice(&packed),
		    answer);
		close(folder);
	}
	close(lock);
	if (packed.at != NULL)
		OPENSSL_cleanse(packed.at, packed.size);
	return r;
}

static int
ask_line(struct cli *cli, const struct admin_request *request,
    struct text *line, struct text *answer)
{
	int fd = cli_control(cli->config.run_dir), r;

	if (fd == -ENOENT || fd == -ECONNREFUSED)
		return work_here(cli, request, text_slice(line), answer);
	if (fd < 0)
		return cli_fail(cli, CLI_FAILED, HUB_SILENT, strerror(-fd));
	text_add_byte(line, '\n');
	r = control_exchange(fd, text_slice(line), answer);
	close(fd);
	if (r < 0)
		return cli_fail(cli, CLI_BUSY, HUB_SILENT, strerror(-r));
	return CLI_OK;
}

int
cli_ask(struct cli *cli, const struct admin_request *request,
    const char *const values[ADMIN_ARGS], struct text *answer)
{
	TEXT_AUTO line = TEXT_INIT(ADMIN_LINE_BYTES);
	int r;

	/* room at once: growing would leave a password in freed memory */
	if (text_space(&line, ADMIN_LINE_BYTES) == NULL)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	text_clear(&line);
	admin_write(request, values, &line);
	if (text_failed(&line))
		return cli_fail(cli, CLI_USAGE, UNFIT);
	r = cli->remote != NULL ?
	    cli_remote_ask(cli, text_slice(&line), answer) :
	    ask_line(cli, request, &line, answer);
	/* a password may stand in it */
	OPENSSL_cleanse(line.at, line.size);
	return r;
}
