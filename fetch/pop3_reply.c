/*
 * pop3_reply.c - what a POP3 server says on one line, and what it means
 *
 * A wrong password is never to be tried over and over (the provider would lock
 * the account), and a locked maildrop is never to be told as a wrong password:
 * the codes of RFC 3206 decide, and where there are none the words do.
 */
#include "fetch/pop3_reply.h"

#include <errno.h>

int
pop3_status_read(struct slice line, struct pop3_status *status_out)
{
	bool ok = slice_has_prefix(line, "+OK");
	size_t len = ok ? 3 : 4;

	if (!ok && !slice_has_prefix(line, "-ERR"))
		return -EBADMSG;
	if (line.len > len && line.at[len] != ' ' && line.at[len] != '\t')
		return -EBADMSG;
	status_out->ok = ok;
	status_out->words = slice_trim(slice_after(line, len));
	return 0;
}

int
pop3_row_read(struct slice line, struct pop3_row *row_out)
{
	struct slice word;
	uint64_t number;

	if (!slice_word(&line, &word) ||
	    slice_u64(word, UINT32_MAX, &number) < 0 || number == 0)
		return -EBADMSG;
	row_out->number = (uint32_t)number;
	row_out->rest = slice_trim(line);
	return 0;
}

uint64_t
pop3_row_bytes(struct slice rest)
{
	struct slice word;
	uint64_t bytes;

	if (!slice_word(&rest, &word) ||
	    slice_u64(word, INT64_MAX, &bytes) < 0)
		return 0;
	return bytes;
}

/*
 * The codes.  SYS/PERM is nothing that waiting mends, so it counts with what a
 * person has to look at: the words are shown (RFC 3206 4).
 */
static const struct {
	const char	*code;
	enum fetch_end	 end;
} codes[] = {
	{ "[AUTH",		FETCH_END_REFUSED },
	{ "[SYS/PERM",		FETCH_END_REFUSED },
	{ "[SYS/",		FETCH_END_BUSY },
	{ "[IN-USE",		FETCH_END_BUSY },
	{ "[LOGIN-DELAY",	FETCH_END_BUSY },
};

/*
 * What servers without codes say.  The first list that has a part of it decides:
 * that the maildrop is locked, and that it is for now only, is said of nothing
 * else; "try again" is said of wrong passwords as well.  "locked" alone is in
 * none: an account can be locked for too many wrong passwords.
 */
static const char *const is_locked[] = {
	"in use", "maildrop lock", "mailbox lock", "maildrop already",
	"mailbox already", "maildrop is lock", "mailbox is lock", "lock busy",
	"unable to lock", "cannot lock", "can't lock", "temporary auth",
	"temporary fail", "temporary err", "temporary login", NULL
}, *const is_wrong[] = {
	"password", "authent", "authoriz", "invalid", "incorrect", "denied",
	"login failed", "logon failed", "credential", "unknown user",
	"no such user", NULL
}, *const is_for_now[] = {
	"busy", "temporar", "try again", "try later", "too many connections",
	"too often", "login delay", "unavailable", NULL
};

static bool
holds(struct slice words, const char *const *parts)
{
	for (; words.len > 0; words = slice_after(words, 1))
		for (size_t i = 0; parts[i] != NULL; i++)
			if (slice_has_prefix(words, parts[i]))
				return true;
	return false;
}

enum fetch_end
pop3_refusal(struct slice words, bool at_login)
{
	words = slice_first(slice_trim(words), FETCH_WORDS_MOST);
	/* libcurl tells the whole line */
	if (slice_has_prefix(words, "-ERR"))
		words = slice_trim(slice_after(words, 4));
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (slice_has_prefix(words, codes[i].code))
			return codes[i].end;
	if (holds(words, is_locked))
		return FETCH_END_BUSY;
	if (at_login && holds(words, is_wrong))
		return FETCH_END_REFUSED;
	if (holds(words, is_for_now))
		return FETCH_END_BUSY;
	return at_login ? FETCH_END_REFUSED : FETCH_END_INCONSISTENT;
}
