/*
 * transfer.c - messages of other programs on their way into an account
 *
 * A batch is one APPEND of several messages (RFC 3502): all of it is durable
 * when the server says so, or nothing is.  Where it says no, each goes alone,
 * so that the one it does not take can be named.
 */
#include "programs/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fetch/digest.h"
#include "fetch/imap/name.h"
#include "gateway/imap/parse.h"
#include "lib/base/amounts.h"
#include "lib/base/crc32c.h"
#include "store/account.h"

#define BATCH_MESSAGES	100
#define BATCH_BYTES	(4 * 1024 * 1024)
/* Letters so large have files of their own, and few at a time. */
#define LARGE_BYTES	(128 * 1024)
#define LARGE_TRIES	60	/* a second apart */
#define NOTES_BYTES	(16 * 1024 * 1024)	/* of all that went wrong */

struct waiting {
	size_t		 bytes_at, bytes;	/* in batch->bytes */
	size_t		 head_at, head;		/* in batch->heads: its flags,
						   date, key */
	size_t		 where_at;		/* in batch->wheres */
};

struct transfer_batch {
	struct text	 bytes, heads, wheres;
	struct waiting	 waiting[BATCH_MESSAGES];
	size_t		 count;
};

/* What went wrong */

static void
tell(struct transfer *transfer, enum sentence sentence, const char *where,
    const char *words)
{
	TEXT_AUTO line = TEXT_INIT(CLI_WORDS_BYTES);
	TEXT_AUTO plain = TEXT_INIT(CLI_WORDS_BYTES);

	text_add_str(&line, say(transfer->cli->language, sentence));
	text_addf(&line, " %s: %s", where, words);
	cli_add_visible(&plain, text_slice(&line));
	transfer_progress_undraw(&transfer->progress);
	if (!transfer->cli->json)
		printf("%.*s\n", SLICE_FMT(text_slice(&plain)));
	if (transfer->notes.len > 0)
		text_add_str(&transfer->notes, ", ");
	text_add_str(&transfer->notes, "{\"where\": ");
	text_add_json(&transfer->notes, slice_str(where));
	text_add_str(&transfer->notes, ", \"words\": ");
	text_add_json(&transfer->notes, slice_str(words));
	text_addf(&transfer->notes, ", \"taken\": %s}",
	    sentence == SAY_TRANSFER_NOTE ? "true" : "false");
}

void
transfer_refuse(struct transfer *transfer, const char *where,
    const char *words)
{
	transfer->refused++;
	tell(transfer, SAY_TRANSFER_REFUSED, where, words);
}

void
transfer_note(struct transfer *transfer, const char *where, const char *words)
{
	tell(transfer, SAY_TRANSFER_NOTE, where, words);
}

/* The hub is gone, or its disk is full: all else would fail, too. */
static int
stop(struct transfer *transfer, struct slice words)
{
	char why[512];

	if (slice_cstr(slice_first(words, sizeof(why) - 1), why,
	    sizeof(why)) < 0)
		why[0] = '\0';
	transfer_progress_undraw(&transfer->progress);
	return cli_fail(transfer->cli, CLI_BUSY, TRANSFER_STOPPED, why);
}

/* Keys and names */

int
transfer_key(const struct transfer *transfer, const struct slice *parts,
    size_t count, unsigned char key_out[IMPORT_KEY_BYTES])
{
	unsigned char bytes[DIGEST_BYTES];
	struct digest digest = { 0 };
	int r = digest_open(&digest);

	if (r < 0)
		return r;
	digest_begin(&digest);
	digest_add(&digest, text_slice(&transfer->folder));
	for (size_t i = 0; i < count; i++) {
		digest_add(&digest, slice_of("", 1));
		digest_add(&digest, parts[i]);
	}
	r = digest_end(&digest, bytes);
	digest_close(&digest);
	if (r == 0)
		memcpy(key_out, bytes, IMPORT_KEY_BYTES);
	return r;
}

void
transfer_name(struct text *here, struct slice name, char delimiter)
{
	TEXT_AUTO utf8 = TEXT_INIT(4 * FOLDER_MAX_BYTES);

	if (imap_name_decode(name, &utf8) < 0) {
		text_clear(&utf8);
		for (size_t i = 0; i < name.len; i++) {
			unsigned char c = (unsigned char)name.at[i];

			if (c >= 0x80) {
				text_add_byte(&utf8, (char)(0xc0 | c >> 6));
				text_add_byte(&utf8, (char)(0x80 | (c & 0x3f)));
			} else {
				text_add_byte(&utf8, c < 0x20 || c == 0x7f ?
				    '_' : (char)c);
			}
		}
	}
	imap_name_local(text_slice(&utf8), delimiter, FOLDER_MAX_BYTES, here);
	/* LIST could not ask for these */
	for (size_t i = 0; i < here->len; i++)
		if (here->at[i] == '%' || here->at[i] == '*')
			here->at[i] = '_';
	if (here->len == 0)
		text_addf(here, "Folder-%08x", crc32c(0, name));
}

/* Batches */

static void
batch_clear(struct transfer_batch *batch)
{
	text_clear(&batch->bytes);
	text_clear(&batch->heads);
	text_clear(&batch->wheres);
	batch->count = 0;
}

/* "[APPENDUID 7 10:12] ...": how many those are; 0 without it. */
static uint64_t
count_of(struct slice words)
{
	struct slice code, uids, first;
	uint64_t a, b;

	if (!slice_has_prefix(words, "[APPENDUID ") ||
	    !slice_cut(&words, ']', &code))
		return 0;
	uids = slice_after(code, slice_find_last(code, ' ') + 1);
	if (!slice_cut(&uids, ':', &first))
		first = uids;
	return slice_u64(first, UINT32_MAX, &a) < 0 ||
	    slice_u64(uids, UINT32_MAX, &b) < 0 || b < a ? 0 : b - a + 1;
}

/* APPEND `count` messages of the batch from `first` on. */
static enum own_result
append(struct transfer *transfer, size_t first, size_t count)
{
	struct transfer_batch *batch = transfer->batch;
	struct own_session *session = transfer->session;
	enum own_result result;

	own_begin(session);
	own_sayf(session, "APPEND ");
	own_say_name(session, text_slice(&transfer->folder));
	for (size_t i = first; i < first + count; i++) {
		const struct waiting *w = &batch->waiting[i];

		own_say(session, slice_of(batch->heads.at + w->head_at,
		    w->head));
		own_sayf(session, "{%zu}\r\n", w->bytes);
		result = own_answer(session, NULL, NULL);
		if (result != OWN_GO_ON)
			return result == OWN_OK ? OWN_NO : result;
		own_say(session, slice_of(batch->bytes.at + w->bytes_at,
		    w->bytes));
	}
	own_sayf(session, "\r\n");
	result = own_answer(session, NULL, NULL);
	if (result == OWN_OK) {
		uint64_t new = count_of(own_words(session));

		transfer->taken += new;
		transfer->before += count - (new < count ? new : count);
	}
	return result;
}

/* One message alone, for which there may have to be room first. */
static int
append_one(struct transfer *transfer, size_t i)
{
	const struct waiting *w = &transfer->batch->waiting[i];
	const struct timespec second = { .tv_sec = 1 };
	enum own_result result = append(transfer, i, 1);
	char words[512];

	for (unsigned n = 0; n < LARGE_TRIES && result == OWN_NO &&
	    w->bytes > LARGE_BYTES && slice_has_prefix(own_words(
	    transfer->session), "[LIMIT]"); n++) {
		(void)nanosleep(&second, NULL);
		result = append(transfer, i, 1);
	}
	if (result == OWN_OK)
		return CLI_OK;
	if (result != OWN_NO || slice_has_prefix(own_words(transfer->session),
	    "[UNAVAILABLE]"))
		return stop(transfer, own_words(transfer->session));
	if (slice_cstr(slice_first(own_words(transfer->session),
	    sizeof(words) - 1), words, sizeof(words)) < 0)
		words[0] = '\0';
	transfer_refuse(transfer, transfer->batch->wheres.at + w->where_at,
	    words);
	return CLI_OK;
}

static int
flush(struct transfer *transfer)
{
	struct transfer_batch *batch = transfer->batch;
	enum own_result result;
	int r = CLI_OK;

	if (batch->count == 0)
		return CLI_OK;
	if (text_failed(&batch->bytes) || text_failed(&batch->heads) ||
	    text_failed(&batch->wheres))
		return cli_fail(transfer->cli, CLI_FAILED, NO_MEMORY);
	result = transfer->is_dry ? OWN_OK : batch->count == 1 ? OWN_NO :
	    append(transfer, 0, batch->count);
	if (result == OWN_LOST)
		r = stop(transfer, own_words(transfer->session));
	for (size_t i = 0; result == OWN_NO && r == CLI_OK &&
	    i < batch->count; i++)
		r = append_one(transfer, i);
	batch_clear(batch);
	transfer_progress_draw(&transfer->progress);
	return r;
}

/* Those that IMAP can have; the others are counted and named. */
static void
add_keywords(struct transfer *transfer, struct text *flags,
    const struct transfer_message *message)
{
	struct slice rest = message->keywords, word;

	while (slice_word(&rest, &word)) {
		TEXT_AUTO words = TEXT_INIT(1024);

		if (mark_is_keyword(word)) {
			if (flags->at[flags->len - 1] != '(')
				text_add_byte(flags, ' ');
			text_add(flags, word);
			continue;
		}
		transfer->lost_words++;
		text_say(&words, transfer->cli->language, TRANSFER_KEYWORD,
		    SLICE_FMT(slice_first(word, 100)));
		text_add_byte(&words, '\0');
		transfer_note(transfer, message->where, words.at);
	}
}

/* " (\Seen) "17-Jul-1996 02:44:25 +0000" X-IMPORTED (KEY) " */
static void
add_head(struct transfer *transfer, struct text *heads,
    const struct transfer_message *message)
{
	text_add_str(heads, " (");
	marks_add(heads, message->marks);
	add_keywords(transfer, heads, message);
	text_add_str(heads, ") ");
	imapd_add_date_time(heads, message->received_at_utc_ms);
	text_add_str(heads, " X-IMPORTED (");
	for (size_t i = 0; i < IMPORT_KEY_BYTES; i++)
		text_addf(heads, "%02x", message->key[i]);
	text_add_str(heads, ") ");
}

/* With CRLF where a file has LF; the server mends what is odd, and says so. */
static void
add_bytes(struct text *bytes, struct slice message)
{
	while (message.len > 0) {
		size_t end = slice_find(message, '\n');

		if (end == SIZE_MAX) {
			text_add(bytes, message);
			return;
		}
		text_add(bytes, slice_first(message, end));
		if (end == 0 || message.at[end - 1] != '\r')
			text_add_byte(bytes, '\r');
		text_add_byte(bytes, '\n');
		message = slice_after(message, end + 1);
	}
}

int
transfer_message(struct transfer *transfer,
    const struct transfer_message *message)
{
	struct transfer_batch *batch = transfer->batch;
	struct waiting *w;
	int r = CLI_OK;

	transfer->found++;
	transfer->found_bytes += message->bytes.len;
	transfer->progress.messages++;
	if (message->bytes.len == 0) {
		transfer_refuse(transfer, message->where,
		    say(transfer->cli->language, SAY_TRANSFER_EMPTY));
		return CLI_OK;
	}
	if (batch->count == BATCH_MESSAGES || (batch->count > 0 &&
	    batch->bytes.len + message->bytes.len > BATCH_BYTES))
		r = flush(transfer);
	if (r != CLI_OK)
		return r;
	w = &batch->waiting[batch->count++];
	w->bytes_at = batch->bytes.len;
	w->head_at = batch->heads.len;
	w->where_at = batch->wheres.len;
	if (!transfer->is_dry)
		add_bytes(&batch->bytes, message->bytes);
	add_head(transfer, &batch->heads, message);
	text_add(&batch->wheres, slice_of(message->where,
	    strlen(message->where) + 1));
	w->bytes = batch->bytes.len - w->bytes_at;
	w->head = batch->heads.len - w->head_at;
	return CLI_OK;
}

/* Folders */

/* The folder is over: what was found in it. */
static void
tell_folder(struct transfer *transfer)
{
	char messages[AMOUNT_SIZE];

	if (transfer->folder.len == 0)
		return;
	amount_messages(transfer->cli->language, transfer->found -
	    transfer->found_above, messages);
	transfer->found_above = transfer->found;
	transfer_progress_undraw(&transfer->progress);
	cli_say(transfer->cli, TRANSFER_FOLDER,
	    SLICE_FMT(text_slice(&transfer->folder)), messages);
}

static int
command(struct transfer *transfer, const char *verb)
{
	own_begin(transfer->session);
	own_sayf(transfer->session, "%s ", verb);
	own_say_name(transfer->session, text_slice(&transfer->folder));
	own_sayf(transfer->session, "\r\n");
	return own_answer(transfer->session, NULL, NULL) == OWN_LOST ?
	    stop(transfer, own_words(transfer->session)) : CLI_OK;
}

int
transfer_folder(struct transfer *transfer, struct slice name,
    bool is_subscribed)
{
	bool is_inbox = slice_is_str(name, "INBOX");
	int r = flush(transfer);

	if (r != CLI_OK)
		return r;
	tell_folder(transfer);
	text_clear(&transfer->folder);
	/* what is below INBOX there is below that folder here */
	if (transfer->into != NULL && slice_has_prefix(name, "INBOX/"))
		name = slice_after(name, 6);
	if (transfer->into != NULL)
		text_add_str(&transfer->folder, transfer->into);
	if (transfer->into != NULL && !is_inbox)
		text_add_byte(&transfer->folder, '/');
	if (transfer->into == NULL || !is_inbox)
		text_add(&transfer->folder, name);
	transfer->folders++;
	if (transfer->is_dry)
		return CLI_OK;
	/* NO: it is there; or it cannot be, as APPEND will say of each */
	r = command(transfer, "CREATE");
	return r == CLI_OK && is_subscribed ? command(transfer, "SUBSCRIBE") :
	    r;
}

/* From begin to end */

int
transfer_begin(struct transfer *transfer)
{
	transfer->batch = calloc(1, sizeof(*transfer->batch));
	if (transfer->batch == NULL)
		return cli_fail(transfer->cli, CLI_FAILED, NO_MEMORY);
	transfer->batch->bytes = (struct text)TEXT_INIT(SIZE_MAX / 4);
	transfer->batch->heads = (struct text)TEXT_INIT(SIZE_MAX / 4);
	transfer->batch->wheres = (struct text)TEXT_INIT(SIZE_MAX / 4);
	transfer->folder = (struct text)TEXT_INIT(4 * FOLDER_MAX_BYTES);
	transfer->notes = (struct text)TEXT_INIT(NOTES_BYTES);
	transfer->progress = transfer_progress_of(transfer->cli);
	return transfer->is_dry ? CLI_OK : own_open(transfer->cli,
	    transfer->address, &transfer->session);
}

int
transfer_finish(struct transfer *transfer)
{
	int r = flush(transfer);

	if (r == CLI_OK)
		tell_folder(transfer);
	return r;
}

void
transfer_end(struct transfer *transfer)
{
	transfer_progress_undraw(&transfer->progress);
	own_close(transfer->session);
	transfer->session = NULL;
	if (transfer->batch != NULL) {
		text_free(&transfer->batch->bytes);
		text_free(&transfer->batch->heads);
		text_free(&transfer->batch->wheres);
	}
	free(transfer->batch);
	transfer->batch = NULL;
	text_free(&transfer->folder);
	text_free(&transfer->notes);
}

void
transfer_print(const struct transfer *transfer)
{
	printf("{\"ok\": true, \"result\": {\"folders\": %llu, "
	    "\"messages\": %llu, \"bytes\": %llu, \"taken\": %llu, "
	    "\"before\": %llu, \"gone\": %llu, \"refused\": %llu, "
	    "\"notes\": [%.*s]}}\n",
	    (unsigned long long)transfer->folders,
	    (unsigned long long)transfer->found,
	    (unsigned long long)transfer->found_bytes,
	    (unsigned long long)transfer->taken,
	    (unsigned long long)transfer->before,
	    (unsigned long long)transfer->gone,
	    (unsigned long long)transfer->refused,
	    (int)transfer->notes.len,
	    transfer->notes.at == NULL ? "" : transfer->notes.at);
}
