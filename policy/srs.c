/*
 * srs.c - the sender of mail that is sent on (Sender Rewriting Scheme)
 */
#include "policy/srs.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/message/path.h"

#define DAY_MS		86400000
#define DAYS_AROUND	1024	/* two digits of base32 */
#define MARK_CHARS	5	/* "SRS0=" */
#define SIGNED_MOST	512	/* of what the HMAC is of */

static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* "SRS0" or "SRS1" (`which`), and one of the separators that others use. */
static bool
is_marked(struct slice local, char which)
{
	return local.len > MARK_CHARS && lower(local.at[0]) == 's' &&
	    lower(local.at[1]) == 'r' && lower(local.at[2]) == 's' &&
	    local.at[3] == which && (local.at[4] == '=' ||
	    local.at[4] == '+' || local.at[4] == '-');
}

bool
srs_is(struct slice local)
{
	return is_marked(local, '0') || is_marked(local, '1');
}

/* What stands there for the day: its last ten bits. */
static void
day_write(int64_t now_utc_ms, char day_out[2])
{
	unsigned day = (unsigned)((now_utc_ms / DAY_MS) & (DAYS_AROUND - 1));

	day_out[0] = digits[day >> 5];
	day_out[1] = digits[day & 31];
}

/* Its value, or -1. */
static int
digit(char c)
{
	const char *at = c == '\0' ? NULL : strchr(digits, lower(c));

	return at == NULL ? -1 : (int)(at - digits);
}

/* 0, -EBADMSG or -ESTALE. */
static int
day_check(struct slice day, int64_t now_utc_ms)
{
	unsigned now = (unsigned)((now_utc_ms / DAY_MS) & (DAYS_AROUND - 1));
	unsigned age;

	if (day.len != 2 || digit(day.at[0]) < 0 || digit(day.at[1]) < 0)
		return -EBADMSG;
	age = (now - (unsigned)(digit(day.at[0]) << 5 | digit(day.at[1]))) &
	    (DAYS_AROUND - 1);
	return age <= SRS_DAYS ? 0 : -ESTALE;
}

/*
 * The first digits of the HMAC of `what`, in lower case, for that mark; `day` is
 * empty where it stands in `what`.
 */
static int
hash(const struct seal_key *key, char which, struct slice day,
    struct slice what, char hash_out[SRS_HASH_CHARS])
{
	TEXT_AUTO text = TEXT_INIT(SIGNED_MOST);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	text_addf(&text, "SRS%c of ", which);
	for (size_t i = 0; i < day.len; i++)
		text_add_byte(&text, lower(day.at[i]));
	for (size_t i = 0; i < what.len; i++)
		text_add_byte(&text, lower(what.at[i]));
	if (text_failed(&text) || HMAC(EVP_sha256(), key->bytes,
	    SEAL_KEY_BYTES, (const unsigned char *)text.at, text.len, digest,
	    &len) == NULL || len < SRS_HASH_CHARS)
		return -EIO;
	for (unsigned i = 0; i < SRS_HASH_CHARS; i++)
		hash_out[i] = digits[digest[i] & 31];
	return 0;
}

/* `rest` with the mark, hash and day before it, and our domain behind it. */
static int
write_address(const struct seal_key *key, char which, struct slice day,
    struct slice rest, struct slice domain, struct text *address)
{
	char digest[SRS_HASH_CHARS];
	int r;

	if (MARK_CHARS + SRS_HASH_CHARS + day.len + 1 + rest.len > PATH_LOCAL_MAX)
		return -E2BIG;
	r = hash(key, which, day, rest, digest);
	if (r < 0)
		return r;
	text_addf(address, "SRS%c=", which);
	text_add(address, slice_of(digest, SRS_HASH_CHARS));
	text_add(address, day);
	text_add_byte(address, '=');
	text_add(address, rest);
	text_add_byte(address, '@');
	text_add(address, domain);
	return text_failed(address) ? -E2BIG : 0;
}

/*
 * Another host had sent it on: it is the one to hear, whoever has it now.  Of what
 * a third had made of that the first host's part stays.
 */
static int
forward_again(const struct seal_key *key, const struct path *sender,
    struct slice day, struct slice domain, struct text *address)
{
	TEXT_AUTO rest = TEXT_INIT(PATH_MAX_BYTES);
	struct slice said = slice_after(sender->local, MARK_CHARS), old;

	if (is_marked(sender->local, '1') && slice_cut(&said, '=', &old)) {
		text_add(&rest, said);
	} else {
		text_add(&rest, sender->domain);
		text_add_byte(&rest, '=');
		/* with the separator that it has there */
		text_add(&rest, slice_after(sender->local, MARK_CHARS - 1));
	}
	return text_failed(&rest) ? -E2BIG :
	    write_address(key, '1', day, text_slice(&rest), domain, address);
}

int
srs_forward(const struct seal_key *key, struct slice sender,
    struct slice domain, int64_t now_utc_ms, struct text *address)
{
	TEXT_AUTO rest = TEXT_INIT(PATH_MAX_BYTES * 2);
	struct path path;
	char day[2];

	if (address_parse(sender, true, &path) < 0 || path.domain.len == 0 ||
	    path.quoted || path.literal)
		return -EINVAL;
	day_write(now_utc_ms, day);
	if (srs_is(path.local))
		return forward_again(key, &path, slice_of(day, 2), domain,
		    address);
	text_add(&rest, slice_of(day, 2));
	text_add_byte(&rest, '=');
	text_add(&rest, path.domain);
	text_add_byte(&rest, '=');
	text_add(&rest, path.local);
	return text_failed(&rest) ? -E2BIG :
	    write_address(key, '0', slice_of("", 0), text_slice(&rest),
	    domain, address);
}

/* "TT=far.test=zoe" */
static int
reverse_first(struct slice rest, int64_t now_utc_ms, struct text *address)
{
	struct slice day, host;
	int r;

	if (!slice_cut(&rest, '=', &day) || !slice_cut(&rest, '=', &host) ||
	    host.len == 0 || rest.len == 0)
		return -EBADMSG;
	r = day_check(day, now_utc_ms);
	if (r < 0)
		return r;
	text_add(address, rest);
	text_add_byte(address, '@');
	text_add(address, host);
	return 0;
}

/* "other.test==(what follows SRS0)" */
static int
reverse_again(struct slice day, struct slice rest, int64_t now_utc_ms,
    struct text *address)
{
	struct slice host;
	int r = day_check(day, now_utc_ms);

	if (r < 0)
		return r;

	if (!slice_cut(&rest, '=', &host) || host.len == 0 || rest.len < 2)
		return -EBADMSG;
	text_add_str(address, "SRS0");
	text_add(address, rest);
	text_add_byte(address, '@');
	text_add(address, host);
	return 0;
}

int
srs_reverse(const struct seal_key *key, struct slice local,
    int64_t now_utc_ms, struct text *address)
{
	TEXT_AUTO meant = TEXT_INIT(PATH_MAX_BYTES);
	char right[SRS_HASH_CHARS], given[SRS_HASH_CHARS];
	struct slice rest, said, day = slice_of("", 0);
	struct path path;
	int r;

	if (!srs_is(local))
		return -ENOENT;
	rest = slice_after(local, MARK_CHARS);
	if (local.at[4] != '=' || !slice_cut(&rest, '=', &said) ||
	    said.len != SRS_HASH_CHARS + (local.at[3] == '1' ? 2 : 0))
		return -EBADMSG;
	if (local.at[3] == '1')
		day = slice_after(said, SRS_HASH_CHARS);
	r = hash(key, local.at[3], day, rest, right);
	if (r < 0)
		return r;
	for (size_t i = 0; i < SRS_HASH_CHARS; i++)
		given[i] = lower(said.at[i]);
	if (!slice_is_secret(slice_of(given, SRS_HASH_CHARS),
	    slice_of(right, SRS_HASH_CHARS)))
		return -EBADMSG;
	r = local.at[3] == '0' ? reverse_first(rest, now_utc_ms, &meant) :
	    reverse_again(day, rest, now_utc_ms, &meant);
	if (r < 0)
		return r;
	if (text_failed(&meant) ||
	    address_parse(text_slice(&meant), true, &path) < 0)
		return -EBADMSG;
	text_add(address, text_slice(&meant));
	return text_failed(address) ? -EIO : 0;
}
