/*
 * spam.c - the spam classifier over a corpus, one message after the other
 *
 *	spam [--rate RATE] [--bits BITS] [--only NAME | --list]
 *	    --ham DIR ... --spam DIR ...
 *
 * Each message is scored before it is learnt, in the order of the date of its
 * top Received field (else of Date), then of its name.  Printed for each way
 * to run: the area above the ROC curve in percent, the logistic mean of both
 * error rates at odds of 1, the wanted mail lost (%) where 90, 95 and 99 % of
 * the spam is caught, what was lost and caught by the model's own cut, how far
 * its probabilities are off, and messages a second of one processor.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "filters/spam/features.h"
#include "filters/spam/model.h"
#include "lib/base/text.h"
#include "lib/message/date.h"
#include "lib/message/header.h"
#include "lib/message/mime.h"
#include "lib/message/received.h"
#include "lib/message/words.h"

#define MESSAGES_MOST	200000
#define MESSAGE_BYTES	(64 * 1024 * 1024)

struct message {
	char		*path;
	struct slice	 bytes;		/* owned */
	struct slice	 encoded;	/* owned; the body in base64 */
	int64_t		 date;
	uint64_t	 dice;
	bool		 is_spam;
};

struct scored {
	double	score, probability;
	enum spam_class	class;
	bool	is_spam;
};

struct corpus {
	struct message	*all;
	size_t		 count;
	struct scored	*scored;	/* of the run in hand */
};

struct run {
	const char	*name;
	bool		 shuffled, noisy, encoded;
	bool		 frozen;	/* only score, with what was learnt */
};

struct bench {
	struct corpus	 corpus;
	struct spam_features *features;
	double		 rate;
	unsigned	 bits;
	const char	*only;
	bool		 list;		/* only say the order */
};

static void
die(const char *what)
{
	fprintf(stderr, "spam: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A fixed sequence, so that a shuffle is the same one everywhere. */
static uint64_t
dice(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static struct slice
read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	char *bytes;
	size_t n;

	if (file == NULL || fstat(fileno(file), &st) < 0 ||
	    st.st_size > MESSAGE_BYTES)
		die(path);
	bytes = malloc((size_t)st.st_size + 1);
	if (bytes == NULL)
		die(path);
	n = fread(bytes, 1, (size_t)st.st_size, file);
	fclose(file);
	return slice_of(bytes, n);
}

static int64_t
date_of(struct slice message)
{
	struct slice block = slice_first(message, header_bytes(message));
	struct header_field field;
	struct received received;
	int64_t date;

	if (header_find(block, "Received", &field)) {
		received_read(field.value, &received);
		if (date_parse(received.date, &date) == 0)
			return date;
	}
	if (header_find(block, "Date", &field) &&
	    date_parse(field.value, &date) == 0)
		return date;
	return 0;
}

static void
add_file(struct corpus *corpus, const char *folder, const char *name,
    bool is_spam)
{
	struct message *message = &corpus->all[corpus->count];
	TEXT_AUTO path = TEXT_INIT(4096);
	struct slice bytes;

	if (corpus->count == MESSAGES_MOST)
		die("too many messages");
	text_addf(&path, "%s/%s", folder, name);
	text_add_byte(&path, '\0');
	message->path = strdup(path.at);
	message->bytes = read_file(path.at);
	message->is_spam = is_spam;
	bytes = message->bytes;
	(void)header_skip_mbox(&bytes);
	message->date = date_of(bytes);
	corpus->count++;
}

static void
add_folder(struct corpus *corpus, const char *folder, bool is_spam)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (dir == NULL)
		die(folder);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    strcmp(entry->d_name, "cmds") != 0)
			add_file(corpus, folder, entry->d_name, is_spam);
	closedir(dir);
}

static int
by_date(const void *a, const void *b)
{
	const struct message *x = a, *y = b;
	const char *p = strrchr(x->path, '/'), *q = strrchr(y->path, '/');

	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return strcmp(p, q) != 0 ? strcmp(p, q) : strcmp(x->path, y->path);
}

static int
by_dice(const void *a, const void *b)
{
	const struct message *x = a, *y = b;

	return x->dice < y->dice ? -1 : x->dice > y->dice;
}

static void
add_base64(struct text *to, struct slice s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.len; i += 3) {
		unsigned v = 0, n = 0;

		for (unsigned k = 0; k < 3; k++) {
			v <<= 8;
			if (i + k < s.len) {
				v |= (unsigned char)s.at[i + k];
				n++;
			}
		}
		for (unsigned k = 0; k < 4; k++)
			text_add_byte(to, k > n ? '=' :
			    digits[v >> (18 - 6 * k) & 63]);
		if (i % 57 == 54 || i + 3 >= s.len)
			text_add_byte(to, '\n');
	}
}

/* The part with its text in base64, if its text stands as it is. */
static void
encode_part(struct text *to, struct slice message, const struct mime_part *part)
{
	struct slice rest = mime_header(part);
	struct header_field field;

	if (mime_encoding(part) == MIME_BASE64 || mime_encoding(part) ==
	    MIME_QUOTED_PRINTABLE || !mime_is(part, "text", NULL)) {
		text_add(to, slice_of(message.at + mime_header_start(part),
		    mime_end(part) - mime_header_start(part)));
		return;
	}
	while (header_next(&rest, &field))
		if (!slice_is_word(field.name, "Content-Transfer-Encoding"))
			text_add(to, field.whole);
	text_add_str(to, "Content-Transfer-Encoding: base64\n\n");
	add_base64(to, mime_body(part));
}

/* The same message, its texts in base64 where they stood as they are. */
static struct slice
encode(struct slice message)
{
	ARENA_AUTO arena = arena_new(16 << 20);
	struct text to = TEXT_INIT(SIZE_MAX / 2);
	const struct mime_part *root, *part;
	struct mime_limits limits = mime_default_limits;
	enum mime_limit limit;
	size_t at = 0;

	limits.cuts = true;
	(void)header_skip_mbox(&message);
	if (mime_parse(arena, message, &limits, &root, &limit) < 0) {
		text_add(&to, message);
		return text_slice(&to);
	}
	for (part = root; part != NULL; part = mime_after(part)) {
		if (mime_child(part) != NULL)
			continue;
		text_add(&to, slice_of(message.at + at,
		    mime_header_start(part) - at));
		encode_part(&to, message, part);
		at = mime_end(part);
	}
	text_add(&to, slice_after(message, at));
	return text_slice(&to);
}

static int
by_score(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (int)x->is_spam - (int)y->is_spam;	/* ties are errors */
}

static double
logit(double x)
{
	return log(x / (1 - x));
}

/* How far off probabilities are, by tenths. */
static double
calibration_error(const struct corpus *corpus)
{
	double sum[10] = { 0 }, spam[10] = { 0 }, off = 0;

	for (size_t i = 0; i < corpus->count; i++) {
		const struct scored *s = &corpus->scored[i];
		size_t bin = s->probability >= 1 ? 9 :
		    (size_t)(s->probability * 10);

		sum[bin] += s->probability;
		spam[bin] += s->is_spam ? 1 : 0;
	}
	for (unsigned i = 0; i < 10; i++)
		off += fabs(sum[i] - spam[i]);
	return 100 * off / (double)corpus->count;
}

/* Print the figures of a run. */
static void
report(struct corpus *corpus, const char *name, double seconds)
{
	static const double shares[] = { 0.90, 0.95, 0.99 };
	double lost[3] = { 0 }, area = 0, spam = 0, ham = 0, h = 0, s = 0;
	double fp = 0, fn = 0, cut_lost = 0, cut_caught = 0, lam;

	double off = calibration_error(corpus);
	for (size_t i = 0; i < corpus->count; i++) {
		const struct scored *one = &corpus->scored[i];

		if (one->is_spam) {
			spam++;
			fn += one->score < 0;
			cut_caught += one->class == SPAM_SPAM;
		} else {
			ham++;
			fp += one->score >= 0;
			cut_lost += one->class == SPAM_SPAM;
		}
	}
	qsort(corpus->scored, corpus->count, sizeof(struct scored), by_score);
	for (size_t i = 0; i < corpus->count; i++) {
		if (!corpus->scored[i].is_spam) {
			area += spam - s;
			h++;
			continue;
		}
		s++;
		for (unsigned k = 0; k < 3; k++)
			if (s - 1 < shares[k] * spam && s >= shares[k] * spam)
				lost[k] = 100 * h / ham;
	}
	lam = (logit((fp + 0.5) / (ham + 1)) + logit((fn + 0.5) / (spam + 1))) /
	    2;
	printf("%-22s %8.4f %6.2f %6.2f %6.2f %6.2f %8.3f %7.2f %6.2f %9.0f\n",
	    name, 100 * area / (spam * ham), 100 / (1 + exp(-lam)), lost[0],
	    lost[1], lost[2], 100 * cut_lost / ham, 100 * cut_caught / spam,
	    off, (double)corpus->count / seconds);
	fflush(stdout);
}

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
make_model(struct spam_model *model, unsigned bits)
{
	size_t bytes = spam_model_bytes(bits);
	void *at = bytes == 0 ? NULL : aligned_alloc(4096, bytes);

	if (at == NULL)
		die("no such model");
	memset(at, 0, bytes);
	spam_model_make(at, bits, 1);
	if (spam_model_open(at, bytes, model) < 0)
		die("the model cannot be used");
}

static void
one_message(struct bench *bench, struct spam_model *model,
    const struct run *run, size_t i, uint64_t *state)
{
	const struct message *message = &bench->corpus.all[i];
	struct scored *scored = &bench->corpus.scored[i];
	struct spam_features *f = bench->features;
	bool label = message->is_spam;

	if (spam_features_read(f, run->encoded ? message->encoded :
	    message->bytes) < 0)
		die(message->path);
	scored->is_spam = label;
	scored->score = spam_model_score(model, spam_features_hashes(f),
	    spam_features_count(f));
	scored->class = spam_model_class(model, scored->score);
	scored->probability = spam_model_probability(model, scored->score);
	if (run->noisy && dice(state) % 20 == 0)
		label = !label;
	if (!run->frozen)
		(void)spam_model_learn(model, spam_features_hashes(f),
		    spam_features_count(f), label, bench->rate, 1);
}

static void
one_run(struct bench *bench, const struct run *run, struct spam_model *model)
{
	uint64_t state = 5;
	double start;

	if (bench->only != NULL && strcmp(bench->only, run->name) != 0)
		return;
	if (!run->frozen)
		make_model(model, bench->bits);
	qsort(bench->corpus.all, bench->corpus.count, sizeof(struct message),
	    run->shuffled ? by_dice : by_date);
	start = cpu_seconds();
	for (size_t i = 0; i < bench->corpus.count; i++)
		one_message(bench, model, run, i, &state);
	report(&bench->corpus, run->name, cpu_seconds() - start);
}

/* How soon it is good: errors at odds of 1 in each tenth of the corpus. */
static void
learning_curve(struct bench *bench)
{
	const struct run plain = { .name = "curve" };
	size_t tenth = bench->corpus.count / 10;
	struct spam_model model;

	make_model(&model, bench->bits);
	qsort(bench->corpus.all, bench->corpus.count, sizeof(struct message),
	    by_date);
	printf("\nwrong at odds of 1, of each tenth by date (%%):");
	for (size_t i = 0, wrong = 0; i < tenth * 10; i++) {
		const struct scored *one = &bench->corpus.scored[i];

		one_message(bench, &model, &plain, i, NULL);
		wrong += (one->score >= 0) != one->is_spam;
		if ((i + 1) % tenth == 0) {
			printf(" %.2f", 100 * (double)wrong / (double)tenth);
			wrong = 0;
		}
	}
	printf("\n");
	free(model.head);
}

static void
measure(struct bench *bench)
{
	static const struct run runs[] = {
		{ .name = "by date" },
		{ .name = "score only", .frozen = true },
		{ .name = "re-encoded, frozen", .frozen = true,
		    .encoded = true },
		{ .name = "re-encoded", .encoded = true },
		{ .name = "5% wrong labels", .noisy = true },
		{ .name = "shuffled", .shuffled = true },
		{ .name = "shuffled, 5% wrong", .shuffled = true,
		    .noisy = true },
	};
	struct spam_model model = { 0 };

	printf("%-22s %8s %6s %6s %6s %6s %8s %7s %6s %9s\n", "", "1-ROCA%",
	    "lam%", "h@90", "h@95", "h@99", "cut lost", "caught", "off%",
	    "msgs/s");
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		one_run(bench, &runs[i], &model);
	if (bench->only == NULL)
		learning_curve(bench);
}

static void
read_arguments(struct bench *bench, int argc, char **argv)
{
	bool is_spam = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--ham") == 0)
			is_spam = false;
		else if (strcmp(argv[i], "--list") == 0)
			bench->list = true;
		else if (strcmp(argv[i], "--spam") == 0)
			is_spam = true;
		else if (i + 1 < argc && strcmp(argv[i], "--rate") == 0)
			bench->rate = strtod(argv[++i], NULL);
		else if (i + 1 < argc && strcmp(argv[i], "--bits") == 0)
			bench->bits = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (i + 1 < argc && strcmp(argv[i], "--only") == 0)
			bench->only = argv[++i];
		else
			add_folder(&bench->corpus, argv[i], is_spam);
	}
}

int
main(int argc, char **argv)
{
	struct bench bench = {
		.rate = SPAM_RATE_CLICKS, .bits = SPAM_BITS_SITE,
	};
	struct corpus *corpus = &bench.corpus;
	uint64_t state = 1;

	corpus->all = calloc(MESSAGES_MOST, sizeof(struct message));
	bench.features = spam_features_new();
	if (corpus->all == NULL || bench.features == NULL || words_open() < 0)
		die("memory");
	read_arguments(&bench, argc, argv);
	if (corpus->count == 0) {
		fprintf(stderr, "usage: spam [--rate RATE] [--bits BITS] "
		    "[--only NAME | --list] --ham DIR ... --spam DIR ...\n");
		return 2;
	}
	corpus->scored = calloc(corpus->count, sizeof(struct scored));
	if (corpus->scored == NULL)
		die("memory");
	qsort(corpus->all, corpus->count, sizeof(struct message), by_date);
	for (size_t i = 0; i < corpus->count; i++) {
		corpus->all[i].dice = dice(&state);
		corpus->all[i].encoded = encode(corpus->all[i].bytes);
	}
	if (!bench.list) {
		measure(&bench);
		return 0;
	}
	for (size_t i = 0; i < corpus->count; i++)
		printf("%c %s\n", corpus->all[i].is_spam ? 's' : 'h',
		    corpus->all[i].path);
	return 0;
}
