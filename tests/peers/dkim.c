/*
 * dkim.c - check the signatures of messages, for the peer tests
 *
 * usage: dkim KEYS UTC FILE...
 *
 * KEYS has one record a line: its name, a blank, the text; "NAME later" is a
 * lookup that fails.  UTC is when the messages came, in seconds.  For each
 * signature one line goes to the output: FILE, its number, the result, and the
 * reason in words.  Ends with 1 when a file or the library fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/auth/dkim.h"
#include "tests/peers/read.h"

static void
answer(struct dkim *dkim, unsigned which, const char *name, struct slice keys)
{
	struct slice line, texts[DKIM_RECORDS], key;
	size_t count = 0;

	while (slice_cut(&keys, '\n', &line)) {
		if (!slice_cut(&line, ' ', &key) ||
		    !slice_is_word(key, name) || count == DKIM_RECORDS)
			continue;
		if (slice_is_str(line, "later")) {
			dkim_key(dkim, which, DKIM_LOOKUP_LATER, false, NULL,
			    0);
			return;
		}
		texts[count++] = line;
	}
	dkim_key(dkim, which, count > 0 ? DKIM_LOOKUP_FOUND :
	    DKIM_LOOKUP_NONE, false, texts, count);
}

static int
check(const struct dkim_tools *tools, int64_t utc, const char *path,
    struct slice keys)
{
	struct dkim_options options = { .received_utc = utc };
	TEXT_AUTO message = TEXT_INIT(FILE_BYTES);
	struct dkim *dkim = dkim_new(tools, &options);
	const char *name;
	unsigned which;
	int r;

	if (dkim == NULL || !read_file(path, &message)) {
		dkim_free(dkim);
		return -1;
	}
	r = dkim_add(dkim, text_slice(&message));
	if (r == 0)
		r = dkim_end(dkim);
	while ((name = dkim_wants_key(dkim, &which)) != NULL)
		answer(dkim, which, name, keys);
	for (unsigned i = 0; i < dkim_count(dkim); i++)
		(void)printf("%s %u %s %s\n", path, i,
		    dkim_result_code(dkim_finding(dkim, i).result),
		    dkim_reason_code(dkim_finding(dkim, i).reason));
	dkim_free(dkim);
	return r;
}

int
main(int argc, char **argv)
{
	TEXT_AUTO keys = TEXT_INIT(FILE_BYTES);
	struct dkim_tools *tools;
	int bad = 0;

	if (argc < 3 || !read_file(argv[1], &keys) ||
	    dkim_tools_open(&tools) < 0)
		return 1;
	for (int i = 3; i < argc; i++)
		if (check(tools, strtoll(argv[2], NULL, 10), argv[i],
		    text_slice(&keys)) < 0) {
			(void)printf("%s - error\n", argv[i]);
			bad = 1;
		}
	dkim_tools_close(tools);
	return bad;
}
