/*
 * received.c - what a Received field says (RFC 5321 4.4)
 *
 *	from HELO (NAME [PEER]) by ...		RFC 5321, Postfix, Sendmail
 *	from NAME ([PEER]:PORT helo=HELO) by ...	Exim
 *	from NAME (HELO HELO) (PEER) by ...	qmail: whose NAME nobody has checked
 *	from [PEER] by ...
 *
 * HELO and ident are the client's own words: "EHLO [10.0.0.1]" is no address
 * that anybody has seen.  What the writer saw stands in a comment, and counts
 * before the word behind "from".
 *	(qmail 123 invoked by uid 7); DATE	no clause at all
 */
#include "lib/message/received.h"

#include <string.h>

#include "lib/base/host.h"

#define DEPTH_MOST	32	/* comments in comments; deeper is read as flat */

/* A word, or a comment with what is in it. */
struct token {
	struct slice	text;
	bool		is_comment;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The comment that `rest` begins with; one without an end is all of it. */
static struct slice
cut_comment(struct slice *rest)
{
	struct slice all = *rest;
	unsigned depth = 0;
	size_t n = 0;

	for (; n < all.len; n++) {
		if (all.at[n] == '\\' && n + 1 < all.len)
			n++;
		else if (all.at[n] == '(' && depth < DEPTH_MOST)
			depth++;
		else if (all.at[n] == ')' && --depth == 0)
			break;
	}
	*rest = slice_after(all, n + 1);
	return slice_after(slice_first(all, n), 1);
}

/* Bytes up to the next blank, comment or semicolon; quotes hold them off. */
static struct slice
cut_word(struct slice *rest)
{
	struct slice all = *rest;
	bool quoted = false;
	size_t n = 0;

	for (; n < all.len; n++) {
		char c = all.at[n];

		if (quoted && c == '\\' && n + 1 < all.len)
			n++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (is_blank(c) || c == '(' || c == ';'))
			break;
	}
	*rest = slice_after(all, n);
	return slice_first(all, n);
}

/* The next token; false at the semicolon before the date, and at the end. */
static bool
next_token(struct slice *rest, struct token *token_out)
{
	while (rest->len > 0 && is_blank(rest->at[0]))
		*rest = slice_after(*rest, 1);
	if (rest->len == 0 || rest->at[0] == ';')
		return false;
	token_out->is_comment = rest->at[0] == '(';
	token_out->text = token_out->is_comment ? cut_comment(rest) :
	    cut_word(rest);
	return true;
}

/* An address as it is written there: without brackets and prefix, or empty. */
static struct slice
address_of(struct slice text)
{
	char written[HOST_TEXT_SIZE];

	text = slice_trim(text);
	if (text.len > 1 && text.at[0] == '[' &&
	    slice_find(text, ']') != SIZE_MAX)	/* a port may follow */
		text = slice_after(slice_first(text, slice_find(text, ']')), 1);
	if (slice_has_prefix(text, "IPv6:"))
		text = slice_after(text, 5);
	return host_address(text, false, written) != 0 ? text :
	    slice_of(NULL, 0);
}

/* "HELO x" or "helo=x": x, and `rest` stands behind it; else empty. */
static struct slice
cut_helo(struct slice word, struct slice *rest)
{
	struct slice next;

	if (slice_has_prefix(word, "helo="))
		return slice_after(word, 5);
	if ((slice_is_word(word, "HELO") || slice_is_word(word, "EHLO")) &&
	    slice_word(rest, &next))
		return next;
	return slice_of(NULL, 0);
}

/* qmail: "joe@192.0.2.9", where joe is what the client's ident said. */
static struct slice
behind_ident(struct slice word)
{
	size_t at = slice_find_last(word, '@');

	return at == SIZE_MAX ? word : slice_after(word, at + 1);
}

/*
 * A comment behind "from": the address, what it is called, what it said.  True:
 * it has the address.
 */
static bool
read_from_comment(struct slice comment, struct received *received)
{
	struct slice rest = comment, word, found, name = { NULL, 0 };
	bool is_first = true, has_peer = false;

	while (slice_word(&rest, &word)) {
		size_t open = slice_find(word, '[');

		found = cut_helo(word, &rest);
		if (found.len > 0) {
			/* Exim has looked its name up both ways */
			if (received->name.len == 0 &&
			    slice_has_prefix(word, "helo="))
				received->name = received->helo;
			received->helo = found;
		} else if (slice_find(word, '=') == SIZE_MAX && !has_peer) {
			found = address_of(open != SIZE_MAX ?
			    slice_after(word, open) :
			    word.len < comment.len ? word :
			    behind_ident(word));
			has_peer = found.len > 0;
			if (has_peer)
				received->peer = found;
			if (has_peer && received->name.len == 0)
				received->name = name;
		}
		if (is_first && host_is_name(word))
			name = word;
		is_first = false;
	}
	/* Sendmail: the name does not lead back to the address */
	if (slice_find_str(comment, "may be forged") != SIZE_MAX)
		received->name = slice_of(NULL, 0);
	return has_peer;
}

/* The clause that a word opens: where its value goes, or NULL. */
static struct slice *
clause_of(struct slice word, struct received *received)
{
	const struct {
		const char	*word;
		struct slice	*value;
	} clauses[] = {
		{ "from", &received->helo }, { "by", &received->by },
		{ "with", &received->with }, { "for", &received->address },
	};

	for (size_t i = 0; i < sizeof(clauses) / sizeof(*clauses); i++)
		if (slice_is_word(word, clauses[i].word) &&
		    clauses[i].value->len == 0)
			return clauses[i].value;
	return NULL;
}

void
received_read(struct slice value, struct received *received_out)
{
	struct received *received = received_out;
	struct slice rest = value, *open = NULL, *last_for = NULL;
	bool in_from = false, has_peer = false;
	struct token token;

	*received = (struct received){ 0 };
	while (next_token(&rest, &token)) {
		if (token.is_comment) {
			if (in_from && !has_peer)
				has_peer = read_from_comment(token.text,
				    received);
			continue;
		}
		if (open != NULL) {
			*open = token.text;
			in_from = open == &received->helo;
			received->has_from |= in_from;
			last_for = open == &received->address ? open : NULL;
			if (in_from)
				received->peer = address_of(token.text);
			open = NULL;
			continue;
		}
		/* RFC 2821: a list of paths behind "for" */
		if (last_for != NULL && token.text.at[0] == '<') {
			last_for->len = (size_t)(token.text.at +
			    token.text.len - last_for->at);
			continue;
		}
		last_for = NULL;
		open = clause_of(token.text, received);
		in_from = in_from && open == NULL &&
		    !slice_is_word(token.text, "id") &&
		    !slice_is_word(token.text, "via");
	}
	if (rest.len > 0)
		received->date = slice_trim(slice_after(rest, 1));
}

/* The last `labels` labels of `host`. */
static struct slice
last_labels(struct slice host, unsigned labels)
{
	size_t at = host.len;

	while (at > 0 && (host.at[at - 1] != '.' || --labels > 0))
		at--;
	return slice_after(host, at);
}

/* "co.id": what stands in front of it is the site's own label. */
static bool
is_registry(struct slice two)
{
	static const char *const names[] = { "ac", "biz", "co", "com", "edu",
	    "go", "gov", "mil", "my", "ne", "net", "or", "org", "sch", "web" };
	size_t dot = slice_find(two, '.');

	for (size_t i = 0; dot != SIZE_MAX && two.len == dot + 3 &&
	    i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_is_word(slice_first(two, dot), names[i]))
			return true;
	return false;
}

bool
received_same_site(struct slice a, struct slice b)
{
	unsigned labels = is_registry(last_labels(a, 2)) ? 3 : 2;

	if (a.len == 0 || b.len == 0)
		return false;
	return slice_is_nocase(last_labels(a, labels), last_labels(b, labels));
}
