/*
 * cli_trace.c - postroom trace: the life of a message, in plain words
 *
 * Reads the trail itself, whether the hub runs or not; what happened in the
 * last moments may not be written yet.
 */
#include "programs/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "queue/trail_find.h"

static const enum sentence words[TRAIL_WORDS] = {
	[TRAIL_RECEIVED]	= SAY_STEP_RECEIVED,
	[TRAIL_FETCHED]		= SAY_STEP_FETCHED,
	[TRAIL_SHARED]		= SAY_STEP_SHARED,
	[TRAIL_ARCHIVED]	= SAY_STEP_ARCHIVED,
	[TRAIL_FOUND]		= SAY_STEP_FOUND,
	[TRAIL_MADE]		= SAY_STEP_MADE,
	[TRAIL_JUDGED]		= SAY_STEP_JUDGED,
	[TRAIL_REFUSED]		= SAY_STEP_REFUSED,
	[TRAIL_PUT_OFF]		= SAY_STEP_PUT_OFF,
	[TRAIL_ABANDONED]	= SAY_STEP_ABANDONED,
	[TRAIL_STORED]		= SAY_STEP_STORED,
	[TRAIL_DELIVERED]	= SAY_STEP_DELIVERED,
	[TRAIL_WAITING]		= SAY_STEP_WAITING,
	[TRAIL_HELD]		= SAY_STEP_HELD,
	[TRAIL_TOLD]		= SAY_STEP_TOLD,
	[TRAIL_RELEASED]	= SAY_STEP_RELEASED,
	[TRAIL_SENT]		= SAY_STEP_SENT,
	[TRAIL_FAILED]		= SAY_STEP_FAILED,
	[TRAIL_RETURNED]	= SAY_STEP_RETURNED,
	[TRAIL_READ]		= SAY_STEP_READ,
	[TRAIL_SAVED]		= SAY_STEP_SAVED,
	[TRAIL_SPAM]		= SAY_STEP_SPAM,
	[TRAIL_WANTED]		= SAY_STEP_WANTED,
	[TRAIL_DELETED]		= SAY_STEP_DELETED,
	[TRAIL_GAP]		= SAY_STEP_GAP,
};

struct tracing {
	struct cli	*cli;
	struct message_id last;		/* whose steps are being told */
	unsigned	 steps;
};

/* Add "  WHEN  ", in the zone of the office. */
static void
add_time(struct text *text, int64_t utc_ms)
{
	time_t seconds = (time_t)(utc_ms / 1000);
	char when[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	text_addf(text, "  %s  ", when);
}

/* Add ", from ann@office.test" and its like. */
static void
add_part(struct tracing *t, struct text *text, struct slice value,
    void (*add)(struct text *, enum language, const char *))
{
	TEXT_AUTO shown = TEXT_INIT(TRAIL_LINE_BYTES);

	if (value.len == 0)
		return;
	cli_add_visible(&shown, value);
	text_add_byte(&shown, '\0');
	if (text_failed(&shown))
		return;
	text_add_str(text, ", ");
	add(text, t->cli->language, shown.at);
}

#define PART(function, name) \
	static void \
	function(struct text *text, enum language language, const char *value) \
	{ \
		text_say(text, language, name, value); \
	}

PART(add_from, TRACE_FROM)
PART(add_to, TRACE_TO)
PART(add_address, TRACE_ADDRESS)
PART(add_who, TRACE_WHO)
PART(add_peer, TRACE_PEER)
PART(add_subject, TRACE_SUBJECT)

static void
tell_words(struct tracing *t, const struct trail_line *line, int64_t utc_ms)
{
	TEXT_AUTO text = TEXT_INIT(4 * TRAIL_LINE_BYTES);
	const struct trail_step *s = &line->step;
	char id[MESSAGE_ID_CHARS + 1];

	if (line->has_id &&
	    (t->steps == 0 || message_id_order(&t->last, &s->id) != 0)) {
		message_id_write(&s->id, id);
		text_say(&text, t->cli->language, TRACE_MESSAGE, id);
		text_add_byte(&text, '\n');
		t->last = s->id;
	}
	add_time(&text, utc_ms);
	text_add_str(&text, say(t->cli->language, words[s->word]));
	add_part(t, &text, s->from, add_from);
	add_part(t, &text, s->to, add_to);
	add_part(t, &text, s->address, add_address);
	add_part(t, &text, s->who, add_who);
	add_part(t, &text, s->peer, add_peer);
	add_part(t, &text, s->subject, add_subject);
	if (s->detail.len > 0)
		text_add_str(&text, ": ");
	cli_add_visible(&text, s->detail);
	text_add_byte(&text, '\n');
	fwrite(text.at, 1, text.len, stdout);
}

static int
tell(void *arg, const struct trail_line *line)
{
	struct tracing *t = arg;
	struct trail_step step = line->step;
	TEXT_AUTO json = TEXT_INIT(TRAIL_LINE_BYTES);

	step.at_utc_ms = trail_utc_ms(line->at);
	if (!t->cli->json)
		tell_words(t, line, step.at_utc_ms);
	else {
		trail_format(&json, &step);
		printf("%s%.*s", t->steps == 0 ?
		    "{\"ok\": true, \"result\": [" : ", ",
		    (int)json.len - 1, json.at == NULL ? " " : json.at);
	}
	t->steps++;
	return 0;
}

/* Tell every step that `what` names, out of the folder `path`. */
static int
trace(struct cli *cli, const char *path, const char *what)
{
	struct tracing t = { .cli = cli };
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	r = fd < 0 ? -errno : trail_find(fd, slice_str(what), tell, &t);
	if (fd >= 0)
		close(fd);
	if (cli->json && t.steps > 0)
		puts("]}");
	if (r < 0 && r != -ENOENT)
		return cli_fail(cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(-r));
	if (t.steps == 0)
		return cli_fail(cli, CLI_NO_SUCH, NOTHING_KNOWN, what);
	if (r == 1)
		cli_say(cli, TRACE_MORE);
	return CLI_OK;
}

int
cli_trace(struct cli *cli, int argc, char **argv)
{
	char path[PATH_MAX + 16];
	const char *what;
	int r = cli_options(cli, argc, argv, NULL, "ID | ADDRESS | SUBJECT", 1,
	    1, &what);

	if (r == CLI_OK)
		r = cli_config(cli);
	if (r != CLI_OK)
		return r;
	snprintf(path, sizeof(path), "%s/queue/trail", cli->config.data_dir);
	return trace(cli, path, what);
}
