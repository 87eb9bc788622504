/*
 * words.c - what is kept of a server's words, and of the password
 */
#include "fetch/words.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "fetch/collect_inside.h"

/* A shorter password is in many words; only alone it is looked for. */
#define TELLING_BYTES	4
#define PLAIN_BYTES	(FETCH_USER_SIZE + FETCH_SECRET_SIZE + 2)

static bool
is_letter(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || ((unsigned char)c & 0x80) != 0;
}

/* Does `part` stand in `words`, in whatever case; as a word, if `alone`? */
static bool
has(struct slice words, struct slice part, bool alone)
{
	for (size_t at = 0; part.len > 0 && at + part.len <= words.len; at++) {
		size_t end = at + part.len;

		if (!slice_is_nocase(slice_first(slice_after(words, at),
		    part.len), part))
			continue;
		if (!alone || ((at == 0 || !is_letter(words.at[at - 1])) &&
		    (end == words.len || !is_letter(words.at[end]))))
			return true;
	}
	return false;
}

/* The same of `bytes` in base64, as AUTH says them. */
static bool
has_base64(struct slice words, const char *bytes, size_t len)
{
	unsigned char coded[(PLAIN_BYTES + 2) / 3 * 4 + 1];
	int n;
	bool found;

	if (len > PLAIN_BYTES)
		return false;
	n = EVP_EncodeBlock(coded, (const unsigned char *)bytes, (int)len);
	found = n > 0 && has(words, slice_of((const char *)coded, (size_t)n),
	    false);
	explicit_bzero(coded, sizeof(coded));
	return found;
}

static bool
has_plain(struct slice words, const char *user, const char *password)
{
	size_t user_len = strlen(user), password_len = strlen(password);
	char plain[PLAIN_BYTES] = { 0 };
	bool found;

	if (user_len + password_len + 2 > sizeof(plain))
		return false;
	/* RFC 4616 2 */
	memcpy(plain + 1, user, user_len);
	memcpy(plain + user_len + 2, password, password_len);
	found = has_base64(words, plain, user_len + password_len + 2) ||
	    has_base64(words, password, password_len);
	explicit_bzero(plain, sizeof(plain));
	return found;
}

/* A message may be in collect's own digests.  0 or -EIO. */
static int
sha256(struct slice s, unsigned char digest_out[DIGEST_BYTES])
{
	return EVP_Digest(s.at, s.len, digest_out, NULL, EVP_sha256(), NULL) ==
	    1 ? 0 : -EIO;
}

/* The password is wiped: do some of the words digest as it did? */
static bool
has_wiped(const struct collect *collect, struct slice words)
{
	const struct wiped *wiped = &collect->wiped;
	unsigned char digest[DIGEST_BYTES];

	words = slice_first(words, FETCH_WORDS_MOST);
	for (; wiped->len > 0 && words.len >= wiped->len;
	    words = slice_after(words, 1))
		if (sha256(slice_first(words, wiped->len), digest) < 0 ||
		    memcmp(digest, wiped->digest, DIGEST_BYTES) == 0)
			return true;
	return false;
}

static bool
has_password(struct slice words, const char *user, const char *password)
{
	size_t len = strlen(password);

	return len > 0 && (has(words, slice_of(password, len),
	    len < TELLING_BYTES) || has_plain(words, user, password));
}

/*
 * Bytes at the start of `s` that move what is around them on a screen: C1
 * controls (U+0080 to U+009F), and what turns the direction of text (U+202A to
 * U+202E, U+2066 to U+2069).
 */
static size_t
mover(struct slice s)
{
	unsigned char c[3] = { 0 };

	for (size_t i = 0; i < sizeof(c) && i < s.len; i++)
		c[i] = (unsigned char)s.at[i];
	if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
		return 2;
	if (c[0] == 0xe2 && ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
	    (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9)))
		return 3;
	return 0;
}

/* For people: one line, in characters. */
static void
clean(struct slice words, char *kept)
{
	bool is_text;
	size_t len = 0;

	words = slice_first(slice_trim(words), FETCH_WORDS_MOST);
	/* a cut may fall into a character */
	for (unsigned i = 0; i < 3 && !slice_is_utf8(words); i++)
		words = slice_first(words, words.len - (words.len > 0));
	is_text = slice_is_utf8(words);
	while (words.len > 0 && words.at[0] != '\r' && words.at[0] != '\n') {
		unsigned char c = (unsigned char)words.at[0];
		size_t skips = is_text ? mover(words) : 0;

		if (c < 0x20 || c == 0x7f || (c > 0x7f && !is_text))
			c = '?';
		if (skips == 0)
			kept[len++] = (char)c;
		words = slice_after(words, skips == 0 ? 1 : skips);
	}
	kept[len] = '\0';
}

void
words_clean(struct slice words, const char *user, const char *password,
    bool server_said, char kept_out[FETCH_WORDS_MOST + 1])
{
	if (has_password(words, user, password))
		words = slice_str("the server's words held the password");
	else if (server_said && has(words, slice_str(user), true))
		words = slice_str("the server's words held the user name");
	clean(words, kept_out);
}

void
words_keep(struct collect *collect, struct slice words, bool server_said)
{
	if (collect->wiped.is_wiped && has_wiped(collect, words))
		words = slice_str("the server's words held the password");
	/* wiped, it is empty */
	words_clean(words, collect->account.user, collect->password,
	    server_said, collect->words);
}

void
password_wipe(struct collect *collect)
{
	struct wiped *wiped = &collect->wiped;
	struct slice password = slice_str(collect->password);

	if (wiped->is_wiped)
		return;
	/* if it has no digest, it cannot be known again: then it stays */
	if (sha256(password, wiped->digest) < 0)
		return;
	wiped->len = password.len;
	wiped->is_wiped = true;
	explicit_bzero(collect->password, password.len);
}
