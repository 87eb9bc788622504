/*
 * console_mailbox.c - requests about what is in a mailbox
 *
 * An errand goes from the keeper, who says which account it is about, to that
 * account's process.  It waits where there is no channel to it, and goes again
 * when one is lost before the answer: to look changes nothing.  One that asks
 * for a session takes the connection there, and is over when that is served.
 */
#include "programs/console_mailbox.h"

#include <sys/queue.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/keeper.h"
#include "store/rights.h"
#include "store/service.h"

#define JOIN_TAG	"I"	/* of the first line of a session (cli.h) */
#define FLAGS_BYTES	64	/* all flags in words of RFC 9051 */
#define ASKED_MOST	(2 * ADDRESS_SIZE)	/* of a name in a question */

/* Packs the question; ADMIN_OK, or the answer, with who is at fault. */
typedef enum admin_status mailbox_ask_fn(const struct admin_work *,
		    struct text *body, unsigned *field_out);
/* Puts one thing the mailbox said into a row.  0 or -EBADMSG. */
typedef int	 mailbox_row_fn(struct unpack *, struct text *rows);

struct errand {
	LIST_ENTRY(errand) next;
	struct console_mailbox *owner;
	const struct kind *kind;
	uint64_t	 account;	/* 0: the keeper has not said yet */
	struct ipc	*at;		/* being asked now, or NULL */
	int		 fd;		/* for a session, or -1 */
	struct text	 question;
	struct timer	*patience;
	ipc_reply_fn	*reply;
	void		*arg;
	/* what it will be when the timer comes */
	enum admin_status status;
	unsigned	 field;
};

struct link {
	LIST_ENTRY(link) next;
	struct ipc	*ipc;
};

struct console_mailbox {
	struct process	*process;
	struct ipc	*keeper;
	LIST_HEAD(, errand) errands;
	LIST_HEAD(, link) links;
};

static mailbox_ask_fn	ask_list, ask_folders, ask_rights, ask_session;
static mailbox_row_fn	add_letter, add_folder, add_right;
static ipc_reply_fn	on_listing, on_joined;

/* The requests that a mailbox answers. */
static const struct kind {
	const char	*name;
	uint16_t	 message;
	unsigned	 most;		/* rows of an answer */
	mailbox_ask_fn	*ask;
	mailbox_row_fn	*add;
	ipc_reply_fn	*said;
} kinds[] = {
{ "mailbox list",    MAILBOX_LIST,    LISTED_PAGE,  ask_list,	 add_letter,
  on_listing },
{ "mailbox folders", MAILBOX_FOLDERS, FOLDERS_PAGE, ask_folders, add_folder,
  on_listing },
{ "mailbox rights",  MAILBOX_RIGHTS,  RIGHTS_MOST,  ask_rights,	 add_right,
  on_listing },
{ "mailbox session", MAILBOX_SESSION, 0,	    ask_session, NULL,
  on_joined },
};

/* Questions and rows */

/* A number that may be left out: 0 then. */
static enum admin_status
take_number(const struct admin_work *work, unsigned arg, uint64_t max,
    uint64_t *n_out, unsigned *field_out)
{
	*n_out = 0;
	if (!work->given[arg] ||
	    slice_u64(work->args[arg], max, n_out) == 0)
		return ADMIN_OK;
	*field_out = arg;
	return ADMIN_UNFIT;
}

static enum admin_status
ask_list(const struct admin_work *work, struct text *body, unsigned *field_out)
{
	struct slice folder = work->args[ADMIN_MAILBOX_FOLDER];
	uint64_t above;
	enum admin_status status = take_number(work, ADMIN_MAILBOX_ABOVE,
	    UINT64_MAX, &above, field_out);

	if (status == ADMIN_OK && work->given[ADMIN_MAILBOX_FOLDER] &&
	    (folder.len == 0 || folder.len > FOLDER_MAX_BYTES)) {
		*field_out = ADMIN_MAILBOX_FOLDER;
		status = ADMIN_NO_SUCH;
	}
	pack_u64(body, above);
	pack_slice(body, folder);
	return status;
}

static enum admin_status
ask_folders(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	uint64_t above;
	enum admin_status status = take_number(work, ADMIN_FOLDERS_ABOVE,
	    UINT32_MAX, &above, field_out);

	pack_u32(body, (uint32_t)above);
	return status;
}

static enum admin_status
ask_session(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	const struct session_request request = {
		.service = SESSION_IMAP, .tag = SLICE(JOIN_TAG),
		.login = work->args[ADMIN_MAILBOX_ADDRESS]
	};

	(void)field_out;
	session_pack(body, &request);
	return ADMIN_OK;
}

static enum admin_status
ask_rights(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	for (unsigned i = ADMIN_RIGHTS_FOLDER; i <= ADMIN_RIGHTS_LETTERS; i++)
		pack_slice(body, slice_first(work->args[i], ASKED_MOST));
	*field_out = ADMIN_RIGHTS_LETTERS;
	return work->given[ADMIN_RIGHTS_WHO] ==
	    work->given[ADMIN_RIGHTS_LETTERS] ? ADMIN_OK : ADMIN_UNFIT;
}

/* RFC 9051 2.3.2 */
static void
add_flags(struct text *words, uint8_t flags)
{
	static const struct {
		uint8_t		 flag;
		const char	*word;
	} names[] = {
		{ LETTER_SEEN,	   "\\Seen" },
		{ LETTER_ANSWERED, "\\Answered" },
		{ LETTER_FLAGGED,  "\\Flagged" },
		{ LETTER_DRAFT,	   "\\Draft" },
		{ LETTER_DELETED,  "\\Deleted" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((flags & names[i].flag) == 0)
			continue;
		if (words->len > 0)
			text_add_byte(words, ' ');
		text_add_str(words, names[i].word);
	}
}

/* A row of "mailbox list" (admin.c). */
static int
add_letter(struct unpack *u, struct text *rows)
{
	TEXT_AUTO flags = TEXT_INIT(FLAGS_BYTES);
	char id[MESSAGE_ID_CHARS + 1];
	struct listed_letter listed;

	if (listed_unpack(u, &listed) < 0)
		return -EBADMSG;
	message_id_write(&listed.id, id);
	add_flags(&flags, listed.flags);
	pack_u64(rows, listed.place);
	pack_slice(rows, listed.mailbox);
	pack_u64(rows, listed.uidvalidity);
	pack_u64(rows, listed.uid);
	pack_i64(rows, listed.received_at_utc_ms);
	pack_u64(rows, listed.bytes);
	pack_slice(rows, text_slice(&flags));
	pack_slice(rows, listed.keywords);
	pack_slice(rows, slice_str(id));
	return 0;
}

/* A row of "mailbox folders". */
static int
add_folder(struct unpack *u, struct text *rows)
{
	struct listed_folder folder;

	if (folder_unpack(u, &folder) < 0)
		return -EBADMSG;
	pack_u64(rows, folder.mailbox);
	pack_slice(rows, folder.name);
	pack_u64(rows, folder.letters);
	pack_u64(rows, folder.bytes);
	pack_u64(rows, folder.uidvalidity);
	return 0;
}

/* A row of "mailbox rights". */
static int
add_right(struct unpack *u, struct text *rows)
{
	struct slice who = unpack_slice(u), letters = unpack_slice(u);

	if (u->bad)
		return -EBADMSG;
	pack_slice(rows, who);
	pack_slice(rows, letters);
	return 0;
}

/* Errands */

static void
errand_free(struct errand *errand)
{
	timer_free(errand->patience);
	text_free(&errand->question);
	if (errand->fd >= 0)
		(void)close(errand->fd);
	LIST_REMOVE(errand, next);
	free(errand);
}

/* Give the answer: `count` rows, or what `status` says. */
static void
errand_end(struct errand *errand, enum admin_status status, unsigned field,
    uint32_t count, const struct text *rows)
{
	TEXT_AUTO answer = TEXT_INIT(ADMIN_ANSWER_BYTES + 16);
	struct ipc_message told = { .fd = { -1, -1 } };

	if (rows != NULL && text_failed(rows)) {
		status = ADMIN_FAILED;
		count = 0;
	}
	pack_u8(&answer, (uint8_t)status);
	pack_u8(&answer, (uint8_t)field);
	pack_u32(&answer, count);
	if (count > 0)
		pack_bytes(&answer, text_slice(rows));
	told.body = text_slice(&answer);
	errand->reply(errand->arg, 0, &told);
	errand_free(errand);
}

/* An answer without rows. */
static void
errand_refuse(struct errand *errand, enum admin_status status, unsigned field)
{
	errand_end(errand, status, field, 0, NULL);
}

/* It took too long; or the answer was known at once. */
static void
on_patience(void *arg)
{
	struct errand *errand = arg;

	if (errand->at != NULL)
		ipc_forget(errand->at, errand);
	if (errand->account == 0 && errand->owner->keeper != NULL)
		ipc_forget(errand->owner->keeper, errand);
	errand_refuse(errand, errand->status, errand->field);
}

static struct link *
find_link(const struct console_mailbox *mailbox, uint64_t account)
{
	struct link *link;

	LIST_FOREACH(link, &mailbox->links, next)
		if (ipc_instance(link->ipc) == account)
			return link;
	return NULL;
}

/* Ask its mailbox, or for its mailbox. */
static void
errand_go(struct errand *errand)
{
	struct link *link = find_link(errand->owner, errand->account);

	if (link != NULL && ipc_ask(link->ipc, errand->kind->message,
	    text_slice(&errand->question), errand->fd < 0 ? NULL : &errand->fd,
	    errand->fd < 0 ? 0 : 1, errand->kind->said, errand) == 0)
		errand->at = link->ipc;
	else if (link == NULL)
		(void)process_want_mailbox(errand->owner->process,
		    errand->account);
	/* else that channel is about to be lost: console_mailbox_lost() */
}

/* What the mailbox cannot do, and which argument is at fault. */
static enum admin_status
read_error(int64_t error, unsigned *field_out)
{
	switch (error) {
	case -ENOENT:
		*field_out = ADMIN_MAILBOX_FOLDER;
		return ADMIN_NO_SUCH;
	case -ESRCH:
		*field_out = ADMIN_RIGHTS_WHO;
		return ADMIN_NO_SUCH;
	case -EINVAL:
		*field_out = ADMIN_RIGHTS_LETTERS;
		return ADMIN_UNFIT;
	case -EDQUOT:
		return ADMIN_TOO_MANY;
	case -EAGAIN:
		return ADMIN_LATER;
	default:
		return ADMIN_FAILED;
	}
}

/* What the mailbox said, as rows.  The answer's status. */
static enum admin_status
read_listing(const struct kind *kind, struct slice body, struct text *rows,
    uint32_t *count_out, unsigned *field_out)
{
	struct unpack u = unpack_of(body);
	int64_t status = unpack_i64(&u);
	uint32_t count = unpack_u32(&u);

	*count_out = 0;
	*field_out = ADMIN_NO_FIELD;
	if (u.bad || count > kind->most)
		return ADMIN_FAILED;
	if (status < 0)
		return read_error(status, field_out);
	for (uint32_t i = 0; i < count; i++)
		if (kind->add(&u, rows) < 0)
			return ADMIN_FAILED;
	if (!unpack_is_done(&u))
		return ADMIN_FAILED;
	*count_out = count;
	return ADMIN_OK;
}

static void
on_listing(void *arg, int status, struct ipc_message *message)
{
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES);
	struct errand *errand = arg;
	enum admin_status said;
	unsigned field;
	uint32_t count;

	errand->at = NULL;
	if (status < 0)
		return;		/* lost: it goes again when that is told */
	said = read_listing(errand->kind, message->body, &rows, &count,
	    &field);
	errand_end(errand, said, field, count, &rows);
}

/* It is a session there; or that process ends, and the next has it. */
static void
on_joined(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;
	struct unpack u;
	bool is_served;

	errand->at = NULL;
	if (status < 0)
		return;		/* as above */
	u = unpack_of(message->body);
	is_served = unpack_u8(&u) != 0;
	if (!unpack_is_done(&u))
		errand_refuse(errand, ADMIN_FAILED, ADMIN_NO_FIELD);
	else if (is_served)
		errand_refuse(errand, ADMIN_OK, ADMIN_NO_FIELD);
}

static void
on_named(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;
	struct keeper_named named;

	if (status < 0 || keeper_named_said(message->body, &named) < 0)
		errand_refuse(errand, ADMIN_LATER, ADMIN_NO_FIELD);
	else if (named.status != ADMIN_OK)
		errand_refuse(errand, named.status, ADMIN_MAILBOX_ADDRESS);
	else {
		errand->account = named.account;
		errand_go(errand);
	}
}

static const struct kind *
kind_of(const struct admin_request *request)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(request->name, kinds[i].name) == 0)
			return &kinds[i];
	return NULL;
}

static struct errand *
errand_new(struct console_mailbox *mailbox, ipc_reply_fn *reply, void *arg)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (errand == NULL)
		return NULL;
	errand->owner = mailbox;
	errand->reply = reply;
	errand->arg = arg;
	errand->status = ADMIN_LATER;
	errand->field = ADMIN_NO_FIELD;
	errand->fd = -1;
	errand->question = (struct text)TEXT_INIT(4 * ASKED_MOST);
	LIST_INSERT_HEAD(&mailbox->errands, errand, next);
	errand->patience = timer_new(mailbox->process->loop, on_patience,
	    errand);
	if (errand->patience == NULL) {
		errand_free(errand);
		return NULL;
	}
	return errand;
}

/* Read the arguments and ask the keeper whom they mean. */
static int
errand_begin(struct errand *errand, const struct admin_request *request,
    struct slice packed)
{
	TEXT_AUTO name = TEXT_INIT(2 * ADDRESS_SIZE);
	struct admin_work work;
	enum admin_status status;

	if (admin_begin(&work, request, packed, clock_utc_ms()) < 0)
		return -EBADMSG;
	status = errand->kind->ask(&work, &errand->question, &errand->field);
	if (status == ADMIN_OK &&
	    work.args[ADMIN_MAILBOX_ADDRESS].len >= ADDRESS_SIZE) {
		status = ADMIN_NO_SUCH;
		errand->field = ADMIN_MAILBOX_ADDRESS;
	}
	if (status != ADMIN_OK) {
		/* in a later turn of the loop, as every answer comes */
		errand->status = status;
		timer_set(errand->patience, 0);
		return 0;
	}
	keeper_whose_ask(&name, work.args[ADMIN_MAILBOX_ADDRESS]);
	if (text_failed(&errand->question) || text_failed(&name))
		return -EMSGSIZE;
	timer_set(errand->patience, CONSOLE_MAILBOX_MS);
	return ipc_ask(errand->owner->keeper, KEEPER_NAMED, text_slice(&name),
	    NULL, 0, on_named, errand);
}

int
console_mailbox_ask(struct console_mailbox *mailbox,
    const struct admin_request *request, struct slice packed, int fd,
    ipc_reply_fn *reply, void *reply_arg)
{
	struct errand *errand;
	int r = 0;

	if (mailbox->keeper == NULL || kind_of(request) == NULL)
		return -ENOTCONN;
	errand = errand_new(mailbox, reply, reply_arg);
	if (errand == NULL)
		return -ENOMEM;
	errand->kind = kind_of(request);
	if (admin_joins(request)) {
		errand->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		r = errand->fd < 0 ? -errno : 0;
	}
	if (r == 0)
		r = errand_begin(errand, request, packed);
	if (r < 0)
		errand_free(errand);
	return r;
}

static void
nobody_asks(void *arg, int status, struct ipc_message *message)
{
	(void)arg;
	(void)status;
	(void)message;
}

void
console_mailbox_forget(struct console_mailbox *mailbox, void *reply_arg)
{
	struct errand *errand;

	LIST_FOREACH(errand, &mailbox->errands, next)
		if (errand->arg == reply_arg)
			errand->reply = nobody_asks;
}

/* Channels */

struct console_mailbox *
console_mailbox_new(struct process *process)
{
	struct console_mailbox *mailbox = calloc(1, sizeof(*mailbox));

	if (mailbox == NULL)
		return NULL;
	mailbox->process = process;
	LIST_INIT(&mailbox->errands);
	LIST_INIT(&mailbox->links);
	return mailbox;
}

void
console_mailbox_free(struct console_mailbox *mailbox)
{
	struct errand *errand;
	struct link *link;

	if (mailbox == NULL)
		return;
	while ((errand = LIST_FIRST(&mailbox->errands)) != NULL) {
		errand->reply = nobody_asks;
		on_patience(errand);
	}
	while ((link = LIST_FIRST(&mailbox->links)) != NULL) {
		LIST_REMOVE(link, next);
		free(link);
	}
	free(mailbox);
}

void
console_mailbox_keeper(struct console_mailbox *mailbox, struct ipc *keeper)
{
	mailbox->keeper = keeper;
}

int
console_mailbox_peer(struct console_mailbox *mailbox, struct ipc *ipc)
{
	struct link *link = calloc(1, sizeof(*link));
	struct errand *errand;

	if (link == NULL)
		return -ENOMEM;
	link->ipc = ipc;
	LIST_INSERT_HEAD(&mailbox->links, link, next);
	LIST_FOREACH(errand, &mailbox->errands, next)
		if (errand->account == ipc_instance(ipc) && errand->at == NULL)
			errand_go(errand);
	return 0;
}

void
console_mailbox_lost(struct console_mailbox *mailbox, struct ipc *ipc)
{
	struct errand *errand;
	struct link *link;

	LIST_FOREACH(link, &mailbox->links, next)
		if (link->ipc == ipc)
			break;
	if (link == NULL)
		return;
	LIST_REMOVE(link, next);
	free(link);
	LIST_FOREACH(errand, &mailbox->errands, next) {
		if (errand->account != ipc_instance(ipc))
			continue;
		if (errand->at == ipc) {
			ipc_forget(ipc, errand);
			errand->at = NULL;
		}
		if (errand->at == NULL)
			errand_go(errand);
	}
}
