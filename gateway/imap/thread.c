/*
 * thread.c - THREAD (RFC 5256 3)
 *
 * First the search, then what each letter found says of itself and of others,
 * then the conversations (lib/message/threads.h); each goes on in steps.  With
 * ids of usual length a letter costs some 300 bytes, 15 MB for 50,000.
 */
#include <errno.h>

#include "gateway/imap/gather.h"
#include "gateway/imap/parse_sort.h"
#include "gateway/imap/reply.h"
#include "lib/message/imap_string.h"
#include "lib/message/sort_key.h"

/* 250,000 letters of usual ids and subjects; as much as SORT may take. */
#define THREADS_BYTES	(80 * 1024 * 1024)
#define THREADS_STEP	2000	/* letters: some 1 ms */
#define THREADS_MS	5
#define PIECE_BYTES	(32 * 1024)
#define ID_BYTES	(64 * 1024)	/* a field of the structure has no more */

struct thread {
	struct imapd_gather	 gather;	/* first: session->work */
	enum threads_how	 how;
	struct threads		*threads;
};

static void
drop(struct imapd_session *session)
{
	struct thread *thread = session->work;

	imapd_find_end(&thread->gather.finding);
	threads_free(thread->threads);
}

/* Read a string of the envelope; NIL is nothing. */
static int
read_field(const struct structure *structure, enum imap_field field,
    struct text *text)
{
	struct slice rest = structure_field(structure, field);

	(void)imap_string_read(&rest, text);
	return text_failed(text) ? -ENOMEM : 0;
}

static int
add_letter(struct imapd_session *session, const struct letter_facts *facts,
    const struct structure *structure)
{
	struct thread *thread = session->work;
	struct threads_letter letter = { 0 };
	TEXT_AUTO id = TEXT_INIT(ID_BYTES);
	TEXT_AUTO reply = TEXT_INIT(ID_BYTES);
	TEXT_AUTO subject = TEXT_INIT(SORT_KEY_MOST);
	int r = 0;

	if (facts != NULL)
		letter.sent = facts->received_at_utc_ms / 1000;
	if (structure != NULL) {
		if (structure->has_sent)
			letter.sent = structure->sent_utc;
		r = sort_key_add(&subject, structure, SORT_SUBJECT,
		    &letter.is_reply);
		if (r == 0)
			r = read_field(structure, IMAP_MESSAGE_ID, &id);
		if (r == 0)
			r = read_field(structure, IMAP_IN_REPLY_TO, &reply);
		letter.references = structure->references;
	}
	letter.message_id = text_slice(&id);
	letter.in_reply_to = text_slice(&reply);
	letter.subject = text_slice(&subject);
	return r < 0 ? r : threads_add(thread->threads, &letter);
}

/* The line has begun: a piece of it, or its end. */
static void
tell_more(struct imapd_session *session)
{
	struct thread *thread = session->work;
	const struct imapd_finding *finding = &thread->gather.finding;
	/* behind the last letter of all every list that is open closes */
	TEXT_AUTO text = TEXT_INIT(2 * PIECE_BYTES + finding->found);
	bool has_more = threads_tell(thread->threads, &text,
	    imapd_is_uid(session) ? finding->uids : finding->numbers,
	    PIECE_BYTES);

	if (text_failed(&text)) {
		session->is_over = true;
		return;
	}
	if (!has_more)
		text_add_str(&text, "\r\n");
	(void)stream_write(session->stream, text_slice(&text));
	if (!has_more)
		imapd_find_finish(session);
}

static void
go_thread(struct imapd_session *session)
{
	struct thread *thread = session->work;
	uint64_t until = clock_ms() + THREADS_MS;
	int r;

	do {
		r = threads_step(thread->threads, THREADS_STEP);
	} while (r > 0 && clock_ms() <= until);
	if (r < 0) {
		imapd_gather_refuse(session, r);
	} else if (r == 0) {
		(void)stream_write(session->stream, slice_str(
		    thread->gather.finding.found > 0 ? "* THREAD " :
		    "* THREAD"));
		session->more = tell_more;
	}
}

static void
thread_all(struct imapd_session *session)
{
	struct imapd_finding *finding = session->work;

	finding->go = go_thread;
}

/* The letters are found. */
static void
found_all(struct imapd_session *session)
{
	struct thread *thread = session->work;
	struct hash_key key;

	if (hash_key_new(&key) < 0) {
		imapd_refuse(session, -EAGAIN);
		return;
	}
	thread->threads = threads_new(thread->how,
	    thread->gather.finding.found, THREADS_BYTES, &key);
	if (thread->threads == NULL)
		imapd_gather_refuse(session, -ENOBUFS);
	else
		imapd_gather(session, true, add_letter, thread_all);
}

void
imapd_thread(struct imapd_session *session, struct imapd_parse *parse)
{
	struct imapd_search asked;
	enum threads_how how;
	struct thread *thread;

	if (!imapd_thread_read(parse, &how, &asked))
		return;
	thread = imapd_work(session, sizeof(*thread));
	if (thread == NULL)
		return;
	session->drop = drop;
	thread->how = how;
	thread->gather.finding.gathers = true;
	imapd_find(session, &asked, found_all);
}
