/*
 * arc.c - check the chains of messages, for the peer tests
 *
 * usage: arc KEYS UTC AUTHOR FILE...
 *
 * KEYS has one record a line: its name, a blank, the text.  UTC is when the
 * messages came, in seconds.  For each message one line goes to the output:
 * FILE, the result, whose the newest seal is ("-": nobody's), and "vouches" or
 * "-": what that sealer found was a DMARC pass of the domain AUTHOR.  Ends with
 * 1 when a file or the library fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/peers/chain.h"
#include "tests/peers/read.h"

static bool
check(const struct dkim_tools *tools, int64_t utc, const char *author,
    const char *path, struct slice keys)
{
	static const char *const words[] = {
		[ARC_NONE] = "none", [ARC_PASS] = "pass",
		[ARC_FAIL] = "fail", [ARC_TEMPERROR] = "temperror",
	};
	TEXT_AUTO message = TEXT_INIT(FILE_BYTES);
	struct arc *arc;

	if (!read_file(path, &message))
		return false;
	arc = chain_check(tools, utc, text_slice(&message), keys);
	if (arc == NULL)
		return false;
	(void)printf("%s %s %s %s\n", path, words[arc_result(arc)],
	    arc_sealer(arc)[0] == '\0' ? "-" : arc_sealer(arc),
	    arc_vouches(arc, author) ? "vouches" : "-");
	arc_free(arc);
	return true;
}

int
main(int argc, char **argv)
{
	TEXT_AUTO keys = TEXT_INIT(FILE_BYTES);
	struct dkim_tools *tools;
	int bad = 0;

	if (argc < 4 || !read_file(argv[1], &keys) ||
	    dkim_tools_open(&tools) < 0)
		return 1;
	for (int i = 4; i < argc; i++)
		if (!check(tools, strtoll(argv[2], NULL, 10), argv[3],
		    argv[i], text_slice(&keys))) {
			(void)fprintf(stderr, "%s cannot be checked\n",
			    argv[i]);
			bad = 1;
		}
	dkim_tools_close(tools);
	return bad;
}
