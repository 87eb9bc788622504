/*
 * rehearsal.c - gather what mail is still here, and have rules judge it
 *
 * First only rows are read: which message is where, with what flags.  In order
 * of their ids, which is that of time, each message is then read and judged once,
 * with the recipients of all its copies.  So what is in memory at a time is one
 * message and some bytes for each copy.
 */
#include "programs/rehearsal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "filters/rule_value.h"
#include "lib/base/loop.h"
#include "queue/big_map.h"
#include "store/folders.h"

#define COPIES_MOST	(4u << 20)	/* 128 MiB of rows */
#define ACCOUNTS_OPEN	48		/* a dozen descriptors each */
#define NICE		10
#define OF_QUEUE	UINT32_MAX	/* it is held */

/* A copy of a message. */
struct copy {
	uint64_t	 letter;
	uint64_t	 bytes;
	uint32_t	 account;	/* its place below, or OF_QUEUE */
	struct message_id id;
	uint8_t		 flags;
	uint8_t		 where;
};

struct mail_account {
	char		 number[24];
	struct onlooker	*onlooker;	/* NULL: not now */
	int		 fd;
	uint64_t	 used_at;	/* the least is closed for another */
};

struct gathering {
	struct rehearsal	*rehearsal;
	int			 accounts_fd, queue_fd;
	struct held_reader	*held;		/* NULL: the queue never ran */
	struct mail_account	*accounts;
	uint32_t		 account_count;
	unsigned		 open_count;
	uint64_t		 clock;
	struct copy		*copies;
	size_t			 count, room;
};

static volatile sig_atomic_t is_stopped;

static void
on_interrupt(int number)
{
	(void)number;
	is_stopped = 1;
}

/* Accounts */

static void
close_account(struct gathering *all, struct mail_account *account)
{
	if (account->onlooker == NULL)
		return;
	onlooker_close(account->onlooker);
	(void)close(account->fd);
	account->onlooker = NULL;
	all->open_count--;
}

static void
close_idlest(struct gathering *all)
{
	struct mail_account *idlest = NULL;

	for (uint32_t i = 0; i < all->account_count; i++) {
		struct mail_account *one = &all->accounts[i];

		if (one->onlooker != NULL && (idlest == NULL ||
		    one->used_at < idlest->used_at))
			idlest = one;
	}
	if (idlest != NULL)
		close_account(all, idlest);
}

static int
open_account(struct gathering *all, struct mail_account *account)
{
	int r;

	account->used_at = ++all->clock;
	if (account->onlooker != NULL)
		return 0;
	if (all->open_count == ACCOUNTS_OPEN)
		close_idlest(all);
	account->fd = openat(all->accounts_fd, account->number,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (account->fd < 0)
		return -errno;
	r = onlooker_open(account->fd, &account->onlooker);
	if (r < 0)
		(void)close(account->fd);
	all->open_count += r == 0;
	return r;
}

static int
add_account(struct gathering *all, uint64_t number)
{
	struct mail_account *accounts = reallocarray(all->accounts,
	    all->account_count + 1, sizeof(*accounts));

	if (accounts == NULL)
		return -ENOMEM;
	all->accounts = accounts;
	accounts[all->account_count] = (struct mail_account){ .fd = -1 };
	(void)snprintf(accounts[all->account_count++].number,
	    sizeof(accounts->number), "%llu", (unsigned long long)number);
	return 0;
}

/* Rows */

static int
add_copy(struct gathering *all, const struct copy *copy)
{
	size_t room = all->room == 0 ? 1024 : 2 * all->room;
	struct copy *copies;

	if (all->count == COPIES_MOST)
		return -EFBIG;
	if (all->count == all->room) {
		copies = reallocarray(all->copies, room, sizeof(*copies));
		if (copies == NULL)
			return -ENOMEM;
		all->copies = copies;
		all->room = room;
	}
	all->copies[all->count++] = *copy;
	all->rehearsal->progress.of_bytes += copy->bytes;
	return 0;
}

static enum rehearsed_where
place_of(const struct onlooked *entry)
{
	if (entry->mailbox == MAILBOX_INBOX)
		return REHEARSED_INBOX;
	if ((entry->uses & FOLDER_JUNK) != 0)
		return REHEARSED_JUNK;
	return (entry->uses & FOLDER_TRASH) != 0 ? REHEARSED_TRASH :
	    REHEARSED_FILED;
}

static int
on_entry(void *arg, const struct onlooked *entry)
{
	struct gathering *all = arg;

	return is_stopped ? -EINTR : add_copy(all, &(struct copy){
	    .letter = entry->letter, .bytes = entry->bytes,
	    .account = all->account_count - 1, .id = entry->id,
	    .flags = entry->flags, .where = (uint8_t)place_of(entry) });
}

static int
on_held(void *arg, const struct message_id *id)
{
	struct gathering *all = arg;

	if (message_id_utc_ms(id) < all->rehearsal->since_utc_ms)
		return 0;
	return add_copy(all, &(struct copy){ .account = OF_QUEUE, .id = *id,
	    .where = REHEARSED_HELD });
}

/* An account that cannot be read is told, and no reason to read no other. */
static int
gather_account(struct gathering *all, uint64_t number)
{
	struct rehearsal *rehearsal = all->rehearsal;
	struct mail_account *account;
	int r = add_account(all, number);

	if (r < 0)
		return r;
	account = &all->accounts[all->account_count - 1];
	r = open_account(all, account);
	if (r == 0)
		r = onlooker_each(account->onlooker, rehearsal->since_utc_ms,
		    on_entry, all);
	close_account(all, account);
	rehearsal->accounts++;
	if (r == 0 || r == -ENODATA || r == -ENOMEM || r == -EFBIG ||
	    r == -EINTR)
		return r == -ENODATA ? 0 : r;
	rehearsal->unread_accounts++;
	if (r == -EROFS)
		cli_say(rehearsal->cli, CHECK_UNFINISHED, account->number);
	else
		cli_say(rehearsal->cli, CHECK_FAULT, account->number,
		    strerror(-r));
	return 0;
}

static int
gather_accounts(struct gathering *all)
{
	DIR *folder = fdopendir(dup(all->accounts_fd));
	struct dirent *entry;
	uint64_t n;
	int r = 0;

	if (folder == NULL)
		return -errno;
	while (r == 0 && (errno = 0, entry = readdir(folder)) != NULL)
		if (slice_u64(slice_str(entry->d_name), INT64_MAX, &n) == 0)
			r = gather_account(all, n);
	if (r == 0 && errno != 0)
		r = -errno;
	closedir(folder);
	return r;
}

static int
order_copies(const void *a, const void *b)
{
	const struct copy *left = a, *right = b;
	int order = message_id_order(&left->id, &right->id);

	if (order != 0)
		return order;
	if (left->account != right->account)
		return left->account < right->account ? -1 : 1;
	return left->letter < right->letter ? -1 : left->letter > right->letter;
}

/* One message */

/* What is read of it, copy by copy. */
struct reading {
	struct gathering	*all;
	struct rehearsed_message message;
	struct arena		*arena;		/* of its recipients */
	struct slice		 big;		/* its bytes, mapped */
	const struct copy	*main;		/* whose bytes are judged */
	bool			 is_own;
};

static int
keep_recipient(struct reading *reading, struct slice address)
{
	struct envelope *env = &reading->message.envelope;
	struct slice kept;
	int r;

	for (size_t i = 0; i < env->recipient_count; i++)
		if (slice_is_nocase(env->recipients[i].address, address))
			return 0;
	r = arena_copy(reading->arena, address, &kept);
	if (r == 0)
		env->recipients[env->recipient_count++] =
		    (struct recipient){ .address = kept };
	return r;
}

static int
read_copy(struct gathering *all, const struct copy *copy,
    struct letter_row *row, struct record *record)
{
	struct mail_account *account = &all->accounts[copy->account];
	int r = open_account(all, account);

	return r < 0 ? r : onlooker_read(account->onlooker, copy->letter, row,
	    record);
}

/* A host of our provider's counts as one, by what is configured now. */
static enum envelope_source
source_of(const struct gathering *all, const struct traced *traced)
{
	struct slice rest, word;
	struct rule_net net;

	rest = slice_str(all->rehearsal->cli->config.upstream_hosts);
	while (traced->source == SOURCE_SMTP && slice_word(&rest, &word))
		if (rule_net_read(word, &net) == NULL &&
		    rule_net_has(&net, traced->peer))
			return SOURCE_UPSTREAM;
	return traced->source;
}

/* What only the first copy says, or all of them alike. */
static int
keep_envelope(struct reading *reading, const struct traced *traced,
    const struct record *record)
{
	struct envelope *env = &reading->message.envelope;
	int r;

	env->source = source_of(reading->all, traced);
	env->received_at_utc_ms = record->received_at_utc_ms;
	env->bytes = record->body_bytes;
	env->login = traced->login;
	r = arena_copy(reading->arena, traced->sender, &env->sender);
	if (r == 0)
		r = arena_copy(reading->arena, traced->helo, &env->helo);
	if (r == 0)
		r = arena_copy(reading->arena, traced->peer, &env->peer);
	traced_findings(record->trace,
	    reading->all->rehearsal->cli->config.hostname,
	    reading->message.may);
	return r;
}

/* 0; -ENOENT: it is none that came, or gone, or cannot be read; or -ENOBUFS. */
static int
take_copy(struct reading *reading, const struct copy *copy)
{
	struct rehearsal *rehearsal = reading->all->rehearsal;
	struct rehearsed_message *message = &reading->message;
	struct letter_row row;
	struct record record;
	struct traced traced;
	int r = read_copy(reading->all, copy, &row, &record);

	if (r < 0) {
		rehearsal->unreadable += r != -ENOENT;
		return -ENOENT;
	}
	if (!traced_read(record.trace, rehearsal->cli->config.hostname,
	    &traced))
		return -ENOENT;
	reading->is_own = traced.source == SOURCE_OWN;
	message->flags |= copy->flags;
	message->is_moved |= (copy->where == REHEARSED_INBOX) !=
	    (record.mailbox == MAILBOX_INBOX);
	if (copy->where < message->where)
		message->where = copy->where;
	r = keep_recipient(reading, traced.recipient);
	if (r == 0 && reading->main == NULL) {
		reading->main = copy;
		r = keep_envelope(reading, &traced, &record);
	}
	return r;
}

/* Its bytes, once all copies have been looked at. */
static int
load_main(struct reading *reading)
{
	struct gathering *all = reading->all;
	struct letter_row row;
	struct record record;
	int r = read_copy(all, reading->main, &row, &record);

	if (r < 0)
		return r;
	reading->message.bytes = record.body;
	if (!record.is_big)
		return 0;
	r = big_map(all->queue_fd, &row.big, record.body_bytes,
	    &reading->big);
	reading->message.bytes = reading->big;
	return r;
}

/* Of one that is held all is known as it was. */
static int
load_held(struct reading *reading)
{
	TEXT_AUTO lines = TEXT_INIT(VERDICT_LINES * 1024);
	struct rehearsed_message *message = &reading->message;
	struct held_message held;
	int r = held_reader_read(reading->all->held, &message->id, &held);

	if (r < 0)
		return r;
	for (size_t i = 0; i < held.verdict->line_count; i++)
		text_addf(&lines, "%s: %s\r\n", held.verdict->lines[i].name,
		    held.verdict->lines[i].value);
	if (text_failed(&lines))
		return -ENOMEM;
	message->envelope = *held.envelope;
	message->bytes = held.bytes;
	reading->is_own = held.envelope->source == SOURCE_OWN;
	traced_findings(text_slice(&lines),
	    reading->all->rehearsal->cli->config.hostname, message->may);
	reading->all->rehearsal->held += !reading->is_own;
	return 0;
}

static int
judge_reading(struct reading *reading, bool is_held)
{
	struct rehearsal *rehearsal = reading->all->rehearsal;
	int r;

	if (!is_held && reading->main == NULL) {
		rehearsal->saved++;
		return 0;
	}
	r = is_held ? load_held(reading) : reading->is_own ? 0 :
	    load_main(reading);
	if (r < 0) {
		rehearsal->unreadable += r != -ENOENT;
		return r == -ENOMEM ? r : 0;
	}
	rehearsal->own += reading->is_own;
	rehearsal->messages += !reading->is_own;
	r = reading->is_own ? 0 : rehearsal_judge(rehearsal,
	    &reading->message);
	big_unmap(&reading->big);
	return r;
}

/* All copies of one message; the one in the queue, if there is, is the last. */
static int
look_at(struct gathering *all, const struct copy *copies, size_t count)
{
	ARENA_AUTO arena = arena_new(count * 1024 + 65536);
	struct reading reading = { .all = all, .arena = arena,
	    .message = { .id = copies->id, .where = REHEARSED_HELD } };
	bool is_held = copies[count - 1].account == OF_QUEUE;
	struct envelope *env = &reading.message.envelope;
	int r = 0;

	if (arena == NULL)
		return -ENOMEM;
	env->id = copies->id;
	env->recipients = arena_alloc(arena, count * sizeof(*env->recipients));
	if (env->recipients == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count - is_held && (r == 0 || r == -ENOENT);
	    i++)
		r = take_copy(&reading, &copies[i]);
	return r < 0 && r != -ENOENT ? r : judge_reading(&reading, is_held);
}

static int
look_at_all(struct gathering *all)
{
	struct transfer_progress *progress = &all->rehearsal->progress;
	size_t from = 0, end;
	int r = 0;

	for (; r == 0 && from < all->count && !is_stopped; from = end) {
		const struct copy *first = &all->copies[from];

		for (end = from; end < all->count && message_id_order(
		    &all->copies[end].id, &first->id) == 0; end++)
			progress->bytes += all->copies[end].bytes;
		r = look_at(all, first, end - from);
		progress->messages++;
		transfer_progress_draw(progress);
	}
	return r;
}

static void
count_messages(struct gathering *all)
{
	for (size_t i = 0; i < all->count; i++)
		all->rehearsal->of_messages += i == 0 || message_id_order(
		    &all->copies[i - 1].id, &all->copies[i].id) != 0;
}

/* The whole */

static int
open_folder(const struct cli *cli, const char *name)
{
	char path[PATH_MAX + 16];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", cli->config.data_dir,
	    name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* No folder is an office without mail. */
static int
gather(struct gathering *all)
{
	int r = 0;

	if (all->queue_fd >= 0)
		r = held_reader_open(all->queue_fd, &all->held);
	if (r == -ENOENT || r == -ENODATA)
		r = 0;
	if (r == 0 && all->held != NULL)
		r = held_reader_each(all->held, on_held, all);
	if (r == 0 && all->accounts_fd >= 0)
		r = gather_accounts(all);
	if (r == 0 && all->count > 0)
		qsort(all->copies, all->count, sizeof(*all->copies),
		    order_copies);
	return r;
}

static void
give_back(struct gathering *all)
{
	for (uint32_t i = 0; i < all->account_count; i++)
		close_account(all, &all->accounts[i]);
	held_reader_close(all->held);
	free(all->accounts);
	free(all->copies);
	if (all->accounts_fd >= 0)
		(void)close(all->accounts_fd);
	if (all->queue_fd >= 0)
		(void)close(all->queue_fd);
}

static int
tell_failure(struct cli *cli, int r)
{
	if (r == -EFBIG)
		return cli_fail(cli, CLI_FAILED, REHEARSAL_MUCH,
		    (unsigned long long)COPIES_MOST);
	return cli_fail(cli, CLI_FAILED, CANNOT_READ, cli->config.data_dir,
	    strerror(-r));
}

static int
run(struct gathering *all)
{
	struct rehearsal *rehearsal = all->rehearsal;
	uint64_t began = clock_ms();
	int r;

	if (all->accounts_fd < 0 && all->accounts_fd != -ENOENT)
		return all->accounts_fd;
	if (all->queue_fd < 0 && all->queue_fd != -ENOENT)
		return all->queue_fd;
	r = gather(all);
	if (r == 0) {
		count_messages(all);
		r = look_at_all(all);
	}
	rehearsal->is_stopped = is_stopped != 0;
	rehearsal->seconds = (double)(clock_ms() - began) / 1000;
	transfer_progress_undraw(&rehearsal->progress);
	return r == -EINTR ? 0 : r;
}

/* The rules that are tried, with room for what comes of each. */
static int
make_room(struct rehearsal *rehearsal)
{
	size_t count = rehearsal->book->rules->count;

	rehearsal->rules = calloc(count + 1, sizeof(*rehearsal->rules));
	if (rehearsal->rules == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		rehearsal->rules[i].examples = calloc(rehearsal->limit + 1,
		    sizeof(*rehearsal->rules[i].examples));
		if (rehearsal->rules[i].examples == NULL)
			return -ENOMEM;
	}
	return 0;
}

int
rehearsal_run(struct rehearsal *rehearsal)
{
	const struct sigaction action = { .sa_handler = on_interrupt,
	    .sa_flags = SA_RESTART };
	struct gathering all = { .rehearsal = rehearsal,
	    .accounts_fd = open_folder(rehearsal->cli, "accounts"),
	    .queue_fd = open_folder(rehearsal->cli, "queue") };
	int r;

	rehearsal->progress = transfer_progress_of(rehearsal->cli);
	(void)sigaction(SIGINT, &action, NULL);
	/* mail that comes in the meantime is more urgent */
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	r = make_room(rehearsal);
	if (r == 0)
		r = run(&all);
	give_back(&all);
	return r < 0 ? tell_failure(rehearsal->cli, r) : CLI_OK;
}

void
rehearsal_end(struct rehearsal *rehearsal)
{
	size_t count = rehearsal->rules == NULL ? 0 :
	    rehearsal->book->rules->count;

	for (size_t i = 0; i < count; i++)
		free(rehearsal->rules[i].examples);
	free(rehearsal->rules);
}
