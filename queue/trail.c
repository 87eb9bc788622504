/*
 * trail.c - what happened to each message, for people: writing
 *
 * One file a day, by the clock of the step.  After a failed or torn write the
 * next one begins with a line feed, so that a reader loses one line at most.
 */
#include "queue/trail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_BYTES	(64 * 1024)	/* written at once when so much waits */
#define BATCH_MS	200		/* or when it has waited so long */
#define DAY_CHARS	10		/* YYYY-MM-DD */
#define DAY_MS		(INT64_C(24) * 60 * 60 * 1000)

struct trail {
	int		 folder_fd;	/* borrowed */
	int		 fd;		/* of today's file, or -1 */
	int64_t		 day;		/* since 1970, whose file is open */
	unsigned	 days;
	struct timer	*timer;
	struct text	 batch;
	unsigned	 batch_lines;
	bool		 is_torn;	/* a line may lack its end */
	int		 fault;		/* -errno while writing fails */
	uint64_t	 lost;		/* lines, since then */
	trail_fault_fn	*on_fault;
	void		*arg;
};

static void
on_timer(void *arg)
{
	trail_flush(arg);
}

int
trail_open(int folder_fd, struct loop *loop, unsigned days,
    trail_fault_fn *on_fault, void *arg, struct trail **trail_out)
{
	struct trail *trail = calloc(1, sizeof(*trail));

	if (trail == NULL)
		return -ENOMEM;
	trail->timer = timer_new(loop, on_timer, trail);
	if (trail->timer == NULL) {
		free(trail);
		return -ENOMEM;
	}
	trail->folder_fd = folder_fd;
	trail->fd = -1;
	trail->days = days;
	trail->batch.limit = BATCH_BYTES + TRAIL_LINE_BYTES;
	trail->on_fault = on_fault;
	trail->arg = arg;
	*trail_out = trail;
	return 0;
}

static void
close_day(struct trail *trail)
{
	if (trail->fd >= 0)
		(void)close(trail->fd);
	trail->fd = -1;
}

void
trail_close(struct trail *trail)
{
	if (trail == NULL)
		return;
	trail_flush(trail);
	close_day(trail);
	timer_free(trail->timer);
	text_free(&trail->batch);
	free(trail);
}

static bool
is_day(const char *name)
{
	static const char form[] = "dddd-dd-dd";

	if (strlen(name) != DAY_CHARS)
		return false;
	for (size_t i = 0; i < DAY_CHARS; i++)
		if (form[i] == 'd' ? name[i] < '0' || name[i] > '9' :
		    name[i] != '-')
			return false;
	return true;
}

/* Remove the files of days before `first`; one that stays goes tomorrow. */
static void
remove_before(int folder_fd, const char *first)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (folder == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((entry = readdir(folder)) != NULL)
		if (is_day(entry->d_name) &&
		    strncmp(entry->d_name, first, DAY_CHARS) < 0)
			(void)unlinkat(folder_fd, entry->d_name, 0);
	(void)closedir(folder);
}

/* The file may end in the middle of a line that a crash tore. */
static bool
ends_torn(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char last;

	return end > 0 && (pread(fd, &last, 1, end - 1) != 1 || last != '\n');
}

/* Is the file of the day of `at_utc_ms` open? */
static bool
is_day_open(const struct trail *trail, int64_t at_utc_ms)
{
	return trail->fd >= 0 && trail->day == at_utc_ms / DAY_MS;
}

static int
open_day(struct trail *trail, int64_t at_utc_ms)
{
	char at[TRAIL_AT_CHARS], name[DAY_CHARS + 1], first[TRAIL_AT_CHARS];

	close_day(trail);
	trail_at(at_utc_ms, at);
	(void)snprintf(name, sizeof(name), "%.10s", at);
	trail->fd = openat(trail->folder_fd, name,
	    O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (trail->fd < 0)
		return -errno;
	trail->day = at_utc_ms / DAY_MS;
	trail->is_torn = ends_torn(trail->fd);
	trail_at(at_utc_ms - (int64_t)trail->days * DAY_MS, first);
	remove_before(trail->folder_fd, first);
	return 0;
}

static int
write_batch(struct trail *trail, struct slice lines)
{
	ssize_t put;

	if (trail->fd < 0)
		return -EBADF;
	if (trail->is_torn && write(trail->fd, "\n", 1) != 1)
		return -errno;
	trail->is_torn = true;
	while (lines.len > 0) {
		put = write(trail->fd, lines.at, lines.len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put == 0 ? -EIO : -errno;
		lines = slice_after(lines, (size_t)put);
	}
	trail->is_torn = false;
	return 0;
}

/* Lines are lost; say so the first time. */
static void
failed(struct trail *trail, int fault, unsigned lines)
{
	bool is_first = trail->fault == 0;

	trail->fault = fault;
	trail->lost += lines;
	if (is_first && trail->on_fault != NULL)
		trail->on_fault(trail->arg, fault);
}

/* Writing goes again: a line says what is missing. */
static void
recovered(struct trail *trail)
{
	struct trail_step gap = { .word = TRAIL_GAP,
	    .at_utc_ms = clock_utc_ms() };
	char words[64];

	(void)snprintf(words, sizeof(words), "%llu lines could not be written",
	    (unsigned long long)trail->lost);
	gap.detail = slice_str(words);
	trail->fault = 0;
	trail->lost = 0;
	if (trail->on_fault != NULL)
		trail->on_fault(trail->arg, 0);
	trail_add(trail, &gap);
}

void
trail_flush(struct trail *trail)
{
	unsigned lines = trail->batch_lines;
	int r;

	timer_stop(trail->timer);
	if (lines == 0)
		return;
	r = write_batch(trail, text_slice(&trail->batch));
	text_clear(&trail->batch);
	trail->batch_lines = 0;
	if (r < 0) {
		close_day(trail);	/* it may be another's by now */
		failed(trail, r, lines);
	} else if (trail->fault != 0)
		recovered(trail);
}

/* A step of another day goes to another file: what waits goes first. */
static void
turn_page(struct trail *trail, const struct trail_step *step)
{
	int r;

	if (is_day_open(trail, step->at_utc_ms))
		return;
	if (trail->fd >= 0)
		trail_flush(trail);
	r = open_day(trail, step->at_utc_ms);
	if (r < 0)
		failed(trail, r, 0);	/* counted when it cannot be written */
}

void
trail_add(struct trail *trail, const struct trail_step *step)
{
	size_t before;

	turn_page(trail, step);
	before = trail->batch.len;
	trail_format(&trail->batch, step);
	if (text_failed(&trail->batch)) {
		trail->batch.failed = false;
		trail->batch.len = before;
		failed(trail, -ENOMEM, 1);
		return;
	}
	trail->batch_lines++;
	if (trail->batch.len >= BATCH_BYTES)
		trail_flush(trail);
	else if (!timer_is_set(trail->timer))
		timer_set(trail->timer, BATCH_MS);
}
