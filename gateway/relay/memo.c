/*
 * memo.c - what the resolver has said of a host, for a moment
 */
#include "gateway/relay/memo.h"

#include <string.h>

#include "lib/base/loop.h"

#define MEMO_MS		1000

void
relay_memo_note(struct relay_memo *memo, const char *host,
    struct slice answer)
{
	memo->host[0] = '\0';
	if (answer.len > sizeof(memo->answer))
		return;
	if (answer.len > 0)
		memcpy(memo->answer, answer.at, answer.len);
	memo->len = answer.len;
	memo->since_ms = clock_ms();
	/* a longer one is no name, and is not remembered */
	if (slice_cstr(slice_str(host), memo->host, sizeof(memo->host)) < 0)
		memo->host[0] = '\0';
}

bool
relay_memo_find(const struct relay_memo *memo, const char *host,
    struct slice *answer_out)
{
	if (host[0] == '\0' || strcmp(memo->host, host) != 0 ||
	    clock_ms() - memo->since_ms >= MEMO_MS)
		return false;
	*answer_out = slice_of(memo->answer, memo->len);
	return true;
}
