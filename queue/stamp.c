/*
 * stamp.c - the header lines the hub puts on top of a letter
 */
#include "queue/stamp.h"

#include "lib/message/date.h"

/* Peer text inside a header line: no controls, no folding, no comment ends. */
static void
add_safely(struct text *text, struct slice s)
{
	bool utf8 = slice_is_utf8(s);

	s = slice_first(s, 320);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c < 0x20 || c == 0x7f || (c > 0x7f && !utf8) ||
		    c == '(' || c == ')' || c == '\\')
			text_add_byte(text, '?');
		else
			text_add_byte(text, (char)c);
	}
}

/* RFC 3848 and RFC 6531 4.3: how it came, in one word. */
static const char *
protocol(const struct envelope *env)
{
	static const char *const words[2][2][2] = {
		{ { "ESMTP", "ESMTPS" }, { "LMTP", "LMTPS" } },
		{ { "UTF8SMTP", "UTF8SMTPS" }, { "UTF8LMTP", "UTF8LMTPS" } },
	};

	return words[env->utf8][env->source == SOURCE_LMTP][env->tls.len > 0];
}

static void
add_received(struct text *text, const struct envelope *env,
    const struct recipient *rcpt, const char *hostname, int zone_minutes)
{
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&env->id, id);
	text_add_str(text, "Received: from ");
	add_safely(text, env->helo);
	text_add_str(text, " ([");
	add_safely(text, env->peer);
	text_addf(text, "])\r\n\tby %s (Postroom) with %s id %s", hostname,
	    protocol(env), id);
	if (env->tls.len > 0) {
		text_add_str(text, "\r\n\t(");
		add_safely(text, env->tls);
		text_add_byte(text, ')');
	}
	text_add_str(text, "\r\n\tfor <");
	add_safely(text, rcpt->address);
	text_add_str(text, ">;\r\n\t");
	(void)date_write(text, env->received_at_utc_ms, zone_minutes);
	text_add_str(text, "\r\n");
}

void
stamp_write(struct text *text, const struct envelope *env,
    const struct recipient *rcpt, const struct verdict *verdict,
    const char *hostname, int zone_minutes)
{
	text_add_str(text, "Return-Path: <");
	add_safely(text, env->sender);
	text_add_str(text, ">\r\nDelivered-To: ");
	add_safely(text, rcpt->address);
	text_add_str(text, "\r\n");
	for (size_t i = 0; i < verdict->line_count; i++)
		text_addf(text, "%s: %s\r\n", verdict->lines[i].name,
		    verdict->lines[i].value);
	add_received(text, env, rcpt, hostname, zone_minutes);
}
