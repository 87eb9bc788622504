/*
 * cli_setup.c - postroom setup: the files of a new hub
 *
 * Makes the sealing key, a self-signed certificate, policy.db with the domain
 * and its postmaster, and last the configuration: a setup that broke off has
 * none and can be run again.  An existing setup is named and left as it is;
 * a key or certificate that is already there is kept.
 */
#include "policy/hub.h"
#include "programs/cli.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "lib/message/path.h"
#include "policy/domains.h"
#include "programs/certificate.h"
#include "programs/port25.h"
#include "programs/setup_arrival.h"

#define SEAL_KEY_BYTES	32	/* AES-256 */
#define DIR_PORT_BASE	20000	/* with --dir, unless --port-base says */

enum {
	WITH_DIR, WITH_DOMAIN, WITH_PORT_BASE, WITH_PASSWORD_FILE, WITH_YES,
	WITH_SMARTHOST, WITH_TLS, WITH_USER, WITH_SECRET_FILE, WITH_DIRECT,
	WITH_ARRIVES, OPTIONS
};

/* A new hub, before it is written. */
struct setup {
	struct cli	*cli;
	const char	*dir;		/* --dir, made absolute; or NULL */
	char		 dir_path[PATH_MAX];
	char		 domain[256];
	char		 conf[PATH_MAX];	/* the configuration's path */
	char		 folder[PATH_MAX + 16];	/* policy/ */
	struct config	 config;
	enum arrival	 arrival;
	char		 password[PASSWORD_MAX_BYTES + 2];
	bool		 random;	/* the password is ours to show */
};

/* One row per listener; the port is the base's when there is one. */
static const struct {
	enum service		 service;
	uint16_t		 port;
	enum listener_tls	 tls;
	bool			 office;	/* reached from the network */
} services[] = {
	{ SERVICE_LMTP,		24,	LISTENER_CLEAR,		false },
	{ SERVICE_SMTP,		25,	LISTENER_STARTTLS,	true },
	{ SERVICE_SUBMISSION,	587,	LISTENER_STARTTLS,	true },
	{ SERVICE_SUBMISSION,	465,	LISTENER_IMPLICIT,	true },
	{ SERVICE_POP3,		110,	LISTENER_STARTTLS,	true },
	{ SERVICE_POP3,		995,	LISTENER_IMPLICIT,	true },
	{ SERVICE_IMAP,		143,	LISTENER_STARTTLS,	true },
	{ SERVICE_IMAP,		993,	LISTENER_IMPLICIT,	true },
	{ SERVICE_HTTPS,	443,	LISTENER_IMPLICIT,	true },
	{ SERVICE_ATRN,		366,	LISTENER_STARTTLS,	true },
	{ SERVICE_SIEVE,	4190,	LISTENER_STARTTLS,	true },
};

/* Write a new file whole and durably.  0 or -errno (-EEXIST: it was there). */
static int
file_make(const char *path, mode_t mode, struct slice bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, bytes.at, bytes.len);
	if (n < 0)
		r = -errno;
	else if ((size_t)n != bytes.len)
		r = -ENOSPC;
	else if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		r = -errno;
	close(fd);
	if (r < 0)
		unlink(path);
	return r;
}

/* A folder that is there keeps the mode it has. */
static int
folder_make(const char *path, mode_t mode)
{
	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? 0 : -errno;
	/* whatever the umask is */
	return chmod(path, mode) < 0 ? -errno : 0;
}

/* Make every folder of `path` that is not there; `mode` is for the last. */
static int
folders_make(const char *path, mode_t mode)
{
	char copy[PATH_MAX];
	int r;

	if (slice_cstr(slice_str(path), copy, sizeof(copy)) < 0)
		return -ENAMETOOLONG;
	for (char *at = copy + 1; ; at++) {
		char was = *at;

		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		r = folder_make(copy, was == '\0' ? mode : 0755);
		if (r < 0 || was == '\0')
			return r;
		*at = was;
	}
}

/* With --dir, set `path` to DIR/`under`; else it stays what it is. */
static bool
place(const struct setup *s, char path[PATH_MAX], const char *under)
{
	int n;

	if (s->dir == NULL)
		return true;
	n = snprintf(path, PATH_MAX, "%s/%s", s->dir_path, under);
	return n > 0 && n < PATH_MAX;
}

static int
ask_domain(struct setup *s, bool yes)
{
	char line[256];

	if (yes || !isatty(STDIN_FILENO))
		return cli_fail(s->cli, CLI_USAGE, MISSING_ARGUMENT,
		    "--domain");
	file_say(stderr, s->cli->language, ASK_DOMAIN);
	fflush(stderr);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return cli_fail(s->cli, CLI_USAGE, MISSING_ARGUMENT,
		    "--domain");
	line[strcspn(line, "\r\n")] = '\0';
	snprintf(s->domain, sizeof(s->domain), "%s", line);
	return CLI_OK;
}

/* The domain in normal form, in its place. */
static int
take_domain(struct setup *s, const char *given, bool yes)
{
	TEXT_AUTO normal = TEXT_INIT(ADDRESS_SIZE);
	struct slice typed;
	int r;

	if (given == NULL) {
		r = ask_domain(s, yes);
		if (r != CLI_OK)
			return r;
		given = s->domain;
	}
	typed = slice_trim(slice_str(given));
	if (typed.len == 0 || typed.at[0] == '[' ||
	    address_normal(&normal, slice_str("x"), typed) < 0 ||
	    slice_cstr(slice_after(text_slice(&normal), 2), s->domain,
	    sizeof(s->domain)) < 0)
		return cli_fail(s->cli, CLI_USAGE, BAD_DOMAIN, given);
	return CLI_OK;
}

static void
add_listener(struct config *c, size_t i, const char *address, unsigned base)
{
	struct listener *l = &c->listeners[c->listener_count++];

	*l = (struct listener){ .service = services[i].service,
	    .port = (uint16_t)(base + services[i].port),
	    .tls = services[i].tls };
	snprintf(l->address, sizeof(l->address), "%s", address);
}

/* `brought`: other hosts bring mail; else nobody there need reach port 25. */
static void
take_listeners(struct config *c, bool everywhere, bool brought, unsigned base)
{
	c->listener_count = 0;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (everywhere && services[i].office && (brought ||
		    services[i].service != SERVICE_SMTP)) {
			add_listener(c, i, "0.0.0.0", base);
			add_listener(c, i, "::", base);
		} else
			add_listener(c, i, "127.0.0.1", base);
	}
}

static int
take_ports(struct setup *s, const char *given)
{
	uint64_t base = s->dir == NULL ? 0 : DIR_PORT_BASE;

	/* base + 4190 must be a port */
	if (given != NULL && (slice_u64(slice_str(given), 60000, &base) < 0 ||
	    base == 0))
		return cli_fail(s->cli, CLI_USAGE, BAD_PORT_BASE, given);
	take_listeners(&s->config, s->dir == NULL && given == NULL,
	    arrival_is_brought(s->arrival), (unsigned)base);
	return CLI_OK;
}

/* Every path, and whether a configuration can say it. */
static int
take_paths(struct setup *s)
{
	TEXT_AUTO shown = TEXT_INIT(256 * 1024), faults = TEXT_INIT(64 * 1024);
	struct config *c = &s->config;
	struct config again;

	if (slice_cstr(slice_str(s->cli->config_path), s->conf,
	    sizeof(s->conf)) < 0 ||
	    !place(s, s->conf, "etc/postroom.conf") ||
	    !place(s, c->data_dir, "data") || !place(s, c->run_dir, "run") ||
	    !place(s, c->seal_key, "etc/seal.key") ||
	    !place(s, c->tls_certificate, "etc/tls/certificate.pem") ||
	    !place(s, c->tls_key, "etc/tls/key.pem") ||
	    !place(s, c->rules_dir, "etc/rules"))
		return cli_fail(s->cli, CLI_USAGE, BAD_FOLDER, s->dir_path);
	config_show(c, &shown);
	if (text_failed(&shown) || config_parse(text_slice(&shown), "new",
	    &again, &faults) < 0)
		return cli_fail(s->cli, CLI_USAGE, BAD_FOLDER,
		    s->dir == NULL ? s->conf : s->dir);
	snprintf(s->folder, sizeof(s->folder), "%s/policy", c->data_dir);
	return CLI_OK;
}

/* What is typed behind a question; an empty line at its end. */
static void
read_line(char line[256])
{
	fflush(stderr);
	if (fgets(line, 256, stdin) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
}

/* The provider's host; an empty line: mail does not leave yet. */
static void
ask_smarthost(struct setup *s, char line[256])
{
	file_say(stderr, s->cli->language, ASK_SMARTHOST);
	read_line(line);
}

/* How mail arrives; nobody has to say it now. */
static int
take_arrival(struct setup *s, const struct cli_option *options)
{
	const char *given = options[WITH_ARRIVES].value;
	char line[256] = "";

	if (given == NULL && options[WITH_YES].value == NULL &&
	    isatty(STDIN_FILENO)) {
		file_say(stderr, s->cli->language, ASK_ARRIVES, s->domain);
		read_line(line);
	}
	if (given == NULL)
		given = line;
	s->arrival = arrival_read(slice_str(given));
	/* whoever writes the option means one of them */
	if (s->arrival == ARRIVALS || (s->arrival == ARRIVES_UNSAID &&
	    options[WITH_ARRIVES].value != NULL))
		return cli_fail(s->cli, CLI_USAGE, BAD_ARRIVES, given);
	return CLI_OK;
}

/* Without a provider's host mail leaves by port 25, if that is open. */
static void
tell_port25(const struct setup *s)
{
	enum language language = s->cli->language;
	char host[HOST_NAME_MOST + 1];

	file_say(stderr, language, TRY_PORT25);
	fputc('\n', stderr);
	switch (port25_try(s->domain, host)) {
	case PORT25_OPEN:
		file_say(stderr, language, PORT25_OPEN, host);
		break;
	case PORT25_BARRED:
		file_say(stderr, language, PORT25_BARRED, host);
		break;
	case PORT25_UNKNOWN:
		file_say(stderr, language, PORT25_UNKNOWN, s->domain);
		break;
	}
	fputc('\n', stderr);
}

/* Try what can be tried first, then ask; `line` is the host, or nothing. */
static void
ask_way(struct setup *s, char line[256])
{
	tell_port25(s);
	if (s->config.outbound_direct)
		return;
	ask_smarthost(s, line);
	if (slice_is_str(slice_trim(slice_str(line)), "direct")) {
		s->config.outbound_direct = true;
		line[0] = '\0';
	}
}

/* How mail leaves for other hosts. */
static int
take_way(struct setup *s, const struct cli_option *options)
{
	struct config *c = &s->config, again;
	const struct {
		const char	*given;
		char		*at;
		size_t		 size;
	} words[] = {
		{ options[WITH_SMARTHOST].value, c->smarthost,
		    sizeof(c->smarthost) },
		{ options[WITH_TLS].value, c->smarthost_tls,
		    sizeof(c->smarthost_tls) },
		{ options[WITH_USER].value, c->smarthost_user,
		    sizeof(c->smarthost_user) },
		{ options[WITH_SECRET_FILE].value, c->smarthost_password_file,
		    sizeof(c->smarthost_password_file) },
	};
	TEXT_AUTO shown = TEXT_INIT(256 * 1024), faults = TEXT_INIT(64 * 1024);
	char line[256] = "";

	c->outbound_direct = options[WITH_DIRECT].value != NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].given != NULL && slice_cstr(slice_str(
		    words[i].given), words[i].at, words[i].size) < 0)
			return cli_fail(s->cli, CLI_USAGE, BAD_SMARTHOST,
			    words[i].given);
	if (c->smarthost[0] == '\0' && options[WITH_YES].value == NULL &&
	    isatty(STDIN_FILENO)) {
		ask_way(s, line);
		(void)slice_cstr(slice_trim(slice_str(line)), c->smarthost,
		    sizeof(c->smarthost));
	}
	config_show(c, &shown);
	if (text_failed(&shown) || config_parse(text_slice(&shown), "new",
	    &again, &faults) < 0)
		return cli_fail(s->cli, CLI_USAGE, BAD_SMARTHOST,
		    c->smarthost);
	return CLI_OK;
}

/* Signatures that this machine keeps up to date already (freshclam). */
static void
take_signatures(struct config *config)
{
	static const char *const sets[] = {
		"/var/lib/clamav/daily.cld", "/var/lib/clamav/daily.cvd",
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if (access(sets[i], R_OK) == 0)
			snprintf(config->scan_signatures,
			    sizeof(config->scan_signatures),
			    "/var/lib/clamav");
}

/* Defaults, and what differs from them in a new hub. */
static int
take_config(struct setup *s, const struct cli_option *options)
{
	TEXT_AUTO faults = TEXT_INIT(1024);
	struct config *c = &s->config;
	int r;

	if (config_parse(slice_str(""), "", c, &faults) < 0)
		return cli_fail(s->cli, CLI_FAILED, NO_MEMORY);
	snprintf(c->language, sizeof(c->language), "%s",
	    s->cli->language == LANGUAGE_ID ? "id" : "en");
	/* "mail." in front, unless that is too long for a name */
	if (strlen(s->domain) + 5 <= 253)
		snprintf(c->hostname, sizeof(c->hostname), "mail.%.250s",
		    s->domain);
	else
		memcpy(c->hostname, s->domain, sizeof(c->hostname));
	c->clear_logins = s->dir != NULL;
	if (s->dir != NULL)
		snprintf(c->people_fetch_hosts, sizeof(c->people_fetch_hosts),
		    "127.0.0.0/8 ::1");
	c->separate_users = s->dir == NULL;
	if (s->dir == NULL)
		take_signatures(c);
	r = take_arrival(s, options);
	if (r == CLI_OK)
		r = take_way(s, options);
	if (r == CLI_OK)
		r = take_ports(s, options[WITH_PORT_BASE].value);
	return r == CLI_OK ? take_paths(s) : r;
}

static int
take_dir(struct setup *s, const char *given)
{
	int r;

	if (given == NULL)
		return CLI_OK;
	if (given[0] == '/')
		r = snprintf(s->dir_path, PATH_MAX, "%s", given);
	else {
		char here[PATH_MAX];

		if (getcwd(here, sizeof(here)) == NULL)
			return cli_fail(s->cli, CLI_FAILED, CANNOT_READ, ".",
			    strerror(errno));
		r = snprintf(s->dir_path, PATH_MAX, "%s/%s", here, given);
	}
	if (r <= 0 || r >= PATH_MAX - 64)
		return cli_fail(s->cli, CLI_USAGE, BAD_FOLDER, given);
	while (r > 1 && s->dir_path[r - 1] == '/')
		s->dir_path[--r] = '\0';
	s->dir = s->dir_path;
	return CLI_OK;
}

/* An existing setup is named, nothing of it touched. */
static int
refuse_existing(struct setup *s)
{
	char database[PATH_MAX + 32];

	snprintf(database, sizeof(database), "%s/%s", s->folder, POLICY_FILE);
	if (access(s->conf, F_OK) == 0)
		return cli_fail(s->cli, CLI_FAILED, IS_SET_UP, s->conf);
	if (access(database, F_OK) == 0)
		return cli_fail(s->cli, CLI_FAILED, IS_SET_UP, database);
	return CLI_OK;
}

/* The folder that `path` stands in. */
static int
folder_of(struct setup *s, const char *path, mode_t mode)
{
	char folder[PATH_MAX];
	size_t end = slice_find_last(slice_str(path), '/');
	int r;

	slice_cstr(slice_first(slice_str(path), end), folder, sizeof(folder));
	r = end == 0 ? 0 : folders_make(folder, mode);
	return r == 0 ? CLI_OK : cli_fail(s->cli, CLI_FAILED, CANNOT_MAKE,
	    folder, strerror(-r));
}

static int
make_folders(struct setup *s)
{
	const struct {
		const char	*path;
		mode_t		 mode;
	} folders[] = {
		/* roles with users of their own pass through data_dir */
		{ s->config.data_dir, 0711 },
		{ s->folder, 0700 },
		{ s->config.run_dir, 0755 },
	};
	int r;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		r = folders_make(folders[i].path, folders[i].mode);
		if (r < 0)
			return cli_fail(s->cli, CLI_FAILED, CANNOT_MAKE,
			    folders[i].path, strerror(-r));
	}
	r = folder_of(s, s->conf, 0755);
	if (r == CLI_OK && folders_make(s->config.rules_dir, 0755) < 0)
		r = cli_fail(s->cli, CLI_FAILED, CANNOT_MAKE,
		    s->config.rules_dir, strerror(errno));
	if (r == CLI_OK)
		r = folder_of(s, s->config.seal_key, 0755);
	if (r == CLI_OK)
		r = folder_of(s, s->config.tls_certificate, 0755);
	return r == CLI_OK ? folder_of(s, s->config.tls_key, 0755) : r;
}

static int
make_seal_key(struct setup *s)
{
	unsigned char key[SEAL_KEY_BYTES];
	int r = -EIO;

	if (getrandom(key, sizeof(key), 0) == (ssize_t)sizeof(key))
		r = file_make(s->config.seal_key, 0400,
		    slice_of(key, sizeof(key)));
	OPENSSL_cleanse(key, sizeof(key));
	return r == 0 || r == -EEXIST ? CLI_OK : cli_fail(s->cli, CLI_FAILED,
	    CANNOT_MAKE, s->config.seal_key, strerror(-r));
}

static int
make_certificate(struct setup *s)
{
	TEXT_AUTO certificate = TEXT_INIT(16 * 1024);
	TEXT_AUTO key = TEXT_INIT(16 * 1024);
	const struct config *c = &s->config;
	const char *path = c->tls_key;
	int r;

	if (access(c->tls_certificate, F_OK) == 0 &&
	    access(c->tls_key, F_OK) == 0)
		return CLI_OK;
	if (text_space(&key, 8 * 1024) == NULL)
		return cli_fail(s->cli, CLI_FAILED, NO_MEMORY);
	text_clear(&key);
	r = certificate_make(c->hostname, s->domain, &certificate, &key);
	if (r == 0)
		r = file_make(path, 0400, text_slice(&key));
	OPENSSL_cleanse(key.at, key.size);
	if (r == 0) {
		path = c->tls_certificate;
		r = file_make(path, 0444, text_slice(&certificate));
		if (r < 0)
			unlink(c->tls_key);
	}
	return r == 0 ? CLI_OK : cli_fail(s->cli, CLI_FAILED, CANNOT_MAKE,
	    path, strerror(-r));
}

/* The domain and its postmaster, in a policy.db that is new. */
static int
fill_policy(struct setup *s, struct policy *policy)
{
	struct policy_account a = { 0 };
	struct password_secret secret;
	int64_t now = (int64_t)time(NULL) * 1000;
	int r = password_make(slice_str(s->password), &secret);

	snprintf(a.address, sizeof(a.address), "postmaster@%s", s->domain);
	memcpy(a.language, s->config.language, sizeof(a.language));
	if (r == 0)
		r = policy_domain_new(policy, slice_str(s->domain),
		    arrival_is_shared(s->arrival), now);
	if (r == 0)
		r = policy_account_add(policy, &a, &secret, now, &a);
	OPENSSL_cleanse(&secret, sizeof(secret));
	return r;
}

/* The hub's id, beside its data, for the parent. */
static int
write_hub_id(const struct setup *s, const struct policy *policy)
{
	int fd = open(s->config.data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : hub_id_write(fd, policy_hub_id(policy));

	if (fd >= 0)
		close(fd);
	return r;
}

static int
make_policy(struct setup *s)
{
	struct policy *policy = NULL;
	unsigned needs;
	int fd, r;

	fd = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : policy_open(fd, false, &policy, &needs);
	if (r == 0)
		r = fill_policy(s, policy);
	if (r == 0)
		r = write_hub_id(s, policy);
	policy_close(policy);
	if (r == 0)
		cli_give_to_keeper(&s->config, fd);
	if (fd >= 0) {
		/* half a database must not look like a setup */
		if (r < 0)
			unlinkat(fd, POLICY_FILE, 0);
		close(fd);
	}
	return r == 0 ? CLI_OK : cli_fail(s->cli, CLI_FAILED, CANNOT_MAKE,
	    s->folder, strerror(-r));
}

static int
make_conf(struct setup *s)
{
	TEXT_AUTO text = TEXT_INIT(256 * 1024);
	int r;

	text_add_str(&text, "# postroom.conf(5): the machine's side; people "
	    "are added with postroom account\n");
	config_show(&s->config, &text);
	r = text_failed(&text) ? -ENOMEM :
	    file_make(s->conf, 0644, text_slice(&text));
	return r == 0 ? CLI_OK : cli_fail(s->cli, CLI_FAILED, CANNOT_MAKE,
	    s->conf, strerror(-r));
}

static int
take_password(struct setup *s, const char *file)
{
	int r;

	s->random = file == NULL;
	if (s->random) {
		if (password_random(s->password) < 0)
			return cli_fail(s->cli, CLI_FAILED, FAILED);
		return CLI_OK;
	}
	r = cli_password(s->cli, file, "postmaster", s->password,
	    sizeof(s->password));
	if (r == CLI_OK && password_is_fit(slice_str(s->password)) < 0)
		r = cli_fail(s->cli, CLI_FAILED, WANT_PASSWORD);
	return r;
}

static void
report_json(const struct setup *s, const char *address)
{
	TEXT_AUTO next = TEXT_INIT(16 * 1024);
	const char *const pairs[][2] = {
		{ "domain", s->domain }, { "config", s->conf },
		{ "certificate", s->config.tls_certificate },
		{ "seal_key", s->config.seal_key }, { "account", address },
		{ "password", s->random ? s->password : NULL },
	};
	TEXT_AUTO line = TEXT_INIT(64 * 1024);

	text_add_str(&line, "{\"ok\": true, \"result\": {\"self_signed_days\": ");
	text_addf(&line, "%d", CERTIFICATE_DAYS);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pairs[i][1] == NULL)
			continue;
		text_add_str(&line, ", ");
		text_add_json(&line, slice_str(pairs[i][0]));
		text_add_str(&line, ": ");
		text_add_json(&line, slice_str(pairs[i][1]));
	}
	arrival_say(&next, s->cli->language, s->arrival, s->domain,
	    s->config.hostname, s->conf);
	if (s->arrival != ARRIVES_UNSAID) {
		text_add_str(&line, ", \"arrives\": ");
		text_add_json(&line, slice_str(arrival_word(s->arrival)));
		text_add_str(&line, ", \"next\": ");
		text_add_json(&line, text_slice(&next));
	}
	text_add_str(&line, "}}\n");
	fwrite(line.at, 1, line.len, stdout);
}

/* What is to be done before the first message comes. */
static void
report_arrival(const struct setup *s)
{
	TEXT_AUTO next = TEXT_INIT(16 * 1024);

	arrival_say(&next, s->cli->language, s->arrival, s->domain,
	    s->config.hostname, s->conf);
	if (next.len > 0 && !text_failed(&next))
		printf("%.*s\n", (int)next.len, next.at);
	if (!arrival_is_brought(s->arrival) && s->dir == NULL)
		cli_say(s->cli, SETUP_25_HERE);
}

static int
report(const struct setup *s)
{
	struct cli *cli = s->cli;
	char address[ADDRESS_SIZE];

	snprintf(address, sizeof(address), "postmaster@%s", s->domain);
	if (cli->json) {
		report_json(s, address);
		return CLI_OK;
	}
	cli_say(cli, SETUP_DONE, s->domain);
	cli_say(cli, SETUP_CONF, s->conf);
	cli_say(cli, SETUP_CERTIFICATE, s->config.tls_certificate);
	cli_say(cli, SETUP_SEAL, s->config.seal_key);
	if (s->random)
		cli_say(cli, SETUP_PASSWORD, address, s->password);
	else
		cli_say(cli, SETUP_ACCOUNT, address);
	if (!config_leaves(&s->config))
		cli_say(cli, SETUP_NO_WAY, s->conf);
	report_arrival(s);
	cli_say(cli, SETUP_START, s->conf);
	return CLI_OK;
}

int
cli_setup(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = {
		[WITH_DIR] = { "--dir", true, NULL },
		[WITH_DOMAIN] = { "--domain", true, NULL },
		[WITH_PORT_BASE] = { "--port-base", true, NULL },
		[WITH_PASSWORD_FILE] = { "--password-file", true, NULL },
		[WITH_YES] = { "--yes", false, NULL },
		[WITH_SMARTHOST] = { "--smarthost", true, NULL },
		[WITH_TLS] = { "--smarthost-tls", true, NULL },
		[WITH_USER] = { "--smarthost-user", true, NULL },
		[WITH_SECRET_FILE] = { "--smarthost-password-file", true, NULL },
		[WITH_DIRECT] = { "--direct", false, NULL },
		[WITH_ARRIVES] = { "--arrives", true, NULL },
		[OPTIONS] = { NULL, false, NULL },
	};
	static int (*const steps[])(struct setup *) = {
		make_folders, make_seal_key, make_certificate, make_policy,
		make_conf,
	};
	struct setup s = { .cli = cli };
	const char *words[1];
	int r = cli_options(cli, argc, argv, options, "", 0, 0, words);

	if (r == CLI_OK)
		r = take_dir(&s, options[WITH_DIR].value);
	if (r == CLI_OK)
		r = take_domain(&s, options[WITH_DOMAIN].value,
		    options[WITH_YES].value != NULL);
	if (r == CLI_OK)
		r = take_config(&s, options);
	if (r == CLI_OK)
		r = refuse_existing(&s);
	if (r == CLI_OK)
		r = take_password(&s, options[WITH_PASSWORD_FILE].value);
	for (size_t i = 0; r == CLI_OK &&
	    i < sizeof(steps) / sizeof(steps[0]); i++)
		r = steps[i](&s);
	if (r == CLI_OK)
		r = report(&s);
	OPENSSL_cleanse(s.password, sizeof(s.password));
	return r;
}
