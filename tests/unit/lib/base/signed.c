/*
 * signed.c - a name server whose zone is signed, in a thread
 */
#include "tests/unit/lib/base/signed.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define PACKET		4096
#define TTL		60
#define TYPE_SOA	6
#define TYPE_OPT	41
#define TYPE_RRSIG	46
#define TYPE_NSEC	47
#define TYPE_DNSKEY	48
#define ALGORITHM	15	/* RFC 8080 */
#define KEY_BYTES	36	/* of a DNSKEY record */
#define RDATA_MOST	600
#define SET_MOST	8	/* records of one name and type */

/* Bytes that grow. */
struct wire {
	unsigned char	bytes[PACKET];
	size_t		len;
};

struct record {
	unsigned char	bytes[RDATA_MOST];
	size_t		len;
};

static void
put(struct wire *wire, const void *bytes, size_t len)
{
	ck_assert_uint_le(wire->len + len, sizeof(wire->bytes));
	memcpy(wire->bytes + wire->len, bytes, len);
	wire->len += len;
}

static void
put_number(struct wire *wire, uint32_t n, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0; ) {
		unsigned char c = (unsigned char)(n >> (8 * i));

		put(wire, &c, 1);
	}
}

/* A name in its canonical form (RFC 4034 6.2). */
static void
put_name(struct wire *wire, const char *name)
{
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		put_number(wire, (uint32_t)len, 1);
		for (size_t i = 0; i < len; i++)
			put_number(wire, (uint32_t)tolower(name[i]), 1);
		name += len + (name[len] == '.');
	}
	put_number(wire, 0, 1);
}

static unsigned
count_labels(const char *name)
{
	unsigned count = *name != '\0';

	for (; *name != '\0'; name++)
		count += *name == '.';
	return count;
}

static bool
is_signed(const char *name)
{
	size_t len = strlen(name), zone = sizeof(SIGNED_ZONE) - 1;

	return len >= zone && strcasecmp(name + len - zone, SIGNED_ZONE) ==
	    0 && (len == zone || name[len - zone - 1] == '.');
}

/* The zone's key as a record (RFC 4034 2.1). */
static void
make_key(const struct signed_server *server, struct record *key_out)
{
	size_t len = KEY_BYTES - 4;

	memcpy(key_out->bytes, "\1\1\3", 3);
	key_out->bytes[3] = ALGORITHM;
	ck_assert_int_eq(EVP_PKEY_get_raw_public_key(server->key,
	    key_out->bytes + 4, &len), 1);
	key_out->len = KEY_BYTES;
}

/* RFC 4034 B */
static unsigned
key_tag(const struct signed_server *server)
{
	struct record key;
	unsigned sum = 0;

	make_key(server, &key);
	for (size_t i = 0; i < key.len; i++)
		sum += (unsigned)key.bytes[i] << (i % 2 == 0 ? 8 : 0);
	return (sum + (sum >> 16)) & 0xffff;
}

static void
put_record(struct wire *wire, const char *name, unsigned type,
    const struct record *record)
{
	put_name(wire, name);
	put_number(wire, type, 2);
	put_number(wire, 1, 2);
	put_number(wire, TTL, 4);
	put_number(wire, (uint32_t)record->len, 2);
	put(wire, record->bytes, record->len);
}

static int
order(const void *one, const void *two)
{
	const struct record *a = one, *b = two;
	int r = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

	return r != 0 ? r : (a->len > b->len) - (a->len < b->len);
}

/* RFC 4034 3.1.8.1 */
static void
put_signature(const struct signed_server *server, struct wire *wire,
    const char *name, unsigned type, const struct record *set, size_t count,
    bool is_wrong)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct wire signature = { .len = 0 }, text;
	uint32_t now = (uint32_t)time(NULL);
	struct record record;
	size_t len = 64;

	put_number(&signature, type, 2);
	put_number(&signature, ALGORITHM, 1);
	put_number(&signature, count_labels(name), 1);
	put_number(&signature, TTL, 4);
	put_number(&signature, now + 86400, 4);
	put_number(&signature, now - 86400, 4);
	put_number(&signature, key_tag(server), 2);
	put_name(&signature, SIGNED_ZONE);
	text = signature;
	for (size_t i = 0; i < count; i++)
		put_record(&text, name, type, &set[i]);
	if (is_wrong)
		text.bytes[text.len - 1] ^= 1;
	memcpy(record.bytes, signature.bytes, signature.len);
	ck_assert(EVP_DigestSignInit(context, NULL, NULL, NULL,
	    server->key) == 1 && EVP_DigestSign(context, record.bytes +
	    signature.len, &len, text.bytes, text.len) == 1);
	record.len = signature.len + len;
	put_record(wire, name, TYPE_RRSIG, &record);
	EVP_MD_CTX_free(context);
}

/* All of one name and type, with its signature; how many records that is. */
static unsigned
put_set(const struct signed_server *server, struct wire *wire,
    const char *name, unsigned type, struct record *set, size_t count,
    enum signed_as as)
{
	bool has_signature = is_signed(name) && as != SIGNED_NOT &&
	    !server->strips;

	qsort(set, count, sizeof(*set), order);
	for (size_t i = 0; i < count; i++)
		put_record(wire, name, type, &set[i]);
	if (has_signature)
		put_signature(server, wire, name, type, set, count,
		    as == SIGNED_WRONG);
	return (unsigned)count + has_signature;
}

static void
make_record(const struct signed_row *row, struct record *record_out)
{
	struct wire wire = { .len = 0 };

	if (row->type == SIGNED_MX)
		put(&wire, row->data, 2);
	if (row->type == SIGNED_MX)
		put_name(&wire, row->data + 2);
	else if (row->type == SIGNED_CNAME)
		put_name(&wire, row->data);
	else
		put(&wire, row->data, row->bytes);
	memcpy(record_out->bytes, wire.bytes, wire.len);
	record_out->len = wire.len;
}

/* The rows of that name and type. */
static size_t
find_set(const struct signed_server *server, const char *name, unsigned type,
    struct record set[SET_MOST], const struct signed_row **first_out)
{
	size_t count = 0;

	*first_out = NULL;
	for (const struct signed_row *row = server->rows; row->name != NULL;
	    row++)
		if (row->type == type && strcasecmp(row->name, name) == 0) {
			ck_assert_uint_lt(count, SET_MOST);
			*first_out = *first_out == NULL ? row : *first_out;
			make_record(row, &set[count++]);
		}
	return count;
}

/* There is nothing of that type (RFC 4035 3.1.3.1). */
static unsigned
put_nothing(const struct signed_server *server, struct wire *wire,
    const char *name)
{
	struct record soa, nsec;
	struct wire made = { .len = 0 };
	unsigned count;

	if (!is_signed(name))
		return 0;
	put_name(&made, SIGNED_ZONE);
	put_name(&made, SIGNED_ZONE);
	for (unsigned i = 0; i < 5; i++)
		put_number(&made, TTL, 4);
	memcpy(soa.bytes, made.bytes, soa.len = made.len);
	count = put_set(server, wire, SIGNED_ZONE, TYPE_SOA, &soa, 1,
	    SIGNED_WELL);
	if (server->strips)
		return count;
	made.len = 0;
	put(&made, "\1\0", 2);
	put_name(&made, name);
	/* window 0, RRSIG and NSEC */
	put(&made, "\0\6\0\0\0\0\0\3", 8);
	memcpy(nsec.bytes, made.bytes, nsec.len = made.len);
	return count + put_set(server, wire, name, TYPE_NSEC, &nsec, 1,
	    SIGNED_WELL);
}

/* The records of the answer into `wire`; its code. */
static unsigned
put_answer(const struct signed_server *server, struct wire *wire,
    const char *name, unsigned type, unsigned *answers_out,
    unsigned *proofs_out)
{
	const struct signed_row *row;
	struct record set[SET_MOST];
	size_t count = find_set(server, name, SIGNED_CNAME, set, &row);

	*answers_out = *proofs_out = 0;
	if (count > 0 && type != SIGNED_CNAME) {
		*answers_out = put_set(server, wire, name, SIGNED_CNAME, set,
		    count, row->as);
		name = row->data;
	}
	count = find_set(server, name, type, set, &row);
	if (row != NULL && row->as == SIGNED_FAILS)
		return 2;
	if (type == TYPE_DNSKEY && strcasecmp(name, SIGNED_ZONE) == 0)
		make_key(server, &set[count++]);
	if (count > 0)
		*answers_out += put_set(server, wire, name, type, set, count,
		    row == NULL ? SIGNED_WELL : row->as);
	else
		*proofs_out = put_nothing(server, wire, name);
	return 0;
}

/* The answer to the question in `packet`; its length. */
static size_t
answer(struct signed_server *server, unsigned char packet[PACKET], size_t len)
{
	struct wire wire = { .len = 0 }, rest = { .len = 0 };
	unsigned answers, proofs, type, code;
	char name[256] = "";
	size_t at = 12, n = 0;

	while (at < len && packet[at] != 0) {
		n += (size_t)snprintf(name + n, sizeof(name) - n, "%s%.*s",
		    n == 0 ? "" : ".", packet[at], (char *)packet + at + 1);
		at += packet[at] + 1u;
	}
	type = (unsigned)packet[at + 1] << 8 | packet[at + 2];
	atomic_fetch_add(&server->asked[type & 255], 1);
	code = put_answer(server, &rest, name, type, &answers, &proofs);
	put(&wire, packet, 2);
	put_number(&wire, 0x8180 | code, 2);
	put_number(&wire, 1, 2);
	put_number(&wire, code != 0 ? 0 : answers, 2);
	put_number(&wire, code != 0 ? 0 : proofs, 2);
	put_number(&wire, 1, 2);
	put(&wire, packet + 12, at + 5 - 12);
	if (code == 0)
		put(&wire, rest.bytes, rest.len);
	put(&wire, "\0\0\51\4\320\0\0\200\0\0\0", 11);	/* EDNS, DO */
	memcpy(packet, wire.bytes, wire.len);
	return wire.len;
}

static void *
serve(void *arg)
{
	struct signed_server *server = arg;
	unsigned char packet[PACKET];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(server->fd, packet, sizeof(packet), 0,
	    (struct sockaddr *)&from, &size)) > 16) {
		size_t len = answer(server, packet, (size_t)n);

		(void)sendto(server->fd, packet, len, 0,
		    (struct sockaddr *)&from, size);
		size = sizeof(from);
	}
	return NULL;
}

static void
write_anchor(struct signed_server *server)
{
	unsigned char text[64];
	struct record key;
	int fd;

	make_key(server, &key);
	(void)EVP_EncodeBlock(text, key.bytes + 4, (int)key.len - 4);
	(void)snprintf(server->anchor, sizeof(server->anchor),
	    "/tmp/signed_XXXXXX");
	fd = mkstemp(server->anchor);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(dprintf(fd, "; the key of a test\n%s. IN DNSKEY 257 "
	    "3 %d %s\n", SIGNED_ZONE, ALGORITHM, (char *)text), 0);
	(void)close(fd);
}

void
signed_open(struct signed_server *server, const struct signed_row *rows)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);

	memset(server, 0, sizeof(*server));
	server->rows = rows;
	server->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	ck_assert_ptr_nonnull(server->key);
	write_anchor(server);
	server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(server->fd, 0);
	ck_assert_int_eq(bind(server->fd, (struct sockaddr *)&at, size), 0);
	ck_assert_int_eq(getsockname(server->fd, (struct sockaddr *)&at,
	    &size), 0);
	server->port = ntohs(at.sin_port);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server),
	    0);
}

void
signed_close(struct signed_server *server)
{
	(void)shutdown(server->fd, SHUT_RDWR);
	(void)pthread_join(server->thread, NULL);
	(void)close(server->fd);
	(void)unlink(server->anchor);
	EVP_PKEY_free(server->key);
}
