/*
 * reply.c - the one way a POP3 reply is said
 */
#include "gateway/pop3/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gateway/login/login.h"
#include "lib/base/text.h"

/* RFC 2449 4: a first line has at most 512 bytes, CRLF included. */
#define REPLY_BYTES	512

/*
 * Write `prefix` and the words as one line: what is too long is cut, what
 * could end the line early becomes a question mark.
 */
static void __attribute__((format(printf, 3, 0)))
say(struct stream *stream, const char *prefix, const char *format, va_list args)
{
	char line[REPLY_BYTES - 2 + 1];
	size_t len;

	len = (size_t)snprintf(line, sizeof(line), "%s", prefix);
	(void)vsnprintf(line + len, sizeof(line) - len, format, args);
	len = strlen(line);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	(void)stream_write(stream, slice_of(line, len));
	(void)stream_write(stream, (struct slice)SLICE("\r\n"));
}

void
pop3_ok(struct stream *stream, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(stream, "+OK ", format, args);
	va_end(args);
}

void
pop3_err(struct stream *stream, const char *code, const char *format, ...)
{
	char prefix[32];
	va_list args;

	(void)snprintf(prefix, sizeof(prefix), "-ERR %s%s%s",
	    code == NULL ? "" : "[", code == NULL ? "" : code,
	    code == NULL ? "" : "] ");
	va_start(args, format);
	say(stream, prefix, format, args);
	va_end(args);
}

void
pop3_line(struct stream *stream, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(stream, "", format, args);
	va_end(args);
}

void
pop3_dot(struct stream *stream)
{
	(void)stream_write(stream, (struct slice)SLICE(".\r\n"));
}

static void
list_mechanisms(struct stream *stream)
{
	TEXT_AUTO names = TEXT_INIT(REPLY_BYTES);
	const char *name;

	for (size_t i = 0; (name = login_mechanism(stream, i)) != NULL; i++)
		text_addf(&names, " %s", name);
	pop3_line(stream, "SASL%.*s", SLICE_FMT(text_slice(&names)));
}

void
pop3_capabilities(struct stream *stream, bool with_logins)
{
	pop3_line(stream, "TOP");
	pop3_line(stream, "UIDL");
	pop3_line(stream, "PIPELINING");
	pop3_line(stream, "EXPIRE NEVER");
	pop3_line(stream, "RESP-CODES");
	pop3_line(stream, "AUTH-RESP-CODE");
	if (with_logins) {
		pop3_line(stream, "USER");
		list_mechanisms(stream);
	}
	pop3_line(stream, "UTF8");
	/* no version: a stranger need not know which holes to try */
	pop3_line(stream, "IMPLEMENTATION Postroom");
}
