/*
 * sessions.c - who is logged in to the web page
 */
#include "gateway/http/sessions.h"

#include <sys/random.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define RANDOM_BYTES	32
#define DIGEST_BYTES	32

/* a key is a digest of random bytes: any four of them are the hash */
#define HASH_FUNCTION(key, len, hash) memcpy(&(hash), (key), sizeof(hash))
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct entry {
	unsigned char	 digest[DIGEST_BYTES];	/* of the token */
	struct session	 session;
	uint64_t	 began_ms, used_ms;
	UT_hash_handle	 hh;
};

struct sessions {
	struct entry	*entries;	/* the one used least lately first */
};

struct sessions *
sessions_new(void)
{
	return calloc(1, sizeof(struct sessions));
}

static void
entry_free(struct sessions *sessions, struct entry *entry)
{
	HASH_DEL(sessions->entries, entry);
	OPENSSL_cleanse(entry, sizeof(*entry));
	free(entry);
}

void
sessions_free(struct sessions *sessions)
{
	struct entry *entry, *next;

	if (sessions == NULL)
		return;
	HASH_ITER(hh, sessions->entries, entry, next)
		entry_free(sessions, entry);
	free(sessions);
}

static bool
is_over(const struct entry *entry, uint64_t now_ms)
{
	return now_ms - entry->used_ms >= SESSION_IDLE_MS ||
	    now_ms - entry->began_ms >= SESSION_AGE_MS;
}

static bool
digest_of(struct slice token, unsigned char digest_out[DIGEST_BYTES])
{
	return token.len == SESSION_TOKEN_SIZE - 1 && EVP_Digest(token.at,
	    token.len, digest_out, NULL, EVP_sha256(), NULL) == 1;
}

static struct entry *
find(struct sessions *sessions, struct slice token)
{
	unsigned char digest[DIGEST_BYTES];
	struct entry *entry = NULL;

	if (digest_of(token, digest))
		HASH_FIND(hh, sessions->entries, digest, sizeof(digest),
		    entry);
	return entry;
}

static int
draw(char token_out[SESSION_TOKEN_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[RANDOM_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		token_out[2 * i] = digits[bytes[i] >> 4];
		token_out[2 * i + 1] = digits[bytes[i] & 0x0f];
	}
	token_out[SESSION_TOKEN_SIZE - 1] = '\0';
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return 0;
}

/* Those that are over go, and one more if need be: there is room then. */
static void
make_room(struct sessions *sessions, uint64_t account, uint64_t now_ms)
{
	struct entry *entry, *next, *oldest = NULL;
	unsigned of_one = 0;

	HASH_ITER(hh, sessions->entries, entry, next) {
		if (is_over(entry, now_ms)) {
			entry_free(sessions, entry);
		} else if (entry->session.account == account) {
			of_one++;
			if (oldest == NULL)
				oldest = entry;
		}
	}
	if (of_one >= SESSIONS_OF_ONE)
		entry_free(sessions, oldest);
	else if (HASH_COUNT(sessions->entries) >= SESSIONS_MOST)
		entry_free(sessions, sessions->entries);
}

int
sessions_begin(struct sessions *sessions, uint64_t account, uint64_t stamp,
    uint64_t now_ms, char token_out[SESSION_TOKEN_SIZE])
{
	struct entry *entry = calloc(1, sizeof(*entry));
	char token[SESSION_TOKEN_SIZE];
	int r = -ENOMEM;

	if (entry == NULL)
		return r;
	entry->session.account = account;
	entry->session.stamp = stamp;
	entry->began_ms = entry->used_ms = now_ms;
	r = draw(token);
	if (r == 0)
		r = draw(entry->session.form);
	if (r == 0 && !digest_of(slice_str(token), entry->digest))
		r = -EIO;
	if (r < 0)
		goto undo;
	make_room(sessions, account, now_ms);
	HASH_ADD(hh, sessions->entries, digest, sizeof(entry->digest), entry);
	r = entry->hh.tbl == NULL ? -ENOMEM : 0;
	if (r < 0)
		goto undo;
	memcpy(token_out, token, sizeof(token));
	OPENSSL_cleanse(token, sizeof(token));
	return 0;
undo:
	free(entry);
	return r;
}

const struct session *
sessions_find(struct sessions *sessions, struct slice token, uint64_t now_ms)
{
	struct entry *entry = find(sessions, token);

	if (entry == NULL)
		return NULL;
	if (is_over(entry, now_ms)) {
		entry_free(sessions, entry);
		return NULL;
	}
	entry->used_ms = now_ms;
	/* to the end: the order is that of use */
	HASH_DEL(sessions->entries, entry);
	HASH_ADD(hh, sessions->entries, digest, sizeof(entry->digest), entry);
	if (entry->hh.tbl == NULL) {
		free(entry);
		return NULL;
	}
	return &entry->session;
}

void
sessions_end(struct sessions *sessions, struct slice token)
{
	struct entry *entry = find(sessions, token);

	if (entry != NULL)
		entry_free(sessions, entry);
}

unsigned
sessions_count(const struct sessions *sessions)
{
	return HASH_COUNT(sessions->entries);
}
