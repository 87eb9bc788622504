/*
 * clamd_fuzz.c - what a clamd says, and where one is said to listen
 *
 * Only the one whole sentence is CLEAN, whatever else a peer makes up, and what
 * is made of the rest can be shown, logged and sent on.
 */
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "filters/clamd.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_printable(const char *s)
{
	for (; *s != '\0'; s++)
		assert(*s >= 0x20 && *s < 0x7f);
}

static void
check_answer(struct slice reply)
{
	struct scan_answer answer = clamd_answer(reply), again;
	TEXT_AUTO packed = TEXT_INIT(SCAN_ANSWER_MAX);
	bool is_clean = answer.result == SCAN_CLEAN;

	assert(is_clean == slice_is_str(reply, "stream: OK"));
	assert(answer.result < SCAN_RESULTS && answer.also == 0);
	assert(is_clean == (answer.words[0] == '\0'));
	assert(answer.result != SCAN_VIRUS || answer.name[0] != '\0');
	check_printable(answer.name);
	check_printable(answer.words);
	scan_answer_pack(&packed, &answer);
	assert(!text_failed(&packed));
	assert(scan_answer_unpack(text_slice(&packed), &again) == 0);
	assert(again.result == answer.result &&
	    strcmp(again.name, answer.name) == 0 &&
	    strcmp(again.words, answer.words) == 0);
}

static void
check_address(struct slice s)
{
	struct clamd clamd;

	memset(&clamd, 0xa5, sizeof(clamd));
	if (!clamd_read(s, &clamd)) {
		assert(clamd.at.ss_family == 0xa5a5);
		return;
	}
	assert(clamd.len <= sizeof(clamd.at));
	if (slice_has_prefix(s, "/"))
		assert(clamd.at.ss_family == AF_UNIX);
	else if (slice_has_prefix(s, "["))
		assert(clamd.at.ss_family == AF_INET6 &&
		    clamd.len == sizeof(struct sockaddr_in6));
	else
		assert(clamd.at.ss_family == AF_INET &&
		    clamd.len == sizeof(struct sockaddr_in));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice s = slice_of(len == 0 ? "" : (const char *)bytes, len);

	check_answer(s);
	check_address(s);
	return 0;
}
