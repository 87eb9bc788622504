/*
 * choice.c - which folders of an IMAP account are collected
 */
#include "fetch/imap/choice.h"

#include <errno.h>

#define INBOX	"INBOX"

/* Cut the next name off: what was quoted in it is undone in place. */
static int
next_name(struct arena *arena, struct slice *rest, struct slice *name_out)
{
	char *name = arena_alloc(arena, rest->len + 1);
	size_t at = 0, len = 0, kept = 0;

	if (name == NULL)
		return -ENOMEM;
	*rest = slice_trim(*rest);
	for (; at < rest->len && rest->at[at] != ','; at++) {
		bool is_quoted = rest->at[at] == '\\' && at + 1 < rest->len;

		at += is_quoted;
		name[len++] = rest->at[at];
		if (is_quoted || rest->at[at] != ' ')
			kept = len;
	}
	*rest = slice_after(*rest, at + 1);
	*name_out = slice_of(name, kept);
	return 0;
}

int
imap_choice_read(struct arena *arena, struct slice words,
    struct imap_choice *choice_out)
{
	struct imap_choice choice = { 0 };
	struct slice name;
	int r;

	words = slice_trim(words);
	choice.is_all = slice_is_word(words, "all");
	if (words.len == 0)
		words = slice_str(INBOX);
	while (words.len > 0 && !choice.is_all) {
		r = next_name(arena, &words, &name);
		if (r < 0)
			return r;
		if (name.len == 0)
			continue;
		if (choice.count == IMAP_CHOICE_MOST)
			return -E2BIG;
		choice.names[choice.count++].name = name;
	}
	*choice_out = choice;
	return 0;
}

bool
imap_choice_wants_list(const struct imap_choice *choice)
{
	for (unsigned i = 0; i < choice->count; i++)
		if (!slice_is_word(choice->names[i].name, INBOX))
			return true;
	return choice->is_all;
}

bool
imap_choice_takes(struct imap_choice *choice, struct slice called)
{
	bool is_inbox = slice_is_word(called, INBOX), takes = false;

	for (unsigned i = 0; i < choice->count && called.len > 0; i++) {
		struct slice name = choice->names[i].name;

		if (!slice_is(name, called) &&
		    !(is_inbox && slice_is_word(name, INBOX)))
			continue;
		choice->names[i].is_found = takes = true;
	}
	return takes || choice->is_all;
}

bool
imap_choice_missing(const struct imap_choice *choice, struct slice *name_out)
{
	for (unsigned i = 0; i < choice->count; i++)
		if (!choice->names[i].is_found) {
			*name_out = choice->names[i].name;
			return true;
		}
	return false;
}
