/*
 * export.c - letters of an account on their way into files of other programs
 *
 * An IMAP client of our own server: which folders there are, which letters are
 * in one, and then those that are not there yet, some at a time.  A letter that
 * the server cannot give is named, and all else comes.
 */
#include "programs/export.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch/imap/items.h"
#include "lib/base/amounts.h"
#include "lib/message/envelope.h"
#include "store/account.h"

#define RUN_LETTERS	50		/* of one FETCH */
#define RUN_BYTES	(8 * 1024 * 1024)
#define NAMES_BYTES	(4 * 1024 * 1024)	/* of all folders */

struct listed {
	uint32_t	 uid;
	uint32_t	 bytes;
	bool		 has_come;
};

/* One reading of the session; the reader is large. */
struct reading {
	struct export	*export;
	struct imap_reader reader;
	struct text	 names;		/* of folders, a NUL behind each */
	struct text	 body, keywords;
	struct listed	*letters;	/* of the folder, ascending */
	size_t		 count, room;
	uint32_t	 uidvalidity;
	int		 error;		/* of the form: the export ends */
};

int
export_failed(struct export *export, int error)
{
	transfer_progress_undraw(&export->transfer->progress);
	return cli_fail(export->transfer->cli, CLI_FAILED, EXPORT_FAILED,
	    export->path, strerror(-error));
}

int
export_folder(int above_fd, const char *name)
{
	int fd;

	if (mkdirat(above_fd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(above_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int
export_file(int folder_fd, const char *name)
{
	int fd;

	if (unlinkat(folder_fd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(folder_fd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* Responses */

/* Take a response apart; what is in BODY[] is gathered.  0 or -EBADMSG. */
static int
take_apart(struct reading *reading, struct slice response)
{
	struct slice parts[] = { response, SLICE("\r\n") }, run;

	reading->reader.at = IMAP_AT_START;
	text_clear(&reading->body);
	for (size_t i = 0; i < 2; i++)
		for (;;) {
			enum imap_is is = imap_take(&reading->reader,
			    &parts[i], &run);

			if (is == IMAP_MORE)
				break;
			if (is == IMAP_BROKEN)
				return -EBADMSG;
			if (is == IMAP_RUN)
				text_add(&reading->body, run);
			if (is == IMAP_REPLY)
				return reading->reader.reply.is_cut ?
				    -EBADMSG : 0;
		}
	return -EBADMSG;
}

/* "* LIST (\Sent) "/" name": kept, unless it is only a name. */
static void
take_list(struct reading *reading)
{
	const struct imap_reply *reply = &reading->reader.reply;
	const struct imap_value *flags = reply->values;
	const struct imap_value *name;

	if (reply->count < 3 || flags->kind != IMAP_LIST)
		return;
	for (uint32_t i = 1; i < flags->span; i++)
		if (slice_is_word(flags[i].text, "\\NonExistent") ||
		    slice_is_word(flags[i].text, "\\Noselect"))
			return;
	name = flags + flags->span + 1;
	if (name >= reply->values + reply->count)
		return;
	text_add(&reading->names, name->text);
	text_add_byte(&reading->names, '\0');
}

/* "* STATUS name (SIZE 17)": for the bar. */
static void
take_status(struct reading *reading)
{
	const struct imap_reply *reply = &reading->reader.reply;
	uint64_t bytes;

	for (uint32_t i = 0; i + 1 < reply->count; i++)
		if (slice_is_word(reply->values[i].text, "SIZE") && slice_u64(
		    reply->values[i + 1].text, UINT64_MAX / 2, &bytes) == 0)
			reading->export->transfer->progress.of_bytes += bytes;
}

static int
on_list(void *arg, struct slice response)
{
	struct reading *reading = arg;
	int r = take_apart(reading, response);

	if (r == 0 && slice_is_word(reading->reader.reply.name, "LIST"))
		take_list(reading);
	if (r == 0 && slice_is_word(reading->reader.reply.name, "STATUS"))
		take_status(reading);
	return r;
}

static int
on_examine(void *arg, struct slice response)
{
	struct reading *reading = arg;
	uint64_t n;
	int r = take_apart(reading, response);

	if (r == 0 && slice_is_word(reading->reader.reply.code,
	    "UIDVALIDITY") && slice_u64(reading->reader.reply.arguments,
	    UINT32_MAX, &n) == 0)
		reading->uidvalidity = (uint32_t)n;
	return r;
}

/* What letters there are: UIDs and sizes. */
static int
on_sizes(void *arg, struct slice response)
{
	struct reading *reading = arg;
	struct imap_items items;
	int r = take_apart(reading, response);

	if (r < 0 || !slice_is_word(reading->reader.reply.name, "FETCH"))
		return r;
	r = imap_items_read(&reading->reader.reply, &items);
	if (r < 0 || items.uid == 0 || !items.has_bytes)
		return r;
	if (reading->count == reading->room) {
		struct listed *grown;

		reading->room = reading->room * 2 + 64;
		grown = reallocarray(reading->letters, reading->room,
		    sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		reading->letters = grown;
	}
	reading->letters[reading->count++] = (struct listed){ .uid = items.uid,
	    .bytes = (uint32_t)(items.bytes < UINT32_MAX ? items.bytes :
	    UINT32_MAX) };
	return 0;
}

static struct listed *
find_letter(struct reading *reading, uint32_t uid)
{
	size_t low = 0, high = reading->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (reading->letters[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < reading->count && reading->letters[low].uid == uid ?
	    &reading->letters[low] : NULL;
}

static unsigned
marks_of(const struct imap_items *items)
{
	static const struct {
		unsigned	flag, mark;
	} flags[] = {
		{ FETCHED_SEEN,	    MARK_SEEN },
		{ FETCHED_ANSWERED, MARK_ANSWERED },
		{ FETCHED_FLAGGED,  MARK_FLAGGED },
		{ FETCHED_DRAFT,    MARK_DRAFT },
	};
	unsigned marks = items->is_deleted ? MARK_DELETED : 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if ((items->flags & flags[i].flag) != 0)
			marks |= flags[i].mark;
	return marks;
}

/* A letter. */
static int
on_letter(void *arg, struct slice response)
{
	struct reading *reading = arg;
	struct transfer *transfer = reading->export->transfer;
	struct export_message message = { 0 };
	struct imap_items items;
	struct listed *letter;
	int r = take_apart(reading, response);

	if (r < 0 || !slice_is_word(reading->reader.reply.name, "FETCH"))
		return r;
	r = imap_items_read(&reading->reader.reply, &items);
	letter = r < 0 ? NULL : find_letter(reading, items.uid);
	/* flags that others change are told, too; they have no text */
	if (letter == NULL || letter->has_come || !items.has_text)
		return r;
	if (text_failed(&reading->body))
		return -ENOMEM;
	text_clear(&reading->keywords);
	imap_items_keywords(&items, &reading->keywords);
	message.bytes = text_slice(&reading->body);
	message.marks = marks_of(&items);
	message.keywords = text_slice(&reading->keywords);
	message.received_at_utc_ms = items.arrived_utc_ms;
	message.uid = items.uid;
	r = reading->export->form->add(reading->export, &message);
	reading->error = r;
	if (r < 0)
		return r;
	letter->has_come = true;
	transfer->taken++;
	transfer->progress.messages++;
	transfer->progress.bytes += message.bytes.len;
	transfer_progress_draw(&transfer->progress);
	return 0;
}

/* Commands */

/* The session is lost, or the files cannot be written. */
static int
broken(struct reading *reading)
{
	struct transfer *transfer = reading->export->transfer;
	char why[512];

	if (reading->error < 0)
		return export_failed(reading->export, reading->error);
	if (slice_cstr(slice_first(own_words(transfer->session),
	    sizeof(why) - 1), why, sizeof(why)) < 0)
		why[0] = '\0';
	transfer_progress_undraw(&transfer->progress);
	return cli_fail(transfer->cli, CLI_BUSY, TRANSFER_STOPPED, why);
}

/* FETCH letters `first` to `last` of those that are wanted. */
static enum own_result
fetch_run(struct reading *reading, size_t first, size_t last)
{
	struct own_session *session = reading->export->transfer->session;
	const char *comma = "";

	own_begin(session);
	own_sayf(session, "UID FETCH ");
	for (size_t i = first; i < last; i++)
		if (!reading->letters[i].has_come) {
			own_sayf(session, "%s%" PRIu32, comma,
			    reading->letters[i].uid);
			comma = ",";
		}
	own_sayf(session, " (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n");
	return own_answer(session, on_letter, reading);
}

/* Those that did not come, one by one: why. */
static int
fetch_left(struct reading *reading, const char *folder, size_t first,
    size_t last)
{
	struct transfer *transfer = reading->export->transfer;

	for (size_t i = first; i < last; i++) {
		char where[FOLDER_MAX_BYTES + 64], why[512] = "";
		enum own_result result;

		if (reading->letters[i].has_come)
			continue;
		result = fetch_run(reading, i, i + 1);
		if (result == OWN_LOST)
			return broken(reading);
		if (reading->letters[i].has_come)
			continue;
		/* OK, and nothing: somebody has deleted it just now */
		if (result == OWN_OK && transfer->found-- > 0)
			continue;
		(void)snprintf(where, sizeof(where), "%s, UID %" PRIu32,
		    folder, reading->letters[i].uid);
		(void)slice_cstr(slice_first(own_words(transfer->session),
		    sizeof(why) - 1), why, sizeof(why));
		transfer_refuse(transfer, where, why);
	}
	return CLI_OK;
}

/* All letters of the folder that are not there yet.  Exit code. */
static int
fetch_all(struct reading *reading, const char *folder)
{
	size_t first = 0, last;
	int r = CLI_OK;

	while (first < reading->count && r == CLI_OK) {
		uint64_t bytes = 0;
		size_t wanted = 0;

		for (last = first; last < reading->count &&
		    wanted < RUN_LETTERS && bytes < RUN_BYTES; last++)
			if (!reading->letters[last].has_come) {
				bytes += reading->letters[last].bytes;
				wanted++;
			}
		if (wanted > 0 && fetch_run(reading, first, last) == OWN_LOST)
			return broken(reading);
		r = fetch_left(reading, folder, first, last);
		first = last;
	}
	return r;
}

/* Which there are; those that have come before count as such. */
static int
list_letters(struct reading *reading)
{
	struct export *export = reading->export;
	struct transfer *transfer = export->transfer;

	reading->count = 0;
	own_begin(transfer->session);
	own_sayf(transfer->session, "UID FETCH 1:* (UID RFC822.SIZE)\r\n");
	/* NO or BAD: the folder is empty */
	if (own_answer(transfer->session, on_sizes, reading) == OWN_LOST)
		return broken(reading);
	for (size_t i = 0; i < reading->count; i++) {
		struct listed *letter = &reading->letters[i];

		transfer->found++;
		transfer->found_bytes += letter->bytes;
		if (!export->form->has(export, letter->uid))
			continue;
		letter->has_come = true;
		transfer->before++;
		transfer->progress.bytes += letter->bytes;
	}
	return CLI_OK;
}

static void
tell_folder(struct reading *reading, struct slice folder)
{
	struct transfer *transfer = reading->export->transfer;
	char messages[AMOUNT_SIZE];

	amount_messages(transfer->cli->language, reading->count, messages);
	transfer_progress_undraw(&transfer->progress);
	cli_say(transfer->cli, TRANSFER_FOLDER, SLICE_FMT(folder), messages);
}

/*
 * A folder that cannot begin: named, where the reason is its own name, or what
 * stands in its place; else no other could.  Exit code.
 */
static int
refuse_folder(struct export *export, const char *name, int error)
{
	struct transfer *transfer = export->transfer;
	enum language language = transfer->cli->language;
	char words[512];

	switch (-error) {
	case ENAMETOOLONG:
		(void)snprintf(words, sizeof(words), "%s",
		    say(language, SAY_EXPORT_LONG));
		break;
	case ENOTDIR:
	case EISDIR:
	case EEXIST:
	case ELOOP:
	case EINVAL:	/* names that a file system does not have */
	case EILSEQ:
		(void)snprintf(words, sizeof(words), "%s: %s",
		    say(language, SAY_EXPORT_PLACE), strerror(-error));
		break;
	default:
		return export_failed(export, error);
	}
	export->form->close(export);
	transfer_refuse(transfer, name, words);
	return CLI_OK;
}

/* One folder.  Exit code. */
static int
take_folder(struct reading *reading, struct slice folder)
{
	struct export *export = reading->export;
	struct own_session *session = export->transfer->session;
	char name[FOLDER_MAX_BYTES + 1];
	int r;

	if (slice_cstr(folder, name, sizeof(name)) < 0)
		return CLI_OK;	/* no server of ours says such a name */
	own_begin(session);
	own_sayf(session, "EXAMINE ");
	own_say_name(session, folder);
	own_sayf(session, "\r\n");
	switch (own_answer(session, on_examine, reading)) {
	case OWN_OK:
		break;
	case OWN_NO:
		return CLI_OK;	/* it was deleted just now */
	default:
		return broken(reading);
	}
	r = export->form->begin(export, folder, reading->uidvalidity);
	if (r < 0)
		return refuse_folder(export, name, r);
	export->transfer->folders++;
	if (r > 0) {
		transfer_note(export->transfer, name, say(
		    export->transfer->cli->language, SAY_EXPORT_IS_THERE));
		return CLI_OK;
	}
	r = list_letters(reading);
	if (r == CLI_OK)
		r = fetch_all(reading, name);
	if (r != CLI_OK)
		return r;
	tell_folder(reading, folder);
	r = export->form->end(export);
	return r < 0 ? export_failed(export, r) : CLI_OK;
}

static int
take_folders(struct reading *reading)
{
	struct export *export = reading->export;
	struct slice rest, name;
	bool is_found = export->only == NULL;
	int r = CLI_OK;

	own_begin(export->transfer->session);
	own_sayf(export->transfer->session,
	    "LIST \"\" \"*\" RETURN (STATUS (SIZE))\r\n");
	if (own_answer(export->transfer->session, on_list, reading) != OWN_OK)
		return broken(reading);
	rest = text_slice(&reading->names);
	while (r == CLI_OK && slice_cut(&rest, '\0', &name)) {
		if (export->only != NULL && !slice_is_str(name, export->only))
			continue;
		is_found = true;
		r = take_folder(reading, name);
	}
	if (r == CLI_OK && !is_found)
		r = cli_fail(export->transfer->cli, CLI_NO_SUCH,
		    NO_SUCH_FOLDER);
	return r;
}

int
export_account(struct export *export)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	int r;

	if (reading == NULL)
		return cli_fail(export->transfer->cli, CLI_FAILED, NO_MEMORY);
	reading->export = export;
	reading->names = (struct text)TEXT_INIT(NAMES_BYTES);
	reading->body = (struct text)TEXT_INIT(SIZE_MAX / 4);
	reading->keywords = (struct text)TEXT_INIT(CLI_WORDS_BYTES);
	r = take_folders(reading);
	export->form->close(export);
	text_free(&reading->names);
	text_free(&reading->body);
	text_free(&reading->keywords);
	free(reading->letters);
	free(reading);
	return r;
}
