/*
 * say.h - every sentence a person reads, in every language
 *
 * sentences.def is the one table; a sentence is named, never written where it
 * is used.  The names and numbers that go into it are checked by the compiler
 * against the English form, and a test proves that each other form takes the
 * same ones in the same order.
 */
#ifndef POSTROOM_BASE_SAY_H
#define POSTROOM_BASE_SAY_H

#include <stdio.h>

#include "lib/base/text.h"

enum language { LANGUAGE_EN, LANGUAGE_ID, LANGUAGE_COUNT };

#define SAY(name, english, indonesian)	SAY_##name,
enum sentence {
#include "lib/base/sentences.def"
	SAY_COUNT
};
#undef SAY

/* The English forms, so that the compiler can check what goes into them. */
#define SAY(name, english, indonesian) \
	static const char say_##name[] __attribute__((unused)) = english;
#include "lib/base/sentences.def"
#undef SAY

/* "en", "id", "id_ID.UTF-8", ...; English when it is none of ours. */
enum language	language_of(const char *code);
/* The sentence as a printf format. */
const char	*say(enum language, enum sentence);

/* Add the sentence `name` with what goes into it, to a text or a file. */
#define text_say(text, language, name, ...) \
	((void)sizeof(snprintf(NULL, 0, say_##name, ##__VA_ARGS__)), \
	text_say_as(text, language, SAY_##name, ##__VA_ARGS__))
#define file_say(file, language, name, ...) \
	((void)sizeof(snprintf(NULL, 0, say_##name, ##__VA_ARGS__)), \
	file_say_as(file, language, SAY_##name, ##__VA_ARGS__))

/* For text_say() and file_say(), which check what they are given. */
void		text_say_as(struct text *, enum language, enum sentence, ...);
void		file_say_as(FILE *, enum language, enum sentence, ...);

#endif
