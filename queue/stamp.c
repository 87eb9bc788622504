/*
 * stamp.c - the header lines the hub puts on top of a letter
 */
#include "queue/stamp.h"

#include <string.h>

#include "lib/message/date.h"
#include "lib/message/header.h"

#define SAID_MOST	320	/* of what a peer said: any address fits */

/* The first bytes of `s` that fit, no character of UTF-8 cut through. */
static struct slice
cut_to_fit(struct slice s)
{
	size_t len = SAID_MOST;

	if (s.len <= len)
		return s;
	while (len > 0 && ((unsigned char)s.at[len] & 0xc0) == 0x80)
		len--;
	return slice_first(s, len);
}

/*
 * Peer text inside a header line: nothing that ends the line, folds it or, in
 * a comment, ends that.  8-bit text is for messages that may have it.
 */
static void
add_said(struct text *text, const struct envelope *env, struct slice s,
    const char *refused)
{
	bool is_utf8 = env->utf8 && slice_is_utf8(s);

	s = cut_to_fit(s);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c < 0x20 || c == 0x7f || (c > 0x7f && !is_utf8) ||
		    strchr(refused, c) != NULL)
			text_add_byte(text, '?');
		else
			text_add_byte(text, (char)c);
	}
}

/* An address keeps its quoted local part as it was given. */
static void
add_address(struct text *text, const struct envelope *env, struct slice s)
{
	add_said(text, env, s, "");
}

static void
add_word(struct text *text, const struct envelope *env, struct slice s)
{
	add_said(text, env, s, " ()\\<>;\"");
}

/*
 * RFC 3848 and RFC 6531 4.3: how it came, in one word.  No name is registered
 * for POP3; every collector writes this one, an atom (RFC 5321 4.4).
 */
static const char *
protocol(const struct envelope *env)
{
	static const char *const words[2][2][2][2] = {
		{ { { "ESMTP", "ESMTPA" }, { "ESMTPS", "ESMTPSA" } },
		  { { "LMTP", "LMTPA" }, { "LMTPS", "LMTPSA" } } },
		{ { { "UTF8SMTP", "UTF8SMTPA" }, { "UTF8SMTPS", "UTF8SMTPSA" } },
		  { { "UTF8LMTP", "UTF8LMTPA" }, { "UTF8LMTPS", "UTF8LMTPSA" } } },
	};

	if (env->source == SOURCE_FETCH && env->fetched.folder.len > 0)
		return env->tls.len > 0 ? "IMAPS" : "IMAP";
	if (env->source == SOURCE_FETCH)
		return env->tls.len > 0 ? "POP3S" : "POP3";
	return words[env->utf8][env->source == SOURCE_LMTP][env->tls.len > 0]
	    [env->login.len > 0 && env->trust == TRUST_NOBODY];
}

/* RFC 5321 4.4: the name the client gave, and its address as a literal. */
static void
add_from(struct text *text, const struct envelope *env)
{
	text_add_str(text, "from ");
	if (env->helo.len > 0)
		add_word(text, env, env->helo);
	else
		text_add_str(text, "unknown");
	text_add_str(text, " ([");
	if (slice_find(env->peer, ':') != SIZE_MAX)
		text_add_str(text, "IPv6:");
	add_word(text, env, env->peer);
	text_add_str(text, "])\r\n\t");
}

static void
stamp_received(struct text *text, const struct envelope *env,
    const struct recipient *rcpt, const char *hostname, int zone_minutes)
{
	bool by_wire = env->source != SOURCE_OWN;
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&env->id, id);
	text_add_str(text, "Received: ");
	if (by_wire)
		add_from(text, env);
	text_addf(text, "by %s (Postroom)", hostname);
	if (by_wire)
		text_addf(text, " with %s", protocol(env));
	text_addf(text, " id %s", id);
	if (env->tls.len > 0) {
		text_add_str(text, "\r\n\t(");
		add_said(text, env, env->tls, "()\\");
		text_add_byte(text, ')');
	}
	if (env->source == SOURCE_FETCH && env->fetched.label.len > 0) {
		text_add_str(text, "\r\n\t(");
		add_said(text, env, env->fetched.label, "()\\");
		text_add_byte(text, ')');
	}
	if (rcpt != NULL) {
		text_add_str(text, "\r\n\tfor <");
		add_address(text, env, rcpt->address);
		text_add_byte(text, '>');
	}
	text_add_str(text, ";\r\n\t");
	(void)date_write(text, env->received_at_utc_ms, zone_minutes);
	text_add_str(text, "\r\n");
}

/*
 * RFC 2919 3, RFC 2369 3.2, 3.4: which list it came by.  A list's name has nothing
 * that would have to be written otherwise (groups.c).
 */
static void
add_list(struct text *text, struct slice list)
{
	size_t at = slice_find_last(list, '@');
	struct slice name = slice_first(list, at);
	struct slice domain = slice_after(list, at + 1);

	text_addf(text, "List-Id: <%.*s.%.*s>\r\n", SLICE_FMT(name),
	    SLICE_FMT(domain));
	text_addf(text, "List-Post: <mailto:%.*s>\r\n", SLICE_FMT(list));
	text_addf(text, "List-Unsubscribe: "
	    "<mailto:%.*s-request@%.*s?subject=unsubscribe>\r\n",
	    SLICE_FMT(name), SLICE_FMT(domain));
	text_add_str(text, "Precedence: list\r\n");
}

void
stamp_way(struct text *text, const struct envelope *env,
    const struct recipient *rcpt)
{
	if ((rcpt->by & RECIPIENT_BY_LIST) != 0) {
		add_list(text, rcpt->via);
	} else if ((rcpt->by & RECIPIENT_SENT_ON) != 0) {
		/* if it comes back, it is known again: groups.h */
		text_add_str(text, "Delivered-To: ");
		add_address(text, env, rcpt->via);
		text_add_str(text, "\r\n");
	}
}

void
stamp_write(struct text *text, const struct envelope *env,
    const struct recipient *rcpt, const struct verdict *verdict,
    const char *hostname, int zone_minutes)
{
	text_add_str(text, "Return-Path: <");
	add_address(text, env, envelope_sender_of(env, rcpt));
	text_add_str(text, ">\r\nDelivered-To: ");
	add_address(text, env, rcpt->address);
	text_add_str(text, "\r\n");
	if ((rcpt->by & RECIPIENT_BY_LIST) != 0) {
		add_list(text, rcpt->via);
	} else if ((rcpt->by & RECIPIENT_VIA) != 0) {
		text_add_str(text, "X-Original-To: ");
		add_address(text, env, rcpt->via);
		text_add_str(text, "\r\n");
	}
	/* a seal is for the next hand: here there is the line of results */
	for (size_t i = 0; i < verdict->line_count; i++)
		if (strncmp(verdict->lines[i].name, VERDICT_SEAL,
		    sizeof(VERDICT_SEAL) - 1) != 0)
			text_addf(text, "%s: %s\r\n", verdict->lines[i].name,
			    verdict->lines[i].value);
	stamp_received(text, env, rcpt, hostname, zone_minutes);
}

void
stamp_leaving(struct text *text, const struct envelope *env,
    const struct recipient *rcpt, const struct verdict *verdict,
    const char *hostname, int zone_minutes)
{
	for (size_t i = 0; i < verdict->line_count; i++)
		if (verdict_vouches(slice_str(verdict->lines[i].name)))
			text_addf(text, "%s: %s\r\n", verdict->lines[i].name,
			    verdict->lines[i].value);
	stamp_received(text, env, rcpt, hostname, zone_minutes);
}

/* The next word, whatever folds the line behind it. */
static struct slice
cut_word(struct slice *rest)
{
	struct slice word;

	return slice_word(rest, &word) ? slice_trim(word) : slice_of(NULL, 0);
}

/* Does it begin as stamp_received() does? */
bool
stamp_is_received(struct slice value, const char *hostname)
{
	struct slice word = cut_word(&value);

	if (slice_is_str(word, "from")) {
		(void)cut_word(&value);		/* what the client said */
		(void)cut_word(&value);		/* its address */
		word = cut_word(&value);
	}
	return slice_is_str(word, "by") &&
	    slice_is_str(cut_word(&value), hostname) &&
	    slice_is_str(cut_word(&value), "(Postroom)");
}

/*
 * Bytes up to the date, which is the line behind "for <...>;".  A message that
 * begins with a blank would go on with the field.  0: there is no such end.
 */
static size_t
received_bytes(struct slice whole)
{
	struct slice rest = whole, line;
	bool is_for = false, is_date = false;

	while (!is_date && slice_cut(&rest, '\n', &line)) {
		is_date = is_for;
		is_for = slice_has_suffix(slice_trim(line), ">;");
	}
	return is_date ? whole.len - rest.len : 0;
}

/* Thunderbird notes there what it collected. */
static bool
is_note_above(struct slice name)
{
	return slice_is_word(name, "X-Account-Key") ||
	    slice_is_word(name, "X-UIDL") ||
	    slice_has_prefix(name, "X-Mozilla-");
}

/* May it stand between Delivered-To and Received?  See verdict_add_line(). */
static bool
is_said(struct slice name)
{
	return slice_has_prefix(name, "X-") ||
	    slice_has_prefix(name, "List-") ||
	    slice_is_str(name, "Precedence") ||
	    slice_is_str(name, VERDICT_RESULTS) ||
	    slice_is_str(name, VERDICT_SIGNATURE);
}

struct slice
stamp_skip(struct slice letter, const char *hostname)
{
	struct slice rest = letter;
	struct header_field field;
	bool is_field;

	do
		is_field = header_next(&rest, &field);
	while (is_field && is_note_above(field.name));
	if (!is_field || !slice_is_str(field.name, "Return-Path") ||
	    !header_next(&rest, &field) ||
	    !slice_is_str(field.name, "Delivered-To"))
		return letter;
	do
		is_field = header_next(&rest, &field);
	while (is_field && is_said(field.name));
	if (!is_field || !slice_is_str(field.name, "Received") ||
	    !stamp_is_received(field.value, hostname) ||
	    received_bytes(field.whole) == 0)
		return letter;
	return slice_after(letter, (size_t)(field.whole.at - letter.at) +
	    received_bytes(field.whole));
}
