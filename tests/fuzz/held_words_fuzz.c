/*
 * held_words_fuzz.c - an answer about held mail, whatever it is
 *
 * What the queue reads is what the judge has read: as many numbers, of six
 * digits each, and none twice.
 */
#include <stdint.h>
#include <stdlib.h>

#include "filters/held_words.h"
#include "lib/message/words.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
look_at(const struct held_words *words)
{
	if (words->count > HELD_WORDS_MOST ||
	    (words->is_automatic && words->count > 0))
		abort();
	for (size_t i = 0; i < words->count; i++) {
		uint32_t number = words->word[i].number;

		if (number < 100000 || number > 999999)
			abort();
		for (size_t j = 0; j < i; j++)
			if (words->word[j].number == number)
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static bool is_open;
	static struct verdict verdict;
	struct held_words words, said;
	struct slice message = slice_of(at, len);

	if (!is_open && words_open() < 0)
		return 0;
	is_open = true;
	held_words_of_text(message, &words);
	look_at(&words);
	if (held_words_of(message, &words) < 0)
		return 0;
	look_at(&words);
	held_words_judge(message, &verdict);
	if (verdict.action != VERDICT_ACCEPT)
		return 0;
	if (!held_words_said(&verdict, &said) || said.count != words.count ||
	    said.is_automatic != words.is_automatic)
		abort();
	for (size_t i = 0; i < said.count; i++)
		if (said.word[i].number != words.word[i].number ||
		    said.word[i].is_spam != words.word[i].is_spam)
			abort();
	return 0;
}
