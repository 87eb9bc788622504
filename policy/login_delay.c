/*
 * login_delay.c - how long a login must wait, after wrong ones
 *
 * Peers choose the keys, so a key is a keyed digest of what it stands for:
 * nobody can aim at one bucket, and an entry has one size whatever was typed.
 * A table that is full loses the entry not touched for the longest time.
 */
#include "policy/login_delay.h"

#include <sys/random.h>

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* a key is a keyed digest already: any four bytes of it are the hash */
#define HASH_FUNCTION(key, len, hash) memcpy(&(hash), (key), sizeof(hash))
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define KEY_BYTES	16
#define DIGEST_BYTES	32
#define USER_MAX_BYTES	320	/* of an address; more makes no difference */

struct entry {
	unsigned char	 key[KEY_BYTES];
	unsigned	 wrong;		/* attempts in a row */
	uint64_t	 at_ms;		/* of the last */
	UT_hash_handle	 hh;
};

struct login_delay {
	unsigned char	 secret[DIGEST_BYTES];
	struct entry	*counted;	/* addresses and names, oldest first */
	struct entry	*known;		/* names at addresses */
};

enum what { AN_ADDRESS, A_NAME, A_NAME_AT_ADDRESS };

struct login_delay *
login_delay_new(void)
{
	struct login_delay *d = calloc(1, sizeof(*d));

	if (d != NULL && getrandom(d->secret, sizeof(d->secret), 0) !=
	    (ssize_t)sizeof(d->secret)) {
		free(d);
		return NULL;
	}
	return d;
}

static void
table_free(struct entry **table)
{
	struct entry *e, *next;

	HASH_ITER(hh, *table, e, next) {
		HASH_DEL(*table, e);
		free(e);
	}
}

void
login_delay_free(struct login_delay *d)
{
	if (d == NULL)
		return;
	table_free(&d->counted);
	table_free(&d->known);
	free(d);
}

/* The part of `peer` that one customer of a provider holds. */
static size_t
network_of(struct slice peer, unsigned char out[16])
{
	char text[64];

	memset(out, 0, 16);
	if (slice_cstr(peer, text, sizeof(text)) < 0)
		return 0;
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	if (inet_pton(AF_INET6, text, out) != 1)
		return 0;
	if (memcmp(out, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0) {
		memmove(out, out + 12, 4);
		return 4;
	}
	return 8;
}

static bool
key_of(const struct login_delay *d, enum what what, struct slice peer,
    struct slice user, unsigned char key_out[KEY_BYTES])
{
	unsigned char bytes[1 + 16 + USER_MAX_BYTES], digest[DIGEST_BYTES];
	size_t len = 0;
	unsigned digest_len = sizeof(digest);

	bytes[len++] = (unsigned char)what;
	if (what != A_NAME)
		len += network_of(peer, bytes + len);
	user = slice_first(user, USER_MAX_BYTES);
	for (size_t i = 0; what != AN_ADDRESS && i < user.len; i++)
		bytes[len++] = (unsigned char)(user.at[i] >= 'A' &&
		    user.at[i] <= 'Z' ? user.at[i] | 0x20 : user.at[i]);
	if (HMAC(EVP_sha256(), d->secret, sizeof(d->secret), bytes, len,
	    digest, &digest_len) == NULL)
		return false;
	memcpy(key_out, digest, KEY_BYTES);
	return true;
}

/* The entry of that key, or NULL. */
static struct entry *
entry_find(struct entry **table, const unsigned char key[KEY_BYTES])
{
	struct entry *e;

	HASH_FIND(hh, *table, key, KEY_BYTES, e);
	return e;
}

/*
 * The entry of that key, made if need be, moved to the young end.  NULL when
 * memory is out: the attempt is then not counted.
 */
static struct entry *
entry_touch(struct entry **table, const unsigned char key[KEY_BYTES],
    unsigned most)
{
	struct entry *e = entry_find(table, key);

	if (e != NULL)
		HASH_DEL(*table, e);
	else if (HASH_COUNT(*table) >= most) {
		e = *table;
		HASH_DEL(*table, e);
		memset(e, 0, sizeof(*e));
	} else
		e = calloc(1, sizeof(*e));
	if (e == NULL)
		return NULL;
	memcpy(e->key, key, KEY_BYTES);
	HASH_ADD(hh, *table, key, KEY_BYTES, e);
	if (e->hh.tbl == NULL) {
		free(e);
		return NULL;
	}
	return e;
}

static uint64_t
wait_of(const struct entry *e, uint64_t now_ms)
{
	if (e == NULL || e->wrong == 0 ||
	    now_ms - e->at_ms >= LOGIN_DELAY_FORGET_MS)
		return 0;
	return e->wrong > 4 ? LOGIN_DELAY_MAX_MS :
	    UINT64_C(1000) << (e->wrong - 1);
}

uint64_t
login_delay_ms(struct login_delay *d, struct slice peer, struct slice user,
    uint64_t now_ms)
{
	unsigned char address[KEY_BYTES], name[KEY_BYTES], both[KEY_BYTES];
	const struct entry *known;
	uint64_t a, n;

	if (!key_of(d, AN_ADDRESS, peer, user, address) ||
	    !key_of(d, A_NAME, peer, user, name) ||
	    !key_of(d, A_NAME_AT_ADDRESS, peer, user, both))
		return LOGIN_DELAY_MAX_MS;
	known = entry_find(&d->known, both);
	if (known != NULL)
		return wait_of(known, now_ms);
	a = wait_of(entry_find(&d->counted, address), now_ms);
	n = wait_of(entry_find(&d->counted, name), now_ms);
	return a > n ? a : n;
}

static void
count(struct entry *e, uint64_t now_ms)
{
	if (e == NULL)
		return;
	if (now_ms - e->at_ms >= LOGIN_DELAY_FORGET_MS)
		e->wrong = 0;
	if (e->wrong < 5)
		e->wrong++;
	e->at_ms = now_ms;
}

void
login_delay_wrong(struct login_delay *d, struct slice peer, struct slice user,
    uint64_t now_ms)
{
	unsigned char key[KEY_BYTES];

	if (key_of(d, AN_ADDRESS, peer, user, key))
		count(entry_touch(&d->counted, key, LOGIN_DELAY_COUNTED),
		    now_ms);
	if (key_of(d, A_NAME, peer, user, key))
		count(entry_touch(&d->counted, key, LOGIN_DELAY_COUNTED),
		    now_ms);
	if (key_of(d, A_NAME_AT_ADDRESS, peer, user, key))
		count(entry_find(&d->known, key), now_ms);
}

void
login_delay_right(struct login_delay *d, struct slice peer, struct slice user,
    uint64_t now_ms)
{
	unsigned char key[KEY_BYTES];
	struct entry *e;

	if (!key_of(d, A_NAME_AT_ADDRESS, peer, user, key))
		return;
	e = entry_touch(&d->known, key, LOGIN_DELAY_KNOWN);
	if (e != NULL) {
		e->wrong = 0;
		e->at_ms = now_ms;
	}
}
