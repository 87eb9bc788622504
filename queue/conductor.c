/*
 * conductor.c - the queue's beginning and end, and what all its parts share
 *
 * At start the journal is replayed (conductor_replay.c) before anything new is
 * taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/memfd.h"
#include "queue/archive.h"
#include "queue/archiving.h"
#include "queue/collected.h"
#include "queue/coming.h"
#include "queue/judged.h"
#include "queue/outbound.h"
#include "queue/editing.h"
#include "queue/fate.h"
#include "queue/hold.h"
#include "queue/rebuild.h"
#include "queue/removed.h"
#include "queue/recall.h"
#include "queue/rows_outbound.h"
#include "queue/rule_hits.h"
#include "queue/saving.h"
#include "queue/sharing.h"

#define OPEN_MOST	1000	/* bytes kept open past the receipt */
#define ARENA_BUDGET	(ENVELOPE_MAX_BYTES * 8)
/*
 * Big files that are synced at a time.  The disk commits them together, as the
 * journal's records are: a file system has one log for all that wait.
 */
#define BIG_SYNCS	16
#define BIG_GRACE_MS	(24 * 60 * 60 * 1000)	/* a big file nobody needs */
#define LOCK_TRIES	100
#define LOCK_PAUSE_US	100000
#define KEEP_MS		5000	/* between two looks at the journal and the disk */
#define HELD_MS		(600u * 1000)	/* between two looks at holds */
#define DROP_MS		600000	/* and at big files that nobody needs */
#define DROP_MOST	256	/* of them at a time */

/* One message */

struct transit *
transit_new(struct conductor *conductor, struct slice packed_env)
{
	struct arena *arena = arena_new(ARENA_BUDGET);
	struct transit *transit;

	if (arena == NULL)
		return NULL;
	transit = arena_alloc(arena, sizeof(*transit));
	if (transit == NULL || arena_copy(arena, packed_env,
	    &transit->packed_env) < 0) {
		arena_free(arena);
		return NULL;
	}
	transit->conductor = conductor;
	transit->arena = arena;
	transit->fd = -1;
	return transit;
}

void
transit_drop_copy(struct transit *transit)
{
	free(transit->bytes);
	transit->bytes = NULL;
}

void
transit_close_bytes(struct transit *transit)
{
	transit_drop_copy(transit);
	if (transit->fd < 0)
		return;
	(void)close(transit->fd);
	transit->fd = -1;
	transit->conductor->open_files--;
}

void
transit_free(struct transit *transit)
{
	if (transit == NULL)
		return;
	editing_free(transit->editing);
	removed_free(transit->removed);
	transit_close_bytes(transit);
	arena_free(transit->arena);	/* it lives in there itself */
}

/* Sealed: no mailbox can change the bytes for the next. */
static int
to_memory_file(struct slice bytes, int *fd_out)
{
	int fd = memfd_of("letter", bytes);

	if (fd < 0)
		return fd;
	*fd_out = fd;
	return 0;
}

int
transit_load(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	TEXT_AUTO buffer = TEXT_INIT(conductor->options.segment_bytes);
	struct journal_record record;
	struct slice head, bytes;
	int r;

	if (transit->is_big) {
		r = big_open(conductor->big, &transit->env.id, &transit->fd);
	} else if (transit->is_kept) {
		r = kept_read(conductor->kept_fd, &transit->env.id, &buffer,
		    &head, &bytes);
		if (r == 0)
			r = to_memory_file(bytes, &transit->fd);
	} else {
		r = journal_read(conductor->journal, transit->position,
		    &buffer, &record);
		if (r == 0)
			r = to_memory_file(record.bytes, &transit->fd);
	}
	if (r == 0)
		conductor->open_files++;
	return r;
}

/* Words */

/* All recipients in one field, for the line that says it was received. */
static void
list_recipients(struct text *to, const struct envelope *env)
{
	for (size_t i = 0; i < env->recipient_count && !text_failed(to); i++) {
		if (i > 0)
			text_add_str(to, ", ");
		text_add(to, env->recipients[i].address);
	}
}

void
conductor_trail(struct conductor *conductor, const struct transit *transit,
    enum trail_word word, const struct recipient *rcpt, const char *detail)
{
	const struct envelope *env = &transit->env;
	TEXT_AUTO to = TEXT_INIT(TRAIL_FIELD_BYTES);
	struct verdict verdict;
	struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .id = env->id, .word = word,
		.detail = slice_str(detail)
	};

	if (rcpt != NULL) {
		step.account = rcpt->account;
		step.address = rcpt->address;
	} else if (word == TRAIL_RECEIVED || word == TRAIL_FETCHED ||
	    word == TRAIL_MADE ||
	    word == TRAIL_REFUSED || word == TRAIL_PUT_OFF) {
		step.from = env->sender.len > 0 ? env->sender :
		    slice_str("<>");
		list_recipients(&to, env);
		step.to = text_slice(&to);
		step.peer = env->peer;
		if (verdict_unpack(transit->packed_verdict, &verdict) == 0)
			step.subject = slice_str(verdict.subject);
	}
	trail_add(conductor->trail, &step);
}

static void
on_trail_fault(void *arg, int fault)
{
	(void)arg;
	if (fault < 0)
		log_say("the trail cannot be written: %s (mail goes on)",
		    strerror(-fault));
	else
		log_say("the trail is written again");
}

/* TRAIL_WORDS: a session says no such thing. */
static enum trail_word
word_of(struct slice told)
{
	static const struct {
		const char	*told;
		enum trail_word	 word;
	} words[] = {
		{ SESSION_READ, TRAIL_READ },
		{ SESSION_DELETED, TRAIL_DELETED },
		{ SESSION_SAVED, TRAIL_SAVED },
		{ SESSION_SPAM, TRAIL_SPAM },
		{ SESSION_WANTED, TRAIL_WANTED },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (slice_is_str(told, words[i].told))
			return words[i].word;
	return TRAIL_WORDS;
}

int
conductor_step(struct conductor *conductor, uint64_t account,
    const struct session_step *told)
{
	TEXT_AUTO detail = TEXT_INIT(TRAIL_LINE_BYTES);
	struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .account = account,
		.who = told->who, .subject = told->subject
	};

	step.word = word_of(told->word);
	if (step.word == TRAIL_WORDS)
		return -EBADMSG;
	if (told->mailbox.len > 0) {
		text_add_str(&detail, "in the mailbox ");
		/* what was mended is to fit behind it */
		text_add(&detail, slice_first(told->mailbox,
		    TRAIL_FIELD_BYTES / 2));
	}
	trail_add_mended(&detail, told->mended);
	step.detail = text_slice(&detail);
	for (struct slice rest = told->ids; rest.len > 0;
	    rest = slice_after(rest, MESSAGE_ID_BYTES)) {
		memcpy(step.id.bytes, rest.at, MESSAGE_ID_BYTES);
		trail_add(conductor->trail, &step);
	}
	return 0;
}

/* Big files and their readers */

/* The journal has everything: the next life replays what this one cannot. */
static void
end_if_broken(struct conductor *conductor)
{
	if (rows_is_broken(conductor->rows))
		conductor->ports.broken(conductor->ports.arg, "queue.db");
	else if (ledger_is_broken(conductor->ledger))
		conductor->ports.broken(conductor->ports.arg, "ledger.db");
}

int
conductor_big_open(struct conductor *conductor, uint64_t account,
    const struct message_id *id, int *fd_out)
{
	int r = rows_big_has(conductor->rows, id, account);

	end_if_broken(conductor);
	return r < 0 ? r : big_open(conductor->big, id, fd_out);
}

void
conductor_big_unref(struct conductor *conductor, uint64_t account,
    const struct message_id *id)
{
	bool was_last;
	int r;

	r = rows_big_unref(conductor->rows, id, account, clock_utc_ms(),
	    &was_last);
	if (r < 0 && r != -ENOENT)
		log_say("queue.db: a big file cannot be released: %s",
		    strerror(-r));
}

/* At start: the same, or drop_due() will see to it. */
static int
is_big_wanted(void *arg, const struct message_id *id)
{
	struct conductor *conductor = arg;
	int r = conductor_big_is_known(conductor, id);

	return r == -ENOENT ? rows_big_is_due(conductor->rows, id) : r;
}

struct due {
	struct message_id	id[DROP_MOST];
	unsigned		count;
};

static int
note_due(void *arg, const struct message_id *id)
{
	struct due *due = arg;

	due->id[due->count++] = *id;
	return due->count == DROP_MOST ? 1 : 0;
}

/* It is dropped; one that was wanted again is only struck off the list. */
static int
drop_big(struct conductor *conductor, const struct message_id *id)
{
	int r = conductor_big_is_known(conductor, id);
	bool is_known = r == 0;

	if (r == -ENOENT)
		r = big_drop(conductor->big, id);
	if (r == 0 && !is_known)
		bodies_gone(conductor, id);
	return r < 0 ? r : rows_big_gone(conductor->rows, id);
}

static void
drop_due(struct conductor *conductor)
{
	struct due due = { .count = 0 };
	int r = rows_big_due(conductor->rows, clock_utc_ms() - BIG_GRACE_MS,
	    note_due, &due);

	for (unsigned i = 0; r >= 0 && i < due.count; i++)
		r = drop_big(conductor, &due.id[i]);
	if (r < 0)
		log_say("big files that nobody needs stay: %s", strerror(-r));
	conductor->dropped_ms = clock_ms();
}

/* Clockwork */

static void
on_settle_time(void *arg)
{
	struct conductor *conductor = arg;

	end_if_broken(conductor);
	deliver_settle_all(conductor);
	timer_set(conductor->settle_timer,
	    (uint64_t)conductor->options.settle_seconds * 1000);
}

/*
 * Given up when the disk is full to the end, so that people can make room; then
 * back.  True while the disk is short: it is worth looking again soon.
 */
static bool
tend_ballast(struct space *space)
{
	bool is_short = false, is_full = false;
	int r = space_is_short(space, &is_short);

	if (r == 0)
		r = space_is_full(space, &is_full);
	if (r == 0 && is_full && space_has_ballast(space)) {
		log_say("the disk is full: the reserve is given up so that "
		    "letters can be deleted");
		r = space_release_ballast(space);
	} else if (r == 0 && !is_short && !space_has_ballast(space)) {
		r = space_restore_ballast(space);
	}
	if (r < 0 && r != -ENOSPC)
		log_say("the reserve on the disk: %s", strerror(-r));
	return is_short;
}

static void
on_keep_time(void *arg)
{
	struct conductor *conductor = arg;
	bool is_short;

	conductor->looked_ms = clock_ms();
	end_if_broken(conductor);
	ledger_look(conductor->ledger);
	keep_look(conductor);
	bodies_look(conductor);
	if (clock_ms() - conductor->dropped_ms >= DROP_MS)
		drop_due(conductor);
	if (clock_ms() - conductor->held_ms >= HELD_MS) {
		conductor_hold_look(conductor);
		conductor->held_ms = clock_ms();
	}
	is_short = tend_ballast(conductor->space);
	halves_look(conductor->halves, is_short);
	archiving_look(conductor);
	timer_set(conductor->keep_timer, is_short ? LOOK_AGAIN_MS : KEEP_MS);
}

/* Begin and end */

static int
open_folder(int folder_fd, const char *name, int *fd_out)
{
	int fd;

	if (mkdirat(folder_fd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*fd_out = fd;
	return 0;
}

/*
 * One writer: an earlier queue that lost its parent may be on its way out.  The
 * lock goes with the process.
 */
static int
lock_folder(int folder_fd)
{
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (flock(folder_fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		(void)usleep(LOCK_PAUSE_US);
	}
	return -EBUSY;
}

static int
open_folders(struct conductor *conductor)
{
	const struct {
		const char	*name;
		int		*fd;
	} folders[] = {
		{ "journal", &conductor->journal_fd },
		{ "kept", &conductor->kept_fd },
		{ "big", &conductor->big_fd },
		{ "half", &conductor->half_fd },
		{ "archive", &conductor->archive_fd },
		{ "trail", &conductor->trail_fd },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(folders) / sizeof(*folders);
	    i++)
		r = open_folder(conductor->folder_fd, folders[i].name,
		    folders[i].fd);
	return r;
}

static int
open_databases(struct conductor *conductor)
{
	const unsigned char *hub_id = conductor->options.hub_id;
	const char *name = "queue.db";
	unsigned needs = 0;
	int r;

	r = queue_rows_are_missing(conductor->folder_fd);
	if (r == 1) {
		log_say("queue.db is missing, and without it nobody knows "
		    "which mail in here is wanted: nothing is touched. Run "
		    "postroom check --repair");
		return -EUCLEAN;
	}
	if (r == 0)
		r = rows_open(conductor->folder_fd, hub_id, &conductor->rows,
		    &needs);
	if (r == 0) {
		name = "ledger.db";
		r = ledger_open(conductor->folder_fd, hub_id, conductor->loop,
		    &conductor->ledger, &needs);
	}
	if (r == -EPROTO)
		log_say("%s was written by a newer Postroom: format %u is "
		    "needed", name, needs);
	return r;
}

static int
open_stores(struct conductor *conductor)
{
	const struct conductor_options *options = &conductor->options;
	struct journal_options journal = {
		.segment_bytes = options->segment_bytes,
		.segments = options->segments,
		.io = options->journal_io
	};
	struct space_options space = {
		.ballast_bytes = options->ballast_bytes,
		.free_bytes = options->free_bytes,
		.transit_bytes = options->transit_bytes
	};
	struct ledger_beside beside = { 0 };
	uint64_t highest = 0;
	int r;

	memcpy(journal.hub_id, options->hub_id, sizeof(journal.hub_id));
	r = open_databases(conductor);
	if (r == 0)
		r = rows_highest(conductor->rows, &highest);
	beside.newest = (uint32_t)(highest >> 32);
	if (r == 0 && ledger_highest(conductor->ledger) > highest)
		highest = ledger_highest(conductor->ledger);
	journal.above = (uint32_t)(highest >> 32);
	if (r == 0)
		r = journal_open(conductor->journal_fd, &journal,
		    conductor->loop, conductor->pool, &conductor->journal);
	if (r == 0)
		r = collected_open(conductor, &beside);
	if (r == 0)
		r = big_folder_open(conductor->big_fd, &conductor->big);
	if (r == 0)
		r = halves_open(conductor->half_fd, conductor->ledger,
		    conductor->big_pool, options->half_bytes,
		    &conductor->halves);
	if (r == 0)
		r = archive_open(conductor->archive_fd, options->archive_io,
		    &conductor->archive);
	if (r == 0)
		r = trail_open(conductor->trail_fd, conductor->loop,
		    options->trail_days, on_trail_fault, conductor,
		    &conductor->trail);
	if (r == 0)
		judged_open(conductor);
	space.journal = conductor->journal;
	if (r == 0)
		r = space_open(conductor->folder_fd, &space,
		    &conductor->space);
	return r;
}

static int
open_all(struct conductor *conductor)
{
	unsigned removed;
	int r;

	r = lock_folder(conductor->folder_fd);
	if (r == 0)
		r = open_folders(conductor);
	if (r == 0)
		r = open_stores(conductor);
	if (r == 0)
		r = fate_open(conductor);
	if (r == 0)
		r = outbound_open(conductor);
	/* what was set aside is older, and its sweep ends before new holds */
	if (r == 0)
		r = keep_open(conductor);
	if (r == 0)
		r = conductor_replay(conductor);
	if (r == 0)
		r = big_sweep(conductor->big, clock_utc_ms(), is_big_wanted,
		    conductor, &removed);
	if (r < 0)
		return r;
	r = recall_open(conductor);
	if (r < 0)
		return r;
	drop_due(conductor);
	timer_set(conductor->settle_timer,
	    (uint64_t)conductor->options.settle_seconds * 1000);
	timer_set(conductor->keep_timer, 1);
	return 0;
}

/* A quarter of what the process may have, for messages on their way. */
static size_t
descriptors_for_bytes(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur > 4 * OPEN_MOST)
		return OPEN_MOST;
	return (size_t)limit.rlim_cur / 4;
}

int
conductor_open(int folder_fd, const struct conductor_options *options,
    const struct conductor_ports *ports, struct loop *loop,
    struct conductor **conductor_out)
{
	struct conductor *conductor = calloc(1, sizeof(*conductor));
	int r = -ENOMEM;

	if (conductor == NULL)
		return -ENOMEM;
	conductor->options = *options;
	conductor->ports = *ports;
	/* until somebody says that nobody has */
	conductor->has_senders = ports->wishes != NULL;
	conductor->has_forwards = ports->expand != NULL;
	conductor->loop = loop;
	conductor->folder_fd = folder_fd;
	conductor->open_most = descriptors_for_bytes();
	/* a ticket of an earlier life must not name a file of this one */
	if (getrandom(&conductor->last_ticket, sizeof(conductor->last_ticket),
	    0) != (ssize_t)sizeof(conductor->last_ticket)) {
		free(conductor);
		return -EIO;
	}
	conductor->journal_fd = conductor->kept_fd = -1;
	conductor->big_fd = conductor->half_fd = conductor->trail_fd = -1;
	conductor->archive_fd = -1;
	TAILQ_INIT(&conductor->arriving);
	TAILQ_INIT(&conductor->received);
	TAILQ_INIT(&conductor->set_aside);
	LIST_INIT(&conductor->sharings);
	TAILQ_INIT(&conductor->coming);
	TAILQ_INIT(&conductor->archivings);
	LIST_INIT(&conductor->savings);
	conductor->pool = pool_new(loop, 1);
	conductor->big_pool = pool_new(loop, BIG_SYNCS);
	conductor->settle_timer = timer_new(loop, on_settle_time, conductor);
	conductor->keep_timer = timer_new(loop, on_keep_time, conductor);
	if (conductor->pool != NULL && conductor->big_pool != NULL &&
	    conductor->settle_timer != NULL &&
	    conductor->keep_timer != NULL)
		r = open_all(conductor);
	if (r < 0) {
		log_say("the queue cannot be opened: %s", strerror(-r));
		conductor_close(conductor);
		return r;
	}
	*conductor_out = conductor;
	return 0;
}

static void
free_all(struct transits *list)
{
	struct transit *transit;

	while ((transit = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, transit, next);
		big_end(transit->writer);
		transit_free(transit);
	}
}

void
conductor_close(struct conductor *conductor)
{
	const int folders[] = { conductor->journal_fd, conductor->kept_fd,
	    conductor->big_fd, conductor->half_fd, conductor->archive_fd,
	    conductor->trail_fd };

	conductor->closing = true;
	pool_free(conductor->pool);	/* the last sync ends first */
	pool_free(conductor->big_pool);
	if (conductor->halves != NULL)
		halves_closing(conductor->halves);
	timer_free(conductor->settle_timer);
	timer_free(conductor->keep_timer);
	recall_close(conductor);
	sharing_close(conductor);
	coming_close(conductor);
	archiving_close(conductor);
	outbound_close(conductor->outbound);
	fate_close(conductor->fates);
	saving_close(conductor);
	deliver_close(conductor);
	keep_close(conductor);
	if (conductor->space != NULL)
		incoming_lost(conductor, NULL);
	free_all(&conductor->arriving);
	free_all(&conductor->received);
	free_all(&conductor->set_aside);
	journal_close(conductor->journal);
	rule_hits_close(conductor->rule_hits);
	trail_close(conductor->trail);
	halves_close(conductor->halves);
	archive_close(conductor->archive);
	if (conductor->rows != NULL)
		bodies_flush(conductor);
	ledger_close(conductor->ledger);
	rows_close(conductor->rows);
	if (conductor->big != NULL)
		big_folder_close(conductor->big);
	if (conductor->space != NULL)
		space_close(conductor->space);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (folders[i] >= 0)
			(void)close(folders[i]);
	free(conductor);
}

static enum queue_bar
find_bar(const struct conductor *conductor,
    const struct journal_figures *figures)
{
	bool is_short = false;

	if (space_is_short(conductor->space, &is_short) < 0)
		return BAR_DISK_UNKNOWN;
	if (is_short)
		return BAR_DISK;
	return figures->free == 0 && figures->bytes_free == 0 ? BAR_JOURNAL :
	    BAR_NONE;
}

void
conductor_status(struct conductor *conductor, struct queue_status *status_out)
{
	struct queue_status status = {
		.received = conductor->count_received,
		.delivered = conductor->count_delivered,
		.refused = conductor->count_refused,
		.moving = conductor->moving
	};
	const struct transit *transit;
	struct journal_figures figures;
	struct rows_counts counts;
	struct rows_outbound_counts leaving;

	journal_figures(conductor->journal, &figures);
	status.segments_used = figures.used;
	status.segments_free = figures.free;
	status.segments_broken = figures.broken;
	TAILQ_FOREACH(transit, &conductor->received, next)
		status.waiting += transit->undelivered > 0 ||
		    transit->is_stuck;
	/* one that is held has a row; one delivered waits for nobody */
	TAILQ_FOREACH(transit, &conductor->set_aside, next)
		status.waiting += !transit->is_held &&
		    (transit->copies == NULL || transit->undelivered > 0 ||
		    transit->is_stuck);
	if (rows_counts(conductor->rows, &counts) == 0) {
		status.held = counts.held;
		status.quarantined = counts.quarantined;
	}
	if (rows_outbound_counts(conductor->rows, &leaving) == 0) {
		status.leaving_waiting = leaving.of[OUTBOUND_WAITING];
		status.leaving_held = leaving.of[OUTBOUND_HELD];
		status.leaving_failed = leaving.of[OUTBOUND_FAILED];
		status.leaving_since_utc_ms = leaving.since_utc_ms;
	}
	status.deletes = ledger_restored(conductor->ledger) == NULL;
	(void)space_free(conductor->space, &status.free_bytes);
	status.bar = find_bar(conductor, &figures);
	*status_out = status;
}
