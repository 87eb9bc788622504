/*
 * folders_scene.h - mailboxes, played for a fuzzed session
 *
 * In place of store/folders.c: INBOX is number 1, there is a level "a" with a
 * mailbox below it, and whatever changes one goes by the length of its name.
 */
#ifndef TESTS_FUZZ_FOLDERS_SCENE_H
#define TESTS_FUZZ_FOLDERS_SCENE_H

#include <errno.h>

#include "store/folders.h"

/* There is nothing to make. */
int
folders_ready(struct account *account)
{
	(void)account;
	return 0;
}

/* Three names, each before what is below it. */
int
folders_each(struct account *account, folder_fn *fn, void *arg)
{
	static const struct folder folders[] = {
		{ .mailbox = 1, .name = SLICE("INBOX"), .is_name = true,
		    .is_subscribed = true },
		{ .name = SLICE("a"), .is_name = true, .has_children = true },
		{ .mailbox = 2, .name = SLICE("a/\xc3\xa9"), .is_name = true,
		    .uses = FOLDER_SENT },
	};
	int r = 0;

	(void)account;
	for (size_t i = 0; r == 0 && i < 3; i++)
		r = fn(arg, &folders[i]);
	return r;
}

/* INBOX, in capitals. */
int
folder_find(struct account *account, struct slice name, uint32_t *mailbox_out)
{
	(void)account;
	*mailbox_out = 1;
	return slice_is_str(name, "INBOX") ? 0 : name.len == 0 ? -EINVAL :
	    -ENOENT;
}

/* The same of each. */
int
folder_status(struct account *account, uint32_t mailbox,
    struct folder_status *status_out)
{
	(void)account;
	(void)mailbox;
	*status_out = (struct folder_status){ .uidvalidity = 7, .uidnext = 9,
	    .messages = 2, .unseen = 1, .highest_modseq = 5 };
	return 0;
}

/* A long name is free. */
int
folder_create(struct account *account, struct slice name, unsigned uses,
    uint32_t *mailbox_out)
{
	(void)account;
	(void)uses;
	*mailbox_out = 3;
	return name.len > 3 ? 0 : -EEXIST;
}

/* The mailbox of a short name has others below it. */
int
folder_delete(struct account *account, struct slice name)
{
	(void)account;
	return name.len > 3 ? 0 : -ENOTEMPTY;
}

/* To a longer name only. */
int
folder_rename(struct account *account, struct slice from, struct slice to)
{
	(void)account;
	return from.len < to.len ? 0 : -EEXIST;
}

/* Any name; nothing is kept. */
int
folder_subscribe(struct account *account, struct slice name, bool is)
{
	(void)account;
	(void)is;
	return name.len > 0 ? 0 : -EINVAL;
}

#endif
