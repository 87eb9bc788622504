/*
 * threads_fuzz.c - conversations of letters that refer to each other anyhow
 *
 * Each line is a letter: a digit for its day, then its Message-ID, In-Reply-To,
 * References and subject, with a tab between.  Every letter is told once, lists
 * open and close, and more than one letter at a time or fewer makes no
 * difference.
 */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "lib/message/threads.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define LETTERS	200
#define BUDGET	(4 * 1024 * 1024)

static struct slice
field(struct slice *line)
{
	struct slice value = *line;

	if (!slice_cut(line, '\t', &value))
		*line = slice_of(NULL, 0);
	return value;
}

static size_t
add_lines(struct threads *threads, struct slice rest)
{
	struct slice line;
	size_t count = 0;

	while (count < LETTERS && slice_cut(&rest, '\n', &line)) {
		struct threads_letter letter = { 0 };

		if (line.len > 0) {
			letter.sent = line.at[0];
			letter.is_reply = line.at[0] & 1;
			line = slice_after(line, 1);
		}
		letter.message_id = field(&line);
		letter.in_reply_to = field(&line);
		letter.references = field(&line);
		letter.subject = line;
		assert(threads_add(threads, &letter) == 0);
		count++;
	}
	return count;
}

/* "(3 6 (4 23)(7))": balanced, and each number from 1 to `count` once. */
static void
check(struct slice told, size_t count)
{
	bool seen[LETTERS + 1] = { false };
	size_t depth = 0, found = 0;

	for (size_t i = 0; i < told.len; i++) {
		size_t n = 0;

		if (told.at[i] == '(')
			depth++;
		else if (told.at[i] == ')')
			assert(depth-- > 0 && told.at[i - 1] != '(');
		for (; i < told.len && isdigit((unsigned char)told.at[i]); i++)
			n = n * 10 + (size_t)(told.at[i] - '0');
		if (n == 0)
			continue;
		i--;
		assert(n <= count && !seen[n] && depth > 0);
		seen[n] = true;
		found++;
	}
	assert(depth == 0 && found == count);
}

static void
tell(enum threads_how how, struct slice lines, size_t most, struct text *text)
{
	static const struct hash_key key = { { 1, 2 } };
	struct threads *threads = threads_new(how, LETTERS, BUDGET, &key);
	uint32_t numbers[LETTERS];
	size_t count;
	int r;

	assert(threads != NULL);
	for (uint32_t i = 0; i < LETTERS; i++)
		numbers[i] = i + 1;
	count = add_lines(threads, lines);
	while ((r = threads_step(threads, most)) > 0)
		;
	assert(r == 0);
	while (threads_tell(threads, text, numbers, most))
		;
	assert(!text_failed(text));
	check(text_slice(text), count);
	threads_free(threads);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice lines = slice_of(bytes, len < 65536 ? len : 65536);

	for (enum threads_how how = THREADS_ORDEREDSUBJECT;
	    how <= THREADS_REFERENCES; how++) {
		TEXT_AUTO slowly = TEXT_INIT(65536);
		TEXT_AUTO at_once = TEXT_INIT(65536);

		tell(how, lines, 1, &slowly);
		tell(how, lines, 100000, &at_once);
		assert(slice_is(text_slice(&slowly), text_slice(&at_once)));
	}
	return 0;
}
