/*
 * cli_spam.c - postroom spam: teach the site's spam filter, and ask it
 *
 * It works on DATA/spam.model itself, whether the hub runs or not; the judges
 * see the same bytes.  With --for it is the model of one account, beside the
 * site's, as its mailbox teaches and asks it.  Which messages are meant is
 * mail_files.h's to say.
 */
#include "programs/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "filters/spam/spam.h"
#include "lib/message/mbox.h"
#include "lib/message/words.h"
#include "programs/mail_files.h"
#include "programs/spam_file.h"
#include "queue/stamp.h"

#define MESSAGE_MOST	(64u << 20)	/* bytes of one in an mbox */
#define KEYWORDS_MOST	65536

struct spam_work {
	struct cli	*cli;
	const char	*address;	/* whose; NULL: the site's */
	char		 number[32];	/* of that account */
	struct spam_features *features;
	struct spam_file file;
	struct spam_file beside;	/* of an account: the site's, if that
					   has a say */
	int		 lock;		/* while we learn, else -1 */
	bool		 is_new;
	bool		 is_spam;
	uint64_t	 learnt, passed;
};

/* Below what the model is: the site's, or that of an account. */
static void
add_folder(const struct spam_work *work, bool is_site, char *path,
    size_t size)
{
	const char *data = work->cli->config.data_dir;

	if (is_site)
		(void)snprintf(path, size, "%s", data);
	else
		(void)snprintf(path, size, "%s/accounts/%s", data,
		    work->number);
}

static int
fail_model(const struct spam_work *work, int r)
{
	struct cli *cli = work->cli;
	char folder[PATH_MAX + 48], path[PATH_MAX + 64];

	add_folder(work, work->address == NULL, folder, sizeof(folder));
	(void)snprintf(path, sizeof(path), "%s/" SPAM_FILE_NAME, folder);
	switch (r) {
	case -EWOULDBLOCK:
		return cli_fail(cli, CLI_BUSY, SPAM_LEARNING);
	case -EBADMSG:
		return cli_fail(cli, CLI_FAILED, SPAM_BROKEN, path);
	case -ENOTSUP:
		return cli_fail(cli, CLI_FAILED, SPAM_NEWER, path);
	default:
		return cli_fail(cli, CLI_FAILED, CANNOT_OPEN, path,
		    strerror(-r));
	}
}

/* Whose model it is.  CLI_OK, or told. */
static int
find_account(struct spam_work *work)
{
	return work->address == NULL ? CLI_OK : cli_account_number(work->cli,
	    work->address, work->number, sizeof(work->number));
}

/* Room and charsets.  CLI_OK, or told. */
static int
work_begin(struct spam_work *work)
{
	int r;

	work->lock = -1;
	work->features = spam_features_new();
	r = work->features == NULL ? -ENOMEM : words_open();
	return r == 0 ? CLI_OK : fail_model(work, r);
}

static void
work_end(struct spam_work *work)
{
	spam_file_close(&work->file);
	spam_file_close(&work->beside);
	spam_features_free(work->features);
	words_close();
	if (work->lock >= 0)
		close(work->lock);
}

static int
open_folder(const struct spam_work *work, bool is_site)
{
	char path[PATH_MAX + 48];
	int fd;

	add_folder(work, is_site, path, sizeof(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The mailbox opens it, too, which is another user.  0 or -errno. */
static int
give_to_owner(int folder_fd, int fd)
{
	struct stat folder, file;

	if (fstat(folder_fd, &folder) < 0 || fstat(fd, &file) < 0)
		return -errno;
	if (file.st_uid == folder.st_uid && file.st_gid == folder.st_gid)
		return 0;
	return fchown(fd, folder.st_uid, folder.st_gid) < 0 ? -errno : 0;
}

static int
open_to_learn(struct spam_work *work)
{
	bool is_site = work->address == NULL;
	int fd = open_folder(work, is_site), r = fd;

	if (fd >= 0) {
		r = spam_file_learn(fd, is_site ? SPAM_BITS_SITE :
		    SPAM_BITS_PERSON, (int64_t)time(NULL),
		    &work->file, &work->lock, &work->is_new);
		if (r == 0 && !is_site)
			r = give_to_owner(fd, work->lock);
		close(fd);
	}
	return r < 0 ? fail_model(work, r) : CLI_OK;
}

/* 0, -ENOENT: there is none, or -errno. */
static int
map_to_ask(const struct spam_work *work, bool is_site,
    struct spam_file *file_out)
{
	int data = open_folder(work, is_site), fd = -1, r = data;

	if (data >= 0) {
		fd = openat(data, SPAM_FILE_NAME, O_RDONLY | O_CLOEXEC |
		    O_NOFOLLOW);
		r = fd < 0 ? -errno : spam_file_map(fd, SPAM_TO_ASK,
		    file_out);
		close(data);
	}
	if (fd >= 0)
		close(fd);
	return r;
}

/* With nothing learnt there is no model, which is no failure. */
static int
open_to_ask(struct spam_work *work)
{
	int r = map_to_ask(work, work->address == NULL, &work->file);

	if (r == -ENOENT)
		return CLI_OK;
	return r < 0 ? fail_model(work, r) : CLI_OK;
}

/* Beside the one of an account the site's counts, once that has a say. */
static int
open_beside(struct spam_work *work)
{
	int r = work->address == NULL ? -ENOENT :
	    map_to_ask(work, true, &work->beside);

	if (r == 0 && spam_model_class(&work->beside.model, 0) ==
	    SPAM_UNTRAINED)
		spam_file_close(&work->beside);
	if (r == 0 || r == -ENOENT)
		return CLI_OK;
	work->address = NULL;		/* it is the site's that fails */
	return fail_model(work, r);
}

/* Of what was read last; 0 where there is none. */
static double
score_of(const struct spam_work *work, const struct spam_file *file)
{
	return file->map == NULL ? 0 : spam_model_score(&file->model,
	    spam_features_hashes(work->features),
	    spam_features_count(work->features));
}

/* As the judge has read it. */
static int
read_message(const struct spam_work *work, struct slice bytes)
{
	return spam_features_read(work->features, stamp_skip(bytes,
	    work->cli->config.hostname));
}

static int
learn_message(void *arg, const struct mail_file *file)
{
	struct spam_work *work = arg;

	if (spam_features_read(work->features, file->message) < 0)
		return -ENOMEM;
	(void)spam_model_learn_beside(&work->file.model,
	    score_of(work, &work->beside),
	    spam_features_hashes(work->features),
	    spam_features_count(work->features), work->is_spam,
	    SPAM_RATE_CURATED, (int64_t)time(NULL));
	work->learnt++;
	return 0;
}

/* The bytes of a file, mapped; an empty one is none.  0 or -errno. */
static int
map_file(int fd, const struct stat *st, struct slice *bytes_out)
{
	void *map = NULL;

	if (st->st_size > 0)
		map = mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_PRIVATE,
		    fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*bytes_out = slice_of(map, (size_t)st->st_size);
	return 0;
}

static void
unmap(struct slice bytes)
{
	if (bytes.at != NULL)
		munmap((void *)(uintptr_t)bytes.at, bytes.len);
}

static int
learn(struct spam_work *work, const char *path)
{
	struct cli *cli = work->cli;
	int r = mail_files_walk(path, cli->config.hostname, learn_message,
	    work, &work->passed);

	if (r < 0)
		return cli_fail(cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(-r));
	if (cli->json)
		printf("{\"ok\": true, \"result\": {\"learnt\": %llu, "
		    "\"passed\": %llu, \"new\": %s}}\n",
		    (unsigned long long)work->learnt,
		    (unsigned long long)work->passed,
		    work->is_new ? "true" : "false");
	cli_say(cli, SPAM_LEARNT, (unsigned long long)work->learnt,
	    (unsigned long long)work->passed);
	if (work->is_new)
		cli_say(cli, SPAM_RELOAD);
	return CLI_OK;
}

int
cli_spam_learn(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = {
		{ .name = "--spam" }, { .name = "--wanted" },
		{ .name = "--for", .takes_value = true }, { 0 }
	};
	struct spam_work work = { .cli = cli };
	const char *path;
	int r = cli_options(cli, argc, argv, options, "FOLDER|FILE", 1, 1,
	    &path);

	if (r == CLI_OK && (options[0].value == NULL) ==
	    (options[1].value == NULL))
		r = cli_fail(cli, CLI_USAGE, SPAM_WHICH);
	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	work.is_spam = options[0].value != NULL;
	work.address = options[2].value;
	r = find_account(&work);
	if (r != CLI_OK)
		return r;
	r = work_begin(&work);
	if (r == CLI_OK)
		r = open_beside(&work);
	if (r == CLI_OK)
		r = open_to_learn(&work);
	if (r == CLI_OK)
		r = learn(&work, path);
	work_end(&work);
	return r;
}

int
cli_spam_teach_begin(struct cli *cli, struct spam_work **work_out)
{
	struct spam_work *work = calloc(1, sizeof(*work));
	int r;

	*work_out = work;
	if (work == NULL)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	work->cli = cli;
	r = work_begin(work);
	return r == CLI_OK ? open_to_learn(work) : r;
}

int
cli_spam_teach(struct spam_work *work, struct slice message, bool is_spam)
{
	const struct mail_file file = { .message = message };
	struct cli *cli = work->cli;

	work->is_spam = is_spam;
	if (learn_message(work, &file) < 0)
		return cli_fail(cli, CLI_FAILED, NO_MEMORY);
	cli_say(cli, SPAM_LEARNT, (unsigned long long)work->learnt,
	    (unsigned long long)work->passed);
	if (work->is_new)
		cli_say(cli, SPAM_RELOAD);
	return CLI_OK;
}

void
cli_spam_teach_end(struct spam_work *work)
{
	if (work == NULL)
		return;
	work_end(work);
	free(work);
}

static void
show_json(const struct spam_standing *s)
{
	printf("{\"ok\": true, \"result\": {\"wanted\": %llu, \"spam\": %llu, "
	    "\"since\": %lld, \"last\": %lld, \"trained\": %s, \"cut\": %.3f, "
	    "\"calibrated\": %s}}\n", (unsigned long long)s->wanted,
	    (unsigned long long)s->spam, (long long)s->since_utc,
	    (long long)s->last_utc, s->trained ? "true" : "false", s->cut,
	    s->calibrated ? "true" : "false");
}

static void
show_standing(const struct spam_work *work, const struct spam_standing *s)
{
	struct cli *cli = work->cli;
	time_t since = (time_t)s->since_utc;
	char date[32] = "";
	struct tm tm;

	if (localtime_r(&since, &tm) != NULL)
		(void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	cli_say(cli, SPAM_COUNTS, (unsigned long long)s->wanted,
	    (unsigned long long)s->spam, date);
	if (work->address != NULL)
		cli_say(cli, SPAM_BESIDE);
	else if (!s->trained)
		cli_say(cli, SPAM_UNREADY, SPAM_LEARNT_LEAST);
	else
		cli_say(cli, SPAM_CUT, s->cut, say(cli->language,
		    s->calibrated ? SAY_SPAM_CALIBRATED : SAY_SPAM_SUPPOSED));
}

static void
show_status(const struct spam_work *work)
{
	struct spam_standing standing = { 0 };

	if (work->file.map != NULL)
		spam_model_standing(&work->file.model, &standing);
	if (work->cli->json)
		show_json(&standing);
	else if (work->file.map != NULL)
		show_standing(work, &standing);
	else if (work->address != NULL)
		cli_say(work->cli, SPAM_NO_LESSONS, work->address);
	else
		cli_say(work->cli, SPAM_NO_MODEL);
}

int
cli_spam_status(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = { { 0 } };
	struct spam_work work = { .cli = cli };
	int r = cli_options(cli, argc, argv, options, "ADDRESS", 0, 1,
	    &work.address);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r == CLI_OK)
		r = find_account(&work);
	if (r != CLI_OK)
		return r;
	r = work_begin(&work);
	if (r == CLI_OK)
		r = open_to_ask(&work);
	if (r == CLI_OK)
		show_status(&work);
	work_end(&work);
	return r;
}

/* One reason a line: what it adds to the odds, and its words. */
static void
show_reasons(const struct spam_reason *reasons, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		TEXT_AUTO words = TEXT_INIT(SPAM_REASON_BYTES * 4);

		cli_add_visible(&words, slice_str(reasons[i].words));
		printf("  %+7.2f  %.*s\n", reasons[i].weight,
		    SLICE_FMT(text_slice(&words)));
	}
}

static void
json_reasons(struct text *to, const struct spam_reason *reasons, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		text_addf(to, "%s{\"weight\": %.4f, \"words\": ",
		    i == 0 ? "" : ", ", reasons[i].weight);
		text_add_json(to, slice_str(reasons[i].words));
		text_add_str(to, "}");
	}
}

/* What a message is, by the site's model and, if one is asked for, an account's. */
struct explained {
	const struct spam_model	*model;		/* whose odds and cut count */
	double			 site, own, score;
	struct spam_reasons	 reasons;
};

static void
json_explained(const struct spam_work *work, const struct explained *found)
{
	TEXT_AUTO line = TEXT_INIT(16384);

	text_addf(&line, "{\"ok\": true, \"result\": {\"class\": \"%s\", "
	    "\"probability\": %.6f, \"score\": %.4f, ",
	    spam_class_name(spam_model_class(found->model, found->score)),
	    spam_model_probability(found->model, found->score), found->score);
	if (work->address != NULL)
		text_addf(&line, "\"site\": %.4f, \"own\": %.4f, ",
		    found->site, found->own);
	text_add_str(&line, "\"spam\": [");
	json_reasons(&line, found->reasons.spam, found->reasons.spam_count);
	text_add_str(&line, "], \"wanted\": [");
	json_reasons(&line, found->reasons.wanted,
	    found->reasons.wanted_count);
	text_add_str(&line, "]}}");
	printf("%.*s\n", (int)line.len, line.at);
}

static void
show_explained(const struct spam_work *work, const struct explained *found)
{
	if (work->cli->json) {
		json_explained(work, found);
		return;
	}
	printf("%s, %.1f%%, e^%.2f\n",
	    spam_class_name(spam_model_class(found->model, found->score)),
	    100 * spam_model_probability(found->model, found->score),
	    found->score);
	if (work->address != NULL)
		cli_say(work->cli, SPAM_TOGETHER, found->site, work->address,
		    found->own);
	show_reasons(found->reasons.spam, found->reasons.spam_count);
	show_reasons(found->reasons.wanted, found->reasons.wanted_count);
}

/* Of what was read: the site's filter decides, with what the account's adds. */
static int
weigh(const struct spam_work *work, struct explained *found_out)
{
	bool is_site = work->address == NULL;
	const struct spam_file *site = is_site ? &work->file : &work->beside;
	const struct spam_file *own = is_site ? &work->beside : &work->file;
	double site_score = score_of(work, site), own_score =
	    score_of(work, own);

	*found_out = (struct explained){ .model = &site->model,
	    .site = site_score, .own = own_score,
	    .score = site_score + own_score };
	return spam_reasons_find_beside(&site->model, own->map == NULL ? NULL :
	    &own->model, work->features, &found_out->reasons);
}

/* The first message of an mbox. */
static int
read_first(struct spam_work *work, struct slice bytes)
{
	TEXT_AUTO message = TEXT_INIT(MESSAGE_MOST);
	TEXT_AUTO keywords = TEXT_INIT(KEYWORDS_MOST);
	struct mbox_message one;
	size_t scanned = 0, end;

	if (!mbox_end(bytes, true, &scanned, &end))
		end = bytes.len;
	mbox_read(slice_first(bytes, end), MBOX_RD, &one, &message, &keywords);
	return read_message(work, text_slice(&message));
}

static int
explain(struct spam_work *work, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r = 0;
	struct explained found;
	struct slice bytes = { NULL, 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else
		r = map_file(fd, &st, &bytes);
	if (fd >= 0)
		close(fd);
	if (r == 0)
		r = mbox_begins(slice_first(bytes, MBOX_FROM_MOST)) ?
		    read_first(work, bytes) : read_message(work, bytes);
	if (r == 0)
		r = weigh(work, &found);
	unmap(bytes);
	if (r < 0)
		return cli_fail(work->cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(-r));
	show_explained(work, &found);
	return CLI_OK;
}

int
cli_spam_explain(struct cli *cli, int argc, char **argv)
{
	struct cli_option options[] = {
		{ .name = "--for", .takes_value = true }, { 0 }
	};
	struct spam_work work = { .cli = cli };
	const char *path;
	int r = cli_options(cli, argc, argv, options, "FILE", 1, 1, &path);

	if (r == CLI_OK)
		r = cli_config(cli);
	work.address = options[0].value;
	if (r == CLI_OK)
		r = find_account(&work);
	if (r != CLI_OK)
		return r;
	r = work_begin(&work);
	if (r == CLI_OK)
		r = open_beside(&work);
	if (r == CLI_OK)
		r = open_to_ask(&work);
	/* without the site's nobody's has a say */
	if (r == CLI_OK && (work.address == NULL ? work.file.map :
	    work.beside.map) == NULL)
		r = cli_fail(cli, CLI_NO_SUCH, SPAM_NO_MODEL);
	if (r == CLI_OK)
		r = explain(&work, path);
	work_end(&work);
	return r;
}
