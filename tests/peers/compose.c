/*
 * compose.c - letters of the hub's own making, for another reader to take apart
 *
 * usage: compose COUNT
 *
 * One JSON line each: the message, and what was asked to be in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/message/compose.h"

#define MANY	(1u << 20)

static struct slice
chance(char *buffer, size_t most, bool is_body)
{
	static const char *const parts[] = {
		"a", "B", "7", " ", "  ", "=", "=?utf-8?Q?x?=", "?=", ".",
		"From ", ",", "<", ">", "\"", "\\", "(", ")", ":", ";", "@",
		"\303\251", "\342\202\254", "\360\237\230\200", "word",
		"\n", "\n.\n", " \n", "\t", "\n--\n"
	};
	size_t kinds = is_body ? 29 : 24, len = 0;
	size_t goal = (size_t)rand() % most;

	while (len < goal) {
		const char *part = parts[(size_t)rand() % kinds];

		if (len + strlen(part) > most)
			break;
		memcpy(buffer + len, part, strlen(part));
		len += strlen(part);
	}
	return slice_of(buffer, len);
}

static void
add_member(struct text *line, const char *name, struct slice value)
{
	text_addf(line, "\"%s\":", name);
	text_add_json(line, value);
	text_add_byte(line, ',');
}

int
main(int argc, char **argv)
{
	long count = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	char subject[200], name[100], body[2000];

	srand(20261122);
	while (count > 0) {
		TEXT_AUTO message = TEXT_INIT(MANY);
		TEXT_AUTO line = TEXT_INIT(8 * MANY);
		const struct compose letter = {
			.at_utc_ms = 1795326697000 + rand(),
			.zone_minutes = rand() % 1500 - 750,
			.id = { { 1, 2, 3, (unsigned char)rand() } },
			.hostname = SLICE("mx.office.test"),
			.from_name = chance(name, sizeof(name), false),
			.from = SLICE("postmaster@office.test"),
			.to = SLICE("\"ann, b\"@office.test"),
			.subject = chance(subject, sizeof(subject), false),
			.body = chance(body, sizeof(body), true)
		};

		if (compose_write(&message, &letter) < 0)
			continue;	/* a subject of blanks */
		text_add_byte(&line, '{');
		add_member(&line, "message", text_slice(&message));
		add_member(&line, "subject", letter.subject);
		add_member(&line, "name", letter.from_name);
		add_member(&line, "body", letter.body);
		text_addf(&line, "\"utc_ms\":%lld}\n",
		    (long long)letter.at_utc_ms);
		if (text_failed(&message) || text_failed(&line) ||
		    fwrite(line.at, 1, line.len, stdout) != line.len)
			return 1;
		count--;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
