/*
 * leaving.c - what a remote host is sent for messages, for others to read
 *
 *	leaving SEVEN <FILES
 *
 * FILES are paths, one a line, of messages with CRLF; SEVEN is 1 for a host
 * without 8BITMIME.  For each a length and a line feed, then the bytes behind
 * DATA with their end; or -1: it cannot be given to such a host.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/relay/body.h"

#define MOST	(64u << 20)

static void
add_file(struct text *message, const char *path)
{
	FILE *file = fopen(path, "rb");
	char bytes[8192];
	size_t n;

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		text_add(message, slice_of(bytes, n));
	(void)fclose(file);
}

static int
write_out(struct slice message, bool seven, struct text *out)
{
	TEXT_AUTO room = TEXT_INIT(FORM_ROOM_BYTES);
	struct relay_form_reader reader = { .span = 0 };
	struct relay_form_facts facts;
	struct relay_body body;
	struct relay_form form;
	struct slice piece;
	int r;

	relay_form_look(message, &facts);
	r = relay_form_make(slice_of("", 0), message, &facts, seven, &form);
	if (r < 0)
		return r;
	relay_body_begin(&body, false);
	while (relay_form_read(&reader, &form, &room, &piece))
		relay_body_add(&body, piece, out);
	relay_body_end(&body, out);
	relay_form_free(&form);
	return text_failed(out) || text_failed(&room) ? -1 : 0;
}

int
main(int argc, char *argv[])
{
	bool seven = argc == 2 && strcmp(argv[1], "1") == 0;
	char path[4096];

	while (fgets(path, sizeof(path), stdin) != NULL) {
		TEXT_AUTO message = TEXT_INIT(MOST);
		TEXT_AUTO out = TEXT_INIT(MOST);

		path[strcspn(path, "\n")] = '\0';
		add_file(&message, path);
		if (write_out(text_slice(&message), seven, &out) < 0) {
			puts("-1");
			continue;
		}
		printf("%zu\n", out.len);
		(void)fwrite(out.at, 1, out.len, stdout);
	}
	return 0;
}
