/*
 * holdings.c - what the parent opens, before anybody else runs, and hands out
 *
 * The parent is the only one that may be root.  It opens by name once; the
 * roles get descriptors.
 */
#include "programs/parent.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/relay/sts_cache.h"
#include "gateway/relay/tls_counts.h"
#include "lib/base/log.h"
#include "lib/base/memfd.h"
#include "policy/hub.h"
#include "programs/rules_bundle.h"
#include "programs/spam_file.h"

#define BACKLOG		1024
#define CONFIG_BYTES	(1u << 20)

static void
close_one(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

/* Services that are built; the others are reserved, not opened. */
static bool
is_built(enum service service)
{
	return service == SERVICE_SMTP || service == SERVICE_LMTP ||
	    service == SERVICE_POP3 || service == SERVICE_IMAP ||
	    service == SERVICE_HTTPS || service == SERVICE_SUBMISSION ||
	    service == SERVICE_ATRN;
}

static int
read_config(const char *path, struct holdings *holdings)
{
	TEXT_AUTO faults = TEXT_INIT(16384);
	struct text text = TEXT_INIT(CONFIG_BYTES);
	char *at;
	ssize_t n = 0;
	int fd, r;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		log_say("%s: %s", path, strerror(errno));
		return -errno;
	}
	while ((at = text_space(&text, 8192)) != NULL &&
	    (n = read(fd, at, 8192)) > 0)
		text.len -= 8192 - (size_t)n;
	(void)close(fd);
	if (at == NULL || n < 0) {
		log_say("%s: too large, or unreadable", path);
		text_free(&text);
		return -EFBIG;
	}
	text.len -= 8192;
	r = config_parse(text_slice(&text), path, &holdings->config, &faults);
	if (r < 0)
		log_say("%.*s", SLICE_FMT(text_slice(&faults)));
	holdings->config_text = text_slice(&text);
	return r;
}

/* "DIR/name" opened for reading, for a role that may hold it. */
static int
open_named(const char *path, int *fd_out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		log_say("%s: %s", path, strerror(errno));
		return -errno;
	}
	*fd_out = fd;
	return 0;
}

static int
take_lock(struct holdings *holdings)
{
	char path[PATH_MAX + 8];
	int fd;

	if (mkdir(holdings->config.run_dir, 0755) < 0 && errno != EEXIST) {
		log_say("%s: %s", holdings->config.run_dir, strerror(errno));
		return -errno;
	}
	(void)snprintf(path, sizeof(path), "%s/lock",
	    holdings->config.run_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int error = errno;

		log_say("%s: %s", path, error == EWOULDBLOCK ?
		    "another postroomd, or a command, is at work" :
		    strerror(error));
		if (fd >= 0)
			(void)close(fd);
		return -error;
	}
	holdings->lock_fd = fd;
	return 0;
}

/* The control socket: whoever may connect is asked for its credentials. */
static int
open_control(struct holdings *holdings)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, n;

	n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/control",
	    holdings->config.run_dir);
	if (n < 0 || (size_t)n >= sizeof(address.sun_path)) {
		log_say("%s: too long a path for a socket",
		    holdings->config.run_dir);
		return -ENAMETOOLONG;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	(void)unlink(address.sun_path);	/* we hold the lock: it is stale */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(address.sun_path, 0600) < 0 || listen(fd, 32) < 0) {
		log_say("%s: %s", address.sun_path, strerror(errno));
		(void)close(fd);
		return -EIO;
	}
	holdings->fd[HOLDS_CONTROL] = fd;
	return 0;
}

static int
socket_address(const struct listener *listener,
    struct sockaddr_storage *storage, socklen_t *len)
{
	struct sockaddr_in *four = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;

	memset(storage, 0, sizeof(*storage));
	if (inet_pton(AF_INET, listener->address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(listener->port);
		*len = sizeof(*four);
		return 0;
	}
	if (inet_pton(AF_INET6, listener->address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(listener->port);
		*len = sizeof(*six);
		return 0;
	}
	return -EINVAL;
}

static int
open_listener(const struct listener *listener, int *fd_out)
{
	const int on = 1;
	struct sockaddr_storage address;
	socklen_t len;
	int fd, r;

	r = socket_address(listener, &address, &len);
	if (r < 0) {
		log_say("listen %s: '%s' is no address",
		    service_name(listener->service), listener->address);
		return r;
	}
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
		    sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, len) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		r = -errno;
		log_say("listen %s on %s port %u: %s",
		    service_name(listener->service), listener->address,
		    listener->port, strerror(-r));
		(void)close(fd);
		return r;
	}
	*fd_out = fd;
	return 0;
}

/* The socket that already listens there, taken over from `old`; or -1. */
static int
take_listener(struct holdings *old, const struct listener *listener)
{
	for (size_t i = 0; i < old->config.listener_count; i++) {
		const struct listener *one = &old->config.listeners[i];
		int fd = old->listener_fd[i];

		if (fd < 0 || one->port != listener->port ||
		    strcmp(one->address, listener->address) != 0)
			continue;
		old->listener_fd[i] = -1;
		return fd;
	}
	return -1;
}

/* Open every listener; what `old` (or NULL) has is taken over. */
static int
open_listeners(struct holdings *holdings, struct holdings *old)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < holdings->config.listener_count;
	    i++) {
		const struct listener *one = &holdings->config.listeners[i];

		if (!is_built(one->service) || holdings->listener_fd[i] >= 0)
			continue;
		if (old != NULL)
			holdings->listener_fd[i] = take_listener(old, one);
		if (holdings->listener_fd[i] < 0)
			r = open_listener(one, &holdings->listener_fd[i]);
	}
	return r;
}

/* Who is trusted when nothing is said: what Debian's ca-certificates makes. */
#define SYSTEM_TRUST	"/etc/ssl/certs/ca-certificates.crt"

static int
open_trust(struct holdings *holdings)
{
	const char *path = holdings->config.tls_ca_file;

	if (path[0] != '\0')
		return open_named(path, &holdings->fd[HOLDS_TRUST]);
	holdings->fd[HOLDS_TRUST] = open(SYSTEM_TRUST, O_RDONLY | O_CLOEXEC);
	if (holdings->fd[HOLDS_TRUST] < 0)
		log_say(SYSTEM_TRUST ": %s: no server's certificate will be "
		    "trusted", strerror(errno));
	return 0;
}

/* The postmaster's rules, proved right before any judge gets them. */
static int
open_rules(struct holdings *holdings)
{
	TEXT_AUTO bundle = TEXT_INIT(RULES_BUNDLE_BYTES);
	TEXT_AUTO faults = TEXT_INIT(16384);
	const char *folder = holdings->config.rules_dir;
	struct rules *rules = NULL;
	int fd, r = 0;

	if (folder[0] != '\0')
		r = rules_gather(folder, &bundle, &faults);
	if (r == 0)
		r = rules_from_bundle(text_slice(&bundle), &rules, &faults);
	if (r == 0)
		r = rule_lists_check(rules, holdings->config.dns_lists, &faults);
	rules_free(rules);
	if (r < 0) {
		rules_log(&faults);
		return r;
	}
	fd = memfd_of("rules", text_slice(&bundle));
	if (fd < 0)
		return fd;
	holdings->fd[HOLDS_RULES] = fd;
	return 0;
}

/*
 * What the site has learnt of spam.  With nothing learnt there is none, and one
 * that cannot be read is as none: mail goes on.
 */
static void
open_spam(struct holdings *holdings)
{
	char path[PATH_MAX + 16];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/" SPAM_FILE_NAME,
	    holdings->config.data_dir);
	/* what is no file must not be waited for */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno != ENOENT)
		log_say("the spam model is not used: %s: %s", path,
		    strerror(errno));
	holdings->fd[HOLDS_SPAM] = fd;
}

/*
 * A table that the relay keeps.  All of the file is there before it is mapped: to
 * write where a full disk has no room would end the relay.
 */
static void
open_table(struct holdings *holdings, const char *name, size_t bytes,
    enum holding what, const char *words)
{
	char path[PATH_MAX + 16];
	int fd, r = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", holdings->config.data_dir,
	    name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK, 0600);
	r = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)bytes);
	if (r != 0)
		log_say("%s is not kept: %s: %s", words, path, strerror(r));
	if (r != 0 && fd >= 0) {
		(void)close(fd);
		fd = -1;
	}
	holdings->fd[what] = fd;
}

static void
open_tables(struct holdings *holdings)
{
	const struct config *config = &holdings->config;

	if (!config->outbound_direct)
		return;
	if (config->outbound_sts)
		open_table(holdings, STS_CACHE_NAME, STS_CACHE_BYTES,
		    HOLDS_POLICIES,
		    "what domains want of who brings their mail (MTA-STS)");
	if (config->tls_report_from[0] != '\0')
		open_table(holdings, TLS_COUNTS_NAME, TLS_COUNTS_BYTES,
		    HOLDS_REPORTS, "how TLS with other hosts goes");
}

static int
open_keys(struct holdings *holdings)
{
	const struct config *config = &holdings->config;
	const struct {
		const char	*path;
		enum holding	 what;
	} keys[] = {
		{ config->tls_certificate, HOLDS_CERTIFICATE },
		{ config->tls_key, HOLDS_TLS_KEY },
		{ config->seal_key, HOLDS_SEAL_KEY },
		{ config->smarthost_password_file, HOLDS_SMARTHOST },
	};
	int r = open_rules(holdings);

	if (r == 0)
		r = open_trust(holdings);
	if (r == 0)
		open_spam(holdings);
	if (r == 0)
		open_tables(holdings);
	for (size_t i = 0; r == 0 && i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].path[0] != '\0')
			r = open_named(keys[i].path,
			    &holdings->fd[keys[i].what]);
	return r;
}

static void
close_listeners(struct holdings *holdings)
{
	for (size_t i = 0; i < CONFIG_LISTENERS; i++)
		close_one(holdings->listener_fd[i]);
	for (size_t i = 0; i < HOLDS_COUNT; i++)
		if (i != HOLDS_CONTROL)
			close_one(holdings->fd[i]);
	free((void *)(uintptr_t)holdings->config_text.at);
}

int
holdings_user(const struct holdings *holdings, const struct role_row *row,
    uid_t *uid_out, gid_t *gid_out)
{
	const struct passwd *user;
	char name[64];

	*uid_out = 0;
	*gid_out = 0;
	if (geteuid() != 0)
		return 0;
	if (holdings->config.user_base != 0) {
		*uid_out = holdings->config.user_base + row->role;
		*gid_out = *uid_out;
		return 0;
	}
	if (!holdings->config.separate_users)
		return 0;
	(void)snprintf(name, sizeof(name), "postroom-%s", row->user);
	user = getpwnam(name);
	if (user == NULL) {
		log_say("there is no user %s (the package makes it; or set "
		    "separate_users = no)", name);
		return -ENOENT;
	}
	*uid_out = user->pw_uid;
	*gid_out = user->pw_gid;
	return 0;
}

/* Make the folder, its name durable, unless it is there. */
static int
make_folder(int data_fd, const char *name, mode_t mode)
{
	const char *slash = strchr(name, '/');
	int above = data_fd, r = 0;

	if (mkdirat(data_fd, name, mode) < 0)
		return errno == EEXIST ? 0 : -errno;
	if (slash != NULL)	/* "accounts/7": one level, no more */
		above = openat(data_fd, "accounts", O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC | O_NOFOLLOW);
	if (above < 0 || fsync(above) < 0)
		r = -errno;
	if (above != data_fd)
		close_one(above);
	return r;
}

/*
 * What is in the folder came from setup, run by root before the role's user
 * was used: it is the role's from now on.
 */
static int
give_contents(int folder, uid_t uid, gid_t gid)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int r = 0;

	if (entries == NULL) {
		r = -errno;
		close_one(copy);
		return r;
	}
	while (r == 0 && (entry = readdir(entries)) != NULL)
		if (strcmp(entry->d_name, "..") != 0 && fchownat(folder,
		    entry->d_name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			r = -errno;
	(void)closedir(entries);
	return r;
}

/* A folder below the data directory, made if need be, owned by its role. */
static int
open_folder(const struct holdings *holdings, const struct role_row *row,
    const char *name, int *folder_out)
{
	struct stat st;
	uid_t uid;
	gid_t gid;
	int fd, r;

	r = holdings_user(holdings, row, &uid, &gid);
	if (r < 0)
		return r;
	r = make_folder(holdings->data_fd, name, 0700);
	if (r < 0)
		return r;
	fd = openat(holdings->data_fd, name, O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* only what is root's is given away: the rest is the role's already */
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (uid != 0 && st.st_uid == 0)
		r = give_contents(fd, uid, gid);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	*folder_out = fd;
	return 0;
}

int
holdings_folder(const struct holdings *holdings, const struct role_row *row,
    uint64_t instance, int *folder_out)
{
	char name[64];

	*folder_out = -1;
	switch (row->folder) {
	case FOLDER_NONE:
		return 0;
	case FOLDER_POLICY:
		return open_folder(holdings, row, "policy", folder_out);
	case FOLDER_QUEUE:
		return open_folder(holdings, row, "queue", folder_out);
	case FOLDER_SCAN:
		return open_folder(holdings, row, "scan", folder_out);
	case FOLDER_ACCOUNT:
		(void)snprintf(name, sizeof(name), "accounts/%llu",
		    (unsigned long long)instance);
		return open_folder(holdings, row, name, folder_out);
	}
	return -EINVAL;
}

static int
open_data(struct holdings *holdings)
{
	const char *path = holdings->config.data_dir;
	int r;

	holdings->data_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (holdings->data_fd < 0) {
		log_say("%s: %s", path, strerror(errno));
		return -errno;
	}
	r = make_folder(holdings->data_fd, "accounts", 0711);
	if (r < 0) {
		log_say("%s/accounts: %s", path, strerror(-r));
		return r;
	}
	r = hub_id_read(holdings->data_fd, holdings->hub_id);
	if (r < 0)
		log_say("%s/" HUB_ID_FILE ": %s (postroom setup makes it)",
		    path, strerror(-r));
	return r;
}

static void
holdings_clear(struct holdings *holdings)
{
	*holdings = (struct holdings){ .data_fd = -1, .lock_fd = -1 };
	for (size_t i = 0; i < HOLDS_COUNT; i++)
		holdings->fd[i] = -1;
	for (size_t i = 0; i < CONFIG_LISTENERS; i++)
		holdings->listener_fd[i] = -1;
}

/* What cannot change under a running hub. */
static int
is_same_hub(const struct config *a, const struct config *b)
{
	if (strcmp(a->data_dir, b->data_dir) == 0 &&
	    strcmp(a->run_dir, b->run_dir) == 0 &&
	    a->separate_users == b->separate_users &&
	    a->user_base == b->user_base)
		return 0;
	log_say("data_dir, run_dir, separate_users and user_base change with "
	    "a restart only");
	return -EINVAL;
}

int
holdings_reload(const char *config_path, struct holdings *holdings)
{
	struct holdings *fresh = malloc(sizeof(*fresh));
	int r;

	if (fresh == NULL)
		return -ENOMEM;
	holdings_clear(fresh);
	r = read_config(config_path, fresh);
	if (r == 0)
		r = is_same_hub(&fresh->config, &holdings->config);
	if (r == 0)
		r = open_keys(fresh);
	if (r == 0)
		r = open_listeners(fresh, holdings);
	if (r < 0) {
		/* what was taken over goes back */
		(void)open_listeners(holdings, fresh);
		close_listeners(fresh);
		free(fresh);
		return r;
	}
	memcpy(fresh->hub_id, holdings->hub_id, HUB_ID_BYTES);
	fresh->data_fd = holdings->data_fd;
	fresh->lock_fd = holdings->lock_fd;
	fresh->fd[HOLDS_CONTROL] = holdings->fd[HOLDS_CONTROL];
	close_listeners(holdings);
	*holdings = *fresh;
	free(fresh);
	return 0;
}

int
holdings_open(const char *config_path, struct holdings *holdings_out)
{
	struct holdings *h = holdings_out;
	int r;

	holdings_clear(h);
	r = read_config(config_path, h);
	if (r == 0)
		r = open_data(h);
	if (r == 0)
		r = take_lock(h);
	if (r == 0)
		r = open_keys(h);
	if (r == 0)
		r = open_listeners(h, NULL);
	if (r == 0)
		r = open_control(h);
	if (r < 0)
		holdings_close(h);
	return r;
}


void
holdings_close(struct holdings *holdings)
{
	char path[PATH_MAX + 16];

	if (holdings->fd[HOLDS_CONTROL] >= 0) {
		(void)snprintf(path, sizeof(path), "%s/control",
		    holdings->config.run_dir);
		(void)unlink(path);
	}
	close_one(holdings->data_fd);
	close_one(holdings->lock_fd);
	close_one(holdings->fd[HOLDS_CONTROL]);
	close_listeners(holdings);
	holdings_clear(holdings);
}
