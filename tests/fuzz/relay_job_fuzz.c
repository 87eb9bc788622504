/*
 * relay_job_fuzz.c - a job or a result that is read packs into the same bytes
 */
#include <assert.h>

#include "gateway/relay/command.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* However it came, it is said in lines that end where they should. */
static void
say(const struct relay_job *job)
{
	const struct relay_offer offer = { .has_dsn = true, .has_size = true,
	    .has_8bit = true, .has_utf8 = true };
	const struct relay_form_facts facts = { .header_8bit = true };
	const struct relay_need need = command_need(job, &facts);
	TEXT_AUTO line = TEXT_INIT(1024 * 1024);
	struct slice words;

	command_mail(&line, job, &need, &offer);
	for (size_t i = 0; i < job->recipient_count; i++)
		command_rcpt(&line, &job->recipients[i], &offer);
	if (text_failed(&line))
		return;
	words = text_slice(&line);
	for (size_t i = 0; i <= job->recipient_count; i++) {
		struct slice one;

		assert(slice_cut(&words, '\n', &one));
		assert(slice_has_prefix(one, i == 0 ? "MAIL FROM:<" :
		    "RCPT TO:<"));
	}
	assert(words.len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	ARENA_AUTO arena = arena_new(1024 * 1024);
	TEXT_AUTO text = TEXT_INIT(len + 64);
	struct slice input = slice_of(bytes, len);
	struct relay_result result;
	struct relay_job job;

	if (relay_job_unpack(arena, input, &job) == 0) {
		relay_job_pack(&text, &job);
		assert(slice_is(text_slice(&text), input));
		say(&job);
	}
	text_clear(&text);
	if (relay_result_unpack(arena, input, &result) == 0) {
		relay_result_pack(&text, &result);
		assert(slice_is(text_slice(&text), input));
	}
	return 0;
}
