/*
 * mailbox_rights.c - the postmaster looks at rights in a mailbox, or changes them
 *
 * What a person does with GETACL and SETACL (gateway/imap/acl.c); the only way
 * for an account to which nobody logs in.  A change is answered when it is
 * durable and the keeper knows of it; asked twice it is the same.
 */
#include "programs/mailbox_rights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "programs/mailbox_office.h"
#include "store/folders.h"
#include "store/rights.h"

#define WORD_SIZE	32	/* every letter once, a sign, a NUL */

struct rights_errand {
	LIST_ENTRY(rights_errand) next;
	struct mailbox	*mailbox;
	struct ipc	*from;		/* NULL: it is lost */
	uint64_t	 serial;
	uint32_t	 folder;
	bool		 is_negative;
	char		 word[WORD_SIZE];	/* [+-]letters */
	struct office_question *question;
};

struct rows {
	struct text	text;
	uint32_t	count;
};

static int
add_row(void *arg, const struct right *right)
{
	TEXT_AUTO name = TEXT_INIT(RIGHTS_WHO_BYTES + 2);
	TEXT_AUTO letters = TEXT_INIT(64);
	struct rows *rows = arg;

	if (right->is_negative)
		text_add_byte(&name, '-');
	text_add(&name, right->name);
	rights_add(&letters, right->rights, false);
	pack_slice(&rows->text, text_slice(&name));
	pack_slice(&rows->text, text_slice(&letters));
	rows->count++;
	return text_failed(&rows->text) ? -ENOMEM : 0;
}

/* The errand is over: what stands there now, or the error. */
static void
answer(struct rights_errand *errand, int r)
{
	struct rows rows = { TEXT_INIT(IPC_MAX_BYTES / 2), 0 };
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);

	if (r == 0)
		r = rights_each(errand->mailbox->account, errand->folder,
		    add_row, &rows);
	pack_i64(&body, r);
	pack_u32(&body, r < 0 ? 0 : rows.count);
	if (r == 0)
		pack_bytes(&body, text_slice(&rows.text));
	if (errand->from != NULL && ipc_reply(errand->from, errand->serial,
	    text_slice(&body), NULL, 0) < 0)
		log_say("a console does not take what rights there are");
	text_free(&rows.text);
	LIST_REMOVE(errand, next);
	free(errand);
}

static void
on_told(void *arg)
{
	answer(arg, 0);
}

static void
change(struct rights_errand *errand, uint64_t who, struct slice name)
{
	struct account *account = errand->mailbox->account;
	struct right right = { .who = who, .name = name,
	    .is_negative = errand->is_negative };
	unsigned before;
	int r;

	r = rights_row(account, errand->folder, who, errand->is_negative,
	    &before);
	if (r == 0)
		r = rights_change(slice_str(errand->word), before,
		    &right.rights);
	if (r == 0)
		r = rights_set(account, errand->folder, &right);
	mailbox_broken(r);
	/* whoever cannot be told now is told when it is there again */
	if (r < 0 || office_tell(errand->mailbox->office, on_told, errand,
	    &errand->question) < 0)
		answer(errand, r);
}

static void
on_who(void *arg, int status, uint64_t account, struct slice address)
{
	struct rights_errand *errand = arg;

	if (status < 0)
		answer(errand, -EAGAIN);
	else if (account == 0 ||
	    account == errand->mailbox->process->instance)
		answer(errand, -ESRCH);
	else
		change(errand, account, address);
}

/* "-ben" is what is taken from ben (RFC 4314 2). */
static void
begin(struct rights_errand *errand, struct slice who, struct slice word)
{
	unsigned rights;
	int r = slice_cstr(word, errand->word, sizeof(errand->word)) < 0 ?
	    -EINVAL : rights_change(word, 0, &rights);

	if (r == 0 && who.len > 1 && who.at[0] == '-') {
		errand->is_negative = true;
		who = slice_after(who, 1);
	}
	if (r < 0) {
		answer(errand, r);
	} else if (slice_is_word(who, "anyone")) {
		change(errand, RIGHTS_ANYONE, slice_str("anyone"));
	} else {
		r = office_ask_who(errand->mailbox->office, who, on_who,
		    errand, &errand->question);
		if (r < 0)
			answer(errand, -EAGAIN);
	}
}

int
mailbox_rights_asked(struct mailbox *mailbox, struct ipc *from,
    struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct slice folder = unpack_slice(&u), who = unpack_slice(&u);
	struct slice word = unpack_slice(&u);
	struct rights_errand *errand;
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	errand = calloc(1, sizeof(*errand));
	if (errand == NULL)
		return -ENOMEM;
	errand->mailbox = mailbox;
	errand->from = from;
	errand->serial = message->serial;
	LIST_INSERT_HEAD(&mailbox->rights, errand, next);
	r = folder_find(mailbox->account, folder, &errand->folder);
	if (r < 0 || who.len == 0)
		answer(errand, r == -EINVAL ? -ENOENT : r);
	else
		begin(errand, who, word);
	return 0;
}

void
mailbox_rights_lost(struct mailbox *mailbox, const struct ipc *ipc)
{
	struct rights_errand *errand;

	LIST_FOREACH(errand, &mailbox->rights, next)
		if (errand->from == ipc)
			errand->from = NULL;
}
