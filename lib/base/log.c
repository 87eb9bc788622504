/*
 * log.c - sentences for the operator, one line each, on standard error
 *
 * One write(2) a line, so that lines of several roles do not mix.
 */
#include "lib/base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES	1024

static char prefix[48] = "postroom: ";

void
log_open(enum role role, uint64_t instance)
{
	if (instance == 0)
		(void)snprintf(prefix, sizeof(prefix), "%s: ",
		    role_name(role));
	else
		(void)snprintf(prefix, sizeof(prefix), "%s %" PRIu64 ": ",
		    role_name(role), instance);
}

void
log_say(const char *format, ...)
{
	char line[LINE_BYTES];
	size_t len = strlen(prefix);
	va_list args;
	int n;

	memcpy(line, prefix, len);
	va_start(args, format);
	n = vsnprintf(line + len, sizeof(line) - len - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	len += (size_t)n < sizeof(line) - len - 1 ?
	    (size_t)n : sizeof(line) - len - 2;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	/* nobody is left to tell when this fails */
	(void)!write(STDERR_FILENO, line, len);
}
