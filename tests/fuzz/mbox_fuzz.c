/*
 * mbox_fuzz.c - an mbox is taken apart without a byte lost, and so are the
 * lists of a Maildir
 *
 * The first byte says what it is: a file of messages, with a quoting, or a
 * list.  However the file comes, in one piece or in many, it is cut alike.
 */
#include <assert.h>

#include "lib/message/maildir.h"
#include "lib/message/mbox.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Messages, and the place where each ends: they are all of the file. */
static void
check_file(struct slice file, enum mbox_quoting quoting)
{
	while (file.len > 0) {
		TEXT_AUTO message = TEXT_INIT(file.len + 1);
		TEXT_AUTO keywords = TEXT_INIT(2 * file.len + 1);
		struct mbox_message read;
		size_t end = 0, scanned = 0, again = 0, parts = 0;

		assert(mbox_end(file, true, &scanned, &end));
		assert(end > 0 && end <= file.len);
		scanned = 0;
		for (size_t here = 0; !mbox_end(slice_first(file, here),
		    here >= file.len, &scanned, &again); parts++) {
			assert(scanned <= here);
			here += 1 + file.len / 5;
		}
		assert(again == end && parts <= 6);
		mbox_read(slice_first(file, end), quoting, &read, &message,
		    &keywords);
		assert(!text_failed(&message) && !text_failed(&keywords));
		assert(message.len <= end);
		file = slice_after(file, end);
	}
}

static void
check_lists(struct slice list)
{
	TEXT_AUTO words = TEXT_INIT(list.len + MAILDIR_KEYWORDS);
	struct slice names[MAILDIR_KEYWORDS], rest = list, one;
	struct maildir_name name = maildir_name(list);
	bool tabs = false;
	uint32_t uid;

	assert(name.unique.len <= list.len);
	maildir_keywords(list, names);
	maildir_add_keywords(&words, UINT32_MAX, names);
	assert(!text_failed(&words));
	while (maildir_uid(&rest, &uid, &one))
		assert(one.len > 0);
	rest = list;
	while (maildir_subscription(&rest, &tabs, &one))
		assert(one.len > 0);
}

/* A folder comes back from a Maildir as it was. */
static void
check_folder(struct slice name)
{
	TEXT_AUTO file = TEXT_INIT(3 * name.len + 1);

	maildir_add_folder(&file, name);
	assert(!text_failed(&file));
	for (size_t i = 0; i < file.len; i++)
		if (file.at[i] == '.')
			file.at[i] = '/';
	maildir_unescape(&file);
	assert(slice_is(text_slice(&file), name));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice rest = slice_after(slice_of(bytes, len), 1);

	if (len == 0)
		return 0;
	(void)mbox_begins(rest);
	check_folder(rest);
	if (bytes[0] % 4 == 3)
		check_lists(rest);
	else
		check_file(rest, (enum mbox_quoting)(bytes[0] % 4));
	return 0;
}
