/*
 * say.c - every sentence a person reads, in every language
 */
#include "lib/base/say.h"

#include <string.h>

#define SAY(name, english, indonesian) { english, indonesian },
static const char *const sentences[SAY_COUNT][LANGUAGE_COUNT] = {
#include "lib/base/sentences.def"
};
#undef SAY

enum language
language_of(const char *code)
{
	if (code != NULL && strncmp(code, "id", 2) == 0 &&
	    (code[2] == '\0' || code[2] == '_' || code[2] == '-'))
		return LANGUAGE_ID;
	return LANGUAGE_EN;
}

const char *
say(enum language language, enum sentence sentence)
{
	return sentences[sentence][language];
}

/* no literal, but text_say() and the test have checked every form */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

void
text_say_as(struct text *text, enum language language, enum sentence sentence,
    ...)
{
	va_list ap;

	va_start(ap, sentence);
	text_vaddf(text, say(language, sentence), ap);
	va_end(ap);
}

void
file_say_as(FILE *file, enum language language, enum sentence sentence, ...)
{
	va_list ap;

	va_start(ap, sentence);
	vfprintf(file, say(language, sentence), ap);
	va_end(ap);
}
