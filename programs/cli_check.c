/*
 * cli_check.c - postroom check: do journal, index, letters and files agree?
 */
#include "programs/cli_repair.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/loop.h"
#include "queue/check.h"
#include "store/copies.h"

#define CHECK_JSON	(4 * 1024 * 1024)	/* of faults; of notes */

/* One look at everything. */
struct checking {
	struct cli	*cli;
	const char	*account;	/* its folder's name */
	struct queue_check *queue;	/* NULL: there is none */
	struct queue_check_counts counts;
	unsigned	 accounts, faults;
	unsigned	 copies;	/* accounts with a good one */
	int64_t		 oldest;	/* of those, in seconds */
	const struct cli_repairs *repairs;	/* NULL: none were asked for */
	struct text	 json, notes;	/* the faults and notes, with --json */
};

/* Add {"PART": WHO, "fault": SENTENCE}. */
static void
add_json(struct text *json, const char *part, const char *who,
    const char *sentence)
{
	text_addf(json, "%s{\"%s\": ", json->len == 0 ? "" : ", ", part);
	text_add_json(json, slice_str(who));
	text_add_str(json, ", \"fault\": ");
	text_add_json(json, slice_str(sentence));
	text_add_str(json, "}");
}

static void
tell_fault(void *arg, const char *sentence)
{
	struct checking *c = arg;

	c->faults++;
	cli_say(c->cli, CHECK_FAULT, c->account, sentence);
	if (c->cli->json)
		add_json(&c->json, "account", c->account, sentence);
}

static void
tell_queue(struct checking *c, bool is_fault, const char *sentence)
{
	c->faults += is_fault;
	if (is_fault)
		cli_say(c->cli, CHECK_QUEUE, sentence);
	else
		cli_say(c->cli, CHECK_NOTE, sentence);
	if (c->cli->json)
		add_json(is_fault ? &c->json : &c->notes, "part", "queue",
		    sentence);
}

#define SAY_FOUND(name) \
	case name: text_say(words, language, name, id); break

static void
say_finding(struct text *words, enum language language,
    const struct queue_finding *finding)
{
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&finding->id, id);
	switch (finding->what) {
	case FOUND_HEAD:
		text_say(words, language, FOUND_HEAD, finding->segment);
		break;
	case FOUND_GAP:
		text_say(words, language, FOUND_GAP, finding->segment,
		    finding->from, finding->to);
		break;
	case FOUND_RECORD:
		text_say(words, language, FOUND_RECORD, id, finding->segment,
		    finding->from);
		break;
	SAY_FOUND(FOUND_RECORD_BIG);
	SAY_FOUND(FOUND_RECORD_LEDGER);
	SAY_FOUND(FOUND_KEPT_MISSING);
	SAY_FOUND(FOUND_KEPT_DAMAGED);
	SAY_FOUND(FOUND_KEPT_BIG);
	SAY_FOUND(FOUND_KEPT_NOBODY);
	SAY_FOUND(FOUND_KEPT_NO_ROW);
	SAY_FOUND(FOUND_BIG_UNKNOWN);
	SAY_FOUND(FOUND_ARCHIVE);
	SAY_FOUND(FOUND_ARCHIVE_CHANGED);
	SAY_FOUND(FOUND_ARCHIVE_READ);
	case FOUND_LEDGER:
		text_say(words, language, FOUND_LEDGER);
		break;
	case FOUND_ARCHIVE_PLAIN:
		text_say(words, language, FOUND_ARCHIVE_PLAIN,
		    (unsigned long long)finding->number);
		break;
	case FOUND_HALF:
		text_say(words, language, FOUND_HALF,
		    (unsigned long long)finding->number);
		break;
	}
}

static const char *
words_of(struct text *words)
{
	text_add_byte(words, '\0');
	return text_failed(words) ? "?" : words->at;
}

static void
tell_finding(void *arg, const struct queue_finding *finding)
{
	TEXT_AUTO words = TEXT_INIT(1024);
	struct checking *c = arg;

	say_finding(&words, c->cli->language, finding);
	tell_queue(c, finding->is_fault, words_of(&words));
}

/* A letter of the account is in this big file. */
static void
check_letter(void *arg, const struct message_id *big, uint64_t bytes)
{
	TEXT_AUTO words = TEXT_INIT(1024);
	struct checking *c = arg;
	char id[MESSAGE_ID_CHARS + 1];
	int r = c->queue == NULL ? -ENOENT :
	    queue_check_letter(c->queue, big, bytes);

	if (r == 0)
		return;
	message_id_write(big, id);
	if (r == -ENOENT)
		text_say(&words, c->cli->language, CHECK_BIG_MISSING, id);
	else if (r == -EBADMSG)
		text_say(&words, c->cli->language, CHECK_BIG_SIZE, id,
		    (unsigned long long)bytes);
	else
		text_say(&words, c->cli->language, CHECK_BIG_READ, id,
		    strerror(-r));
	tell_fault(c, words_of(&words));
}

/*
 * SQLite has a log to work in first, and reading may not do that: the hub does
 * when it opens the account.  That is how a power cut leaves it, no fault.
 */
static void
tell_unfinished(struct checking *c)
{
	TEXT_AUTO words = TEXT_INIT(256);

	text_say(&words, c->cli->language, CHECK_UNFINISHED, c->account);
	cli_say(c->cli, CHECK_UNFINISHED, c->account);
	if (c->cli->json)
		add_json(&c->notes, "account", c->account, words_of(&words));
}

static void
tell_unusable(struct checking *c)
{
	TEXT_AUTO words = TEXT_INIT(256);

	text_say(&words, c->cli->language, CHECK_UNUSABLE);
	tell_fault(c, words_of(&words));
}

/* What repair would begin with. */
static void
check_copies(struct checking *c, int folder_fd)
{
	int64_t now = clock_utc_ms(), age;

	for (unsigned n = 1; n <= COPIES_MOST; n++) {
		if (copies_age(folder_fd, n, now, &age) < 0 ||
		    copies_judge(folder_fd, n) < 0)
			continue;
		c->copies++;
		if (age > c->oldest)
			c->oldest = age;
		return;
	}
}

static void
check_one(struct checking *c, int folder_fd)
{
	int fd = openat(folder_fd, c->account,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r = fd < 0 ? -errno : account_check(fd, tell_fault, c);

	c->accounts++;
	if (r >= 0)
		r = account_big_each(fd, check_letter, c);
	if (r == -EROFS)
		tell_unfinished(c);
	else if (r == -EUCLEAN)
		tell_unusable(c);
	else if (r < 0)
		tell_fault(c, strerror(-r));
	if (fd < 0)
		return;
	check_copies(c, fd);
	close(fd);
}

static void
check_report(const struct checking *c)
{
	unsigned long long records = c->counts.records, kept = c->counts.kept;
	unsigned long long big = c->counts.big, archived = c->counts.archived;

	if (c->cli->json)
		printf("{\"ok\": true, \"result\": {\"accounts\": %u, "
		    "\"records\": %llu, \"kept\": %llu, \"big\": %llu, "
		    "\"archived\": %llu, \"copies\": %u, \"oldest_copy_seconds\": %lld, "
		    "\"repairs\": [%.*s], "
		    "\"faults\": [%.*s], \"notes\": [%.*s]}}\n", c->accounts,
		    records, kept, big, archived, c->copies,
		    (long long)c->oldest,
		    c->repairs == NULL ? 0 : (int)c->repairs->json.len,
		    c->repairs == NULL || c->repairs->json.at == NULL ? "" :
		    c->repairs->json.at, (int)c->json.len,
		    c->json.at == NULL ? "" : c->json.at, (int)c->notes.len,
		    c->notes.at == NULL ? "" : c->notes.at);
	if (c->accounts > 0 && c->copies == 0)
		cli_say(c->cli, CHECK_NO_COPIES);
	else if (c->accounts > 0)
		cli_say(c->cli, CHECK_COPIES, c->copies, c->accounts,
		    (long long)(c->oldest / 3600));
	if (c->cli->json)
		return;
	if (c->faults == 0)
		cli_say(c->cli, CHECK_FINE, c->accounts, records, kept, big);
	else
		cli_say(c->cli, CHECK_FAULTS, c->accounts, records, kept, big,
		    c->faults);
}

/* No folder at all is an office without mail. */
static int
check_accounts(struct checking *c, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int fault = dir == NULL && errno != ENOENT ? errno : 0;
	uint64_t n;

	while (dir != NULL && (errno = 0, entry = readdir(dir)) != NULL) {
		c->account = entry->d_name;
		if (slice_u64(slice_str(c->account), INT64_MAX, &n) == 0)
			check_one(c, dirfd(dir));
	}
	if (dir != NULL) {
		fault = errno;
		closedir(dir);
	}
	if (fault != 0)
		return cli_fail(c->cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(fault));
	return CLI_OK;
}

static void
tell_lost_rows(struct checking *c)
{
	TEXT_AUTO words = TEXT_INIT(256);

	text_say(&words, c->cli->language, CHECK_QUEUE_LOST);
	tell_queue(c, true, words_of(&words));
}

/* The queue itself; `folder_fd` < 0, or nothing in it: it never ran. */
static void
check_queue(struct checking *c, int folder_fd)
{
	int r = folder_fd < 0 ? folder_fd : queue_check_open(folder_fd,
	    tell_finding, c, &c->queue);

	if (r == -ENOENT)
		return;
	if (r == 0)
		r = queue_check_run(c->queue, &c->counts);
	if (r == -EUCLEAN)
		tell_lost_rows(c);
	else if (r < 0)
		tell_queue(c, true, strerror(-r));
}

/* Every fault that is left counts, and every account that was mended. */
static int
code_of(const struct checking *c)
{
	if (c->repairs == NULL)
		return c->faults == 0 ? CLI_OK : CLI_FAILED;
	if (c->faults > 0 || c->repairs->unmended > 0)
		return CLI_UNMENDED;
	return c->repairs->mended > 0 ? CLI_FAILED : CLI_OK;
}

static int
check_all(struct cli *cli, const struct cli_repairs *repairs)
{
	struct checking c = { .cli = cli, .repairs = repairs,
	    .json = TEXT_INIT(CHECK_JSON), .notes = TEXT_INIT(CHECK_JSON) };
	char path[PATH_MAX + 16];
	int fd, r;

	snprintf(path, sizeof(path), "%s/queue", cli->config.data_dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check_queue(&c, fd < 0 ? -errno : fd);
	snprintf(path, sizeof(path), "%s/accounts", cli->config.data_dir);
	r = check_accounts(&c, path);
	if (r == CLI_OK)
		check_report(&c);
	queue_check_close(c.queue);
	if (fd >= 0)
		close(fd);
	text_free(&c.json);
	text_free(&c.notes);
	return r != CLI_OK ? r : code_of(&c);
}

static int
repair_and_check(struct cli *cli)
{
	struct cli_repairs repairs = { .json = TEXT_INIT(CHECK_JSON) };
	int r = cli_repair(cli, &repairs);

	if (r == CLI_OK)
		r = check_all(cli, &repairs);
	text_free(&repairs.json);
	return r;
}

int
cli_check(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { "--repair", false, NULL }, { 0 } };
	const char *words[1];
	int r = cli_options(cli, argc, argv, options, "", 0, 0, words);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	return options[0].value != NULL ? repair_and_check(cli) :
	    check_all(cli, NULL);
}
