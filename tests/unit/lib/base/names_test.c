/*
 * names_test.c - lookups, against a small DNS server on the loopback
 *
 * It is one thing: each test asks the same server, whose zones stand before them.
 */
#include "lib/base/names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

#define TYPE_A		1
#define TYPE_CNAME	5
#define TYPE_PTR	12
#define TYPE_MX		15
#define TYPE_TXT	16
#define TYPE_AAAA	28
#define RCODE_SERVFAIL	2
#define RCODE_NXDOMAIN	3
#define SILENCE		255	/* no answer at all */
#define LATE		254	/* none before LATE_MS have gone by */
#define LATE_MS		2500

static atomic_long ahead_seconds;

/* The machine's clock, as libevent sees it too: a test can put it ahead. */
int
clock_gettime(clockid_t id, struct timespec *now)
{
	int r = (int)syscall(SYS_clock_gettime, id, now);

	if (r == 0 && id != CLOCK_PROCESS_CPUTIME_ID)
		now->tv_sec += ahead_seconds;
	return r;
}

/* What the server knows: so many addresses of each family, or a code. */
static const struct zone {
	const char	*name;
	uint8_t		 code6, code4;
	unsigned	 count6, count4;
	bool		 is_alias;
} zones[] = {
	{ "both.example",	0, 0, 2, 3, false },
	{ "four.example",	0, 0, 0, 1, false },
	{ "six.example",	0, 0, 1, 0, false },
	{ "alias.example",	0, 0, 1, 1, true },
	{ "x.alias.example",	0, 0, 1, 1, false },
	{ "many.example",	0, 0, 20, 20, false },
	{ "nothing.example",	0, 0, 0, 0, false },
	{ "missing.example",	RCODE_NXDOMAIN, RCODE_NXDOMAIN, 0, 0, false },
	{ "failing.example",	RCODE_SERVFAIL, RCODE_SERVFAIL, 0, 0, false },
	{ "half.example",	RCODE_SERVFAIL, 0, 0, 1, false },
	{ "half-none.example",	RCODE_SERVFAIL, 0, 0, 0, false },
	/* RFC 4074 4.2: a name with an address is denied for the other type */
	{ "denied6.example",	RCODE_NXDOMAIN, 0, 0, 1, false },
	{ "denied4.example",	0, RCODE_NXDOMAIN, 1, 0, false },
	{ "denied-late.example", RCODE_NXDOMAIN, LATE, 0, 1, false },
	{ "denied-half.example", RCODE_NXDOMAIN, RCODE_SERVFAIL, 0, 0, false },
	{ "denied-none.example", RCODE_NXDOMAIN, 0, 0, 0, false },
	{ "slow.example",	SILENCE, 0, 0, 1, false },
	{ "silent.example",	SILENCE, SILENCE, 0, 0, false },
	{ "late.example",	LATE, LATE, 0, 1, false },
	{ "pop.office.test",	0, 0, 0, 1, false },
	{ "nas.home.arpa",	0, 0, 0, 1, false },
};

/* The texts it knows: so many records, each of these strings, or a code. */
static const struct text_zone {
	const char	*name;
	uint8_t		 code;
	unsigned	 count;
	const char	*strings[3];
} text_zones[] = {
	{ "one.example",	0, 1, { "v=DKIM1; p=" } },
	{ "split.example",	0, 1, { "v=DKIM1;", " p=", "abc" } },
	{ "_x._domainkey.two.example", 0, 2, { "a", "" } },
	{ "empty.example",	0, 1, { "" } },
	{ "hundreds.example",	0, 300, { "x" } },
	{ "no-text.example",	0, 0, { NULL } },
	{ "missing.example",	RCODE_NXDOMAIN, 0, { NULL } },
	{ "failing.example",	RCODE_SERVFAIL, 0, { NULL } },
	{ "silent.example",	SILENCE, 0, { NULL } },
};

/* The records it knows byte for byte. */
#define BYTES(s)	s, sizeof(s) - 1
static const struct raw_zone {
	const char	*name;
	unsigned	 type;
	const char	*data;
	size_t		 bytes;
} raw_zones[] = {
	{ "mx.example", TYPE_MX, BYTES("\0\24\4mail\300\14") },
	{ "null.example", TYPE_MX, BYTES("\0\0\0") },
	{ "dotted.example", TYPE_MX, BYTES("\0\12\3a.b\3one\0") },
	{ "1.2.0.9.in-addr.arpa", TYPE_PTR, BYTES("\4host\3One\0") },
	{ "dots.example", TYPE_PTR, BYTES("\3a.b\3one\0") },
	{ "a/b=c d.example", TYPE_A, BYTES("ABCD") },
	{ "six-raw.example", TYPE_AAAA, BYTES("0123456789abcdef") },
};

struct server {
	int		 fd;
	uint16_t	 port;
	pthread_t	 thread;
	atomic_uint	 asked;
	uint64_t	 late_ms;	/* 0: until LATE is asked for */
};

/* The name at `at`, with dots; bytes it takes there, or 0. */
static size_t
read_name(const unsigned char *at, size_t len, char *name, size_t size)
{
	size_t used = 0, n = 0;

	while (used < len && at[used] != 0) {
		size_t label = at[used++];

		if (used + label >= len || n + label + 2 > size)
			return 0;
		if (n > 0)
			name[n++] = '.';
		for (size_t i = 0; i < label; i++)
			name[n++] = (char)tolower(at[used + i]);
		used += label;
	}
	name[n] = '\0';
	return used + 1;
}

static size_t
add_record(unsigned char *at, unsigned name, unsigned type,
    const unsigned char *data, size_t bytes)
{
	const unsigned char head[12] = {
		(unsigned char)(0xc0 | name >> 8), (unsigned char)name, 0,
		(unsigned char)type, 0, 1, 0, 0, 0, 60, 0,
		(unsigned char)bytes
	};

	memcpy(at, head, sizeof(head));
	memcpy(at + sizeof(head), data, bytes);
	return sizeof(head) + bytes;
}

/* Answer the question that stands in `packet`; bytes of the answer. */
static size_t
answer(unsigned char *packet, size_t len, const struct zone *zone,
    unsigned type)
{
	static const unsigned char alias[] = { 1, 'x', 0xc0, 0x0c };
	unsigned count = type == TYPE_AAAA ? zone->count6 : zone->count4;
	unsigned char data[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	unsigned owner = 12, records = count;

	packet[2] = 0x81;
	packet[3] = (unsigned char)(0x80 | (type == TYPE_AAAA ? zone->code6 :
	    zone->code4));
	memset(packet + 6, 0, 6);
	if (zone->is_alias && count > 0) {
		owner = (unsigned)len + 12;
		len += add_record(packet + len, 12, TYPE_CNAME, alias,
		    sizeof(alias));
		records++;
	}
	packet[7] = (unsigned char)records;
	for (unsigned i = 1; i <= count; i++) {
		data[type == TYPE_AAAA ? 15 : 3] = (unsigned char)i;
		if (type == TYPE_A)
			memcpy(data, "\xc0\x00\x02", 3);
		len += add_record(packet + len, owner, type, data,
		    type == TYPE_AAAA ? 16 : 4);
	}
	return len;
}

/* The same for texts. */
static size_t
answer_texts(unsigned char *packet, size_t len, const struct text_zone *zone)
{
	unsigned char data[256];
	size_t used = 0;

	packet[2] = 0x81;
	packet[3] = (unsigned char)(0x80 | zone->code);
	memset(packet + 6, 0, 6);
	packet[6] = (unsigned char)(zone->count >> 8);
	packet[7] = (unsigned char)zone->count;
	for (int i = 0; i < 3 && zone->strings[i] != NULL; i++) {
		size_t bytes = strlen(zone->strings[i]);

		data[used++] = (unsigned char)bytes;
		memcpy(data + used, zone->strings[i], bytes);
		used += bytes;
	}
	for (unsigned i = 0; i < zone->count; i++) {
		/* a set of records has no two that are the same */
		if (zone->count > 2)
			used = 1 + (size_t)snprintf((char *)data + 1, 200,
			    "%u", i);
		data[0] = zone->count > 2 ? (unsigned char)(used - 1) :
		    data[0];
		if (zone->count == 2 && i == 1)
			data[1] = 'b';
		len += add_record(packet + len, 12, TYPE_TXT, data, used);
	}
	return len;
}

/* The same for records byte for byte; 0: there is none such. */
static size_t
answer_raw(unsigned char *packet, size_t len, const char *name, unsigned type)
{
	unsigned char count = 0;

	for (size_t i = 0; i < sizeof(raw_zones) / sizeof(*raw_zones); i++) {
		const struct raw_zone *zone = &raw_zones[i];

		if (zone->type != type || strcmp(zone->name, name) != 0)
			continue;
		if (count++ == 0)
			memset(packet + 6, 0, 6);
		len += add_record(packet + len, 12, type,
		    (const unsigned char *)zone->data, zone->bytes);
	}
	if (count == 0)
		return 0;
	packet[2] = 0x81;
	packet[3] = 0x80;
	packet[7] = count;
	return len;
}

/* Is it answered?  `code` may become what it is answered with. */
static bool
speaks(struct server *server, uint8_t *code)
{
	if (*code != LATE)
		return *code != SILENCE;
	if (server->late_ms == 0)
		server->late_ms = clock_ms() + LATE_MS;
	*code = 0;
	return clock_ms() >= server->late_ms;
}

static void *
serve(void *arg)
{
	struct server *server = arg;
	unsigned char packet[8192];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	char name[300];
	ssize_t n;

	while ((n = recvfrom(server->fd, packet, 512, 0,
	    (struct sockaddr *)&from, &from_len)) > 16) {
		size_t used = read_name(packet + 12, (size_t)n - 12, name,
		    sizeof(name));
		size_t len = 12 + used + 4;
		unsigned type = packet[12 + used + 1];

		size_t raw = answer_raw(packet, len, name, type);

		server->asked++;
		if (raw > 0)
			(void)sendto(server->fd, packet, raw, 0,
			    (struct sockaddr *)&from, from_len);
		for (size_t i = 0; type == TYPE_TXT && i <
		    sizeof(text_zones) / sizeof(*text_zones); i++) {
			if (strcmp(text_zones[i].name, name) != 0 ||
			    text_zones[i].code == SILENCE)
				continue;
			len = answer_texts(packet, len, &text_zones[i]);
			(void)sendto(server->fd, packet, len, 0,
			    (struct sockaddr *)&from, from_len);
		}
		if (type == TYPE_TXT)
			continue;
		for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
			struct zone zone = zones[i];

			if (strcmp(zone.name, name) != 0 || !speaks(server,
			    type == TYPE_AAAA ? &zone.code6 : &zone.code4))
				continue;
			len = answer(packet, len, &zone, type);
			(void)sendto(server->fd, packet, len, 0,
			    (struct sockaddr *)&from, from_len);
		}
	}
	return NULL;
}

struct scene {
	struct loop	*loop;
	struct names	*names;
	struct server	 server;
	char		 forward[64];
	struct names_options options;
	unsigned	 fds;
	/* of the last answer */
	unsigned	 told;
	enum names_found found;
	char		 addresses[NAMES_TEXT_SIZE];
	bool		 asks_again;
	/* of the last answer with texts: "[text]..." */
	char		 texts[4096];
	size_t		 count;
	bool		 closes;	/* in the midst of it */
};

static void
server_open(struct server *server)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(server->fd, 0);
	ck_assert_int_eq(bind(server->fd, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(getsockname(server->fd, (struct sockaddr *)&at,
	    &len), 0);
	server->port = ntohs(at.sin_port);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve,
	    server), 0);
}

static void
scene_open(struct scene *scene, const char *hosts_file)
{
	const char *fault = NULL;

	memset(scene, 0, sizeof(*scene));
	ahead_seconds = 0;
	scene->fds = fds_open();
	scene->loop = loop_new();
	server_open(&scene->server);
	(void)snprintf(scene->forward, sizeof(scene->forward),
	    " 127.0.0.1@%u ", scene->server.port);
	scene->options.forward = scene->forward;
	scene->options.hosts_file = hosts_file;
	ck_assert_msg(names_open(scene->loop, &scene->options, &scene->names,
	    &fault) == 0, "%s", fault);
	ck_assert_int_eq(names_start(scene->names), 0);
}

static void
scene_close(struct scene *scene)
{
	names_close(scene->names);
	(void)shutdown(scene->server.fd, SHUT_RDWR);
	(void)pthread_join(scene->server.thread, NULL);
	(void)close(scene->server.fd);
	loop_free(scene->loop);
	ck_assert_uint_eq(fds_open(), scene->fds);
}

static void
on_found(void *arg, enum names_found found, const char *addresses)
{
	struct scene *scene = arg;

	scene->told++;
	scene->found = found;
	(void)snprintf(scene->addresses, sizeof(scene->addresses), "%s",
	    addresses);
	if (scene->asks_again) {
		scene->asks_again = false;
		ck_assert_int_eq(names_ask(scene->names,
		    slice_str("four.example"), on_found, scene), 0);
	}
}

static void
ask(struct scene *scene, const char *host)
{
	scene->told = 0;
	ck_assert_int_eq(names_ask(scene->names, slice_str(host), on_found,
	    scene), 0);
	ck_assert_uint_eq(scene->told, 0);
	TURN_UNTIL(scene->loop, scene->told > 0);
	turn(scene->loop);
	ck_assert_uint_eq(scene->told, 1);
}

static const struct {
	const char	*host;
	enum names_found found;
	const char	*addresses;
} answers[] = {
	{ "both.example", NAMES_FOUND, "[2001:db8::1],192.0.2.1,"
	    "[2001:db8::2],192.0.2.2,192.0.2.3" },
	{ "BOTH.example.", NAMES_FOUND, "[2001:db8::1],192.0.2.1,"
	    "[2001:db8::2],192.0.2.2,192.0.2.3" },
	{ "four.example", NAMES_FOUND, "192.0.2.1" },
	{ "six.example", NAMES_FOUND, "[2001:db8::1]" },
	{ "alias.example", NAMES_FOUND, "[2001:db8::1],192.0.2.1" },
	{ "nothing.example", NAMES_NONE, "" },
	{ "missing.example", NAMES_NONE, "" },
	{ "failing.example", NAMES_LATER, "" },
	{ "half.example", NAMES_FOUND, "192.0.2.1" },
	{ "half-none.example", NAMES_LATER, "" },
	{ "denied6.example", NAMES_FOUND, "192.0.2.1" },
	{ "denied4.example", NAMES_FOUND, "[2001:db8::1]" },
	{ "denied-late.example", NAMES_FOUND, "192.0.2.1" },
	{ "denied-half.example", NAMES_LATER, "" },
	{ "denied-none.example", NAMES_NONE, "" },
	{ "slow.example", NAMES_FOUND, "192.0.2.1" },
	/* zones that libunbound would answer itself */
	{ "pop.office.test", NAMES_FOUND, "192.0.2.1" },
	{ "nas.home.arpa", NAMES_FOUND, "192.0.2.1" },
	{ "localhost", NAMES_FOUND, "[::1],127.0.0.1" },
	/* addresses */
	{ "192.0.2.7", NAMES_FOUND, "192.0.2.7" },
	{ "2001:DB8:0::7", NAMES_FOUND, "[2001:db8::7]" },
	{ "[2001:db8::7]", NAMES_FOUND, "[2001:db8::7]" },
};

START_TEST(a_name_has_the_addresses_that_the_server_gives)
{
	struct scene scene;

	scene_open(&scene, "");
	ask(&scene, answers[_i].host);
	ck_assert_int_eq(scene.found, answers[_i].found);
	ck_assert_str_eq(scene.addresses, answers[_i].addresses);
	scene_close(&scene);
}
END_TEST

START_TEST(no_more_addresses_are_told_than_are_tried)
{
	struct scene scene;
	unsigned commas = 0;

	scene_open(&scene, "");
	ask(&scene, "many.example");
	ck_assert_int_eq(scene.found, NAMES_FOUND);
	for (const char *at = scene.addresses; *at != '\0'; at++)
		commas += *at == ',';
	ck_assert_uint_eq(commas, NAMES_ADDRESSES - 1);
	scene_close(&scene);
}
END_TEST

START_TEST(what_was_asked_is_remembered)
{
	struct scene scene;
	unsigned asked;

	scene_open(&scene, "");
	ask(&scene, "both.example");
	asked = scene.server.asked;
	ck_assert_uint_ge(asked, 2);
	ask(&scene, "both.example");
	ck_assert_int_eq(scene.found, NAMES_FOUND);
	ck_assert_uint_eq(scene.server.asked, asked);
	scene_close(&scene);
}
END_TEST

START_TEST(a_handler_may_ask_again)
{
	struct scene scene;

	scene_open(&scene, "");
	scene.asks_again = true;
	ck_assert_int_eq(names_ask(scene.names, slice_str("192.0.2.7"),
	    on_found, &scene), 0);
	TURN_UNTIL(scene.loop, scene.told == 2);
	ck_assert_str_eq(scene.addresses, "192.0.2.1");
	scene_close(&scene);
}
END_TEST

START_TEST(whoever_waits_too_long_is_told_later)
{
	struct scene scene;

	scene_open(&scene, "");
	ck_assert_int_eq(names_ask(scene.names, slice_str("silent.example"),
	    on_found, &scene), 0);
	turn_ms(scene.loop, 100);
	ck_assert_uint_eq(scene.told, 0);
	ahead_seconds = NAMES_MOST_MS / 1000 + 1;
	TURN_UNTIL(scene.loop, scene.told == 1);
	ck_assert_int_eq(scene.found, NAMES_LATER);
	scene_close(&scene);
}
END_TEST

/* A resolver that has the usual names at hand, and a thin line for others. */
START_TEST(a_resolver_that_is_quick_is_waited_for_when_it_is_slow)
{
	static const char *const quick[] = {
		"both.example", "four.example", "six.example", "many.example",
		"nothing.example", "missing.example", "pop.office.test"
	};
	struct scene scene;

	scene_open(&scene, "");
	for (size_t i = 0; i < sizeof(quick) / sizeof(*quick); i++)
		ask(&scene, quick[i]);
	scene.told = 0;
	ck_assert_int_eq(names_ask(scene.names, slice_str("late.example"),
	    on_found, &scene), 0);
	turn_ms(scene.loop, LATE_MS);
	TURN_UNTIL(scene.loop, scene.told == 1);
	ck_assert_int_eq(scene.found, NAMES_FOUND);
	ck_assert_str_eq(scene.addresses, "192.0.2.1");
	scene_close(&scene);
}
END_TEST

START_TEST(closing_forgets_who_waits)
{
	struct scene scene;

	scene_open(&scene, "");
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(names_ask(scene.names, slice_str(i % 2 == 0 ?
		    "silent.example" : "192.0.2.1"), on_found, &scene), 0);
	scene_close(&scene);
	ck_assert_uint_eq(scene.told, 0);
	names_close(NULL);
}
END_TEST

START_TEST(the_hosts_file_is_known)
{
	char path[] = "/tmp/names_test_XXXXXX";
	int fd = mkstemp(path);
	struct scene scene;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(dprintf(fd, "# office\n192.0.2.9 mail.office.test mx\n"
	    "2001:db8::9 mail.office.test\n192.0.2.8 pop.example.net\n"), 0);
	scene_open(&scene, path);
	/* it was read */
	ck_assert_int_eq(unlink(path), 0);
	(void)close(fd);
	scene.fds--;
	ask(&scene, "mail.office.test");
	ck_assert_str_eq(scene.addresses, "[2001:db8::9],192.0.2.9");
	ask(&scene, "pop.example.net");
	ck_assert_str_eq(scene.addresses, "192.0.2.8");
	ask(&scene, "pop.office.test");
	ck_assert_str_eq(scene.addresses, "192.0.2.1");
	scene_close(&scene);
}
END_TEST

static void
on_texts(void *arg, enum names_found found, bool is_secure,
    const struct slice *texts, size_t count)
{
	struct scene *scene = arg;
	size_t len = 0;

	scene->told++;
	scene->found = found;
	scene->count = count;
	scene->texts[0] = '\0';
	ck_assert(!is_secure);
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(scene->texts + len,
		    sizeof(scene->texts) - len, "[%.*s]",
		    SLICE_FMT(texts[i]));
	if (scene->closes) {
		names_close(scene->names);
		scene->names = NULL;
	}
	if (scene->asks_again) {
		scene->asks_again = false;
		ck_assert_int_eq(names_ask_texts(scene->names,
		    slice_str("one.example"), on_texts, scene), 0);
	}
}

static void
ask_texts(struct scene *scene, const char *name)
{
	scene->told = 0;
	ck_assert_int_eq(names_ask_texts(scene->names, slice_str(name),
	    on_texts, scene), 0);
	ck_assert_uint_eq(scene->told, 0);
	TURN_UNTIL(scene->loop, scene->told > 0);
	turn(scene->loop);
	ck_assert_uint_eq(scene->told, 1);
}

static const struct {
	const char	*name;
	enum names_found found;
	const char	*texts;
} texts_answers[] = {
	{ "one.example", NAMES_FOUND, "[v=DKIM1; p=]" },
	{ "ONE.example.", NAMES_FOUND, "[v=DKIM1; p=]" },
	/* RFC 6376 3.6.2.2: nothing between the strings of a record */
	{ "split.example", NAMES_FOUND, "[v=DKIM1; p=abc]" },
	{ "_x._domainkey.two.example", NAMES_FOUND, "[a][b]" },
	{ "empty.example", NAMES_FOUND, "[]" },
	{ "no-text.example", NAMES_NONE, "" },
	{ "missing.example", NAMES_NONE, "" },
	{ "failing.example", NAMES_LATER, "" },
};

START_TEST(a_name_has_the_texts_that_the_server_gives)
{
	struct scene scene;

	scene_open(&scene, "");
	/* twice: the second answer is remembered */
	for (int i = 0; i < 2; i++) {
		ask_texts(&scene, texts_answers[_i].name);
		ck_assert_int_eq(scene.found, texts_answers[_i].found);
		ck_assert_str_eq(scene.texts, texts_answers[_i].texts);
	}
	scene_close(&scene);
}
END_TEST

static const struct {
	enum names_kind	 kind;
	const char	*name;
	enum names_found found;
	const char	*records;
} records_answers[] = {
	{ NAMES_MX, "mx.example", NAMES_FOUND, "[mail.mx.example]" },
	{ NAMES_MX, "null.example", NAMES_FOUND, "[]" },	/* RFC 7505 */
	{ NAMES_MX, "dotted.example", NAMES_NONE, "" },
	/* RFC 5321 5.1: the domain's own address takes no mail then */
	{ NAMES_ROUTES, "dotted.example", NAMES_FOUND, "" },
	{ NAMES_PTR, "1.2.0.9.in-addr.arpa", NAMES_FOUND, "[host.One]" },
	/* a dot in a label cannot be told from one between two */
	{ NAMES_PTR, "dots.example", NAMES_NONE, "" },
	{ NAMES_A, "a/b=c d.example", NAMES_FOUND, "[ABCD]" },
	{ NAMES_AAAA, "six-raw.example", NAMES_FOUND, "[0123456789abcdef]" },
	{ NAMES_A, "nothing.example", NAMES_NONE, "" },
	{ NAMES_A, "failing.example", NAMES_LATER, "" },
	{ NAMES_TXT, "one.example", NAMES_FOUND, "[v=DKIM1; p=]" },
};

/* RFC 1035 3.3: each kind in its form */
START_TEST(a_name_has_the_records_that_the_server_gives)
{
	struct scene scene;

	scene_open(&scene, "");
	ck_assert_int_eq(names_ask_records(scene.names,
	    records_answers[_i].kind, slice_str(records_answers[_i].name),
	    on_texts, &scene), 0);
	TURN_UNTIL(scene.loop, scene.told > 0);
	ck_assert_int_eq(scene.found, records_answers[_i].found);
	ck_assert_str_eq(scene.texts, records_answers[_i].records);
	scene_close(&scene);
}
END_TEST

static const char *const no_records[] = {
	"", ".", "a..b", "a\\.b", "a\"b", "a\nb", "\xc3\xa9.id",
	"aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb1234.x",
};

START_TEST(what_cannot_be_written_as_a_name_is_not_asked_for)
{
	struct scene scene;

	scene_open(&scene, "");
	ck_assert_int_eq(names_ask_records(scene.names, NAMES_A,
	    slice_str(no_records[_i]), on_texts, &scene), -EINVAL);
	scene_close(&scene);
}
END_TEST

START_TEST(no_more_texts_are_told_than_anybody_has)
{
	struct scene scene;

	scene_open(&scene, "");
	ask_texts(&scene, "hundreds.example");
	ck_assert_int_eq(scene.found, NAMES_FOUND);
	ck_assert_uint_eq(scene.count, NAMES_TEXTS);
	scene_close(&scene);
}
END_TEST

START_TEST(who_is_told_of_texts_may_ask_again_or_close)
{
	struct scene scene;

	scene_open(&scene, "");
	scene.asks_again = true;
	ck_assert_int_eq(names_ask_texts(scene.names,
	    slice_str("no-text.example"), on_texts, &scene), 0);
	TURN_UNTIL(scene.loop, scene.told == 2);
	ck_assert_str_eq(scene.texts, "[v=DKIM1; p=]");
	scene.closes = true;
	ck_assert_int_eq(names_ask_texts(scene.names,
	    slice_str("silent.example"), on_texts, &scene), 0);
	ck_assert_int_eq(names_ask_texts(scene.names,
	    slice_str("split.example"), on_texts, &scene), 0);
	TURN_UNTIL(scene.loop, scene.told == 3);
	turn(scene.loop);
	ck_assert_uint_eq(scene.told, 3);
	scene_close(&scene);
}
END_TEST

START_TEST(whoever_waits_too_long_for_texts_is_told_later)
{
	struct scene scene;

	scene_open(&scene, "");
	ck_assert_int_eq(names_ask_texts(scene.names,
	    slice_str("silent.example"), on_texts, &scene), 0);
	turn_ms(scene.loop, 100);
	ck_assert_uint_eq(scene.told, 0);
	ahead_seconds = NAMES_MOST_MS / 1000 + 1;
	TURN_UNTIL(scene.loop, scene.told == 1);
	ck_assert_int_eq(scene.found, NAMES_LATER);
	scene_close(&scene);
}
END_TEST

static const char *const no_hosts[] = {
	"", ".", "a..b", "-a.example", "a-.example", "a b", "a/b", "a:b",
	"a\nb", "1.2.3", "1.2.3.256", "[192.0.2.1", "[]", "a,b", "\xc3\xa9.id",
	"aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb1234.x",
};

START_TEST(what_is_no_host_is_not_asked_for)
{
	struct scene scene;

	scene_open(&scene, "");
	ck_assert_int_eq(names_ask(scene.names, slice_str(no_hosts[_i]),
	    on_found, &scene), -EINVAL);
	ck_assert_int_eq(names_ask_texts(scene.names, slice_str(no_hosts[_i]),
	    on_texts, &scene), -EINVAL);
	turn(scene.loop);
	ck_assert_uint_eq(scene.told, 0);
	scene_close(&scene);
}
END_TEST

static const struct names_options bad_options[] = {
	{ "resolver.example", "", NULL },
	{ "192.0.2.1@x", "", NULL },
	{ "127.0.0.1", "/nonexistent/hosts", NULL },
};

START_TEST(options_that_cannot_be_are_refused_in_words)
{
	struct loop *loop = loop_new();
	struct names *names = NULL;
	const char *fault = NULL;

	ck_assert_int_eq(names_open(loop, &bad_options[_i], &names, &fault),
	    -EINVAL);
	ck_assert_ptr_null(names);
	ck_assert_ptr_nonnull(fault);
	loop_free(loop);
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/names");
	TCase *test = tcase_create("names");

	tcase_set_timeout(test, 30);
	tcase_add_loop_test(test,
	    a_name_has_the_addresses_that_the_server_gives, 0, ROWS(answers));
	tcase_add_test(test, no_more_addresses_are_told_than_are_tried);
	tcase_add_test(test, what_was_asked_is_remembered);
	tcase_add_test(test, a_handler_may_ask_again);
	tcase_add_test(test, whoever_waits_too_long_is_told_later);
	tcase_add_test(test,
	    a_resolver_that_is_quick_is_waited_for_when_it_is_slow);
	tcase_add_test(test, closing_forgets_who_waits);
	tcase_add_test(test, the_hosts_file_is_known);
	tcase_add_loop_test(test, a_name_has_the_texts_that_the_server_gives,
	    0, ROWS(texts_answers));
	tcase_add_loop_test(test,
	    a_name_has_the_records_that_the_server_gives, 0,
	    ROWS(records_answers));
	tcase_add_loop_test(test,
	    what_cannot_be_written_as_a_name_is_not_asked_for, 0,
	    ROWS(no_records));
	tcase_add_test(test, no_more_texts_are_told_than_anybody_has);
	tcase_add_test(test, who_is_told_of_texts_may_ask_again_or_close);
	tcase_add_test(test, whoever_waits_too_long_for_texts_is_told_later);
	tcase_add_loop_test(test, what_is_no_host_is_not_asked_for, 0,
	    ROWS(no_hosts));
	tcase_add_loop_test(test, options_that_cannot_be_are_refused_in_words,
	    0, ROWS(bad_options));
	suite_add_tcase(suite, test);
	return suite;
}
